"""The weights of a model on their way to a file: each is read when it is its turn, and written without a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ...ir import CompileError, DenseAttribute, DenseResource
from ...ir.attribute_text import array_fault
from ...ir.dialects.onnx.tensors import as_bytes, stored_size, to_bytes
from ...ir.dialects.onnx.wire import PATHS
from ...ir.dialects.onnx.writer import tensor_head
from ...ir.wire import SMALLEST, Filling, Tokens

if TYPE_CHECKING:
    from onnx import TensorProto

_PAGE = 4096
"""Where tensors of this size and more begin in a file of external data, so that readers can map them."""
_WORD = 16
"""Where smaller tensors begin."""
_EXTERNAL = 1  # TensorProto.EXTERNAL


@attrs.define
class Weights:
    """The large tensors of a message, which have tokens in place of their bytes."""

    tokens: Tokens = attrs.Factory(Tokens)
    tensors: list[tuple[TensorProto, DenseAttribute]] = attrs.Factory(list)

    def add(self, dense: DenseAttribute, message: TensorProto) -> None:
        """Set a tensor; the bytes of a large one come later. Raises ValueError for what ONNX does not have."""
        tensor_head(dense, message)
        if dense.type.storage.name == "!nncc.string":
            message.string_data.extend(as_bytes(text) for text in dense.read().reshape(-1))
        elif stored_size(dense.type) < SMALLEST:
            message.raw_data = bytes(_bytes(dense))
        else:
            message.raw_data = self.tokens.token(len(self.tensors))
            self.tensors.append((message, dense))

    def filling(self, message: bytes) -> Filling:
        """The serialized message with the bytes in place of the tokens."""
        return Filling(message, self.tokens, self._size, lambda index: _bytes(self.tensors[index][1]), PATHS)

    def _size(self, index: int) -> int:
        return stored_size(self.tensors[index][1].type)

    def move_to(self, path: Path) -> None:
        """Write the bytes to a file beside the model, each tensor once, and let the messages say where they are."""
        with path.open("wb") as file:
            for tensors, data in self._shared():
                alignment = _PAGE if len(data) >= _PAGE else _WORD
                file.write(b"\0" * (-file.tell() % alignment))
                for tensor in tensors:
                    _refer(tensor, path.name, file.tell(), len(data))
                file.write(data)

    def _shared(self) -> Iterator[tuple[list[TensorProto], memoryview]]:
        """The bytes, and the tensors that have them: a resource may be used by several."""
        groups: dict[int, tuple[list[TensorProto], DenseAttribute]] = {}
        for tensor, dense in self.tensors:
            key = id(dense.resource if isinstance(dense, DenseResource) else dense)
            groups.setdefault(key, ([], dense))[0].append(tensor)
        for tensors, dense in groups.values():
            yield tensors, _bytes(dense)


def _refer(tensor: TensorProto, location: str, offset: int, length: int) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = _EXTERNAL  # type: ignore[assignment]  # an enumerator, which protobuf takes as a number
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)


def _bytes(dense: DenseAttribute) -> memoryview:
    """The bytes of a tensor in a file. Raises CompileError where there is no array, or one of another type."""
    try:
        array = dense.read()
    except ValueError as error:
        raise CompileError(str(error), remedy="give the file of constants") from error
    fault = array_fault(array, dense.type)
    if fault:
        raise CompileError(f"a constant contradicts its type: {fault}")
    return to_bytes(array, dense.type.storage)
