"""Checks a module: SSA form, terminators, every operation's own rules, declared against inferred types.

Takes linear time. All problems are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .attribute_text import array_fault
from .attributes import Attribute, DenseElements
from .core import Block, Operation, Region, UnregisteredOp, Use, Value
from .diagnostics import Diagnostics, NnccError, VerifyError
from .module import Function, Module
from .opdef import Op, Trait
from .syntax import TEXT_ONLY
from .types import QuantizedType, TensorType, Type, merge_types


def verify_module(module: Module) -> None:
    """Raises VerifyError with everything that is wrong."""
    verifier = _Verifier()
    verifier.operation(module)
    if verifier.found.errors:
        raise VerifyError.of(verifier.found.errors) from verifier.cause


def types_compatible(declared: Type, inferred: Type) -> bool:
    """Whether a value that is declared with one type may be what its operation infers.

    Unknown dimensions and ranks agree with all; symbols agree with numbers and with each other, as one may turn out to
    be the other. The quantization of a result is a choice, which inference does not know: there the real numbers count.
    """
    if declared == inferred:
        return True
    if isinstance(declared, TensorType) and isinstance(inferred, TensorType):
        quantized = isinstance(declared.element, QuantizedType) or isinstance(inferred.element, QuantizedType)
        if quantized and declared.expressed == inferred.expressed:
            inferred = inferred.with_element(declared.element)
    return merge_types(declared, inferred) is not None


class _Verifier:
    """``visible`` holds the values that may be used at this place."""

    def __init__(self) -> None:
        self.found = Diagnostics()
        self.cause: Exception | None = None
        self.visible: set[Value] = set()

    def error(self, op: Operation, message: str, remedy: str = "") -> None:
        self.found.error(f"'{op.name}' op {message}", op.location, remedy)

    # Structure

    def operation(self, op: Operation) -> None:
        self.operands(op)
        self.results(op)
        self.attributes(op)
        self.rules(op)
        around = self.visible
        if isinstance(op, Function):
            self.visible = set()  # a function takes what it needs as arguments
        for region in op.regions:
            self.region(op, region)
        self.visible = around
        if isinstance(op, Module):
            self.symbols(op)

    def region(self, op: Operation, region: Region) -> None:
        if region.parent is not op:
            self.error(op, "has a region that says it belongs to another operation")
        is_graph = _is_graph(op)
        defined: list[Value] = []
        if is_graph:
            for block in region.blocks:
                defined += _values(block)
            self.visible.update(defined)
        for block in region.blocks:
            if block.parent is not region:
                self.error(op, "has a block that says it belongs to another region")
            if not is_graph:
                defined += block.args
                self.visible.update(block.args)
            for inner in block:
                if inner.parent is not block:
                    self.error(inner, "says it belongs to another block")
                self.operation(inner)
                if not is_graph:
                    defined += inner.results
                    self.visible.update(inner.results)
            self.terminator(op, block, is_graph)
        self.visible.difference_update(defined)

    def terminator(self, op: Operation, block: Block, is_graph: bool) -> None:
        last = block.last_op
        for inner in block:
            if inner is not last and Trait.TERMINATOR in inner.traits:
                self.error(inner, "must be the last operation of its block")
        ends = last is not None and (Trait.TERMINATOR in last.traits or isinstance(last, UnregisteredOp))
        if not is_graph and not ends:
            self.error(op, "expected its block to end in a terminator")

    # Values

    def operands(self, op: Operation) -> None:
        for index, value in enumerate(op.operands):
            if value is None:
                continue
            if Use(op, index) not in value._uses:
                self.error(op, f"operand #{index} does not know of this use")
            if value not in self.visible:
                self.error(op, f"operand #{index} {_why_invisible(op, value)}")

    def results(self, op: Operation) -> None:
        for index, result in enumerate(op.results):
            if result.op is not op or result.index != index:
                self.error(op, f"result #{index} says it belongs elsewhere")
            self.uses(op, result)
        for region in op.regions:
            for block in region.blocks:
                for index, argument in enumerate(block.args):
                    if argument.block is not block or argument.index != index:
                        self.error(op, f"block argument #{index} says it belongs elsewhere")
                    self.uses(op, argument)

    def uses(self, op: Operation, value: Value) -> None:
        for user, index in value._uses:
            operands = user._operands
            if index >= len(operands) or operands[index] is not value:
                self.error(op, f"a value is listed as operand #{index} of '{user.name}', which does not use it")
            elif user.parent is None:
                self.error(op, f"a value is used by a '{user.name}' that stands in no block")

    # Attributes and meaning

    def attributes(self, op: Operation) -> None:
        reserved = TEXT_ONLY & op.attributes.keys()
        if reserved:
            self.error(op, f"has the attribute '{min(reserved)}', which is reserved for the text")
        for dense in _inline_arrays(op.attributes.values()):
            fault = array_fault(dense.array, dense.type)
            if fault:
                self.error(op, f"has an attribute that contradicts itself: {fault}")

    def rules(self, op: Operation) -> None:
        """The operation's own rules, and its types."""
        if not isinstance(op, Op):
            self.unregistered(op)
            return
        try:
            op.verify()
            if op.is_inferable():
                self.types(op, op.inferred_types())
        except NnccError as error:
            self.found.add(error)
        except Exception as error:  # a definition met IR that it was not written for
            self.cause = self.cause or error
            self.error(op, f"cannot be verified: {type(error).__name__}: {error}")

    def types(self, op: Op, inferred: Iterable[Type]) -> None:
        expected = list(inferred)
        if len(expected) != len(op.results):
            self.error(op, f"expected {len(expected)} results, got {len(op.results)}")
            return
        for result, type in zip(op.results, expected, strict=True):
            if not types_compatible(result.type, type):
                self.error(op, f"result #{result.index} has the type {result.type}, but inferred is {type}")

    def unregistered(self, op: Operation) -> None:
        from .dialects import load_dialect

        dialect, _, _ = op.name.partition(".")
        if load_dialect(dialect):
            self.error(op, f"is not known, though the dialect '{dialect}' is", _nearest(dialect, op.name))

    def symbols(self, module: Module) -> None:
        seen: set[str] = set()
        for function in module.functions:
            name = function.attributes.get("sym_name")
            if isinstance(name, str) and name in seen:
                self.error(function, f"has the name '{name}' that another function has")
            seen.add(str(name))


