"""What the TensorFlow Lite runtime has: the first runtime of each version of an operator, the types of its kernels.

The versions are the facts of LiteRT's own table; the types were found by running its kernels.
"""

from __future__ import annotations

import re

from ...module import Module
from ...types import QuantizedType
from .base import TFLOp

_FIRST_RUNTIMES = {
    "ABS": "1.13.0 2.4.0 2.5.0 2.6.0 2.12.0",
    "ADD": "1.5.0 1.14.0 2.4.0 2.6.0 2.13.0 2.23.0",
    "ADD_N": "1.14.0",
    "ARG_MAX": "1.9.0 1.14.0 2.9.0",
    "ARG_MIN": "1.9.0 1.14.0 2.9.0",
    "ATAN2": "2.10.0",
    "AVERAGE_POOL_2D": "1.5.0 1.14.0 2.3.0",
    "BATCH_MATMUL": "2.3.0 2.3.0 2.4.0 2.5.0",
    "BATCH_TO_SPACE_ND": "1.6.0 1.14.0 2.3.0 2.12.0",
    "BITWISE_XOR": "2.13.0",
    "BROADCAST_ARGS": "2.6.0",
    "BROADCAST_TO": "- 2.5.0 2.5.0 2.23.0",
    "CAST": "1.5.0 2.7.0 2.8.0 2.9.0 2.12.0 2.15.0 2.17.0 2.21.0 2.23.0",
    "CEIL": "1.14.0",
    "CONCATENATION": "1.5.0 1.14.0 2.3.0 2.14.0 2.21.0 2.23.0 2.23.0",
    "CONV_2D": "1.5.0 1.14.0 1.14.0 2.3.0 2.4.0 2.9.0 2.11.0 2.15.0",
    "CONV_3D": "2.5.0",
    "CONV_3D_TRANSPOSE": "2.6.0",
    "COS": "1.14.0 2.23.0",
    "CUMSUM": "2.4.0",
    "DEPTHWISE_CONV_2D": "1.5.0 1.12.0 1.14.0 2.2.0 2.3.0 2.3.0 2.11.0",
    "DEPTH_TO_SPACE": "2.1.0 2.5.0",
    "DEQUANTIZE": "1.13.1 1.14.0 1.15.0 2.2.0 2.7.0 2.18.0 2.21.0 2.22.0 2.23.0",
    "DIV": "1.6.0 2.3.0",
    "DYNAMIC_UPDATE_SLICE": "2.9.0 2.17.0 2.19.0 2.20.0 2.21.0 2.22.0",
    "ELU": "1.14.0",
    "EMBEDDING_LOOKUP": "1.13.0 1.14.0 1.14.0 2.18.0 2.21.0",
    "EQUAL": "1.14.0 1.14.0 2.3.0 2.13.0 2.21.0",
    "EXP": "1.7.0 2.12.0",
    "EXPAND_DIMS": "1.10.0",
    "FILL": "1.13.0 2.3.0 2.5.0 2.12.0 2.23.0",
    "FLOOR": "1.9.0",
    "FLOOR_DIV": "1.14.0 1.14.0 2.13.0",
    "FLOOR_MOD": "1.13.0 2.13.0",
    "FULLY_CONNECTED": "1.5.0 1.10.0 1.14.0 1.14.0 2.0.0 2.1.0 2.3.0 2.3.0 2.3.0 2.11.0 2.15.0 2.17.0 2.18.0 2.21.0",
    "GATHER": "1.6.0 1.14.0 1.15.0 2.4.0 2.5.0 2.13.0 2.15.0 2.23.0",
    "GATHER_ND": "1.14.0 2.3.0 2.5.0 2.13.0 2.16.0 2.23.0",
    "GELU": "2.9.0 2.9.0 2.23.0",
    "GREATER": "1.14.0 1.14.0",
    "GREATER_EQUAL": "1.14.0 1.14.0 2.13.0",
    "HARD_SWISH": "1.15.0",
    "IF": "1.15.0",
    "L2_NORMALIZATION": "1.5.0 1.14.0",
    "L2_POOL_2D": "1.5.0",
    "LEAKY_RELU": "1.13.1 2.3.0",
    "LESS": "1.14.0 1.14.0 2.13.0",
    "LESS_EQUAL": "1.14.0 1.14.0",
    "LOCAL_RESPONSE_NORMALIZATION": "1.5.0",
    "LOG": "1.14.0 2.15.0",
    "LOGICAL_AND": "1.11.0",
    "LOGICAL_NOT": "1.11.0",
    "LOGICAL_OR": "1.11.0",
    "LOGISTIC": "1.14.0 1.14.0 2.3.0",
    "LOG_SOFTMAX": "1.14.0 1.14.0",
    "MATRIX_DIAG": "1.14.0",
    "MATRIX_SET_DIAG": "1.14.0",
    "MAXIMUM": "1.14.0 1.14.0 2.3.0 2.3.0",
    "MAX_POOL_2D": "1.5.0 1.14.0 2.3.0",
    "MEAN": "1.6.0 1.14.0 2.4.0",
    "MINIMUM": "1.14.0 1.14.0 2.3.0 2.3.0",
    "MIRROR_PAD": "1.13.1 2.3.0 2.12.0",
    "MUL": "1.5.0 1.14.0 1.15.0 2.3.0 2.6.0 2.11.0 2.13.0 2.23.0",
    "NEG": "1.9.0",
    "NOT_EQUAL": "1.14.0 1.14.0 2.3.0 2.21.0",
    "ONE_HOT": "1.11.0",
    "PACK": "1.11.0 1.14.0 2.3.0 2.13.0 2.23.0",
    "PAD": "1.5.0 1.14.0 2.4.0 2.6.0 2.20.0 2.23.0",
    "PADV2": "1.9.0 1.14.0 2.4.0 2.6.0 2.20.0 2.23.0",
    "POW": "1.10.0",
    "PRELU": "1.8.0",
    "QUANTIZE": "1.14.0 1.15.0 2.7.0 2.21.0 2.21.0 2.21.0",
    "RANGE": "1.13.0 2.14.0",
    "RANK": "1.14.0",
    "REDUCE_ALL": "2.6.0",
    "REDUCE_ANY": "1.11.0",
    "REDUCE_MAX": "1.11.0 1.14.0 2.5.0",
    "REDUCE_MIN": "1.11.0 1.14.0 2.5.0",
    "REDUCE_PROD": "1.11.0 2.6.0",
    "RELU": "1.5.0 2.1.0 2.5.0",
    "RELU6": "1.5.0 1.14.0 2.5.0",
    "RELU_0_TO_1": "2.10.0",
    "RELU_N1_TO_1": "1.5.0",
    "RESHAPE": "1.5.0",
    "RESIZE_BILINEAR": "1.7.0 1.14.0 2.2.0 2.5.0",
    "RESIZE_NEAREST_NEIGHBOR": "1.13.1 1.14.0 2.3.0 2.4.0",
    "REVERSE_SEQUENCE": "1.14.0",
    "REVERSE_V2": "1.14.0 2.2.0 2.5.0 2.23.0",
    "RIGHT_SHIFT": "2.13.0",
    "ROUND": "1.14.0",
    "RSQRT": "1.10.0 2.5.0 2.15.0",
    "SCATTER_ND": "2.1.0",
    "SEGMENT_SUM": "2.2.0",
    "SELECT": "1.14.0 1.14.0 2.12.0 2.12.0",
    "SELECT_V2": "2.2.0 2.12.0",
    "SHAPE": "1.10.0",
    "SIGN": "2.11.0 2.12.0",
    "SIN": "1.9.0 2.23.0",
    "SLICE": "1.14.0 1.14.0 1.14.0 2.4.0 2.5.0 2.14.0 2.21.0 2.23.0",
    "SOFTMAX": "1.5.0 1.14.0 2.3.0 2.23.0",
    "SPACE_TO_BATCH_ND": "1.6.0 1.14.0 2.3.0 2.12.0",
    "SPACE_TO_DEPTH": "1.5.0 1.14.0",
    "SPLIT": "1.5.0 1.14.0 1.14.0 2.3.0 2.23.0",
    "SPLIT_V": "1.13.1 2.3.0 2.23.0",
    "SQRT": "1.10.0 2.21.0",
    "SQUARE": "1.12.0",
    "SQUARED_DIFFERENCE": "1.13.1 2.5.0",
    "SQUEEZE": "1.6.0 2.5.0",
    "STRIDED_SLICE": "1.6.0 1.14.0 2.1.0 2.2.0 2.5.0 2.6.0 2.14.0 2.14.0",
    "SUB": "1.6.0 1.14.0 2.3.0 2.4.0 2.4.0",
    "SUM": "1.10.0 1.15.0",
    "TANH": "1.14.0 1.14.0 2.3.0",
    "TILE": "1.10.1 2.2.0 2.8.0",
    "TOPK_V2": "1.7.0 1.14.0 2.13.0",
    "TRANSPOSE": "1.6.0 1.14.0 1.15.0 2.3.0 2.4.0 2.12.0 2.14.4 2.22.0 2.23.0",
    "TRANSPOSE_CONV": "1.9.0 2.2.0 2.3.0 2.13.0 2.15.0",
    "UNPACK": "1.11.0 1.14.0 2.2.0 2.3.0 2.22.0 2.23.0",
    "UNSORTED_SEGMENT_MAX": "2.10.0",
    "UNSORTED_SEGMENT_MIN": "2.11.0",
    "UNSORTED_SEGMENT_PROD": "2.10.0",
    "UNSORTED_SEGMENT_SUM": "2.10.0",
    "WHERE": "1.14.0 2.8.0",
    "WHILE": "1.15.0",
    "ZEROS_LIKE": "1.12.0",
}
"""Builtin operator → the first runtimes of its versions 1, 2, ... (``-``: that version was withdrawn)."""

