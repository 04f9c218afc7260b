"""Which operations run on 8-bit integers where they stand between DequantizeLinear and QuantizeLinear.

The table is keyed by the name of the ``nn`` operation, see :mod:`nncc.ir.int8`. It holds what onnxruntime 1.31 fuses
into kernels of its own (QLinearConv, QGemm, QLinearAdd, QLinearSoftmax, ...) and what only moves or picks elements, for
which it drops the conversions around. All else is better computed in float: the conversions cost time and digits, and
save nothing. No kernel prescribes a scale.

Activations are unsigned: on x86 onnxruntime makes signed ones unsigned before it fuses, but only where a QuantizeLinear
has one user, after which the rest fits no kernel any more. tests/lowering/onnx runs them.
"""

from __future__ import annotations

from typing import Any

from ...int8 import CONSTANT_WEIGHTS, Int8Kernels, Int8Rule
from ...types import UI8

_SAME: dict[str, Any] = {"same_scale": True}
INT8_RULES: dict[str, Int8Rule] = {
    # Weights
    "nn.conv": Int8Rule(weight=1, weight_axis=0, bias=2, limit=CONSTANT_WEIGHTS),
    "nn.conv_transpose": Int8Rule(weight=1, weight_axis=1, bias=2, limit=CONSTANT_WEIGHTS),
    "nn.affine": Int8Rule(weight=1, weight_axis=1, bias=2, limit=CONSTANT_WEIGHTS),
    "nn.matmul": Int8Rule(activations=(0, 1)),
    # Windows
    "nn.max_pool": Int8Rule(**_SAME),
    "nn.average_pool": Int8Rule(),
    "nn.resize": Int8Rule(**_SAME),
    # Arithmetic
    "nn.add": Int8Rule(activations=(0, 1)),
    "nn.mul": Int8Rule(activations=(0, 1)),
    # Activations
    "nn.relu": Int8Rule(),
    "nn.clip": Int8Rule(),
    "nn.leaky_relu": Int8Rule(),
    "nn.sigmoid": Int8Rule(),
    "nn.softmax": Int8Rule(),
    # Reductions
    "nn.reduce_mean": Int8Rule(),
    "nn.argmax": Int8Rule(results=()),
    # Choice
    "nn.select": Int8Rule(activations=(1, 2), **_SAME),
    # Data movement
    "nn.reshape": Int8Rule(**_SAME),
    "nn.transpose": Int8Rule(**_SAME),
    "nn.concat": Int8Rule(activations=None, **_SAME),
    "nn.split": Int8Rule(results=None, **_SAME),
    "nn.slice": Int8Rule(**_SAME),
    "nn.pad": Int8Rule(**_SAME),
    "nn.gather": Int8Rule(**_SAME),
    "nn.broadcast_to": Int8Rule(**_SAME),
    "nn.depth_to_space": Int8Rule(**_SAME),
    "nn.space_to_depth": Int8Rule(**_SAME),
}
INT8_KERNELS = Int8Kernels("onnxruntime", INT8_RULES, storage=UI8)
