"""``simplify-movement``: less moving of elements: slices of concatenations, and reshapes that meet and merge.

Why: a recurrent network that was unrolled cuts its input into steps, reshapes every step on its way into a matrix
product and back, and puts the steps together again, only to take the last one. A network that splits its channels
writes two slices. Each of these movements is an operation at run time.

How: each rewrite alone removes operations, or brings reshapes nearer to each other, where ``canonicalize`` (whose
rewrites are applied as well) makes one of two, or none. Reshapes move *down* through elementwise operations and
concatenations, which merges many into one; *up* only into a concatenation of reshapes and a split, where they vanish.

What it does not do: move a reshape whose result several operations use (it would be copied), or add one for each input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..ir import Builder, Location, Module, Operation, Value
from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, apply_rewrites, registered_rewrites, rewrite, splat_number
from ..ir.types import Dim, Shape
from . import canonicalize
from .canonicalize_movement import reshape_target

NAME = "simplify-movement"


class SimplifyMovement(RewritePass, name=NAME):
    """Remove movements of elements that undo, repeat or follow each other.

    Given::

        %1 = "nn.reshape"(%a) {shape = array<i64: 1, 1, 28>} : (tensor<1x28xf32>) -> tensor<1x1x28xf32>
        %2 = "nn.tanh"(%1) : (tensor<1x1x28xf32>) -> tensor<1x1x28xf32>
        %3 = "nn.concat"(%x, %2) {axis = 1} : (tensor<1x1x28xf32>, tensor<1x1x28xf32>) -> tensor<1x2x28xf32>
        %4 = "nn.slice"(%3) {starts = array<i64: 0, 1, 0>, ...} : (tensor<1x2x28xf32>) -> tensor<1x1x28xf32>
        %5 = "nn.reshape"(%4) {shape = array<i64: 1, 28>} : (tensor<1x1x28xf32>) -> tensor<1x28xf32>

    Result::

        %5 = "nn.tanh"(%a) : (tensor<1x28xf32>) -> tensor<1x28xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        """Slices first, then reshapes to where they meet, and what has not vanished is merged at last."""
        changed = False
        for phase in (
            (SliceOfConcat, SlicesAreSplit),
            (ReshapeBelowUnary, ReshapeBelowBinary, ReshapeOfConcat),
            (ConcatOfReshapes, ReshapesOfSplit),
        ):
            done = apply_rewrites(
                module,
                (*registered_rewrites(canonicalize.Canonicalize.name), *phase),
                pass_name=self.name,
                counts=self.counts,
                refusals=context.refusals,
            )
            changed = changed or done
        return changed


# Slices


@rewrite(NAME)
class SliceOfConcat(OpRewrite):
    """slice(concat(x, y)) of elements of y alone   →   slice(y)"""

    def match_and_rewrite(self, op: nn.Slice, rw: Rewriter) -> bool:
        concat = op.x.defining_op
        if not isinstance(concat, nn.Concat) or not _one_type(op, concat) or op.x.tensor.shape is None:
            return False
        axis = concat.axis % op.x.tensor.rank
        taken = _range(op, axis)
        if taken is None or taken.step != 1:
            return False
        begin = 0
        for value in concat.inputs:
            length = value.tensor.dims[axis] if value.tensor.shape is not None else None
            if not isinstance(length, int):
                return rw.refuse(op, "the lengths of what is put together are not known")
            if begin <= taken.start and taken.stop <= begin + length:
                made = _cut(rw, op, value, axis, taken.start - begin, taken.stop - begin)
                return rw.replace(op, made)
            begin += length
        return False


@rewrite(NAME)
class SlicesAreSplit(OpRewrite):
    """slice(x), slice(x), ... that cut x into all its pieces along one axis   →   split(x)"""

    def match_and_rewrite(self, op: nn.Slice, rw: Rewriter) -> bool:
        slices = [user for user in op.x.iter_users() if isinstance(user, nn.Slice)]
        if slices[0] is not op or len(slices) < 2:  # looked at once, whichever of them changes
            return False
        axis = _only_cut_axis(op)
        length = op.x.tensor.dims[axis] if axis is not None else None
        if axis is None or not isinstance(length, int):
            return False
        ranges = {s: _range(s, axis) for s in slices if s.parent is op.parent and _only_cut_axis(s) == axis}
        pieces = sorted((r.start, r.stop, i) for i, r in enumerate(ranges.values()) if r is not None and r.step == 1)
        if [p[0] for p in pieces] + [length] != [0] + [p[1] for p in pieces]:
            return rw.refuse(op, "the slices leave something out, or overlap")
        split = _behind(op.x, rw, ranges).nn.split(
            op.x, axis=axis, sizes=tuple(stop - start for start, stop, _ in pieces)
        )
        ordered = list(ranges)
        for (_, _, index), piece in zip(pieces, split, strict=True):
            rw.replace(ordered[index], piece)
        return True


def _behind(value: Value, rw: Rewriter, replaced: Iterable[Operation]) -> Builder:
    """A builder right behind the definition of a value."""
    owner = value.owner
    following = owner.next_op if isinstance(owner, Operation) else owner.first_op if owner is not None else None
    assert following is not None
    b = rw.builder(following)
    b.location = Location.union([op.location for op in replaced], rw.pass_name)
    return b


def _range(op: nn.Slice, axis: int) -> range | None:
    """The places that a slice takes along an axis; None where the length is not known."""
    length = op.x.tensor.dims[axis]
    return range(*op.slices[axis].indices(length)) if isinstance(length, int) else None


