"""Random instances of the operations that ONNX has as well, computed by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from nn_samples import Sample, sample
from onnx_reference import run_onnx

Translated = tuple[str, Sequence[np.ndarray | None], dict[str, Any]]
_FIRST_OPSET = 20


def _number(value: np.ndarray | None) -> np.ndarray | None:
    return None if value is None else value.reshape(())


def _long(value: np.ndarray | None) -> np.ndarray | None:
    return None if value is None else value.astype(np.int64)


def _vector(value: np.ndarray | None) -> np.ndarray | None:
    return None if value is None else value.reshape(-1).astype(np.int64)


def _flags(drawn: Sample, *names: str) -> dict[str, Any]:
    return {n: int(v) if isinstance(v, bool) else v for n in names if (v := drawn.attributes.get(n)) is not None}


def _renamed(drawn: Sample, **names: str) -> dict[str, Any]:
    """Attributes under ONNX's names; those that are left out have the same default."""
    given = {onnx: drawn.attributes[ours] for ours, onnx in names.items() if ours in drawn.attributes}
    return {n: int(v) if isinstance(v, bool) else v for n, v in given.items()}


def _reduce(d: Sample) -> Translated:
    name = "Reduce" + d.attributes["kind"].capitalize()
    flags = _renamed(d, keep_dims="keepdims", empty_is_none="noop_with_empty_axes")
    return name, [d.operands[0], _long(d.operands[1])], flags


def _resize(d: Sample) -> Translated:
    x, roi, scales, sizes = d.operands
    names = {
        "mode": "mode",
        "coordinate": "coordinate_transformation_mode",
        "rounding": "nearest_mode",
        "extrapolation_value": "extrapolation_value",
        "keep_aspect_ratio_policy": "keep_aspect_ratio_policy",
        "exclude_outside": "exclude_outside",
    }
    mode, coordinate = d.attributes["mode"], d.attributes["coordinate"]
    assume(mode == "cubic" or not d.attributes["exclude_outside"])  # onnxruntime knows it of cubic alone
    assume(d.evaluate()[0].shape != x.shape)  # onnxruntime copies x then, even if another region is asked for
    if mode == "nearest":
        assume(coordinate != "half_pixel_symmetric")  # places are halfway, and both round before they know
    if scales is not None:
        del names["keep_aspect_ratio_policy"]
        # with align_corners, onnxruntime takes the new length rounded, ONNX's own cases as it is
        assume(coordinate != "align_corners" or all(s % 1 == 0 for s in scales.tolist()))
    attributes = _renamed(d, **names) | {"antialias": int(d.attributes["antialias"] and mode != "nearest")}
    if d.attributes["axes"]:
        attributes["axes"] = [a % x.ndim for a in d.attributes["axes"]]  # it forgets negative ones in its policies
    return "Resize", [x, roi.astype(x.dtype), scales, sizes], attributes


def _pad(d: Sample) -> Translated:
    x, pads, value, axes = d.operands
    assume(d.attributes["mode"] in ("constant", "edge", "reflect", "wrap"))
    return "Pad", [x, _long(pads), _number(value), _long(axes)], {"mode": d.attributes["mode"]}


def _slice(d: Sample) -> Translated:
    x, starts, stops, axes, steps = d.operands
    places = np.arange(starts.size) if axes is None else axes
    # going backwards, onnxruntime takes this for a stop before the first element
    assume(steps is None or not any((steps < 0) & (stops == 2**31 - 1)))
    return "Slice", [x, *map(_long, (starts, stops, places, steps))], {}


def _squeeze(d: Sample) -> Translated:
    x, axes = d.operands
    assume(axes is None or axes.size)  # onnxruntime takes none for all
    return "Squeeze", [x] if axes is None else [x, _long(axes)], {}


def _dft(d: Sample) -> Translated:
    x, length = d.operands
    assume(not (d.attributes["inverse"] and d.attributes["onesided"]))  # from opset 27 on
    return "DFT", [x, _number(length), np.array(d.attributes["axis"])], _flags(d, "inverse", "onesided")


def _roi_align(d: Sample) -> Translated:
    names = {"height": "output_height", "width": "output_width"}
    attributes = _renamed(d, **names) | _flags(d, "sampling_ratio", "spatial_scale", "mode")
    mode = "half_pixel" if d.attributes["half_pixel"] else "output_half_pixel"
    return "RoiAlign", [*d.operands[:2], _long(d.operands[2])], attributes | {"coordinate_transformation_mode": mode}


def _grid_sample(d: Sample) -> Translated:
    x, grid = d.operands
    mode = d.attributes["mode"]
    assume(x.ndim == 4 or (x.ndim == 5 and mode != "cubic"))
    attributes = {"mode": mode, "padding_mode": d.attributes["padding"]} | _flags(d, "align_corners")
    return "GridSample", [x, grid.astype(x.dtype)], attributes


