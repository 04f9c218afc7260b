"""Operations that only move elements: reshape, transpose, concat, split, slice, pad, tile, broadcast, reverse, ..."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...opdef import FLOAT, INT, INTS, attribute, one_of, operand, result, variadic, variadic_results
from ...types import Array, Dim, Shape, TensorType, unify_shapes
from .base import NNOp


class MovementOp(NNOp):
    """Base of the operations that move the elements of one tensor, whatever their type."""

    x = operand()

    def typed(self, shape: Shape | None) -> TensorType:
        """The type of a result with this shape and the elements of x."""
        return TensorType(shape, self.x.tensor.expressed)


class Reshape(MovementOp, name="nn.reshape"):
    """The elements of x, in row-major order, in another shape.

    In ``shape``, 0 stands for the dimension of x at the same index, and one -1 for what is left. As Reshape of ONNX.
    """

    shape = attribute(INTS, "the new dimensions, with 0 (copy) and -1 (rest)")
    output = result()

    def verify_op(self) -> None:
        if any(d < -1 for d in self.shape) or self.shape.count(-1) > 1:
            raise self.error(f"expected 'shape' of dimensions, 0, and at most one -1, got {self.shape}")

    def infer(self) -> TensorType:
        self.verify_op()
        x = self.x.tensor
        if x.shape is None:
            return self.typed(tuple(d if d > 0 else None for d in self.shape))
        if any(d == 0 and i >= x.rank for i, d in enumerate(self.shape)):
            raise self.error(f"expected 'shape' to copy dimensions that {x} has, got {self.shape}")
        target: list[Dim] = [x.dims[i] if d == 0 else d for i, d in enumerate(self.shape)]
        copied = {i for i, d in enumerate(self.shape) if d == 0}
        # what is not copied has to be made of what is not copied
        source = [d for i, d in enumerate(x.dims) if i not in copied]
        rest = quotient(source, [d for i, d in enumerate(target) if i not in copied and d != -1])
        if rest == CONTRADICTION or (-1 not in target and isinstance(rest, int) and rest != 1):
            raise self.error(f"expected 'shape' to hold the elements of {x}, got {self.shape}")
        return self.typed(tuple(rest if d == -1 else d for d in target))

    def evaluate(self, x: Array) -> Array:
        return reshaped(x, self.shape)


def reshaped(x: Array, shape: Sequence[int], allow_zero: bool = False) -> Array:
    """x in a shape with 0 (copy, unless ``allow_zero``) and -1 (rest). Raises ValueError where it does not fit.

    A rest beside copied dimensions is what is not copied, made of what is not copied: of an empty x, numpy knows less.
    """
    copied = {i for i, d in enumerate(shape) if d == 0 and not allow_zero}
    found = [x.shape[i] if i in copied else d for i, d in enumerate(shape)]
    if -1 in found and not x.size:
        others = math.prod(d for i, d in enumerate(found) if i not in copied and d != -1)
        if others:
            found[found.index(-1)] = math.prod(d for i, d in enumerate(x.shape) if i not in copied) // others
    return x.reshape(found)


CONTRADICTION = -2
"""What :func:`quotient` gives where the numbers do not divide."""


def quotient(dims: Sequence[Dim], divisors: Sequence[Dim]) -> Dim:
    """The product of ``dims`` over that of the divisors: a number, a symbol if just that is left, or None.

    CONTRADICTION where the numbers do not divide. Equal symbols cancel out; they stand for sizes that are not 0.
    """
    numbers = math.prod(d for d in dims if isinstance(d, int))
    divisor = math.prod(d for d in divisors if isinstance(d, int))
    others: Counter[Dim] = Counter(d for d in dims if not isinstance(d, int))
    below: Counter[Dim] = Counter(d for d in divisors if isinstance(d, str))
    others, below = others - below, below - others
    if not others and not below:
        if divisor == 0:
            return None if numbers == 0 else CONTRADICTION
        return numbers // divisor if numbers % divisor == 0 else CONTRADICTION
    return next(iter(others)) if others.total() == 1 and not below and numbers == divisor else None


class Transpose(MovementOp, name="nn.transpose"):
    """x with its axes in another order: axis i of the result is axis perm[i] of x"""

    perm = attribute(INTS, "a permutation of the axes")
    output = result()

    def infer(self) -> TensorType:
        self.verify_op()
        x = self.x.tensor
        return self.typed(None if x.shape is None else tuple(x.dims[p] for p in self.perm))

    def verify_op(self) -> None:
        self.expect_rank("x", self.x, len(self.perm))
        if sorted(self.perm) != list(range(len(self.perm))):
            raise self.error(f"expected 'perm' to be a permutation of the axes, got {self.perm}")

    def evaluate(self, x: Array) -> Array:
        return np.transpose(x, self.perm)


class Concat(NNOp, name="nn.concat"):
    """The inputs behind each other along ``axis``; their other dimensions are equal"""

    inputs = variadic("one or more")
    axis = attribute(INT, "the axis that grows, a negative one from the end")
    output = result()

    def infer(self) -> TensorType:
        if not self.inputs:
            raise self.error("expected one operand or more")
        element = self.expect_same_element(self.inputs)
        types = [v.tensor for v in self.inputs]
        known = [t.dims for t in types if t.shape is not None]
        if not known:
            return TensorType(None, element)
        axis = self.axis_in(self.axis, len(known[0]))
        shape: Shape = (None,) * len(known[0])
        try:
            for dims in known:
                shape = unify_shapes(shape, (*dims[:axis], None, *dims[axis + 1 :]))
        except ValueError as error:
            listed = ", ".join(map(str, types))
            raise self.error(f"expected inputs that differ along axis {axis} alone, got {listed} ({error})") from None
        along = [dims[axis] for dims in known] + [None] * (len(types) - len(known))
        return TensorType((*shape[:axis], _sum(along), *shape[axis + 1 :]), element)

    def evaluate(self, inputs: list[Array]) -> Array:
        return np.concatenate(inputs, self.axis)


def _sum(dims: Sequence[Dim]) -> Dim:
    if len(dims) == 1:
        return dims[0]
    numbers = [d for d in dims if isinstance(d, int)]
    return sum(numbers) if len(numbers) == len(dims) else None


class Split(MovementOp, name="nn.split"):
    """x cut into pieces along ``axis``: one result for each number in ``sizes``"""

    axis = attribute(INT, "the axis to cut, a negative one from the end")
    sizes = attribute(INTS, "the lengths of the pieces, in order")
    outputs = variadic_results("one for each size")

    def infer(self) -> tuple[TensorType, ...]:
        if not self.sizes or min(self.sizes) < 0:
            raise self.error(f"expected 'sizes' of one length or more, got {self.sizes}")
        x = self.x.tensor
        if x.shape is None:
            return (self.typed(None),) * len(self.sizes)
        axis = self.axis_in(self.axis, x.rank)
        self.expect_dim("x", self.x, axis, sum(self.sizes))
        return tuple(self.typed((*x.dims[:axis], size, *x.dims[axis + 1 :])) for size in self.sizes)

    def evaluate(self, x: Array) -> tuple[Array, ...]:
        return tuple(np.split(x, np.cumsum(self.sizes[:-1]), self.axis))


class Slice(MovementOp, name="nn.slice"):
    """x[starts[0]:stops[0]:steps[0], starts[1]:...]: every steps-th element of a range, for all axes.

    The meaning is that of Python's slices: negative numbers count from the end, what is out of range is cut, the stop
    is not included. A negative step goes backwards; then a stop of -(n + 1) or less goes to the very beginning.
    """

    starts = attribute(INTS, "one an axis")
    stops = attribute(INTS, "one an axis")
    steps = attribute(INTS, "one an axis, not zero")
    output = result()

    @property
    def slices(self) -> tuple[slice, ...]:
        """The index, one slice an axis."""
        return tuple(map(slice, self.starts, self.stops, self.steps))

    def infer(self) -> TensorType:
        self.verify_op()
        x = self.x.tensor
        if x.shape is None:
            return self.typed((None,) * len(self.starts))
        return self.typed(tuple(sliced(d, s) for d, s in zip(x.dims, self.slices, strict=True)))

    def verify_op(self) -> None:
        self.expect_length("stops", self.stops, len(self.starts))
        self.expect_length("steps", self.steps, len(self.starts))
        self.expect_rank("x", self.x, len(self.starts))
        if 0 in self.steps:
            raise self.error(f"expected no zero in 'steps', got {self.steps}")

    def evaluate(self, x: Array) -> Array:
        return x[self.slices]


UNBOUNDED = 10**9
"""A stop from here on is beyond any dimension: exporters write this, or the greatest integer."""


def sliced(dim: Dim, piece: slice) -> Dim:
    """How many elements a slice takes of an axis."""
    if isinstance(dim, int):
        return len(range(*piece.indices(dim)))
    takes_all = piece.start == 0 and piece.stop >= UNBOUNDED and piece.step == 1
    reverses_all = piece.start == -1 and piece.stop <= -UNBOUNDED and piece.step == -1
    return dim if takes_all or reverses_all else None


PAD_MODES = ("constant", "reflect", "edge", "symmetric", "wrap")


class Pad(MovementOp, name="nn.pad"):
    """x with elements added at both ends of its axes, or taken away where a number is negative.

    ``mode``: "constant" adds ``value``; "edge" repeats the outermost element; "reflect" mirrors x at it; "symmetric"
    mirrors x with it; "wrap" goes on at the other end. What is taken away is not seen by the modes. As numpy.pad, and
    Pad of ONNX.
    """

    pads = attribute(INTS, "how many at the beginning of each axis..., then at the end of each axis...")
    mode = attribute(one_of(*PAD_MODES), "what is added", default="constant")
    value = attribute(FLOAT, "what the mode constant adds (to strings: empty ones)", default=0.0)
    output = result()

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(begin, end) for each axis."""
        rank = len(self.pads) // 2
        return tuple(zip(self.pads[:rank], self.pads[rank:], strict=True))

    def infer(self) -> TensorType:
        self.verify_op()
        x = self.x.tensor
        if x.shape is None:
            return self.typed((None,) * (len(self.pads) // 2))
        shape = tuple(
            max(d + b + e, 0) if isinstance(d, int) else d if b + e == 0 else None
            for d, (b, e) in zip(x.dims, self.pairs, strict=True)
        )
        return self.typed(shape)

    def verify_op(self) -> None:
        if len(self.pads) % 2:
            raise self.error(f"expected 'pads' of two numbers an axis, got {self.pads}")
        self.expect_rank("x", self.x, len(self.pads) // 2)
        if self.mode == "constant":
            return
        for dim, pair in zip(self.x.tensor.shape or (), self.pairs, strict=False):
            if isinstance(dim, int) and not _can_fill(dim, pair, self.mode):
                raise self.error(f"expected 'pads' that mode '{self.mode}' can fill from {self.x.type}")

    def evaluate(self, x: Array) -> Array:
        return padded(x, self.pairs, self.mode, self.value if x.dtype != object else None)


def _can_fill(length: int, pair: tuple[int, int], mode: str) -> bool:
    """Whether a mode (not "constant") finds elements to add to an axis. numpy mirrors repeatedly; kernels do not."""
    kept = length + min(pair[0], 0) + min(pair[1], 0)
    reach = {"reflect": kept - 1, "symmetric": kept}.get(mode, math.inf if kept > 0 else 0)
    return max(pair) <= max(reach, 0)


def padded(x: Array, pairs: Sequence[tuple[int, int]], mode: str, value: Any = None) -> Array:
    """x with (begin, end) elements added to each axis, or taken away: see :class:`Pad`.

    Raises ValueError where a mode finds nothing to add.
    """
    if mode != "constant" and not all(_can_fill(n, p, mode) for n, p in zip(x.shape, pairs, strict=True)):
        raise ValueError(f"mode '{mode}' cannot fill pads of {tuple(pairs)} from a shape of {x.shape}")
    if mode == "constant":
        return _surrounded(x, pairs, value)
    x = x[tuple(slice(max(-b, 0), n - max(-e, 0)) for n, (b, e) in zip(x.shape, pairs, strict=True))]
    added = [(max(b, 0), max(e, 0)) for b, e in pairs]
    if not any(map(any, added)):
        return x
    return np.pad(x, added, mode=mode)  # type: ignore[call-overload, no-any-return]  # one of its modes


def _surrounded(x: Array, pairs: Sequence[tuple[int, int]], value: Any) -> Array:
    """x in a greater array of ``value`` (None: zero, or the empty string); np.pad does not know all element types."""
    if value is None:
        value = "" if x.dtype == object else 0
    whole = np.full([max(n + b + e, 0) for n, (b, e) in zip(x.shape, pairs, strict=True)], value, x.dtype)
    # element i of x becomes element i + begin, where there is one
    sources = tuple(slice(max(-b, 0), n - max(-e, 0)) for n, (b, e) in zip(x.shape, pairs, strict=True))
    kept = x[sources]
    if kept.size:
        whole[tuple(slice(max(b, 0), max(b, 0) + n) for n, (b, _) in zip(kept.shape, pairs, strict=True))] = kept
    return whole


class Tile(MovementOp, name="nn.tile"):
    """x repeated ``reps[i]`` times along axis i, as a whole"""

    reps = attribute(INTS, "one an axis")
    output = result()

    def infer(self) -> TensorType:
        self.expect_rank("x", self.x, len(self.reps))
        self.expect_length("reps", self.reps, len(self.reps), 0)
        x = self.x.tensor
        if x.shape is None:
            return self.typed((None,) * len(self.reps))
        pairs = zip(x.dims, self.reps, strict=True)
        return self.typed(tuple(d * r if isinstance(d, int) else d if r == 1 else None for d, r in pairs))

    def evaluate(self, x: Array) -> Array:
        return np.tile(x, self.reps)


class BroadcastTo(MovementOp, name="nn.broadcast_to"):
    """x with its dimensions of 1 repeated, and new ones in front, so that it has ``shape``.

    The last dimensions are aligned, as in numpy. In ``shape``, -1 keeps the dimension of x.
    """

    shape = attribute(INTS, "the dimensions of the result, -1 to keep one")
    output = result()

    def infer(self) -> TensorType:
        if any(d < -1 for d in self.shape):
            raise self.error(f"expected 'shape' of dimensions and -1, got {self.shape}")
        x = self.x.tensor
        if x.shape is None:
            return self.typed(tuple(d if d >= 0 else None for d in self.shape))
        new = len(self.shape) - x.rank
        fits = (
            new >= 0
            and -1 not in self.shape[:new]
            and all(
                target == -1 or not isinstance(d, int) or d in (1, target)
                for d, target in zip(x.dims, self.shape[new:], strict=True)
            )
        )
        if not fits:
            raise self.error(f"expected 'shape' that {x} broadcasts to, got {self.shape}")
        return self.typed(tuple(x.dims[i - new] if d == -1 else d for i, d in enumerate(self.shape)))

    def evaluate(self, x: Array) -> Array:
        new = len(self.shape) - x.ndim
        return np.broadcast_to(x, [x.shape[i - new] if d == -1 else d for i, d in enumerate(self.shape)])


class Reverse(MovementOp, name="nn.reverse"):
    """x with the order of its elements reversed along ``axes``"""

    axes = attribute(INTS, "the axes, negative ones from the end")
    output = result("the type of x")

    def infer(self) -> TensorType:
        shape = self.x.tensor.shape
        if shape is not None:
            self.axes_in(self.axes, len(shape))
        return self.typed(shape)

    def evaluate(self, x: Array) -> Array:
        return np.flip(x, self.axes)
