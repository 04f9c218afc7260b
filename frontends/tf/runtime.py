"""TensorFlow itself: imported when a file needs it, and quiet."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ...ir import CompileError, Location

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
"""What keeps TensorFlow's native code from writing to stderr, and from looking for devices."""


def import_tensorflow(place: Location) -> Any:
    """The module. Raises CompileError where it is not installed."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        with _no_native_output():
            import tensorflow
    except ImportError as error:
        raise CompileError(
            f"reading this file needs TensorFlow, which cannot be imported: {error}",
            place,
            "pip install 'nncc[tf]', or give a frozen graph (.pb), which is read without it",
        ) from error
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


@contextlib.contextmanager
def _no_native_output() -> Iterator[None]:
    """Keep what native code writes to stderr while it starts away from the user: nothing of it is about the model."""
    saved = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nothing)


@contextlib.contextmanager
def errors_of(place: Location, what: str, remedy: str) -> Iterator[None]:
    """Turn what TensorFlow raises for a damaged or unusual file into a CompileError: it has no one class of errors."""
    try:
        yield
    except CompileError:
        raise
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise CompileError(f"{what}: {lines[0]}", place, remedy) from error


def freeze_function(function: Any, place: Location) -> tuple[bytes, Any]:
    """The serialized graph of a concrete function with its variables as constants, and that function.

    TensorFlow's optimizer has been at it: calls are inlined, constants folded. Loops and branches stay as they are.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    with errors_of(place, "the variables cannot be frozen", "export the model again"):
        frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
        return frozen.graph.as_graph_def(add_shapes=True).SerializeToString(), frozen
