"""The best shape for elementwise operations that stand between reshapes.

What works on single elements works in any shape. Elementwise operations of one shape that use each other's results form
a *region*, and all of a region can be computed in another shape as well: that of what is reshaped on its way in, or
that of what is made of its results. For each region the shape is taken that leaves the fewest reshapes around it.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..ir import Builder, Function, Location, Module, Operation, Trait, Value
from ..ir.dialects import nn
from ..ir.rewrite import known_array
from ..ir.types import Shape
from .canonicalize_movement import reduced_shape, reshape_target


def reshape_regions(module: Module, pass_name: str) -> int:
    """Compute regions in the shapes that save reshapes. Gives the number of regions that changed."""
    return sum(
        region.rewrite(module, pass_name) for function in module.functions for region in list(find_regions(function))
    )


@attrs.define
class Region:
    """Elementwise operations of one shape, in their order in the block."""

    shape: Shape
    ops: list[nn.NNOp]

    def rewrite(self, module: Module, pass_name: str) -> bool:
        """Compute the region in the best shape; False where that is the one it has."""
        members = set(self.ops)
        inputs, outputs = self.inputs(members), self.outputs(members)
        best, cost = self.shape, self.cost(self.shape, inputs, outputs)
        sources = (_source_shape(value, members) for value in inputs)
        for shape in dict.fromkeys([*filter(None, sources), *_reshaped_shapes(outputs, members)]):
            if None in shape or reshape_target(self.ops[0].results[0].tensor.with_shape(shape)) is None:
                continue
            found = self.cost(shape, inputs, outputs)
            if found < cost:
                best, cost = shape, found
        if best == self.shape:
            return False
        _Rewriting(module, self, best, members, pass_name).run()
        return True

    def inputs(self, members: set[nn.NNOp]) -> list[Value]:
        """The values that come from outside and have the shape of the region, constants left out."""
        operands = dict.fromkeys(v for op in self.ops for v in op.operands if v is not None)
        return [v for v in operands if v.defining_op not in members and not _is_free(v)]

    def outputs(self, members: set[nn.NNOp]) -> list[Value]:
        """The values that are used outside."""
        return [op.results[0] for op in self.ops if any(user not in members for user in op.results[0].iter_users())]

    def cost(self, shape: Shape, inputs: list[Value], outputs: list[Value]) -> int:
        """How many reshapes there are around the region when it is computed in ``shape``."""
        cost, members = 0, set(self.ops)
        for value in inputs:
            source = _source_shape(value, members)
            if source is not None and isinstance(value.defining_op, nn.ReduceOp):
                cost += shape not in (source, self.shape)
                continue
            is_there = shape == self.shape and any(user not in members for user in value.iter_users())
            cost += source != shape and not is_there if source is not None else shape != self.shape
        for value in outputs:
            needed = {_needed_shape(user) for user in value.iter_users() if user not in members}
            cost += len({self.shape if n is None else n for n in needed} - {shape, ()})
        return cost


def _source_shape(value: Value, members: set[nn.NNOp]) -> Shape | None:
    """The shape that a value could have without a reshape, too; None where there is no other.

    What is reshaped has that of its source; a reduction for the region alone keeps its axes, or does not.
    """
    op = value.defining_op
    if isinstance(op, nn.Reshape):
        return op.x.tensor.shape
    if not isinstance(op, nn.ReduceOp) or op.x.tensor.shape is None:
        return None
    is_for_region = all(user in members and user.parent is op.parent for user in value.iter_users())
    return reduced_shape(op, not op.keep_dims) if is_for_region else None


def _needed_shape(user: Operation) -> Shape | None:
    """The shape that a user outside reshapes a value to; () where any will do; None where it needs the one it has.

    A concatenation that is reshaped itself can put its inputs together in the shape in which they come.
    """
    if isinstance(user, nn.Reshape):
        return user.output.tensor.shape
    if isinstance(user, nn.Concat) and user.output.has_one_use and isinstance(user.output.users[0], nn.Reshape):
        return ()
    return None


def _reshaped_shapes(outputs: list[Value], members: set[nn.NNOp]) -> Iterator[Shape]:
    for value in outputs:
        for user in value.iter_users():
            if isinstance(user, nn.Reshape) and user not in members and user.output.tensor.shape is not None:
                yield user.output.tensor.shape


def _is_free(value: Value) -> bool:
    """Whether a value costs nothing in any shape: a constant, or a number that broadcasts."""
    return value.tensor.shape == () or known_array(value) is not None


def find_regions(function: Function) -> Iterator[Region]:
    """The regions of a function, each with a reshape at its border."""
    region_of: dict[Operation, int] = {}
    parent: list[int] = []

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    for op in function.body:
        shape = _flexible_shape(op)
        if shape is None:
            continue
        region_of[op] = len(parent)
        parent.append(len(parent))
        for value in op.operands:
            above = value.defining_op if value is not None else None
            if above in region_of and above is not None and above.results[0].tensor.shape == shape:
                parent[root(region_of[above])] = root(region_of[op])
    members: dict[int, list[nn.NNOp]] = {}
    for op, number in region_of.items():
        assert isinstance(op, nn.NNOp)
        members.setdefault(root(number), []).append(op)
    for ops in members.values():
        if any(isinstance(o, nn.Reshape) for op in ops for o in _neighbours(op)):
            yield Region(ops[0].results[0].tensor.dims, ops)


def _neighbours(op: Operation) -> Iterator[Operation]:
    yield from (v.defining_op for v in op.operands if v is not None and v.defining_op is not None)
    yield from op.results[0].iter_users()


def _flexible_shape(op: Operation) -> Shape | None:
    """The shape of an operation that can be computed in another; None for any other operation."""
    if not isinstance(op, nn.NNOp) or Trait.ELEMENTWISE not in op.traits:
        return None
    tensors = [v.tensor for v in (*op.operands, op.results[0]) if v is not None]
    shape = op.results[0].tensor.shape
    if shape is None or shape == () or None in shape or any(t.element != t.expressed for t in tensors):
        return None
    return shape if all(t.shape in (shape, ()) for t in tensors) else None


class _Rewriting:
    """A region on its way to another shape."""

    def __init__(self, module: Module, region: Region, shape: Shape, members: set[nn.NNOp], pass_name: str) -> None:
        self.module, self.region, self.shape, self.members, self.pass_name = module, region, shape, members, pass_name
        self.made: dict[Value, Value] = {}

    def run(self) -> None:
        for op in self.region.ops:
            b = self.builder(op)
            operands = [None if v is None else self.operand(b, v) for v in op.operands]
            made = b.create(op.name, *operands, **op.attributes).results[0]
            self.made[op.results[0]] = made
        for op in self.region.ops:
            self.replace_outside(op.results[0])
        for op in reversed(self.region.ops):
            op.erase()

    def builder(self, op: Operation) -> Builder:
        b = Builder.before(self.module, op)
        b.location = Location.union([op.location], self.pass_name)
        return b

    def operand(self, b: Builder, value: Value) -> Value:
        """The value in the new shape."""
        if value.tensor.shape == ():
            return value
        if value not in self.made:
            source = value.defining_op
            if isinstance(source, nn.ReduceOp) and _source_shape(value, self.members) == self.shape:
                made = b.create(source.name, source.x, axes=source.axes, keep_dims=not source.keep_dims)
                self.made[value] = made.results[0]
                return made.results[0]
            inner = source.x if isinstance(source, nn.Reshape) else value
            self.made[value] = inner if inner.tensor.shape == self.shape else self.reshaped(b, inner, self.shape)
        return self.made[value]

    def reshaped(self, b: Builder, value: Value, shape: Shape) -> Value:
        target = reshape_target(value.tensor.with_shape(shape))
        assert target is not None
        array = known_array(value)
        if array is not None:
            return b.constant(array.reshape(target), value.tensor.expressed)
        made: Value = b.nn.reshape(value, shape=target)
        made.type = value.tensor.with_shape(shape)  # a symbol may be more than inference finds
        return made

    def replace_outside(self, old: Value) -> None:
        """Give the users outside what they need; reshapes among them start from the new value."""
        new = self.made[old]
        back: Value | None = None
        for use in old.uses:
            user = use.op
            if user in self.members:
                continue
            if isinstance(user, nn.Reshape):
                user.set_operand(0, new)
                user.shape = reshape_target(user.output.tensor)
                continue
            if back is None:
                op = old.defining_op
                assert op is not None
                back = self.reshaped(self.builder(op), new, self.region.shape)
                back.name = old.name
            user.set_operand(use.operand_index, back)
        if back is None:
            new.name = old.name
