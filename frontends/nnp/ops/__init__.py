"""The lifts of NNabla's functions, one module a family. Importing this package registers them all."""

from . import (
    activations,
    arithmetic,
    binary,
    constants,
    indexing,
    layers,
    losses,
    movement,
    normalization,
    pooling,
    quantization,
    random,
    recurrent,
    reductions,
    resizing,
)
from .registry import LIFTS, REFUSALS, Lifter

__all__ = [
    "LIFTS",
    "REFUSALS",
    "Lifter",
    "activations",
    "arithmetic",
    "binary",
    "constants",
    "indexing",
    "layers",
    "losses",
    "movement",
    "normalization",
    "pooling",
    "quantization",
    "random",
    "recurrent",
    "reductions",
    "resizing",
]
