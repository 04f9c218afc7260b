"""What nnabla-c-runtime computes, with numpy: its kernels for floats, for fixed point, and for mixtures of both.

A function has a kernel for floats, perhaps one for integers where all its variables have 16 bits or all 8, and else one
that reads and writes any element as a float. What is written in fixed point is cut towards zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from ....core import Value
from ....types import F32, Array
from ..functions import NnbFunction
from . import elementwise, fixed, layers, mixed, movement, pools  # noqa: F401  # they fill the registries
from .layers import channel_parts
from .registry import FIXED, FLOATS, MIXED, Call
from .storage import read, write

__all__ = ["FIXED", "FLOATS", "MIXED", "Call", "channel_parts", "is_integral", "run"]


def is_integral(op: NnbFunction) -> bool:
    """Whether a function is computed with integers."""
    values = [*(v for v in op.operands if v is not None), *op.results]
    return op.function_type.name in FIXED and _integer_widths(values) in ({8}, {16})


def _integer_widths(values: Sequence[Value]) -> set[int]:
    return {0 if v.tensor.element == F32 else v.tensor.storage.bits for v in values}


def run(op: NnbFunction, operands: Sequence[Array | None]) -> tuple[Array, ...]:
    """The stored results of a function, for its stored operands.

    Raises VerifyError where the runtime has no code for the function, or fails at it.
    """
    name = op.function_type.name
    if name not in FLOATS:
        raise op.error("cannot be evaluated: nnabla-c-runtime has no code for it")
    call = Call.of(op)
    integral = is_integral(op)
    kernel = FIXED[name] if integral else MIXED.get(name, FLOATS[name])
    given = list(operands)
    if not integral:
        given = [None if a is None or t is None else read(a, t) for a, t in zip_longest(operands, call.operands)]
    try:
        with np.errstate(all="ignore"):
            made = kernel(call, given) if op.function_type.is_variadic else kernel(call, *given)
    except (ZeroDivisionError, ValueError) as reason:
        raise op.error(f"fails in the runtime: {reason}") from reason
    results = tuple(made) if isinstance(made, tuple) else (np.asarray(made),)
    return results if integral else tuple(write(r, t) for r, t in zip(results, call.results, strict=True))
