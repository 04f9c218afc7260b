"""What becomes int8 and what stays in float, and the type of every value that becomes int8."""

from __future__ import annotations

import math

import attrs

from ...ir import Function, Operation, Value
from ...ir.dialects import nn
from ...ir.int8 import Int8Kernels, Int8Rule
from ...ir.module import Return, constant_attribute
from ...ir.types import QuantizedType
from ..ranges import get_range, holds_reals
from .classes import ScaleClasses
from .parameters import Range, activation_type, fixed_type
from .saturation import distinguished

COMMON_RANGE = frozenset({"nn.concat", "nn.maximum", "nn.minimum", "nn.select"})
"""Operations whose operands must share a type: one range holds them all. Other same-scale operations have one."""
ALMOST_INFINITE = 1e30
"""A number of this size is not meant as such, but as the greatest or least of all."""


@attrs.define
class Plan:
    """The decisions for one function.

    ``requantized`` holds the operands (operation, number) that need another type than the value has, ``constants``
    those that are constant: with the type that each is to have.
    """

    function: Function
    rules: dict[Operation, Int8Rule] = attrs.Factory(dict)
    islands: dict[Operation, str] = attrs.Factory(dict)
    """Operations on real numbers that stay in float, with the reason."""
    classes: ScaleClasses = attrs.Factory(ScaleClasses)
    requantized: dict[tuple[Operation, int], QuantizedType] = attrs.Factory(dict)
    constants: dict[tuple[Operation, int], QuantizedType] = attrs.Factory(dict)

    def type_of(self, value: Value) -> QuantizedType | None:
        """The int8 type of a value; None for one that no int8 operation makes or takes."""
        return self.classes[value].type if value in self.classes else None

    def is_float_constant(self, value: Value) -> bool:
        """Whether a value is a constant that no scale can hold, and an output."""
        return value.defining_op in self.islands and is_constant(value)

    def type_of_operand(self, op: Operation, number: int) -> QuantizedType:
        """The int8 type that an operation which becomes int8 takes an activation in."""
        value = op.operands[number]
        assert value is not None
        known = self.constants.get((op, number)) or self.requantized.get((op, number))
        return known or self.classes[value].type


def make_plan(function: Function, kernels: Int8Kernels, quantize_ports: bool) -> Plan:
    """The plan for a function whose values have ranges; ``quantize_ports``: its inputs and outputs become int8."""
    plan = Plan(function, classes=ScaleClasses(kernels.storage))
    _choose_operations(plan, kernels)
    _leave_moves_between_floats(plan)
    _add_values(plan, quantize_ports)
    _tie_moves(plan)
    _tie_common_ranges(plan)
    _type_constants(plan)
    _leave_unfit_scales(plan)
    if quantize_ports:
        _leave_endless_outputs(plan)
    return plan


def is_constant(value: Value | None) -> bool:
    return constant_attribute(value) is not None


def _choose_operations(plan: Plan, kernels: Int8Kernels) -> None:
    moved: set[Value] = set()  # results of moves: their type comes from the operand, they need no range of their own
    for op in plan.function.body:
        values = [v for v in (*op.operands, *op.results) if v is not None]
        if isinstance(op, Return) or is_constant_op(op) or not any(holds_reals(v) for v in values):
            continue
        rule = kernels.rule(op)
        if isinstance(rule, str):
            plan.islands[op] = rule
        elif reason := _missing_range(plan.function, op, rule, moved):
            plan.islands[op] = reason
        else:
            plan.rules[op] = rule
            if _is_move(op, rule):
                moved.update(op.results)


def is_constant_op(op: Operation) -> bool:
    return bool(op.results) and is_constant(op.results[0])


def _missing_range(function: Function, op: Operation, rule: Int8Rule, moved: set[Value]) -> str | None:
    """A value of ``op`` that has to have a range and has none, as a reason."""
    for number in {*rule.activation_operands(op), *_weight_operands(op, rule)}:
        value = op.operands[number]
        if value is not None and is_constant(value) and not is_finite(value):
            return f"operand {number} holds constants that are infinite or NaN"
    for number in rule.activation_operands(op):
        value = op.operands[number]
        known = value is None or is_constant(value) or value in moved
        if value is not None and not known and get_range(function, value) is None:
            return f"operand {number} has no finite range"
    for number in rule.quantized_results(op):
        if not _is_move(op, rule) and get_range(function, op.results[number]) is None:
            return f"result {number} has no finite range"
    return None


def _weight_operands(op: Operation, rule: Int8Rule) -> list[int]:
    return [n for n in (rule.weight, rule.bias) if n is not None and n < len(op.operands)]


def _is_move(op: Operation, rule: Int8Rule | None) -> bool:
    """Whether an operation gives its only data operand's type to its results."""
    return rule is not None and rule.same_scale and op.name not in COMMON_RANGE


