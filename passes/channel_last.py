"""``channel-last``: the layout of every tensor chosen once, for the whole function, with the fewest transposes.

Why: kernels of TFLite (and of most devices) want (N, H, W, C), sources have (N, C, H, W). Converting operation by
operation leaves transposes everywhere, and rules that push them around get stuck at the first branch.

How: every tensor lies in memory either as the model has it or in its *other order*. That is channel-last for what
comes from a spatial operation; a reshape or a transpose hands on the order in which nothing moves, so that
(N, C, H, W) split into groups, (N, G, C/G, H, W), has the other order (N, H, W, G, C/G). Which of the two is a variable
for each operation. Spatial operations are fixed to channel-last; operations that know no order but the model's (a
matmul, say) are fixed to that; elementwise operations, reductions, concatenations, ... take either, and so do the
ports. A value between an operation and a user that wants it otherwise costs a transpose of its size. The cheapest
assignment is a minimum cut (:mod:`nncc.passes.layout_solver`). Then each operation is rewritten once, in order, and a
transpose is made where the two sides differ: one a value, shared by all users.

What costs nothing: constants (they are permuted now), transposes that move only dimensions of size 1 (a reshape), the
model's own transposes and reshapes where the elements lie right already, and flattens whose order an affine's weights
can take up (:mod:`nncc.passes.layout_absorb`).

What it does not do: enter regions; change an operation that is channel-last already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import ClassVar

import attrs

from ..ir import Builder, Function, Module, Operation, Return, Trait, Value
from ..ir.dialects import nn
from ..ir.layout import CHANNEL_LAST, PORT_LAYOUT, compose, inverse, is_identity, moves_only_units, permute, to_last
from ..ir.module import constant_attribute
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Dim
from .layout_absorb import (
    Absorber,
    Rearranged,
    absorbers_before,
    absorbers_behind,
    feature_order,
)
from .layout_reshape import derived_order, is_free
from .layout_rules import Order, Uniform, carried, dims_of, is_spatial, rank_of, result_order, uniform_rule
from .layout_solver import LayoutProblem

OVERHEAD = 4096
"""What a transpose costs beside its elements: starting a kernel is worth moving this many."""
RESHAPE_COST = 1
"""What a transpose of size-1 dimensions costs: no element moves."""


@attrs.define
class ChannelLast(Pass, name="channel-last"):
    """Choose the layout of every tensor so that spatial operations are channel-last, with the fewest transposes.

    Given::

        %1 = "nn.conv"(%x, %w) : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
        %2 = "nn.relu"(%1) : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>

    Result (with ``io=channel_last`` the input %x is now (N, H, W, C), and its port says so)::

        %1 = "nn.conv"(%x, %w) {channel_last = true} : (tensor<1x8x8x3xf32>, tensor<4x3x3x3xf32>) -> tensor<1x6x6x4xf32>
        %2 = "nn.relu"(%1) : (tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    io: str = option("channel_last", "layout of image inputs and outputs: channel_last, or keep the source's")

    def __attrs_post_init__(self) -> None:
        if self.io not in ("channel_last", "keep"):
            raise ValueError(f"io is channel_last or keep, got '{self.io}'")

    def run(self, module: Module, context: PassContext) -> bool:
        changed = False
        for function in module.functions:
            if any(is_spatial(op) and not op.channel_last for op in function.body):  # type: ignore[attr-defined]
                _Conversion(module, function, self).run()
                changed = True
        return changed


@attrs.define
class _Part:
    """One operation: the variables of its operands and of its results, and the orders of both when these are last."""

    operands: int
    results: int
    order: Order
    result_order: Order
    rule: Uniform | None = None
    absorbers: list[Absorber] | None = None
    """What a flatten or its inverse needs permuted where the image on its one side is in the other order."""


class _Conversion:
    """One function: state the problem, solve it, rewrite the operations."""

    def __init__(self, module: Module, function: Function, settings: ChannelLast) -> None:
        self.module, self.function, self.settings = module, function, settings
        self.problem = LayoutProblem()
        self.constants = Rearranged(module)
        self.first = self.problem.variable(fixed=False)
        self.parts: dict[Operation, _Part] = {}
        self.dims: dict[Value, tuple[Dim, ...]] = {}  # as the model has them
        self.other: dict[Value, Order] = {}  # the order of a value where it is not the model's
        self.from_spatial: set[Value] = set()  # whose other order came about by more than a guess
        self.made_by: dict[Value, int] = {}  # the variable that says in which of the two a value is made
        self.wanted: dict[Value, dict[int, None]] = {}  # the variables that say in which of the two it is used
        self.outputs: list[int] = []
        self.layouts: list[bool] = []
        self.stored: dict[Value, Order] = {}
        self.forms: dict[tuple[Value, Order], Value] = {}

    def run(self) -> None:
        for op in self.function.body:
            self._give_operands_full_rank(op)
        for argument in self.function.inputs:
            self._define(argument, to_last(rank_of(argument)), self._port(argument, to_last(rank_of(argument))))
        for op in self.function.body:
            if Trait.CONSTANT not in op.traits:
                self._state(op)
        for value, wanted in self.wanted.items():
            cost = self._cost(value, _plain(value), self.other[value])
            self.problem.cost_of_conversion(self.made_by[value], list(wanted), cost)
        self.layouts = self.problem.solve()
        self._rewrite_inputs()
        for op in list(self.function.body):
            if op in self.parts:
                self._rewrite(op, self.parts[op])
            elif not isinstance(op, Return):
                self._bring(op, range(len(op.operands)), None)
        self._rewrite_outputs()

    def _give_operands_full_rank(self, op: Operation) -> None:
        """Broadcasting aligns trailing dimensions; only tensors of equal rank can be permuted alike."""
        if Trait.ELEMENTWISE not in op.traits or rank_of(op.results[0]) < 3:
            return
        rank = rank_of(op.results[0])
        for index, value in enumerate(op.operands):
            if 0 < rank_of(value) < rank and constant_attribute(value) is None:
                assert value is not None
                shape = _reshape_to((1,) * (rank - rank_of(value)) + dims_of(value))
                if shape is not None:
                    op.set_operand(index, Builder.before(self.module, op).nn.reshape(value, shape=shape))

    # Stating the problem

    def _define(self, value: Value, other: Order, variable: int) -> None:
        """A value is made, in the order that the variable says."""
        self.other[value] = other
        self.made_by[value] = variable
        if rank_of(value):
            self.dims[value] = dims_of(value)

    def _port(self, value: Value, other: Order) -> int:
        """The variable of a port: it may become channel-last, but have no other order."""
        free = self.settings.io == "channel_last" and rank_of(value) >= 3 and other == to_last(rank_of(value))
        return self.problem.variable() if free else self.first

    def _state(self, op: Operation) -> None:
        if isinstance(op, Return):
            for value in op.operands:
                assert value is not None
                self.outputs.append(self._port(value, self.other.get(value, ())))
                self._use(value, self.outputs[-1], to_last(rank_of(value)))
            return
        part = self._part(op)
        if part is None:
            for value in op.operands:
                self._use(value, self.first, None)
            for result in op.results:
                self._define(result, to_last(rank_of(result)), self.first)
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
        other, plain = self.other[value], _plain(value)
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

    def _part(self, op: Operation) -> _Part | None:
        if is_spatial(op):
            if op.channel_last:  # type: ignore[attr-defined]  # spatial operations have it
                return None
            last = self.problem.variable(fixed=True)
            order = to_last(rank_of(op.results[0]))
            return _Part(last, last, order, order)
        if isinstance(op, nn.Reshape):
            return self._reshape_part(op)
        if isinstance(op, nn.Transpose):
            return self._transpose_part(op)
        rule = uniform_rule(op)
        return None if rule is None else self._uniform_part(op, rule)

    def _uniform_part(self, op: Operation, rule: Uniform) -> _Part | None:
        inputs = [v for i in carried(op, rule) if (v := op.operands[i]) in self.other and v is not None]
        rank = max(rank_of(v) for v in op.operands)
        if not inputs or any(rank_of(v) != rank for v in inputs):
            return None
        orders = [self.other[v] for v in inputs]
        order = next((o for o in orders if o != to_last(rank)), orders[0])  # one that came about by itself
        variable = self.problem.variable()
        axis = rule.axis(op)
        if axis is not None:  # kernels work along the last axis in memory
            cost = self._cost(inputs[0], _plain(inputs[0]), to_last(rank))
            self.problem.cost(variable, True, cost if order[-1] != axis else 0)
            self.problem.cost(variable, False, cost if axis != rank - 1 else 0)
        return _Part(variable, variable, order, result_order(op, order), rule)

    def _reshape_part(self, op: nn.Reshape) -> _Part | None:
        x, y = op.x, op.output
        if x not in self.other or max(rank_of(x), rank_of(y)) < 3 or min(rank_of(x), rank_of(y)) == 0:
            return None
        if _reshape_to(dims_of(y)) is None:
            return None
        order, before, after = self.other[x], dims_of(x), dims_of(y)
        absorbers = absorbed_x = absorbed_y = None
        if rank_of(y) == 2 and order[0] == 0 and _is_flatten(before, after):
            absorbers = absorbed_x = absorbers_behind(y)
        elif rank_of(x) == 2 and _is_flatten(after, before):
            absorbers = absorbed_y = absorbers_before(x)
        result = to_last(rank_of(y))
        if absorbed_y is None and not is_free(before, after, order, result):
            result = derived_order(before, after, order) or result
        cost = self._cost(x, _plain(x), to_last(rank_of(x))) or OVERHEAD

        def price(x_order: Order, y_order: Order) -> int:
            absorbed = (absorbed_x and x_order == order) or (absorbed_y and y_order == result)
            return 0 if absorbed or is_free(before, after, x_order, y_order) else cost

        left, right = self.problem.variable(), self.problem.variable()
        self.problem.cost_pair(
            left,
            right,
            price(_plain(x), _plain(y)),
            price(order, _plain(y)),
            price(_plain(x), result),
            price(order, result),
        )
        return _Part(left, right, order, result, absorbers=absorbers)

    def _transpose_part(self, op: nn.Transpose) -> _Part | None:
        x, y = op.x, op.output
        if rank_of(x) < 3 or x not in self.other:
            return None
        order, place = self.other[x], inverse(op.perm)

        def price(x_order: Order, y_order: Order) -> int:
            return self._cost(x, x_order, compose(op.perm, y_order))

        right = self.problem.variable()
        if x not in self.from_spatial and price(_plain(x), to_last(rank_of(y))) == 0:  # the model is channel-last here
            self.problem.cost(right, False, price(_plain(x), _plain(y)))
            return _Part(self.first, right, order, to_last(rank_of(y)))
        left = self.problem.variable()
        result = tuple(place[axis] for axis in order)  # of the same elements in memory, by the names of the result
        self.problem.cost_pair(
            left,
            right,
            price(_plain(x), _plain(y)),
            price(order, _plain(y)),
            price(_plain(x), result),
            price(order, result),
        )
        return _Part(left, right, order, result)

    # Rewriting

    def _rewrite_inputs(self) -> None:
        for index, argument in enumerate(self.function.inputs):
            last = self.layouts[self.made_by[argument]]
            self._made(argument, self.other[argument] if last else None)
            if last:
                self.function.set_port_attribute("arg", index, PORT_LAYOUT, CHANNEL_LAST)

    def _rewrite_outputs(self) -> None:
        terminator = self.function.terminator
        for index, variable in enumerate(self.outputs):
            last = self.layouts[variable]
            value = terminator.operands[index]
            self._bring(terminator, [index], to_last(rank_of(value)) if last else None)
            if last:
                self.function.set_port_attribute("res", index, PORT_LAYOUT, CHANNEL_LAST)

    def _made(self, value: Value, order: Order | None) -> None:
        """Note the order of a value that is now defined (None: the model's); its type follows."""
        if order is not None and rank_of(value):
            self.stored[value] = order
            value.type = value.tensor.with_shape(permute(dims_of(value), order))

    def _bring(self, op: Operation, numbers: Iterable[int], order: Order | None) -> None:
        """Give an operation these operands in an order (None: the model's), transposed before it if need be."""
        for index in numbers:
            value = op.operands[index]
            if value is None or rank_of(value) < 3:
                continue
            wanted = order or _plain(value)
            stored = self.stored.get(value, _plain(value))
            if wanted == stored:
                continue
            if (value, wanted) not in self.forms:
                change = compose(inverse(stored), wanted)
                self.forms[value, wanted] = self._transposed(value, change, op)
            op.set_operand(index, self.forms[value, wanted])

    def _transposed(self, value: Value, permutation: Order, user: Operation) -> Value:
        builder = Builder.before(self.module, user)
        shape = _reshape_to(permute(dims_of(value), permutation))
        made: Value
        if moves_only_units(dims_of(value), permutation) and shape is not None:
            made = builder.nn.reshape(value, shape=shape)
        else:
            made = builder.nn.transpose(value, perm=permutation)
            self.settings.counts["transposes"] += 1
        return made

    def _rewrite(self, op: Operation, part: _Part) -> None:
        before = part.order if self.layouts[part.operands] else None
        after = part.result_order if self.layouts[part.results] else None
        if isinstance(op, nn.Transpose):
            self._rewrite_transpose(op, before, after)
        elif isinstance(op, nn.Reshape):
            self._rewrite_reshape(op, part, before, after)
        else:
            self._rewrite_operands(op, part, before)
            if part.rule is None:
                op.channel_last = True  # type: ignore[attr-defined]  # spatial operations have it
                self.settings.counts["spatial operations"] += 1
            elif before is not None:
                part.rule.rewrite(op, before)
        for result in op.results:
            self._made(result, after)
        if isinstance(op, nn.Reshape):
            shape = _reshape_to(dims_of(op.output))
            assert shape is not None  # only such reshapes are parts
            op.shape = shape

    def _rewrite_operands(self, op: Operation, part: _Part, order: Order | None) -> None:
        numbers = [0] if part.rule is None else carried(op, part.rule)
        self._bring(op, set(range(len(op.operands))) - set(numbers), None)
        for index in numbers:
            value = op.operands[index]
            if order is not None and value is not None and constant_attribute(value) is not None:
                op.set_operand(index, self.constants.in_order(value, order))
            else:
                self._bring(op, [index], order)

    def _rewrite_transpose(self, op: nn.Transpose, before: Order | None, after: Order | None) -> None:
        wanted = compose(op.perm, after) if after is not None else tuple(op.perm)
        self._bring(op, [0], before)
        op.perm = compose(inverse(before), wanted) if before is not None else wanted

    def _rewrite_reshape(self, op: nn.Reshape, part: _Part, before: Order | None, after: Order | None) -> None:
        x_dims, y_dims = self.dims[op.x], self.dims[op.output]
        stored, wanted = before or tuple(range(len(x_dims))), after or tuple(range(len(y_dims)))
        if not is_free(x_dims, y_dims, stored, wanted):
            image, order = (x_dims, before) if len(y_dims) == 2 else (y_dims, after)
            if part.absorbers is not None and order is not None:
                features = feature_order([d for d in image[1:] if isinstance(d, int)], order)
                self.constants.permute_features(part.absorbers, features)
                self.settings.counts["permutations absorbed"] += 1
            else:
                self._reshape_moving(op, wanted)
                return
        self._bring(op, [0], before)

    def _reshape_moving(self, op: nn.Reshape, wanted: Order) -> None:
        """The elements must move: reshape as the model does, and let users see the result transposed."""
        self._bring(op, [0], None)
        plain = Builder.before(self.module, op).nn.reshape(op.x, shape=_reshape_to(self.dims[op.output]))
        op.set_operand(0, plain if is_identity(wanted) else self._transposed(plain, wanted, op))


def _plain(value: Value) -> Order:
    return tuple(range(rank_of(value)))


def _reshape_to(dims: Sequence[object]) -> tuple[int, ...] | None:
    """The attribute of a reshape to these dimensions: one that is not a number can be left to -1; None for more."""
    if sum(not isinstance(d, int) for d in dims) > 1:
        return None
    return tuple(d if isinstance(d, int) else -1 for d in dims)


def _is_flatten(image: Sequence[Dim], features: Sequence[Dim]) -> bool:
    """Whether ``features`` is (N, K) and ``image`` (N, d...) with K = prod(d)."""
    known = [d for d in image[1:] if isinstance(d, int)]
    return len(known) == len(image) - 1 and image[0] == features[0] and prod(known) == features[1]
