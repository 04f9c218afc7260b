"""Stating which layouts a function can have and what they cost, and choosing the cheapest."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar

import attrs

from ...ir import Block, Builder, Module, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.layout import compose, inverse, is_identity, moves_only_units, permute, to_first, to_last
from ...ir.module import constant_attribute
from ...ir.regions import captured_values, outer_values
from ...ir.types import Dim
from .absorb import Absorber, absorbers_before, absorbers_behind
from .reshapes import derived_order, is_flatten, is_free, reshape_attribute
from .rules import Order, Uniform, carried, dims_of, is_spatial, plain_order, rank_of, result_order, uniform_rule
from .solver import LayoutProblem

OVERHEAD = 4096
"""What a transpose costs beside its elements: starting a kernel is worth moving this many."""
RESHAPE_COST = 1
"""What a transpose of size-1 dimensions costs: no element moves."""


@attrs.define
class Part:
    """One operation: the variables of its operands and of its results, and the orders of both when these are last."""

    operands: int
    results: int
    order: Order
    result_order: Order
    rule: Uniform | None = None
    absorbers: list[Absorber] | None = None
    """What a flatten or its inverse needs permuted where the image on its one side is in the other order."""


class LayoutPlan:
    """The choice for one block: the body of a function, or of a region, whose sides keep the model's layout.

    ``parts`` holds the operations that have a choice, ``other`` the order of each value where it is not the model's,
    ``made_by`` the variable that says which of the two it is, ``outputs`` the variables of the outputs, ``dims`` the
    dimensions as the model has them, and ``layouts``, once solved, the choice for each variable: True for the other.
    """

    spatial_last: ClassVar[bool] = True
    """Whether spatial operations are to be channel-last, or stay channel-first."""

    def __init__(self, module: Module, block: Block, ports_may_change: bool) -> None:
        self.module, self.block, self.ports_may_change = module, block, ports_may_change
        self.problem = LayoutProblem()
        self.first = self.problem.variable(fixed=False)
        self.parts: dict[Operation, Part] = {}
        self.dims: dict[Value, tuple[Dim, ...]] = {}
        self.other: dict[Value, Order] = {}
        self.from_spatial: set[Value] = set()  # whose other order came about by more than a guess
        self.made_by: dict[Value, int] = {}
        self.wanted: dict[Value, dict[int, None]] = {}  # the variables that say in which of the two it is used
        self.outputs: list[int] = []
        self.layouts: list[bool] = []

    def guess(self, rank: int) -> Order:
        """The other order of a value that no operation gives another one."""
        return to_last(rank)

    def solve(self) -> None:
        """State the problem and choose. Adds reshapes where operands that broadcast have a lower rank."""
        for op in self.block:
            self._give_operands_full_rank(op)
        for value in outer_values(self.block):
            if constant_attribute(value) is None:
                self._define(value, self.guess(rank_of(value)), self.first)
        for argument in self.block.args:
            other = self.guess(rank_of(argument))
            self._define(argument, other, self._port(argument, other))
        for op in self.block:
            if Trait.CONSTANT not in op.traits:
                self._state(op)
        for value, wanted in self.wanted.items():
            cost = self._cost(value, plain_order(value), self.other[value])
            self.problem.cost_of_conversion(self.made_by[value], list(wanted), cost)
        self.layouts = self.problem.solve()

    def _give_operands_full_rank(self, op: Operation) -> None:
        """Broadcasting aligns trailing dimensions; only tensors of equal rank can be permuted alike."""
        if Trait.ELEMENTWISE not in op.traits or rank_of(op.results[0]) < 3:
            return
        rank = rank_of(op.results[0])
        for index, value in enumerate(op.operands):
            if 0 < rank_of(value) < rank and constant_attribute(value) is None:
                assert value is not None
                shape = reshape_attribute((1,) * (rank - rank_of(value)) + dims_of(value))
                if shape is not None:
                    op.set_operand(index, Builder.before(self.module, op).nn.reshape(value, shape=shape))

    def _define(self, value: Value, other: Order, variable: int) -> None:
        """A value is made, in the order that the variable says."""
        self.other[value] = other
        self.made_by[value] = variable
        if rank_of(value):
            self.dims[value] = dims_of(value)

    def _port(self, value: Value, other: Order) -> int:
        """The variable of a port: it may become channel-last, but have no other order."""
        free = self.ports_may_change and rank_of(value) >= 3 and other == to_last(rank_of(value))
        return self.problem.variable() if free else self.first

    def _state(self, op: Operation) -> None:
        if Trait.TERMINATOR in op.traits:
            for value in op.operands:
                assert value is not None
                self.outputs.append(self._port(value, self.other.get(value, ())))
                is_fixed = self.outputs[-1] == self.first
                self._use(value, self.outputs[-1], None if is_fixed else to_last(rank_of(value)))
            return
        part = self._part(op)
        if part is None:
            for value in (*op.operands, *captured_values(op)):
                self._use(value, self.first, None)
            for result in op.results:
                if is_spatial(op) and not self.spatial_last:  # what it gives has no order but the model's
                    self._define(result, plain_order(result), self.first)
                    self.from_spatial.add(result)
                else:
                    self._define(result, self.guess(rank_of(result)), self.first)
            return
        self.parts[op] = part
        numbers = [0] if part.rule is None else carried(op, part.rule)
        for index, value in enumerate(op.operands):
            if index in numbers:
                self._use(value, part.operands, part.order)
            else:
                self._use(value, self.first, None)
        from_spatial = is_spatial(op) or any(v in self.from_spatial for v in op.operands)
        for result in op.results:
            self._define(result, part.result_order, part.results)
            if from_spatial:
                self.from_spatial.add(result)

    def _use(self, value: Value | None, variable: int, order: Order | None) -> None:
        """A value is needed in ``order`` where the variable is last, else (None: always) as the model has it."""
        if value is None or value not in self.other or rank_of(value) < 3:
            return
        other, plain = self.other[value], plain_order(value)
        if order is None or order == other:
            self.wanted.setdefault(value, {})[self.first if order is None else variable] = None
        elif variable != self.first:
            back, there, across = (self._cost(value, *p) for p in ((other, plain), (plain, order), (other, order)))
            self.problem.cost_pair(self.made_by[value], variable, 0, back, there, min(across, back + there))

    def _cost(self, value: Value, stored: Order, wanted: Order) -> int:
        """What it costs to have a value that lies in memory in one order in another."""
        change = compose(inverse(stored), wanted)
        if is_identity(change):
            return 0
        dims = permute(self.dims[value], stored)
        if moves_only_units(dims, change):
            return RESHAPE_COST
        return OVERHEAD + prod(d for d in dims if isinstance(d, int))

    def _part(self, op: Operation) -> Part | None:
        if is_spatial(op):
            if op.channel_last or not self.spatial_last:  # type: ignore[attr-defined]  # spatial operations have it
                return None
            last = self.problem.variable(fixed=True)
            order = to_last(rank_of(op.results[0]))
            return Part(last, last, order, order)
        if isinstance(op, nn.Reshape):
            return self._reshape_part(op)
        if isinstance(op, nn.Transpose):
            return self._transpose_part(op)
        rule = uniform_rule(op)
        return None if rule is None else self._uniform_part(op, rule)

    def _uniform_part(self, op: Operation, rule: Uniform) -> Part | None:
        inputs = [v for i in carried(op, rule) if (v := op.operands[i]) in self.other and v is not None]
        rank = max(rank_of(v) for v in op.operands)
        if not inputs or any(rank_of(v) != rank for v in inputs):
            return None
        orders = [self.other[v] for v in inputs]
        order = next((o for o in orders if o != self.guess(rank)), orders[0])  # one that came about by itself
        variable = self.problem.variable()
        axis = rule.axis(op)
        if axis is not None and self.spatial_last:  # kernels work along the last axis in memory
            cost = self._cost(inputs[0], plain_order(inputs[0]), to_last(rank))
            self.problem.cost(variable, True, cost if order[-1] != axis else 0)
            self.problem.cost(variable, False, cost if axis != rank - 1 else 0)
        return Part(variable, variable, order, result_order(op, order), rule)

    def _reshape_part(self, op: nn.Reshape) -> Part | None:
        x, y = op.x, op.output
        if x not in self.other or max(rank_of(x), rank_of(y)) < 3 or min(rank_of(x), rank_of(y)) == 0:
            return None
        if reshape_attribute(dims_of(y)) is None:
            return None
        order, before, after = self.other[x], dims_of(x), dims_of(y)
        absorbers = absorbed_x = absorbed_y = None
        if rank_of(y) == 2 and order[0] == 0 and is_flatten(before, after):
            absorbers = absorbed_x = absorbers_behind(y)
        elif rank_of(x) == 2 and is_flatten(after, before):
            absorbers = absorbed_y = absorbers_before(x)
        result = self.guess(rank_of(y))
        if absorbed_y is None and not is_free(before, after, order, result):
            result = derived_order(before, after, order) or result
        cost = self._cost(x, plain_order(x), self.guess(rank_of(x))) or OVERHEAD

        def price(x_order: Order, y_order: Order) -> int:
            absorbed = (absorbed_x and x_order == order) or (absorbed_y and y_order == result)
            return 0 if absorbed or is_free(before, after, x_order, y_order) else cost

        part = Part(self.problem.variable(), self.problem.variable(), order, result, absorbers=absorbers)
        self._cost_pair(part, price, plain_order(x), plain_order(y))
        return part

    def _transpose_part(self, op: nn.Transpose) -> Part | None:
        x, y = op.x, op.output
        if rank_of(x) < 3 or x not in self.other:
            return None
        order, place = self.other[x], inverse(op.perm)

        def price(x_order: Order, y_order: Order) -> int:
            return self._cost(x, x_order, compose(op.perm, y_order))

        right, to_channel_last = self.problem.variable(), price(plain_order(x), to_last(rank_of(y)))
        is_channel_last = x not in self.from_spatial and to_channel_last <= RESHAPE_COST  # the model, by itself
        if self.spatial_last and is_channel_last:
            self.problem.cost(right, True, to_channel_last)
            self.problem.cost(right, False, price(plain_order(x), plain_order(y)))
            return Part(self.first, right, order, to_last(rank_of(y)))
        result = tuple(place[axis] for axis in order)  # of the same elements in memory, by the names of the result
        part = Part(self.problem.variable(), right, order, result)
        self._cost_pair(part, price, plain_order(x), plain_order(y))
        return part

    def _cost_pair(self, part: Part, price: Callable[[Order, Order], int], x: Order, y: Order) -> None:
        """The price of each choice for an operation with one operand and one result, of the plain orders x and y."""
        choices = ((x, y), (part.order, y), (x, part.result_order), (part.order, part.result_order))
        self.problem.cost_pair(part.operands, part.results, *(price(a, b) for a, b in choices))


class ChannelFirstPlan(LayoutPlan):
    """The choice for a block whose spatial operations are to stay channel-first, between fewer transposes.

    The other order of what is channel-last in the model is channel-first; that of a transposed value is the one in
    which the elements lie before the transpose. Ports keep their layout.
    """

    spatial_last = False

    def guess(self, rank: int) -> Order:
        return to_first(rank)
