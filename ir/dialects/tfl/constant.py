"""Constants, changes of element type, and quantization."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...opdef import DENSE, Trait, attribute, operand, result
from ...types import Array
from .base import TFLOp


class PseudoConst(TFLOp, name="tfl.pseudo_const", traits=(Trait.CONSTANT,)):
    """A constant tensor: no operation in the file, a tensor with a buffer."""

    value = attribute(DENSE, "the stored elements, with a quantized type where they stand for real numbers")
    output = result()

    def version(self) -> int:
        return 1

    def evaluate(self) -> Array:
        return self.value.numpy()


class Cast(TFLOp, name="tfl.cast", builtin="CAST", options="Cast"):
    """The elements in another type, as C converts them."""

    input = operand()
    output = result()

    def version(self) -> int:
        kinds = {self.storage_name(0), self.output_type.storage.name}
        order = (("bf16", 7), ("f64", 5), ("f16", 5), ("ui16", 4), ("i8", 3), ("ui32", 2))
        return next((version for kind, version in order if kind in kinds), 1)

    def schema_options(self) -> dict[str, Any]:
        return {"in_data_type": self.input.tensor.storage, "out_data_type": self.output_type.storage}

    def evaluate(self, input: Array) -> Array:
        return input.astype(self.output_type.storage.dtype)


class Quantize(TFLOp, name="tfl.quantize", builtin="QUANTIZE", options="Quantize"):
    """Real numbers to integers, or integers of one scale to those of another: the types say which."""

    input = operand()
    output = result()

    def version(self) -> int:
        return 2 if self.output_type.storage.name == "i16" else 1

    def evaluate(self, input: Array) -> Array:
        return input


class Dequantize(
    TFLOp,
    name="tfl.dequantize",
    builtin="DEQUANTIZE",
    options="Dequantize",
    versions={"i8": 2, "i16": 3, "f16": 3, "i4": 6},
):
    """Integers to the real numbers that they stand for; f16 to f32."""

    input = operand()
    output = result()

    def evaluate(self, input: Array) -> Array:
        return np.asarray(input, self.output_type.storage.dtype)
