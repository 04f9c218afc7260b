"""Small TFLite files, as bytes: what the frontend's tests damage, and what they read back."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
from tfl_cases import Case, ints, real

from nncc.backends.tflite import save
from nncc.ir import Block, Function, Module, Region, TensorType
from nncc.ir.dialects.tfl.control import If, Yield
from nncc.ir.dialects.tfl.elementwise import Add, Mul
from nncc.ir.types import F32, I1


def bytes_of(module: Module) -> bytes:
    """The file of a module in the tfl dialect."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.tflite"
        save(module, path)
        return path.read_bytes()


@functools.cache
def convolution() -> bytes:
    """One CONV_2D with constant weights and biases."""
    options = {"stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU"}
    case = Case("conv_2d", [real(1, 4, 4, 3)], [((1, 4, 4, 2), np.float32)], options, [real(2, 3, 3, 3), real(2)])
    return bytes_of(case.build()[0])


@functools.cache
def model() -> bytes:
    """One STRIDED_SLICE, whose numbers are constants."""
    case = Case("strided_slice", [real(4, 5)], [((2, 5), np.float32)], {}, [ints(1, 0), ints(3, 5), ints(1, 1)])
    return bytes_of(case.build()[0])


@functools.cache
def branches() -> bytes:
    """One IF: x + x or x * x."""
    x = TensorType((3,), F32)
    module = Module()
    function, block = Function.create("main", [("condition", TensorType((), I1)), ("x", x)])
    module.body.append(function)
    regions = []
    for kind in (Add, Mul):
        inner = Block.of([x])
        made = inner.append(kind(inner.args[0], inner.args[0], result_types=[x]))
        inner.append(Yield([made.results[0]]))
        regions.append(Region.of(inner))
    op = block.append(If(function.inputs[0], [function.inputs[1]], result_types=[x], regions=regions))
    function.set_outputs([("y", op.results[0])])
    return bytes_of(module)
