"""Quantized tensors: real numbers to the lifts, the integers of the file at its inputs and outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litert import run
from tfl_cases import real

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.ir import Function, Module, QuantizedType, TensorType, as_dense, lookup_op
from nncc.ir.dialects import nn
from nncc.ir.dialects.tfl.constant import PseudoConst
from nncc.ir.passes import PassContext
from nncc.ir.types import ELEMENT_TYPES, F32, I8, I32

KIND = QuantizedType(I8, F32, (0.05,), (3,))
WIDE = QuantizedType(I8, F32, (0.11,), (-5,))
INTEGERS = np.random.default_rng(5).integers(-128, 128, (2, 3, 4)).astype(np.int8)


def model(name: str, result: Any, constants: Sequence[Any] = (), kind: QuantizedType = KIND, **options: Any) -> Module:
    """One operator on a quantized x, with constants behind it: (elements, type)."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(INTEGERS.shape, kind))])
    module.body.append(function)
    operands = [function.inputs[0]]
    for array, element in constants:
        dense = as_dense(array, TensorType(array.shape, element))
        operands.append(block.append(PseudoConst(value=dense, result_types=[dense.type])).results[0])
    definition: Any = lookup_op(f"tfl.{name}")
    function.set_outputs([("y", block.append(definition(*operands, result_types=[result], **options)).results[0])])
    return module


def lifted(path: Path) -> Module:
    module = load(path)
    LiftTfl().run(module, PassContext())
    return module


SHAPE = INTEGERS.shape
BY_ROW = QuantizedType(I8, F32, (0.02,) * 5, (0,) * 5, 0)
WEIGHTS = (np.random.default_rng(6).integers(-127, 128, (5, 4)).astype(np.int8), BY_ROW)
BIAS = (np.arange(5, dtype=np.int32) * 400, QuantizedType(I32, F32, (0.001,) * 5, (0,) * 5, 0))
CASES = [
    model("logistic", TensorType(SHAPE, QuantizedType(I8, F32, (1 / 256,), (-128,)))),
    model("relu", TensorType(SHAPE, KIND)),
    model("quantize", TensorType(SHAPE, WIDE)),
    model("mean", TensorType((2, 4), WIDE), [(np.int32([1]), I32)]),
    model("reshape", TensorType((6, 4), KIND), [(np.int32([6, 4]), I32)]),
    model("fully_connected", TensorType((2, 3, 5), WIDE), [WEIGHTS, BIAS], keep_num_dims=True),
]


@pytest.mark.parametrize("module", CASES, ids=lambda m: m.main.terminator.operands[0].defining_op.name)
def test_integers(module: Module, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(module, path)
    made = lifted(path)
    assert made.main.inputs[0].tensor == TensorType(SHAPE, I8)
    got, wanted = made.evaluate({"x": INTEGERS})["y"], run(path, {"x": INTEGERS}, xnnpack=False)["y"]
    assert got.dtype == np.int8
    assert abs(got.astype(int) - wanted).max() <= 1


def test_real_numbers_of_quantized_inputs(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(model("dequantize", TensorType(SHAPE, F32)), path)
    assert lifted(path).main.outputs[0].tensor.element == F32
    np.testing.assert_allclose(lifted(path).evaluate({"x": INTEGERS})["y"], (INTEGERS - 3.0) * 0.05, rtol=1e-6)


def test_a_cast_takes_the_integers_themselves(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(model("cast", TensorType(SHAPE, F32)), path)
    wanted = run(path, {"x": INTEGERS}, xnnpack=False)["y"]
    np.testing.assert_array_equal(wanted, INTEGERS)
    np.testing.assert_array_equal(lifted(path).evaluate({"x": INTEGERS})["y"], wanted)


def test_weights_stay_quantized(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(CASES[-1], path)
    (affine,) = (op for op in lifted(path).main.body if isinstance(op, nn.Affine))
    weight = affine.weight.defining_op
    assert isinstance(weight, nn.Dequantize)
    kind = weight.x.tensor.element
    assert weight.x.tensor.dims == (4, 5) and isinstance(kind, QuantizedType) and kind.axis == 1


def test_16_bits_are_real_numbers(tmp_path: Path) -> None:
    kind = QuantizedType(ELEMENT_TYPES["i16"], F32, (0.001,), (0,))
    path = tmp_path / "m.tflite"
    save(model("relu", TensorType(SHAPE, kind), kind=kind), path)
    made, x = lifted(path), real(*SHAPE)
    assert made.main.inputs[0].tensor == TensorType(SHAPE, F32)
    np.testing.assert_array_equal(made.evaluate({"x": x})["y"], np.maximum(x, 0))
