"""Elementwise functions that nnabla-c-runtime has not: comparisons, choices, parts of numbers, copies along axes.

Sign and ReLU make truth values: ReLU(Sign(a - b)) is 1 where a > b and 0 elsewhere. A difference of floats is 0 where
they are equal and nowhere else; that of two equal infinities is NaN, which Sign takes for 0, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...ir import Value
from ...ir.dialects.nnp import Variable
from ...ir.types import F32, Array, Shape
from .runtime import RuntimeTarget, stands_for

# Comparisons and logic


@stands_for("Greater", "GreaterScalar")
def greater(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return _above(t, _difference(t, dims, a, b, val), False)


@stands_for("GreaterEqual", "GreaterEqualScalar")
def greater_equal(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return _above(t, _difference(t, dims, a, b, val), True)


@stands_for("Less", "LessScalar")
def less(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return _above(t, _reversed_difference(t, dims, a, b, val), False)


@stands_for("LessEqual", "LessEqualScalar")
def less_equal(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return _above(t, _reversed_difference(t, dims, a, b, val), True)


@stands_for("NotEqual", "NotEqualScalar")
def not_equal(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return t.like("Abs", t.like("Sign", _difference(t, dims, a, b, val), alpha=0.0))


@stands_for("Equal", "EqualScalar")
def equal(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None = None, val: float = 0.0) -> Value:
    return logical_not(t, dims, not_equal(t, dims, a, b, val))


def _difference(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None, val: float) -> Value:
    if b is not None:
        return t.value("Sub2", a, b, dims=dims)
    return a if val == 0 else t.like("AddScalar", a, val=-val)


def _reversed_difference(t: RuntimeTarget, dims: Shape, a: Value, b: Value | None, val: float) -> Value:
    return t.value("Sub2", b, a, dims=dims) if b is not None else t.like("RSubScalar", a, val=val)


def _above(t: RuntimeTarget, x: Value, or_equal: bool) -> Value:
    """1 where x > 0 (or 0), else 0."""
    return t.like("ReLU", t.like("Sign", x, alpha=1.0 if or_equal else 0.0))


@stands_for("LogicalNot")
def logical_not(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    return t.like("RSubScalar", x, val=1.0)


@stands_for("LogicalAnd")
def logical_and(t: RuntimeTarget, dims: Shape, a: Value, b: Value) -> Value:
    return t.value("Mul2", a, b, dims=dims)


@stands_for("LogicalOr")
def logical_or(t: RuntimeTarget, dims: Shape, a: Value, b: Value) -> Value:
    return t.value("Maximum2", a, b, dims=dims)


@stands_for("LogicalXor")
def logical_xor(t: RuntimeTarget, dims: Shape, a: Value, b: Value) -> Value:
    return t.like("Abs", t.value("Sub2", a, b, dims=dims))


@stands_for("IsInf")
def is_inf(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    return greater(t, dims, t.like("Abs", x), val=float(np.finfo(np.float32).max))


@stands_for("IsNaN")
def is_nan(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    """MaximumScalar gives its number for NaN: max(x, -1) and max(-x, -1) are both -1 for no other x."""
    sides = (x, t.like("MulScalar", x, val=-1.0))
    above = [greater(t, dims, t.like("MaximumScalar", side, val=-1.0), val=-1.0) for side in sides]
    return logical_not(t, dims, logical_or(t, dims, *above))


@stands_for("Where")
def choose(t: RuntimeTarget, dims: Shape, condition: Value, on_true: Value, on_false: Value) -> Value:
    """max(min(on_true, h), min(on_false, -h)), where h is infinite: above where the condition holds, below elsewhere.

    A product with the condition would be NaN where what is not chosen is infinite. All three have one rank.
    """
    high, low = _bounds(t, condition)
    kept = [t.value("Minimum2", v, bound, dims=_joined(v, bound)) for v, bound in ((on_true, high), (on_false, low))]
    return t.value("Maximum2", *kept, dims=dims)


def _bounds(t: RuntimeTarget, condition: Value) -> tuple[Value, Value]:
    known = stored_numbers(condition)
    if known is not None:
        bound = np.where(known != 0, math.inf, -math.inf).astype(F32.dtype)
        return t.constant(bound, "chosen"), t.constant(-bound, "left")
    high = t.like("MulScalar", t.like("AddScalar", condition, val=-0.5), val=math.inf)
    return high, t.like("MulScalar", high, val=-1.0)


def stored_numbers(value: Value) -> Array | None:
    """The numbers of a parameter; None of another value."""
    made = value.defining_op
    return made.value.read() if isinstance(made, Variable) and made.value is not None else None


def _joined(a: Value, b: Value) -> Shape:
    """What two shapes of one rank broadcast to."""
    return tuple(n if m == 1 else m for m, n in zip(a.tensor.dims, b.tensor.dims, strict=True))


# Parts of numbers


@stands_for("Floor")
def floor(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    near = t.like("Round", x)
    return t.like("Sub2", near, greater(t, dims, near, x))


@stands_for("Ceil")
def ceil(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    near = t.like("Round", x)
    return t.like("Add2", near, greater(t, dims, x, near))


@stands_for("Mod2")
def remainder(t: RuntimeTarget, dims: Shape, a: Value, b: Value, fmod: bool = False) -> Value:
    """The rest with the sign of a. The quotient is rounded, so that the rest may be one divisor off: that is mended."""
    size, divisor = t.like("Abs", a), t.like("Abs", b)
    count = t.value("Floor", t.value("Div2", size, divisor, dims=dims), dims=dims)
    rest = t.value("Sub2", size, t.value("Mul2", count, divisor, dims=dims), dims=dims)
    for mend, is_off in (("Add2", less(t, dims, rest)), ("Sub2", greater_equal(t, dims, rest, divisor))):
        rest = t.value(mend, rest, t.value("Mul2", is_off, divisor, dims=dims), dims=dims)
    return t.value("Mul2", rest, t.like("Sign", a, alpha=0.0), dims=dims)


# Bounds


@stands_for("ReLU6")
def relu6(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    return t.like("MinimumScalar", t.like("ReLU", x), val=6.0)


@stands_for("HardTanh")
def hard_tanh(t: RuntimeTarget, dims: Shape, x: Value) -> Value:
    return t.like("MinimumScalar", t.like("MaximumScalar", x, val=-1.0), val=1.0)


@stands_for("SquaredError")
def squared_error(t: RuntimeTarget, dims: Shape, a: Value, b: Value) -> Value:
    difference = t.value("Sub2", a, b, dims=dims)
    return t.like("Mul2", difference, difference)


# Copies along axes


@stands_for("Broadcast")
def broadcast(t: RuntimeTarget, dims: Shape, x: Value, shape: Sequence[int] = ()) -> Value:
    """A sum with zeros along the axes that grow: the runtime broadcasts both operands."""
    sizes = tuple(1 if own == d else d for own, d in zip(x.tensor.dims, dims, strict=True))
    return t.value("Add2", x, t.constant(np.zeros(sizes, np.float32), "zeros"), dims=dims)


@stands_for("Tile")
def tile(t: RuntimeTarget, dims: Shape, x: Value, reps: Sequence[int] = ()) -> Value:
    """Each axis split in two, copies and what is copied, so that it is a broadcast."""
    own = x.tensor.static_shape
    single = tuple(n for d in own for n in (1, d))
    copied = tuple(n for pair in zip(reps, own, strict=True) for n in pair)
    return t.reshape(broadcast(t, copied, t.reshape(x, single)), dims)


@stands_for("Slice")
def backwards(t: RuntimeTarget, dims: Shape, x: Value, **arguments: Any) -> Value | None:
    """The runtime knows no negative steps: what they take is turned around first."""
    start, stop, step = (list(arguments[name]) for name in ("start", "stop", "step"))
    skipped = x.tensor.rank - len(step)
    turned = [i for i, s in enumerate(step) if s < 0]
    if not turned:
        return None
    for i in turned:
        length, count = x.tensor.static_shape[skipped + i], dims[skipped + i]
        assert isinstance(count, int)
        start[i], step[i] = length - 1 - start[i], -step[i]
        stop[i] = start[i] + (count - 1) * step[i] + 1
    flipped = t.like("Flip", x, axes=tuple(skipped + i for i in turned))
    return t.value("Slice", flipped, dims=dims, start=tuple(start), stop=tuple(stop), step=tuple(step))
