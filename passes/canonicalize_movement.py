# mypy: allow-untyped-defs, no-check-untyped-defs
"""Canonical forms of what moves elements; see :class:`nncc.passes.canonicalize.Canonicalize`."""

# fmt: off
# A rule is two expressions, and reads best as two lines.

from __future__ import annotations

from ..ir import Operation, TensorType, Value
from ..ir.dialects import nn
from ..ir.dialects.nn.movement import UNBOUNDED
from ..ir.rewrite import OpRewrite, Rewrite, Rewriter, rewrite
from ..ir.types import Dim, Shape

NAME = "canonicalize"
MOVES = "it moves something"


# Movements that move nothing


@rewrite(NAME)
class ReshapeToSame(Rewrite):
    """reshape(x) to the shape of x   →   x"""

    def pattern(p, x):      return p.reshape(x, ...).named("op")
    def check(op):          return None if _same_shape(op.x, op.output) else MOVES
    def replacement(b, x):  return x


def _same_shape(a: Value, b: Value) -> bool:
    """Whether two values of the same number of elements have the same shape: one dimension may be unknown."""
    return a.type == b.type and a.tensor.shape is not None and a.tensor.dims.count(None) <= 1


@rewrite(NAME)
class TransposeInOrder(Rewrite):
    """transpose(x) that leaves the axes in order   →   x"""

    def pattern(p, x):      return p.transpose(x, p.attr("perm"))
    def check(perm):        return None if perm == tuple(range(len(perm))) else MOVES
    def replacement(b, x):  return x


@rewrite(NAME)
class SliceOfEverything(Rewrite):
    """slice(x) from the beginning to the end, in steps of 1   →   x"""

    def pattern(p, x):      return p.slice(x, ...).named("op")
    def check(op):          return None if _takes_everything(op) else MOVES
    def replacement(b, x):  return x


def _takes_everything(op: nn.Slice) -> bool:
    dims = op.x.tensor.shape
    return dims is not None and all(
        (piece.start, piece.step) == (0, 1) and piece.stop >= (d if isinstance(d, int) else UNBOUNDED)
        for d, piece in zip(dims, op.slices, strict=True)
    )


@rewrite(NAME)
class ConcatOfOne(Rewrite):
    """concat(x)   →   x"""

    def pattern(p, x):      return p.concat([x], ...)
    def replacement(b, x):  return x


@rewrite(NAME)
class SplitIntoOne(OpRewrite):
    """split(x) into one piece   →   x"""

    def match_and_rewrite(self, op: nn.Split, rw: Rewriter) -> bool:
        if len(op.sizes) != 1 or op.x.type != op.results[0].type:
            return False
        return rw.replace(op, op.x)


@rewrite(NAME)
class PadByNothing(Rewrite):
    """pad(x) by 0 everywhere   →   x"""

    def pattern(p, x):      return p.pad(x, p.attr("pads"), ...)
    def check(pads):        return MOVES if any(pads) else None
    def replacement(b, x):  return x


@rewrite(NAME)
class BroadcastToSame(Rewrite):
    """broadcast_to(x) to the shape of x   →   x"""

    def pattern(p, x):      return p.broadcast_to(x, p.attr("shape"))
    def check(x, shape):    return None if _keeps_shape(x, shape) else MOVES
    def replacement(b, x):  return x


def _keeps_shape(x: Value, shape: tuple[int, ...]) -> bool:
    dims = x.tensor.shape
    return dims is not None and len(dims) == len(shape) and all(s in (-1, d) for s, d in zip(shape, dims, strict=True))


@rewrite(NAME)
class TileOnce(Rewrite):
    """tile(x) once along every axis   →   x"""

    def pattern(p, x):      return p.tile(x, p.attr("reps"))
    def check(reps):        return None if all(r == 1 for r in reps) else MOVES
    def replacement(b, x):  return x


@rewrite(NAME)
class ReverseOfNothing(Rewrite):
    """reverse(x) along axes of length 1   →   x"""

    def pattern(p, x):      return p.reverse(x, p.attr("axes"))
    def check(x, axes):     return None if _have_length_one(x, axes) else MOVES
    def replacement(b, x):  return x


def _have_length_one(x: Value, axes: tuple[int, ...]) -> bool:
    return not axes or (x.tensor.shape is not None and all(x.tensor.dims[a] == 1 for a in axes))


@rewrite(NAME)
class ReduceOfNothing(OpRewrite):
    """reduce_sum(x), and so on, along axes of length 1   →   reshape(x), or x where its axes stay"""

    def match_and_rewrite(self, op: nn.ReduceOp, rw: Rewriter) -> bool:
        if not _have_length_one(op.x, op.axes) or op.x.tensor.element != op.output.tensor.element:
            return False
        if op.x.type == op.output.type:
            return rw.replace(op, op.x)
        shape = reshape_target(op.output.tensor)
        return shape is not None and rw.replace(op, rw.builder(op).nn.reshape(op.x, shape=shape))


