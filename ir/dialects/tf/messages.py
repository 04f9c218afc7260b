"""The messages of graphs, made from ``graph.proto``: no TensorFlow is needed to read or write them.

They live in a pool of their own, so that TensorFlow may be imported beside them.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ...proto_text import parse_proto
from ...wire import RAW, Paths

WEIGHTS = Paths(
    "GraphDef",
    {
        "GraphDef": {1: "NodeDef", 2: "FunctionDefLibrary"},
        "FunctionDefLibrary": {1: "FunctionDef"},
        "FunctionDef": {3: "NodeDef"},
        "NodeDef": {5: "AttrEntry"},
        "AttrEntry": {2: "AttrValue"},
        "AttrValue": {8: "TensorProto"},
        "TensorProto": {4: RAW},
    },
)
"""Where a graph has the bytes of its tensors."""


@functools.cache
def message_class(name: str) -> Any:
    """The class of a message, such as ``GraphDef``. Raises KeyError for a name that the schema lacks."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(_pool().FindMessageTypeByName(name))


@functools.cache
def _pool() -> Any:
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    text = Path(__file__).with_name("graph.proto").read_text(encoding="utf-8")
    pool.Add(parse_proto(text, "nncc/graph.proto"))
    return pool
