"""What each operation does with layouts: which can work in channel-last, and what must be changed in them for it.

An operation is one of

* a *spatial* one, which has an attribute ``channel_last`` and is wanted that way;
* a *uniform* one, which works in either layout when its axes are renamed, with all its tensors in the same one;
* anything else, which is left channel-first (``transpose`` and ``reshape`` have rules of their own).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ..ir import Operation, TensorType, Trait, Value
from ..ir.dialects import nn
from ..ir.layout import inverse, permute, to_last
from ..ir.types import Dim


@attrs.frozen
class Uniform:
    """How a uniform operation is rewritten for channel-last.

    ``carries`` numbers the operands that are in the layout (None: all); ``rewrite(op, rank)`` renames the axes in the
    attributes; ``prefers`` says which layout the operation itself would like: True for channel-last.
    """

    rewrite: Callable[[Operation, int], None] = lambda op, rank: None
    carries: tuple[int, ...] | None = None
    prefers: Callable[[Operation, int], bool | None] = lambda op, rank: None


def rank_of(value: Value | None) -> int:
    """The rank of a tensor; 0 where there is none or it is not known (no layout to speak of)."""
    if value is None or not isinstance(value.type, TensorType) or value.type.shape is None:
        return 0
    return len(value.type.shape)


def dims_of(value: Value) -> tuple[Dim, ...]:
    return value.tensor.dims


# Renaming axes. Axis a of the channel-first tensor is axis inverse(to_last)[a] of the channel-last one.


def _renamed(axis: int, rank: int) -> int:
    return inverse(to_last(rank))[axis % rank]


def _rename(name: str) -> Callable[[Operation, int], None]:
    """For an attribute that is one axis."""

    def rewrite(op: Operation, rank: int) -> None:
        setattr(op, name, _renamed(getattr(op, name), rank))

    return rewrite


def _rename_all(op: Operation, rank: int) -> None:
    """For ``axes``; they stay in ascending order, which no operation of the dialect depends on."""
    assert isinstance(op, _AXES)
    op.axes = tuple(sorted(_renamed(a, rank) for a in op.axes))


def _permute(*names: str) -> Callable[[Operation, int], None]:
    """For attributes with one entry a dimension (or two runs of them, as pads have)."""

    def rewrite(op: Operation, rank: int) -> None:
        for name in names:
            entries = getattr(op, name)
            runs = [entries[i : i + rank] for i in range(0, len(entries), rank)]
            setattr(op, name, tuple(e for run in runs for e in permute(run, to_last(rank))))

    return rewrite


def _axis_should_be_last(name: str) -> Callable[[Operation, int], bool | None]:
    """Kernels of channel-last targets work along the last axis."""

    def prefers(op: Operation, rank: int) -> bool | None:
        axis = getattr(op, name) % rank
        return True if axis == 1 else False if axis == rank - 1 else None

    return prefers


_REDUCTIONS = (nn.ReduceSum, nn.ReduceMean, nn.ReduceMax, nn.ReduceMin, nn.ReduceProd)
_AXES = (*_REDUCTIONS, nn.LayerNorm, nn.Reverse)
_SPATIAL = (nn.Conv, nn.ConvTranspose, nn.MaxPool, nn.AveragePool, nn.Resize, nn.DepthToSpace, nn.SpaceToDepth)

_UNIFORM: dict[type[Operation], Uniform] = {
    **{kind: Uniform(_rename_all) for kind in _AXES},
    nn.Softmax: Uniform(_rename("axis"), prefers=_axis_should_be_last("axis")),
    nn.LogSoftmax: Uniform(_rename("axis"), prefers=_axis_should_be_last("axis")),
    nn.BatchNorm: Uniform(_rename("axis"), carries=(0,), prefers=_axis_should_be_last("axis")),
    nn.ChannelShuffle: Uniform(_rename("axis"), prefers=_axis_should_be_last("axis")),
    nn.Concat: Uniform(_rename("axis")),
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


def uniform_rule(op: Operation) -> Uniform | None:
    """The rule of a uniform operation that can work in channel-last here; None for any other."""
    rule = _UNIFORM.get(type(op)) or (Uniform() if Trait.ELEMENTWISE in op.traits else None)
    if rule is None or rank_of(op.operands[0] if op.operands else None) == 0:
        return None
    rank = max(rank_of(v) for v in op.operands)
    if rank < 3:
        return None
    if isinstance(op, nn.BroadcastTo) and rank_of(op.operands[0]) != rank_of(op.results[0]):
        return None
    return rule if result_layouts(op, True) is not None else None


def carried(op: Operation, rule: Uniform) -> Sequence[int]:
    """The numbers of the operands that are in the operation's layout."""
    numbers = range(len(op.operands)) if rule.carries is None else rule.carries
    return [i for i in numbers if rank_of(op.operands[i]) > 0]


def result_layouts(op: Operation, last: bool) -> list[bool] | None:
    """The layouts of the results when the operation works in channel-last; None where they would be in neither."""
    if not isinstance(op, (*_REDUCTIONS, nn.Argmax, nn.Argmin)) or op.keep_dims:
        return [last] * len(op.results)
    rank = rank_of(op.operands[0])
    axes = op.axes if isinstance(op, _REDUCTIONS) else (op.axis,)
    reduced = {a % rank for a in axes}
    order = [a for a in to_last(rank) if a not in reduced]  # of the dimensions that are left, as they lie in memory
    kept = sorted(order)
    if order == kept:
        return [False]
    return [True] if order == list(permute(kept, to_last(len(kept)))) else None
