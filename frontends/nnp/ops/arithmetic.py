"""Arithmetic, comparisons and logic, element by element; operands broadcast where dimensions are 1."""

from __future__ import annotations

import functools

import numpy as np

from ....ir import Value
from ....ir.dialects.nn.equations import explicit_equation
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, as_index, as_mask, numbers, reshape

_BINARY = {
    "Add2": "add",
    "BcAdd2": "add",
    "Sub2": "sub",
    "Mul2": "mul",
    "Div2": "div",
    "Pow2": "pow",
    "Maximum2": "maximum",
    "Minimum2": "minimum",
    "ATan2": "atan2",
}
_COMPARISONS = {
    "Equal": "equal",
    "NotEqual": "not_equal",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "Less": "less",
    "LessEqual": "less_equal",
}
_LOGICAL = {"LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalXor": "logical_xor"}
_WITH_SCALAR = {
    "AddScalar": "add",
    "MulScalar": "mul",
    "PowScalar": "pow",
    "MaximumScalar": "maximum",
    "MinimumScalar": "minimum",
}
_SCALAR_FIRST = {"RSubScalar": "sub", "RDivScalar": "div", "RPowScalar": "pow"}


def _same_rank(op: Call, *values: Value) -> None:
    """NNabla broadcasts dimensions of 1, but does not add leading ones as numpy does."""
    if len({v.tensor.rank for v in values}) > 1:
        raise refuse(op, f"has inputs of different ranks: {', '.join(str(v.type) for v in values)}")


@lift(*_BINARY)
def binary(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    _same_rank(op, x0, x1)
    return b.create(f"nn.{_BINARY[op.function_type.name]}", x0, x1).result


@lift(*_COMPARISONS)
def comparison(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    _same_rank(op, x0, x1)
    return as_float(b, b.create(f"nn.{_COMPARISONS[op.function_type.name]}", x0, x1).result)


@lift(*_LOGICAL)
def logical(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    _same_rank(op, x0, x1)
    name = f"nn.{_LOGICAL[op.function_type.name]}"
    return as_float(b, b.create(name, as_mask(b, x0), as_mask(b, x1)).result)


@lift(*_WITH_SCALAR)
def with_scalar(b: Lifter, op: Call, x: Value) -> Value:
    return b.create(f"nn.{_WITH_SCALAR[op.function_type.name]}", x, op.val).result


@lift(*_SCALAR_FIRST)
def scalar_first(b: Lifter, op: Call, x: Value) -> Value:
    return b.create(f"nn.{_SCALAR_FIRST[op.function_type.name]}", b.constant(op.val), x).result


@lift(*(f"{name}Scalar" for name in _COMPARISONS))
def comparison_with_scalar(b: Lifter, op: Call, x: Value) -> Value:
    name = op.function_type.name.removesuffix("Scalar")
    return as_float(b, b.create(f"nn.{_COMPARISONS[name]}", x, op.val).result)


@lift(*(f"{name}Scalar" for name in _LOGICAL))
def logical_with_scalar(b: Lifter, op: Call, x: Value) -> Value:
    name = op.function_type.name.removesuffix("Scalar")
    return as_float(b, b.create(f"nn.{_LOGICAL[name]}", as_mask(b, x), bool(op.val)).result)


@lift("LogicalNot")
def logical_not(b: Lifter, op: Call, x: Value) -> Value:
    return as_float(b, b.nn.logical_not(as_mask(b, x)))


@lift("AddN")
def add_n(b: Lifter, op: Call, *xs: Value) -> Value:
    _same_rank(op, *xs)
    return functools.reduce(b.nn.add, xs)


@lift("MulN")
def mul_n(b: Lifter, op: Call, *xs: Value) -> Value:
    _same_rank(op, *xs)
    return functools.reduce(b.nn.mul, xs)


@lift("Mod2")
def mod2(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    """On float data NNabla takes the sign of the dividend, whatever its argument ``fmod`` says."""
    _same_rank(op, x0, x1)
    return b.nn.mod(x0, x1, sign="dividend")


@lift("IsNaN")
def is_nan(b: Lifter, op: Call, x: Value) -> Value:
    return as_float(b, b.nn.is_nan(x))


@lift("IsInf")
def is_inf(b: Lifter, op: Call, x: Value) -> Value:
    return as_float(b, b.nn.is_inf(x))


@lift("ResetNaN")
def reset_nan(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.select(b.nn.is_nan(x), b.constant(op.val), x)


@lift("ResetInf")
def reset_inf(b: Lifter, op: Call, x: Value) -> Value:
    return b.nn.select(b.nn.is_inf(x), b.constant(op.val), x)


@lift("Where")
def where(b: Lifter, op: Call, condition: Value, x_true: Value, x_false: Value) -> Value:
    """The condition matches the leading dimensions."""
    missing = x_true.tensor.rank - condition.tensor.rank
    mask = as_mask(b, condition)
    return b.nn.select(reshape(b, op, mask, (*mask.tensor.dims, *(1,) * missing)), x_true, x_false)


@lift("BatchMatmul")
def batch_matmul(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    _same_rank(op, x0, x1)
    return b.nn.matmul(x0, x1, transpose_lhs=op.transpose_a, transpose_rhs=op.transpose_b)


@lift("Einsum")
def einsum(b: Lifter, op: Call, *xs: Value) -> Value:
    try:
        left, _, right = explicit_equation(op.equation, [x.tensor.rank for x in xs]).partition("->")
    except ValueError as error:
        raise refuse(op, str(error)) from None
    terms, operands = left.split(","), list(xs)
    for i, term in enumerate(terms):
        terms[i], operands[i] = _diagonals(b, op, term, operands[i])
    return b.nn.einsum(operands, equation=f"{','.join(terms)}->{right}")


def _diagonals(b: Lifter, op: Call, term: str, x: Value) -> tuple[str, Value]:
    """A term in which no letter stands twice, and the diagonal of ``x`` along the axes of those that did."""
    if x.tensor.rank != len(term):
        raise refuse(op, f"has the term '{term}' for {x.type}")
    for letter in [c for c in dict.fromkeys(term) for _ in range(term.count(c) - 1)]:
        first, second = term.index(letter), term.rindex(letter)
        sizes = numbers(op, (x.tensor.dims[first], x.tensor.dims[second]), "the diagonal")
        if sizes[0] != sizes[1]:
            raise refuse(op, f"has the term '{term}' for {x.type}")
        unit = np.eye(sizes[0], dtype=bool)
        shape = [sizes[0] if axis in (first, second) else 1 for axis in range(len(term))]
        x = b.nn.reduce_sum(
            b.nn.select(b.constant(unit.reshape(shape)), x, b.constant(0.0)), axes=(second,), keep_dims=False
        )
        term = term[:second] + term[second + 1 :]
    return term, x


@lift("BitShift")
def bit_shift(b: Lifter, op: Call, x: Value, shift: Value) -> Value:
    """To the right. What is shifted out to the left depends on the integer type, which no file holds."""
    _same_rank(op, x, shift)
    if op.direction != "RIGHT":
        raise refuse(op, f"shifts integers of unknown size to the {op.direction}", "multiply by a power of two instead")
    shift = b.nn.clip(shift, min=0.0, max=31.0)
    return as_float(b, b.nn.bit_shift(as_index(b, x), as_index(b, shift), direction="right"))
