"""What tests of quantization share: small networks, calibrated on random numbers and quantized."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nncc.ir import Builder, Function, Module, Operation, TensorType, Value
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, QuantizedType
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantize_int8 import QuantizeInt8

RNG = np.random.default_rng(5)
Build = Callable[[Builder, Value], Any]
PLAIN = {"correct_biases": False, "rounding": "nearest"}


def weights(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def make(build: Build, *shape: int) -> tuple[Module, Function]:
    """A module with the input x of a shape; ``build`` gives its output or outputs."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    built = build(Builder(module, block), block.args[0])
    outputs = built if isinstance(built, tuple) else (built,)
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
    return module, function


def quantize(build: Build, *shape: int, data: np.ndarray | None = None, **options: Any) -> tuple[Function, PassContext]:
    """The function after calibration (on normal random numbers) and quantization, and the context."""
    module, function = make(build, *shape)
    context = PassContext(dataset=weights(32, *shape[1:]) if data is None else data)
    Calibrate().run(module, context)
    QuantizeInt8(**options).run(module, context)
    for op in module.walk():
        op.verify()
    return function, context


def names(function: Function) -> list[str]:
    return [op.name.removeprefix("nn.") for op in function.body if op.name not in ("nn.constant", "func.return")]


def find(function: Function, name: str) -> Operation:
    return next(op for op in function.body if op.name == f"nn.{name}")


def kind(value: Value | None) -> QuantizedType:
    assert value is not None and isinstance(value.tensor.element, QuantizedType)
    return value.tensor.element


def sqnr(context: PassContext) -> float:
    return context.facts["quantization"]["sqnr_db"]
