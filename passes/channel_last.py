"""``channel-last``: the layout of every tensor chosen once, for the whole function, with the fewest transposes.

Why: kernels of TFLite (and of most devices) want (N, H, W, C), sources have (N, C, H, W). Converting operation by
operation leaves transposes everywhere, and rules that push them around get stuck at the first branch.

How: the layout of each operation is a variable. Spatial operations are fixed to channel-last; operations that know no
layout but channel-first (a matmul, say) are fixed to that; elementwise operations, reductions, concatenations, ... take
either, and so do the ports. A value between an operation and a user of the other layout costs a transpose of its size.
The cheapest assignment is a minimum cut (:mod:`nncc.passes.layout_solver`). Then each operation is rewritten for its
layout once, in order, and a transpose is made where the two sides differ: one a value, shared by all users.

What costs nothing: constants (they are permuted now), transposes that move only dimensions of size 1 (a reshape),
transposes of the model that turn out to be the change of layout, reshapes whose elements keep their order in memory,
and flattens whose order an affine's weights can take up (:mod:`nncc.passes.layout_absorb`).

What it does not do: enter regions; change an operation that is channel-last already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import attrs

from ..ir import Builder, Function, Module, Operation, Return, Trait, Value
from ..ir.dialects import nn
from ..ir.layout import CHANNEL_LAST, PORT_LAYOUT, compose, moves_only_units, permute, to_first, to_last
from ..ir.module import constant_attribute
from ..ir.passes import Pass, PassContext, option
from .layout_absorb import (
    Absorber,
    Rearranged,
    absorbers_before,
    absorbers_behind,
    feature_order,
    permuted_type,
)
from .layout_reshape import is_free
from .layout_rules import Uniform, carried, dims_of, is_spatial, rank_of, result_layouts, uniform_rule
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
    """The variables of one operation: the layout of its operands, and that of each result (often the same)."""

    operands: int
    results: list[int]
    rule: Uniform | None = None
    absorbers: list[Absorber] | None = None
    """What a flatten or its inverse needs permuted where the image on its one side is channel-last."""


class _Conversion:
    """One function: build the problem, solve it, rewrite the operations."""

    def __init__(self, module: Module, function: Function, settings: ChannelLast) -> None:
        self.module, self.function, self.settings = module, function, settings
        self.problem = LayoutProblem()
        self.constants = Rearranged(module)
        self.parts: dict[Operation, _Part] = {}
        self.made_by: dict[Value, int] = {}  # the variable that says in which layout a value is made
        self.wanted: dict[Value, dict[int, None]] = {}  # the variables that say in which layouts it is used
        self.outputs: list[int] = []
        self.layouts: list[bool] = []
        self.is_last: dict[Value, bool] = {}
        self.other_form: dict[Value, Value] = {}
        self.first = self.problem.variable(fixed=False)

    def run(self) -> None:
        for op in self.function.body:
            self._give_operands_full_rank(op)
        for argument in self.function.inputs:
            self.made_by[argument] = self._port(argument)
        for op in self.function.body:
            if Trait.CONSTANT not in op.traits:
                self._state(op)
        for value, wanted in self.wanted.items():
            made = self.made_by.get(value, self.first)
            self.problem.cost_of_conversion(made, list(wanted), _transpose_cost(value))
        self.layouts = self.problem.solve()
        self._rewrite_inputs()
        for op in list(self.function.body):
            if op in self.parts:
                self._rewrite(op, self.parts[op])
            elif not isinstance(op, Return):
                self._keep_first(op, range(len(op.operands)))
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

    def _port(self, value: Value) -> int:
        if self.settings.io == "keep" or rank_of(value) < 3:
            return self.first
        return self.problem.variable()

    def _state(self, op: Operation) -> None:
        if isinstance(op, Return):
            self.outputs = [self._port(v) if v is not None else self.first for v in op.operands]
            for value, variable in zip(op.operands, self.outputs, strict=True):
                self._use(value, variable)
            return
        part = self._part(op)
        if part is None:
            for value in op.operands:
                self._use(value, self.first)
            return
        self.parts[op] = part
        numbers = [0] if part.rule is None else carried(op, part.rule)
        for index, value in enumerate(op.operands):
            self._use(value, part.operands if index in numbers else self.first)
        for result, variable in zip(op.results, part.results, strict=True):
            self.made_by[result] = variable

    def _use(self, value: Value | None, variable: int) -> None:
        """A value is needed in the layout of the variable."""
        if value is not None and rank_of(value) >= 3 and constant_attribute(value) is None:
            self.wanted.setdefault(value, {})[variable] = None

    def _part(self, op: Operation) -> _Part | None:
        if is_spatial(op):
            if op.channel_last:  # type: ignore[attr-defined]  # spatial operations have it
                return None
            last = self.problem.variable(fixed=True)
            return _Part(last, [last] * len(op.results))
        if isinstance(op, nn.Reshape):
            return self._reshape_part(op)
        if isinstance(op, nn.Transpose):
            return self._transpose_part(op)
        rule = uniform_rule(op)
        if rule is None or any(
            0 < rank_of(op.operands[i]) != rank_of(op.operands[0]) and constant_attribute(op.operands[i]) is None
            for i in carried(op, rule)
        ):
            return None
        variable = self.problem.variable()
        self._prefer(op, rule, variable)
        results = result_layouts(op, True) or []
        return _Part(variable, [variable if last else self.first for last in results], rule)

    def _prefer(self, op: Operation, rule: Uniform, variable: int) -> None:
        wanted = rule.prefers(op, rank_of(op.results[0]))
        if wanted is not None:
            self.problem.cost(variable, not wanted, _transpose_cost(op.results[0]))

    def _reshape_part(self, op: nn.Reshape) -> _Part | None:
        x, y = op.x, op.output
        if max(rank_of(x), rank_of(y)) < 3 or min(rank_of(x), rank_of(y)) == 0 or _reshape_to(dims_of(y)) is None:
            return None
        absorbers, flattens, unflattens = None, False, False
        if rank_of(y) == 2 and _is_flatten(x, y):
            absorbers = absorbers_behind(y)
            flattens = absorbers is not None
        elif rank_of(x) == 2 and _is_flatten(y, x):
            absorbers = absorbers_before(x)
            unflattens = absorbers is not None
        cost = _transpose_cost(x)

        def price(x_last: bool, y_last: bool) -> int:
            free = is_free(dims_of(x), dims_of(y), x_last, y_last) or (flattens and x_last) or (unflattens and y_last)
            return 0 if free else cost

        before = self.problem.variable() if rank_of(x) >= 3 else self.first
        after = self.problem.variable() if rank_of(y) >= 3 else self.first
        self.problem.cost_pair(
            before, after, price(False, False), price(True, False), price(False, True), price(True, True)
        )
        return _Part(before, [after], absorbers=absorbers)

    def _transpose_part(self, op: nn.Transpose) -> _Part | None:
        rank = rank_of(op.x)
        if rank < 3:
            return None
        cost = _transpose_cost(op.x)
        if tuple(op.perm) == to_last(rank):  # of a channel-last operand, the transpose is nothing at all
            before = self.problem.variable()
            self.problem.cost(before, False, cost)
            return _Part(before, [self.first])
        if tuple(op.perm) == to_first(rank):
            after = self.problem.variable()
            self.problem.cost(after, False, cost)
            return _Part(self.first, [after])
        return _Part(self.problem.variable(), [self.problem.variable()])  # one transpose, whatever the layouts

    # Rewriting

    def _rewrite_inputs(self) -> None:
        for index, argument in enumerate(self.function.inputs):
            last = self.layouts[self.made_by[argument]]
            self._made(argument, last)
            if last:
                self.function.set_port_attribute("arg", index, PORT_LAYOUT, CHANNEL_LAST)

    def _rewrite_outputs(self) -> None:
        terminator = self.function.terminator
        for index, (value, variable) in enumerate(zip(terminator.operands, self.outputs, strict=True)):
            assert value is not None
            last = self.layouts[variable]
            if rank_of(value) >= 3:
                terminator.set_operand(index, self._in_layout(value, last, terminator))
            if last:
                self.function.set_port_attribute("res", index, PORT_LAYOUT, CHANNEL_LAST)

    def _made(self, value: Value, last: bool) -> None:
        """Note the layout of a value that is now defined; its type follows."""
        self.is_last[value] = last
        if last and rank_of(value) >= 3:
            value.type = permuted_type(value.tensor, to_last(rank_of(value)))

    def _in_layout(self, value: Value, last: bool, user: Operation) -> Value:
        """The value in the layout that its user wants; transposed before the user where it is made in the other."""
        if rank_of(value) < 3 or self.is_last.get(value, False) == last:
            return value
        if value not in self.other_form:
            permutation = to_last(rank_of(value)) if last else to_first(rank_of(value))
            self.other_form[value] = self._transposed(value, permutation, user)
        return self.other_form[value]

    def _transposed(self, value: Value, permutation: Sequence[int], user: Operation) -> Value:
        builder = Builder.before(self.module, user)
        shape = _reshape_to(permute(dims_of(value), permutation))
        made: Value
        if moves_only_units(dims_of(value), permutation) and shape is not None:
            made = builder.nn.reshape(value, shape=shape)
        else:
            made = builder.nn.transpose(value, perm=tuple(permutation))
            self.settings.counts["transposes"] += 1
        return made

    def _keep_first(self, op: Operation, numbers: Iterable[int]) -> None:
        """Give an operation these operands channel-first."""
        for index in numbers:
            value = op.operands[index]
            if value is not None:
                op.set_operand(index, self._in_layout(value, False, op))

    def _rewrite(self, op: Operation, part: _Part) -> None:
        before = self.layouts[part.operands]
        after = [self.layouts[v] for v in part.results]
        if isinstance(op, nn.Transpose):
            self._rewrite_transpose(op, before, after[0])
            return
        if isinstance(op, nn.Reshape):
            self._rewrite_reshape(op, part, before, after[0])
            return
        rank = max(rank_of(v) for v in op.operands)
        numbers = [0] if part.rule is None else carried(op, part.rule)
        self._keep_first(op, set(range(len(op.operands))) - set(numbers))
        for index in numbers:
            value = op.operands[index]
            assert value is not None
            if constant_attribute(value) is None:
                op.set_operand(index, self._in_layout(value, before, op))
            elif before:
                op.set_operand(index, self.constants.channel_last(value, rank))
        if before and part.rule is not None:
            part.rule.rewrite(op, rank)
        if part.rule is None:
            op.channel_last = True  # type: ignore[attr-defined]  # spatial operations have it
            self.settings.counts["spatial operations"] += 1
        for result, last in zip(op.results, after, strict=True):
            self._made(result, last)

    def _rewrite_transpose(self, op: nn.Transpose, before: bool, after: bool) -> None:
        rank = rank_of(op.x)
        order = compose(to_first(rank), op.perm) if before else tuple(op.perm)
        if after:
            order = compose(order, to_last(rank))
        op.set_operand(0, self._in_layout(op.x, before, op))
        op.perm = order
        self._made(op.output, after)

    def _rewrite_reshape(self, op: nn.Reshape, part: _Part, before: bool, after: bool) -> None:
        logical = dims_of(op.x), dims_of(op.output)
        if self.is_last.get(op.x, False):
            logical = permute(logical[0], to_first(len(logical[0]))), logical[1]
        if part.absorbers is not None and (before or after) and not is_free(*logical, before, after):
            image = logical[0] if before else logical[1]
            order = feature_order([d for d in image[1:] if isinstance(d, int)])
            self.constants.permute_features(part.absorbers, order)
            self.settings.counts["permutations absorbed"] += 1
        elif not is_free(*logical, before, after):  # dearer elsewhere: transpose, reshape, transpose
            op.set_operand(0, self._in_layout(op.x, False, op))
            self._made(op.output, False)
            return
        op.set_operand(0, self._in_layout(op.x, before, op))
        self._made(op.output, after)
        shape = _reshape_to(dims_of(op.output))
        assert shape is not None
        op.shape = shape


def _transpose_cost(value: Value) -> int:
    dims = dims_of(value)
    if moves_only_units(dims, to_last(len(dims))):
        return RESHAPE_COST
    size = OVERHEAD
    elements = 1
    for dim in dims:
        elements *= dim if isinstance(dim, int) else 1
    return size + elements


def _reshape_to(dims: Sequence[object]) -> tuple[int, ...] | None:
    """The attribute of a reshape to these dimensions: one that is not a number can be left to -1; None for more."""
    if sum(not isinstance(d, int) for d in dims) > 1:
        return None
    return tuple(d if isinstance(d, int) else -1 for d in dims)


def _is_flatten(image: Value, features: Value) -> bool:
    """Whether ``features`` is (N, K) and ``image`` (N, d...) with K = prod(d)."""
    first, *rest = dims_of(image)
    if first != dims_of(features)[0] or not all(isinstance(d, int) for d in rest):
        return False
    size = 1
    for dim in rest:
        size *= dim if isinstance(dim, int) else 1
    return size == dims_of(features)[1]