@rewrite(NAME)
class KeepReducedAxes(OpRewrite):
    """reshape(reduce(x) {keep_dims = false}) that puts the axes back   →   reduce(x)"""

    def match_and_rewrite(self, op: nn.Reshape, rw: Rewriter) -> bool:
        reduction = op.x.defining_op
        if not isinstance(reduction, nn.ReduceOp) or reduction.keep_dims or not op.x.has_one_use:
            return False
        if reduction.x.tensor.shape is None or reduction.parent is not op.parent:
            return False
        if op.output.tensor.shape != reduced_shape(reduction, keep_dims=True) or None in op.output.tensor.shape:
            return rw.refuse(op, "it does not put the reduced axes back")
        made = rw.builder(op, [reduction]).create(reduction.name, reduction.x, axes=reduction.axes)
        return rw.replace(op, made.results[0])


def reduced_shape(op: nn.ReduceOp, keep_dims: bool) -> Shape:
    """The shape of the reduction of a ranked tensor, with its axes or without them."""
    dims = op.x.tensor.dims
    axes = {a % len(dims) for a in op.axes}
    return tuple(1 if i in axes else d for i, d in enumerate(dims) if keep_dims or i not in axes)


def reshape_target(type: TensorType) -> tuple[int, ...] | None:
    """The attribute ``shape`` of a reshape to this type; None where it cannot say it."""
    if type.shape is None or 0 in type.shape or sum(not isinstance(d, int) for d in type.shape) > 1:
        return None
    return tuple(d if isinstance(d, int) else -1 for d in type.shape)


# Two in a row


@rewrite(NAME)
class ReshapeTwice(Rewrite):
    """reshape(reshape(x))   →   reshape(x)"""

    def pattern(p, x):  return p.reshape(p.reshape(x, ...).shared(), ...).named("outer")
    def check(outer):   return None if reshape_target(outer.output.tensor) else "the shape is not known"

    def replacement(b, x, outer):
        return b.nn.reshape(x, shape=reshape_target(outer.output.tensor))


@rewrite(NAME)
class TransposeTwice(Rewrite):
    """transpose(transpose(x, p), q)   →   transpose(x, p[q])"""

    def pattern(p, x):  return p.transpose(p.transpose(x, p.attr("first")).shared(), p.attr("second"))

    def replacement(b, x, first, second):
        return b.nn.transpose(x, perm=tuple(first[axis] for axis in second))


@rewrite(NAME)
class TransposeOfMergedAxes(OpRewrite):
    """transpose(reshape(transpose(x))) of a reshape that merges axes   →   reshape(transpose(x))"""

    def match_and_rewrite(self, op: nn.Transpose, rw: Rewriter) -> bool:
        merge = op.x.defining_op
        if not isinstance(merge, nn.Reshape) or not op.x.has_one_use:
            return False
        first = merge.x.defining_op
        if not isinstance(first, nn.Transpose) or not merge.x.has_one_use or not _one_element_type(op, first):
            return False
        blocks = merged_axes(merge.x, merge.output)
        if blocks is None:
            return rw.refuse(op, "the reshape does more than merge axes")
        b = rw.builder(op, [first, merge])
        moved = b.nn.transpose(first.x, perm=tuple(first.perm[axis] for block in op.perm for axis in blocks[block]))
        return rw.replace(op, b.nn.reshape(moved, shape=op.output.tensor.static_shape))


def merged_axes(before: Value, after: Value) -> list[list[int]] | None:
    """The axes of ``before`` that each axis of ``after`` is made of; None where a reshape does more than merge axes."""
    if not before.tensor.is_static or not after.tensor.is_static:
        return None
    dims = before.tensor.static_shape
    blocks: list[list[int]] = []
    axis = 0
    for wanted in after.tensor.static_shape:
        block, size = [axis], dims[axis] if axis < len(dims) else 0
        while size < wanted and axis + len(block) < len(dims):
            size *= dims[axis + len(block)]
            block.append(axis + len(block))
        if size != wanted:
            return None
        blocks.append(block)
        axis += len(block)
    return blocks if axis == len(dims) else None


@rewrite(NAME)
class SliceTwice(OpRewrite):
    """slice(slice(x))   →   slice(x)"""

    def match_and_rewrite(self, op: nn.Slice, rw: Rewriter) -> bool:
        inner = op.x.defining_op
        if not isinstance(inner, nn.Slice) or not _one_element_type(op, inner) or inner.x.tensor.shape is None:
            return False
        pieces = [_slice_of_slice(d, *p) for d, *p in zip(inner.x.tensor.dims, inner.slices, op.slices, strict=True)]
        known = [p for p in pieces if p is not None]
        if len(known) < len(pieces):
            return rw.refuse(op, "the length of an axis that both cut is not known")
        starts, stops, steps = zip(*known, strict=True)
        return rw.replace(op, rw.builder(op, [inner]).nn.slice(inner.x, starts=starts, stops=stops, steps=steps))


