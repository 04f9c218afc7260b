"""nncc nnb-template: what it lists is what the network has, and what is read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from nncc.frontends.nnb import load
from nncc.ir.dialects.nnb import FIXED16, NnbFunction, point_of
from nncc.tools.cli import main


@pytest.fixture
def digits(repository: Path) -> Path:
    return repository / "examples" / "digits" / "digits.nnp"


def test_all_functions_and_variables_are_listed(digits: Path, tmp_path: Path) -> None:
    template, model = tmp_path / "s.yaml", tmp_path / "m.nnb"
    assert main(["nnb-template", str(digits), str(template)]) == 0
    assert main([str(digits), "-o", str(model), "-s", str(template), "-q"]) == 0
    content = yaml.safe_load(template.read_text())
    function = load(model).main
    assert len(content["functions"]) == sum(isinstance(op, NnbFunction) for op in function.body)
    assert set(content["variables"].values()) == {"FLOAT32"}


def test_types_and_points_are_those_of_the_file(digits: Path, tmp_path: Path) -> None:
    template, model = tmp_path / "s.yaml", tmp_path / "m.nnb"
    assert main(["nnb-template", str(digits), str(template), "-T", "FIXED16"]) == 0
    assert main([str(digits), "-o", str(model), "-s", str(template), "-q"]) == 0
    function = load(model).main
    listed = [int(t.removeprefix("FIXED16_")) for t in yaml.safe_load(template.read_text())["variables"].values()]
    values = [*function.inputs, *(r for op in function.body for r in op.results)]
    assert sorted(point_of(v.tensor.element) for v in values) == sorted((FIXED16, point) for point in listed)


def test_what_is_written_runs(digits: Path, tmp_path: Path) -> None:
    """With 16 bits the digits keep their classes: those of floats."""
    for name, options in (("f.nnb", []), ("q.nnb", ["-T", "FIXED16"])):
        assert main([str(digits), "-o", str(tmp_path / name), "-q", *options]) == 0
    real, fixed = (load(tmp_path / name) for name in ("f.nnb", "q.nnb"))
    x = np.random.default_rng(0).uniform(0, 1, real.main.inputs[0].tensor.static_shape).astype(np.float32)
    (expected,) = real.evaluate({real.main.input_names[0]: x}).values()
    stored = fixed.main.inputs[0].tensor.element.quantize(x)
    (found,) = fixed.evaluate({fixed.main.input_names[0]: stored}).values()
    assert found.argmax() == expected.argmax()
