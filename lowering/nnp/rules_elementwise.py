"""Arithmetic, comparisons, activations and changes of type, element by element."""

from __future__ import annotations

import math

import numpy as np

from ...ir import QuantizedType, Value
from ...ir.dialects import nn
from ...ir.module import constant_attribute
from ...ir.types import ElementType, Shape
from .quantization import rounded_to, scale_and_zero, snapped
from .ranges import is_whole
from .target import Target, lowers, shape_argument

FUSED = {"relu": "ReLU", "relu6": "ReLU6", "relu_n1_to_1": "HardTanh"}
"""The functions for activations that operations can have built in."""
_UNARY = {
    "abs": "Abs",
    "ceil": "Ceil",
    "floor": "Floor",
    "exp": "Exp",
    "log": "Log",
    "sin": "Sin",
    "cos": "Cos",
    "tan": "Tan",
    "asin": "ASin",
    "acos": "ACos",
    "atan": "ATan",
    "sinh": "Sinh",
    "cosh": "Cosh",
    "tanh": "Tanh",
    "asinh": "ASinh",
    "acosh": "ACosh",
    "atanh": "ATanh",
    "erf": "Erf",
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "softsign": "SoftSign",
    "swish": "Swish",
    "is_nan": "IsNaN",
    "is_inf": "IsInf",
    "identity": "Identity",
}
# The function of two tensors, that with a number as the second operand, and that with a number as the first.
_BINARY = {
    "add": ("Add2", "AddScalar", "AddScalar"),
    "sub": ("Sub2", "", "RSubScalar"),
    "mul": ("Mul2", "MulScalar", "MulScalar"),
    "div": ("Div2", "", "RDivScalar"),
    "pow": ("Pow2", "PowScalar", "RPowScalar"),
    "maximum": ("Maximum2", "MaximumScalar", "MaximumScalar"),
    "minimum": ("Minimum2", "MinimumScalar", "MinimumScalar"),
    "atan2": ("ATan2", "", ""),
    "equal": ("Equal", "EqualScalar", "EqualScalar"),
    "not_equal": ("NotEqual", "NotEqualScalar", "NotEqualScalar"),
    "less": ("Less", "LessScalar", "GreaterScalar"),
    "less_equal": ("LessEqual", "LessEqualScalar", "GreaterEqualScalar"),
    "greater": ("Greater", "GreaterScalar", "LessScalar"),
    "greater_equal": ("GreaterEqual", "GreaterEqualScalar", "LessEqualScalar"),
    "logical_and": ("LogicalAnd", "", ""),
    "logical_or": ("LogicalOr", "", ""),
    "logical_xor": ("LogicalXor", "", ""),
}


@lowers(*_UNARY)
def unary(t: Target, op: nn.UnaryOp) -> Value:
    return t.value(_UNARY[op.name.partition(".")[2]], op.x)


@lowers("sign")
def sign(t: Target, op: nn.Sign) -> Value:
    return t.value("Sign", op.x, alpha=0.0)


@lowers("neg")
def neg(t: Target, op: nn.Neg) -> Value:
    return wrapped(t, t.value("MulScalar", op.x, val=-1.0), t.element())


@lowers("reciprocal")
def reciprocal(t: Target, op: nn.Reciprocal) -> Value:
    return t.value("RDivScalar", op.x, val=1.0)


@lowers("sqrt")
def sqrt(t: Target, op: nn.Sqrt) -> Value:
    return t.value("PowScalar", op.x, val=0.5)


@lowers("rsqrt")
def rsqrt(t: Target, op: nn.Rsqrt) -> Value:
    return t.value("PowScalar", op.x, val=-0.5)


@lowers("square")
def square(t: Target, op: nn.Square) -> Value:
    return wrapped(t, t.value("Mul2", op.x, op.x), t.element())


@lowers("softplus")
def softplus(t: Target, op: nn.Softplus) -> Value:
    return t.value("SoftPlus", op.x, beta=1.0)


@lowers("elu")
def elu(t: Target, op: nn.Elu) -> Value:
    return t.value("ELU", op.x, alpha=op.alpha)


@lowers("leaky_relu")
def leaky_relu(t: Target, op: nn.LeakyRelu) -> Value:
    return t.value("LeakyReLU", op.x, alpha=op.alpha)


@lowers("gelu")
def gelu(t: Target, op: nn.Gelu) -> Value:
    if not op.approximate:
        raise t.error("is the exact form, and NNabla's GELU the one with tanh", "run expand-for-nnp before")
    return t.value("GELU", op.x)


@lowers("hard_sigmoid")
def hard_sigmoid(t: Target, op: nn.HardSigmoid) -> Value:
    if not is_default_hard_sigmoid(op):
        raise t.error("has another slope than NNabla's HardSigmoid", "run expand-for-nnp before")
    return t.value("HardSigmoid", op.x)


def is_default_hard_sigmoid(op: nn.HardSigmoid) -> bool:
    """Whether it is clip(0.2 x + 0.5, 0, 1), which is NNabla's."""
    return math.isclose(op.alpha, 0.2, rel_tol=1e-6) and math.isclose(op.beta, 0.5, rel_tol=1e-6)


