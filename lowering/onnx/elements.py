"""Element types: those that an operator takes at an opset, and wider ones that compute the same numbers.

Two things can forbid a type: the schema of the opset, and that onnxruntime has no kernel for it. Where a wider type is
allowed that holds every number exactly, and the operator gives the same results in it, casts go around the operator.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from ...ir.dialects.onnx import Schema, element_of
from ...ir.types import ELEMENT_TYPES, ElementType
from .kernels import kernel_elements

_WIDER: Mapping[str, Sequence[str]] = {
    "i1": ("ui8", "i32", "i64", "f32"),
    **{f"i{bits}": ("i8", "i32") for bits in (2, 4)},
    **{f"ui{bits}": ("ui8", "i32") for bits in (2, 4)},
    "i8": ("i32", "i64", "f32", "f64"),
    "ui8": ("i32", "i64", "f32", "f64"),
    "i16": ("i32", "i64", "f32", "f64"),
    "ui16": ("i32", "i64", "f32", "f64"),
    "i32": ("i64", "f64"),
    "ui32": ("i64", "f64"),
    "f16": ("f32", "f64"),
    "bf16": ("f32", "f64"),
    "f32": ("f64",),
    **{f"f8{kind}": ("f16", "f32") for kind in ("E4M3FN", "E4M3FNUZ", "E5M2", "E5M2FNUZ")},
    "f4E2M1FN": ("f16", "f32"),
}
"""Types that hold every number of a type exactly, the cheapest first."""
_CONVERTING = frozenset({"BitCast", "Cast", "QuantizeLinear", "DequantizeLinear"})
"""Operators that lead from one type to another: no other type will do."""
_UNSIGNED_ALONE = frozenset({"BitShift"})
_WIDER_UNSIGNED: Mapping[str, Sequence[str]] = {"ui8": ("ui32", "ui64"), "ui16": ("ui32", "ui64"), "ui32": ("ui64",)}
_SAME_IN_FLOATS = frozenset(
    {
        *("Max", "Min", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Equal", "ReduceMax", "ReduceMin"),
        *("TopK", "ArgMax", "ArgMin", "MaxPool", "Relu", "Clip", "Neg", "Abs", "Sign", "PRelu", "NonZero"),
        *("Where", "Pad", "Slice", "Tile", "Expand", "Concat", "Split", "Transpose", "Reshape", "Identity"),
        *("Gather", "GatherND", "GatherElements", "ScatterND", "ScatterElements", "Scatter", "Compress", "Unique"),
        *("DepthToSpace", "SpaceToDepth", "Trilu", "Resize", "Upsample", "ReverseSequence", "OneHot"),
    }
)
"""Operators that give the same results for integers as for the floats of the same values: they compare or move them."""


@attrs.frozen
class Substitution:
    """The element types to compute with, by type variable of the schema; what is not named stays as it is."""

    by_variable: Mapping[str, ElementType]


def element_names(texts: Iterable[str]) -> frozenset[str]:
    """MLIR's names of the elements of the tensors among types as ONNX writes them: ``tensor(float)``."""
    return frozenset(_name(t[len("tensor(") : -1]) for t in texts if t.startswith("tensor("))


@functools.cache
def _name(text: str) -> str:
    from onnx import TensorProto

    return element_of(TensorProto.DataType.Value(text.upper())).name


def type_variable(formal: Schema, index: int) -> str:
    """The type variable (or the type) of an operand or result; the last of the schema may stand for many."""
    found: str = formal[min(index, len(formal) - 1)].type_str
    return found


@functools.cache
def schema_elements(schema: Schema, variable: str) -> frozenset[str]:
    """The element types (MLIR's names) that a type variable of a schema may have."""
    texts = next((c.allowed_type_strs for c in schema.type_constraints if c.type_param_str == variable), [variable])
    return element_names(texts)


def substitute(schema: Schema, elements: Mapping[str, ElementType]) -> tuple[Substitution, str | None]:
    """What to compute with instead of the given elements, and the variable that nothing fits (None: all fit).

    A type that the schema allows and no kernel takes stays where no wider one would do: other runtimes may have it.
    Half floats stay as well: onnxruntime puts casts around them by itself, and other runtimes need none.
    """
    found: dict[str, ElementType] = {}
    for variable, element in elements.items():
        legal, computed = schema_elements(schema, variable), _computed(schema, variable)
        is_legal = element.name in legal
        if element.name in computed or (is_legal and schema.name in _CONVERTING):
            continue
        wider = None
        if schema.name not in _CONVERTING:
            wider = _wider(schema.name, element, computed)
            wider = _wider(schema.name, element, legal) if wider is None and not is_legal else wider
        if wider is not None:
            found[variable] = wider
        elif not is_legal:
            return Substitution(found), variable
    return Substitution(found), None


@functools.cache
def _computed(schema: Schema, variable: str) -> frozenset[str]:
    """The element types that the schema allows and onnxruntime computes."""
    legal = schema_elements(schema, variable)
    kernels = kernel_elements(schema.name, schema.since_version, variable)
    return legal if kernels is None else legal & (kernels | {"f16"})


def _wider(op_type: str, element: ElementType, allowed: frozenset[str]) -> ElementType | None:
    table = _WIDER_UNSIGNED if op_type in _UNSIGNED_ALONE else _WIDER
    for name in table.get(element.name, ()):
        exact = element.is_float or not ELEMENT_TYPES[name].is_float or op_type in _SAME_IN_FLOATS
        if name in allowed and exact:
            return ELEMENT_TYPES[name]
    return None
