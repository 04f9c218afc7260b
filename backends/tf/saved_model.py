"""Writing SavedModels: a frozen graph with a signature, which TensorFlow 1 and 2 load."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...ir import Module, Value
from ...ir.dialects.tf import data_type
from ...ir.dialects.tf.messages import message_class
from .attributes import set_shape
from .graph import graph_message, node_names

FILE = "saved_model.pb"
SCHEMA_VERSION = 1
SERVE = "serve"
"""The tag of graphs for inference."""
SIGNATURE = "serving_default"
METHOD = "tensorflow/serving/predict"
WRITTEN_AS = "2.11.0"
"""The release that the file says it is from; those that follow it read what it wrote."""


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the main function of a module in the tf dialect into the folder ``target``, which is made.

    It gets ``saved_model.pb``: the graph with its weights, under the tag ``serve``, with the signature
    ``serving_default``, whose arguments and results have the names of the ports.

    Raises CompileError for what a graph cannot hold, and above 2 GiB, OSError.
    """
    path = Path(target) / FILE
    function = module.main
    model = message_class("SavedModel")(saved_model_schema_version=SCHEMA_VERSION)
    meta = model.meta_graphs.add()
    meta.meta_info_def.tags.append(SERVE)
    meta.meta_info_def.tensorflow_version = WRITTEN_AS
    meta.graph_def.CopyFrom(graph_message(module))
    signature = meta.signature_def[SIGNATURE]
    signature.method_name = METHOD
    nodes = node_names(function)
    for port, value, node in zip(function.input_names, function.inputs, nodes[0], strict=True):
        _describe(signature.inputs[port], value, node)
    for port, value, node in zip(function.output_names, function.outputs, nodes[1], strict=True):
        _describe(signature.outputs[port], value, node)
    data = model.SerializeToString(deterministic=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _describe(info: Any, value: Value, node: str) -> None:
    info.name = f"{node}:0"
    info.dtype = data_type(value.tensor.storage)
    set_shape(info.tensor_shape, value.tensor.shape)
