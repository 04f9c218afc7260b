"""Definitions of operations: signature, meaning, inference and evaluation of an operation, in one class.

    class Conv(Op, name="nn.conv"):
        '''What it computes, with the formula and shapes.'''

        x = operand("(N, C, H, W)")
        weight = operand("(O, C / groups, kH, kW)")
        bias = operand("(O,)", optional=True)
        strides = attribute(INTS, "one a spatial dimension")
        groups = attribute(INT, default=1)
        y = result("(N, O, H', W')")              # and region("...") where there is one

        def infer(self): ...                      # the types of the results
        def verify_op(self): ...                  # raises VerifyError, see Op.error
        def evaluate(self, x, weight, bias): ...  # with numpy

The fields are properties of the instances (``conv.weight`` is a Value, ``conv.groups`` an int). The constructor takes
the operands in order (a list for a variadic one, None for one left out) and the attributes by name. Parser, verifier,
interpreter, constant folding, docs and support tables all read these classes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

import attrs

from .attributes import Attribute, DenseAttribute, as_attribute, attribute_key
from .core import Operation, OpResult, Region, UnregisteredOp, Value
from .diagnostics import VerifyError
from .location import UNKNOWN, Location
from .types import Array, TensorType, Type

_T = TypeVar("_T")


class Trait(enum.Enum):
    """What generic passes may know of an operation without knowing which it is."""

    PURE = "no effect but its results: may be removed, merged, folded"
    COMMUTATIVE = "the operands may be swapped"
    ELEMENTWISE = "works on each element alone, operands broadcast as in numpy: layouts may be moved through it"
    CONSTANT = "has no operands; its attribute `value` is its result"
    STORED = "evaluates on the stored integers of quantized tensors, not on the real numbers that they stand for"
    TERMINATOR = "ends a block"
    GRAPH_REGION = "its regions are graphs: a value may be used above its definition, and cycles are allowed"

    __hash__ = object.__hash__  # enum's own is written in Python, and traits are looked up all the time


# Attribute kinds


@attrs.frozen
class AttributeKind(Generic[_T]):
    """A type of attributes: its name in the docs and the check that a value passes."""

    name: str
    accepts: Callable[[Attribute], bool]


def _tuple_of(*types: type) -> Callable[[Attribute], bool]:
    return lambda value: isinstance(value, tuple) and all(type(v) in types for v in value)


INT: AttributeKind[int] = AttributeKind("int", lambda v: type(v) is int)
FLOAT: AttributeKind[float] = AttributeKind("float", lambda v: type(v) is float)
BOOL: AttributeKind[bool] = AttributeKind("bool", lambda v: type(v) is bool)
STRING: AttributeKind[str] = AttributeKind("string", lambda v: isinstance(v, str))
INTS: AttributeKind[tuple[int, ...]] = AttributeKind("ints", _tuple_of(int))
FLOATS: AttributeKind[tuple[float, ...]] = AttributeKind("floats", _tuple_of(float))
BOOLS: AttributeKind[tuple[bool, ...]] = AttributeKind("bools", _tuple_of(bool))
STRINGS: AttributeKind[tuple[str, ...]] = AttributeKind("strings", _tuple_of(str))
TYPE: AttributeKind[Type] = AttributeKind("type", lambda v: isinstance(v, Type))
TENSOR_TYPE: AttributeKind[TensorType] = AttributeKind("tensor type", lambda v: isinstance(v, TensorType))
DENSE: AttributeKind[DenseAttribute] = AttributeKind("dense", lambda v: isinstance(v, DenseAttribute))
ANY: AttributeKind[Any] = AttributeKind("any", lambda v: True)


def one_of(*choices: str) -> AttributeKind[str]:
    """A string that is one of the choices."""
    return AttributeKind(" | ".join(choices), lambda v: v in choices)


# Fields

REQUIRED: Any = object()
"""The default of an attribute that has none."""


class _Field:
    """A field of a definition; knows its name once the class is made."""

    name: str = ""
    doc: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


class Operand(_Field):
    """One operand, optional or not."""

    def __init__(self, doc: str, optional: bool) -> None:
        self.doc, self.optional, self.index = doc, optional, -1

    @overload
    def __get__(self, op: None, owner: type) -> Operand: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> Value: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        if op is None:
            return self
        return op._operands[self.index] if self.index < len(op._operands) else None

    def __set__(self, op: Operation, value: Value | None) -> None:
        op.set_operand(self.index, value)


class Variadic(_Field):
    """All operands from here on; the last operand field of a definition."""

    def __init__(self, doc: str) -> None:
        self.doc, self.index = doc, -1

    @overload
    def __get__(self, op: None, owner: type) -> Variadic: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> Sequence[Value]: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        return self if op is None else op.operands[self.index :]


class Result(_Field):
    """One result."""

    def __init__(self, doc: str) -> None:
        self.doc, self.index = doc, -1

    @overload
    def __get__(self, op: None, owner: type) -> Result: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> OpResult: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        return self if op is None else op.results[self.index]


class VariadicResults(_Field):
    """Any number of results; the only result field of a definition."""

    def __init__(self, doc: str) -> None:
        self.doc, self.index = doc, -1

    @overload
    def __get__(self, op: None, owner: type) -> VariadicResults: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> list[OpResult]: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        return self if op is None else op.results


class RegionField(_Field):
    """One region, of one block."""

    def __init__(self, doc: str) -> None:
        self.doc, self.index = doc, -1

    @overload
    def __get__(self, op: None, owner: type) -> RegionField: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> Region: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        return self if op is None else op.regions[self.index]


class AttributeField(_Field, Generic[_T]):
    """One attribute. One that equals its default is not stored, so that equal operations look equal."""

    def __init__(self, kind: AttributeKind[_T], doc: str, default: Any) -> None:
        self.kind, self.doc, self.default = kind, doc, default

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @overload
    def __get__(self, op: None, owner: type) -> AttributeField[_T]: ...
    @overload
    def __get__(self, op: Operation, owner: type) -> _T: ...
    def __get__(self, op: Operation | None, owner: type) -> Any:
        if op is None:
            return self
        return op.attributes[self.name] if self.required else op.attributes.get(self.name, self.default)

    def __set__(self, op: Operation, value: Any) -> None:
        value = as_attribute(value)
        if type(value) is int and self.kind.name == "float":
            value = float(value)
        if not self.required and attribute_key(value) == attribute_key(self.default):
            op.attributes.pop(self.name, None)
        else:
            op.attributes[self.name] = value


def operand(doc: str = "", *, optional: bool = False) -> Operand:
    """An operand field."""
    return Operand(doc, optional)


def variadic(doc: str = "") -> Variadic:
    """A field for any number of operands."""
    return Variadic(doc)


def result(doc: str = "") -> Result:
    """A result field."""
    return Result(doc)


def variadic_results(doc: str = "") -> VariadicResults:
    """A field for any number of results."""
    return VariadicResults(doc)


def region(doc: str = "") -> RegionField:
    """A field for a region of one block, in the order in which the constructor takes ``regions``."""
    return RegionField(doc)


def attribute(kind: AttributeKind[_T], doc: str = "", *, default: Any = REQUIRED) -> AttributeField[_T]:
    """An attribute field; without a default it must be given."""
    return AttributeField(kind, doc, default)


# Definitions

RegionRunner = Callable[[Region, list[Array]], list[Array]]
"""Runs the block of a region on the values of its arguments and gives the operands of its terminator; the list of
values is emptied, so that each can be dropped when nothing needs it any more."""

_REGISTRY: dict[str, type[Op]] = {}
_OPEN_DIALECTS: dict[str, type[UnregisteredOp]] = {}


def lookup_op(name: str) -> type[Op] | None:
    """The definition of ``dialect.op``, or None. Imports the dialect's module when it is first asked for."""
    if name not in _REGISTRY:
        from .dialects import load_dialect

        load_dialect(name.partition(".")[0])
    return _REGISTRY.get(name)


