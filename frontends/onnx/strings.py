"""Names and texts of a model, which must be UTF-8: protobuf gives any other as bytes, where it is first looked at."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ...ir import CompileError, Location

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor


def check_strings(message: Any, place: Location) -> None:
    """Raises CompileError for a text, in a message or inside of it, that is not UTF-8."""
    texts, messages = _fields(message.DESCRIPTOR)
    for field, value in message.ListFields():
        name = field.name
        if name in texts:
            for text in [value] if isinstance(value, str | bytes) else value:
                if isinstance(text, bytes):
                    raise CompileError(
                        f"the {name} {text[:40]!r} is not UTF-8", place, "the file is damaged: copy or export it again"
                    )
        elif name in messages:
            for inner in [value] if hasattr(value, "DESCRIPTOR") else value:
                check_strings(inner, place)


@functools.cache
def _fields(descriptor: Descriptor) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that are texts, and those that are messages."""
    texts = [f.name for f in descriptor.fields if f.type == f.TYPE_STRING]
    messages = [f.name for f in descriptor.fields if f.type == f.TYPE_MESSAGE]
    return frozenset(texts), frozenset(messages)
