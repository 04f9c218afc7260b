"""Quantization: between real numbers and integers with a scale and a zero point.

Where scale and zero point are constants, the result is in terms of nn's quantized types, which keep their meaning all
the way to an integer target: ``nn.quantize`` and ``nn.dequantize``, with ``nn.storage_cast`` where ONNX sees the plain
integers. Otherwise it is arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.core import Operation
from ....ir.types import I32, I64, UI8, Array, ElementType, QuantizedType
from ...nodes import axis_of, numbers, refuse
from ...sizes import along, cast
from .casts import converted, element_of
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_MOST_BITS = 16
"""Quantized types are made of integers up to this; wider ones (biases) only where nncc itself asks for it."""


@lift("QuantizeLinear")
def quantize_linear(b: Lifter, op: OnnxOp, x: Value, scale: Value, zero_point: Value | None = None) -> Value:
    """saturate(round(x / scale) + zero_point), halves to even; per tensor, along an axis, or in blocks of an axis."""
    if zero_point is not None:
        to = zero_point.tensor.storage
    else:
        to = element_of(op, "output_dtype", UI8) if op.get("output_dtype") else UI8
    x = x if x.tensor.expressed.is_float else b.nn.cast(x, to=scale.tensor.expressed)
    if op.get("block_size") or _is_blocked(x, scale):
        scale = _unblocked(b, op, scale, x)
        zero_point = None if zero_point is None else _unblocked(b, op, zero_point, x)
    return quantize(b, op, x, scale, zero_point, to, op.get("axis"))


@lift("DequantizeLinear")
def dequantize_linear(b: Lifter, op: OnnxOp, x: Value, scale: Value, zero_point: Value | None = None) -> Value:
    """(x - zero_point) * scale, in the type of the scale"""
    if op.get("block_size") or _is_blocked(x, scale):
        scale = _unblocked(b, op, scale, x)
        zero_point = None if zero_point is None else _unblocked(b, op, zero_point, x)
    y = dequantize(b, op, x, scale, zero_point, op.get("axis"))
    return cast(b, y, element_of(op, "output_dtype")) if op.get("output_dtype") else y


def quantize(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    scale: Value,
    zero_point: Value | None,
    to: ElementType,
    axis: int | None = None,
) -> Value:
    """The integers (or narrow floats) of type ``to`` that stand for x, halves to even."""
    kind = quantized_type(b, op, x, scale, zero_point, to, axis)
    if kind is not None and kind.expressed == x.tensor.expressed:
        made = b.nn.quantize(x, to=x.tensor.with_element(kind), rounding="half_even")
        return b.nn.storage_cast(made, to=to)
    scale = _along(b, op, scale, x, axis)
    zero_point = None if zero_point is None else _along(b, op, zero_point, x, axis)
    y = b.nn.div(x, cast(b, scale, x.tensor.expressed))
    if to.is_float:
        if zero_point is not None:
            y = b.nn.add(y, cast(b, zero_point, x.tensor.expressed))
        return converted(b, op, y, to)
    y = b.nn.round(y)
    if zero_point is not None:
        y = b.nn.add(y, cast(b, zero_point, x.tensor.expressed))
    low, high = to.limits
    return b.nn.cast(b.nn.clip(y, min=float(low), max=float(high)), to=to)


def dequantize(
    b: Lifter, op: OnnxOp, x: Value, scale: Value, zero_point: Value | None, axis: int | None = None
) -> Value:
    """The real numbers that integers stand for, in the type of the scale."""
    kind = quantized_type(b, op, x, scale, zero_point, x.tensor.storage, axis)
    if kind is not None:
        return b.nn.dequantize(as_quantized(b, x, kind))
    element = scale.tensor.expressed
    scale = _along(b, op, scale, x, axis)
    zero_point = None if zero_point is None else _along(b, op, zero_point, x, axis)
    if zero_point is None:
        return b.nn.mul(cast(b, x, element), scale)
    if x.tensor.storage.is_float:
        return b.nn.mul(b.nn.sub(cast(b, x, element), cast(b, zero_point, element)), scale)
    centred = b.nn.sub(b.nn.cast(x, to=I32), b.nn.cast(zero_point, to=I32))
    return b.nn.mul(b.nn.cast(centred, to=element), scale)


def as_quantized(b: Lifter, x: Value, kind: QuantizedType) -> Value:
    """Integers as those of a quantized type: without a detour where they come from just that type."""
    source: Operation | None = x.defining_op
    if source is not None and source.name == "nn.storage_cast":
        stored = source.operands[0]
        if stored is not None and stored.tensor.element == kind:
            return stored
    return b.nn.storage_cast(x, to=kind)


def quantized_type(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    scale: Value,
    zero_point: Value | None,
    storage: ElementType,
    axis: int | None,
    most_bits: int = _MOST_BITS,
) -> QuantizedType | None:
    """The type that constants describe: per tensor, or with one scale for each place along the axis.

    None where they are no constants, of another shape (blocks), not positive, or not of integers.
    """
    scales, zeros = b.array(scale), None if zero_point is None else b.array(zero_point)
    if scales is None or (zero_point is not None and zeros is None) or not storage.is_integer:
        return None
    if storage.bits > most_bits or scales.ndim > 1 or not scales.size or not _usable(scales):
        return None
    expressed = scale.tensor.expressed
    count = scales.size
    flat_zeros: Array = np.zeros(count, np.int64) if zeros is None else np.broadcast_to(zeros.reshape(-1), (count,))
    place = None
    if scales.ndim == 1 and (count > 1 or x.tensor.rank == 1):
        place = axis_of(op, 1 if axis is None else axis, x.tensor.rank)
        (length,) = numbers(op, x.tensor.dims[place : place + 1], "the quantized axis")
        if length != count:
            if count != 1:
                raise refuse(op, f"has {count} scales for a length of {length}")
            place = None
    # scales of float32 as Python's numbers: the same values, so that equal types stay equal
    return QuantizedType(
        storage, expressed, tuple(map(float, scales.reshape(-1))), tuple(int(z) for z in flat_zeros), place
    )


def _usable(scales: Array) -> bool:
    return bool(np.all(np.isfinite(scales.astype(np.float64))) and np.all(scales.astype(np.float64) > 0))


def _along(b: Lifter, op: OnnxOp, value: Value, x: Value, axis: int | None) -> Value:
    """A scale or zero point so that it broadcasts to x."""
    if value.tensor.rank != 1 or x.tensor.rank == 0 or value.tensor.dims == (1,):
        return value
    return along(b, value, axis_of(op, 1 if axis is None else axis, x.tensor.rank), x.tensor.rank)


def _is_blocked(x: Value, scale: Value) -> bool:
    return scale.tensor.rank > 1


def _unblocked(b: Lifter, op: OnnxOp, value: Value, x: Value) -> Value:
    """A scale or zero point of blocks along an axis, repeated so that it has one element for each of x."""
    axis = axis_of(op, op.get("axis"), x.tensor.rank)
    if value.tensor.rank != x.tensor.rank:
        raise refuse(op, f"has blocks along axis {axis}, but {value.type} beside {x.type}")
    length, count = numbers(op, (x.tensor.dims[axis], value.tensor.dims[axis]), "the axis of blocks")
    block = int(op.get("block_size") or 0) or -(-length // max(count, 1))
    if -(-length // block) != count:
        raise refuse(op, f"has {count} blocks of {block} for a length of {length}")
    return b.nn.gather(value, b.constant(np.arange(length) // block, I64), axis=axis)
