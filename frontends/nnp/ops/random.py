"""Random functions. NNabla has no inference mode for them: where leaving them out makes sense, a warning says so."""

from __future__ import annotations

from ....ir import Value
from .registry import Call, Lifter, lift, no_lift, refuse

no_lift(
    "gives other numbers at every run",
    "make its output an input of the executor, or take it out of the network",
    "Rand",
    "Randint",
    "Randn",
    "RandBinomial",
    "RandBeta",
    "RandGamma",
    "RandomChoice",
)


@lift("Dropout", "RandomFlip", "RandomShift", "RandomErase")
def augmentation(b: Lifter, op: Call, x: Value) -> Value:
    b.warn(op, "is random; it is left out", "save the network for inference, without it")
    return x


@lift("RandomCrop")
def random_crop(b: Lifter, op: Call, x: Value) -> Value:
    if op.results[0].type != x.type:
        raise refuse(op, "crops at a random place", "crop at a fixed place with Slice")
    return augmentation(b, op, x)


@lift("ImageAugmentation")
def image_augmentation(b: Lifter, op: Call, x: Value) -> Value:
    if op.results[0].type != x.type:
        raise refuse(op, "crops at a random place", "crop at a fixed place with Slice")
    return augmentation(b, op, x)
