"""What targets compute in 8 bits, and what their kernels ask of scales and zero points.

A target has one table, keyed by the name of the ``nn`` operation (in the form that ``expand-for-<target>`` leaves). A
quantizing pass asks it for an operation and gets its :class:`Int8Rule`, or the reason why it has to stay float:

    rule = int8_kernels("tflite").rule(op)
    if isinstance(rule, str):
        ...                       # the reason, for the warning
    else:
        rule.activations          # numbers of the operands that become asymmetric i8, one scale for the tensor
        rule.weight, rule.bias    # numbers of the constant operands: symmetric i8 along rule.weight_axis, and i32
        rule.results              # numbers of the results that become i8; the others keep their type (indices, i1)
        rule.same_scale           # all of them share one scale and zero point
        rule.fixed_output         # (scale, zero point) that the kernel prescribes, or None
        rule.scales               # (least, bound): least <= scale < bound for the activations, or None
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

import attrs

from .core import Operation
from .module import constant_attribute
from .types import I8, ElementType

_TABLES = {"tflite": "nncc.ir.dialects.tfl.quantization", "onnx": "nncc.ir.dialects.onnx.quantization"}
INT8_TARGETS = tuple(_TABLES)
"""The targets that have 8-bit kernels."""


@attrs.frozen
class Limit:
    """What an operation must be to have an int8 kernel: in words, and as a function that says why it is not."""

    text: str
    reason: Callable[[Operation], str | None]


def _computed_weights(op: Operation) -> str | None:
    for operand in op.operands[1:]:
        if operand is not None and constant_attribute(operand) is None:
            return "its weights are computed, not constant"
    return None


CONSTANT_WEIGHTS = Limit("constant weights", _computed_weights)


@attrs.frozen
class Int8Rule:
    """How one operation is quantized; see the module's description. Operands are counted from 0."""

    activations: tuple[int, ...] | None = (0,)
    """None: all operands (a variadic operation)."""
    results: tuple[int, ...] | None = (0,)
    """None: all results."""
    weight: int | None = None
    weight_axis: int | None = None
    """The axis of the output channels in the weight of the nn operation: one scale for each of them."""
    bias: int | None = None
    same_scale: bool = False
    fixed_output: tuple[float, int] | None = None
    scales: tuple[float, float] | None = None
    """The kernel takes activations with these scales only: from the first one, and below the second."""
    limit: Limit | None = None

    def activation_operands(self, op: Operation) -> list[int]:
        """The numbers of the operands of ``op`` that become i8 activations and are there."""
        numbers = range(len(op.operands)) if self.activations is None else self.activations
        return [i for i in numbers if i < len(op.operands) and op.operands[i] is not None]

    def quantized_results(self, op: Operation) -> list[int]:
        """The numbers of the results of ``op`` that become i8."""
        return list(range(len(op.results)) if self.results is None else self.results)


@attrs.frozen
class Int8Kernels:
    """The 8-bit kernels of a target; ``runtime`` is what has them, for messages."""

    runtime: str
    rules: Mapping[str, Int8Rule]
    storage: ElementType = I8
    """What activations are stored as; weights are always i8."""

    def rule(self, op: Operation) -> Int8Rule | str:
        """The rule for an nn operation; a string says why there is none for it."""
        rule = self.rules.get(op.name)
        if rule is None:
            return f"{self.runtime} has no int8 kernel for it"
        for number in rule.activation_operands(op):
            value = op.operands[number]
            if value is not None and not value.tensor.expressed.is_float:
                return f"operand {number} holds {value.tensor.element}, not real numbers"
        reason = rule.limit.reason(op) if rule.limit else None
        return reason or rule


def int8_kernels(target: str) -> Int8Kernels:
    """The kernels of one of ``INT8_TARGETS``. Its dialect is imported."""
    found: Int8Kernels = importlib.import_module(_TABLES[target]).INT8_KERNELS
    return found