def _only_cut_axis(op: nn.Slice) -> int | None:
    """The one axis that a slice does not take the whole of; None where there are several, or none."""
    if op.x.tensor.shape is None:
        return None
    cut = [a for a, d in enumerate(op.x.tensor.dims) if op.output.tensor.dims[a] != d or op.steps[a] != 1]
    return cut[0] if len(cut) == 1 else None


def _cut(rw: Rewriter, op: nn.Slice, value: Value, axis: int, start: int, stop: int) -> Value:
    """The slice ``op`` of another value, with other places along one axis."""
    starts, stops = list(op.starts), list(op.stops)
    starts[axis], stops[axis] = start, stop
    made: Value = rw.builder(op).nn.slice(value, starts=starts, stops=stops, steps=op.steps)
    return made


# Reshapes


@rewrite(NAME)
class ReshapeBelowUnary(OpRewrite):
    """f(reshape(x))   →   reshape(f(x)), for functions of single elements"""

    def match_and_rewrite(self, op: nn.UnaryOp, rw: Rewriter) -> bool:
        inner = _private_reshape(op.x)
        target = reshape_target(op.output.tensor)
        if inner is None or target is None or not _one_type(inner):
            return False
        b = rw.builder(op, [inner])
        return rw.replace(op, b.nn.reshape(b.create(op.name, inner.x, **op.attributes).results[0], shape=target))


@rewrite(NAME)
class ReshapeBelowBinary(OpRewrite):
    """f(reshape(x), reshape(y)) of x and y with one shape   →   reshape(f(x, y)); a number may stand for y"""

    def match_and_rewrite(self, op: nn.BinaryOp, rw: Rewriter) -> bool:
        target = reshape_target(op.output.tensor)
        reshapes = [_private_reshape(v) for v in (op.lhs, op.rhs)]
        sources = [r.x for r in reshapes if r is not None]
        if target is None or not sources or any(s.type != sources[0].type for s in sources):
            return False
        operands: list[Value] = []
        for value, inner in zip((op.lhs, op.rhs), reshapes, strict=True):
            if inner is not None and value.tensor.shape == op.output.tensor.shape:
                operands.append(inner.x)
            elif inner is None and value.tensor.shape == () and splat_number(value) is not None:
                operands.append(value)
            else:
                return False
        found = [r for r in reshapes if r is not None]
        if not _one_type(*found):
            return False
        b = rw.builder(op, found)
        return rw.replace(op, b.nn.reshape(b.create(op.name, *operands, **op.attributes).results[0], shape=target))


@rewrite(NAME)
class ConcatOfReshapes(OpRewrite):
    """concat(reshape(x), reshape(y))   →   reshape(concat(x, y)), where x and y can be put together alike"""

    def match_and_rewrite(self, op: nn.Concat, rw: Rewriter) -> bool:
        reshapes = [r for v in op.inputs if (r := _private_reshape(v)) is not None]
        target = reshape_target(op.output.tensor)
        if len(reshapes) != len(op.inputs) or target is None or len(reshapes) < 2 or not _one_type(op, *reshapes):
            return False
        axis = _axis_of_blocks([r.x.tensor.dims for r in reshapes], op.output.tensor.dims[: op.axis % len(target)])
        if axis is None:
            return rw.refuse(op, "what was reshaped cannot be put together in its own shape")
        b = rw.builder(op, reshapes)
        return rw.replace(op, b.nn.reshape(b.nn.concat([r.x for r in reshapes], axis=axis), shape=target))


@rewrite(NAME)
class ReshapeOfConcat(OpRewrite):
    """reshape(concat(reshape(x), y))   →   concat(reshape(x), reshape(y)), where all y are reshapes or constants"""

    def match_and_rewrite(self, op: nn.Reshape, rw: Rewriter) -> bool:
        concat = op.x.defining_op
        if not isinstance(concat, nn.Concat) or not op.x.has_one_use or not _one_type(op, concat):
            return False
        makers = [v.defining_op for v in concat.inputs]
        is_free = [isinstance(m, nn.Reshape) or constant_attribute(m.results[0]) is not None for m in makers if m]
        if len(is_free) != len(makers) or not all(is_free) or not any(isinstance(m, nn.Reshape) for m in makers):
            return False
        shapes = _block_shapes(concat, op.output.tensor.dims)
        if shapes is None:
            return rw.refuse(op, "the parts cannot be reshaped each for itself")
        axis, parts = shapes
        b = rw.builder(op, [concat])
        made = [b.nn.reshape(v, shape=shape) for v, shape in zip(concat.inputs, parts, strict=True)]
        return rw.replace(op, b.nn.concat(made, axis=axis))


@rewrite(NAME)
class ReshapesOfSplit(OpRewrite):
    """reshape(split(x)) of each piece   →   split(reshape(x))"""

    def match_and_rewrite(self, op: nn.Split, rw: Rewriter) -> bool:
        reshapes = [[use.op for use in piece.uses if isinstance(use.op, nn.Reshape)] for piece in op.results]
        if len(reshapes) < 2 or not all(reshapes) or not _one_type(op, *(r for group in reshapes for r in group)):
            return False
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


def _private_reshape(value: Value) -> nn.Reshape | None:
    """The reshape that makes a value for one user alone."""
    op = value.defining_op
    return op if isinstance(op, nn.Reshape) and value.has_one_use else None


def _one_type(*ops: Operation) -> bool:
    """Whether all values are of one element type: quantized ones with different scales cannot be moved alike."""
    return len({v.tensor.element for op in ops for v in (*op.operands, *op.results) if v is not None}) == 1


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