def _leave_moves_between_floats(plan: Plan) -> None:
    """What only moves elements from one float operation to others gains nothing by being int8."""
    to_float: dict[Operation, bool] = {}
    for op in reversed(plan.function.body):
        users = [u for r in op.results for u in r.users]
        to_float[op] = bool(users) and all(
            u in plan.islands or (_is_move(u, plan.rules.get(u)) and to_float[u]) for u in users
        )
    from_float: set[Operation] = set()
    for op in plan.function.body:
        source = op.operands[0].defining_op if op.operands and op.operands[0] is not None else None
        if _is_move(op, plan.rules.get(op)) and source is not None and (source in plan.islands or source in from_float):
            from_float.add(op)
            if to_float[op]:
                del plan.rules[op]


def _add_values(plan: Plan, quantize_ports: bool) -> None:
    """A class of its own for every value that int8 operations take or give, and for int8 ports."""
    for op, rule in plan.rules.items():
        fixed = fixed_type(*rule.fixed_output) if rule.fixed_output else None
        for number in rule.quantized_results(op):
            found = _own_range(op, rule) if rule.same_scale else useful_range(plan.function, op.results[number])
            plan.classes.add(op.results[number], found, fixed)
    taken = [op.operands[n] for op, rule in plan.rules.items() for n in rule.activation_operands(op)]
    ports = [*plan.function.inputs, *plan.function.outputs] if quantize_ports else []
    for value in (*taken, *ports):
        if value is None or value in plan.classes or is_constant(value) or not holds_reals(value):
            continue
        found = useful_range(plan.function, value)
        if found is not None:
            plan.classes.add(value, found)


def useful_range(function: Function, value: Value) -> Range | None:
    """The range of a value as far as its users tell numbers apart; None where it has none."""
    found, wanted = get_range(function, value), distinguished(value)
    return found and (max(found[0], wanted[0]), min(found[1], wanted[1]))


def _own_range(op: Operation, rule: Int8Rule) -> Range | None:
    """What a same-scale operation adds to the range of its class: a number that it pads with, a constant that it moves.

    The padding of a maximum is minus infinity, or almost, which no range need hold: the lowest number loses as well.
    """
    if isinstance(op, nn.Pad) and op.mode == "constant" and 0 < abs(op.value) < ALMOST_INFINITE:
        return min(op.value, 0.0), max(op.value, 0.0)
    source = op.operands[rule.activation_operands(op)[0]]
    return constant_range(source) if source is not None and is_constant(source) else None


def _tie_moves(plan: Plan) -> None:
    for op, rule in plan.rules.items():
        if _is_move(op, rule):
            source = op.operands[rule.activation_operands(op)[0]]
            for number in rule.quantized_results(op):
                if source is not None and source in plan.classes:
                    plan.classes.join(op.results[number], source)


def _tie_common_ranges(plan: Plan) -> None:
    for op, rule in plan.rules.items():
        if not rule.same_scale or op.name not in COMMON_RANGE:
            continue
        result = op.results[rule.quantized_results(op)[0]]
        numbers = rule.activation_operands(op)
        plan.classes[result].widen(_range_of_all(plan, op, numbers))
        for number in numbers:
            value = op.operands[number]
            if value is None or is_constant(value):
                continue
            target = plan.classes[result]
            joined = plan.classes.fits(value, target.range) and plan.classes.join(result, value)
            if not joined:
                plan.requantized[op, number] = target.type  # filled in below, when the class is complete
    for op, number in plan.requantized:
        rule = plan.rules[op]
        plan.requantized[op, number] = plan.classes[op.results[rule.quantized_results(op)[0]]].type


def _range_of_all(plan: Plan, op: Operation, numbers: list[int]) -> Range:
    ranges = []
    for number in numbers:
        value = op.operands[number]
        assert value is not None
        ranges.append(constant_range(value) if is_constant(value) else plan.classes[value].range)
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _type_constants(plan: Plan) -> None:
    for op, rule in plan.rules.items():
        for number in rule.activation_operands(op):
            value = op.operands[number]
            if value is None or not is_constant(value):
                continue
            if rule.same_scale:
                plan.constants[op, number] = plan.classes[op.results[rule.quantized_results(op)[0]]].type
            else:
                plan.constants[op, number] = activation_type(constant_range(value), plan.classes.storage)


def _leave_unfit_scales(plan: Plan) -> None:
    """Operations whose kernel does not take the scales that came out stay in float."""
    for op, rule in list(plan.rules.items()):
        if rule.scales is None:
            continue
        least, bound = rule.scales
        for number in rule.activation_operands(op):
            scale = plan.type_of_operand(op, number).scale
            if not least <= scale < bound:
                plan.islands[op] = f"its kernel takes scales in [{least:g}, {bound:g}), operand {number} has {scale:g}"
                plan.rules.pop(op, None)


def _leave_endless_outputs(plan: Plan) -> None:
    """Constant outputs that no scale can hold stay in float."""
    for value in plan.function.outputs:
        op = value.defining_op
        if op is not None and is_constant_op(op) and holds_reals(value) and not is_finite(value):
            plan.islands[op] = "it holds numbers that are infinite or NaN"


def is_finite(constant: Value) -> bool:
    """Whether all numbers of a constant are finite."""
    return all(map(math.isfinite, constant_range(constant)))


def constant_range(value: Value) -> Range:
    """The range of a constant's real numbers."""
    dense = constant_attribute(value)
    assert dense is not None
    numbers = dense.real()
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