@lowers("prelu")
def prelu(t: Target, op: nn.Prelu) -> Value:
    axis = slope_axis(op)
    if axis is None:
        raise t.error("has slopes along several axes, and NNabla's PReLU along one", "run expand-for-nnp before")
    dims = (1,) * (op.x.tensor.rank - op.slope.tensor.rank) + op.slope.tensor.dims
    return t.value("PReLU", op.x, t.reshape(op.slope, dims[axis : axis + 1]), base_axis=axis)


def slope_axis(op: nn.Prelu) -> int | None:
    """The one axis of x that the slope varies along; None where it varies along several."""
    missing = op.x.tensor.rank - op.slope.tensor.rank
    axes = [i + missing for i, d in enumerate(op.slope.tensor.dims) if d != 1]
    if len(axes) > 1 or op.x.tensor.rank == 0:
        return None
    return axes[0] if axes else 0


@lowers("round")
def round_(t: Target, op: nn.Round) -> Value:
    return rounded_to(t, op.x, op.mode)


@lowers("clip")
def clip(t: Target, op: nn.Clip) -> Value:
    low, high = op.min, op.max
    if t.element().is_integer:
        low = math.ceil(low) if math.isfinite(low) else low
        high = math.floor(high) if math.isfinite(high) else high
    named = {(0.0, math.inf): "ReLU", (0.0, 6.0): "ReLU6", (-1.0, 1.0): "HardTanh"}
    if (low, high) in named:
        return t.value(named[low, high], op.x)
    y: Value = op.x
    if low > -math.inf:
        y = t.value("MaximumScalar", y, val=float(low))
    if high < math.inf:
        y = t.value("MinimumScalar", y, val=float(high))
    return y if y is not op.x else t.value("Identity", y)


# Two operands


@lowers(*_BINARY)
def binary(t: Target, op: nn.BinaryOp) -> Value:
    name = op.name.partition(".")[2]
    element = t.element()
    made = two_operands(t, name, op.lhs, op.rhs)
    if not element.is_integer or name not in ("add", "sub", "mul", "div", "pow"):
        return made
    return wrapped(t, truncated(t, made) if name in ("div", "pow") else made, element)


def two_operands(t: Target, name: str, lhs: Value, rhs: Value) -> Value:
    """A function of two operands that broadcast, with the dimensions of what is being lowered."""
    function, with_second, with_first = _BINARY[name]
    rank = t.op.results[0].tensor.rank
    second, first = _number(rhs, lhs), _number(lhs, rhs)
    if second is not None and name == "sub":
        return t.value("AddScalar", lhs, val=-second)
    if second is not None and with_second:
        return t.value(with_second, lhs, val=second)
    if first is not None and with_first:
        return t.value(with_first, rhs, val=first)
    return t.value(function, t.raised(lhs, rank), t.raised(rhs, rank))


def _number(value: Value, other: Value) -> float | None:
    """The number that a constant of one element is, where that lets the other operand give the result's shape."""
    dense = constant_attribute(value)
    if dense is None or dense.type.size != 1 or value.tensor.rank > other.tensor.rank:
        return None
    return None if constant_attribute(other) is not None else float(np.float32(dense.real().reshape(-1)[0]))


@lowers("squared_difference")
def squared_difference(t: Target, op: nn.SquaredDifference) -> Value:
    if op.lhs.tensor.dims == op.rhs.tensor.dims:
        return t.value("SquaredError", op.lhs, op.rhs)
    rank = op.output.tensor.rank
    difference = t.value("Sub2", t.raised(op.lhs, rank), t.raised(op.rhs, rank))
    return t.value("Mul2", difference, difference)


@lowers("floor_div")
def floor_div(t: Target, op: nn.FloorDiv) -> Value:
    rank = op.output.tensor.rank
    return t.value("Floor", t.value("Div2", t.raised(op.lhs, rank), t.raised(op.rhs, rank)))


@lowers("mod")
def mod(t: Target, op: nn.Mod) -> Value:
    """Mod2 takes the sign of the dividend; where that is not the divisor's, the divisor is added."""
    rank = op.output.tensor.rank
    divisor = t.raised(op.rhs, rank)
    rest = t.value("Mod2", t.raised(op.lhs, rank), divisor, fmod=True)
    if op.sign == "dividend":
        return rest
    signs = t.value("Mul2", t.value("Sign", rest, alpha=0.0), t.like("Sign", divisor, alpha=0.0))
    differ = t.value("LessScalar", signs, val=0.0)
    return t.value("Where", differ, t.value("Add2", rest, divisor), rest)


@lowers("bit_shift")
def bit_shift(t: Target, op: nn.BitShift) -> Value:
    """A product with a power of two; to the right the bits that leave are cut off, which is floor."""
    rank = op.output.tensor.rank
    sign = 1.0 if op.direction == "left" else -1.0
    power = t.like("RPowScalar", t.like("MulScalar", op.rhs, val=sign), val=2.0)
    moved = t.value("Mul2", t.raised(op.lhs, rank), t.raised(power, rank))
    return t.value("Floor", moved) if op.direction == "right" else moved


