"""The pass ``plan-memory``: an address in one arena, or a buffer, for every tensor of a target with such memory."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..ir import CompileError, Function, Module, UsageError
from ..ir.memory import BufferedOp
from ..ir.passes import Pass, PassContext, option
from .memory.buffers import Buffer, Buffers, intervals
from .memory.packing import Packing, pack
from .memory.separate import assign_buffers, has_separate_buffers

ARENA, LIVE = "arena_bytes", "live_bytes"
OFFSET = "nncc.offset"
"""Of an argument: the address of an input."""


@attrs.define
class PlanMemory(Pass, name="plan-memory"):
    """Lay the tensors of a function out in one arena, so that those that live at the same time do not overlap.

    Results share the memory of operands where the operations allow it: views (a reshape), parts (what is concatenated
    is made in its place), and results written over an operand that nobody needs any more.

    ```
    %1 = "c.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes
    ```
    %1 = "c.relu"(%0) {offsets = array<i64: 64>} : (tensor<4xf32>) -> tensor<4xf32>
    ```

    The function gets ``arena_bytes``, and ``live_bytes``: the largest sum of the sizes of tensors that live at the same
    time, each with memory of its own. Inputs get ``nncc.offset``. Constants are not in the arena.

    In the nnb dialect memory is a list of buffers, of which a value takes one as a whole: there the operations get
    ``buffers``, and the module ``nnb.buffer_sizes``, whose sum is as small as can be found.
    """

    alignment: int = option(64, "addresses are multiples of this many bytes")
    keep_inputs: bool = option(False, "inputs stay what they are, so that another run can use them")

    def run(self, module: Module, context: PassContext) -> bool:
        if self.alignment < 1:
            raise UsageError(f"the alignment is {self.alignment}", remedy="give a number from 1 on")
        for function in module.functions:
            if has_separate_buffers(function):
                self._assign(module, function)
            else:
                self._plan(function)
        return True

    def _assign(self, module: Module, function: Function) -> None:
        _check(function)
        sizes, least, live = assign_buffers(module, function)
        self.counts["buffers"] += len(sizes)
        self.counts["buffer bytes"] += sum(sizes)
        self.counts["least buffer bytes"] += least
        self.counts["live bytes"] += live

    def _plan(self, function: Function) -> None:
        _check(function)
        with_parts, without = (self._packed(Buffers(function, parts, self.keep_inputs)) for parts in (True, False))
        buffers, packing = min(with_parts, without, key=lambda found: found[1].size)
        addresses = dict(zip(map(id, buffers.roots()), packing.offsets, strict=True))
        for index, value in enumerate(function.inputs):
            function.set_port_attribute("arg", index, OFFSET, _address(buffers.of[value], addresses))
        for op in buffers.operations:
            places = [*(buffers.of[r] for r in op.results), *([buffers.scratch[op]] if op in buffers.scratch else [])]
            op.attributes[BufferedOp.offsets.name] = tuple(_address(place, addresses) for place in places)
        function.attributes[ARENA] = packing.size
        function.attributes[LIVE] = buffers.live
        self.counts["tensors"] += len(buffers.of)
        self.counts["buffers"] += len(addresses)
        self.counts["arena bytes"] += packing.size
        self.counts["live bytes"] += buffers.live

    def _packed(self, buffers: Buffers) -> tuple[Buffers, Packing]:
        """With the size that there is to the end of the last buffer: nothing behind it has to be aligned."""
        roots = buffers.roots()
        packing = pack(intervals(roots, self.alignment))
        size = max((at + buffer.size for at, buffer in zip(packing.offsets, roots, strict=True)), default=0)
        return buffers, attrs.evolve(packing, size=size)


def _address(buffer: Buffer, addresses: Mapping[int, int]) -> int:
    holder, offset = buffer.place()
    return addresses[id(holder)] + offset


def _check(function: Function) -> None:
    """Raises CompileError for what has no place in an arena."""
    for op in function.body:
        if op.regions:
            raise CompileError(f"'{op.name}' has regions, whose memory cannot be planned", op.location)
    for value in (*function.inputs, *(r for op in function.body for r in op.results)):
        if not value.tensor.is_static:
            owner = value.defining_op or function
            what = f"{value.name or 'a tensor'} of type {value.type} has no static shape"
            raise CompileError(what, owner.location, "fix the batch size and the shapes of the inputs")
