"""Types of values: tensors with static, symbolic and unknown dimensions, and quantized elements.

The text of every type is MLIR's: ``tensor<1x3x?xf32>``, ``tensor<?x10xf32, {d0 = "N"}>`` (dimension 0 is the symbol N),
``!quant.uniform<i8:f32:0, {0.1:0, 0.2:0}>`` (MLIR's quant dialect).
"""

from __future__ import annotations

import math
import re
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import DTypeLike

from .syntax import format_string

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Dim: TypeAlias = int | str | None
"""A dimension: a number, the name of a symbol (equal names are equal sizes), or None where nothing is known."""
Shape: TypeAlias = tuple[Dim, ...]


class Type:
    """Base of all types. Types are immutable values: equal text, equal type."""

    __slots__ = ()


@attrs.frozen
class ElementType(Type):
    """A scalar type, named as in MLIR: ``f32``, ``i8`` (signed), ``ui8``, ``i1`` (boolean), ``complex<f32>``, ..."""

    name: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of an array of such elements."""
        if self.name in _ML_DTYPES:
            import ml_dtypes  # not numpy's own; needed by these types alone

            found: np.dtype[Any] = np.dtype(getattr(ml_dtypes, _ML_DTYPES[self.name]))
        else:
            found = np.dtype(_NUMPY_NAMES[self.name])
        return found

    @property
    def is_float(self) -> bool:
        return self.name[0] == "f" or self.name == "bf16"

    @property
    def is_integer(self) -> bool:
        """True for the integers, false for booleans."""
        return self.name.lstrip("u").startswith("i") and self.name != "i1"

    @property
    def is_bool(self) -> bool:
        return self.name == "i1"

    @property
    def bits(self) -> int:
        if self.name.startswith("complex"):
            return self.dtype.itemsize * 8
        number = _BITS.search(self.name)
        if number is None:
            raise ValueError(f"{self.name} has no fixed number of bits")
        return int(number[0])

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest value of an integer type."""
        if self.name.startswith("u"):
            return 0, 2**self.bits - 1
        return -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    def __str__(self) -> str:
        return self.name


_NUMPY_NAMES = {
    **{f"f{n}": f"float{n}" for n in (16, 32, 64)},
    **{f"i{n}": f"int{n}" for n in (8, 16, 32, 64)},
    **{f"ui{n}": f"uint{n}" for n in (8, 16, 32, 64)},
    "i1": "bool",
    "complex<f32>": "complex64",
    "complex<f64>": "complex128",
    "!nncc.string": "object",
}
_ML_DTYPES = {
    "bf16": "bfloat16",
    "i2": "int2",
    "i4": "int4",
    "ui2": "uint2",
    "ui4": "uint4",
    "f4E2M1FN": "float4_e2m1fn",
    "f6E2M3FN": "float6_e2m3fn",
    "f6E3M2FN": "float6_e3m2fn",
    "f8E4M3FN": "float8_e4m3fn",
    "f8E4M3FNUZ": "float8_e4m3fnuz",
    "f8E5M2": "float8_e5m2",
    "f8E5M2FNUZ": "float8_e5m2fnuz",
    "f8E8M0FNU": "float8_e8m0fnu",
}
_BITS = re.compile(r"\d+")  # the first number in a name
ELEMENT_TYPES = {name: ElementType(name) for name in [*_NUMPY_NAMES, *_ML_DTYPES]}
_BY_NUMPY_NAME = {value: ELEMENT_TYPES[key] for key, value in [*_NUMPY_NAMES.items(), *_ML_DTYPES.items()]}

F16, F32, F64, BF16 = (ELEMENT_TYPES[n] for n in ("f16", "f32", "f64", "bf16"))
I1, I8, I16, I32, I64, UI8 = (ELEMENT_TYPES[n] for n in ("i1", "i8", "i16", "i32", "i64", "ui8"))


def element(dtype: DTypeLike) -> ElementType:
    """The element type of a numpy dtype. Raises TypeError where there is none."""
    name = np.dtype(dtype).name
    if name not in _BY_NUMPY_NAME:
        raise TypeError(f"numpy type {name} has no element type")
    return _BY_NUMPY_NAME[name]


