"""The keys of a report are those that docs/report.md explains."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncc.tools.cli import main

KEY = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
MAPS = {"parameters", "passes[].counts", "ops", "tensors", "facts.quantization.outputs"}
"""Where keys are names of the model or of the pipeline."""


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The paths to everything in a report that is neither list nor map; values of parameters may be either."""
    if isinstance(value, dict) and not path.startswith("parameters."):
        for key, item in value.items():
            yield from keys(item, f"{path}.{'*' if path in MAPS else key}".removeprefix("."))
    elif isinstance(value, list) and not path.startswith("parameters."):
        for item in value:
            yield from keys(item, f"{path}[]")
    else:
        yield path


def report(folder: Path, *arguments: object, output: str = "m.tflite") -> dict[str, Any]:
    path = folder / "report.json"
    assert main([*map(str, arguments), "-o", str(folder / output), "--report", str(path), "-q"]) == 0
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    return made


def test_reports_have_the_documented_keys(repository: Path, data: Path, tmp_path: Path) -> None:
    page = (repository / "docs/report.md").read_text(encoding="utf-8")
    samples = tmp_path / "samples.npy"
    np.save(samples, np.random.default_rng(0).normal(0, 1, (64, 3, 10, 10)).astype(np.float32))
    made = report(tmp_path, "--pipeline=nnp-to-tflite-int8", data / "residual.nnp", "--dataset", samples)
    without_data = report(tmp_path, "--pipeline=nnp-to-tflite-int8", data / "residual.nnp")  # there is a warning
    fixed = report(tmp_path, data / "residual.nnp", "-T", "FIXED16", "--dataset", samples, output="m.nnb")
    assert {*keys(made), *keys(without_data), *keys(fixed)} == set(KEY.findall(page))
    assert fixed["facts"]["quantized_to"] == "fixed point"
    assert made["outputs"][0] == {"file": str(tmp_path / "m.tflite"), "bytes": (tmp_path / "m.tflite").stat().st_size}
    assert made["facts"]["sqnr_db"] == made["facts"]["quantization"]["sqnr_db"] > 20


def test_float_reports_have_no_facts(data: Path, tmp_path: Path) -> None:
    made = report(tmp_path, data / "residual.nnp")
    assert made["facts"] == {}
    assert made["pipeline"] == "nnp-to-tflite"
    assert [step["name"] for step in made["passes"]][-1] == "lower-to-tfl"


@pytest.mark.parametrize("name", ["m.tflite", "m.json", "residual.nnp"])
def test_a_report_replaces_nothing_of_the_model(name: str, data: Path, tmp_path: Path, capsys) -> None:
    model = tmp_path / "residual.nnp"
    model.write_bytes((data / "residual.nnp").read_bytes())
    before = model.read_bytes()
    assert main([str(model), "-o", str(tmp_path / "m.tflite"), "--report", str(tmp_path / name)]) == 2
    assert "would replace" in capsys.readouterr().err
    assert model.read_bytes() == before
    if name == "m.json":  # the file that says which inputs and outputs are channel-last
        assert "transpose" in (tmp_path / name).read_text(encoding="utf-8")
