"""Resize, and Upsample before it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import F32
from ...nodes import axis_of, expect_rank, refuse
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_MODES = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "cubic": "cubic"}


@attrs.frozen
class _How:
    """What the attributes say about interpolation, and about the lengths."""

    attributes: dict[str, Any]
    policy: str = "stretch"
    outside: float = 0.0

    @property
    def crops(self) -> bool:
        """Whether the coordinates show a part of x."""
        return self.attributes["coordinate"] == "tf_crop_and_resize"


@lift("Upsample")
def upsample(b: Lifter, op: OnnxOp, x: Value, scales: Value | None = None) -> Value:
    """Scales are two attributes in version 1, one in 7, an operand since 9; places are i / scale, rounded down."""
    if op.version < 7:
        given: Sequence[float] = (1.0, 1.0, op.get("height_scale"), op.get("width_scale"))
        expect_rank(op, x, 4, 4)
    else:
        given = op.get("scales") or ()
    if scales is None:
        scales = b.constant(np.array(given), F32)
    return _resized(b, op, x, range(expect_rank(op, x, 1)), None, scales, None, _simple(op))


def _simple(op: OnnxOp) -> _How:
    mode = op.get("mode")
    if mode not in ("nearest", "linear", "bilinear"):
        raise refuse(op, f"has the unknown mode '{mode}'")
    return _How({"mode": _MODES[mode], "coordinate": "asymmetric", "rounding": "floor"})


@lift("Resize")
def resize(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    roi: Value | None = None,
    scales: Value | None = None,
    sizes: Value | None = None,
) -> Value:
    """To lengths that either scales or sizes give; version 10 has scales alone, as its second operand."""
    rank = expect_rank(op, x, 1)
    if op.version < 11:
        return _resize_10(b, op, x, roi)
    roi, scales, sizes = (None if v is None or _is_empty(v) else v for v in (roi, scales, sizes))
    axes = tuple(axis_of(op, a, rank) for a in op.get("axes") or range(rank))
    mode = op.get("mode")
    if mode not in _MODES:
        raise refuse(op, f"has the unknown mode '{mode}'")
    attributes = {
        "mode": _MODES[mode],
        "coordinate": op.get("coordinate_transformation_mode"),
        "rounding": op.get("nearest_mode"),
        "cubic_coefficient": op.get("cubic_coeff_a"),
        "exclude_outside": bool(op.get("exclude_outside")),
        "antialias": bool(op.get("antialias")),
    }
    policy = op.get("keep_aspect_ratio_policy") or "stretch"
    how = _How(attributes, policy, op.get("extrapolation_value") or 0.0)
    return _resized(b, op, x, axes, roi if how.crops else None, scales, sizes, how)


def _resize_10(b: Lifter, op: OnnxOp, x: Value, scales: Value | None) -> Value:
    """Places are i / scale; mode nearest rounds them down along axes that grow, and up along those that shrink.

    That is not written down for this version, but what its test cases and onnxruntime agree on.
    """
    how, axes = _simple(op), range(x.tensor.rank)
    if how.attributes["mode"] != "nearest":
        return _resized(b, op, x, axes, None, scales, None, how)
    given = b.array(scales)
    if given is None or given.size != len(axes):
        raise refuse(op, "rounds places by the scales, which are not constant", "make them constants")
    flat = given.reshape(-1)
    for part, rounding in ((np.maximum(flat, 1), "floor"), (np.minimum(flat, 1), "ceil")):
        if np.any(part != 1):
            attributes = {**how.attributes, "rounding": rounding}
            x = _resized(b, op, x, axes, None, b.constant(part), None, _How(attributes))
    return x


def _is_empty(value: Value) -> bool:
    """Whether a tensor has no elements, which exporters write for an operand that is left out."""
    return value.tensor.shape is not None and 0 in value.tensor.shape


def _resized(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    axes: Sequence[int],
    roi: Value | None,
    scales: Value | None,
    sizes: Value | None,
    how: _How,
) -> Value:
    """By nn.resize where lengths are known and batch and channels stay, else by nn.dynamic_resize."""
    if (scales is None) == (sizes is None):
        raise refuse(op, "needs either scales or sizes")
    known = _known_lengths(op, x, axes, b.array(scales), b.array(sizes), how)
    if known is not None and not how.crops and x.tensor.rank > 2:
        lengths, mapping = known
        if all(lengths[i] == d and mapping[i] in (None, 1.0) for i, d in enumerate(x.tensor.dims[:2])):
            spatial = mapping[2:]
            extra = {} if all(s is None for s in spatial) else {"scales": _complete(x, lengths, spatial)}
            return b.nn.resize(x, sizes=tuple(lengths[2:]), **extra, **how.attributes)
    return b.nn.dynamic_resize(
        x,
        roi,
        scales,
        sizes,
        axes=tuple(axes),
        keep_aspect_ratio_policy=how.policy,
        extrapolation_value=how.outside,
        **how.attributes,
    )


def _known_lengths(
    op: OnnxOp, x: Value, axes: Sequence[int], scales: Any, sizes: Any, how: _How
) -> tuple[list[Any], list[float | None]] | None:
    """The lengths of all axes, and the scales of the mapping where lengths do not say them.

    None where something is not known. A symbol stays for an axis that is not resized.
    """
    lengths: list[Any] = list(x.tensor.dims)
    mapping: list[float | None] = [None] * len(lengths)
    if scales is None and sizes is None:
        return None
    given = np.asarray(scales if sizes is None else sizes).reshape(-1)
    if len(given) != len(axes):
        raise refuse(op, f"has {len(given)} {'scales' if sizes is None else 'sizes'} for {len(axes)} axes")
    if sizes is not None and how.policy != "stretch":
        dims = [x.tensor.dims[a] for a in axes]
        if not all(isinstance(d, int) and d > 0 for d in dims):
            return None
        ratios = [int(s) / d for s, d in zip(given, dims, strict=True) if isinstance(d, int)]
        scale = min(ratios) if how.policy == "not_larger" else max(ratios)
        for axis, d in zip(axes, dims, strict=True):
            lengths[axis] = math.floor(scale * d + 0.5) if isinstance(d, int) else None
            mapping[axis] = scale
        return lengths, mapping
    for axis, value in zip(axes, given, strict=True):
        old = lengths[axis]
        if sizes is not None:
            lengths[axis] = int(value)
        elif float(value) != 1.0:
            if not isinstance(old, int):
                return None
            lengths[axis] = math.floor(old * np.float32(value))
            says_it = lengths[axis] and np.float32(lengths[axis] / old) == np.float32(value)
            mapping[axis] = None if says_it else float(np.float32(value))
    if any(n is not None and not isinstance(n, str) and n < 1 for n in lengths):
        return None
    return lengths, mapping


def _complete(x: Value, lengths: Sequence[int], mapping: Sequence[float | None]) -> tuple[float, ...]:
    """Scales of all spatial axes, where those of some are needed."""
    dims = x.tensor.static_shape[2:]
    return tuple(n / d if s is None else s for s, n, d in zip(mapping, lengths[2:], dims, strict=True))
