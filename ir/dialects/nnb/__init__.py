"""The nnb dialect: a file of nnabla-c-runtime, one operation a function (see ``ops.py``)."""

from .buffers import buffer_faults, input_buffers
from .elements import FIXED8, FIXED16, FLOAT32, SIGN, fixed_point, point_of
from .functions import FUNCTION_OPS, NnbFunction
from .levels import has_all, known_level, lowest_level, newest_level
from .ops import API_LEVEL, BUFFER_SIZES, INPUT_BUFFERS, VERSION, Parameter, StoredOp, UnreadParameter
from .table import RUNTIME_LEVEL, Argument, NnbType, Signature, nnb_types, signatures_by_id

__all__ = [
    "API_LEVEL",
    "BUFFER_SIZES",
    "FIXED8",
    "FIXED16",
    "FLOAT32",
    "FUNCTION_OPS",
    "INPUT_BUFFERS",
    "RUNTIME_LEVEL",
    "SIGN",
    "VERSION",
    "Argument",
    "NnbFunction",
    "NnbType",
    "Parameter",
    "Signature",
    "StoredOp",
    "UnreadParameter",
    "buffer_faults",
    "fixed_point",
    "has_all",
    "input_buffers",
    "known_level",
    "lowest_level",
    "newest_level",
    "nnb_types",
    "point_of",
    "signatures_by_id",
]
