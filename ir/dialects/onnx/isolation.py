"""onnx's shape inference in a process of its own.

It is C++ that believes what attributes say: an axis beyond the rank ends the process, a vector of 2**40 dimensions
fills the memory. Where the system can fork, it is a copy of this process that meets that end.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

_MOST_MEMORY = 4 << 30
"""Bytes that the inference may take beside those that this process has."""
_SECONDS, _NODES_A_SECOND = 10, 1000
"""The time that it may take; it takes a hundredth of that for sound models."""
_RESULT, _FAULT = b"=", b"!"


class InferenceFault(Exception):
    """The inference found faults in the model; the text is its own."""


class InferenceDied(Exception):
    """The inference did not end; the text says how."""


def infer_shapes(message: ModelProto, strict: bool) -> ModelProto:
    """The model with types for all values that follow. Raises InferenceFault (only if ``strict``), InferenceDied."""
    from onnx import ModelProto

    data = message.SerializeToString()
    answer = _in_child(data, strict, len(message.graph.node)) if hasattr(os, "fork") else _infer(data, strict)
    kind, content = answer[:1], answer[1:]
    if kind == _FAULT:
        raise InferenceFault(content.decode("utf-8", "replace"))
    found = ModelProto()
    found.ParseFromString(content)
    return found


def _infer(data: bytes, strict: bool) -> bytes:
    from onnx import shape_inference

    try:
        found = shape_inference.infer_shapes(data, check_type=strict, strict_mode=strict, data_prop=True)
    except (shape_inference.InferenceError, RuntimeError, ValueError, MemoryError) as error:
        return _FAULT + str(error).encode("utf-8", "replace")
    return _RESULT + found.SerializeToString()


def _in_child(data: bytes, strict: bool, nodes: int) -> bytes:
    from onnx import shape_inference  # noqa: F401  # here, as the child should import nothing

    reader, writer = os.pipe()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads: the child needs none of their locks
            child = os.fork()
    except OSError:  # no more processes
        os.close(reader)
        os.close(writer)
        return _infer(data, strict)
    if not child:
        try:
            os.close(reader)
            faulthandler.disable()  # the end is no news
            _limit(nodes)
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(_infer(data, strict))
        finally:
            os._exit(0)  # nothing of this process may be closed or flushed twice
    os.close(writer)
    return _answer(child, reader)


def _answer(child: int, reader: int) -> bytes:
    """What the child writes until it ends. Raises InferenceDied."""
    try:
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise InferenceDied(signal.Signals(os.WTERMSIG(status)).name)
    if not answer:
        raise InferenceDied("no answer")
    return answer


def _limit(nodes: int) -> None:
    """Bound the memory and the time of this process, and what it leaves behind."""
    import resource

    limits = {resource.RLIMIT_CPU: _SECONDS + nodes // _NODES_A_SECOND, resource.RLIMIT_CORE: 0}
    used = _memory()
    if used is not None:
        limits[resource.RLIMIT_DATA] = used + _MOST_MEMORY
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _memory() -> int | None:
    """The bytes that count against the limit of memory; None where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