def _is_graph(op: Operation) -> bool:
    """Whether values may be used above their definitions; of unregistered operations nobody knows."""
    return Trait.GRAPH_REGION in op.traits or isinstance(op, Module | UnregisteredOp)


def _values(block: Block) -> Iterator[Value]:
    yield from block.args
    for op in block:
        yield from op.results


def _why_invisible(op: Operation, value: Value) -> str:
    owner = value.owner
    if isinstance(owner, Operation):
        if owner.parent is None:
            return f"is a result of a '{owner.name}' that stands in no block"
        if owner is op:
            return "is the operation's own result"
        return f"is used where the result of '{owner.name}' is not visible, above its definition or outside its region"
    if isinstance(owner, Block):
        return "is an argument of a block that this operation does not stand in"
    return "has no definition"


def _inline_arrays(values: Iterable[Attribute]) -> Iterator[DenseElements]:
    for value in values:
        if isinstance(value, DenseElements):
            yield value
        elif isinstance(value, tuple):
            yield from _inline_arrays(value)
        elif isinstance(value, Mapping):
            yield from _inline_arrays(value.values())


def _nearest(dialect: str, name: str) -> str:
    import difflib

    from .opdef import registered_ops

    near = difflib.get_close_matches(name, [definition.name for definition in registered_ops(dialect)], 3)
    return f"did you mean {' or '.join(near)}?" if near else ""
