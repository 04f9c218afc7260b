"""Modules and functions: what holds the operations of a model, and the names of its inputs and outputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .attributes import INLINE_ELEMENTS, Attribute, DenseAttribute, DenseResource, Resource, as_attribute, as_dense
from .core import Block, Region, Value
from .location import UNKNOWN, Location
from .opdef import ANY, STRING, Op, Trait, attribute, variadic
from .types import Array, FunctionType, TensorType, Type, element

PORT_NAME = "nncc.name"
"""The key of a port's name in the argument and result attributes of a function."""


class Module(Op, name="builtin.module"):
    """A model in some stage of its compilation: functions and, in source dialects, what else the file holds.

    ``resources`` is the table of weights that operations refer to (by object; the key is for the text).
    """

    __slots__ = ("resources",)
    resources: dict[str, Resource]

    def __init__(self, location: Location = UNKNOWN, **attributes: Any) -> None:
        super().__init__(result_types=(), regions=[Region.of(Block())], location=location, **attributes)
        self.resources = {}

    def infer(self) -> Sequence[Type]:
        return ()

    @property
    def body(self) -> Block:
        return self.regions[0].block

    @property
    def functions(self) -> list[Function]:
        return [op for op in self.body if isinstance(op, Function)]

    @property
    def main(self) -> Function:
        """The function that is the model. Raises ValueError where the module holds none or several."""
        functions = self.functions
        if len(functions) != 1:
            named = [f for f in functions if f.sym_name == "main"]
            if len(named) != 1:
                raise ValueError(f"expected one function or one named 'main', got {len(functions)}")
            return named[0]
        return functions[0]

    def dialects(self) -> set[str]:
        """The dialects of the operations in the module, without those that only hold others (builtin, func)."""
        return {op.name.partition(".")[0] for op in self.walk()} - {"builtin", "func"}

    def add_resource(
        self, name: str, data: Array | Callable[[], Array], type: TensorType | None = None
    ) -> DenseResource:
        """A new shared constant. ``data`` may be a function that loads it when first needed: then give ``type``."""
        key = _unique(re.sub(r"\W", "_", name, flags=re.ASCII) or "_", self.resources)
        if callable(data):
            if type is None:
                raise TypeError("the type of a lazily loaded resource must be given")
            resource = Resource(key, name, load=data)
        else:
            resource = Resource(key, name, array=data)
            type = type or TensorType(tuple(map(int, data.shape)), element(data.dtype))
        self.resources[key] = resource
        return DenseResource(resource, type)

    def constant(self, data: Array, name: str = "constant", type: TensorType | None = None) -> DenseAttribute:
        """The attribute for a constant array: inline if it is small, else a new resource."""
        if data.size <= INLINE_ELEMENTS:
            return as_dense(data, type)
        return self.add_resource(name, data, type)

    def evaluate(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs of the main function by name, computed with numpy. See :func:`nncc.ir.interpreter.evaluate`."""
        from .interpreter import evaluate

        return evaluate(self.main, inputs)

    def drop_unused_resources(self) -> int:
        """Forget the weights that no operation refers to, so that their memory is free; gives how many they were."""
        used = {id(resource) for op in self.walk() for resource in _resources_in(op.attributes)}
        unused = [key for key, resource in self.resources.items() if id(resource) not in used]
        for key in unused:
            del self.resources[key]
        return len(unused)

    def clone_module(self) -> Module:
        """A copy of the operations; the weights are shared."""
        copy = self.clone()
        assert isinstance(copy, Module)
        copy.resources = dict(self.resources)
        return copy

    def __str__(self) -> str:
        from .printer import print_module

        return print_module(self)


def _resources_in(value: Attribute) -> Iterator[Resource]:
    if isinstance(value, DenseResource):
        yield value.resource
    elif isinstance(value, tuple | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _resources_in(inner)


def _unique(key: str, taken: Mapping[str, Any]) -> str:
    if key[0].isdigit():
        key = f"_{key}"
    if key not in taken:
        return key
    count = len(taken)  # a start that is rarely taken: many constants of one name must not be tried one by one
    while f"{key}_{count}" in taken:
        count += 1
    return f"{key}_{count}"


class Function(Op, name="func.func"):
    """A function; ports are named by the attributes of arguments and results, as MLIR has them.

    ``arg_attrs`` and ``res_attrs`` hold a dict a port; the key ``nncc.name`` is the port's name in the source.
    """

    sym_name = attribute(STRING)
    arg_attrs = attribute(ANY, default=())
    res_attrs = attribute(ANY, default=())

    @classmethod
    def create(
        cls, name: str, inputs: Sequence[tuple[str, Type]], location: Location = UNKNOWN
    ) -> tuple[Function, Block]:
        """A function with named inputs and its empty block; give it outputs with :meth:`set_outputs`."""
        block = Block.of([type for _, type in inputs], [name for name, _ in inputs])
        ports = tuple({PORT_NAME: port} for port, _ in inputs)
        function = cls(regions=[Region.of(block)], sym_name=name, arg_attrs=ports, location=location)
        return function, block

    def infer(self) -> Sequence[Type]:
        return ()

    @property
    def body(self) -> Block:
        return self.regions[0].block

    @property
    def terminator(self) -> Return:
        last = self.body.last_op
        if not isinstance(last, Return):
            raise self.error("expected its block to end in 'func.return'")
        return last

    @property
    def inputs(self) -> Sequence[Value]:
        return tuple(self.body.args)

    @property
    def outputs(self) -> Sequence[Value]:
        return tuple(v for v in self.terminator.operands if v is not None)

    def port(self, which: str, index: int) -> Value:
        """One input (``"arg"``) or output (``"res"``), without a list of all."""
        value = self.body.args[index] if which == "arg" else self.terminator._operands[index]
        assert value is not None
        return value

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs in the source; ``argN`` where there is none."""
        return _port_names(self.arg_attrs, len(self.body.args), "arg")

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs in the source; ``resultN`` where there is none."""
        return _port_names(self.res_attrs, len(self.terminator.operands), "result")

    def set_outputs(self, outputs: Sequence[tuple[str, Value]]) -> None:
        """End the function with these named outputs (any earlier ``func.return`` is replaced)."""
        if isinstance(self.body.last_op, Return):
            self.body.last_op.erase()
        self.body.append(Return([value for _, value in outputs], location=self.location))
        self.set_attribute("res_attrs", tuple({PORT_NAME: name} for name, _ in outputs))

    def port_attribute(self, which: str, index: int, key: str, default: Attribute = None) -> Attribute:
        """One attribute of a port; ``which`` is ``"arg"`` or ``"res"``."""
        ports = self.attributes.get(f"{which}_attrs", ())
        return ports[index].get(key, default) if index < len(ports) else default

    def set_port_attribute(self, which: str, index: int, key: str, value: Attribute) -> None:
        count = len(self.body.args) if which == "arg" else len(self.terminator.operands)
        ports = list(self.attributes.get(f"{which}_attrs", ())) or [{} for _ in range(count)]
        ports[index] = {**ports[index], key: as_attribute(value)}
        self.set_attribute(f"{which}_attrs", tuple(ports))

    def drop_port_attribute(self, which: str, index: int, key: str) -> None:
        """Forget an attribute of a port, if it has it."""
        ports = self.attributes.get(f"{which}_attrs", ())
        kept = [{k: v for k, v in port.items() if k != key or i != index} for i, port in enumerate(ports)]
        self.set_attribute(f"{which}_attrs", tuple(kept))

    @property
    def function_type(self) -> FunctionType:
        return FunctionType(tuple(a.type for a in self.inputs), tuple(v.type for v in self.outputs))

    def text_attributes(self) -> dict[str, Attribute]:
        if not isinstance(self.body.last_op, Return):
            return self.attributes  # invalid, but must be printed where somebody looks for the fault
        return {"function_type": self.function_type, **self.attributes}

    def verify_op(self) -> None:
        for key, count in (("arg_attrs", len(self.inputs)), ("res_attrs", len(self.terminator.operands))):
            if len(self.attributes.get(key, ())) not in (0, count):
                raise self.error(f"expected '{key}' to have {count} entries")
        for what, names in (("inputs", self.input_names), ("outputs", self.output_names)):
            if len(set(names)) != len(names):
                raise self.error(f"expected its {what} to have different names, got {names}")


def _port_names(ports: Sequence[Mapping[str, Any]], count: int, prefix: str) -> list[str]:
    given = [p.get(PORT_NAME) for p in ports] or [None] * count
    return [name or f"{prefix}{i}" for i, name in enumerate(given)]


class Return(Op, name="func.return", traits=(Trait.TERMINATOR,)):
    """Ends a function; its operands are the outputs."""

    values = variadic()

    def infer(self) -> Sequence[Type]:
        return ()

    def verify_op(self) -> None:
        if None in self.operands:
            raise self.error(f"expected operand #{self.operands.index(None)}: no output can be left out")


def constant_array(value: Value | None) -> Array | None:
    """The real numbers of a value that a constant operation makes; None for any other value."""
    dense = constant_attribute(value)
    return None if dense is None else dense.real()


def constant_attribute(value: Value | None) -> DenseAttribute | None:
    """The dense attribute of the constant operation that makes a value; None for any other value."""
    op = value.defining_op if value is not None else None
    if op is None or Trait.CONSTANT not in op.traits:
        return None
    dense = op.attributes["value"]
    assert isinstance(dense, DenseAttribute)
    return dense


def scalar_constant(value: Value | None, tolerance: float = 1e-6) -> float | None:
    """The one number that a constant holds in all its elements (within a relative tolerance); None otherwise."""
    dense = constant_attribute(value)
    if dense is None or dense.type.size == 0:
        return None
    numbers = np.asarray(dense.real()).reshape(-1)
    first = float(numbers[0])
    if numbers.size > 1 and not np.allclose(numbers, first, rtol=tolerance, atol=0.0):
        return None
    return first