def _slice_of_slice(dim: Dim, first: slice, second: slice) -> tuple[int, int, int] | None:
    """Start, stop and step that take at once what two slices take; None where the length is needed and not known."""
    if isinstance(dim, int):
        taken = range(*first.indices(dim))[second]
        stop = taken.stop if taken.stop >= 0 else -dim - 1  # backwards to the very beginning
        return (taken.start, stop, taken.step) if len(taken) else (0, 0, 1)
    for whole, other in ((first, second), (second, first)):
        if (whole.start, whole.step) == (0, 1) and whole.stop >= UNBOUNDED:
            return other.start, other.stop, other.step
    return None


@rewrite(NAME)
class PadTwice(Rewrite):
    """pad(pad(x, p), q) with the same number   →   pad(x, p + q)"""

    def pattern(p, x):
        value = p.attr("value")
        return p.pad(p.pad(x, p.attr("first"), "constant", value), p.attr("second"), "constant", value)

    def check(first, second):
        is_lost = any(i < 0 < j for i, j in zip(first, second, strict=True))
        return "what was taken away does not come back" if is_lost else None

    def replacement(b, x, first, second, value):
        return b.nn.pad(x, pads=tuple(i + j for i, j in zip(first, second, strict=True)), value=value)


@rewrite(NAME)
class ConcatOfConcat(OpRewrite):
    """concat(concat(x, y), z) along one axis   →   concat(x, y, z)"""

    def match_and_rewrite(self, op: nn.Concat, rw: Rewriter) -> bool:
        """The outermost takes in the whole nest at once: one level at a time is quadratic in its depth."""
        outer = op.output.users[0] if op.output.has_one_use else None
        if isinstance(outer, nn.Concat) and _inner_concat(op.output, outer) is not None:
            return False
        merged: list[nn.Concat] = []
        inputs: list[Value] = []
        waiting = list(reversed(op.inputs))
        while waiting:
            value = waiting.pop()
            inner = _inner_concat(value, op)
            if inner is None:
                inputs.append(value)
            else:
                merged.append(inner)
                waiting += reversed(inner.inputs)
        return bool(merged) and rw.replace(op, rw.builder(op, merged).nn.concat(inputs, axis=op.axis))


def _inner_concat(value: Value, outer: nn.Concat) -> nn.Concat | None:
    """The concat that makes an operand of another, if it has no other user and may be merged with it."""
    inner = value.defining_op
    if not isinstance(inner, nn.Concat) or not value.has_one_use or not _one_element_type(outer, inner):
        return None
    rank = len(value.tensor.shape or ())
    return inner if rank and inner.axis % rank == outer.axis % rank else None


def _one_element_type(*ops: Operation) -> bool:
    """Whether all values are of one type: quantized ones with different scales cannot be moved alike."""
    return len({v.tensor.element for op in ops for v in (*op.operands, *op.results) if v is not None}) == 1


@rewrite(NAME)
class ConcatOfSplit(OpRewrite):
    """concat(split(x)) of all pieces in order, along the same axis   →   x"""

    def match_and_rewrite(self, op: nn.Concat, rw: Rewriter) -> bool:
        split = op.inputs[0].defining_op
        if not isinstance(split, nn.Split) or list(op.inputs) != list(split.results):
            return False
        rank = len(split.x.tensor.shape or ())
        if not rank or split.axis % rank != op.axis % rank or split.x.type != op.output.type:
            return rw.refuse(op, "it does not put together what was split")
        return rw.replace(op, split.x)


# Broadcasting


@rewrite(NAME)
class TileOfOne(Rewrite):
    """tile(x) along axes of length 1   →   broadcast_to(x)"""

    def pattern(p, x):      return p.tile(x, p.attr("reps"))

    def check(x, reps):
        dims = x.tensor.shape
        tiled = dims is not None and all(r == 1 or (d == 1 and r > 0) for d, r in zip(dims, reps, strict=True))
        return None if tiled and any(r != 1 for r in reps) else "an axis of more than one element is repeated"

    def replacement(b, x, reps):
        return b.nn.broadcast_to(x, shape=tuple(-1 if r == 1 else r for r in reps))


@rewrite(NAME)
class BroadcastByUser(OpRewrite):
    """add(broadcast_to(x), y), and so on   →   add(x, y), where y has the shape of the result already"""

    def match_and_rewrite(self, op: nn.BinaryOp | nn.Select, rw: Rewriter) -> bool:
        dims = op.results[0].tensor.shape
        for index, value in enumerate(op.operands):
            broadcast = value.defining_op if value is not None else None
            if not isinstance(broadcast, nn.BroadcastTo) or not _one_element_type(broadcast):
                continue
            others = [v.tensor.shape for i, v in enumerate(op.operands) if i != index and v is not None]
            if dims is not None and None not in dims and dims in others:
                return rw.set_operand(op, index, broadcast.x)
        return False
