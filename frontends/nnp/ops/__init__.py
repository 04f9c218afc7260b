"""The lifts of NNabla's functions, one module a family. Importing this package registers them all."""

from . import (
    activations,
    arithmetic,
    binary,
    layers,
    losses,
    movement,
    normalization,
    pooling,
    quantization,
    recurrent,
    reductions,
)
from .registry import LIFTS, REFUSALS, Lifter

__all__ = [
    "LIFTS",
    "REFUSALS",
    "Lifter",
    "activations",
    "arithmetic",
    "binary",
    "layers",
    "losses",
    "movement",
    "normalization",
    "pooling",
    "quantization",
    "recurrent",
    "reductions",
]
