# mypy: allow-untyped-defs, no-check-untyped-defs
"""Canonical forms of arithmetic; see :class:`nncc.passes.canonicalize.Canonicalize` for what all rules keep to."""

# fmt: off
# A rule is two expressions, and reads best as two lines.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir import Trait, Value
from ..ir.dialects import nn
from ..ir.module import constant_attribute
from ..ir.rewrite import OpRewrite, Rewrite, Rewriter, known_array, rewrite
from ..ir.types import Array, ElementType

NAME = "canonicalize"


# Neutral elements


@rewrite(NAME)
class AddZero(Rewrite):
    """x + 0   →   x"""

    def pattern(p, x):      return p.add(x, 0.0)
    def replacement(b, x):  return x


@rewrite(NAME)
class SubtractFromZero(Rewrite):
    """0 - x   →   -x"""

    def pattern(p, x):      return p.sub(0.0, x)
    def replacement(b, x):  return b.nn.neg(x)


@rewrite(NAME)
class MultiplyByOne(Rewrite):
    """x * 1   →   x"""

    def pattern(p, x):      return p.mul(x, 1.0)
    def replacement(b, x):  return x


@rewrite(NAME)
class MultiplyByMinusOne(Rewrite):
    """x * -1   →   -x"""

    def pattern(p, x):      return p.mul(x, -1.0)
    def replacement(b, x):  return b.nn.neg(x)


@rewrite(NAME)
class DivideByOne(Rewrite):
    """x / 1   →   x"""

    def pattern(p, x):      return p.div(x, 1.0)
    def replacement(b, x):  return x


# Signs


@rewrite(NAME)
class NegateTwice(Rewrite):
    """-(-x)   →   x"""

    def pattern(p, x):      return p.neg(p.neg(x).shared())
    def replacement(b, x):  return x


@rewrite(NAME)
class NegateDifference(Rewrite):
    """-(x - y)   →   y - x"""

    def pattern(p, x, y):      return p.neg(p.sub(x, y))
    def replacement(b, x, y):  return b.nn.sub(y, x)


@rewrite(NAME)
class AddNegated(Rewrite):
    """x + (-y)   →   x - y"""

    def pattern(p, x, y):      return p.add(x, p.neg(y).shared())
    def replacement(b, x, y):  return b.nn.sub(x, y)


@rewrite(NAME)
class SubtractNegated(Rewrite):
    """x - (-y)   →   x + y"""

    def pattern(p, x, y):      return p.sub(x, p.neg(y).shared())
    def replacement(b, x, y):  return b.nn.add(x, y)


@rewrite(NAME)
class AbsoluteOfSigned(Rewrite):
    """|-x|, ||x||   →   |x|"""

    def pattern(p, x):      return p.abs(p.one_of(p.neg(x).shared(), p.abs(x).shared()))
    def replacement(b, x):  return b.nn.abs(x)


@rewrite(NAME)
class SquareOfSigned(Rewrite):
    """square(-x), square(|x|)   →   square(x)"""

    def pattern(p, x):      return p.square(p.one_of(p.neg(x).shared(), p.abs(x).shared()))
    def replacement(b, x):  return b.nn.square(x)


# Constants


def is_constant(value: Value) -> bool:
    """Whether a constant operation makes the value."""
    return constant_attribute(value) is not None


@rewrite(NAME)
class ConstantToTheRight(OpRewrite):
    """c + x   →   x + c, and so on for all that commutes"""

    def match_and_rewrite(self, op: nn.BinaryOp, rw: Rewriter) -> bool:
        lhs, rhs = op.lhs, op.rhs
        if Trait.COMMUTATIVE not in op.traits or not is_constant(lhs) or is_constant(rhs):
            return False
        op.set_operands((rhs, lhs))
        return rw.changed(op)


@rewrite(NAME)
class SubtractConstant(Rewrite):
    """x - c   →   x + (-c)"""

    def pattern(p, x):  return p.sub(x, p.constant("c"))
    def check(x, c):    return not_known(c) or ("both are constants" if is_constant(x) else None)

    def replacement(b, x, c):
        return b.nn.add(x, combined(np.negative, c))


