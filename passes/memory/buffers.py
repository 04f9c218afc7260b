"""From a function to buffers: which values share memory, and for how long each piece is needed.

A buffer is a piece of memory with values at fixed places in it. At first every value has one of its own; then buffers
are joined where operations allow it (:class:`nncc.ir.memory.BufferedOp`) and lifetimes permit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

import attrs

from ...ir import Function, Operation, Return, Value
from ...ir.memory import BufferedOp, Share, aligned, byte_size
from ...ir.opdef import Trait
from .packing import Interval, peak

_Join = Callable[[Operation, Share, Value, Value], None]


@attrs.define(eq=False)
class Buffer:
    """A piece of memory, needed from moment ``first`` to moment ``last``; moments count operations."""

    size: int
    first: int
    last: int
    holder: Buffer | None = None
    """The buffer that this one has become a part of."""
    offset: int = 0
    """Where it begins in the holder."""

    def place(self) -> tuple[Buffer, int]:
        """The buffer that holds this one in the end, and where this one begins in it."""
        buffer, offset = self, 0
        while buffer.holder is not None:
            offset += buffer.offset
            buffer = buffer.holder
        if self.holder is not None:
            self.holder, self.offset = buffer, offset  # so that chains are walked once
        return buffer, offset


class Buffers:
    """The buffers of a function.

    ``parts`` says whether operands may be made inside the results that they are for, ``keep_inputs`` whether the inputs
    stay what they are to the end.
    """

    def __init__(self, function: Function, parts: bool = True, keep_inputs: bool = False) -> None:
        self.operations = [op for op in function.body if not isinstance(op, Return) and Trait.CONSTANT not in op.traits]
        self.of: dict[Value, Buffer] = {}
        self.scratch: dict[Operation, Buffer] = {}
        self._ports = set(function.inputs) | set(function.outputs)
        self._overwriting: set[Value] = set()
        self._measure(function, set(function.outputs) | set(function.inputs if keep_inputs else ()))
        self.live = peak(intervals([*self._all()], 1))
        """The largest sum of sizes of what lives at the same time, before anything is shared."""
        self._join(lambda op: op.views(), self._view)
        if parts:
            self._join(lambda op: op.parts(), self._part)
        self._join(lambda op: op.overwrites(), self._overwrite)

    def _measure(self, function: Function, kept: Set[Value]) -> None:
        moments = {op: i + 1 for i, op in enumerate(self.operations)}
        end = len(moments) + 1
        for value in [*function.inputs, *(r for op in self.operations for r in op.results)]:
            maker = value.defining_op
            first = 0 if maker is None else moments[maker]
            last = max((moments.get(user, end) for user in value.iter_users()), default=first)
            self.of[value] = Buffer(byte_size(value.tensor), first, end if value in kept else last)
        for op in self.operations:
            size = op.scratch_bytes() if isinstance(op, BufferedOp) else 0
            if size:
                self.scratch[op] = Buffer(size, moments[op], moments[op])

    def _join(self, shares: Callable[[BufferedOp], Sequence[Share]], join: _Join) -> None:
        for op in self.operations:
            if isinstance(op, BufferedOp):
                for share in shares(op):
                    operand = op.operands[share.operand]
                    if operand is not None and operand in self.of:  # a constant has no buffer
                        join(op, share, op.results[share.result], operand)

    def _view(self, op: Operation, share: Share, result: Value, operand: Value) -> None:
        if result in self._ports and operand in self._ports:
            return  # a caller may change one and expect the other to stay
        self._put(self.of[result], self.of[operand], share.offset)

    def _part(self, op: Operation, share: Share, result: Value, operand: Value) -> None:
        if operand not in self._ports and op.operands.count(operand) == 1:
            self._put(self.of[operand], self.of[result], share.offset)

    def _overwrite(self, op: Operation, share: Share, result: Value, operand: Value) -> None:
        inner, outer = self.of[operand], self.of[result]
        (held, at), (holder, _) = inner.place(), outer.place()
        if result in self._overwriting or held is holder or held.last > outer.first:
            return
        if self._reads(op, held, inner, operand):
            return
        if at == 0 and inner.size == held.size and share.offset == 0:
            moved = self._put(inner, outer, 0)
        else:
            moved = holder is outer and self._put(outer, inner, share.offset)
        if moved:
            self._overwriting.add(result)  # of several operands that it may be written over, it is over one

    def _reads(self, op: Operation, held: Buffer, written: Buffer, operand: Value) -> bool:
        """Whether an operation reads the memory of an operand through another one, at another place."""
        others = [self.of[v] for v in op.operands if v is not None and v in self.of and v is not operand]
        return any(other.place()[0] is held and other.place() != written.place() for other in others)

    def _put(self, inner: Buffer, outer: Buffer, offset: int) -> bool:
        """Let a buffer be a part of another, if it is free to move and fits; whether it is one now."""
        holder, begin = outer.place()
        if inner.holder is not None or inner is holder or begin + offset + inner.size > holder.size:
            return False
        inner.holder, inner.offset = holder, begin + offset
        holder.first, holder.last = min(holder.first, inner.first), max(holder.last, inner.last)
        return True

    def roots(self) -> Sequence[Buffer]:
        """The buffers that are part of no other."""
        return [b for b in self._all() if b.holder is None]

    def _all(self) -> Iterator[Buffer]:
        yield from self.of.values()
        yield from self.scratch.values()


def intervals(buffers: Sequence[Buffer], alignment: int) -> list[Interval]:
    """What a packing needs to know of buffers; sizes are rounded up, so that all addresses are multiples."""
    return [Interval(aligned(b.size, alignment), b.first, b.last) for b in buffers]
