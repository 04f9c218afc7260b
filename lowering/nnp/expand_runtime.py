"""Operations that NNabla has, and nnabla-c-runtime not, by operations whose functions it has."""

from __future__ import annotations

import math

from ...ir import Builder, Value
from ...ir.dialects import nn
from .. import decompositions, determinants, padding, resizing, sampling, trigonometry
from ..einsum import einsum
from ..expansion import number
from .expand_releases import cumsum
from .expansion import expands_for_runtime

expands_for_runtime("sin")(trigonometry.sin)
expands_for_runtime("cos")(trigonometry.cos)
expands_for_runtime("tan")(trigonometry.tan)
expands_for_runtime("asin")(trigonometry.asin)
expands_for_runtime("acos")(trigonometry.acos)
expands_for_runtime("atan")(trigonometry.atan)
expands_for_runtime("atan2")(trigonometry.atan2)
expands_for_runtime("sinh", "cosh")(decompositions.sinh)
expands_for_runtime("asinh")(decompositions.asinh)
expands_for_runtime("acosh")(decompositions.acosh)
expands_for_runtime("atanh")(decompositions.atanh)
expands_for_runtime("erf")(decompositions.erf)
expands_for_runtime("softplus")(decompositions.softplus)
expands_for_runtime("softsign")(decompositions.softsign)
expands_for_runtime("layer_norm")(decompositions.layer_norm)
expands_for_runtime("trilu")(decompositions.trilu)
expands_for_runtime("cumprod")(decompositions.cumprod)
expands_for_runtime("cumsum")(cumsum)
expands_for_runtime("det")(determinants.det)
expands_for_runtime("inverse")(determinants.inverse)
expands_for_runtime("einsum")(einsum)
expands_for_runtime("resize")(resizing.resize)
expands_for_runtime("grid_sample")(sampling.grid_sample)
expands_for_runtime("deform_conv")(sampling.deform_conv)
expands_for_runtime("roi_align")(sampling.roi_align)


@expands_for_runtime("gelu")
def gelu(b: Builder, op: nn.Gelu) -> Value | None:
    """The form with tanh; the exact one becomes one with erf, as for NNabla."""
    if not op.approximate:
        return None
    cube = b.nn.mul(b.nn.mul(op.x, op.x), op.x)
    inner = b.nn.mul(b.nn.add(op.x, b.nn.mul(cube, 0.044715)), math.sqrt(2 / math.pi))
    return b.nn.mul(b.nn.mul(op.x, 0.5), b.nn.add(b.nn.tanh(inner), 1.0))


@expands_for_runtime("hard_sigmoid")
def hard_sigmoid(b: Builder, op: nn.HardSigmoid) -> Value:
    return b.nn.clip(b.nn.add(b.nn.mul(op.x, op.alpha), op.beta), min=0.0, max=1.0)


@expands_for_runtime("log_softmax")
def log_softmax(b: Builder, op: nn.LogSoftmax) -> Value:
    """x - max - log(sum(e^(x - max)))"""
    lowered = b.nn.sub(op.x, b.nn.reduce_max(op.x, axes=(op.axis,)))
    return b.nn.sub(lowered, b.nn.log(b.nn.reduce_sum(b.nn.exp(lowered), axes=(op.axis,))))


@expands_for_runtime("pad")
def pad(b: Builder, op: nn.Pad) -> Value | None:
    """The runtime repeats no borders."""
    return padding.chosen(b, op) if op.mode == "edge" and min(op.pads, default=0) >= 0 else None


@expands_for_runtime("round")
def round_half_even(b: Builder, op: nn.Round) -> Value | None:
    """The runtime rounds halves away from zero; twice the rounded half of x is the even neighbour of these."""
    if op.mode == "half_away":
        return None
    away = b.nn.round(op.x, mode="half_away")
    even = b.nn.mul(b.nn.round(b.nn.mul(op.x, 0.5), mode="half_away"), 2.0)
    is_half = b.nn.equal(b.nn.abs(b.nn.sub(op.x, away)), number(b, 0.5, op.x))
    return b.nn.add(away, b.nn.mul(b.nn.cast(is_half, to=op.x.tensor.expressed), b.nn.sub(even, away)))