@rewrite(NAME)
class DivideByPowerOfTwo(Rewrite):
    """x / c   →   x * (1 / c), where every 1 / c is exact"""

    def pattern(p, x):  return p.div(x, p.constant("c"))
    def check(c):       return not_known(c) or (None if has_exact_reciprocal(c) else "1 / c is not exact")

    def replacement(b, x, c):
        return b.nn.mul(x, combined(np.reciprocal, c))


@rewrite(NAME)
class AddConstants(Rewrite):
    """(x + a) + b   →   x + (a + b)"""

    def pattern(p, x):  return p.add(p.add(x, p.constant("a")), p.constant("b"))
    def check(a, b):    return not_combinable(np.add, a, b)

    def replacement(build, x, a, b):
        return build.nn.add(x, combined(np.add, a, b))


@rewrite(NAME)
class MultiplyConstants(Rewrite):
    """(x * a) * b   →   x * (a * b)"""

    def pattern(p, x):  return p.mul(p.mul(x, p.constant("a")), p.constant("b"))
    def check(a, b):    return not_combinable(np.multiply, a, b)

    def replacement(build, x, a, b):
        return build.nn.mul(x, combined(np.multiply, a, b))


@rewrite(NAME)
class MultiplyNegated(Rewrite):
    """(-x) * c, -(x * c)   →   x * (-c)"""

    def pattern(p, x):
        c = p.constant("c")
        return p.one_of(p.mul(p.neg(x).shared(), c), p.neg(p.mul(x, c)))

    def check(c):
        return not_known(c)

    def replacement(b, x, c):
        return b.nn.mul(x, combined(np.negative, c))


def not_known(*constants: Value) -> str | None:
    """The reason why constants cannot be computed with; None if they can."""
    return "its data is not in the text" if any(known_array(c) is None for c in constants) else None


def not_combinable(function: Callable[..., Any], a: Value, b: Value) -> str | None:
    """Why two constants should not become one: it would be bigger, or would not do what both do; None if they may."""
    unknown = not_known(a, b)
    if unknown is not None:
        return unknown
    wide = _wide(function, a, b)
    if wide.size > max(a.tensor.size, b.tensor.size):
        return "the constants broadcast to a bigger one"
    dtype = a.tensor.storage.dtype
    if dtype.kind in "iu":
        return None  # integers wrap around either way
    if dtype.kind != "f":
        return f"constants of {a.tensor.storage} are not combined"
    limits, size = np.finfo(dtype), np.abs(wide)
    if not np.all((size == 0) | ((size >= limits.tiny) & (size <= limits.max))):
        return "the combined constant is out of the range of its type"
    largest = np.maximum(np.abs(_numbers(a)), np.abs(_numbers(b)))
    if function is np.add and np.any((largest > limits.eps**-0.5) & (size < largest / 256)):
        return "they cancel out, which rounds on purpose"  # (x + 1.5 * 2^23) - 1.5 * 2^23 rounds x
    return None


def combined(function: Callable[..., Any], *constants: Value) -> Array:
    """A function of constants, computed in double precision and rounded once."""
    return _wide(function, *constants).astype(constants[0].tensor.storage.dtype)


def _wide(function: Callable[..., Any], *constants: Value) -> Array:
    arrays = [_numbers(c) for c in constants]
    with np.errstate(all="ignore"):
        return np.asarray(function(*(a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays)))


def _numbers(c: Value) -> Array:
    array = known_array(c)
    assert array is not None  # not_known has been asked
    return array


def has_exact_reciprocal(c: Value) -> bool:
    """Whether all elements are powers of two, and so are what their type holds of 1 / them."""
    array = _numbers(c)
    if array.dtype.kind != "f":
        return False
    mantissas, exponents = np.frexp(array)
    limits = np.finfo(array.dtype)
    in_range = (-exponents + 2 > limits.minexp) & (-exponents < limits.maxexp)
    return bool(np.all((np.abs(mantissas) == 0.5) & in_range))


# Powers


POWERS = {2.0: "square", 1.0: "identity", 0.5: "sqrt", -0.5: "rsqrt", -1.0: "reciprocal"}
"""Exponents that have an operation of their own."""


