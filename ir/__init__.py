"""The intermediate representation: all of nncc stands on this package, and it imports nothing of nncc.

A :class:`Module` holds functions, a function holds a block of :class:`Operation`s, and operations pass
:class:`Value`s to each other (SSA: every value has one definition). Operations are defined
once, as classes in ``ir/dialects``.
"""

from .attributes import Attribute, DenseAttribute, DenseElements, DenseResource, Resource, SymbolRef, as_dense
from .builder import Builder
from .core import Block, BlockArgument, Operation, OpResult, Region, UnregisteredOp, Use, Value
from .diagnostics import CompileError, Diagnostic, Diagnostics, NnccError, Severity, UsageError, VerifyError
from .location import Location, Origin
from .module import Function, Module, Return, constant_array
from .opdef import Op, Trait, attribute, lookup_op, operand, region, result, variadic, variadic_results
from .types import (
    ElementType,
    MapType,
    NoneType,
    OptionalType,
    QuantizedType,
    SequenceType,
    SparseType,
    TensorType,
    Type,
    UnknownType,
    element,
)

__all__ = [
    "Attribute",
    "Block",
    "BlockArgument",
    "Builder",
    "CompileError",
    "DenseAttribute",
    "DenseElements",
    "DenseResource",
    "Diagnostic",
    "Diagnostics",
    "ElementType",
    "Function",
    "Location",
    "MapType",
    "Module",
    "NnccError",
    "NoneType",
    "Op",
    "OpResult",
    "Operation",
    "OptionalType",
    "Origin",
    "QuantizedType",
    "Region",
    "Resource",
    "Return",
    "SequenceType",
    "Severity",
    "SparseType",
    "SymbolRef",
    "TensorType",
    "Trait",
    "Type",
    "UnknownType",
    "UnregisteredOp",
    "UsageError",
    "Use",
    "Value",
    "VerifyError",
    "as_dense",
    "attribute",
    "constant_array",
    "element",
    "lookup_op",
    "operand",
    "region",
    "result",
    "variadic",
    "variadic_results",
]
