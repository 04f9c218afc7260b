"""Frozen graphs: the file of a ``GraphDef``, which needs no TensorFlow to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from ...ir import CompileError, Location
from ...ir.dialects.tf.messages import WEIGHTS, message_class
from ...ir.wire import LightModel, Malformed, take_out
from ..files import map_file

_AGAIN = "freeze or copy the model again"


@attrs.frozen
class Graph:
    """A ``GraphDef``, in which tokens stand for the bytes of large tensors, and what knows these."""

    message: Any
    light: LightModel


def read_frozen(path: Path) -> Graph:
    """The graph of a file. Raises CompileError where it is none."""
    place = Location.at(str(path))
    try:
        content = map_file(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(f"the file cannot be read: {reason}", place, "check the path and its permissions") from error
    if not content:
        raise CompileError("the file is empty", place, _AGAIN)
    return parse_graph(content, place)


def parse_graph(content: memoryview, place: Location) -> Graph:
    """The graph in these bytes, of which its weights are views. Raises CompileError where it is none."""
    from google.protobuf.message import DecodeError

    message = message_class("GraphDef")()
    try:
        light = take_out(content, WEIGHTS)
        message.ParseFromString(light.message)
    except (Malformed, DecodeError) as error:
        raise CompileError(f"the file is truncated, damaged, or no graph: {error}", place, _AGAIN) from error
    light.message = b""
    if not message.node:
        remedy = "give the folder of the SavedModel" if place.origins[0].file.endswith("saved_model.pb") else _AGAIN
        raise CompileError("the file holds no nodes: it is no frozen graph", place, remedy)
    return Graph(message, light)
