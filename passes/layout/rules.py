"""What each operation does with layouts: which can work in channel-last, and what must be changed in them for it.

An operation is one of

* a *spatial* one, which has an attribute ``channel_last`` and is wanted that way;
* a *uniform* one, which works in any order of the dimensions when its axes are renamed;
* anything else, which is left channel-first (``transpose`` and ``reshape`` have rules of their own).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ...ir import Operation, TensorType, Trait, Value
from ...ir.dialects import nn
from ...ir.layout import inverse, permute
from ...ir.types import Dim, QuantizedType

Order = tuple[int, ...]
"""In which order the dimensions of a tensor lie in memory: axis i in memory is axis order[i] of the model."""


@attrs.frozen
class Uniform:
    """How a uniform operation is rewritten for another order of the dimensions.

    ``carries`` numbers the operands that are in the order (None: all); ``rewrite(op, order)`` renames the axes in the
    attributes; ``axis(op)`` is the axis that target kernels want to be the last, if there is one.
    """

    rewrite: Callable[[Operation, Order], None] = lambda op, order: None
    carries: tuple[int, ...] | None = None
    axis: Callable[[Operation], int | None] = lambda op: None


def rank_of(value: Value | None) -> int:
    """The rank of a tensor; 0 where there is none or it is not known (no layout to speak of)."""
    if value is None or not isinstance(value.type, TensorType) or value.type.shape is None:
        return 0
    return len(value.type.shape)


def plain_order(value: Value) -> Order:
    """The order in which the model has the dimensions."""
    return tuple(range(rank_of(value)))


def dims_of(value: Value) -> tuple[Dim, ...]:
    return value.tensor.dims


# Renaming axes: axis a of the model is axis inverse(order)[a] in memory.


def _rename(name: str) -> Callable[[Operation, Order], None]:
    """For an attribute that is one axis."""

    def rewrite(op: Operation, order: Order) -> None:
        setattr(op, name, inverse(order)[getattr(op, name) % len(order)])

    return rewrite


def _rename_all(op: Operation, order: Order) -> None:
    """For ``axes``; they stay in ascending order, which no operation of the dialect depends on."""
    assert isinstance(op, _AXES)
    places = inverse(order)
    op.axes = tuple(sorted(places[a % len(order)] for a in op.axes))


def _permute(*names: str) -> Callable[[Operation, Order], None]:
    """For attributes with one entry a dimension (or two runs of them, as pads have)."""

    def rewrite(op: Operation, order: Order) -> None:
        for name in names:
            entries = getattr(op, name)
            runs = [entries[i : i + len(order)] for i in range(0, len(entries), len(order))]
            setattr(op, name, tuple(e for run in runs for e in permute(run, order)))

    return rewrite


def _axis(op: Operation) -> int | None:
    axis: int = op.axis % rank_of(op.results[0])  # type: ignore[attr-defined]  # the rules below use it where there is one
    return axis


def _rename_grid(op: Operation, order: Order) -> None:
    """For a grid that has an axis."""
    assert isinstance(op, nn.FakeQuantize)
    grid = op.grid
    if isinstance(grid, QuantizedType) and grid.axis is not None:
        op.grid = attrs.evolve(grid, axis=inverse(order)[grid.axis % len(order)])


def _permute_type(op: Operation, order: Order) -> None:
    """For a type of the result that an attribute says."""
    assert isinstance(op, nn.Quantize)
    op.to = op.to.with_shape(permute(op.to.dims, order))


_REDUCTIONS = (nn.ReduceSum, nn.ReduceMean, nn.ReduceMax, nn.ReduceMin, nn.ReduceProd)
_AXES = (*_REDUCTIONS, nn.LayerNorm, nn.Reverse)
_SPATIAL = (
    *(nn.Conv, nn.ConvTranspose, nn.DeformConv, nn.MaxPool, nn.AveragePool),
    *(nn.Resize, nn.GridSample, nn.DepthToSpace, nn.SpaceToDepth),
)

_QUANTIZATION = (nn.Quantize, nn.Dequantize, nn.StorageCast)

_UNIFORM: dict[type[Operation], Uniform] = {
    **{kind: Uniform(_rename_all) for kind in _AXES},
    nn.Softmax: Uniform(_rename("axis"), axis=_axis),
    nn.LogSoftmax: Uniform(_rename("axis"), axis=_axis),
    nn.Lrn: Uniform(_rename("axis"), axis=_axis),
    nn.BatchNorm: Uniform(_rename("axis"), carries=(0,), axis=_axis),
    nn.ChannelShuffle: Uniform(_rename("axis"), axis=_axis),
    nn.Concat: Uniform(_rename("axis")),
    nn.FakeQuantize: Uniform(_rename_grid),
    nn.Quantize: Uniform(_permute_type),
    nn.Dequantize: Uniform(),
    nn.StorageCast: Uniform(),
    nn.Split: Uniform(_rename("axis")),
    nn.Cumsum: Uniform(_rename("axis")),
    nn.Cumprod: Uniform(_rename("axis")),
    nn.Argmax: Uniform(_rename("axis")),
    nn.Argmin: Uniform(_rename("axis")),
    nn.Slice: Uniform(_permute("starts", "stops", "steps")),
    nn.Pad: Uniform(_permute("pads")),
    nn.Tile: Uniform(_permute("reps")),
    nn.BroadcastTo: Uniform(_permute("shape")),
}


def is_spatial(op: Operation) -> bool:
    """Whether the operation has a layout attribute. Only its first operand and its result are in the layout."""
    return isinstance(op, _SPATIAL) and rank_of(op.results[0]) >= 3


def _has_axis(value: Value | None) -> bool:
    """Whether the integers of a value have a scale for each place along an axis."""
    kind = value.tensor.element if value is not None else None
    return isinstance(kind, QuantizedType) and kind.axis is not None


def uniform_rule(op: Operation) -> Uniform | None:
    """The rule of an operation that can work with its dimensions in any order; None for any other."""
    rule = _UNIFORM.get(type(op)) or (Uniform() if Trait.ELEMENTWISE in op.traits else None)
    if rule is None or rank_of(op.operands[0] if op.operands else None) == 0:
        return None
    if max(rank_of(v) for v in op.operands) < 3:
        return None
    if isinstance(op, _QUANTIZATION) and any(_has_axis(v) for v in (*op.operands, *op.results)):
        return None
    if isinstance(op, nn.BroadcastTo) and rank_of(op.operands[0]) != rank_of(op.results[0]):
        return None
    return rule


def carried(op: Operation, rule: Uniform) -> Sequence[int]:
    """The numbers of the operands that are in the operation's order."""
    numbers = range(len(op.operands)) if rule.carries is None else rule.carries
    return [i for i in numbers if rank_of(op.operands[i]) > 0]


def result_order(op: Operation, order: Order) -> Order:
    """The order of the results' dimensions when the operation works in ``order``."""
    if not isinstance(op, (*_REDUCTIONS, nn.Argmax, nn.Argmin)) or op.keep_dims:
        return order
    axes = op.axes if isinstance(op, _REDUCTIONS) else (op.axis,)
    reduced = {a % len(order) for a in axes}
    left = [a for a in order if a not in reduced]
    return tuple(sorted(left).index(a) for a in left)
