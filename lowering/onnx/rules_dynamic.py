"""Operations whose shapes, axes and bounds are operands, as most are in ONNX from opset 13 on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir import TensorType, Value
from ...ir.dialects import nn
from ...ir.types import I1, I64
from .rules_reduction import REDUCTIONS, flags, top_k_of
from .target import Target, constant_ints, lowers

_NEWER = "choose a higher opset with -d opset_N, or fix the sizes"


def _vector(t: Target, value: Value) -> Value:
    """A small tensor of integers as a vector of i64."""
    return t.reshaped(t.cast(value, I64), (-1,), TensorType((_count(value),), I64))


def _scalar(t: Target, value: Value) -> Value:
    """A scalar, or a vector of one number, as a scalar of i64."""
    return t.reshaped(t.cast(value, I64), (), TensorType((), I64))


def _count(value: Value) -> Any:
    dims = value.tensor.dims
    return dims[0] if dims else 1


@lowers("dynamic_reshape")
def reshape(t: Target, op: nn.DynamicReshape) -> Value:
    shape, known = t.cast(op.shape, I64), constant_ints(op.shape)
    if not op.allow_zero or (known is not None and 0 not in known):
        return t.value("Reshape", op.x, shape)
    if known is None and t.since("Reshape") < 14:
        return t.value("Reshape", op.x, _without_zeros(t, shape))
    return t.value("Reshape", op.x, shape, allowzero=1)


def _without_zeros(t: Target, shape: Value) -> Value:
    """A computed shape with 1 for 0, which would copy a dimension: a tensor without elements fails, and says so."""
    is_zero = t.value("Equal", shape, t.scalar(0, "zero"), types=[shape.tensor.with_element(I1)])
    return t.value("Where", is_zero, t.scalar(1, "one"), shape, types=[shape.type])


@lowers("dynamic_broadcast_to")
def broadcast_to(t: Target, op: nn.DynamicBroadcastTo) -> Value:
    return t.value("Expand", op.x, t.cast(op.shape, I64))


@lowers("dynamic_tile")
def tile(t: Target, op: nn.DynamicTile) -> Value:
    return t.value("Tile", op.x, t.cast(op.reps, I64))


@lowers("dynamic_slice")
def slice_(t: Target, op: nn.DynamicSlice) -> Value:
    if t.since("Slice") < 10:
        raise t.error("computes the bounds, and Slice takes constant ones before opset 10", _NEWER)
    axes, steps = (None if v is None else t.cast(v, I64) for v in (op.axes, op.steps))
    return t.value("Slice", op.x, t.cast(op.starts, I64), t.cast(op.stops, I64), axes, steps)


@lowers("dynamic_pad")
def pad(t: Target, op: nn.DynamicPad) -> Value:
    since = t.since("Pad")
    if since < 11:
        raise t.error("computes the pads, and Pad takes constant ones before opset 11", _NEWER)
    if op.mode == "symmetric" or (op.mode == "wrap" and since < 19):
        raise t.error(f"has the mode {op.mode}, which Pad of opset {t.opset} has not", _NEWER)
    mode = {} if op.mode == "constant" else {"mode": op.mode}
    value = None if op.value is None else t.reshaped(op.value, (), TensorType((), op.value.tensor.element))
    pads = t.cast(op.pads, I64)
    if op.axes is None:
        return t.value("Pad", op.x, pads, value, **mode)
    if since >= 18:
        return t.value("Pad", op.x, pads, value, t.cast(op.axes, I64), **mode)
    return t.value("Pad", op.x, _all_pads(t, op, pads), value, **mode)


def _all_pads(t: Target, op: nn.DynamicPad, pads: Value) -> Value:
    """The pads of all axes: zeros, with those given written in their places."""
    rank = op.x.tensor.rank
    assert op.axes is not None
    axes = t.cast(op.axes, I64)
    length = t.scalar(rank, "rank")
    both = TensorType((2 * d if isinstance(d := _count(axes), int) else None,), I64)
    front = t.value("Mod", axes, length, types=[axes.type])
    behind = t.value("Add", front, length, types=[axes.type])
    places = t.value("Concat", front, behind, types=[both], axis=0)
    zeros = t.ints([0] * (2 * rank), "no_pads")
    return t.value("ScatterElements", zeros, places, pads, types=[zeros.type], axis=0)


@lowers("dynamic_squeeze")
def squeeze(t: Target, op: nn.DynamicSqueeze) -> Value:
    if op.axes is None:
        return t.value("Squeeze", op.x)
    # No axes at all: runtimes take that for all of them.
    return op.x if constant_ints(op.axes) == () else _on_axes(t, "Squeeze", op.x, op.axes)


@lowers("dynamic_unsqueeze")
def unsqueeze(t: Target, op: nn.DynamicUnsqueeze) -> Value:
    return _on_axes(t, "Unsqueeze", op.x, op.axes)


def _on_axes(t: Target, name: str, x: Value, axes: Value) -> Value:
    known = constant_ints(axes)
    if t.since(name) >= 13:
        return t.value(name, x, t.cast(axes, I64))
    if known is None:
        raise t.error(f"computes the axes, and {name} takes constant ones before opset 13", _NEWER)
    return t.value(name, x, axes=known)


@lowers("dynamic_split")
def split(t: Target, op: nn.DynamicSplit) -> Sequence[Value]:
    if t.since("Split") < 13:
        raise t.error("computes the sizes, and Split takes constant ones before opset 13", _NEWER)
    return t.build("Split", op.x, t.cast(op.sizes, I64), axis=op.axis % op.x.tensor.rank)


@lowers("dynamic_reduce")
def reduce(t: Target, op: nn.DynamicReduce) -> Value:
    name = REDUCTIONS[f"reduce_{op.kind}"]
    attributes = {} if op.keep_dims else {"keepdims": 0}
    if "axes" in t.schema(name).attributes:
        raise t.error(f"computes the axes, and {name} takes constant ones before opset {_axes_operand(name)}", _NEWER)
    if op.empty_is_none:
        attributes["noop_with_empty_axes"] = 1
    return t.value(name, op.x, t.cast(op.axes, I64), **attributes)


def _axes_operand(name: str) -> int:
    return 13 if name == "ReduceSum" else 18


@lowers("dynamic_top_k")
def top_k(t: Target, op: nn.DynamicTopK) -> Sequence[Value]:
    return top_k_of(t, op.x, _vector(t, op.k), None, op.axis, op.largest, op.sorted)


@lowers("dynamic_one_hot")
def one_hot(t: Target, op: nn.DynamicOneHot) -> Value:
    """By comparison with 0, 1, ...: OneHot of ONNX counts negative indices from the end."""
    full = op.output.tensor
    axis = op.axis % full.rank
    dims = op.indices.tensor.dims
    column = t.with_axes(t.cast(op.indices, I64), [axis], TensorType((*dims[:axis], 1, *dims[axis:]), I64))
    depth = full.dims[axis]
    line = TensorType((depth,), I64)
    places = t.value("Range", t.scalar(0, "start"), _scalar(t, op.depth), t.scalar(1, "step"), types=[line])
    others = [i for i in range(full.rank) if i != axis]
    if others:
        shaped = TensorType(tuple(depth if i == axis else 1 for i in range(full.rank)), I64)
        places = t.with_axes(places, others, shaped)
    return t.cast(t.value("Equal", column, places, types=[full.with_element(I1)]), full.storage)


@lowers("dynamic_cumsum")
def cumsum(t: Target, op: nn.DynamicCumsum) -> Value:
    return t.value("CumSum", op.x, _scalar(t, op.axis), **flags(op, "exclusive", "reverse"))


@lowers("dynamic_trilu")
def trilu(t: Target, op: nn.DynamicTrilu) -> Value:
    upper = {} if op.upper else {"upper": 0}
    return t.value("Trilu", op.x, _scalar(t, op.k), **upper)


@lowers("range")
def range_(t: Target, op: nn.Range) -> Value:
    return t.value("Range", op.start, op.limit, op.delta)


@lowers("fill")
def fill(t: Target, op: nn.Fill) -> Value:
    """One element, expanded."""
    shape = t.cast(op.shape, I64)
    element = op.value.tensor.element
    return t.value("Expand", t.reshaped(op.value, (), TensorType((), element)), shape)
