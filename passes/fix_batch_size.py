"""Gives open dimensions a size.

func (%x: tensor<?x3xf32, {d0 = "N"}>)      // becomes tensor<1x3xf32>, and so on through the function
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from ..ir import Function, Module, TensorType, UsageError, Value
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Dim
from .infer_types import infer_types


@attrs.define
class FixBatchSize(Pass, name="fix-batch-size"):
    """Gives the batch, and other open dimensions, a size; then all types are inferred again.

    The batch is dimension 0 of an input where that is a symbol or unknown; the symbol is replaced wherever it stands.
    Other symbols get what ``sizes`` says. Dimensions that are numbers already stay: weights were made for them.
    """

    batch: int | None = option(1, "the size of the batch; null leaves it open")
    sizes: Mapping[str, int] = option(attrs.Factory(dict), "sizes of other symbolic dimensions, by name")

    def __attrs_post_init__(self) -> None:
        for name, size in {"batch": self.batch, **self.sizes}.items():
            if size is not None and size < 1:
                raise UsageError(f"fix-batch-size: the size of '{name}' is {size}", remedy="give a number from 1 on")

    def run(self, module: Module, context: PassContext) -> bool:
        fixed = sum(self._fix(function) for function in module.functions)
        self.counts["types"] += fixed
        self.counts["refined"] += infer_types(module, context.diagnostics) if fixed else 0
        return fixed > 0

    def _fix(self, function: Function) -> int:
        sizes: dict[Dim, int] = {name: size for name, size in self.sizes.items()}  # noqa: C416 (the type of the keys)
        fixed = 0 if self.batch is None else _fix_batch(function, self.batch, sizes)
        return fixed + sum(_substitute(value, sizes) for value in _values(function))


def _fix_batch(function: Function, batch: int, sizes: dict[Dim, int]) -> int:
    """Note the symbols that stand for the batch, and give inputs without one the number; how many these are."""
    fixed = 0
    for value in function.inputs:
        first = _first_dim(value)
        if isinstance(first, str):
            sizes.setdefault(first, batch)
        elif first is None and isinstance(value.type, TensorType) and value.type.shape:
            value.type = value.tensor.with_shape((batch, *value.tensor.dims[1:]))
            fixed += 1
    return fixed


def _first_dim(value: Value) -> Dim:
    shape = value.type.shape if isinstance(value.type, TensorType) else None
    return shape[0] if shape else 0


def _values(function: Function) -> Iterator[Value]:
    for op in function.walk():
        yield from op.results
        for region in op.regions:
            for block in region.blocks:
                yield from block.args


def _substitute(value: Value, sizes: Mapping[Dim, int]) -> bool:
    """Put numbers in the place of symbols; True if there were any."""
    if not isinstance(value.type, TensorType) or value.type.shape is None:
        return False
    shape = tuple(sizes.get(d, d) if isinstance(d, str) else d for d in value.type.shape)
    changed = shape != value.type.shape
    value.type = value.type.with_shape(shape)
    return changed
