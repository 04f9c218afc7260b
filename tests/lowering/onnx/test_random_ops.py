"""Random instances of every nn operation, at every opset, in onnxruntime: the numbers of the interpreter."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from nn_samples import Sample, sample, sampled_names
from ort import assert_close, convert, run

from nncc.ir import CompileError
from nncc.lowering.onnx.opsets import NEWEST_OPSET, OLDEST_OPSET

CONTROL = ("nn.if", "nn.loop")
"""Tested with their regions elsewhere."""
NAMES = [name for name in sampled_names() if name not in CONTROL]
NO_KERNEL = ("f64", "f16", "bf16")
"""Elements that onnxruntime has few kernels for, or computes with less precision than the interpreter."""
RUNTIME_LIMITS = {
    "nn.div": ("by zero",),
    "nn.floor_div": ("by zero",),
    "nn.mod": ("by zero",),
    "nn.roi_align": ("Could not find an implementation for RoiAlign(22)",),
    "nn.bitcast": ("Could not find an implementation for BitCast",),
    "nn.dynamic_reshape": ("cannot be reshaped",),  # a tensor without elements, before opset 14
    "nn.dynamic_resize": ("mode only support", "exclude_outside can be set"),
}
"""What onnxruntime 1.31 says of valid models that it does not run."""
REFUSED_AT_THE_NEWEST = {"nn.dynamic_pad": "mode symmetric"}


def is_read_otherwise(s: Sample) -> bool:
    """What onnxruntime 1.31 gives other numbers for than onnx's reference does.

    It takes an empty list of axes for all of them, a spectrum that is too long from the wrong end, and rounds lengths
    of one scale for all axes in its own way.
    """
    if s.name == "nn.dynamic_slice":  # a stop beyond all dimensions, on the way back: to the beginning
        return s.operands[4] is not None and bool(np.any((s.operands[4] < 0) & (s.operands[2] >= 2**31 - 1)))
    if s.name == "nn.dynamic_resize":
        return bool(s.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch")
    if s.name == "nn.dynamic_squeeze":
        return s.operands[1] is not None and s.operands[1].size == 0
    return s.name == "nn.dft" and s.attributes["inverse"] and s.attributes["onesided"] and s.operands[1] is not None


def check(s: Sample, opset: int) -> None:
    assume(not is_read_otherwise(s))
    assume(all(t is None or t.storage.name not in NO_KERNEL for t in s.types))
    module, inputs = s.module()
    with np.errstate(all="ignore"):
        expected = module.evaluate(inputs)
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = convert(module, opset, Path(folder))
        except CompileError as error:
            check_refusal(s, opset, error)
            return
        try:
            got = run(path, inputs)
        except Exception as error:  # the runtime's own classes
            assert any(limit in str(error) for limit in RUNTIME_LIMITS.get(s.name, ())), str(error)
            return
    assert_close(got, expected, rtol=1e-3, atol=1e-4)


def check_refusal(s: Sample, opset: int, error: CompileError) -> None:
    """Everything is refused with what to do about it; at the newest opset hardly anything is."""
    assert all(d.remedy for d in error.diagnostics)
    if opset == NEWEST_OPSET:
        assert REFUSED_AT_THE_NEWEST.get(s.name, "-") in str(error), str(error)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_at_the_newest_opset(name: str, data: Any) -> None:
    check(data.draw(sample(name)), NEWEST_OPSET)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(NAMES), data=st.data(), opset=st.integers(OLDEST_OPSET, NEWEST_OPSET - 1))
def test_at_any_opset(name: str, data: Any, opset: int) -> None:
    check(data.draw(sample(name)), opset)
