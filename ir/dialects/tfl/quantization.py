"""Which operations TFLite's kernels compute in 8 bits, and what they ask of scales and zero points.

The table is keyed by the name of the ``nn`` operation, see :mod:`nncc.ir.int8`. What is quantized how is Google's
"LiteRT 8-bit quantization specification" (ai.google.dev/edge/litert): activations asymmetric in [-128, 127] per tensor,
weights symmetric in [-127, 127] with zero point 0 along the output channels, bias i32 with scale = scale(input) *
scale(weight) and zero point 0. What kernels exist is LiteRT's own code, tried by tests/backends/tflite.

``same_scale`` ties the parameters, it says nothing about ranges: an operation that only moves or picks elements (pad,
max_pool, slice, ...) takes its result's parameters from its data operand, so that what it adds (padding with minus
infinity saturates) does not widen the range; ``concat``, ``maximum``, ``minimum`` and ``select`` take one range that
holds all operands.
"""

from __future__ import annotations

from typing import Any

from ...core import Operation
from ...int8 import CONSTANT_WEIGHTS, Int8Kernels, Int8Rule, Limit


def _rank_of(op: Operation) -> int:
    return max((v.tensor.rank for v in (*op.operands, *op.results) if v is not None), default=0)


def _at_most(rank: int) -> Limit:
    def reason(op: Operation) -> str | None:
        found = _rank_of(op)
        return f"TFLite's int8 kernel takes at most {rank} dimensions, this has {found}" if found > rank else None

    return Limit(f"at most {rank} dimensions", reason)


def _no_image(op: Operation) -> str | None:
    rank = _rank_of(op)
    if rank != 4:
        return f"TFLite's int8 kernel works on images (4 dimensions), this has {rank}"
    return CONSTANT_WEIGHTS.reason(op)


def _other_axis(op: Operation) -> str | None:
    operand = op.operands[0]
    axis = op.attributes.get("axis", -1)
    if operand is not None and axis not in (-1, operand.tensor.rank - 1):
        return "TFLite's kernel works along the last axis"
    return None


_CONVOLUTION = Limit("images (4 dimensions), constant weights", _no_image)
_IMAGE = Limit("images (4 dimensions)", _no_image)
_LAST_AXIS = Limit("along the last axis", _other_axis)

COMPARED_SCALES = (1 / 256, 1.0)
"""LiteRT compares 256 * real numbers, rounded to integers: a finer step is lost, and a step of 1 or more is none of the
factors that it computes with (it ends the process, or gives other numbers)."""

_SAME: dict[str, Any] = {"same_scale": True}
INT8_RULES: dict[str, Int8Rule] = {
    # Weights
    "nn.conv": Int8Rule(weight=1, weight_axis=0, bias=2, limit=_CONVOLUTION),
    "nn.conv_transpose": Int8Rule(weight=1, weight_axis=1, bias=2, limit=_CONVOLUTION),
    "nn.affine": Int8Rule(weight=1, weight_axis=1, bias=2, limit=CONSTANT_WEIGHTS),
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
        f"nn.{name}": Int8Rule(activations=(0, 1), results=(), scales=COMPARED_SCALES, limit=_at_most(4))
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
INT8_KERNELS = Int8Kernels("TFLite", INT8_RULES)
int8_rule = INT8_KERNELS.rule
