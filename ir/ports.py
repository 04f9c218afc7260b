"""Inputs and outputs as the source has them, and as the function of a module takes and gives them.

A pass may change what a port looks like: its layout (channel-last), its element type (quantized). The world outside
keeps the source's view: real numbers in the source's layout. Calibration, ``nncc run`` and ``--verify-numerics`` all
translate here, and nowhere else.

The port attribute :data:`nncc.ir.layout.PORT_LAYOUT` marks a port that is channel-last where the source is not, and
:data:`PORT_ELEMENT` one of plain integers that stand for the source's real numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from .layout import CHANNEL_LAST, PORT_LAYOUT, inverse, permute, to_last
from .module import Function
from .types import Array, ElementType, QuantizedType, TensorType

Side = Literal["arg", "res"]

PORT_ELEMENT = "nncc.element"
"""Of a port: the quantized type of its integers, in a dialect whose types do not say it."""


def port_permutation(function: Function, side: Side, index: int) -> tuple[int, ...] | None:
    """The transposition that makes a port's array out of the source's; None where it has the source's layout."""
    layout = function.port_attribute(side, index, PORT_LAYOUT)
    if layout is None:
        return None
    if layout != CHANNEL_LAST:
        raise function.error(f"has a port of layout {layout!r}, expected '{CHANNEL_LAST}'")
    return to_last(function.port(side, index).tensor.rank)


def port_element(function: Function, side: Side, index: int) -> ElementType | QuantizedType:
    """The type of a port's elements, quantized where they stand for real numbers."""
    stated = function.port_attribute(side, index, PORT_ELEMENT)
    return function.port(side, index).tensor.element if stated is None else stated


def source_type(function: Function, side: Side, index: int) -> TensorType:
    """The type of a port as the source sees it: the source's layout, real elements instead of quantized ones."""
    port = function.port(side, index).tensor
    kind = port_element(function, side, index)
    real = port.with_element(kind.expressed if isinstance(kind, QuantizedType) else kind)
    permutation = port_permutation(function, side, index)
    if permutation is None:
        return real
    return real.with_shape(permute(port.dims, inverse(permutation)))


def to_port(function: Function, index: int, array: Array) -> Array:
    """An input of the source as argument ``index`` takes it.

    Floating-point numbers for a quantized argument are quantized; integers are taken as stored values already.
    """
    permutation = port_permutation(function, "arg", index)
    moved = array if permutation is None else array.transpose(permutation)
    kind = port_element(function, "arg", index)
    if isinstance(kind, QuantizedType) and np.issubdtype(array.dtype, np.floating):
        return kind.quantize(moved)
    return moved


def from_port(function: Function, index: int, array: Array) -> Array:
    """What output ``index`` gives, as the source would: real numbers in the source's layout."""
    kind = port_element(function, "res", index)
    real = kind.dequantize(array) if isinstance(kind, QuantizedType) else array
    permutation = port_permutation(function, "res", index)
    return real if permutation is None else real.transpose(inverse(permutation))


def to_ports(function: Function, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """:func:`to_port` for all inputs that are given, by name; names that the function does not have are left out."""
    return {
        name: to_port(function, i, np.asarray(inputs[name]))
        for i, name in enumerate(function.input_names)
        if name in inputs
    }


def from_ports(function: Function, outputs: Mapping[str, Array]) -> dict[str, Array]:
    """:func:`from_port` for all outputs, by name."""
    return {name: from_port(function, i, outputs[name]) for i, name in enumerate(function.output_names)}