@lowers("bitwise_not")
def bitwise_not(t: Target, op: nn.BitwiseNot) -> Value:
    """-1 - x, or for numbers without sign the largest one less x."""
    low, high = t.element().limits
    return t.value("RSubScalar", op.x, val=float(low + high))


# Booleans: 0 and 1


@lowers("logical_not")
def logical_not(t: Target, op: nn.LogicalNot) -> Value:
    return t.value("LogicalNot", op.x)


@lowers("select")
def select(t: Target, op: nn.Select) -> Value:
    """Where does not broadcast, but for a condition that lacks the last dimensions."""
    dims = op.output.tensor.dims
    condition = (1,) * (len(dims) - op.condition.tensor.rank) + op.condition.tensor.dims
    lead = next((i for i, (c, d) in enumerate(zip(condition, dims, strict=True)) if c != d), len(dims))
    if lead and all(c == 1 for c in condition[lead:]):
        mask: Value = t.reshape(op.condition, condition[:lead])
    else:
        mask = broadcast(t, op.condition, dims)
    return t.value("Where", mask, broadcast(t, op.on_true, dims), broadcast(t, op.on_false, dims))


def broadcast(t: Target, value: Value, dims: Shape) -> Value:
    """A value repeated to these dimensions, of which only the first may be the batch size."""
    if value.tensor.dims == dims:
        return t.tensor(value)
    raised = t.raised(value, len(dims))
    if raised.tensor.dims == dims:
        return raised
    grows = [i for i, (own, d) in enumerate(zip(raised.tensor.dims, dims, strict=True)) if own != d]
    symbols = [i for i, d in enumerate(dims) if not isinstance(d, int)]
    if set(symbols) & set(grows) - {0}:
        raise t.error(
            f"repeats {value.type} along the batch size where that is not the first dimension",
            "fix the batch size (-b)",
        )
    if all(i == 0 and i in grows for i in symbols):
        return t.value("Broadcast", raised, dims=dims, shape=shape_argument(dims))
    reps = tuple(d if i in grows and isinstance(d, int) else 1 for i, d in enumerate(dims))
    return t.value("Tile", raised, dims=dims, reps=reps)


# Types


@lowers("cast")
def cast(t: Target, op: nn.Cast) -> Value:
    source, to = t.element(), op.to
    assert isinstance(to, ElementType)
    if to.is_float and to.bits < 16:
        raise t.error(f"rounds to {to}, and NNabla has float32 alone")
    if to.is_bool:
        return t.tensor(op.x) if source.is_bool else t.value("NotEqualScalar", op.x, val=0.0)
    if source.is_float and to.is_integer and not is_whole(op.x, t.integers):
        return truncated(t, op.x)
    if source.is_integer and to.is_integer and not _includes(to, source):
        return wrapped(t, op.x, to)
    return t.tensor(op.x)


def _includes(wide: ElementType, narrow: ElementType) -> bool:
    return wide.limits[0] <= narrow.limits[0] and wide.limits[1] >= narrow.limits[1]


def truncated(t: Target, x: Value) -> Value:
    """x without its fraction."""
    size = t.like("Floor", t.like("Abs", x))
    return t.like("Mul2", size, t.like("Sign", x, alpha=0.0))


def wrapped(t: Target, x: Value, element: ElementType) -> Value:
    """A whole number as an integer type of few bits holds it; wider ones are taken to hold all that float32 does."""
    if not element.is_integer or element.bits > 16:
        return x
    low, high = element.limits
    count = float(high - low + 1)
    turns = t.like("Floor", t.like("MulScalar", t.like("AddScalar", x, val=-float(low)), val=1 / count))
    return t.like("Sub2", x, t.like("MulScalar", turns, val=count))


# Quantization: values stay the real numbers that integers stand for


@lowers("quantize")
def quantize(t: Target, op: nn.Quantize) -> Value:
    grid = op.to.element
    assert isinstance(grid, QuantizedType)
    return snapped(t, op.x, grid, op.rounding)


@lowers("fake_quantize")
def fake_quantize(t: Target, op: nn.FakeQuantize) -> Value:
    assert isinstance(op.grid, QuantizedType)
    return snapped(t, op.x, op.grid, op.rounding)


@lowers("dequantize")
def dequantize(t: Target, op: nn.Dequantize) -> Value:
    return t.tensor(op.x)


@lowers("storage_cast")
def storage_cast(t: Target, op: nn.StorageCast) -> Value:
    """Between real numbers and the integers that stand for them."""
    given = t.elements[0]
    if isinstance(given, QuantizedType):
        scale, zero = scale_and_zero(t, op.x, given)
        return t.like("Add2", t.like("Round", t.like("Div2", op.x, scale)), zero)
    assert isinstance(op.to, QuantizedType)
    scale, zero = scale_and_zero(t, op.x, op.to)
    return t.like("Mul2", t.like("Sub2", op.x, zero), scale)
