"""How NNabla's pools and interpolation lay their windows and places: whether an nn operation is one of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir.dialects import nn
from ...ir.dialects.nn.interpolation import mixture
from ...ir.types import Array
from ..convolutions import lengths_of


def pool_arguments(op: nn.PoolOp) -> dict[str, Any] | None:
    """The arguments of MaxPooling or AveragePooling with the same windows; None where no arguments give them.

    Windows begin at -pad. With ``ignore_border`` there are as many as fit into the input with its pads, else
    floor((L + pad - 1) / stride) + 1. A mean counts the elements in the window, with ``including_pad`` also pads.
    """
    lengths = lengths_of(op.x, op.channel_last)
    window = op.window
    if lengths is None or op.channel_last or op.spatial_rank not in (2, 3) or any(d != 1 for d in window.dilations):
        return None
    pads = window.pads_begin
    if any(p >= k for p, k in zip(pads, window.kernel, strict=True)):
        return None
    wanted = window.output(lengths)
    columns = list(zip(lengths, window.kernel, window.strides, pads, strict=True))
    fitting = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in columns)
    reaching = tuple((n + p - 1) // s + 1 for n, _, s, p in columns)
    for ignore_border, counts in ((True, fitting), (False, reaching)):
        if counts == wanted and _divides_alike(op, lengths):
            arguments = {"kernel": window.kernel, "stride": window.strides, "pad": pads, "ignore_border": ignore_border}
            if isinstance(op, nn.AveragePool):
                arguments["including_pad"] = op.count_include_pad
            return arguments
    return None


def _divides_alike(op: nn.PoolOp, lengths: tuple[int, ...]) -> bool:
    """Whether the means have the divisors that NNabla takes, which are those of pads that are equal at both ends."""
    if not isinstance(op, nn.AveragePool) or not op.count_include_pad:
        return True
    window = op.window
    for i, divisors in enumerate(op.divisors(lengths)):
        starts = np.arange(len(divisors)) * window.strides[i] - window.pads_begin[i]
        ends = np.minimum(starts + window.kernel[i], lengths[i] + window.pads_begin[i])
        if not np.array_equal(divisors, ends - starts):
            return False
    return True


def interpolate_arguments(op: nn.Resize) -> dict[str, Any] | None:
    """The arguments of Interpolate for the same elements; None where no arguments give them."""
    lengths = lengths_of(op.x, op.channel_last)
    if lengths is None or op.channel_last or len(op.sizes) > 3:
        return None
    arguments: dict[str, Any] = {"output_size": op.sizes, "mode": op.mode}
    if op.mode == "linear":
        flags = _linear_flags(op, lengths)
        return None if flags is None else arguments | flags
    if op.mode != "nearest":
        return None
    wanted = [op.interpolation.nearest(m) for m in op.maps(lengths)]
    for flags in ({}, {"align_corners": True}, {"half_pixel": True}, {"half_pixel_for_nn": True}):
        given = [_nearest(flags, old, new) for old, new in zip(lengths, op.sizes, strict=True)]
        if all(np.array_equal(w, g) for w, g in zip(wanted, given, strict=True)):
            return arguments | flags
    return None


def _linear_flags(op: nn.Resize, lengths: tuple[int, ...]) -> dict[str, bool] | None:
    """By the weights of both: with half_pixel, NNabla takes the first element where the new length is 1."""
    wanted = [mixture(op.interpolation.taps(m), m.old) for m in op.maps(lengths)]
    for flags in ({"align_corners": True}, {}, {"half_pixel": True}):
        given = [mixture(_taps(flags, old, new), old) for old, new in zip(lengths, op.sizes, strict=True)]
        if all(np.allclose(w, g, atol=1e-6) for w, g in zip(wanted, given, strict=True)):
            return flags
    return None


def _taps(flags: dict[str, bool], old: int, new: int) -> tuple[Array, Array]:
    places = _places(flags, old, new)
    base = np.floor(places)
    t = places - base
    indices = np.stack([base, np.minimum(base + 1, old - 1)])
    return indices.astype(np.intp), np.stack([1 - t, t])


def _places(flags: dict[str, bool], old: int, new: int) -> Array:
    """The places of the result's elements in the input, as NNabla computes them in float32."""
    i, single = np.arange(new, dtype=np.float32), np.float32
    if flags.get("half_pixel_for_nn"):
        return single(old / new) * (i + single(0.5))
    scale = single(0 if new <= 1 else (old - 1) / (new - 1) if flags.get("align_corners") else old / new)
    if flags.get("half_pixel"):
        return np.maximum(scale * (i + single(0.5)) - single(0.5), 0)
    return scale * i


def _nearest(flags: dict[str, bool], old: int, new: int) -> Array:
    return np.clip(np.floor(_places(flags, old, new)), 0, old - 1).astype(np.intp)
