"""The tf dialect: a TensorFlow graph, one operation a node (see ``ops.py``)."""

from .base import KINDS, NODE_NAME, OP_TYPE, PRODUCER, UNRANKED, CustomOp, TfOp, element_type, is_kind, op_name
from .elements import TypeAttribute, data_type, element_of, tensor_of
from .ops import NODE_OPS, REGIONS, Const, Yield
from .table import AttributeSpec, OpDefinition, Port, definitions

__all__ = [
    "KINDS",
    "NODE_NAME",
    "NODE_OPS",
    "OP_TYPE",
    "PRODUCER",
    "REGIONS",
    "UNRANKED",
    "AttributeSpec",
    "Const",
    "CustomOp",
    "OpDefinition",
    "Port",
    "TfOp",
    "TypeAttribute",
    "Yield",
    "data_type",
    "definitions",
    "element_of",
    "element_type",
    "is_kind",
    "op_name",
    "tensor_of",
]
