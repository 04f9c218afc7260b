"""Building operations: ``b.nn.conv(x, w, strides=(1, 1))`` makes the operation, inserts it and gives its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .core import Block, Operation, OpResult, Value
from .location import UNKNOWN, Location
from .module import Module
from .opdef import lookup_op
from .types import F64, ElementType, QuantizedType, TensorType


class Builder:
    """Makes operations at an insertion point: before ``anchor``, or at the end of ``block``.

    All get ``location``, unless a call says otherwise. Numbers and numpy arrays given as operands become constants;
    numbers take the element type of the first operand that is a value.
    """

    def __init__(
        self, module: Module, block: Block, anchor: Operation | None = None, location: Location = UNKNOWN
    ) -> None:
        self.module, self.block, self.anchor, self.location = module, block, anchor, location

    @classmethod
    def before(cls, module: Module, op: Operation) -> Builder:
        """A builder that inserts before ``op`` and gives its location to what it makes."""
        assert op.parent is not None
        return cls(module, op.parent, op, op.location)

    @classmethod
    def after(cls, module: Module, op: Operation) -> Builder:
        """A builder that inserts behind ``op`` and gives its location to what it makes."""
        assert op.parent is not None
        return cls(module, op.parent, op.next_op, op.location)

    def insert(self, op: Operation) -> Operation:
        return self.block.insert_before(self.anchor, op)

    @contextmanager
    def inside(self, block: Block) -> Iterator[Builder]:
        """Insert at the end of another block inside the ``with``, that of a region for example."""
        before = self.block, self.anchor
        self.block, self.anchor = block, None
        try:
            yield self
        finally:
            self.block, self.anchor = before

    @contextmanager
    def at(self, location: Location) -> Iterator[Builder]:
        """Give another location to what is made inside the ``with``."""
        before, self.location = self.location, location
        try:
            yield self
        finally:
            self.location = before

    def create(self, name: str, *operands: Any, **attributes: Any) -> Operation:
        """Make and insert ``dialect.op``. Raises VerifyError where it does not fit, KeyError if unknown."""
        definition = lookup_op(name)
        if definition is None:
            raise KeyError(f"there is no operation '{name}'")
        like = _element_of(operands)
        values = [self._operand(o, like, name) for o in operands]
        attributes.setdefault("location", self.location)
        return self.insert(definition(*values, **attributes))

    def constant(self, data: Any, dtype: ElementType | None = None, name: str = "constant") -> OpResult:
        """An ``nn.constant``; the array is not copied."""
        array = np.asarray(data, dtype.dtype if dtype else None)
        if array.dtype == np.float64 and dtype is None:
            array = array.astype(np.float32)
        return self.create("nn.constant", value=self.module.constant(array, name)).result

    def _operand(self, operand: Any, like: ElementType | None, user: str) -> Any:
        if operand is None or isinstance(operand, Value):
            return operand
        if isinstance(operand, list | tuple) and (not operand or isinstance(operand[0], Value)):
            return operand
        if not user.startswith("nn."):
            raise TypeError(f"'{user}': expected a value, got {operand!r}")
        is_plain = isinstance(operand, bool | int | float)
        return self.constant(operand, like if is_plain or _is_double(operand, like) else None)

    def __getattr__(self, dialect: str) -> _DialectBuilder:
        if dialect.startswith("_"):
            raise AttributeError(dialect)
        return _DialectBuilder(self, dialect)


class _DialectBuilder:
    """``b.nn``: its attributes are the operations of the dialect."""

    def __init__(self, builder: Builder, dialect: str) -> None:
        self._builder, self._dialect = builder, dialect

    def __getattr__(self, op: str) -> Any:
        if op.startswith("__"):
            raise AttributeError(op)
        name = f"{self._dialect}.{op.rstrip('_')}"  # b.nn.if_: Python's keywords take an underscore

        def build(*operands: Any, **attributes: Any) -> Any:
            made = self._builder.create(name, *operands, **attributes)
            return made.results[0] if len(made.results) == 1 else tuple(made.results)

        return build


def _element_of(operands: tuple[Any, ...]) -> ElementType | None:
    for operand in operands:
        if isinstance(operand, Value) and isinstance(operand.type, TensorType):
            kind = operand.type.element
            return kind.expressed if isinstance(kind, QuantizedType) else kind
    return None


def _is_double(operand: Any, like: ElementType | None) -> bool:
    """Whether an array of doubles is to stay one, because the other operands are."""
    return like == F64 and isinstance(operand, np.ndarray) and operand.dtype == np.float64
