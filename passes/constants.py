"""What passes know of constants."""

from __future__ import annotations

from ..ir import Value
from ..ir.attributes import DenseAttribute, DenseResource
from ..ir.module import constant_attribute
from ..ir.types import ElementType, TensorType


def is_plain_float(type: TensorType) -> bool:
    """Whether the elements are floats: neither integers nor quantized ones, whose rounding is part of the model."""
    return isinstance(type.element, ElementType) and type.element.is_float


def float_constant(value: Value | None) -> DenseAttribute | None:
    """The constant that a value is, if it is one of plain floats."""
    dense = constant_attribute(value)
    if dense is None or (isinstance(dense, DenseResource) and dense.resource.is_elided):
        return None  # its data was left out of the text
    return dense if is_plain_float(dense.type) else None
