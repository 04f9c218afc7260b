"""tfl operations that no nn operation is lowered to, or not with these options: they come from files."""

from pathlib import Path

import pytest
from litert import assert_close, run
from tfl_cases import CASES, Case

from nncc.backends.tflite import save


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_numbers(case: Case, tmp_path: Path) -> None:
    module, inputs = case.build()
    module.verify()
    wanted = module.evaluate(inputs)
    path = tmp_path / "model.tflite"
    save(module, path)
    for xnnpack in (True, False):
        assert_close(run(path, inputs, xnnpack), wanted, f"XNNPACK: {xnnpack}")
