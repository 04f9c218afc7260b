"""The text of attributes and locations, in MLIR's syntax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .attributes import Attribute, DenseElements, DenseResource, SymbolRef
from .diagnostics import CompileError
from .location import Location, Origin
from .syntax import BARE_IDENTIFIER, MAX_NESTING, encode_location, format_string
from .types import Array, ElementType, QuantizedType, TensorType, Type, format_float

LISTED_ELEMENTS = 256
"""Inline arrays up to this many elements are listed; longer ones are written as one hexadecimal string."""

KeyOf = Callable[[DenseResource], str]


def own_key(dense: DenseResource) -> str:
    return dense.resource.key


def format_attribute(value: Attribute, key_of: KeyOf = own_key, depth: int = 0) -> str:
    """The text of an attribute; ``key_of`` gives the keys of resources.

    Raises CompileError for an integer beyond 64 bits, an array that does not fit its type, too deep nesting, and
    for what is no attribute.
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return f"{_checked_int(value)} : i64"
    if isinstance(value, float):
        return f"{format_float(value)} : f64"
    if isinstance(value, str):
        return format_string(value)
    if isinstance(value, Type):
        return str(value)
    if isinstance(value, SymbolRef):
        bare = BARE_IDENTIFIER.fullmatch(value.name)
        return f"@{value.name if bare else format_string(value.name)}"
    if isinstance(value, DenseElements):
        return _dense(value)
    if isinstance(value, DenseResource):
        return f"dense_resource<{key_of(value)}> : {value.type}"
    if depth == MAX_NESTING:
        raise CompileError(f"an attribute is nested more than {MAX_NESTING} deep")
    if isinstance(value, tuple):
        return _tuple(value, key_of, depth)
    if isinstance(value, Mapping):
        return format_dictionary(value, key_of, depth)
    raise CompileError(f"{type(value).__name__} is no attribute: {value!r}")


def format_dictionary(values: Mapping[str, Attribute], key_of: KeyOf = own_key, depth: int = 0) -> str:
    """``{a = 1 : i64, "odd key" = true}``."""
    entries = [f"{_key(k)} = {format_attribute(v, key_of, depth + 1)}" for k, v in values.items()]
    return f"{{{', '.join(entries)}}}"


def _key(key: str) -> str:
    return key if BARE_IDENTIFIER.fullmatch(key) else format_string(key)


