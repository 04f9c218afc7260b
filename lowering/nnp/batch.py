"""The batch size of a network: one symbol, that of an NNP file, in the place of whatever the source calls it."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir import Diagnostics, Function, Op, TensorType, Value
from ...ir.dialects.nnp import BATCH
from ...ir.types import Dim, merge_types

_REMEDY = "give the sizes of inputs (--input-shape), or of the batch (-b)"


def name_batch(function: Function, diagnostics: Diagnostics) -> bool:
    """Let the batch size be the symbol N everywhere; True if anything changed.

    The batch is what is open in dimension 0 of an input. Reports every input with another open dimension, and
    symbols that would all have to be the batch: an NNP file has one open size, that of the batch.
    """
    ports = list(zip(function.input_names, function.inputs, strict=True))
    symbols: dict[str, str] = {}
    changed = False
    for name, value in ports:
        dims = value.tensor.shape
        if dims and dims[0] is None:
            value.type = value.tensor.with_shape((BATCH, *dims[1:]))
            changed = True
        elif dims and isinstance(dims[0], str):
            symbols.setdefault(dims[0], name)
    batch = next(iter(symbols), BATCH)
    for symbol, name in list(symbols.items())[1:]:
        diagnostics.error(
            f"the first dimensions of '{symbols[batch]}' and '{name}' are the open sizes {batch} and {symbol}, and an "
            "NNP file has one alone, that of the batch",
            function.location,
            _REMEDY,
        )
    if batch != BATCH:
        for value in _values(function):
            _rename(value, batch)
        changed = True
    for name, value in ports:
        _check(function, name, value, diagnostics)
    if changed:
        _infer(function)
    return changed


def _check(function: Function, name: str, value: Value, diagnostics: Diagnostics) -> None:
    shape = value.tensor.shape
    if shape is None or not all(isinstance(d, int) or d == BATCH for d in shape):
        diagnostics.error(
            f"the input '{name}' is {value.type}: an NNP file holds no open size but that of the batch",
            function.location,
            _REMEDY,
        )


def _values(function: Function) -> Iterator[Value]:
    for op in function.walk():
        yield from op.results
        for region in op.regions:
            for block in region.blocks:
                yield from block.args


def _rename(value: Value, symbol: Dim) -> None:
    if isinstance(value.type, TensorType) and symbol in (value.type.shape or ()):
        value.type = value.type.with_shape(tuple(BATCH if d == symbol else d for d in value.type.dims))


def _infer(function: Function) -> None:
    """Let the results know what their operands now tell."""
    for op in function.walk():
        if isinstance(op, Op) and op.is_inferable():
            for value, type in zip(op.results, op.inferred_types(), strict=True):
                value.type = merge_types(value.type, type) or value.type
