"""Canonical forms: of the many ways to write the same thing, the one that later passes look for.

    %c = "nn.constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
    %1 = "nn.sub"(%x, %c) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %2 = "nn.add"(%1, %c) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %3 = "nn.maximum"(%2, %zero) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>

becomes

    %3 = "nn.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>

The rules are in ``canonicalize_arithmetic``, ``canonicalize_clip``, ``canonicalize_control`` and
``canonicalize_movement``, each with a line that shows it.
"""

from __future__ import annotations

from ..ir.rewrite import RewritePass
from . import canonicalize_arithmetic, canonicalize_clip, canonicalize_control, canonicalize_movement

__all__ = [
    "Canonicalize",
    "canonicalize_arithmetic",
    "canonicalize_clip",
    "canonicalize_control",
    "canonicalize_movement",
]


class Canonicalize(RewritePass, name="canonicalize"):
    """Brings operations into one form: fewer operations, constants on the right, no operation that does nothing.

    * Constants stand on the right of what commutes. ``x - c`` is ``x + (-c)``; chains of constants are one. ``x / c``
      is ``x * (1 / c)`` only where 1 / c is exact, as for powers of two.
    * ``maximum``, ``minimum`` and ``relu`` of ``clip`` are one ``clip``; from 0 to infinity it is ``relu``.
    * Powers that have an operation of their own are that: ``square``, ``sqrt``, ``rsqrt``, ``reciprocal``. ``x * x``
      is ``square``.
    * A movement that moves nothing goes; of two in a row one is left; a broadcast goes where the user does it.
    * A branch whose condition is known stands in the place of both. Loops carry and stack what is needed and changes.

    Every rule keeps the numbers exactly, except that chains of constants are added or multiplied first and then rounded
    once, that a power may differ in its last bit from the operation of its name (and the root of -infinity is NaN), and
    for the sign of a zero. None works on quantized values, and none makes the model bigger: a combined
    constant is no bigger than the bigger part.
    """