def unregistered_class(name: str) -> type[UnregisteredOp]:
    """The class of operations that have no definition: that of their dialect, where the dialect takes any name."""
    lookup_op(name)  # imports the dialect
    return _OPEN_DIALECTS.get(name.partition(".")[0], UnregisteredOp)


def registered_ops(dialect: str) -> Iterator[type[Op]]:
    """The definitions of a dialect, by name."""
    from .dialects import load_dialect

    load_dialect(dialect)
    yield from (definition for name, definition in sorted(_REGISTRY.items()) if name.partition(".")[0] == dialect)


class Op(Operation):
    """Base of all definitions; see the module's description."""

    operand_fields: ClassVar[tuple[Operand | Variadic, ...]] = ()
    attribute_fields: ClassVar[dict[str, AttributeField[Any]]] = {}
    result_fields: ClassVar[tuple[Result | VariadicResults, ...]] = ()
    region_fields: ClassVar[tuple[RegionField, ...]] = ()

    def __init_subclass__(cls, name: str = "", traits: Sequence[Trait] = (), takes_any: str = "") -> None:
        """``takes_any`` makes this the class of all operations of a dialect that have no definition."""
        super().__init_subclass__()
        cls.traits = cls.traits | frozenset(traits)
        own = [f for f in vars(cls).values() if isinstance(f, _Field)]
        cls.operand_fields = (*cls.operand_fields, *(f for f in own if isinstance(f, Operand | Variadic)))
        cls.result_fields = (*cls.result_fields, *(f for f in own if isinstance(f, Result | VariadicResults)))
        cls.region_fields = (*cls.region_fields, *(f for f in own if isinstance(f, RegionField)))
        cls.attribute_fields = cls.attribute_fields | {f.name: f for f in own if isinstance(f, AttributeField)}
        for fields in (cls.operand_fields, cls.result_fields, cls.region_fields):
            for index, field in enumerate(fields):
                field.index = index
        if name:
            cls.name = name
            _REGISTRY[name] = cls
        if takes_any:
            assert issubclass(cls, UnregisteredOp)
            _OPEN_DIALECTS[takes_any] = cls

    def __init__(
        self,
        *operands: Value | Sequence[Value | None] | None,
        result_types: Sequence[Type] | None = None,
        regions: Sequence[Region] = (),
        location: Location = UNKNOWN,
        **attributes: Any,
    ) -> None:
        flat: list[Value | None] = []
        for value in operands:
            if value is None or isinstance(value, Value):
                flat.append(value)
            else:
                flat.extend(value)
        super().__init__(flat, result_types or (), None, regions, location)
        for key, value in attributes.items():
            self.set_attribute(key, value)
        if result_types is None:
            for type in self.inferred_types():
                self.results.append(OpResult(type, self, len(self.results)))

    def set_attribute(self, key: str, value: Any) -> None:
        """Set an attribute; one of the definition is normalized as its field says."""
        field = self.attribute_fields.get(key)
        if field is None:
            self.attributes[key] = as_attribute(value)
        else:
            field.__set__(self, value)

    # What definitions override

    def infer(self) -> TensorType | Sequence[Type]:
        """The type of the result, or the types of all. Raises VerifyError where operands and attributes do not fit."""
        raise self.error("has no type inference: its result types must be given")

    def verify_op(self) -> None:
        """Check what the signature cannot say. Raises VerifyError."""

    def evaluate(self, *operands: Any) -> Any:
        """The result (a tuple for several) for numpy operands; None for one left out, a list for a variadic field."""
        raise self.error("cannot be evaluated")

    def evaluate_regions(self, run: RegionRunner, *operands: Any) -> Any:
        """:meth:`evaluate` of an operation with regions, which ``run`` executes."""
        raise self.error("cannot be evaluated")

    # What is built on that

    @classmethod
    def is_inferable(cls) -> bool:
        return cls.infer is not Op.infer

    @classmethod
    def is_evaluable(cls) -> bool:
        return cls.evaluate is not Op.evaluate or cls.evaluate_regions is not Op.evaluate_regions

    def inferred_types(self) -> Sequence[Type]:
        """The result types that ``infer`` gives, always as a sequence. The signature is checked first."""
        self.verify_signature()
        types = self.infer()
        return (types,) if isinstance(types, Type) else types

    def run(self, operands: Sequence[Array | None], run_region: RegionRunner | None = None) -> tuple[Array, ...]:
        """``evaluate`` on the flat list of operands; always a tuple. ``run_region`` is for operations with regions."""
        arguments: list[Any] = []
        for field in self.operand_fields:
            if isinstance(field, Variadic):
                arguments.append(list(operands[field.index :]))
            else:
                arguments.append(operands[field.index] if field.index < len(operands) else None)
        if run_region is not None and type(self).evaluate_regions is not Op.evaluate_regions:
            value = self.evaluate_regions(run_region, *arguments)
        else:
            value = self.evaluate(*arguments)
        return value if isinstance(value, tuple) else (value,)

    def verify_signature(self) -> None:
        """Check the numbers of operands and regions and the kinds of the attributes. Raises VerifyError."""
        fields = self.operand_fields
        has_variadic = bool(fields) and isinstance(fields[-1], Variadic)
        if len(self._operands) > len(fields) and not has_variadic:
            raise self.error(f"expected at most {len(fields)} operands, got {len(self._operands)}")
        for field in fields:
            if isinstance(field, Operand) and not field.optional and field.__get__(self, type(self)) is None:
                raise self.error(f"expected operand '{field.name}'")
        regions = self.region_fields
        if regions and [len(r.blocks) for r in self.regions] != [1] * len(regions):
            names = " and ".join(f.name for f in regions)
            raise self.error(f"expected {len(regions)} regions of one block each: {names}")
        for name, spec in self.attribute_fields.items():
            if name not in self.attributes:
                if spec.required:
                    raise self.error(f"expected attribute '{name}' ({spec.kind.name})")
            elif not spec.kind.accepts(self.attributes[name]):
                raise self.error(f"expected attribute '{name}' to be {spec.kind.name}, got {self.attributes[name]!r}")

    def verify(self) -> None:
        self.verify_signature()
        self.verify_op()

    def error(self, message: str, remedy: str = "") -> VerifyError:
        """An error about this operation, to be raised by the caller: ``'nn.conv' op <message>``."""
        return VerifyError(f"'{self.name}' op {message}", self.location, remedy)
