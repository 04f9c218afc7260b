"""Slice, pad and split by operands: bounds and lengths are computed where the network runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core import Value
from ...opdef import INT, attribute, one_of, operand, result, variadic_results
from ...types import Array, Dim, TensorType
from .movement import PAD_MODES, MovementOp, padded, sliced
from .shape_operands import expect_single, ints_of, known_axes, known_vector


class DynamicSlice(MovementOp, name="nn.dynamic_slice"):
    """x[starts[0]:stops[0]:steps[0], ...] along some axes, all of the others.

    The meaning of a range is that of nn.slice. ``axes`` are the first ones, ``steps`` are 1, where they are left out.
    As Slice of ONNX.
    """

    starts = operand("a vector of integers, one for each of ``axes``")
    stops = operand("a vector of integers, one for each of ``axes``")
    axes = operand("a vector of integers, negative ones from the end", optional=True)
    steps = operand("a vector of integers, none zero, one for each of ``axes``", optional=True)
    output = result()

    def infer(self) -> TensorType:
        names = ("starts", "stops", "axes", "steps")
        given: dict[str, Value] = {n: v for n in names if (v := getattr(self, n)) is not None}
        known = {name: known_vector(self, name, value) for name, value in given.items()}
        lengths = {len(v) for v in known.values() if v is not None}
        if len(lengths) > 1:
            raise self.error(f"expected operands of one length, got {known}")
        x = self.x.tensor.shape
        if x is None:
            return self.typed(None)
        axes = self._axes(len(x), lengths)
        if axes is None:
            return self.typed((None,) * len(x))
        unknown = (None,) * len(axes)
        starts, stops = known["starts"] or unknown, known["stops"] or unknown
        steps = (1,) * len(axes) if "steps" not in known else known["steps"] or unknown
        if 0 in steps:
            raise self.error(f"expected no zero in 'steps', got {steps}")
        dims = list(x)
        for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
            dims[axis] = _range_length(x[axis], start, stop, step)
        return self.typed(tuple(dims))

    def _axes(self, rank: int, lengths: set[int]) -> tuple[int, ...] | None:
        axes: Value | None = self.axes
        if axes is not None:
            return known_axes(self, "axes", axes, rank)
        if not lengths:
            return None
        (count,) = lengths
        if count > rank:
            raise self.error(f"expected at most {rank} numbers in 'starts' for {self.x.type}, got {count}")
        return tuple(range(count))

    def evaluate(self, x: Array, starts: Array, stops: Array, axes: Array | None, steps: Array | None) -> Array:
        index = [slice(None)] * x.ndim
        places = range(starts.size) if axes is None else ints_of(axes)
        jumps = (1,) * starts.size if steps is None else ints_of(steps)
        for axis, start, stop, step in zip(places, ints_of(starts), ints_of(stops), jumps, strict=True):
            index[axis] = slice(start, stop, step)
        return x[tuple(index)]


def _range_length(dim: Dim, start: Dim, stop: Dim, step: Dim) -> Dim:
    """How many elements of an axis a range takes; bounds may be symbols, or not known."""
    if start == 0 and step == 1 and isinstance(stop, str) and stop == dim:
        return dim
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return sliced(dim, slice(start, stop, step))
    return None


class DynamicPad(MovementOp, name="nn.dynamic_pad"):
    """x with elements added at both ends of some axes, or taken away where a number is negative.

    The modes are those of nn.pad. ``axes`` are all where they are left out. As Pad of ONNX.
    """

    pads = operand("a vector of integers: at the beginning of each of ``axes``..., then at the end of each...")
    value = operand("one element, of the type of x: what mode constant adds; 0 if left out", optional=True)
    axes = operand("a vector of integers, negative ones from the end", optional=True)
    mode = attribute(one_of(*PAD_MODES), "what is added", default="constant")
    output = result()

    def infer(self) -> TensorType:
        pads = known_vector(self, "pads", self.pads)
        value: Value | None = self.value
        if value is not None:
            expect_single(self, "value", value)
            self.expect_same_element([self.x, value])
        operand: Value | None = self.axes
        x = self.x.tensor.shape
        if x is None:
            return self.typed(None if pads is None or operand is not None else (None,) * (len(pads) // 2))
        axes = tuple(range(len(x))) if operand is None else known_axes(self, "axes", operand, len(x))
        if axes is None or pads is None:
            return self.typed((None,) * len(x))
        if len(pads) != 2 * len(axes):
            raise self.error(f"expected 'pads' of two numbers for each of the axes {axes}, got {pads}")
        dims = list(x)
        for axis, begin, end in zip(axes, pads, pads[len(axes) :], strict=False):
            dims[axis] = _padded_length(x[axis], begin, end)
        return self.typed(tuple(dims))

    def evaluate(self, x: Array, pads: Array, value: Array | None, axes: Array | None) -> Array:
        pairs = [(0, 0)] * x.ndim
        places = range(x.ndim) if axes is None else ints_of(axes)
        given = ints_of(pads)
        for axis, begin, end in zip(places, given, given[len(places) :], strict=False):
            pairs[axis] = (begin, end)
        return padded(x, pairs, self.mode, None if value is None else value.reshape(()))


def _padded_length(dim: Dim, begin: Dim, end: Dim) -> Dim:
    """The length of an axis with pads. ``dim`` itself where nothing is added."""
    if isinstance(begin, int) and isinstance(end, int):
        if begin + end == 0:
            return dim
        return max(dim + begin + end, 0) if isinstance(dim, int) else None
    return None


class DynamicSplit(MovementOp, name="nn.dynamic_split"):
    """x cut into pieces along ``axis``, with the lengths that an operand gives. As Split of ONNX."""

    sizes = operand("a vector of integers: the lengths of the pieces, in order; their number has to be known")
    axis = attribute(INT, "the axis to cut, a negative one from the end")
    outputs = variadic_results("one for each size")

    def infer(self) -> tuple[TensorType, ...]:
        sizes = known_vector(self, "sizes", self.sizes)
        if sizes is None:
            raise self.error(f"expected 'sizes' of a known number of pieces, got {self.sizes.type}")
        x = self.x.tensor.shape
        if x is None:
            return (self.typed(None),) * len(sizes)
        axis = self.axis_in(self.axis, len(x))
        lengths = _missing_filled(x[axis], sizes)
        if all(isinstance(n, int) for n in lengths):
            self.expect_dim("x", self.x, axis, sum(n for n in lengths if isinstance(n, int)))
        return tuple(self.typed((*x[:axis], n, *x[axis + 1 :])) for n in lengths)

    def evaluate(self, x: Array, sizes: Array) -> tuple[Array, ...]:
        lengths = ints_of(sizes)
        if sum(lengths) != x.shape[self.axis]:
            raise ValueError(f"pieces of {lengths} do not make up a length of {x.shape[self.axis]}")
        return tuple(np.split(x, np.cumsum(lengths[:-1]), self.axis))


def _missing_filled(total: Dim, sizes: Sequence[Dim]) -> Sequence[Dim]:
    """The sizes, with the one that is missing, if it is only one, as what the others leave of the total."""
    known = [n for n in sizes if isinstance(n, int)]
    if len(known) != len(sizes) - 1 or not isinstance(total, int) or sum(known) > total:
        return sizes
    return [n if isinstance(n, int) else total - sum(known) for n in sizes]
