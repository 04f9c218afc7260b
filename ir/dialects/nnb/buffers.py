"""Whether values that live at the same time lie in different buffers that are large enough."""

from __future__ import annotations

from collections.abc import Iterator

from ...core import Operation, Value
from ...memory import byte_size
from ...module import Function
from .functions import NnbFunction
from .ops import INPUT_BUFFERS


def input_buffers(function: Function) -> tuple[int, ...]:
    """The buffer of every input. Raises VerifyError where it is not stated."""
    stated = function.attributes.get(INPUT_BUFFERS)
    if not isinstance(stated, tuple) or len(stated) != len(function.inputs):
        raise function.error(
            f"expected '{INPUT_BUFFERS}' to name a buffer for each of {len(function.inputs)} inputs",
            "let 'plan-memory' choose the buffers",
        )
    return stated


def buffer_faults(function: Function, sizes: tuple[int, ...]) -> Iterator[tuple[Operation, str]]:
    """Every operation whose results have no memory of their own, and what is wrong.

    Inputs are filled before the first function runs; a value is needed until its last user has run, an output until
    the end, and one that nobody uses while it is made. Linear time.
    """
    operations = [op for op in function.body if isinstance(op, NnbFunction)]
    last = _last_uses(function, operations)
    held: dict[int, Value] = {}
    until: dict[Value, int] = {}

    def claim(owner: Operation, value: Value, buffer: int, moment: int) -> str:
        if not 0 <= buffer < len(sizes):
            return f"lies in buffer {buffer}, but there are {len(sizes)}"
        if byte_size(value.tensor) > sizes[buffer]:
            return f"needs {byte_size(value.tensor)} bytes, but buffer {buffer} has {sizes[buffer]}"
        before = held.get(buffer)
        if before is not None and until[before] >= moment:
            return f"lies in buffer {buffer}, which still holds {_described(before)}"
        held[buffer], until[value] = value, max(moment, last.get(value, moment))
        return ""

    for index, (value, buffer) in enumerate(zip(function.inputs, input_buffers(function), strict=True)):
        fault = claim(function, value, buffer, -1)
        if fault:
            yield function, f"input {index} {fault}"
    for moment, op in enumerate(operations):
        if len(op.buffers) != len(op.results):
            yield op, f"expected 'buffers' to name a buffer for each of {len(op.results)} results"
            continue
        for result, buffer in zip(op.results, op.buffers, strict=True):
            fault = claim(op, result, buffer, moment)
            if fault:
                yield op, f"result #{result.index} {fault}"


def _last_uses(function: Function, operations: list[NnbFunction]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for moment, op in enumerate(operations):
        last.update((v, moment) for v in op.operands if v is not None)
    for value in function.terminator.operands:
        if value is not None:
            last[value] = len(operations)
    return last


def _described(value: Value) -> str:
    maker = value.defining_op
    if maker is None:
        return f"the input {value.name}" if value.name else "an input"
    return f"the result of the '{maker.name}' op before"
