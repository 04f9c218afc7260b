"""Parses types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from .lexer import Lexer
from .types import (
    ELEMENT_TYPES,
    Array,
    Dim,
    ElementType,
    FunctionType,
    MapType,
    NoneType,
    OptionalType,
    QuantizedType,
    SequenceType,
    Shape,
    SparseType,
    TensorType,
    Type,
    UnknownType,
)

_T = TypeVar("_T")

_TENSOR_TEXT = re.compile(r'tensor<[^<>"/]*(?:(?:"[^"\\<>]*"|<[^<>"/]*>)[^<>"/]*)*>')
"""A tensor type that nests no deeper than ``tensor<4x!quant.uniform<...>>``: equal texts are parsed once."""
_DIMENSIONS = re.compile(r"(?:(?:\?|\d+)x)*", re.ASCII)
_CONTAINERS = frozenset({"!nncc.sequence", "!nncc.optional", "!nncc.map", "!nncc.sparse"})
_MAX_DIMENSION = 2**63 - 1
_MAX_RANK = 32
"""What every numpy can hold."""


class TypeParser(Lexer):
    """A lexer that reads types."""

    def __init__(self, text: str, filename: str) -> None:
        self.known_types: dict[str, Type] = {}
        super().__init__(text, filename)

    def comma_separated(self, close: str, parse: Callable[[], _T]) -> list[_T]:
        """Elements up to and with a closing mark."""
        found: list[_T] = []
        if self.at(close):
            return found
        while True:
            found.append(parse())
            if self.kind != ",":
                self.expect(close, f"',' or '{close}'")
                return found
            self.advance()

    def type(self) -> Type:
        if self.kind == "word":
            return self.named_type()
        if self.kind == "alias" and self.value[0] == "!":
            return self.dialect_type()
        if self.kind == "(":
            return self.function_type()
        raise self.expected("a type")

    def named_type(self) -> Type:
        word = self.value
        if word == "tensor":
            return self.remembered_tensor()
        if word == "none":
            self.advance()
            return NoneType()
        if word == "complex" or word in ELEMENT_TYPES:
            return self.element_type()
        raise self.error(f"there is no type '{word}'")

    def dialect_type(self) -> Type:
        name, start = self.value, self.start
        if name == "!quant.uniform":
            return self.quantized_type()
        self.advance()
        if name in ELEMENT_TYPES:
            return ELEMENT_TYPES[name]
        if name in _CONTAINERS:
            return self.container_type(name)
        if name == "!nncc.unknown":
            return UnknownType()
        found = self.alias(name, start)
        if not isinstance(found, Type):
            raise self.error(f"'{name}' is not a type", start)
        return found

    def container_type(self, name: str) -> Type:
        """What stands behind ``!nncc.sequence`` and its like: the types of the elements in angle brackets."""
        self.expect("<")
        self.enter()
        key = None
        if name == "!nncc.map":
            key = self.map_key()
            self.expect(",")
        start, inner = self.start, self.type()
        self.depth -= 1
        self.expect(">")
        if key is not None:
            return MapType(key, inner)
        if name != "!nncc.sparse":
            return SequenceType(inner) if name == "!nncc.sequence" else OptionalType(inner)
        if not isinstance(inner, TensorType):
            raise self.error(f"expected a tensor type, got {inner}", start)
        return SparseType(inner)

    def map_key(self) -> ElementType:
        start, key = self.start, self.type()
        if not isinstance(key, ElementType):
            raise self.error(f"the key of a map cannot be {key}", start)
        return key

    def alias(self, name: str, start: int) -> object:
        """What an alias stands for."""
        raise self.error(f"there is no type '{name}'", start)

    def function_type(self) -> FunctionType:
        """``(inputs) -> result`` or ``(inputs) -> (results)``."""
        inputs = self.types_in_parentheses()
        self.expect("->")
        return FunctionType(tuple(inputs), tuple(self.result_types()))

    def types_in_parentheses(self) -> list[Type]:
        self.expect("(")
        self.enter()
        found = self.comma_separated(")", self.type)
        self.depth -= 1
        return found

    def result_types(self) -> list[Type]:
        return self.types_in_parentheses() if self.kind == "(" else [self.type()]

    # Tensors

    def remembered_tensor(self) -> Type:
        match = _TENSOR_TEXT.match(self.text, self.start)
        if match is None:
            return self.tensor_type()
        found = self.known_types.get(match[0])
        if found is None:
            found = self.known_types[match[0]] = self.tensor_type()
        else:
            self.jump(match.end())
        return found

    def tensor_type(self) -> TensorType:
        self.advance()
        if self.kind != "<":
            raise self.expected("'<'")
        shape = self.dimensions()
        self.enter()
        element = self.tensor_element()
        if self.at(","):
            shape = self.named_dimensions(shape)
        self.depth -= 1
        self.expect(">")
        return TensorType(shape, element)

    def dimensions(self) -> Shape | None:
        """The dimensions behind ``<``: tokens cannot tell ``3xf32`` apart, so the characters are looked at."""
        text = self.text
        start = self.position
        while text[start : start + 1].isspace():
            start += 1
        if text.startswith("*x", start):
            self.jump(start + 2)
            return None
        match = _DIMENSIONS.match(text, start)
        assert match is not None  # it may be empty
        sizes = match[0].split("x")[:-1]
        if len(sizes) > _MAX_RANK:
            raise self.error(f"a tensor has at most {_MAX_RANK} dimensions, got {len(sizes)}", start)
        self.jump(match.end())
        return tuple(self.dimension(size, start) for size in sizes)

    def dimension(self, text: str, start: int) -> Dim:
        if text == "?":
            return None
        if len(text) > 19 or int(text) > _MAX_DIMENSION:
            raise self.error(f"the dimension {text[:20]} is too large", start)
        return int(text)

    def tensor_element(self) -> ElementType | QuantizedType:
        start, element = self.start, self.type()
        if not isinstance(element, ElementType | QuantizedType):
            raise self.error(f"a tensor cannot have elements of type {element}", start)
        return element

    def named_dimensions(self, shape: Shape | None) -> Shape:
        """The encoding ``{d0 = "N"}``: the names of dimensions that are written as ``?``."""
        dims = list(shape or ())
        self.expect("{", "'{' (an encoding names dimensions: {d0 = \"N\"})")
        self.comma_separated("}", lambda: self.named_dimension(dims))
        return tuple(dims)

    def named_dimension(self, dims: list[Dim]) -> None:
        start, key = self.start, self.expect("word", "the number of a dimension (d0, d1, ...)")
        self.expect("=")
        name = self.expect_string("the name of the dimension")
        number = key[1:]
        is_dimension = key[0] == "d" and number.isdecimal() and len(number) < 4 and int(number) < len(dims)
        if not is_dimension or dims[int(number)] is not None:
            raise self.error(f"the tensor has no dimension '?' at {key}", start)
        dims[int(number)] = name

    # Elements

    def element_type(self) -> ElementType:
        start, name = self.start, self.expect("word", "an element type")
        if name == "complex":
            self.expect("<")
            name = f"complex<{self.expect('word', 'f32 or f64')}>"
            self.expect(">")
        if name not in ELEMENT_TYPES:
            raise self.error(f"there is no element type '{name}'", start)
        return ELEMENT_TYPES[name]

    def quantized_type(self) -> QuantizedType:
        """``!quant.uniform<i8<-127:127>:f32:axis, {scale:zero_point, ...}>``."""
        start = self.start
        self.advance()
        self.expect("<")
        storage = self.storage_type()
        limits = self.storage_limits(storage)
        self.expect(":")
        expressed = self.element_type()
        axis = self.expect_integer("an axis") if self.at(":") else None
        self.expect(",")
        if self.at("{"):
            pairs = self.comma_separated("}", lambda: self.scale_and_zero_point(storage))
        else:
            pairs = [self.scale_and_zero_point(storage)]
        self.expect(">")
        scales, zero_points = tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
        if axis is not None and axis < 0:
            raise self.error("the axis is negative", start)
        try:
            return QuantizedType(storage, expressed, scales, zero_points, axis, limits)
        except ValueError as error:
            raise self.error(f"not a quantized type: {error}", start) from None

    def storage_type(self) -> ElementType:
        start, name = self.start, self.expect("word", "the storage type")
        name = f"ui{name[1:]}" if name in ("u4", "u8", "u16", "u32") else name  # the quant dialect's own spelling
        if name not in ELEMENT_TYPES or not ELEMENT_TYPES[name].is_integer:
            raise self.error(f"expected an integer type, got '{name}'", start)
        return ELEMENT_TYPES[name]

    def storage_limits(self, storage: ElementType) -> tuple[int, int] | None:
        if not self.at("<"):
            return None
        start, low = self.start, self.expect_integer("the smallest stored value")
        self.expect(":")
        high = self.expect_integer("the largest stored value")
        self.expect(">")
        least, most = storage.limits
        if not least <= low < high <= most:
            raise self.error(f"{low}:{high} is no range of {storage}", start)
        return low, high

    def scale_and_zero_point(self, storage: ElementType) -> tuple[float, int]:
        start, scale = self.start, self.float_literal(ELEMENT_TYPES["f64"])
        if not self.at(":"):
            return scale, 0
        start, zero_point = self.start, self.expect_integer("a zero point")
        least, most = storage.limits
        if not least <= zero_point <= most:
            raise self.error(f"the zero point {zero_point} is no {storage}", start)
        return scale, zero_point

    def float_literal(self, type: ElementType) -> float:
        """A number with a point, or the bits of one in hexadecimal, as MLIR has it."""
        start, literal = self.start, self.value
        if self.kind == "float":
            self.advance()
            value = float(literal)
            if not np.isfinite(value):
                raise self.error(f"{literal[:40]} is beyond the range of f64", start)
            return value
        if self.kind == "integer" and literal.startswith("0x"):
            self.advance()
            return float(self.bits(literal, start, type).view(type.dtype))
        raise self.expected("a floating-point number (with a point)")

    def bits(self, literal: str, start: int, type: ElementType) -> Array:
        """The bits of an element of a type, from a hexadecimal literal, as an unsigned integer of the same size."""
        value = self.integer(literal, start)
        if value >= 1 << type.bits:
            raise self.error(f"{literal} is more than the {type.bits} bits of {type}", start)
        return np.asarray(value, f"u{type.dtype.itemsize}")