_ELEMENTS = {
    "f32": "ATAN2 BATCH_MATMUL CEIL CONV_2D CONV_3D CONV_3D_TRANSPOSE COS DEPTHWISE_CONV_2D ELU EXP FLOOR "
    "FULLY_CONNECTED GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGISTIC LOG_SOFTMAX "
    "AVERAGE_POOL_2D MAX_POOL_2D PRELU RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND RSQRT SIN SOFTMAX SQRT SQUARE TANH "
    "TRANSPOSE_CONV",
    "f32 i32": "ABS DIV POW RESIZE_BILINEAR SIGN SQUARED_DIFFERENCE UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN "
    "UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM",
    "f32 i32 i64": "ADD CUMSUM FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL MAXIMUM MEAN MINIMUM MUL NEG "
    "REDUCE_PROD SUB SUM",
    "f32 i32 i64 i1": "EQUAL NOT_EQUAL",
    "f32 i32 i8 i16": "FLOOR_DIV",
    "f32 i32 i8 ui8 i1": "ARG_MAX ARG_MIN",
    "f32 i32 i64 i8 ui8": "DEPTH_TO_SPACE SPACE_TO_DEPTH",
    "f32 i32 i64 i8 ui8 i16": "RESIZE_NEAREST_NEIGHBOR REDUCE_MAX REDUCE_MIN SPLIT SPLIT_V",
    "i1": "LOGICAL_AND LOGICAL_NOT LOGICAL_OR REDUCE_ALL REDUCE_ANY",
}
"""Element types (quantized ones apart) → the operators whose kernels compute with these alone."""
_ELEMENTS_OF = {builtin: set(names.split()) for names, builtins in _ELEMENTS.items() for builtin in builtins.split()}


def unsupported_element(op: TFLOp) -> str:
    """The element type of the operand that decides, where there is no kernel for it; else ``""``."""
    name = op.storage_name(op.typed_by)
    value = op.operands[op.typed_by] if name else None
    if value is None or isinstance(value.tensor.element, QuantizedType):
        return ""
    return "" if name in _ELEMENTS_OF.get(op.builtin, {name}) else name


def first_runtime(builtin: str, version: int) -> str:
    """The first runtime with a version of a builtin operator, such as ``2.3.0``; ``""`` where that is not known."""
    runtimes = _FIRST_RUNTIMES.get(builtin, "").split()
    return runtimes[version - 1] if version <= len(runtimes) else ""


def minimum_runtime(module: Module) -> str:
    """The first runtime that knows every operation of a module; ``""`` where it holds none that is listed."""
    ops = {(op.builtin, op.version()) for op in module.walk() if isinstance(op, TFLOp) and op.builtin}
    found = {first_runtime(*op) for op in ops} - {""}
    return max(found, key=lambda text: [int(n) for n in re.findall(r"\d+", text)], default="")
