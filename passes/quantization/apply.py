"""Carries out a plan: gives the values their types, stores weights as integers, and puts conversions between."""

from __future__ import annotations

import attrs

from ...ir import Builder, Location, Module, Operation, TensorType, Value
from ...ir.int8 import Int8Rule
from ...ir.module import Return, constant_attribute
from ...ir.types import Array, QuantizedType
from ..ranges import holds_reals
from .parameters import activation_type, bias_type
from .plan import Plan, constant_range, is_constant
from .weights import choose_weight_type, quantize_array


@attrs.define
class Application:
    """The state of carrying out one plan."""

    module: Module
    plan: Plan
    per_channel: bool
    real: dict[Value, Value] = attrs.Factory(dict)
    """The dequantized form of int8 values, made once for all float users."""
    int8: dict[tuple[Value, QuantizedType], Value] = attrs.Factory(dict)
    """Values in a type that they do not have by themselves."""
    stored: dict[tuple[Value, QuantizedType], Value] = attrs.Factory(dict)
    """Constants as integers, shared by all that want the same."""

    def run(self, quantize_ports: bool) -> None:
        """Rewrite the function of the plan."""
        types = {value: self.plan.classes[value].type for value in self.plan.classes.of_value}
        native = {v for op, rule in self.plan.rules.items() for v in _results(op, rule)}
        if quantize_ports:
            native |= {v for v in self.plan.function.inputs if v in types}
        for value in native:
            value.type = value.tensor.with_element(types[value])
        for op in list(self.plan.function.body):
            if op in self.plan.rules:
                self._int8_operation(op, self.plan.rules[op])
            elif isinstance(op, Return):
                self._outputs(op, types, native, quantize_ports)
            else:
                self._float_operation(op, native)

    def _int8_operation(self, op: Operation, rule: Int8Rule) -> None:
        for number in rule.activation_operands(op):
            value = op.operands[number]
            assert value is not None
            wanted = self.plan.type_of_operand(op, number)
            made = self._constant(value, wanted) if is_constant(value) else self._as_int8(value, wanted, op.location)
            op.set_operand(number, made)
        if rule.weight is not None:
            self._weights(op, rule)

    def _weights(self, op: Operation, rule: Int8Rule) -> None:
        assert rule.weight is not None and rule.bias is not None
        weight, bias = op.operands[rule.weight], op.operands[rule.bias] if rule.bias < len(op.operands) else None
        assert weight is not None
        kind = self._weight_type(op, rule, weight, bias)
        op.set_operand(rule.weight, self._constant(weight, kind))
        if bias is not None:
            op.set_operand(rule.bias, self._constant(bias, bias_type(scale_of(op.operands[0]), kind)))

    def _weight_type(self, op: Operation, rule: Int8Rule, weight: Value, bias: Value | None) -> QuantizedType:
        reals = real_numbers(weight)
        biases = None if bias is None else real_numbers(bias)
        axis = rule.weight_axis if self.per_channel else None
        if axis is not None and biases is not None and reals.shape[axis] != biases.size:
            axis = None  # grouped transposed convolution: its weight does not list all output channels on one axis
        return choose_weight_type(reals, biases, axis, scale_of(op.operands[0]), scale_of(op.results[0]))

    def _constant(self, value: Value, kind: QuantizedType) -> Value:
        """A constant as integers."""
        if (value, kind) not in self.stored:
            op = value.defining_op
            assert op is not None
            array = quantize_array(real_numbers(value), kind)
            type = TensorType(tuple(array.shape), kind)
            builder = Builder.after(self.module, op)
            attribute = self.module.constant(array, constant_name(value), type)
            made = builder.create("nn.constant", value=attribute).result
            made.name = value.name
            self.stored[value, kind] = made
        return self.stored[value, kind]

    def _as_int8(self, value: Value, kind: QuantizedType, user: Location) -> Value:
        """The value in the type: itself, or behind a quantization (of a float, or of another int8 type)."""
        if value.tensor.element == kind:
            return value
        if (value, kind) not in self.int8:
            builder = self._behind(value, user)
            made = builder.create("nn.quantize", value, to=value.tensor.with_element(kind)).result
            made.name = f"{value.name}_int8" if value.name else None
            self.int8[value, kind] = made
        return self.int8[value, kind]

    def _float_operation(self, op: Operation, native: set[Value]) -> None:
        for inner in op.walk():
            for number, value in enumerate(inner.operands):
                if value in native and value is not None:
                    inner.set_operand(number, self._as_real(value, op.location))

    def _as_real(self, value: Value, user: Location) -> Value:
        if value not in self.real:
            made = self._behind(value, user).create("nn.dequantize", value).result
            made.name = f"{value.name}_float" if value.name else None
            self.real[value] = made
        return self.real[value]

    def _outputs(
        self, op: Operation, types: dict[Value, QuantizedType], native: set[Value], quantize_ports: bool
    ) -> None:
        for number, value in enumerate(op.operands):
            if value is None or not holds_reals(value) or self.plan.is_float_constant(value):
                continue
            if quantize_ports and is_constant(value):
                op.set_operand(
                    number, self._constant(value, activation_type(constant_range(value), self.plan.classes.storage))
                )
            elif quantize_ports and value in types:
                op.set_operand(number, self._as_int8(value, types[value], op.location))
            elif value in native and not quantize_ports:
                op.set_operand(number, self._as_real(value, op.location))

    def _behind(self, value: Value, user: Location) -> Builder:
        """A builder right behind the value's definition."""
        if value.defining_op is not None:
            return Builder.after(self.module, value.defining_op)
        block = self.plan.function.body
        return Builder(self.module, block, block.first_op, user)


def _results(op: Operation, rule: Int8Rule) -> list[Value]:
    return [op.results[n] for n in rule.quantized_results(op)]


def scale_of(value: Value | None) -> float:
    """The scale of a value that is int8 for the tensor."""
    assert value is not None and isinstance(value.tensor.element, QuantizedType)
    return value.tensor.element.scale


def real_numbers(value: Value) -> Array:
    """The real numbers of a constant."""
    dense = constant_attribute(value)
    assert dense is not None
    return dense.real()


def constant_name(value: Value) -> str:
    """The name of a constant's resource for what is made of it."""
    return value.name or "constant"
