"""Random instances of every nn operation, as hypothesis strategies: ``sample("nn.conv")``, ``samples()``.

A :class:`Sample` holds arrays for the operands and the attributes; ``build()`` makes the operation on block arguments
of their types. The generators keep tensors small (a few hundred elements).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st

from nncc.ir import Block, Builder, Function, Module, Op, TensorType, Type, as_dense, element, lookup_op
from nncc.ir.interpreter import evaluate_op

from . import along_axes, control, dynamic, elementwise, layers, movement, sampling  # noqa: F401  # they fill the table
from .draw import GENERATORS, Array, Draw, quantized_element


@attrs.frozen
class Sample:
    """Operands (None: left out), their types, and the attributes of an operation."""

    name: str
    operands: tuple[Array | None, ...]
    types: tuple[TensorType | None, ...]
    attributes: dict[str, Any]

    def build(self, types: Sequence[Type | None] | None = None) -> Op:
        """The operation, on block arguments; with ``types`` instead of its own if they are given."""
        types = self.types if types is None else types
        block = Block.of(t for t in types if t is not None)
        arguments = iter(block.args)
        definition = lookup_op(self.name)
        assert definition is not None
        return definition(*(None if t is None else next(arguments) for t in types), **self.keywords(types))

    def keywords(self, types: Sequence[Type | None] | None = None) -> dict[str, Any]:
        """The attributes, with regions of their own for every operation that is built (on operands of these types)."""
        make = self.attributes.get("regions")
        made = {} if make is None else {"regions": make(self.types if types is None else types)}
        return {**self.attributes, **made}

    def module(self, constant: Container[int] = ()) -> tuple[Module, dict[str, Array]]:
        """A network of the operation alone, and its inputs: all operands but those with the numbers ``constant``."""
        given = [(i, a, t) for i, (a, t) in enumerate(zip(self.operands, self.types, strict=True)) if a is not None]
        inputs = {i: (f"x{i}", a, t) for i, a, t in given if i not in constant}
        module = Module()
        function, block = Function.create("main", [(name, type) for name, _, type in inputs.values()])
        module.body.append(function)
        b = Builder(module, block)
        values = dict(zip(inputs, function.inputs, strict=True))
        for i, array, type in given:
            if i in constant:
                values[i] = b.create("nn.constant", value=as_dense(array, type)).result
        op = b.create(self.name, *(values.get(i) for i in range(len(self.operands))), **self.keywords())
        function.set_outputs([(f"y{i}", r) for i, r in enumerate(op.results)])
        return module, {name: array for name, array, _ in inputs.values()}

    def is_defined_for_integers(self) -> bool:
        """Whether there is one right result: not so for division by zero and for shifts by negative numbers."""
        second = next((a for a in reversed(self.operands) if a is not None), None)
        if second is None or second.dtype.kind != "i":
            return True
        if self.name in ("nn.div", "nn.mod", "nn.floor_div"):
            return bool(np.all(second != 0))
        return self.name not in ("nn.pow", "nn.bit_shift") or bool(np.all(second >= 0))

    def evaluate(self) -> tuple[Array, ...]:
        """The results, as the interpreter has them."""
        op = self.build()
        return evaluate_op(op, self.operands[: len(op.operands)])


def evaluate(name: str, *operands: Array | None, **attributes: Any) -> Any:
    """The result of an operation (a tuple for several) on arrays, as the interpreter has it."""
    types = tuple(None if a is None else TensorType(a.shape, element(a.dtype)) for a in operands)
    results = Sample(name, operands, types, attributes).evaluate()
    return results[0] if len(results) == 1 else results


def sample(name: str) -> st.SearchStrategy[Sample]:
    """Random instances of one operation."""

    @st.composite
    def draw_sample(draw: Draw) -> Sample:
        operands, attributes = GENERATORS[name](draw)
        types = [None if a is None else TensorType(a.shape, element(a.dtype)) for a in operands]
        if name == "nn.dequantize":
            types = [types[0].with_element(quantized_element(draw, types[0].shape))]
        return Sample(name, tuple(operands), tuple(types), attributes)

    return draw_sample()


def samples() -> st.SearchStrategy[Sample]:
    """Random instances of random operations."""
    return st.sampled_from(sorted(GENERATORS)).flatmap(sample)


def sampled_names() -> list[str]:
    """The operations that there are generators for: all, as a test makes sure."""
    return sorted(GENERATORS)
