"""From the operations of a source dialect to those of nn: what the lifts of all formats have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ..ir import (
    Block,
    CompileError,
    Diagnostics,
    Function,
    Location,
    Module,
    Operation,
    TensorType,
    Trait,
    Value,
    VerifyError,
    constant_array,
)
from ..ir.types import Array
from .folding import FoldingBuilder
from .nodes import FIT, Node

WRONG_USE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a lift may raise for a node that makes no sense: a rank that is not known, a step of 0, a tensor in place of a
sequence. Files are of anybody's making, and not every lift looks at everything."""


class Reported(Exception):
    """A region could not be lifted; the reasons are in the diagnostics already."""


@attrs.frozen
class Failed:
    """In place of what could not be lifted: nodes that need it are not looked at, as they cannot be judged."""


class RegionBuilder(FoldingBuilder):
    """Builds nn operations for the nodes of a graph, and of those in their regions."""

    def __init__(
        self,
        module: Module,
        block: Block,
        diagnostics: Diagnostics,
        lift_block: Callable[[Block, Sequence[Any]], list[Any]],
    ) -> None:
        super().__init__(module, block)
        self.diagnostics, self._lift_block = diagnostics, lift_block

    def warn(self, op: Node, message: str, remedy: str = "") -> None:
        """Tell the user that the lifted node is not all that the file says."""
        self.diagnostics.warning(f"{op.op_type} {message}", op.location, remedy)

    def array(self, value: Value | None) -> Array | None:
        """The elements of a value that is a constant; None for any other value and for None."""
        return constant_array(value)

    def lift_region(self, block: Block, args: Sequence[Any], into: Block) -> list[Any]:
        """Lift the source operations of a region's block to the end of the nn block ``into``.

        ``args`` are what the arguments of ``block`` have become; what its terminator yields is the result. Raises
        Reported.
        """
        with self.inside(into):
            return self._lift_block(block, args)


class GraphLift:
    """A graph on its way to a function; problems go to ``diagnostics``, all of them."""

    b: RegionBuilder

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.lifted: dict[Value, Any] = {}

    # What a format overrides

    def results(self, op: Any, operands: Sequence[Any]) -> Sequence[Any]:
        """What an operation becomes: one entry a result. Raises CompileError, VerifyError and Reported."""
        raise NotImplementedError

    def check(self, op: Any) -> None:
        """Raises CompileError for an operator that nothing can be done about, whatever its operands."""

    def place(self, op: Any) -> Location:
        """The location of what an operation becomes."""
        location: Location = op.location
        return location

    def keeps_names(self) -> bool:
        """Whether what is lifted now takes the names of the source."""
        return True

    def describe(self, value: Any) -> str:
        """What a value is that is no tensor."""
        return "no tensor"

    def report(self, error: CompileError) -> None:
        """Keep an error."""
        self.diagnostics.add(error)

    # What they share

    def function(self, graph: Function) -> Function:
        """The function; worth nothing where errors were reported."""
        inputs = list(zip(graph.input_names, (a.type for a in graph.inputs), strict=True))
        function, self.b.block = Function.create(graph.sym_name, inputs, graph.location)
        for name, type in inputs:
            if not isinstance(type, TensorType):
                message = f"the input '{name}' is of type {type}: only tensors can be inputs"
                self.diagnostics.error(message, graph.location, "make it a tensor, or cut the graph behind it")
        outputs = self.lift_block(graph.body, function.inputs)
        ports = list(zip(graph.output_names, outputs, strict=True))
        for name, value in ports:
            if not isinstance(value, Value | Failed):
                message = f"the output '{name}' is {self.describe(value)}: only tensors can be outputs"
                self.diagnostics.error(message, graph.location, "end the graph in the tensors that it is made of")
        if not self.diagnostics.errors:
            function.set_outputs(ports)
            erase_unused(function.body)
        return function

    def lift_block(self, block: Block, args: Sequence[Any]) -> list[Any]:
        """Lift what a block's terminator needs at the builder's place; gives what its operands have become."""
        for arg, value in zip(block.args, args, strict=True):
            failed = isinstance(value, Value) and not isinstance(value.type, TensorType)
            self.lifted[arg] = Failed() if failed else value
        for op in _needed(block):
            self._lift(op)
        assert block.last_op is not None
        return [None if v is None else self.lifted[v] for v in block.last_op.operands]

    def lift_region(self, block: Block, args: Sequence[Any]) -> list[Any]:
        """A block inside an operation: all or nothing. Raises Reported."""
        results = self.lift_block(block, args)
        if any(isinstance(value, Failed) for value in results):
            raise Reported
        return results

    def _lift(self, op: Any) -> None:
        operands = [None if v is None else self.lifted[v] for v in op.operands]
        results: Sequence[Any] = [Failed()] * len(op.results)
        try:
            with self.b.at(self.place(op)):
                if any(isinstance(v, Failed) for v in operands):
                    self.check(op)
                else:
                    results = self.results(op, operands)
        except Reported:
            pass
        except VerifyError as error:
            self.report(CompileError(f"{op.op_type} does not fit its inputs: {error.args[0]}", op.location, FIT))
        except CompileError as error:
            self.report(error)
        for old, new in zip(op.results, results, strict=True):
            self.lifted[old] = new
            if isinstance(new, Value) and new.name is None and self.keeps_names():
                new.name = old.name


def replace_body(module: Module, function: Function) -> None:
    """Let the module hold the function alone, and only the weights that it uses."""
    for op in module.body:
        op.drop_references()
        op.unlink()
    module.attributes.clear()
    module.body.append(function)
    module.drop_unused_resources()


def _needed(block: Block) -> list[Operation]:
    """The operations that the block's terminator needs, in order, without the terminator."""
    needed: list[Operation] = []
    used: set[Value] = set()
    for op in reversed(block):
        if Trait.TERMINATOR in op.traits or not used.isdisjoint(op.results):
            used.update(v for inner in op.walk() for v in inner.operands if v is not None)
            needed.append(op)
    return needed[:0:-1]


def erase_unused(block: Block) -> None:
    """Erase what nothing uses: the constants that became part of others."""
    for op in reversed(block):
        if Trait.PURE in op.traits and not op.has_uses:
            op.erase()
