"""Carrying a layout plan out: every operation rewritten once, in order, with a transpose where two sides differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...ir import Builder, Function, Operation, Trait, Value
from ...ir.dialects import nn
from ...ir.layout import CHANNEL_LAST, PORT_LAYOUT, compose, inverse, is_identity, moves_only_units, permute, to_last
from ...ir.module import constant_attribute
from ...ir.ports import Side
from ...ir.regions import captured_values, inner_blocks, replace_inside
from .absorb import Rearranged, feature_order
from .plan import LayoutPlan, Part
from .reshapes import is_free, reshape_attribute
from .rules import Order, carried, dims_of, plain_order, rank_of


class LayoutRewriting:
    """Rewrites the block of a solved plan; ``counts`` takes what was done."""

    def __init__(self, plan: LayoutPlan, counts: Counter[str]) -> None:
        self.plan, self.counts = plan, counts
        self.module, self.block = plan.module, plan.block
        self.constants = Rearranged(plan.module)
        self.stored: dict[Value, Order] = {}  # the orders of values that are not the model's any more
        self.forms: dict[tuple[Value, Order], Value] = {}

    def run(self) -> None:
        self._rewrite_inputs()
        for op in list(self.block):
            if op in self.plan.parts:
                self._rewrite(op, self.plan.parts[op])
            elif Trait.TERMINATOR not in op.traits:
                self._bring(op, range(len(op.operands)), None)
                self._bring_inside(op)
        self._rewrite_outputs()

    def _rewrite_inputs(self) -> None:
        for index, argument in enumerate(self.block.args):
            last = self.plan.layouts[self.plan.made_by[argument]]
            self._made(argument, self.plan.other[argument] if last else None)
            if last:
                self._mark_port("arg", index)

    def _rewrite_outputs(self) -> None:
        terminator = self.block.last_op
        assert terminator is not None
        for index, variable in enumerate(self.plan.outputs):
            last = self.plan.layouts[variable]
            value = terminator.operands[index]
            self._bring(terminator, [index], to_last(rank_of(value)) if last else None)
            if last:
                self._mark_port("res", index)

    def _mark_port(self, side: Side, index: int) -> None:
        """Only the ports of functions can be channel-last."""
        function = self.block.parent_op
        assert isinstance(function, Function)
        function.set_port_attribute(side, index, PORT_LAYOUT, CHANNEL_LAST)

    def _made(self, value: Value, order: Order | None) -> None:
        """Note the order of a value that is now defined (None: the model's); its type follows."""
        if order is not None and rank_of(value):
            self.stored[value] = order
            value.type = value.tensor.with_shape(permute(dims_of(value), order))

    def _bring(self, op: Operation, numbers: Iterable[int], order: Order | None) -> None:
        """Give an operation these operands in an order (None: the model's), transposed before it if need be."""
        for index in numbers:
            value = op.operands[index]
            if value is None or (rank_of(value) < 3 and value not in self.stored):
                continue
            wanted = order or plain_order(value)
            stored = self.stored.get(value, plain_order(value))
            if wanted == stored:
                continue
            op.set_operand(index, self._in_order(value, stored, wanted, op))

    def _bring_inside(self, op: Operation) -> None:
        """Let the regions of an operation see what they use as the model has it."""
        for value in captured_values(op):
            if value in self.stored:
                plain = self._in_order(value, self.stored[value], plain_order(value), op)
                for block in inner_blocks(op):
                    replace_inside(block, value, plain)

    def _in_order(self, value: Value, stored: Order, wanted: Order, user: Operation) -> Value:
        """A value in another order, made before its first user."""
        if (value, wanted) not in self.forms:
            self.forms[value, wanted] = self._transposed(value, compose(inverse(stored), wanted), user)
        return self.forms[value, wanted]

    def _transposed(self, value: Value, permutation: Order, user: Operation) -> Value:
        builder = Builder.before(self.module, user)
        shape = reshape_attribute(permute(dims_of(value), permutation))
        made: Value
        if moves_only_units(dims_of(value), permutation) and shape is not None:
            made = builder.nn.reshape(value, shape=shape)
        else:
            made = builder.nn.transpose(value, perm=permutation)
            self.counts["transposes"] += 1
        return made

    def _rewrite(self, op: Operation, part: Part) -> None:
        before = part.order if self.plan.layouts[part.operands] else None
        after = part.result_order if self.plan.layouts[part.results] else None
        if isinstance(op, nn.Transpose):
            self._rewrite_transpose(op, before, after)
        elif isinstance(op, nn.Reshape):
            self._rewrite_reshape(op, part, before, after)
        else:
            self._rewrite_operands(op, part, before)
            if part.rule is None:
                op.channel_last = True  # type: ignore[attr-defined]  # spatial operations have it
                self.counts["spatial operations"] += 1
            elif before is not None:
                part.rule.rewrite(op, before)
        for result in op.results:
            self._made(result, after)
        if isinstance(op, nn.Reshape):
            shape = reshape_attribute(dims_of(op.output))
            assert shape is not None  # only such reshapes are parts
            op.shape = shape

    def _rewrite_operands(self, op: Operation, part: Part, order: Order | None) -> None:
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

    def _rewrite_reshape(self, op: nn.Reshape, part: Part, before: Order | None, after: Order | None) -> None:
        x_dims, y_dims = self.plan.dims[op.x], self.plan.dims[op.output]
        stored, wanted = before or tuple(range(len(x_dims))), after or tuple(range(len(y_dims)))
        if not is_free(x_dims, y_dims, stored, wanted):
            image, order = (x_dims, before) if len(y_dims) == 2 else (y_dims, after)
            if part.absorbers is not None and order is not None:
                features = feature_order([d for d in image[1:] if isinstance(d, int)], order)
                self.constants.permute_features(part.absorbers, features)
                self.counts["permutations absorbed"] += 1
            else:
                self._reshape_moving(op, wanted)
                return
        self._bring(op, [0], before)

    def _reshape_moving(self, op: nn.Reshape, wanted: Order) -> None:
        """The elements must move: reshape as the model does, and let users see the result transposed."""
        self._bring(op, [0], None)
        plain = Builder.before(self.module, op).nn.reshape(op.x, shape=reshape_attribute(self.plan.dims[op.output]))
        op.set_operand(0, plain if is_identity(wanted) else self._transposed(plain, wanted, op))
