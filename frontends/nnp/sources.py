"""Values that no function of a network makes: parameters, and inputs that are generated."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...ir import CompileError, Value
from ...ir.dialects import nnp
from ...ir.dialects.nnp.initializers import initial_value
from ...ir.types import Array
from .ops import Lifter
from .ops.shapes import broadcast_batch


def source(b: Lifter, variable: nnp.Variable, generators: Mapping[str, Mapping[str, Any]]) -> Value:
    """The value of a variable that no function makes; ``generators`` are the executor's, by variable.

    Raises CompileError where nothing says what the value is.
    """
    if variable.value is not None:
        return b.create("nn.constant", value=variable.value).result
    generator = generators.get(variable.label) or variable.initializer
    if variable.is_parameter:
        raise CompileError(
            f"the parameter '{variable.label}' has no value",
            variable.location,
            "give the file that holds it, or run initialize-parameters before to make values up",
        )
    if generator is None:
        raise CompileError(
            f"nothing gives the variable '{variable.label}' a value",
            variable.location,
            "make it an input of the executor, or a parameter",
        )
    return _generated(b, variable, generator)


def _generated(b: Lifter, variable: nnp.Variable, generator: Mapping[str, Any]) -> Value:
    """A constant; along the batch it is the same for every element."""
    dims = variable.variable.tensor.dims
    shape = tuple(d if isinstance(d, int) else 1 for d in dims)
    kind, multiplier = generator.get("type", ""), float(generator.get("multiplier", 0.0))
    values = _values(variable, kind, multiplier, shape)
    if kind not in ("Constant", "Range"):
        b.diagnostics.warning(
            f"the input '{variable.label}' is random ({kind}, {multiplier}): it becomes a constant",
            variable.location,
            "make it an input of the executor to set it yourself",
        )
    return broadcast_batch(b, b.constant(values, name=variable.label), dims)


def _values(variable: nnp.Variable, kind: str, multiplier: float, shape: tuple[int, ...]) -> Array:
    random = np.random.RandomState(zlib.crc32(variable.label.encode()))  # the same numbers in every run
    try:
        if not kind:
            raise ValueError("its type is not given")
        return initial_value(kind, multiplier, shape, random)
    except ValueError as error:
        raise CompileError(
            f"the variable '{variable.label}' cannot be generated: {error}",
            variable.location,
            "known are Constant, Normal, Uniform and Range",
        ) from error
