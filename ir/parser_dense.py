"""Parses numbers and arrays: ``3 : i64``, ``array<...>``, ``dense<...>``, ``dense_resource<...>`` and its data."""

from __future__ import annotations

import math
import re
from typing import Any, TypeAlias

import numpy as np

from .attribute_text import PACKED
from .attributes import DenseElements, DenseResource, Resource
from .parser_types import TypeParser
from .types import ELEMENT_TYPES, I64, Array, ElementType, TensorType

_MOST_SPLATS = 1 << 30
"""Bytes that all ``dense<0.0> : tensor<...>`` of a text may stand for: a few characters must not fill the memory."""
_ALIGNMENT = 4
"""Bytes before the data of a resource: the alignment that it asks for."""
_INTEGERS = re.compile(r"array<i64: (-?\d{1,18}(?:, -?\d{1,18})*)>", re.ASCII)
"""The form of most attributes with several numbers; it is read in one go."""
_LIMITS = {name: type.limits for name, type in ELEMENT_TYPES.items() if type.is_integer}
_PARTS = {"complex<f32>": ELEMENT_TYPES["f32"], "complex<f64>": ELEMENT_TYPES["f64"]}

_Token: TypeAlias = tuple[str, str, int]
"""Kind, text and place of an element in a literal."""


