"""Comparisons in int8 models: LiteRT's int8 kernels take few scales, and end the process with others."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from litert import op_names
from quantizing import make

from nncc.backends.tflite import save
from nncc.ir import Builder, Value
from nncc.ir.passes import PassContext
from nncc.lowering.tfl.expand import ExpandForTfl
from nncc.lowering.tfl.lower import LowerToTfl
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantize_int8 import QuantizeInt8

COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
RUN = """
import sys, numpy as np
from pathlib import Path
from litert import run
path, samples, results, xnnpack = sys.argv[1:]
rows = np.load(samples)
found = [run(Path(path), {"x": row[None]}, xnnpack == "True") for row in rows]
np.savez(results, **{name: np.concatenate([f[name] for f in found]) for name in found[0]})
"""


def compare_halves(b: Builder, x: Value) -> tuple[Value, ...]:
    """All comparisons of the first half of x with its second half."""
    first, second = b.nn.split(x, axis=1, sizes=(8, 8))
    return tuple(getattr(b.nn, name)(first, second) for name in COMPARISONS)


@pytest.mark.parametrize("xnnpack", [True, False])
@pytest.mark.parametrize("step", [4.0, 1.0, 0.5, 1 / 256, 2.0**-12])
def test_comparisons_of_numbers_of_any_size(step: float, xnnpack: bool, tmp_path: Path) -> None:
    integers = np.random.default_rng(0).integers(0, 256, (16, 16))
    integers[:, 8:] = np.where(integers[:, 8:] < 128, integers[:, :8], integers[:, 8:] ^ 1)
    integers[0, :2] = 0, 255
    samples = (integers * step).astype(np.float32)  # 255 steps: int8 holds them exactly
    module, _ = make(compare_halves, 1, 16)
    wanted = [module.evaluate({"x": row[None]}) for row in samples]
    context = PassContext(dataset=samples)
    for stage in (Calibrate(), ExpandForTfl(), QuantizeInt8(io_type="float32"), LowerToTfl()):
        stage.run(module, context)
    model, data, results = (tmp_path / name for name in ("model.tflite", "samples.npy", "results.npz"))
    save(module, model)
    np.save(data, samples)
    ran = [sys.executable, "-c", RUN, str(model), str(data), str(results), str(xnnpack)]
    subprocess.run(ran, check=True, cwd=Path(__file__).parents[2])
    with np.load(results) as found:
        for name in found:
            np.testing.assert_array_equal(found[name], np.concatenate([w[name] for w in wanted]), err_msg=name)
    is_int8 = 1 / 256 <= step < 1
    assert ("DEQUANTIZE" not in op_names(model)) == is_int8
    assert len(context.diagnostics.warnings) == (0 if is_int8 else len(COMPARISONS))
