"""The message classes of NNP files, made from ``nnabla.proto`` when they are first asked for.

proto3 without ``optional``: a scalar that is not in the file is 0, false or "", whatever NNabla's API defaults to. The
numbers of the function parameters change between releases of NNabla, so networks travel as text; only ``Parameter``
messages are stable in binary.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ...proto_text import parse_proto

ROOT = "NNablaProtoBuf"


@functools.cache
def message_class(name: str = ROOT) -> Any:
    """The class of a message; the root message unless named. Raises KeyError for a name that the schema lacks."""
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(descriptor(name))


def descriptor(name: str) -> Any:
    """The descriptor of a message: its fields, in protobuf's terms."""
    return _pool().FindMessageTypeByName(name)


@functools.cache
def _pool() -> Any:
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    text = Path(__file__).with_name("nnabla.proto").read_text(encoding="utf-8")
    pool.Add(parse_proto(text, "nncc/nnabla.proto"))
    return pool