@attrs.frozen(cache_hash=True)
class QuantizedType(Type):
    """Integers that stand for real numbers: real = scale * (stored - zero_point), per tensor or along ``axis``.

    ``limits`` is the used range where it is narrower than the storage type's (symmetric weights: -127 .. 127).
    """

    storage: ElementType
    expressed: ElementType
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None
    limits: tuple[int, int] | None = None

    def __attrs_post_init__(self) -> None:
        if len(self.scales) != len(self.zero_points) or (self.axis is None and len(self.scales) != 1):
            raise ValueError(f"{len(self.scales)} scales and {len(self.zero_points)} zero points on axis {self.axis}")

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest stored value."""
        return self.limits or self.storage.limits

    @property
    def scale(self) -> float:
        """The scale of a per-tensor type."""
        (scale,) = self.scales
        return scale

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor type."""
        (zero_point,) = self.zero_points
        return zero_point

    def _along(self, values: tuple[float, ...] | tuple[int, ...], rank: int, dtype: DTypeLike) -> Array:
        if self.axis is None:
            return np.asarray(values[0], dtype)
        return np.asarray(values, dtype).reshape([-1 if i == self.axis else 1 for i in range(rank)])

    def quantize(self, real: Array) -> Array:
        """Stored integers for real numbers, rounded half away from zero (as TFLite does) and saturated."""
        scaled = np.asarray(real, np.float64) / self._along(self.scales, real.ndim, np.float64)
        rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + self._along(self.zero_points, real.ndim, np.float64)
        low, high = self.range
        stored: Array = np.clip(rounded, low, high).astype(self.storage.dtype)
        return stored

    def dequantize(self, stored: Array) -> Array:
        """Real numbers for stored integers, in the expressed type."""
        centred = np.asarray(stored, np.float64) - self._along(self.zero_points, stored.ndim, np.float64)
        real: Array = centred * self._along(self.scales, stored.ndim, np.float64)
        return real.astype(self.expressed.dtype)

    def __str__(self) -> str:
        storage = f"{self.storage}<{self.limits[0]}:{self.limits[1]}>" if self.limits else str(self.storage)
        pairs = [
            f"{format_float(s)}:{z}" if z else format_float(s)
            for s, z in zip(self.scales, self.zero_points, strict=True)
        ]
        if self.axis is None:
            return f"!quant.uniform<{storage}:{self.expressed}, {pairs[0]}>"
        return f"!quant.uniform<{storage}:{self.expressed}:{self.axis}, {{{', '.join(pairs)}}}>"


@attrs.frozen(cache_hash=True)
class TensorType(Type):
    """A tensor: ``shape`` is a tuple of dimensions, or None where not even the rank is known."""

    shape: Shape | None
    element: ElementType | QuantizedType

    @property
    def is_static(self) -> bool:
        """Whether every dimension is a number."""
        return self.shape is not None and all(type(d) is int for d in self.shape)

    @property
    def dims(self) -> Shape:
        """The shape of a ranked tensor. Raises ValueError where the rank is unknown."""
        if self.shape is None:
            raise ValueError("the rank is not known")
        return self.shape

    @property
    def static_shape(self) -> tuple[int, ...]:
        """The shape as numbers. Raises ValueError where a dimension is symbolic or unknown."""
        if not self.is_static:
            raise ValueError(f"{self} has no static shape")
        return self.shape  # type: ignore[return-value]  # is_static says so

    @property
    def rank(self) -> int:
        return len(self.dims)

    @property
    def size(self) -> int:
        """The number of elements of a static tensor."""
        return math.prod(self.static_shape)

    @property
    def storage(self) -> ElementType:
        """The type of the elements in memory: the integers of a quantized tensor, else the element type."""
        return self.element.storage if isinstance(self.element, QuantizedType) else self.element

    @property
    def expressed(self) -> ElementType:
        """The type of the numbers that the elements stand for."""
        return self.element.expressed if isinstance(self.element, QuantizedType) else self.element

    def with_shape(self, shape: Shape | None) -> TensorType:
        return TensorType(shape, self.element)

    def with_element(self, element: ElementType | QuantizedType) -> TensorType:
        return TensorType(self.shape, element)

    def __str__(self) -> str:
        if self.shape is None:
            return f"tensor<*x{self.element}>"
        dims = "".join(f"{d}x" if isinstance(d, int) else "?x" for d in self.shape)
        names = ", ".join(f"d{i} = {format_string(d)}" for i, d in enumerate(self.shape) if isinstance(d, str))
        return f"tensor<{dims}{self.element}, {{{names}}}>" if names else f"tensor<{dims}{self.element}>"


