"""`calibrate`: the ranges of all values, from representative data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs
import numpy as np

from ..ir import Function, Module, Operation, Value
from ..ir.interpreter import evaluate
from ..ir.opdef import Trait
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array
from .calibration import METHODS, RangeObserver, make_observer
from .dataset import BoundDataset, Dataset
from .ranges import holds_reals, set_range


@attrs.define
class Calibrate(Pass, name="calibrate"):
    """Runs the model on representative data and notes the range of every value that holds real numbers.

    ```
    %0 = "nn.relu"(%x) : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```
    becomes
    ```
    %0 = "nn.relu"(%x) {nncc.ranges = [[0.0, 3.71]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```

    Ranges always contain 0. Samples are read one batch at a time, and what is kept of them does not grow with their
    number. Without data the model is run on seeded random inputs, with a warning.
    """

    consumes = frozenset({"nn"})

    method: str = option("minmax", f"how a range is chosen: {', '.join(METHODS)}")
    percentile: float = option(99.99, "percentile: how many per cent of the numbers stay below the range's end")
    momentum: float = option(0.9, "moving_average: the weight of what was seen before")
    samples: int = option(0, "use at most so many samples; 0: all")
    dataset: str = option("", "the representative data, unless it is given with --dataset: .npy, .npz or a folder")
    seed: int = option(0, "seed of the random inputs that stand in for missing data")

    def __attrs_post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"there is no method '{self.method}': take one of {', '.join(METHODS)}")
        if not 50 < self.percentile <= 100:
            raise ValueError(f"percentile is {self.percentile}: give more than 50 and at most 100")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum is {self.momentum}: give at least 0 and less than 1")
        if self.samples < 0:
            raise ValueError(f"samples is {self.samples}: give a positive number, or 0 for all")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        batches = find_dataset(function, context, self.dataset, self.seed).bind(function, self.samples or None)
        observers = observe(function, batches, context, self._new_observer)
        for value, observer in observers.items():
            self._store(function, value, observer, context)
        self.counts["batches"] += len(batches)
        return True

    def _new_observer(self) -> RangeObserver:
        return make_observer(self.method, self.percentile, self.momentum)

    def _store(self, function: Function, value: Value, observer: RangeObserver | None, context: PassContext) -> None:
        found = None if observer is None else observer.range()
        set_range(function, value, found)
        self.counts["ranges" if found else "values without a range"] += 1
        if found is None:
            op = value.defining_op
            place = op.location if op is not None else function.location
            what = f"the result of '{op.name}'" if op is not None else f"input '{value.name}'"
            remedy = "it stays in float; check that the samples are what the model was made for"
            context.diagnostics.warning(f"calibration: {what} is NaN or infinite", place, remedy)


def find_dataset(function: Function, context: PassContext, path: str = "", seed: int = 0) -> Dataset:
    """The representative data of a compilation, opened once; random numbers, with a warning, where there is none."""
    if context.dataset is None and path:
        context.dataset = Dataset.open(context.base_folder / path)
    if isinstance(context.dataset, str | Path):
        context.dataset = Dataset.open(context.dataset)
    elif isinstance(context.dataset, Mapping | np.ndarray):
        context.dataset = Dataset.of(context.dataset)
    if context.dataset is None:
        context.diagnostics.warning(
            "no representative data: the ranges come from random inputs in [0, 1), and the accuracy will suffer",
            function.location,
            "give some dozens of real inputs: --dataset FILE.npy (first dimension: samples; .npz for several inputs)",
        )
        context.dataset = Dataset.synthetic(function, seed)
    assert isinstance(context.dataset, Dataset)
    return context.dataset


def observe(
    function: Function, batches: BoundDataset, context: PassContext, new_observer: Callable[[], RangeObserver]
) -> dict[Value, RangeObserver | None]:
    """An observer for each real value of a function that has seen all batches; None where a number was not finite."""
    observers: dict[Value, RangeObserver | None] = {}

    def see(value: Value, array: Array) -> None:
        if not holds_reals(value) or not array.size:
            return
        known = observers[value] if value in observers else new_observer()
        if known is not None and not (math.isfinite(float(array.min())) and math.isfinite(float(array.max()))):
            known = None
        if known is not None:
            known.add(array)
        observers[value] = known

    def see_results(op: Operation, results: Sequence[Array]) -> None:
        if Trait.CONSTANT not in op.traits:
            for value, array in zip(op.results, results, strict=True):
                see(value, array)

    for done, inputs in enumerate(batches):
        context.report_progress("calibrate", done, len(batches))
        for name, value in zip(function.input_names, function.inputs, strict=True):
            see(value, inputs[name])
        evaluate(function, inputs, see_results)
    context.report_progress("calibrate", len(batches), len(batches))
    return observers
