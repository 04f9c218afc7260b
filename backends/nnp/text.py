"""The text of networks and of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...ir.dialects.nnp.schema import message_class
from .messages import NamedParameter

_CHUNK = 1 << 16


def network_text(root: Any) -> bytes:
    """The root message in protobuf's text format."""
    from google.protobuf import text_format

    return text_format.MessageToString(root, as_utf8=True).encode()


def parameter_text(parameter: NamedParameter) -> Iterator[bytes]:
    """One parameter as text, in pieces; every number is the shortest decimal that names its float32."""
    root = message_class()()
    head = root.parameter.add(variable_name=parameter.name)
    if parameter.has_shape:
        head.shape.SetInParent()
        head.shape.dim.extend(parameter.value.type.static_shape)
    yield network_text(root).removesuffix(b"}\n")
    numbers = parameter.value.numpy().reshape(-1)
    for start in range(0, numbers.size, _CHUNK):
        texts = numbers[start : start + _CHUNK].astype("U")
        yield "".join(f"  data: {text}\n" for text in texts).encode()
    yield b"  need_grad: true\n}\n" if parameter.need_grad else b"}\n"
