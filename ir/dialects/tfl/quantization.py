"""Which operations TFLite's kernels compute in 8 bits, and what they ask of scales and zero points.

The one table that says so, keyed by the name of the ``nn`` operation (in the form that ``expand-for-tfl`` leaves: every
operation has one TFLite counterpart). A quantizing pass asks :func:`int8_rule` for an operation and gets its
:class:`Int8Rule`, or the reason why it has to stay float:

    rule = int8_rule(op)
    if isinstance(rule, str):
        ...                       # the reason, for the warning
    else:
        rule.activations          # numbers of the operands that become asymmetric i8, one scale for the tensor
        rule.weight, rule.bias    # numbers of the constant operands: symmetric i8 along rule.weight_axis, and i32
        rule.results              # numbers of the results that become i8; the others keep their type (indices, i1)
        rule.same_scale           # all of them share one scale and zero point
        rule.fixed_output         # (scale, zero point) that the kernel prescribes, or None

What is quantized how is Google's "LiteRT 8-bit quantization specification" (ai.google.dev/edge/litert): activations
asymmetric in [-128, 127] per tensor, weights symmetric in [-127, 127] with zero point 0 along the output channels,
bias i32 with scale = scale(input) * scale(weight) and zero point 0. What kernels exist is LiteRT's own code, tried by
tests/backends/tflite.

``same_scale`` ties the parameters, it says nothing about ranges: an operation that only moves or picks elements (pad,
max_pool, slice, ...) takes its result's parameters from its data operand, so that what it adds (padding with minus
infinity saturates) does not widen the range; ``concat``, ``maximum``, ``minimum`` and ``select`` take one range that
holds all operands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from ...core import Operation
from ...module import constant_attribute


@attrs.frozen
class Limit:
    """What an operation must be to have an int8 kernel: in words, and as a function that says why it is not."""

    text: str
    reason: Callable[[Operation], str | None]


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
    limit: Limit | None = None

    def activation_operands(self, op: Operation) -> list[int]:
        """The numbers of the operands of ``op`` that become i8 activations and are there."""
        numbers = range(len(op.operands)) if self.activations is None else self.activations
        return [i for i in numbers if i < len(op.operands) and op.operands[i] is not None]

    def quantized_results(self, op: Operation) -> list[int]:
        """The numbers of the results of ``op`` that become i8."""
        return list(range(len(op.results)) if self.results is None else self.results)


def int8_rule(op: Operation) -> Int8Rule | str:
    """The rule for an nn operation; a string says why there is none for it."""
    rule = INT8_RULES.get(op.name)
    if rule is None:
        return "TFLite has no int8 kernel for it"
    for number in rule.activation_operands(op):
        value = op.operands[number]
        if value is not None and not value.tensor.expressed.is_float:
            return f"operand {number} holds {value.tensor.element}, not real numbers"
    reason = rule.limit.reason(op) if rule.limit else None
    return reason or rule


def _rank_of(op: Operation) -> int:
    return max((v.tensor.rank for v in (*op.operands, *op.results) if v is not None), default=0)


def _at_most(rank: int) -> Limit:
    def reason(op: Operation) -> str | None:
        found = _rank_of(op)
        return f"TFLite's int8 kernel takes at most {rank} dimensions, this has {found}" if found > rank else None

    return Limit(f"at most {rank} dimensions", reason)


def _computed_weights(op: Operation) -> str | None:
    for operand in op.operands[1:]:
        if operand is not None and constant_attribute(operand) is None:
            return "its weights are computed, not constant"
    return None


def _no_image(op: Operation) -> str | None:
    rank = _rank_of(op)
    if rank != 4:
        return f"TFLite's int8 kernel works on images (4 dimensions), this has {rank}"
    return _computed_weights(op)


def _other_axis(op: Operation) -> str | None:
    operand = op.operands[0]
    axis = op.attributes.get("axis", -1)
    if operand is not None and axis not in (-1, operand.tensor.rank - 1):
        return "TFLite's kernel works along the last axis"
    return None


_CONSTANT_WEIGHTS = Limit("constant weights", _computed_weights)
_CONVOLUTION = Limit("images (4 dimensions), constant weights", _no_image)
_IMAGE = Limit("images (4 dimensions)", _no_image)
_LAST_AXIS = Limit("along the last axis", _other_axis)

_SAME: dict[str, Any] = {"same_scale": True}
INT8_RULES: dict[str, Int8Rule] = {
    # Weights
    "nn.conv": Int8Rule(weight=1, weight_axis=0, bias=2, limit=_CONVOLUTION),
    "nn.conv_transpose": Int8Rule(weight=1, weight_axis=1, bias=2, limit=_CONVOLUTION),
    "nn.affine": Int8Rule(weight=1, weight_axis=1, bias=2, limit=_CONSTANT_WEIGHTS),
    "nn.matmul": Int8Rule(activations=(0, 1), limit=_at_most(5)),
    # Windows
    "nn.max_pool": Int8Rule(**_SAME),
    "nn.average_pool": Int8Rule(**_SAME),
    "nn.resize": Int8Rule(**_SAME),
    # Arithmetic
    "nn.add": Int8Rule(activations=(0, 1), limit=_at_most(6)),
    "nn.sub": Int8Rule(activations=(0, 1), limit=_at_most(6)),
    "nn.mul": Int8Rule(activations=(0, 1), limit=_at_most(6)),
    "nn.squared_difference": Int8Rule(activations=(0, 1), limit=_at_most(6)),
    "nn.maximum": Int8Rule(activations=(0, 1), limit=_at_most(5), **_SAME),
    "nn.minimum": Int8Rule(activations=(0, 1), limit=_at_most(5), **_SAME),
    "nn.abs": Int8Rule(),
    "nn.neg": Int8Rule(),
    "nn.square": Int8Rule(),
    "nn.exp": Int8Rule(),
    "nn.log": Int8Rule(),
    "nn.rsqrt": Int8Rule(),
    # Activations
    "nn.relu": Int8Rule(),
    "nn.clip": Int8Rule(),
    "nn.leaky_relu": Int8Rule(),
    "nn.prelu": Int8Rule(activations=(0, 1), limit=_at_most(4)),
    "nn.elu": Int8Rule(),
    "nn.gelu": Int8Rule(),
    "nn.hard_swish": Int8Rule(),
    "nn.sigmoid": Int8Rule(fixed_output=(1 / 256, -128)),
    "nn.tanh": Int8Rule(fixed_output=(1 / 128, 0)),
    "nn.softmax": Int8Rule(fixed_output=(1 / 256, -128), limit=_LAST_AXIS),
    "nn.log_softmax": Int8Rule(fixed_output=(16 / 256, 127), limit=_LAST_AXIS),
    # Reductions
    "nn.reduce_mean": Int8Rule(),
    "nn.reduce_sum": Int8Rule(),
    "nn.reduce_max": Int8Rule(**_SAME),
    "nn.reduce_min": Int8Rule(**_SAME),
    "nn.argmax": Int8Rule(results=()),
    "nn.argmin": Int8Rule(results=()),
    "nn.top_k": Int8Rule(results=(0,), **_SAME),
    # Comparisons
    **{
        f"nn.{name}": Int8Rule(activations=(0, 1), results=(), limit=_at_most(4))
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    },
    "nn.select": Int8Rule(activations=(1, 2), limit=_at_most(5), **_SAME),
    # Data movement
    "nn.reshape": Int8Rule(**_SAME),
    "nn.transpose": Int8Rule(limit=_at_most(6), **_SAME),
    "nn.concat": Int8Rule(activations=None, **_SAME),
    "nn.split": Int8Rule(results=None, **_SAME),
    "nn.slice": Int8Rule(limit=_at_most(5), **_SAME),
    "nn.pad": Int8Rule(limit=_at_most(5), **_SAME),
    "nn.tile": Int8Rule(limit=_at_most(8), **_SAME),
    "nn.broadcast_to": Int8Rule(limit=_at_most(8), **_SAME),
    "nn.reverse": Int8Rule(**_SAME),
    "nn.gather": Int8Rule(**_SAME),
    "nn.gather_nd": Int8Rule(**_SAME),
    "nn.depth_to_space": Int8Rule(limit=_IMAGE, **_SAME),
    "nn.space_to_depth": Int8Rule(limit=_IMAGE, **_SAME),
}
