"""Kernels of elementwise functions."""

from __future__ import annotations

from collections.abc import Sequence

from ....ir import Value
from ....ir.dialects.c.elementwise import Binary, Convert, LeakyRelu, Select, Unary
from ....ir.strides import Strided, merge_axes
from ...c_text import literal
from .registry import bounded, element_type, kernel, loops, place

# v stands for the element; functions of libm get their suffix for float.
_UNARY = {
    "abs": "nncc_abs_{t}(v)",
    "ceil": "ceil{f}(v)",
    "cos": "cos{f}(v)",
    "elu": "(v > 0 ? v : nncc_expm1_{t}(v))",
    "exp": "nncc_exp_{t}(v)",
    "floor": "floor{f}(v)",
    "gelu": "0.5{f} * v * (1.0{f} + erf{f}(v * 0.70710678118654752440{f}))",
    "gelu_tanh": "0.5{f} * v * (1.0{f} + nncc_tanh_{t}(0.79788456080286535588{f} * (v + 0.044715{f} * v * v * v)))",
    "hard_swish": "v * nncc_min_{t}(nncc_max_{t}(v + 3.0{f}, 0.0{f}), 6.0{f}) / 6.0{f}",
    "identity": "v",
    "log": "log{f}(v)",
    "logical_not": "!v",
    "logistic": "nncc_logistic_{t}(v)",
    "neg": "-v",
    "round": "rint{f}(v)",
    "rsqrt": "1.0{f} / sqrt{f}(v)",
    "sign": "(v > 0) - (v < 0)",
    "sin": "sin{f}(v)",
    "sqrt": "sqrt{f}(v)",
    "square": "v * v",
    "tanh": "nncc_tanh_{t}(v)",
}
_BINARY = {
    "add": "a + b",
    "sub": "a - b",
    "mul": "a * b",
    "div": "a / b",
    "maximum": "nncc_max_{t}(a, b)",
    "minimum": "nncc_min_{t}(a, b)",
    "squared_difference": "(a - b) * (a - b)",
    "pow": "nncc_pow_{t}(a, b)",
    "atan2": "atan2{f}(a, b)",
    "floor_div": "nncc_floor_div_{t}(a, b)",
    "floor_mod": "nncc_floor_mod_{t}(a, b)",
    "prelu": "(a > 0 ? a : a * b)",
    "equal": "a == b",
    "not_equal": "a != b",
    "less": "a < b",
    "less_equal": "a <= b",
    "greater": "a > b",
    "greater_equal": "a >= b",
    "logical_and": "a && b",
    "logical_or": "a || b",
    "bitwise_xor": "a ^ b",
    "right_shift": "a >> b",
}


def _filled(text: str, type: str) -> str:
    return text.replace("{f}", "f" if type == "float" else "").replace("{t}", type)


def _cast(expression: str, to: str, of: str) -> str:
    """C counts in int what is shorter; storing it back is meant."""
    return expression if to == of and to in ("float", "double", "int32_t", "int64_t") else f"({to})({expression})"


@kernel("unary")
def unary(op: Unary) -> str:
    type, to = element_type(op.x), element_type(op.output)
    value = bounded(_filled(_UNARY[op.function], type), op, type)
    body = f"const {type} v = x[i];\noutput[i] = {_cast(value, to, type)};"
    return loops([op.x.tensor.size], body)


@kernel("leaky_relu")
def leaky_relu(op: LeakyRelu) -> str:
    alpha = literal(op.alpha, element_type(op.x))
    return loops([op.x.tensor.size], f"output[i] = x[i] > 0 ? x[i] : x[i] * {alpha};")


@kernel("convert")
def convert(op: Convert) -> str:
    to = element_type(op.output)
    value = "x[i] != 0" if op.output.tensor.storage.is_bool else "x[i]"
    return loops([op.x.tensor.size], f"output[i] = ({to})({value});")


@kernel("binary")
def binary(op: Binary) -> str:
    type, to = element_type(op.lhs), element_type(op.output)
    value = _cast(bounded(_filled(_BINARY[op.function], type), op, type), to, type)
    sizes, (left, right, out) = broadcast(op.output, op.lhs, op.rhs)
    body = (
        f"const {type} a = lhs[{place(left)}];\nconst {type} b = rhs[{place(right)}];\noutput[{place(out)}] = {value};"
    )
    return loops(sizes, body)


@kernel("select")
def select(op: Select) -> str:
    sizes, (condition, left, right, out) = broadcast(op.output, op.condition, op.on_true, op.on_false)
    body = (
        f"output[{place(out)}] = condition[{place(condition)}]\n"
        f"    ? on_true[{place(left)}]\n"
        f"    : on_false[{place(right)}];"
    )
    return loops(sizes, body)


def broadcast(output: Value, *operands: Value) -> tuple[list[int], list[list[int]]]:
    """The fewest loops over the elements of a result, and the strides of its operands and of the result itself."""
    shape: Sequence[int] = output.tensor.static_shape
    strides = [Strided.of(v.tensor.static_shape).broadcast(shape).strides for v in operands]
    return merge_axes(shape, [*strides, Strided.of(shape).strides])
