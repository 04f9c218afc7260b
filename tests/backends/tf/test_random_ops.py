"""Random instances of every nn operation in TensorFlow: the numbers of the interpreter."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from litert import assert_close
from nn_samples import Sample, sample, sampled_names
from tensorflow_runtime import needs_tensorflow, run, tensorflow, write

from nncc.ir import CompileError

pytestmark = needs_tensorflow

CONTROL = ("nn.if", "nn.loop")
NAMES = [name for name in sampled_names() if name not in CONTROL]
FEW_KERNELS = ("f64", "f16", "bf16")
"""Elements that TensorFlow computes with less precision than the interpreter, or with few kernels."""

RUNTIME_LIMITS = {
    "nn.div": ("by zero",),
    "nn.floor_div": ("by zero",),
    "nn.mod": ("by zero",),
    "nn.pow": ("negative integer powers",),
}
"""What TensorFlow says of data that it does not compute with."""


def is_undefined(s: Sample) -> bool:
    """Shifts by other than a number of places that the elements have: any number is right."""
    return s.name == "nn.bit_shift" and bool(np.any((s.operands[1] < 0) | (s.operands[1] >= s.types[1].storage.bits)))


def check(s: Sample) -> None:
    assume(all(t is None or t.storage.name not in FEW_KERNELS for t in s.types))
    assume(not is_undefined(s))
    module, inputs = s.module()
    with np.errstate(all="ignore"):
        expected = module.evaluate(inputs)
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = write(module, Path(folder) / "m.pb")
        except CompileError as error:
            assert all(d.remedy for d in error.diagnostics), str(error)
            return
        try:
            got = run(path, inputs, list(expected))
        except tensorflow().errors.InvalidArgumentError as error:
            assert any(limit in str(error) for limit in RUNTIME_LIMITS.get(s.name, ())), str(error)
            return
    for name, array in expected.items():
        assert_close({"y": got[name]}, {"y": array}, name)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_numbers(name: str, data: Any) -> None:
    check(data.draw(sample(name)))