def _deform_conv(d: Sample) -> Translated:
    x, weight, offset, bias, mask = d.operands
    attributes = _flags(d, "strides", "pads", "dilations") | _renamed(d, groups="group", offset_groups="offset_group")
    return "DeformConv", [x, weight, offset, bias, mask], attributes


def _max_pool(d: Sample) -> Translated:
    attributes = _renamed(d, kernel="kernel_shape", column_major="storage_order")
    return "MaxPool", d.operands, attributes | _flags(d, "strides", "dilations")


def _scatter(name: str) -> Callable[[Sample], Translated]:
    def translate(d: Sample) -> Translated:
        x, indices, updates = d.operands
        front = np.asarray(indices) % x.shape[d.attributes["axis"]] if name == "ScatterElements" else indices
        if d.attributes["reduction"] == "none":  # with equal places the order is not defined
            assume(len(np.unique(front)) == front.size)
        return name, [x, _long(indices), updates], _flags(d, "axis", "reduction")

    return translate


TRANSLATIONS: dict[str, Callable[[Sample], Translated]] = {
    "nn.compress": lambda d: ("Compress", d.operands, _flags(d, "axis")),
    "nn.deform_conv": _deform_conv,
    "nn.det": lambda d: ("Det", d.operands, {}),
    "nn.dft": _dft,
    "nn.dynamic_broadcast_to": lambda d: ("Expand", [d.operands[0], _long(d.operands[1])], {}),
    "nn.dynamic_cumsum": lambda d: (
        "CumSum",
        [d.operands[0], _number(d.operands[1])],
        _flags(d, "exclusive", "reverse"),
    ),
    "nn.dynamic_pad": _pad,
    "nn.dynamic_reduce": _reduce,
    "nn.dynamic_reshape": lambda d: (
        "Reshape",
        [d.operands[0], _long(d.operands[1])],
        _renamed(d, allow_zero="allowzero"),
    ),
    "nn.dynamic_resize": _resize,
    "nn.dynamic_slice": _slice,
    "nn.dynamic_split": lambda d: ("Split", [d.operands[0], _long(d.operands[1])], _flags(d, "axis")),
    "nn.dynamic_squeeze": _squeeze,
    "nn.dynamic_tile": lambda d: ("Tile", [d.operands[0], _long(d.operands[1])], {}),
    "nn.dynamic_top_k": lambda d: (
        "TopK",
        [d.operands[0], _vector(d.operands[1])],
        _flags(d, "axis", "largest", "sorted"),
    ),
    "nn.dynamic_trilu": lambda d: ("Trilu", [d.operands[0], _number(d.operands[1])], _flags(d, "upper")),
    "nn.dynamic_unsqueeze": lambda d: ("Unsqueeze", [d.operands[0], _long(d.operands[1])], {}),
    "nn.grid_sample": _grid_sample,
    "nn.max_pool_with_indices": _max_pool,
    "nn.non_max_suppression": lambda d: (
        "NonMaxSuppression",
        [*d.operands[:2], *map(_single, d.operands[2:])],
        _flags(d, "center_point_box"),
    ),
    "nn.range": lambda d: ("Range", d.operands, {}),
    "nn.roi_align": _roi_align,
    "nn.scatter_elements": _scatter("ScatterElements"),
    "nn.unique": lambda d: ("Unique", d.operands, _flags(d, "axis", "sorted")),
}
"""For each operation, the ONNX operator with its inputs and attributes for a sample."""


def _single(value: np.ndarray | None) -> np.ndarray | None:
    return None if value is None else value.reshape(1)


@pytest.mark.parametrize("name", sorted(TRANSLATIONS))
def test_numbers(name: str) -> None:
    compared = 0

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name))
    def run(drawn: Sample) -> None:
        nonlocal compared
        operator, operands, attributes = TRANSLATIONS[name](drawn)
        mine = drawn.evaluate()
        try:
            found = run_onnx(operator, operands, len(mine), _FIRST_OPSET, **attributes)
        except Exception as error:
            assert any(text in str(error) for text in LIMITS), error
            return
        compared += 1
        for ours, theirs in zip(mine, found if len(mine) > 1 else [found], strict=True):
            assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
            tolerance = {2: 1e-2, 4: 1e-5}.get(ours.dtype.itemsize, 1e-5)
            np.testing.assert_allclose(ours, theirs, tolerance, tolerance)

    run()
    assert compared > 4, f"{compared} instances of {name} were compared"


LIMITS = ("NOT_IMPLEMENTED", "Type Error: Type", "mode only supports", "Resize: unsupported")
"""What onnxruntime refuses, by parts of its messages: element types, axes to interpolate along."""
