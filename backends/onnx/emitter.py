"""Writing ONNX files."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ...ir import CompileError, Location, Module, UsageError
from ...ir.dialects.onnx import opset_import
from ...ir.dialects.onnx.base import IR_VERSION
from ...ir.dialects.onnx.messages import inner_graphs
from ...ir.dialects.onnx.writer import model_message
from .weights import Weights

if TYPE_CHECKING:
    from onnx import ModelProto

MOST_BYTES = (1 << 31) - 1
"""Protobuf's limit for a message, which all other readers keep to."""
OLDEST_IR_VERSION = 3
"""The first that has opsets."""
_FREE_INITIALIZERS = 4
"""The first IR version in which an initializer need not be an input too."""


def save(
    module: Module,
    path: str | os.PathLike[str],
    *,
    ir_version: int | None = None,
    external_data: bool | None = None,
) -> None:
    """Write a module in the onnx dialect.

    ``ir_version`` is that of the file; without it what the module says, else the oldest that has the module's opsets.
    With ``external_data`` the weights stand in ``<path>.data`` beside the file, without it only where one file would be
    larger than protobuf allows. Weights are read one at a time, and written without a copy.

    Raises CompileError for what an ONNX file cannot hold, UsageError for an IR version that is none, OSError.
    """
    target = Path(path)
    weights = Weights()
    message = model_message(module, weights.add)
    message.ir_version = _ir_version(module, ir_version)
    if not message.producer_name:
        message.producer_name, message.producer_version = "nncc", version("nncc")
    if message.ir_version < _FREE_INITIALIZERS:
        _list_initializers(message)
    filling = weights.filling(message.SerializeToString(deterministic=True))
    apart = filling.total() > MOST_BYTES if external_data is None else external_data
    if apart and weights.tensors:
        weights.move_to(target.with_name(f"{target.name}.data"))
        filling = weights.filling(message.SerializeToString(deterministic=True))
    if filling.total() > MOST_BYTES:
        raise CompileError(
            f"the file would have {filling.total()} bytes, and a protobuf file holds {MOST_BYTES}",
            Location.at(str(target)),
            "let the weights go to a file of their own (external_data)",
        )
    with target.open("wb") as file:
        file.writelines(filling.pieces())


def _ir_version(module: Module, given: int | None) -> int:
    from onnx import IR_VERSION as newest
    from onnx import OperatorSetIdProto, helper

    if given is not None:
        if not OLDEST_IR_VERSION <= given <= newest:
            raise UsageError(f"there is no IR version {given} to write", remedy=f"give {OLDEST_IR_VERSION} to {newest}")
        return given
    stored: int | None = module.attributes.get(IR_VERSION)
    if stored is not None:
        return stored
    imports = [OperatorSetIdProto(domain=d, version=v) for d, v in opset_import(module).items()]
    return max(OLDEST_IR_VERSION, helper.find_min_ir_version_for(imports, ignore_unknown=True))


def _list_initializers(message: ModelProto) -> None:
    """Let every initializer be an input too. Raises CompileError for those of inner graphs, which cannot."""
    listed = {port.name for port in message.graph.input}
    for tensor in message.graph.initializer:
        if tensor.name not in listed:
            port = message.graph.input.add(name=tensor.name)
            port.type.tensor_type.elem_type = tensor.data_type
            port.type.tensor_type.shape.SetInParent()
            for dim in tensor.dims:
                port.type.tensor_type.shape.dim.add(dim_value=dim)
    for graph in inner_graphs(message.graph):
        if graph.initializer:
            raise CompileError(
                f"the graph '{graph.name}' of a node has weights, which IR version {message.ir_version} does not know",
                remedy=f"write IR version {_FREE_INITIALIZERS} or newer",
            )