def not_float(x: Value) -> str | None:
    """The reason for an operation that floats alone have."""
    return None if x.tensor.expressed.is_float else "it is not of floats"


@rewrite(NAME)
class NamePower(Rewrite):
    """pow(x, c) for c = 2, 1, 0.5, -0.5, -1   →   square(x), x, sqrt(x), rsqrt(x), reciprocal(x)"""

    def pattern(p, x):                return p.pow(x, p.number("exponent"))
    def check(x, exponent):           return not_float(x) or (None if exponent in POWERS else "no other name")
    def replacement(b, x, exponent):  return getattr(b.nn, POWERS[exponent])(x)


@rewrite(NAME)
class SquareOfItself(Rewrite):
    """x * x   →   square(x)"""

    def pattern(p, x):      return p.mul(x, x)
    def replacement(b, x):  return b.nn.square(x)


@rewrite(NAME)
class ReciprocalQuotient(Rewrite):
    """1 / x   →   reciprocal(x)"""

    def pattern(p, x):      return p.div(1.0, x)
    def check(x):           return not_float(x)
    def replacement(b, x):  return b.nn.reciprocal(x)


@rewrite(NAME)
class ReciprocalRoot(Rewrite):
    """reciprocal(sqrt(x))   →   rsqrt(x)"""

    def pattern(p, x):      return p.reciprocal(p.sqrt(x))
    def replacement(b, x):  return b.nn.rsqrt(x)


# Choices and types


@rewrite(NAME)
class NotTwice(Rewrite):
    """not not x   →   x"""

    def pattern(p, x):      return p.logical_not(p.logical_not(x).shared())
    def replacement(b, x):  return x


@rewrite(NAME)
class SelectByNot(Rewrite):
    """select(not c, x, y)   →   select(c, y, x)"""

    def pattern(p, c, x, y):      return p.select(p.logical_not(c).shared(), x, y)
    def replacement(b, c, x, y):  return b.nn.select(c, y, x)


@rewrite(NAME)
class SelectSame(Rewrite):
    """select(c, x, x)   →   x"""

    def pattern(p, c, x):      return p.select(c, x, x)
    def replacement(b, c, x):  return x


@rewrite(NAME)
class SelectByConstant(Rewrite):
    """select(true, x, y), select(false, x, y)   →   x, y"""

    def pattern(p, x, y):              return p.select(p.number("chosen"), x, y)
    def replacement(b, x, y, chosen):  return x if chosen else y


@rewrite(NAME)
class CastToSame(Rewrite):
    """cast(x) to the type of x   →   x"""

    def pattern(p, x):      return p.cast(x, p.attr("to"))
    def check(x, to):       return None if x.tensor.element == to else "it changes the type"
    def replacement(b, x):  return x


@rewrite(NAME)
class CastTwice(Rewrite):
    """cast(cast(x) to a wider type) to T   →   cast(x) to T"""

    def pattern(p, x):          return p.cast(p.cast(x, p.attr("wide")).shared(), p.attr("to"))
    def check(x, wide):         return None if _holds_all(wide, x.tensor.element) else f"{wide} cannot hold all of them"
    def replacement(b, x, to):  return b.nn.cast(x, to=to)


def _holds_all(wide: ElementType, narrow: ElementType) -> bool:
    """Whether every number of one type is one of the other."""
    if narrow.is_integer and narrow.bits == 64 and not wide.is_integer:
        return False  # numpy calls the cast to doubles safe, which hold integers up to 2^53 only
    return bool(np.can_cast(narrow.dtype, wide.dtype, "safe"))


@rewrite(NAME)
class RemoveIdentity(OpRewrite):
    """identity(x)   →   x, unless it makes an output out of an input, a constant or another output"""

    def match_and_rewrite(self, op: nn.Identity, rw: Rewriter) -> bool:
        x = op.x
        if _is_output(op.output) and (x.defining_op is None or is_constant(x) or _is_output(x)):
            return rw.refuse(op, "an output needs an operation of its own")
        if x.type != op.output.type:
            return rw.refuse(op, "it changes the type")
        return rw.replace(op, x)


def _is_output(value: Value) -> bool:
    return any(Trait.TERMINATOR in user.traits for user in value.iter_users())
