"""`tune-int8`: chooses by trial how channels are equalized and how ranges are found."""

from __future__ import annotations

import math
from typing import NamedTuple

import attrs

from ..ir import Function, Module
from ..ir.dialects import nn
from ..ir.passes import Pass, PassContext, option
from .calibrate import AUTO, CHOSEN_METHOD, METHODS, Calibrate, find_dataset
from .calibration.grids import find_roundings
from .equalize_channels import EqualizeChannels, can_equalize
from .fold_scales_linear import LINEAR
from .quantize_int8 import QuantizeInt8

TRIED_METHODS = ("minmax", "mse")
WORTHWHILE = 0.3
"""What a stronger equalization has to gain, in dB: on data that it has not seen it leaves less room."""


class Setting(NamedTuple):
    """What may differ between two trials."""

    strength: float
    method: str


@attrs.define
class TuneInt8(Pass, name="tune-int8"):
    """Quantizes copies of the model with several settings, and applies the one that loses least on the real data.

    The settings are strengths of `equalize-channels`, which is run with the best one, and methods of `calibrate`, which
    takes the best one where its own is `auto`. The first setting that is good enough ends the search, and a model that
    is too large for trials gets the first one without any. Without representative data nothing is done: random numbers
    say nothing about channels. ::

        func.func @main ...        →        func.func @main attributes {nncc.calibration = "mse"} ...
    """

    consumes = frozenset({"nn"})

    strengths: tuple[float, ...] = option(
        (0.5, 0.35, 0.6, 0.7), "strengths of equalize-channels to try; 0: none at all"
    )
    method: str = option(AUTO, f"the method of calibrate; auto: try {' and '.join(TRIED_METHODS)}")
    target: str = option("tflite", "whose kernels are to compute it: tflite or onnx")
    good_enough: float = option(20.0, "a setting that reaches this many dB needs no further trial")
    effort: float = option(4.0, "try only where all samples take at most so many billion multiplications")

    def __attrs_post_init__(self) -> None:
        if not self.strengths or not all(0 <= s <= 1 for s in self.strengths):
            raise ValueError(f"strengths is {self.strengths}: give numbers from 0 to 1")
        if self.method not in (AUTO, *METHODS):
            raise ValueError(f"there is no method '{self.method}': take {AUTO} or one of {', '.join(METHODS)}")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        if context.dataset is None:
            return False  # calibrate warns where data is needed
        if any(find_roundings(function)):
            return False  # the network names its own scales
        data = find_dataset(function, context)
        if data.is_synthetic:
            return False
        methods = TRIED_METHODS if self.method == AUTO else (self.method,)
        strengths = self.strengths if can_equalize(function) else (0.0,)
        settings = [Setting(s, m) for s in strengths for m in methods]
        if multiplications(function) * data.bind(function).samples > self.effort * 1e9:
            self.counts["too large for trials"] += 1
            best = settings[0]
        else:
            best = self._best(module, settings, context)
        if best.strength:
            equalize = EqualizeChannels(strength=best.strength)
            equalize.run(module, context)
            self.counts.update(equalize.counts)
        function.attributes[CHOSEN_METHOD] = best.method
        return True

    def _best(self, module: Module, settings: list[Setting], context: PassContext) -> Setting:
        found: dict[Setting, float] = {}
        for done, setting in enumerate(settings):
            context.report_progress("tune", done, len(settings))
            found[setting] = trial(module, setting, self.target, context)
            self.counts["trials"] += 1
            if found[setting] >= self.good_enough:
                break
        context.report_progress("tune", len(settings), len(settings))
        context.facts["int8_trials"] = [{**s._asdict(), "sqnr_db": round(db, 2)} for s, db in found.items()]
        best = min(found)
        for setting in sorted(found):
            gain = found[setting] - found[best]
            if gain > (WORTHWHILE if setting.strength > best.strength else 0):
                best = setting
        return best


def trial(module: Module, setting: Setting, target: str, context: PassContext) -> float:
    """What a setting gives: the signal-to-noise ratio in dB of the target's int8 model against the float one."""
    copy = module.clone_module()
    alone = PassContext(dataset=context.dataset, base_folder=context.base_folder)
    if setting.strength:
        EqualizeChannels(strength=setting.strength).run(copy, alone)
    Calibrate(method=setting.method).run(copy, alone)
    QuantizeInt8(target=target).run(copy, alone)
    ratio: float = alone.facts["sqnr_db"]
    return ratio


def multiplications(function: Function) -> int:
    """How many multiplications the convolutions and affine layers of one run take."""
    total = 0
    for op in function.body:
        if isinstance(op, LINEAR) and op.results[0].tensor.is_static and op.weight.tensor.is_static:
            inputs, *others = op.weight.tensor.static_shape
            factors = inputs if isinstance(op, nn.Affine) else math.prod(others)
            spread = op.x if isinstance(op, nn.ConvTranspose) else op.results[0]
            total += spread.tensor.size * factors
    return total
