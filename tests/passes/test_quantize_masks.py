"""`quantize-int8`: masked attention keeps its scores apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncc.ir import Builder, Function, Module, Value
from nncc.ir.interpreter import evaluate
from nncc.ir.module import constant_attribute
from nncc.ir.passes import PassContext
from nncc.ir.ports import from_ports, to_ports
from nncc.ir.types import F32, TensorType
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantize_int8 import QuantizeInt8

SHAPE = (2, 6, 6)
DATA = np.random.default_rng(3).uniform(-3, 3, (8, *SHAPE[1:])).astype(np.float32)
LATER = np.triu(np.ones(SHAPE[1:], bool), 1)


def added(number: float) -> Callable[[Builder, Value], Value]:
    return lambda b, x: b.nn.add(x, np.where(LATER, number, 0).astype(np.float32))


def put_in(number: float) -> Callable[[Builder, Value], Value]:
    return lambda b, x: b.nn.select(LATER, np.float32(number), x)


def quantized(build: Callable[[Builder, Value], Any]) -> tuple[Function, np.ndarray, np.ndarray]:
    """The int8 function, and what the float one and it give for the first samples."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(SHAPE, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), function.inputs[0]))])
    inputs = {"x": DATA[: SHAPE[0]]}
    expected = evaluate(function, inputs)["y"]
    context = PassContext(dataset=DATA)
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    got = from_ports(function, evaluate(function, to_ports(function, inputs)))["y"]
    return function, expected, got


@pytest.mark.parametrize("mask", [added, put_in])
@pytest.mark.parametrize("number", [-1e9, -1e4, -3e38, -np.inf])
def test_what_is_masked_does_not_blur_the_rest(mask: Callable[[float], Any], number: float) -> None:
    _, expected, got = quantized(lambda b, x: b.nn.softmax(mask(number)(b, x)))
    np.testing.assert_allclose(got, expected, atol=0.03)
    assert not got[:, LATER].any()


def test_masks_that_others_see_stay() -> None:
    def build(b: Builder, x: Value) -> Value:
        masked = added(-1e4)(b, x)
        return b.nn.concat([b.nn.softmax(masked), masked], axis=1)

    function, _, _ = quantized(build)
    constants = [c.real().min() for op in function.body for r in op.results if (c := constant_attribute(r)) is not None]
    assert min(constants) == pytest.approx(-1e4, rel=0.01)


def test_small_masks_stay() -> None:
    _, expected, got = quantized(lambda b, x: b.nn.softmax(added(-1.0)(b, x)))
    np.testing.assert_allclose(got, expected, atol=0.03)
    assert got[:, LATER].any()
