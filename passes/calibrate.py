"""`calibrate`: the ranges of all values, from representative data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import attrs
import numpy as np

from ..ir import Function, Module, Operation, Value
from ..ir.interpreter import evaluate
from ..ir.opdef import Trait
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array
from .calibration import METHODS, RangeObserver, make_observer
from .calibration.grids import note_grids
from .dataset import BoundDataset, Dataset
from .ranges import holds_reals, set_range

AUTO = "auto"
CHOSEN_METHOD = "nncc.calibration"
"""The attribute of a function by which `tune-int8` tells `calibrate` its method."""
OWN_RANGES = "own_ranges"
"""The fact that the model names ranges itself, and that there is no data for what it leaves in float."""
PADDING = frozenset({"nn.pad"})
"""Operations that give infinite numbers on purpose: the padding of max_pool loses against every other number."""


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

    Where the network rounds a value to a grid of 8 bits (`nn.fake_quantize`, or there and back), that grid is the
    range. Ranges always contain 0. Samples are read one batch at a time, and what is kept of them does not grow with
    their number. Without data, a network that names ranges itself has no others, as it was made to compute the rest in
    floats; any other is run on seeded random inputs, with a warning.
    """

    consumes = frozenset({"nn"})

    method: str = option("minmax", f"how a range is chosen: {', '.join(METHODS)}; {AUTO}: as tune-int8 says, or minmax")
    percentile: float = option(99.99, "percentile: how many per cent of the numbers stay below the range's end")
    momentum: float = option(0.9, "moving_average: the weight of what was seen before")
    samples: int = option(0, "use at most so many samples; 0: all")
    dataset: str = option("", "the representative data, unless it is given with --dataset: .npy, .npz or a folder")
    seed: int = option(0, "seed of the random inputs that stand in for missing data")

    chosen: str = attrs.field(default="minmax", init=False)

    def __attrs_post_init__(self) -> None:
        if self.method not in (*METHODS, AUTO):
            raise ValueError(f"there is no method '{self.method}': take {AUTO} or one of {', '.join(METHODS)}")
        if not 50 < self.percentile <= 100:
            raise ValueError(f"percentile is {self.percentile}: give more than 50 and at most 100")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum is {self.momentum}: give at least 0 and less than 1")
        if self.samples < 0:
            raise ValueError(f"samples is {self.samples}: give a positive number, or 0 for all")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        self.chosen = function.attributes.pop(CHOSEN_METHOD, "minmax") if self.method == AUTO else self.method
        fixed = note_grids(function)
        self.counts["ranges of the model itself"] += len(fixed)
        if fixed and context.dataset is None and not self.dataset:
            context.facts[OWN_RANGES] = True
        else:
            batches = find_dataset(function, context, self.dataset, self.seed).bind(function, self.samples or None)
            for value, seen in observe(function, batches, context, self._new_observer).items():
                if value not in fixed:
                    self._store(function, value, seen, context)
            self.counts["batches"] += len(batches)
        return True

    def _new_observer(self) -> RangeObserver:
        return make_observer(self.chosen, self.percentile, self.momentum)

    def _store(self, function: Function, value: Value, seen: Seen, context: PassContext) -> None:
        found = seen.observer.range() if seen.observer is not None and not seen.has_nan else None
        set_range(function, value, found)
        self.counts["ranges" if found else "values without a range"] += 1
        op = value.defining_op
        place = op.location if op is not None else function.location
        what = f"the result of '{op.name}'" if op is not None else f"input '{value.name}'"
        if seen.has_nan:
            remedy = "check that the samples are what the model was made for"
            context.diagnostics.warning(f"calibration: {what} is NaN, so it stays in float", place, remedy)
        elif seen.has_infinity and op is not None and op.name not in PADDING:
            remedy = "a large finite number instead keeps what int8 can tell apart under control"
            context.diagnostics.warning(f"calibration: {what} is infinite; int8 saturates there", place, remedy)


def find_dataset(function: Function, context: PassContext, path: str = "", seed: int = 0) -> Dataset:
    """The representative data of a compilation, opened once; random numbers, with a warning, where there is none."""
    if context.dataset is None and path:
        context.dataset = context.base_folder / path
    if context.dataset is not None:
        context.dataset = Dataset.given(context.dataset)
    else:
        context.diagnostics.warning(
            "no representative data: the ranges come from random inputs in [0, 1), and the accuracy will suffer",
            function.location,
            "give some dozens of real inputs: --dataset FILE.npy (first dimension: samples; .npz for several inputs)",
        )
        context.dataset = Dataset.synthetic(function, seed)
    found: Dataset = context.dataset
    return found


@attrs.define
class Seen:
    """What was seen of one value."""

    observer: RangeObserver | None = None
    has_nan: bool = False
    has_infinity: bool = False

    def add(self, array: Array, new_observer: Callable[[], RangeObserver]) -> None:
        low, high = float(array.min()), float(array.max())
        if math.isnan(low):
            self.has_nan = True
            return
        if math.isinf(low) or math.isinf(high):
            self.has_infinity = True
            array = array[np.isfinite(array)]
        if array.size:
            self.observer = self.observer or new_observer()
            self.observer.add(array)


def observe(
    function: Function, batches: BoundDataset, context: PassContext, new_observer: Callable[[], RangeObserver]
) -> dict[Value, Seen]:
    """What all batches show of each real value of a function. Infinite numbers are left out: int8 saturates there."""
    found: dict[Value, Seen] = {}

    def see(value: Value, array: Array) -> None:
        if holds_reals(value) and array.size:
            found.setdefault(value, Seen()).add(array, new_observer)

    def see_results(op: Operation, results: Sequence[Array]) -> None:
        if Trait.CONSTANT not in op.traits and op.parent is function.body:  # regions stay in float
            for value, array in zip(op.results, results, strict=True):
                see(value, array)

    for done, inputs in enumerate(batches):
        context.report_progress("calibrate", done, len(batches))
        for name, value in zip(function.input_names, function.inputs, strict=True):
            see(value, inputs[name])
        evaluate(function, inputs, see_results)
    context.report_progress("calibrate", len(batches), len(batches))
    return found
