"""Inputs and outputs as the source has them, and as the function of a module takes and gives them.

A pass may change what a port looks like: its layout (channel-last), its element type (quantized). The world outside
keeps the source's view: real numbers in the source's layout. Calibration, ``nncc run`` and ``--verify-numerics`` all
translate here, and nowhere else.

The port attribute :data:`LAYOUT` is the permutation that makes the port's array out of the source's:
``port = source.transpose(layout)``; a port without it has the source's layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from .module import Function
from .types import Array, QuantizedType, TensorType

LAYOUT = "nncc.layout"
"""The key of a port's permutation in ``arg_attrs`` and ``res_attrs``."""

Side = Literal["arg", "res"]


def port_layout(function: Function, side: Side, index: int) -> tuple[int, ...] | None:
    """The permutation of a port (source axes, in the port's order); None where it has the source's layout."""
    layout: tuple[int, ...] | None = function.port_attribute(side, index, LAYOUT)
    return layout


def set_port_layout(function: Function, side: Side, index: int, layout: Sequence[int]) -> None:
    """Say that a port is the source's array transposed by ``layout``."""
    function.set_port_attribute(side, index, LAYOUT, tuple(layout))


def source_type(function: Function, side: Side, index: int) -> TensorType:
    """The type of a port as the source sees it: the source's layout, real elements instead of quantized ones."""
    port = (function.inputs if side == "arg" else function.outputs)[index].tensor
    real = port.with_element(port.expressed)
    layout = port_layout(function, side, index)
    if layout is None:
        return real
    return real.with_shape(tuple(port.dims[i] for i in inverse(layout)))


def to_port(function: Function, index: int, array: Array) -> Array:
    """An input of the source as argument ``index`` takes it.

    Floating-point numbers for a quantized argument are quantized; integers are taken as stored values already.
    """
    layout = port_layout(function, "arg", index)
    moved = array if layout is None else array.transpose(layout)
    kind = function.inputs[index].tensor.element
    if isinstance(kind, QuantizedType) and np.issubdtype(array.dtype, np.floating):
        return kind.quantize(moved)
    return moved


def from_port(function: Function, index: int, array: Array) -> Array:
    """What output ``index`` gives, as the source would: real numbers in the source's layout."""
    kind = function.outputs[index].tensor.element
    real = kind.dequantize(array) if isinstance(kind, QuantizedType) else array
    layout = port_layout(function, "res", index)
    return real if layout is None else real.transpose(inverse(layout))


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


def inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes ``permutation``."""
    result = [0] * len(permutation)
    for place, axis in enumerate(permutation):
        result[axis] = place
    return tuple(result)
