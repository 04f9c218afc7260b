"""Tensors of a model: in the file itself, mapped, or in files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ...ir import DenseAttribute, Module, TensorType
from ...ir.attributes import INLINE_ELEMENTS, as_dense
from ...ir.dialects.onnx.tensors import from_bytes, from_fields, stored_size, tensor_type
from ...ir.types import Array
from ...ir.wire import LightModel
from ..files import map_file

if TYPE_CHECKING:
    from onnx import TensorProto


@attrs.define
class ExternalFiles:
    """The files beside a model, each mapped once. ``folder`` is the model's; None where the model is no file."""

    folder: Path | None
    _mapped: dict[str, memoryview] = attrs.Factory(dict)

    def find(self, message: TensorProto, type: TensorType) -> memoryview:
        """The bytes of a tensor. Raises ValueError, with the reason, for anything that a sound file does not say."""
        entries = {entry.key: entry.value for entry in message.external_data}
        location = entries.get("location", "")
        content = self._open(location)
        offset = _number(entries.get("offset") or "0", "offset")
        expected = stored_size(type)
        length = _number(entries.get("length") or str(expected), "length")
        if length != expected:
            raise ValueError(f"it has {length} bytes in '{location}', but its type {type} takes {expected}")
        if offset + length > len(content):
            raise ValueError(
                f"it lies at {offset} to {offset + length} in '{location}', which has {len(content)} bytes"
            )
        return content[offset : offset + length]

    def _open(self, location: str) -> memoryview:
        if location not in self._mapped:
            self._mapped[location] = map_file(self._path(location))
        return self._mapped[location]

    def _path(self, location: str) -> Path:
        """The file of a location: one inside of the model's folder. Raises ValueError."""
        if self.folder is None:
            raise ValueError("its data is in another file, and the model is none")
        parts = location.replace("\\", "/").split("/")
        is_absolute = not parts[0] or ":" in parts[0]
        if is_absolute or ".." in parts or "\0" in location:
            raise ValueError(f"the path of its data, {location!r}, leads out of the model's folder")
        path = self.folder.joinpath(*parts)
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it does not lead to a file"
            raise ValueError(f"the file of its data, '{path}', cannot be read: {reason}") from error
        if not real.is_relative_to(self.folder.resolve()):
            raise ValueError(f"the path of its data, {location!r}, is a link out of the model's folder")
        if not real.is_file():
            raise ValueError(f"the file of its data, '{path}', is no file")
        return real


def _number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValueError(f"the {what} of its data is {text[:40]!r}")
    return int(text)


@attrs.define
class TensorReader:
    """Makes the attributes of tensors; large ones become resources of the module, which are loaded when needed."""

    module: Module
    light: LightModel
    files: ExternalFiles

    def read(self, message: TensorProto, name: str = "") -> DenseAttribute:
        """The attribute of a tensor. Raises ValueError, with the reason, where the tensor is not sound."""
        type = tensor_type(message)
        load = self._loader(message, type)
        if type.size <= INLINE_ELEMENTS:
            return as_dense(load(), type)
        return self.module.add_resource(name or message.name or "tensor", load, type)

    def _loader(self, message: TensorProto, type: TensorType) -> Callable[[], Array]:
        """A function that gives the array; all that can be wrong is found before."""
        if message.HasField("segment"):
            raise ValueError("it is a segment of a tensor, which nobody writes")
        if message.data_location == 1:
            if type.storage.name == "!nncc.string":
                raise ValueError("strings cannot be in another file")
            data = self.files.find(message, type)
        elif message.HasField("raw_data"):
            data = self.light.bytes_of(message.raw_data)
        else:
            array = from_fields(message, type)  # at once: an array takes less than the message
            return lambda: array
        if type.storage.name == "!nncc.string" or len(data) != stored_size(type):
            from_bytes(data, type)  # says what is wrong
        return lambda: from_bytes(data, type)
