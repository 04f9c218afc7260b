"""Lifts of TFLite's operators to nn, by family. Importing this package registers all of them."""

from . import (
    boxes,
    control,
    convolutions,
    elementwise,
    generation,
    images,
    indexing,
    linear_algebra,
    movement,
    normalizations,
    pooling,
    recurrent,
    reductions,
    refusals,
    slicing,
)
from .lifter import Lifter
from .registry import CUSTOM_LIFTS, LIFTS, REFUSALS

__all__ = [
    "CUSTOM_LIFTS",
    "LIFTS",
    "REFUSALS",
    "Lifter",
    "boxes",
    "control",
    "convolutions",
    "elementwise",
    "generation",
    "images",
    "indexing",
    "linear_algebra",
    "movement",
    "normalizations",
    "pooling",
    "recurrent",
    "reductions",
    "refusals",
    "slicing",
]
