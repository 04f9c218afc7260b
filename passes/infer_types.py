"""Infers the types of all results again, from the inputs on.

func (%x: tensor<1x3xf32>)
%1 = "nn.exp"(%x) : (tensor<1x3xf32>) -> tensor<?x3xf32>      // becomes tensor<1x3xf32>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ..ir import Block, Diagnostics, Module, Op, Operation, Type, Value, VerifyError
from ..ir.dialects import nn
from ..ir.dialects.nn.control import covers
from ..ir.passes import Pass, PassContext
from ..ir.regions import blocks_within, inner_blocks
from ..ir.types import QuantizedType, TensorType, join_types, merge_types

_TRIALS = 4
"""So often types are tried for what a loop carries, before those that it has stay."""
_TRIED_DEPTH = 3
"""Loops inside more loops than this are not tried: each try of a loop looks at all loops inside again."""


@attrs.define
class InferTypes(Pass, name="infer-types"):
    """Makes unknown and symbolic dimensions known where the operands tell, and finds types that contradict each other.

    Goes through every function once, in order. A type is only ever refined: what an operation was given and what its
    definition infers must agree, else it is an error; all errors are reported. Quantized elements stay as they
    are: a definition infers what they express. Operations without inference keep their types. What a loop carries gets
    the dimensions that the first trip takes and every trip hands on.
    """

    def run(self, module: Module, context: PassContext) -> bool:
        refined = infer_types(module, context.diagnostics)
        self.counts["types"] += refined
        return refined > 0


def infer_types(module: Module, diagnostics: Diagnostics) -> int:
    """Refine the type of every result in the module; gives the number of those that changed.

    Contradictions are reported, and raised together as CompileError at the end.
    """
    before = _types(module)
    found = _Inference()
    for block in inner_blocks(module):
        found.block(block)
    for error in found.errors:
        diagnostics.add(error)
    diagnostics.raise_if_errors()
    return sum(value.type != type for value, type in before.items())


def _types(op: Operation) -> dict[Value, Type]:
    """The types of all values inside an operation."""
    return {value: value.type for block in blocks_within(op) for value in _values(block)}


def _values(block: Block) -> Iterator[Value]:
    yield from block.args
    for op in block:
        yield from op.results


class _Inference:
    """Goes through blocks; an operation with regions comes behind what is inside, as its results follow from that."""

    def __init__(self) -> None:
        self.errors: list[VerifyError] = []
        self.depth = 0
        """In how many loops this place is."""

    def block(self, block: Block) -> None:
        for op in block:
            try:
                if isinstance(op, nn.Loop):
                    self.loop(op)
                else:
                    for inner in inner_blocks(op):
                        self.block(inner)
                if isinstance(op, Op) and op.results and op.is_inferable():
                    refine_types(op)
            except VerifyError as error:
                self.errors.append(error)

    def loop(self, op: nn.Loop) -> None:
        self.depth += 1
        op.verify_signature()
        if not self._settled(op):
            self.block(op.body.block)
        self.depth -= 1

    def _settled(self, op: nn.Loop) -> bool:
        """Try whether the body hands on what the first trip takes: then the arguments have those types.

        Else all types in the body are again what they were, and False.
        """
        declared = [v.type for v in op.arguments]
        tried: list[Type] = [_merged(t, v.type) for t, v in zip(declared, op.carried, strict=True)]
        if tried == declared or self.depth > _TRIED_DEPTH:
            return False
        before, errors = _types(op), len(self.errors)
        for _ in range(_TRIALS):
            _set_types(op.arguments, tried)
            self.block(op.body.block)
            yielded = [v.type for v in op.yielded_carried]
            if len(self.errors) == errors and all(map(covers, tried, yielded)):
                return True
            del self.errors[errors:]
            _set_types(before.keys(), before.values())
            pairs = zip(declared, tried, yielded, strict=True)
            tried = [_merged(old, join_types(new, its) or old) for old, new, its in pairs]
        return False


def _set_types(values: Iterable[Value], types: Iterable[Type]) -> None:
    for value, type in zip(values, types, strict=True):
        value.type = type


def _merged(declared: Type, other: Type) -> Type:
    """What both say, as far as they agree: a contradiction is for the verifier."""
    return merge_types(declared, other) or declared


def refine_types(op: Op) -> int:
    """Refine the types of an operation's results by what it infers; gives the number of those that changed.

    Raises VerifyError where they contradict each other.
    """
    types = op.inferred_types()
    if len(types) != len(op.results):
        raise op.error(f"expected {len(types)} results, got {len(op.results)}")
    refined = 0
    for number, (value, inferred) in enumerate(zip(op.results, types, strict=True)):
        wanted = _stored_as(value.type, inferred)
        merged = merge_types(value.type, wanted)
        if merged is None:
            raise op.error(f"result {number} has type {value.type}, but its operands make {wanted}")
        if merged != value.type:
            value.type = merged
            refined += 1
    return refined


def _stored_as(present: Type, inferred: Type) -> Type:
    """The inferred type with the present one's quantized element, if that expresses the inferred element."""
    if not (isinstance(present, TensorType) and isinstance(inferred, TensorType)):
        return inferred
    kind = present.element
    if isinstance(kind, QuantizedType) and kind.expressed == inferred.element:
        return inferred.with_element(kind)
    return inferred
