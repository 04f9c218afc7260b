"""The part of a value's range that its users can tell apart.

hard_swish gives 0 for all x <= -3: an input range that ends there has finer steps and loses nothing. The same holds for
whatever saturates; smooth functions count as saturated where the rest is a small part of the output's step.
"""

from __future__ import annotations

import math

from ...ir import Operation, Value
from .parameters import Range

EVERYTHING = (-math.inf, math.inf)
SATURATES: dict[str, Range] = {
    "nn.relu": (0.0, math.inf),
    "nn.hard_swish": (-3.0, math.inf),
    "nn.sigmoid": (-8.0, 8.0),  # sigmoid(-8) = 0.0003, the step is 1/256
    "nn.tanh": (-4.0, 4.0),  # 1 - tanh(4) = 0.0007, the step is 1/128
    "nn.gelu": (-4.0, math.inf),  # gelu(-4) = -0.0001
    "nn.elu": (-8.0, math.inf),  # elu(-8) = -1 + 0.0003
}
"""Outside of which range of x the result stays what it is at the range's end."""


def distinguished(value: Value) -> Range:
    """The range outside of which no user of a value cares how far outside; it contains 0."""
    low, high = 0.0, 0.0
    for op in value.users:
        found = _distinguished_by(op)
        low, high = min(low, found[0]), max(high, found[1])
    return (low, high) if value.has_uses else EVERYTHING


def _distinguished_by(op: Operation) -> Range:
    if op.name == "nn.clip":
        return float(op.attributes.get("min", -math.inf)), float(op.attributes.get("max", math.inf))
    return SATURATES.get(op.name, EVERYTHING)
