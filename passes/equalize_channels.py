"""`equalize-channels`: lets the channels of a value fill the range that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs
import numpy as np

from ..ir import Builder, Function, Module, Operation, Value
from ..ir.interpreter import evaluate
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array
from .calibrate import find_dataset
from .dataset import BoundDataset
from .equalization.tracks import Tracks
from .fold_scales_linear import LINEAR, LinearEditor
from .unused import drop_unused

LARGEST_RATIO = 16.0
"""Channels that hardly ever differ from 0 are not blown up more than this."""


LEAST_NUMBERS = 256
"""A channel of which fewer numbers were seen stays as it is: their extremes say little about those of other data."""


@attrs.define
class Extremes:
    """The smallest and the largest number of every track of a value, as arrays like that of the tracks.

    ``count`` is how many numbers of each track were seen.
    """

    low: Array
    high: Array
    count: int = 0


@attrs.define
class EqualizeChannels(Pass, name="equalize-channels"):
    """Rescales and centres channels between linear operations, so that one int8 scale serves them all well.

    conv(x, W1, b1) → relu → conv(., W2, b2) is the same function with W1 / s, b1 / s and W2 · s, for any positive s,
    one number a channel (M. Nagel et al., "Data-Free Quantization through Weight Equalization and Bias Correction",
    ICCV 2019).
    Without the relu, the middle of the channel's range can go into the biases as well. ::

        channel   range before   after             with strength 1 all get the range of the widest:
        0         -1 .. 9        -5 .. 5           an int8 step of 10 / 255 instead of 11 / 255,
        1         -2 .. -1       -5 .. 5           and for channel 1 a step that is 10 times finer

    Whatever is between and passes scales on is followed: pooling, padding, additions, gates, and channels that are
    shuffled, split and joined. The numbers that the model gives stay the same. Run it behind `channel-last` and
    before `calibrate`; it uses the same representative data.
    """

    consumes = frozenset({"nn"})

    strength: float = option(0.5, "0: leave channels as they are ... 1: all fill the range; the weights get less equal")
    shift: bool = option(True, "centre channels as well")
    samples: int = option(0, "use at most so many samples; 0: all")

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}: give a number from 0 to 1")
        if self.samples < 0:
            raise ValueError(f"samples is {self.samples}: give a positive number, or 0 for all")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        scales = Tracks.of(function, shifts=False)
        shifts = Tracks.of(function, shifts=True)
        movable = {v for v in scales.of_value if scales.free(v).any() or (self.shift and shifts.free(v).any())}
        if not movable:
            return False
        wanted = {v: scales.of_value[v].shape for v in movable}
        batches = find_dataset(function, context).bind(function, self.samples or None)
        extremes = observe(function, wanted, batches, context)
        middles = _middles(shifts, extremes) if self.shift else {}
        factors = _scales(scales, extremes, middles, self.strength)
        self.counts["values with equalized channels"] += len(factors)
        self.counts["values with centred channels"] += len(middles)
        _rewrite(module, function, factors, middles)
        drop_unused(module)
        return bool(factors or middles)


def can_equalize(function: Function) -> bool:
    """Whether there is any channel that may be scaled or shifted."""
    return any(t.free(v).any() for shifts in (False, True) for t in [Tracks.of(function, shifts)] for v in t.of_value)


def observe(
    function: Function, wanted: Mapping[Value, tuple[int, ...]], batches: BoundDataset, context: PassContext
) -> dict[Value, Extremes]:
    """The extremes of some values over all batches, reduced to the given shapes."""
    found: dict[Value, Extremes] = {}

    def see(op: Operation, results: Sequence[Array]) -> None:
        for value, array in zip(op.results, results, strict=True):
            if value in wanted:
                axes = tuple(i for i, n in enumerate(wanted[value]) if n == 1)
                low, high = array.min(axis=axes, keepdims=True), array.max(axis=axes, keepdims=True)
                known = found.setdefault(value, Extremes(low, high))
                known.low, known.high = np.minimum(known.low, low), np.maximum(known.high, high)
                known.count += array.size // low.size

    for done, inputs in enumerate(batches):
        context.report_progress("equalize channels", done, len(batches))
        evaluate(function, inputs, see)
    context.report_progress("equalize channels", len(batches), len(batches))
    return {v: e for v, e in found.items() if e.count >= LEAST_NUMBERS and np.isfinite([e.low, e.high]).all()}


def _middles(tracks: Tracks, extremes: dict[Value, Extremes]) -> dict[Value, Array]:
    """For values that can be shifted the middles of the ranges of their tracks, 0 for tracks that stay."""
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for value, seen in extremes.items():
        if not tracks.free(value).any():
            continue  # what cannot be shifted may be cut into other tracks than what can be scaled
        for track, a, b in _by_track(tracks.roots(value), seen.low, seen.high):
            low[track], high[track] = min(low.get(track, a), a), max(high.get(track, b), b)
    found = {}
    for value in tracks.of_value:
        roots = tracks.roots(value)
        middles = [(low.get(t, 0.0) + high.get(t, 0.0)) / 2 for t in roots.ravel().tolist()]
        array = np.where(tracks.free(value), np.reshape(middles, roots.shape), 0.0)
        if array.any():
            found[value] = array
    return found


def _scales(
    tracks: Tracks, extremes: dict[Value, Extremes], middles: dict[Value, Array], strength: float
) -> dict[Value, Array]:
    """For values that can be scaled what to divide their tracks by: (range / widest range) ** strength.

    The widest range is that of all tracks that are ever in one value with this one, directly or by others.
    """
    widths: dict[int, float] = {}
    together = _Sets()
    for value, seen in extremes.items():
        middle = middles.get(value, 0.0)
        reach = np.maximum(np.abs(seen.low - middle), np.abs(seen.high - middle))
        roots = tracks.roots(value)
        for track, width, _ in _by_track(roots, reach, reach):
            widths[track] = max(widths.get(track, 0.0), width)
            together.join(int(roots.flat[0]), track)
    widest: dict[int, float] = {}
    for track, width in widths.items():
        group = together.root(track)
        widest[group] = max(widest.get(group, 0.0), width)
    found = {}
    for value in tracks.of_value:
        roots = tracks.roots(value)
        numbers = [_scale(widths.get(t, 0.0), widest.get(together.root(t), 0.0)) for t in roots.ravel().tolist()]
        scales = np.where(tracks.free(value), np.reshape(numbers, roots.shape) ** strength, 1.0)
        if (scales != 1.0).any():
            found[value] = scales
    return found


def _by_track(roots: Array, *arrays: Array) -> Iterator[tuple[int, float, float]]:
    """Track by track the numbers of two arrays (of the tracks' shape, or one that broadcasts to it)."""
    first, second = (np.broadcast_to(a, roots.shape).ravel().tolist() for a in arrays)
    return zip(roots.ravel().tolist(), first, second, strict=True)


def _scale(width: float, widest: float) -> float:
    return max(width / widest, 1 / LARGEST_RATIO) if width > 0 and widest > 0 else 1.0


class _Sets:
    """Disjoint sets of numbers."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, number: int) -> int:
        while self._parent.get(number, number) != number:
            self._parent[number] = self._parent.get(self._parent[number], self._parent[number])
            number = self._parent[number]
        return number

    def join(self, first: int, second: int) -> None:
        self._parent[self.root(second)] = self.root(first)


def _negated(numbers: Array | None) -> Array | None:
    return None if numbers is None else -numbers


def _inverse(numbers: Array | None) -> Array | None:
    return None if numbers is None else 1 / numbers


def _rewrite(module: Module, function: Function, scales: dict[Value, Array], middles: dict[Value, Array]) -> None:
    """x' = (x - middle) / scale for all values at once: linear operations take up the difference on both sides."""
    editor = LinearEditor(module)
    linear = [(op, op.operands[0], op.results[0]) for op in function.body if isinstance(op, LINEAR)]
    for op, x, result in linear:
        steps = [
            (middles.get(x) if x is not None else None, True, True),
            (scales.get(x) if x is not None else None, False, True),
            (_negated(middles.get(result)), True, False),
            (_inverse(scales.get(result)), False, False),
        ]
        current = op
        for numbers, is_shift, of_input in steps:
            if numbers is not None:
                numbers = numbers.ravel()
                made = editor.taking_up(Builder.before(module, current), current, numbers, is_shift, of_input)
                made.name = result.name
                current.results[0].replace_all_uses_with(made)
                current.erase()
                current = made.defining_op  # type: ignore[assignment]  # a copy of a linear operation
