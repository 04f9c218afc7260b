"""Values as NNabla's initializers and generators make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod, sqrt

import numpy as np

from ...types import Array

MOST_ELEMENTS = 1 << 31
"""A value of more elements is a mistake in the file."""


def _affine(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[0], prod(shape[1:]), 1


def _convolution(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[-3], shape[0], prod(shape[-2:])


def _channel_last_convolution(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[-1], shape[0], prod(shape[1:3])


# Of a layer's weight, by its shape: how many inputs, outputs and elements of the kernel there are; and its least rank.
_COUNTS: dict[str, tuple[Callable[[Sequence[int]], tuple[int, int, int]], int]] = {
    "Affine": (_affine, 1),
    "Convolution": (_convolution, 3),
    "CLConv": (_channel_last_convolution, 3),
}
_SCALED = re.compile(r"(Normal|Uniform)(Affine|Convolution|CLConv)(He|HeForward|HeBackward|Glorot)")


def initial_value(kind: str, multiplier: float, shape: Sequence[int], random: np.random.RandomState) -> Array:
    """A float32 array as an initializer of NNabla makes it.

    Normal has the deviation ``multiplier``, Uniform the limits ``±multiplier``, Constant is ``multiplier``, Range
    counts along the last axis in steps of it. The others are ``multiplier`` times a distribution of variance 2/(n k)
    for He, with n the inputs (He, HeForward) or the outputs (HeBackward), or 2/(k (inputs + outputs)) for Glorot; k is
    the size of the kernel. Without a type all is 0. Raises ValueError for an unknown type, or a shape that does not
    suit it.
    """
    if prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"the shape {tuple(shape)} is too large")
    if kind in ("", "Constant"):
        return np.full(shape, multiplier if kind else 0.0, np.float32)
    if kind == "Range":
        counts = np.arange(shape[-1]) if shape else np.zeros(())
        return np.broadcast_to((counts * multiplier).astype(np.float32), shape)
    if kind == "Normal":
        return np.asarray(random.randn(*shape) * multiplier, np.float32)
    if kind == "Uniform":
        return np.asarray(random.uniform(-multiplier, multiplier, shape), np.float32)
    deviation = sqrt(_variance(kind, shape))
    if kind.startswith("Normal"):
        base = random.randn(*shape) * deviation
    else:
        limit = sqrt(3.0) * deviation  # a uniform distribution of limit l has the variance l² / 3
        base = random.uniform(-limit, limit, shape)
    return np.asarray(np.asarray(base, np.float32) * np.float32(multiplier))


def _variance(kind: str, shape: Sequence[int]) -> float:
    match = _SCALED.fullmatch(kind)
    if match is None or (match[1] == "Uniform" and match[3] != "Glorot"):
        raise ValueError(f"the initializer '{kind}' is not known")
    count, least_rank = _COUNTS[match[2]]
    if len(shape) < least_rank or 0 in shape:
        raise ValueError(f"the initializer '{kind}' does not suit the shape {tuple(shape)}")
    inputs, outputs, kernel = count(shape)
    if match[3] == "Glorot":
        return 2 / (kernel * (inputs + outputs))
    return 2 / (kernel * (outputs if match[3] == "HeBackward" else inputs))
