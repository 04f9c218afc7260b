"""Operations on open sizes in TensorFlow: the numbers of the interpreter for several sizes of one graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import control_flow
import numpy as np
import pytest
from litert import assert_close
from tensorflow_runtime import needs_tensorflow, run, write

from nncc.ir import Builder, Function, Module, TensorType, Value
from nncc.ir.types import F32

pytestmark = needs_tensorflow

RNG = np.random.default_rng(0)
IMAGE = ("N", 2, "H", "W")
SIZES = ((1, 2, 7, 9), (3, 2, 6, 4))


def weights(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def upsampled(b: Builder, x: Value, **how: Any) -> Value:
    scales = b.constant(np.array([1, 1, 2, 3], np.float32))
    return b.nn.dynamic_resize(x, None, scales, None, **how)


CASES: dict[str, Callable[[Builder, Value], Value]] = {
    "conv in strides": lambda b, x: b.nn.conv(x, weights(4, 2, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    "depthwise conv": lambda b, x: b.nn.conv(
        x, weights(2, 1, 3, 3), weights(2), groups=2, strides=(2, 2), pads=(1, 1, 1, 1), activation="relu"
    ),
    "conv_transpose": lambda b, x: b.nn.conv_transpose(
        x, weights(2, 3, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1), output_padding=(1, 1)
    ),
    "max_pool": lambda b, x: b.nn.max_pool(x, kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    "average_pool": lambda b, x: b.nn.average_pool(x, kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    "average_pool over pads": lambda b, x: b.nn.average_pool(
        x, kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), count_include_pad=True
    ),
    "reshape": lambda b, x: b.nn.reshape(x, shape=(0, 0, -1)),
    "reshape with copies": lambda b, x: b.nn.reshape(x, shape=(0, 1, 2, 0, -1)),
    "edges": lambda b, x: b.nn.pad(x, pads=(0, 0, 2, 1, 0, 0, 1, 3), mode="edge"),
    "wrap": lambda b, x: b.nn.pad(x, pads=(0, 0, 2, 1, 0, 0, 1, 3), mode="wrap"),
    "cuts": lambda b, x: b.nn.pad(x, pads=(0, 0, -2, 1, 0, 0, 1, -1)),
    "backwards": lambda b, x: b.nn.slice(x, starts=(0, 0, -1, 1), stops=(9, 9, -(2**31), -1), steps=(1, 1, -2, 1)),
    "trilu": lambda b, x: b.nn.trilu(x, k=1),
    "repeated": lambda b, x: upsampled(b, x, mode="nearest"),
    "linear": lambda b, x: upsampled(b, x, mode="linear", coordinate="pytorch_half_pixel"),
    "corners": lambda b, x: upsampled(b, x, mode="linear", coordinate="align_corners"),
    "like another": lambda b, x: b.nn.dynamic_resize(
        x, None, None, b.nn.shape_of(b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2))), mode="linear"
    ),
    "broadcast": lambda b, x: b.nn.dynamic_broadcast_to(b.constant(weights(2, 1, 1)), b.nn.shape_of(x)),
}


@pytest.mark.parametrize("name", CASES)
def test_numbers(name: str, tmp_path: Path) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(IMAGE, F32))])
    module.body.append(function)
    function.set_outputs([("y", CASES[name](Builder(module, block), function.inputs[0]))])
    path = write(module, tmp_path / "m.pb")
    for size in SIZES:
        inputs = {"x": weights(*size)}
        assert_close(run(path, inputs, ["y"]), module.evaluate(inputs), name)


@pytest.mark.parametrize("name", control_flow.NAMES)
def test_branches_and_loops(name: str, tmp_path: Path) -> None:
    module, inputs = control_flow.model(name)
    path = write(module, tmp_path / "m.pb")
    for given in inputs:
        expected = module.evaluate(given)
        assert_close(run(path, given, list(expected)), expected, name)
