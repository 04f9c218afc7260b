"""Reshapes and transposes that meet at concatenations, splits and affines; see :mod:`nncc.passes.simplify_movement`.

Tensors that are put together, or cut apart, are runs of memory that alternate. How often they do is the product of the
dimensions in front of the axis, whatever the shapes: so the same can be done in another shape with another axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Operation, Trait, Value
from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, Rewriter, known_array
from ..ir.types import Dim, Shape
from .canonicalize_movement import reshape_target


class ReshapeBelowAffine(OpRewrite):
    """affine(reshape(x)) that leaves the last axis alone   →   reshape(affine(x))"""

    def match_and_rewrite(self, op: nn.Affine, rw: Rewriter) -> bool:
        inner = op.x.defining_op
        target = reshape_target(op.output.tensor)
        if not isinstance(inner, nn.Reshape) or target is None or not of_one_type(op, inner) or not ranked(inner):
            return False
        if not op.x.has_one_use and not all(isinstance(user, nn.Reshape) for user in op.output.iter_users()):
            return rw.refuse(op, "the reshape would stay, for its other users")
        before, after = inner.x.tensor.dims, inner.output.tensor.dims
        if not before or not isinstance(before[-1], int) or before[-1] != after[-1]:
            return False
        b = rw.builder(op, [inner])
        made = b.create(op.name, inner.x, *op.operands[1:], **op.attributes).results[0]
        return rw.replace(op, b.nn.reshape(made, shape=target))


class ConcatOfReshapes(OpRewrite):
    """concat(reshape(x), reshape(y))   →   reshape(concat(x, y)), where x and y can be put together alike"""

    def match_and_rewrite(self, op: nn.Concat, rw: Rewriter) -> bool:
        reshapes = [r for v in op.inputs if isinstance(r := v.defining_op, nn.Reshape)]
        target = reshape_target(op.output.tensor)
        if len(reshapes) != len(op.inputs) or target is None or not of_one_type(op, *reshapes):
            return False
        if not ranked(*reshapes):
            return rw.refuse(op, "the rank of what was reshaped is not known")
        if sum(v.has_one_use for v in op.inputs) < 2:
            return rw.refuse(op, "the reshapes would stay, for their other users")
        axis = _axis_of_blocks([r.x.tensor.dims for r in reshapes], op.output.tensor.dims[: op.axis % len(target)])
        if axis is None:
            return rw.refuse(op, "what was reshaped cannot be put together in its own shape")
        b = rw.builder(op, reshapes)
        return rw.replace(op, b.nn.reshape(b.nn.concat([r.x for r in reshapes], axis=axis), shape=target))


class ReshapeOfConcat(OpRewrite):
    """reshape(concat(reshape(x), y))   →   concat(reshape(x), reshape(y)), where all y are reshapes or constants"""

    def match_and_rewrite(self, op: nn.Reshape, rw: Rewriter) -> bool:
        concat = op.x.defining_op
        if not isinstance(concat, nn.Concat) or not op.x.has_one_use or not of_one_type(op, concat):
            return False
        if not ranked(op, concat):
            return rw.refuse(op, "a rank is not known")
        makers = [v.defining_op for v in concat.inputs]
        is_free = [isinstance(m, nn.Reshape) or known_array(m.results[0]) is not None for m in makers if m]
        if len(is_free) != len(makers) or not all(is_free) or not any(isinstance(m, nn.Reshape) for m in makers):
            return False
        shapes = _block_shapes(concat, op.output.tensor.dims)
        if shapes is None:
            return rw.refuse(op, "the parts cannot be reshaped each for itself")
        axis, parts = shapes
        b = rw.builder(op, [concat])
        made = [b.nn.reshape(v, shape=shape) for v, shape in zip(concat.inputs, parts, strict=True)]
        return rw.replace(op, b.nn.concat(made, axis=axis))


class ReshapesOfSplit(OpRewrite):
    """reshape(split(x)) of each piece   →   split(reshape(x))"""

    def match_and_rewrite(self, op: nn.Split, rw: Rewriter) -> bool:
        reshapes = [[use.op for use in piece.uses if isinstance(use.op, nn.Reshape)] for piece in op.results]
        if len(reshapes) < 2 or not all(reshapes) or not of_one_type(op, *(r for group in reshapes for r in group)):
            return False
        if not ranked(op, *(r for group in reshapes for r in group)):
            return rw.refuse(op, "a rank is not known")
        if any(len(group) != len(piece.uses) for group, piece in zip(reshapes, op.results, strict=True)):
            return rw.refuse(op, "a piece is used without being reshaped")
        targets = [group[0].output.tensor.dims for group in reshapes]
        if any(r.output.tensor.dims != t for group, t in zip(reshapes, targets, strict=True) for r in group):
            return rw.refuse(op, "a piece is reshaped in two ways")
        whole = self.whole_shape(op, targets)
        if whole is None:
            return rw.refuse(op, "x cannot be split in the shape of the reshaped pieces")
        axis, shape = whole
        b = rw.builder(op, [r for group in reshapes for r in group])
        sizes = [t[axis] for t in targets]
        pieces = b.create("nn.split", b.nn.reshape(op.x, shape=shape), axis=axis, sizes=sizes).results
        for group, piece in zip(reshapes, pieces, strict=True):
            for reshape in group:
                rw.replace(reshape, piece)
        return True

    @staticmethod
    def whole_shape(op: nn.Split, targets: Sequence[Shape]) -> tuple[int, tuple[int, ...]] | None:
        """The axis along which the reshaped pieces are cut from the reshaped x, and the shape of that."""
        axis = _axis_of_blocks(targets, op.x.tensor.dims[: op.axis % len(op.x.tensor.dims)])
        if axis is None:
            return None
        sizes = [d for t in targets if isinstance(d := t[axis], int)]
        whole = (*targets[0][:axis], sum(sizes), *targets[0][axis + 1 :])
        shape = reshape_target(op.x.tensor.with_shape(whole))
        return (axis, shape) if shape is not None and len(sizes) == len(targets) else None


class TransposesOfSplit(OpRewrite):
    """transpose(split(x)) of each piece, alike   →   split(transpose(x))"""

    def match_and_rewrite(self, op: nn.Split, rw: Rewriter) -> bool:
        transposes = [use.op for piece in op.results for use in piece.uses if isinstance(use.op, nn.Transpose)]
        if len(transposes) < 2 or len(transposes) != sum(len(piece.uses) for piece in op.results):
            return False
        perm = transposes[0].perm
        if any(t.perm != perm for t in transposes) or not all(piece.has_uses for piece in op.results):
            return rw.refuse(op, "the pieces are not all transposed alike")
        if not of_one_type(op, *transposes):
            return False
        axis = perm.index(op.axis % len(perm))
        b = rw.builder(op, transposes)
        pieces = b.create("nn.split", b.nn.transpose(op.x, perm=perm), axis=axis, sizes=op.sizes).results
        for old, piece in zip(op.results, pieces, strict=True):
            for transpose in old.users:
                rw.replace(transpose, piece)
        return True


class TransposeBelowElementwise(OpRewrite):
    """f(transpose(x), transpose(y))   →   transpose(f(x, y)): one transpose instead of two, nearer to what undoes it"""

    def match_and_rewrite(self, op: nn.NNOp, rw: Rewriter) -> bool:
        if Trait.ELEMENTWISE not in op.traits or len(op.results) != 1 or op.results[0].tensor.shape is None:
            return False
        transposes = [t for v in op.operands if v is not None and isinstance(t := v.defining_op, nn.Transpose)]
        if not transposes or not of_one_type(*transposes):
            return False
        perm = transposes[0].perm
        if any(t.perm != perm or not t.output.has_one_use or t.parent is not op.parent for t in transposes):
            return rw.refuse(op, "the operands are transposed in different ways, or for others, too")
        if any(t.output.tensor.shape != op.results[0].tensor.shape for t in transposes):
            return rw.refuse(op, "a transposed operand is broadcast")
        b = rw.builder(op, transposes)
        operands = [None if v is None else _before_transpose(b, v, perm) for v in op.operands]
        if len([v for v in operands if v is not None]) < len([v for v in op.operands if v is not None]):
            return rw.refuse(op, "an operand is neither transposed nor a constant")
        made = b.create(op.name, *operands, **op.attributes).results[0]
        return rw.replace(op, b.nn.transpose(made, perm=perm))


def _before_transpose(b: Builder, value: Value, perm: Sequence[int]) -> Value | None:
    """What an operand is before it is transposed: the source of a transpose, or a constant the other way round."""
    source = value.defining_op
    if isinstance(source, nn.Transpose):
        return source.x
    if value.tensor.shape == ():
        return value
    array = known_array(value)
    if array is None or value.tensor.element != value.tensor.expressed:
        return None
    wide = array.reshape([1] * (len(perm) - array.ndim) + list(array.shape))
    return b.constant(wide.transpose(np.argsort(perm)), value.tensor.expressed)


def of_one_type(*ops: Operation) -> bool:
    """Whether all values are of one element type: quantized ones with different scales cannot be moved alike."""
    return len({v.tensor.element for op in ops for v in (*op.operands, *op.results) if v is not None}) == 1


def ranked(*ops: Operation) -> bool:
    """Whether the ranks of all values are known."""
    return all(v.tensor.shape is not None for op in ops for v in (*op.operands, *op.results) if v is not None)


def _extent(dims: Sequence[Dim]) -> tuple[int, tuple[str, ...]] | None:
    """The number of elements as a number and symbols; None where a dimension is not known."""
    if None in dims:
        return None
    number = 1
    for dim in dims:
        number *= dim if isinstance(dim, int) else 1
    return number, tuple(sorted(d for d in dims if isinstance(d, str)))


def _axis_of_blocks(shapes: Sequence[Shape], before: Sequence[Dim]) -> int | None:
    """The axis along which tensors are put together when ``before`` are the dimensions in front of it; None if none.

    Tensors that are put together are runs of memory that alternate: how often, the dimensions in front say, whatever
    their shape. The axis is the last one that has as much in front of it, and behind which all are alike.
    """
    wanted = _extent(before)
    rank = len(shapes[0])
    if wanted is None or any(len(s) != rank for s in shapes):
        return None
    for axis in reversed(range(rank)):
        fits = all(s[:axis] == shapes[0][:axis] and s[axis + 1 :] == shapes[0][axis + 1 :] for s in shapes)
        if fits and _extent(shapes[0][:axis]) == wanted:
            return axis
    return None


def _block_shapes(concat: nn.Concat, target: Shape) -> tuple[int, list[tuple[int, ...]]] | None:
    """The axis of ``target`` that stands for the concat's, and the shapes of inputs that are put together along it."""
    axis = concat.axis % len(concat.output.tensor.dims)
    wanted = _extent(concat.output.tensor.dims[:axis])
    blocks = [_extent(v.tensor.dims[axis:]) for v in concat.inputs if v.tensor.shape is not None]
    if wanted is None or len(blocks) != len(concat.inputs):
        return None
    for new_axis in reversed(range(len(target))):
        inner = _extent(target[new_axis + 1 :])
        if _extent(target[:new_axis]) != wanted or inner is None or inner[1] or inner[0] == 0:
            continue
        if any(b is None or b[1] or b[0] % inner[0] for b in blocks):
            continue
        shapes = [
            reshape_target(v.tensor.with_shape((*target[:new_axis], b[0] // inner[0], *target[new_axis + 1 :])))
            for b, v in zip(blocks, concat.inputs, strict=True)
            if b is not None
        ]
        found = [s for s in shapes if s is not None]
        if len(found) == len(blocks):
            return new_axis, found
    return None
