"""Frozen graphs: the file of a ``GraphDef``, which needs no TensorFlow to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...ir import CompileError, Location
from ...ir.dialects.tf.messages import message_class
from ..files import map_file

_AGAIN = "freeze or copy the model again"


def read_frozen(path: Path) -> Any:
    """The message of a file. Raises CompileError where it is none."""
    place = Location.at(str(path))
    try:
        content = map_file(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(f"the file cannot be read: {reason}", place, "check the path and its permissions") from error
    if not content:
        raise CompileError("the file is empty", place, _AGAIN)
    return parse_graph(content, place)


def parse_graph(content: memoryview, place: Location) -> Any:
    """The message in these bytes. Raises CompileError where it is none, or has no nodes."""
    from google.protobuf.message import DecodeError

    graph = message_class("GraphDef")()
    try:
        graph.ParseFromString(content)
    except DecodeError as error:
        raise CompileError(f"the file is truncated, damaged, or no graph: {error}", place, _AGAIN) from error
    if not graph.node:
        remedy = "give the folder of the SavedModel" if place.origins[0].file.endswith("saved_model.pb") else _AGAIN
        raise CompileError("the file holds no nodes: it is no frozen graph", place, remedy)
    return graph
