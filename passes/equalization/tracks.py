"""Tracks: channels of different values that hold the same numbers, or numbers that must be rescaled alike.

Every channel of every value has a number, its track. The tracks of a value are an array of its rank whose dimensions
are those of the value or 1: (1, 1, 1, C) behind a channel-last convolution, (1, C, 1, 1) behind another one,
(1, 1, 1, 2, C / 2) in the middle of a channel shuffle.
Convolutions start tracks and end them, what is homogeneous (f(s x) = s f(x) for s > 0) passes them on, additions join
them. A track that meets anything else is pinned: it must stay as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import attrs
import numpy as np

from ...ir import Function, Operation, TensorType, Value
from ...ir.dialects import nn
from ...ir.dialects.nn.window import channel_axis as window_channel_axis
from ...ir.module import constant_attribute
from ...ir.opdef import Trait
from ...ir.regions import captured_values
from ...ir.types import Array
from ..fold_scales_factor import Factor
from ..fold_scales_linear import LINEAR, channel_axis, incoming, outgoing
from ..ranges import holds_reals

MOVES = (nn.Reshape, nn.Transpose, nn.Concat, nn.Split, nn.Slice, nn.Tile, nn.Reverse)
"""Where an element goes is known from the operation alone: it is run on the numbers of the tracks."""
HOMOGENEOUS = (
    *(nn.Relu, nn.LeakyRelu, nn.MaxPool, nn.AveragePool, nn.Identity),
    *(nn.ReduceMean, nn.ReduceSum, nn.ReduceMax, nn.ReduceMin),
)
SHIFTABLE = (nn.MaxPool, nn.AveragePool, nn.Identity, nn.ReduceMean, nn.ReduceMax, nn.ReduceMin)
"""f(x + c) = f(x) + c."""


@attrs.define
class Tracks:
    """The tracks of a function: disjoint sets, some of them pinned.

    ``shifts`` says what is asked for: tracks whose numbers may be shifted, or (False) scaled by positive numbers.
    """

    shifts: bool = False
    of_value: dict[Value, Array] = attrs.Factory(dict)
    _parent: list[int] = attrs.Factory(list)
    _pinned: list[bool] = attrs.Factory(list)

    @classmethod
    def of(cls, function: Function, shifts: bool) -> Tracks:
        """Follow the channels of all values of a function."""
        tracks = cls(shifts)
        for argument in function.inputs:
            tracks._start(argument, pinned=True)
        for op in function.body:
            tracks._follow(op)
        return tracks

    def free(self, value: Value) -> Array:
        """For every track of a value whether it may be changed, as an array like that of the tracks."""
        roots = self.roots(value)
        return ~np.array([self._pinned[i] for i in roots.ravel().tolist()], bool).reshape(roots.shape)

    def roots(self, value: Value) -> Array:
        """The tracks of a value, those that were joined under one number."""
        tracks = self.of_value[value]
        return np.array([self._root(i) for i in tracks.ravel().tolist()], np.int64).reshape(tracks.shape)

    # Sets

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number

    def _join(self, first: Array, second: Array) -> None:
        for a, b in zip(*(array.ravel().tolist() for array in np.broadcast_arrays(first, second)), strict=True):
            kept, dropped = self._root(a), self._root(b)
            self._parent[dropped] = kept
            self._pinned[kept] = self._pinned[kept] or self._pinned[dropped]

    def _start(self, value: Value, pinned: bool, axis: int = -1) -> None:
        """New tracks for a value that can have them: real numbers, with a known number of channels along the axis."""
        channels = channel_count(value, axis)
        if channels is not None:
            first = len(self._parent)
            self._parent.extend(range(first, first + channels))
            self._pinned.extend([pinned] * channels)
            self.of_value[value] = along(np.arange(first, first + channels), value.tensor.rank, axis)

    def _pin(self, values: Iterable[Value | None]) -> None:
        for value in values:
            if value is not None and value in self.of_value:
                for number in self.of_value[value].ravel().tolist():
                    self._pinned[self._root(number)] = True

    # Operations

    def _follow(self, op: Operation) -> None:
        if Trait.CONSTANT in op.traits:
            return
        passed = self._passed_on(op)
        if passed is None:
            self._pin((*op.operands, *captured_values(op)))
            for value in op.results:
                self._start(value, pinned=True)
        else:
            self.of_value.update(passed)

    def _passed_on(self, op: Operation) -> dict[Value, Array] | None:
        """The tracks of the results; None where the operation pins what it meets."""
        if isinstance(op, LINEAR):
            return self._linear(op)
        if isinstance(op, MOVES):
            return self._moved(op)
        if isinstance(op, nn.Pad):
            return self._same(op, op.x) if self._pads_freely(op) else None
        if isinstance(op, SHIFTABLE if self.shifts else HOMOGENEOUS):
            x = op.operands[0]
            return self._same(op, x) if x is not None and self._works_on_channels(op, x) else None
        if isinstance(op, nn.Add | nn.Sub) and not self.shifts:
            return self._sum(op)
        if isinstance(op, nn.Mul) and not self.shifts:
            return self._product(op)
        return None

    def _linear(self, op: nn.Conv | nn.ConvTranspose | nn.Affine) -> dict[Value, Array] | None:
        result, x = op.results[0], op.operands[0]
        if x is None or not x.tensor.shape or not result.tensor.shape:
            return None
        axes = [channel_axis(op, v.tensor.rank) for v in (x, result)]
        if channel_count(x, axes[0]) is None or channel_count(result, axes[1]) is None:
            return None
        if not self._varies_along(x, axes[0]) or incoming(op, self._factor(x, axes[0])) is None:
            self._pin([x])
        self._start(result, pinned=outgoing(op, self._factor(result, axes[1])) is None, axis=axes[1])
        return {}

    def _varies_along(self, value: Value, axis: int) -> bool:
        """Whether the tracks of a value are known, and vary along no other axis than this."""
        tracks = self.of_value.get(value)
        return tracks is not None and all(n == 1 for i, n in enumerate(tracks.shape) if i != axis % tracks.ndim)

    def _factor(self, value: Value, axis: int) -> Factor:
        """Any factor that varies along the channels."""
        return Factor(along(np.full(channel_count(value, axis) or 1, 2.0), value.tensor.rank, axis), self.shifts)

    def _same(self, op: Operation, x: Value | None) -> dict[Value, Array] | None:
        """The tracks of x for a result of the same rank, or one that lost axes along which they do not vary."""
        result = op.results[0]
        tracks = None if x is None or not can_have_tracks(result) else self.of_value.get(x)
        if tracks is None:
            return None
        if tracks.ndim != result.tensor.rank:
            lost = {axis % tracks.ndim for axis in op.attributes.get("axes", ())}
            tracks = tracks.reshape([n for i, n in enumerate(tracks.shape) if i not in lost])
        if tracks.ndim != result.tensor.rank:
            return None
        return {result: tracks} if _fits(tracks, result) else None

    def _works_on_channels(self, op: Operation, x: Value) -> bool:
        """Whether each channel of the result comes from the same channel of the operand."""
        if x not in self.of_value:
            return False
        if isinstance(op, nn.MaxPool | nn.AveragePool):
            keeps = op.activation == "none" or (op.activation == "relu" and not self.shifts)
            counts = isinstance(op, nn.AveragePool) and op.count_include_pad and self.shifts and any(op.pads)
            window_free = self._varies_along(x, window_channel_axis(x.tensor.rank, op.channel_last))
            return window_free and keeps and not counts
        tracks = self.of_value[x]
        return all(tracks.shape[axis] == 1 for axis in op.attributes.get("axes", ()))

    def _pads_freely(self, op: nn.Pad) -> bool:
        tracks = self.of_value.get(op.x)
        if tracks is None or any(any(pair) and n != 1 for pair, n in zip(op.pairs, tracks.shape, strict=True)):
            return False
        return op.mode != "constant" or op.value == -math.inf or (op.value == 0 and not self.shifts)

    def _moved(self, op: Operation) -> dict[Value, Array] | None:
        arrays = []
        for value in op.operands:
            if value is None or value not in self.of_value:
                return None
            # what has no number is a batch, along which no tracks vary: one sample shows where all elements go
            dims = [d if isinstance(d, int) else 1 for d in value.tensor.dims]
            arrays.append(np.broadcast_to(self.of_value[value], dims))
        moved: dict[Value, Array] = {
            v: compressed(a) for v, a in zip(op.results, _run(op, arrays), strict=True) if can_have_tracks(v)
        }
        return moved if all(_fits(tracks, v) for v, tracks in moved.items()) else None

    def _sum(self, op: nn.Add | nn.Sub) -> dict[Value, Array] | None:
        """Operands of one shape (no broadcasting) share their tracks with the sum."""
        a, b = (self.of_value.get(v) for v in (op.lhs, op.rhs))
        if a is None or b is None or op.lhs.type != op.rhs.type or op.activation not in ("none", "relu"):
            return None
        self._join(a, b)
        return self._same(op, op.lhs)

    def _weight_of(self, value: Value) -> tuple[bool, int]:
        """Of two factors, the one that has tracks and is the larger is the data, the other one the gate."""
        return value in self.of_value, value.tensor.size if value.tensor.is_static else 0

    def _product(self, op: nn.Mul) -> dict[Value, Array] | None:
        """A product with a constant, or with a gate that stays as it is, passes on the tracks of the other operand."""
        if op.activation not in ("none", "relu"):
            return None
        x, gate = (op.lhs, op.rhs) if self._weight_of(op.lhs) >= self._weight_of(op.rhs) else (op.rhs, op.lhs)
        self._pin([gate])
        return self._same(op, x)


def along(vector: Array, rank: int, axis: int) -> Array:
    """A vector as an array of the rank that varies along an axis."""
    return vector.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


def compressed(array: Array) -> Array:
    """The array with every dimension reduced to 1 along which it does not vary."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if (array == first).all():
            array = first
    return array


def _fits(tracks: Array, value: Value) -> bool:
    """Whether tracks broadcast to a value."""
    dims = value.tensor.dims
    return tracks.ndim == len(dims) and all(n in (1, d) for n, d in zip(tracks.shape, dims, strict=True))


def can_have_tracks(value: Value) -> bool:
    """Whether a value is a tensor of real numbers with dimensions, and not constant."""
    has_dims = isinstance(value.type, TensorType) and bool(value.type.shape)
    return has_dims and holds_reals(value) and constant_attribute(value) is None


def channel_count(value: Value, axis: int) -> int | None:
    """The length of an axis of a value of real numbers; None for what has no channels there."""
    if not can_have_tracks(value):
        return None
    length = value.tensor.dims[axis]
    return length if isinstance(length, int) and length > 0 else None


def _run(op: Operation, arrays: list[Array]) -> tuple[Array, ...]:
    run: Callable[[list[Array]], tuple[Array, ...]] = op.run  # type: ignore[attr-defined]  # an Op of the nn dialect
    return run(arrays)