class DenseParser(TypeParser):
    """A type parser that reads numbers and arrays. ``resources`` collects what ``dense_resource`` refers to, by key."""

    def __init__(self, text: str, filename: str) -> None:
        self.resources: dict[str, Resource] = {}
        self.resource_types: dict[str, TensorType] = {}
        self.splat_bytes = 0
        super().__init__(text, filename)

    # Numbers

    def number(self) -> Any:
        """``3 : i64`` or ``0.5 : f32``, checked against the type: i64 or f64 where there is none."""
        token = (self.kind, self.value, self.start)
        self.advance()
        type = ELEMENT_TYPES["f64"] if token[0] == "float" else I64
        if self.at(":"):
            if self.kind == "word" and self.value == "index":
                self.advance()
            else:
                type = self.element_type()
        return self.scalar(token, type)

    def scalar(self, token: _Token, type: ElementType) -> Any:
        """The Python number of a literal that has a type."""
        kind, literal, start = token
        if type.is_float:
            return float(self.float_elements([token], type)[0])
        if type.is_bool and literal in ("true", "false", "0", "1"):
            return literal in ("true", "1")
        if kind != "integer" or not type.is_integer:
            raise self.error(f"{literal[:40]} is no {type}", start)
        value = self.integer(literal, start)
        low, high = _LIMITS[type.name]
        if not low <= value <= high:
            raise self.error(f"{literal} is beyond the range of {type}", start)
        return value

    def float_elements(self, tokens: list[_Token], type: ElementType) -> Array:
        """The numbers of literals: decimal ones are rounded to the type, hexadecimal ones are its bits."""
        values = np.zeros(len(tokens), np.float64)
        bits: dict[int, Array] = {}
        for i, (kind, literal, start) in enumerate(tokens):
            if kind == "float":
                values[i] = float(literal)
            elif kind == "integer" and literal.startswith("0x"):
                bits[i] = self.bits(literal, start, type)
            else:
                raise self.error(f"expected a floating-point number (with a point), got {literal[:40]}", start)
        with np.errstate(over="ignore"):
            rounded = values.astype(type.dtype)
        too_large = np.flatnonzero(~np.isfinite(rounded.astype(np.float64)))
        if too_large.size:
            _, literal, start = tokens[too_large[0]]
            raise self.error(f"{literal[:40]} is beyond the range of {type}", start)
        for i, pattern in bits.items():
            rounded.view(pattern.dtype)[i] = pattern
        return rounded

    def typed_array(self) -> tuple[Any, ...]:
        """``array<i64: 1, 2>``."""
        match = _INTEGERS.match(self.text, self.start)
        if match:
            self.jump(match.end())
            return tuple(map(int, match[1].split(",")))
        self.advance()
        self.expect("<")
        type = self.element_type()
        if self.at(">"):
            return ()
        self.expect(":")
        return tuple(self.comma_separated(">", lambda: self.scalar(self.element(), type)))

    def element(self) -> _Token:
        """The current token, as an element of an array."""
        found = (self.kind, self.value, self.start)
        if self.kind not in ("integer", "float", "string") and self.value not in ("true", "false"):
            raise self.expected("a number")
        self.advance()
        return found

    # Arrays

    def dense_elements(self, close_first: bool) -> DenseElements:
        """``dense<[1, 2]> : tensor<2xi8>``, or ``#nncc.dense<[1, 2] : tensor<...>>`` for types that MLIR's refuses."""
        self.expect("<")
        start = self.start
        tokens: list[_Token] = []
        shape = None if self.kind == ">" else self.literal(tokens)
        if close_first:
            self.expect(">")
        self.expect(":")
        type = self.static_type()
        if not close_first:
            self.expect(">")
        return DenseElements(self.dense_array(tokens, shape, type, start), type)

    def static_type(self) -> TensorType:
        start, type = self.start, self.type()
        if not isinstance(type, TensorType) or not type.is_static:
            raise self.error(f"expected a tensor type with a static shape, got {type}", start)
        if math.prod(d for d in type.static_shape if d) * type.storage.dtype.itemsize >= 2**63:
            raise self.error(f"an array of type {type} is too large", start)
        return type

    def literal(self, tokens: list[_Token]) -> tuple[int, ...]:
        """Append the elements of a literal; the result is the shape that its brackets have."""
        if self.kind == "[":
            start = self.start
            self.advance()
            self.enter()
            rows = self.comma_separated("]", lambda: self.literal(tokens))
            self.depth -= 1
            if len(set(rows)) > 1:
                raise self.error("the rows of the array have different lengths", start)
            return (len(rows), *(rows[0] if rows else ()))
        if self.at("("):  # a complex number
            tokens.append(self.element())
            self.expect(",")
            tokens.append(self.element())
            self.expect(")")
        else:
            tokens.append(self.element())
        return ()

    def dense_array(self, tokens: list[_Token], shape: tuple[int, ...] | None, type: TensorType, start: int) -> Array:
        """The array of a literal; one element stands for all."""
        if not tokens and type.size == 0:
            return np.zeros(type.static_shape, type.storage.dtype)
        is_text = type.storage.name == "!nncc.string"
        if len(tokens) == 1 and tokens[0][0] == "string" and not is_text:
            return self.blob(tokens[0][1], tokens[0][2], type, 0)
        if shape not in ((), type.shape) or not tokens:
            raise self.error(f"the elements have the shape {list(shape or (0,))}, expected {type}", start)
        if len(tokens) != (type.size if shape else 1) * (2 if type.storage.name in _PARTS else 1):
            raise self.error(f"the elements are not of type {type.storage}", start)
        flat = self.elements(tokens, type.storage)
        if shape:
            return flat.reshape(type.static_shape)
        self.splat_bytes += type.size * flat.itemsize
        if self.splat_bytes > _MOST_SPLATS:
            raise self.error(
                f"arrays of one repeated element have more than {_MOST_SPLATS} bytes, with this {type}", start
            )
        return np.full(type.static_shape, flat[0], flat.dtype)

    def elements(self, tokens: list[_Token], type: ElementType) -> Array:
        """The elements of a literal, in a row."""
        if type.is_float:
            return self.float_elements(tokens, type)
        if type.name in _PARTS:
            return self.float_elements(tokens, _PARTS[type.name]).view(type.dtype)
        if type.name == "!nncc.string":
            texts = np.empty(len(tokens), object)
            for i, (kind, literal, start) in enumerate(tokens):
                if kind != "string":
                    raise self.error(f"expected a string, got {literal[:40]}", start)
                texts[i] = self.unquoted(literal, start)
            return texts
        return np.array([self.scalar(token, type) for token in tokens]).astype(type.dtype)

    def blob(self, literal: str, start: int, type: TensorType, offset: int) -> Array:
        """The array in a string of hexadecimal digits, little-endian, behind ``offset`` bytes of something else."""
        storage = type.storage
        if storage.name == "!nncc.string" or (not offset and storage.name in PACKED):
            raise self.error(f"elements of type {storage} cannot be given in hexadecimal", start)
        try:
            data = bytes.fromhex(literal[3:-1] if literal.startswith('"0x') else "-")
        except ValueError:
            raise self.error("expected a string of hexadecimal digits that begins with 0x", start) from None
        expected = type.size * storage.dtype.itemsize + offset
        if len(data) != expected:
            raise self.error(f"expected {expected} bytes for {type}, got {len(data)}", start)
        if storage.is_bool and np.frombuffer(data, np.uint8, offset=offset).max(initial=0) > 1:
            raise self.error("expected 00 or 01 for each i1", start)
        flat = np.frombuffer(data, storage.dtype.newbyteorder("<"), offset=offset)
        return flat.astype(storage.dtype, copy=False).reshape(type.static_shape)

    # Resources

    def dense_resource(self) -> DenseResource:
        """``dense_resource<key> : type``."""
        self.advance()
        self.expect("<")
        start, key = self.start, self.expect("word", "the key of a resource")
        self.expect(">")
        self.expect(":")
        type = self.static_type()
        first = self.resource_types.setdefault(key, type)
        if (first.storage, first.shape) != (type.storage, type.shape):
            raise self.error(f"the resource '{key}' has the type {type} here, and {first} above", start)
        resource = self.resources.get(key)
        if resource is None:
            resource = self.resources[key] = Resource(key, key)
        return DenseResource(resource, type)

    def resource_section(self) -> None:
        """``{-# dialect_resources: {builtin: {key: "0x..."}} #-}``; other resources are of other tools' business."""
        self.advance()
        self.comma_separated("#-}", lambda: self.resource_group(()))

    def resource_group(self, path: tuple[str, ...]) -> None:
        start = self.start
        key = self.expect_string("") if self.kind == "string" else self.expect("word", "a key")
        self.expect(":")
        if self.at("{"):
            self.enter()
            self.comma_separated("}", lambda: self.resource_group((*path, key)))
            self.depth -= 1
            return
        literal, literal_start = self.value, self.start
        self.element()
        if path == ("dialect_resources", "builtin") and key in self.resources:
            resource = self.resources[key]
            if not resource.is_elided:
                raise self.error(f"the resource '{key}' is given twice", start)
            array = self.blob(literal, literal_start, self.resource_types[key], _ALIGNMENT)
            resource.fill(lambda: array)
