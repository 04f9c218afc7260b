"""The onnx dialect: an ONNX model, one operation a node, nothing lost (see ``ops.py``)."""

from .base import (
    OPSET,
    OPSET_IMPORT,
    CustomOp,
    OnnxOp,
    attribute_key,
    attribute_name,
    enclosing_module,
    op_name,
    opset_import,
)
from .messages import attribute_value, densify
from .ops import NODE_OPS, Initializer, Yield
from .schema import Schema, find_schema, graph_names, newest_versions
from .tensors import data_type, element_of, tensor_type
from .values import from_type, to_type

__all__ = [
    "NODE_OPS",
    "OPSET",
    "OPSET_IMPORT",
    "CustomOp",
    "Initializer",
    "OnnxOp",
    "Schema",
    "Yield",
    "attribute_key",
    "attribute_name",
    "attribute_value",
    "data_type",
    "densify",
    "element_of",
    "enclosing_module",
    "find_schema",
    "from_type",
    "graph_names",
    "newest_versions",
    "op_name",
    "opset_import",
    "tensor_type",
    "to_type",
]
