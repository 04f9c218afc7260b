"""`tune-int8`: chooses by trial how channels are equalized and how ranges are found."""

from __future__ import annotations

import math

import attrs

from ..ir import Function, Module
from ..ir.dialects import nn
from ..ir.passes import Pass, PassContext, option
from .calibrate import AUTO, CHOSEN_METHOD, METHODS, Calibrate, find_dataset
from .equalize_channels import EqualizeChannels, can_equalize
from .fold_scales_linear import LINEAR
from .quantize_int8 import QuantizeInt8

TRIED_METHODS = ("minmax", "mse")
WORTHWHILE = 0.3
"""What a stronger equalization has to gain, in dB: on data that it has not seen it leaves less room."""


@attrs.define
class TuneInt8(Pass, name="tune-int8"):
    """Quantizes copies of the model with several settings, and applies the one that loses least on the real data.

    The settings are strengths of `equalize-channels`, which is run with the best one, and methods of `calibrate`, which
    takes the best one if its own method is `auto`. A model that is too large for trials gets the first strength;
    without representative data nothing is done: random numbers say nothing about channels. ::

        func.func @main ...        →        func.func @main attributes {nncc.calibration = "mse"} ...
    """

    consumes = frozenset({"nn"})

    strengths: tuple[float, ...] = option(
        (0.5, 0.35, 0.6, 0.7), "strengths of equalize-channels to try; 0: none at all"
    )
    method: str = option(AUTO, f"the method of calibrate; auto: try {' and '.join(TRIED_METHODS)}")
    effort: float = option(4.0, "try only where all samples take at most so many billion multiplications")

    def __attrs_post_init__(self) -> None:
        if not self.strengths or not all(0 <= s <= 1 for s in self.strengths):
            raise ValueError(f"strengths is {self.strengths}: give numbers from 0 to 1")
        if self.method not in (AUTO, *METHODS):
            raise ValueError(f"there is no method '{self.method}': take {AUTO} or one of {', '.join(METHODS)}")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        data = find_dataset(function, context)
        if data.is_synthetic:
            return False
        methods = TRIED_METHODS if self.method == AUTO else (self.method,)
        strengths = self.strengths if can_equalize(function) else (0.0,)
        settings = [(strength, method) for strength in strengths for method in methods]
        samples = data.bind(function).samples
        if len(settings) > 1 and multiplications(function) * samples > self.effort * 1e9:
            self.counts["too large for trials"] += 1
            settings = settings[:1]
        strength, method = self._best(module, settings, context) if len(settings) > 1 else settings[0]
        if strength:
            equalize = EqualizeChannels(strength=strength)
            equalize.run(module, context)
            self.counts.update(equalize.counts)
        module.main.attributes[CHOSEN_METHOD] = method
        return True

    def _best(self, module: Module, settings: list[tuple[float, str]], context: PassContext) -> tuple[float, str]:
        found: dict[tuple[float, str], float] = {}
        for done, (strength, method) in enumerate(settings):
            context.report_progress("tune", done, len(settings))
            found[strength, method] = trial(module, strength, method, context)
            self.counts["trials"] += 1
        context.report_progress("tune", len(settings), len(settings))
        context.facts["int8_trials"] = [
            {"strength": s, "method": m, "sqnr_db": round(db, 2)} for (s, m), db in found.items()
        ]
        best = min(found)
        for setting in sorted(found):
            gain = found[setting] - found[best]
            if gain > (WORTHWHILE if setting[0] > best[0] else 0):
                best = setting
        return best


def trial(module: Module, strength: float, method: str, context: PassContext) -> float:
    """What a setting gives: the signal-to-noise ratio in dB of the int8 model against the float one."""
    copy = module.clone_module()
    alone = PassContext(dataset=context.dataset, base_folder=context.base_folder)
    if strength:
        EqualizeChannels(strength=strength).run(copy, alone)
    Calibrate(method=method).run(copy, alone)
    QuantizeInt8().run(copy, alone)
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