def _checked_int(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise CompileError(f"the integer {value} does not fit into 64 bits")
    return value


def _tuple(values: tuple[Attribute, ...], key_of: KeyOf, depth: int) -> str:
    kinds = {type(v) for v in values}
    if kinds == {int}:
        return f"array<i64: {', '.join(str(_checked_int(v)) for v in values)}>"
    if kinds == {bool}:
        return f"array<i1: {', '.join('true' if v else 'false' for v in values)}>"
    if kinds == {float} and np.isfinite(values).all():  # readers take no infinities in an array<f64>
        return f"array<f64: {', '.join(map(format_float, values))}>"
    return f"[{', '.join(format_attribute(v, key_of, depth + 1) for v in values)}]"


# Arrays


def _dense(dense: DenseElements) -> str:
    array, kind = dense.array, dense.type
    fault = array_fault(array, kind)
    if fault:
        raise CompileError(fault)
    if isinstance(kind.element, QuantizedType) or kind.storage.name == "!nncc.string":
        # MLIR's own `dense` takes neither; this one has the same contents
        return f"#nncc.dense<{_literal(array, kind.storage) or '[]'} : {kind}>"
    return f"dense<{_literal(array, kind.storage)}> : {kind}"


def array_fault(array: Array, type: TensorType) -> str:
    """Why an array is not one of a type; empty where it is."""
    if not type.is_static or array.shape != type.shape:
        return f"an array of shape {array.shape} cannot have the type {type}"
    if array.dtype.newbyteorder("=") != type.storage.dtype:
        return f"an array of {array.dtype} cannot have the type {type}"
    return ""


def _literal(array: Array, kind: ElementType) -> str:
    """The elements between the angle brackets; nothing for an array without elements."""
    if not array.size:
        return ""
    flat = array.reshape(-1)
    text = _element_formatter(kind)
    if kind.name == "!nncc.string":
        return text(flat[0]) if array.ndim == 0 else _nested(array, text)
    raw = np.ascontiguousarray(flat).view(np.uint8).reshape(flat.size, -1)
    complete = kind.name not in _LOOSE or np.isfinite(flat).all()
    if complete and (array.size == 1 or (raw == raw[0]).all()):
        return text(flat[0]) if array.ndim == 0 or array.size > 1 else _nested(array, text)
    if complete and (array.size <= LISTED_ELEMENTS or kind.name in PACKED):
        return _nested(array, text)
    return f'"0x{little_endian(array).hex().upper()}"'


_LOOSE = ("complex<f32>", "complex<f64>")  # there is no list form for their infinities
PACKED = ("i1", "i2", "i4", "ui2", "ui4", "f4E2M1FN", "f6E2M3FN", "f6E3M2FN")
"""Element types whose hexadecimal form in MLIR packs several elements into a byte: they are listed."""


def little_endian(array: Array) -> memoryview:
    """The bytes of the elements in row-major order."""
    ordered = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    return ordered.reshape(-1).view(np.uint8).data


def _nested(array: Array, text: Callable[[Any], str]) -> str:
    if array.ndim == 0:
        return text(array[()])
    if array.ndim == 1:
        return f"[{', '.join(map(text, array))}]"
    return f"[{', '.join(_nested(row, text) for row in array)}]"


def _element_formatter(kind: ElementType) -> Callable[[Any], str]:
    if kind.name == "!nncc.string":
        return lambda v: format_string(v if isinstance(v, str) else _as_text(v))
    if kind.is_bool:
        return lambda v: "true" if v else "false"
    if kind.is_float:
        return _format_element
    if kind.is_integer:
        return lambda v: str(int(v))
    return lambda v: f"({_format_element(v.real)}, {_format_element(v.imag)})"


def _as_text(value: Any) -> str:
    raise CompileError(f"an array of strings holds {value!r}")


def _format_element(value: Any) -> str:
    """The shortest decimal that is this element, or the bits of an infinity or a NaN."""
    exact = float(value)
    if not np.isfinite(exact):
        size = value.dtype.itemsize
        return f"0x{value.view(f'u{size}').item():0{2 * size}X}"
    short = float(str(value))
    return format_float(short if value.dtype.type(short) == value else exact)


# Locations


def format_location(location: Location) -> str:
    """A location in parentheses' contents form: ``"conv1"("lenet.nnp:runtime":4:1)``.

    Several origins are ``fused[...]``. The passes that an operation went through are the callers of a call site:
    ``callsite(fused[...] at "fold-batch-norm")``. See :func:`_origin` for one origin.
    """
    origins = _fused([_origin(o) for o in location.origins])
    if not location.passes:
        return origins
    passes = _fused([f'"{encode_location(p, keep_colons=True)}"' for p in location.passes])
    return f"callsite({origins} at {passes})"


def _fused(parts: list[str]) -> str:
    if not parts:
        return "unknown"
    return parts[0] if len(parts) == 1 else f"fused[{', '.join(parts)}]"


def _origin(origin: Origin) -> str:
    """``"name"("file:scope":index:1)``; line and column are 0 where there is no index.

    In names a ``%``, what is not ASCII, and (in file and scope) the ``:`` are written in percent encoding.
    """
    name = f'"{encode_location(origin.name, keep_colons=True)}"'
    if origin.name and not origin.file and not origin.scope and origin.index is None:
        return name
    scope = f":{encode_location(origin.scope)}" if origin.scope else ""
    where = "0:0" if origin.index is None else f"{origin.index}:1"
    place = f'"{encode_location(origin.file)}{scope}":{where}'
    return f"{name}({place})" if origin.name else place
