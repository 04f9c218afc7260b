"""One operation ``nnb.<Type>`` for every function type that a file can hold, made from the tables of this folder.

Operands are the inputs by their names in NNabla; one that a function leaves out is None. Attributes are the arguments
under NNabla's names; one that is not there has the value that the runtime gives it where an older signature lacks it,
else 0, false, "" or ().
"""

from __future__ import annotations

import types
from typing import Any, ClassVar

from ...attributes import Attribute, attribute_key
from ...opdef import BOOL, FLOAT, INT, INTS, AttributeField, Op, Trait, attribute, one_of
from ...types import Array, TensorType
from ..nnp.functions import port_fields, result_count_fault, signature_text
from ..nnp.table import FunctionType, function_types
from .elements import point_of
from .table import Argument, NnbType, Signature, nnb_types

_KINDS: dict[str, tuple[Any, Attribute]] = {"i": (INT, 0), "f": (FLOAT, 0.0), "B": (BOOL, False), "I": (INTS, ())}


class NnbFunction(Op, traits=(Trait.PURE, Trait.STORED)):
    """Base of the operations that stand for functions. Their evaluation is what the runtime computes (``kernels``)."""

    function_type: ClassVar[FunctionType]
    nnb_type: ClassVar[NnbType]

    implement = attribute(INT, "0 to 99: the application may bring the code; 100 and more: the runtime's", default=0)
    buffers = attribute(INTS, "the number of the buffer that holds each result", default=())

    @property
    def label(self) -> str:
        """The name of the function in the network, for messages: files do not store it."""
        return str(self.attributes.get("name", ""))

    def arguments(self) -> dict[str, Attribute]:
        """The value of every argument."""
        return {a.name: getattr(self, a.name) for a in self.nnb_type.arguments}

    def evaluate(self, *operands: Any) -> tuple[Array, ...]:
        """The stored results. Raises VerifyError where the runtime has no code for the function, or fails at it."""
        from .kernels import run  # here, as files are written and read without

        return run(self, operands[0] if self.function_type.is_variadic else operands)

    def signature(self, api_level: int) -> Signature:
        """The signature of the function in a file of an API level.

        Raises VerifyError where the level has none, or only one without an argument that matters here.
        """
        found = self.nnb_type.signature(max(api_level, 1))  # level 0 has the functions of level 1
        if found is None or found.count is None:
            fault = "no signature"
        elif lost := self.lost_arguments(found):
            fault = f"no place for {', '.join(map(repr, lost))}"
        else:
            return found
        levels = ", ".join(map(str, self.fitting_levels())) or "none fits"
        raise self.error(f"has {fault} at API level {api_level}", f"choose a level from: {levels}")

    def function_id(self, api_level: int) -> int:
        """The id of the function in a file of an API level. Raises VerifyError as :meth:`signature`."""
        return self.signature(api_level).id

    def lost_arguments(self, signature: Signature) -> list[str]:
        """The arguments that a signature has no place for, and whose value is not the one that it stands for."""
        kind = self.nnb_type
        missing = kind.arguments[signature.count or 0 :]
        return [a.name for a in missing if attribute_key(getattr(self, a.name)) != attribute_key(kind.without[a.name])]

    def fitting_levels(self) -> list[int]:
        """The API levels that brought a signature which has place for all arguments."""
        return [s.level for s in self.nnb_type.signatures if s.count is not None and not self.lost_arguments(s)]

    def verify_op(self) -> None:
        fault = self.function_type.input_count_fault(sum(v is not None for v in self.operands))
        if fault:
            raise self.error(f"has a wrong number of inputs: {fault}")
        fault = result_count_fault(self.function_type, [a.name for a in self.nnb_type.arguments], len(self.results))
        if fault:
            raise self.error(f"has a wrong number of outputs: {fault}")
        if not 0 <= self.implement < 2**16:
            raise self.error(f"expected 'implement' from 0 to 65535, got {self.implement}")
        if self.buffers and (len(self.buffers) != len(self.results) or min(self.buffers) < 0):
            raise self.error(f"expected the number of a buffer for each of {len(self.results)} results")
        for value in [*(v for v in self.operands if v is not None), *self.results]:
            self._verify_type(value.type)

    def _verify_type(self, type: object) -> None:
        if not isinstance(type, TensorType) or not type.is_static:
            raise self.error(f"expected tensors of static shape, got {type}")
        try:
            point_of(type.element)
        except ValueError as reason:
            raise self.error(str(reason)) from None


def _argument(kind: NnbType, argument: Argument) -> AttributeField[Any]:
    if argument.code == "s":
        return attribute(one_of(*argument.choices), default=kind.without.get(argument.name, argument.choices[0]))
    accepts, zero = _KINDS[argument.code]
    return attribute(accepts, default=kind.without.get(argument.name, zero))


def _define(kind: NnbType) -> type[NnbFunction]:
    function = function_types()[kind.name]
    body = {
        "__doc__": f"The function {signature_text(function)} ({function.category}).",
        "__module__": __name__,
        "function_type": function,
        "nnb_type": kind,
        **port_fields(function),
        **{a.name: _argument(kind, a) for a in kind.arguments},
    }
    return types.new_class(kind.name, (NnbFunction,), {"name": f"nnb.{kind.name}"}, lambda space: space.update(body))


FUNCTION_OPS: dict[str, type[NnbFunction]] = {name: _define(kind) for name, kind in nnb_types().items()}
"""The operation of every function type."""
