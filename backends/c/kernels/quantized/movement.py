"""Kernels that move and pick integers: those for real numbers, but for what they pad with."""

from __future__ import annotations

import numpy as np

from .....ir import QuantizedType
from .....ir.dialects.c.movement import Pad
from ....c_text import literal
from ..elementwise import binary, select
from ..indexing import arg_extremum, gather, gather_nd, reverse_sequence, top_k
from ..movement import concat, copy, padded, view
from ..reduction import reduce
from ..registry import element_type, kernel
from ..sampling import take

_MOVES = (view, copy, concat, take, gather, gather_nd, reverse_sequence)
_PICKS = (arg_extremum, top_k, reduce, binary, select)
for _function in (*_MOVES, *_PICKS):
    kernel(_function.__name__, quantized=True)(_function)


@kernel("pad", quantized=True)
def pad(op: Pad) -> str:
    kind = op.output.tensor.element
    assert isinstance(kind, QuantizedType)
    return padded(op, literal(int(kind.quantize(np.asarray(op.value))), element_type(op.output)))