@attrs.frozen
class NoneType(Type):
    """The type of a value that is not there."""

    def __str__(self) -> str:
        return "none"


@attrs.frozen(cache_hash=True)
class SequenceType(Type):
    """A list of values of one type, of any length: tensors, whose shapes may differ, or maps."""

    element: Type

    def __str__(self) -> str:
        return f"!nncc.sequence<{self.element}>"


@attrs.frozen(cache_hash=True)
class OptionalType(Type):
    """A value of a type, or nothing."""

    element: Type

    def __str__(self) -> str:
        return f"!nncc.optional<{self.element}>"


@attrs.frozen(cache_hash=True)
class MapType(Type):
    """Values of one type, each under a key: an integer or a string."""

    key: ElementType
    value: Type

    def __str__(self) -> str:
        return f"!nncc.map<{self.key}, {self.value}>"


@attrs.frozen(cache_hash=True)
class SparseType(Type):
    """A tensor of which only the elements that are not zero are stored."""

    tensor: TensorType

    def __str__(self) -> str:
        return f"!nncc.sparse<{self.tensor}>"


@attrs.frozen
class UnknownType(Type):
    """The type of a value of which nothing is known, not even that it is a tensor."""

    def __str__(self) -> str:
        return "!nncc.unknown"


@attrs.frozen
class FunctionType(Type):
    """The type of a function: what it takes and gives."""

    inputs: tuple[Type, ...]
    results: tuple[Type, ...]

    def __str__(self) -> str:
        results = ", ".join(map(str, self.results))
        bare = len(self.results) == 1 and not isinstance(self.results[0], FunctionType)
        return f"({', '.join(map(str, self.inputs))}) -> {results if bare else f'({results})'}"


def format_float(value: float) -> str:
    """The shortest text that MLIR reads back as exactly this double (its float literals need a point)."""
    if not np.isfinite(value):
        return f"0x{np.float64(value).view(np.uint64):016X}"
    text = repr(float(value))
    mantissa, exponent, power = text.partition("e")
    return text if "." in mantissa else f"{mantissa}.0{exponent}{power}"


def unify_dims(a: Dim, b: Dim) -> Dim:
    """The dimension, known to be both. Numbers tell more than symbols, symbols more than None. Raises ValueError."""
    if isinstance(a, int) and isinstance(b, int) and a != b:
        raise ValueError(f"{a} and {b}")
    if isinstance(a, int) or b is None:
        return a
    return b if isinstance(b, int) or a is None else a


def unify_shapes(a: Shape, b: Shape) -> Shape:
    """The shape, known to be both. Raises ValueError where they contradict each other."""
    if len(a) != len(b):
        raise ValueError(f"ranks {len(a)} and {len(b)}")
    return tuple(unify_dims(x, y) for x, y in zip(a, b, strict=True))


def merge_types(a: Type, b: Type) -> Type | None:
    """The type that says all that both say about the same value; None where they contradict each other.

    The elements must be the same.
    """
    if isinstance(a, UnknownType) or isinstance(b, UnknownType):
        return b if isinstance(a, UnknownType) else a
    if isinstance(a, SequenceType | OptionalType) and type(a) is type(b):
        inner = merge_types(a.element, b.element)
        return None if inner is None else type(a)(inner)
    if not isinstance(a, TensorType) or not isinstance(b, TensorType):
        return a if a == b else None
    if a.element != b.element:
        return None
    if a.shape is None or b.shape is None:
        return b if a.shape is None else a
    try:
        return a.with_shape(unify_shapes(a.shape, b.shape))
    except ValueError:
        return None


def join_types(a: Type, b: Type) -> Type | None:
    """The type that says what both say: of a value that may be either; None where no type covers both.

    Dimensions that differ are unknown, and so is the rank where it differs. The elements must be the same.
    """
    if not isinstance(a, TensorType) or not isinstance(b, TensorType):
        return a if a == b else None
    if a.element != b.element:
        return None
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return a.with_shape(None)
    return a.with_shape(tuple(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)))
