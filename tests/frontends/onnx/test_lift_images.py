"""Resizing, sampling, boxes and losses of ONNX."""

from typing import Any

import numpy as np
import pytest
from onnx_models import judge, lifted, node_model, numbers

from nncc.ir import CompileError

IMAGE = numbers(2, 3, 6, 7)
COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
ROUNDINGS = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]


def names_of(module: Any) -> list[str]:
    return [op.name for op in module.main.body]


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [(1.0, 1.0, 2.0, 3.0), (1.0, 1.0, 1.7, 2.2), (1.0, 1.0, 1.0, 2.0)])
def test_upsample(mode: str, scales: tuple[float, ...]) -> None:
    """Scales are an attribute in version 7, an operand from 9 on, and Resize 10 is the same."""
    operands = [IMAGE, np.float32(scales)]
    judge("Upsample", [IMAGE], opset=7, mode=mode, scales=scales)
    judge("Upsample", operands, opset=9, mode=mode, constants=(1,))
    judge("Resize", operands, opset=10, mode=mode, constants=(1,))
    judge("Upsample", operands, opset=9, mode=mode)


def test_the_first_upsample() -> None:
    expected = IMAGE.repeat(2, 2).repeat(3, 3)
    how: dict[str, Any] = {"height_scale": 2.0, "width_scale": 3.0, "mode": "nearest"}
    judge("Upsample", [IMAGE], opset=1, expected=[expected], **how)


def test_resize_10_can_shrink() -> None:
    for mode in ("nearest", "linear"):
        for scales in ([1, 1, 0.5, 0.6], [1, 1, 0.4, 2.3]):
            judge("Resize", [IMAGE, np.float32(scales)], opset=10, mode=mode, constants=(1,))


def skips_in_onnxruntime(coordinate: str, scales: tuple[float, ...]) -> bool:
    """With align_corners, the test cases of ONNX take length * scale as it is; onnxruntime rounds it before."""
    return coordinate == "align_corners" and scales == (1, 1, 0.6, 1.3)


def test_align_corners_takes_lengths_that_are_not_rounded() -> None:
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4)
    how: dict[str, Any] = {"coordinate_transformation_mode": "align_corners", "mode": "linear", "opset": 19}
    expected = np.float32([[[[1, 1 + 3 / 1.4]]]])
    judge("Resize", [x, None, np.float32([1, 1, 1, 0.6])], constants=(2,), expected=[expected], **how)


@pytest.mark.parametrize("coordinate", COORDINATES)
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("scales", [(1, 1, 2, 3), (1, 1, 0.6, 1.3)])
def test_resize_nearest(coordinate: str, rounding: str, scales: tuple[float, ...]) -> None:
    how: dict[str, Any] = {"coordinate_transformation_mode": coordinate, "nearest_mode": rounding}
    for opset in () if skips_in_onnxruntime(coordinate, scales) else (11, 13, 19):
        roi = np.zeros(0, np.float32) if opset == 11 else None
        judge("Resize", [IMAGE, roi, np.float32(scales)], opset=opset, constants=(2,), **how)
    sizes = np.array([2, 3, 4, 9])
    judge("Resize", [IMAGE, None, None, sizes], opset=13, constants=(3,), **how)


@pytest.mark.parametrize("coordinate", [*COORDINATES, "half_pixel_symmetric"])
@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("scales", [(1, 1, 2, 3), (1, 1, 0.6, 1.3)])
def test_resize_by_interpolation(coordinate: str, mode: str, scales: tuple[float, ...]) -> None:
    how: dict[str, Any] = {"coordinate_transformation_mode": coordinate, "mode": mode, "opset": 19}
    if not skips_in_onnxruntime(coordinate, scales):
        judge("Resize", [IMAGE, None, np.float32(scales)], constants=(2,), **how)
    judge("Resize", [IMAGE, None, None, np.array([2, 3, 4, 9])], constants=(3,), open_dims=(0, 2), **how)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_resize_with_antialias(mode: str) -> None:
    how: dict[str, Any] = {"opset": 18, "mode": mode, "antialias": 1, "tolerance": 1e-4}
    judge("Resize", [IMAGE, None, np.float32([1, 1, 0.5, 0.4])], constants=(2,), **how)


def test_resize_cubic_without_what_is_outside() -> None:
    how: dict[str, Any] = {"mode": "cubic", "exclude_outside": 1, "cubic_coeff_a": -0.5}
    judge("Resize", [IMAGE, None, np.float32([1, 1, 1.7, 0.8])], opset=13, constants=(2,), **how)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_resize_a_crop(mode: str) -> None:
    roi = np.float32([0, 0, 0.2, -0.3, 1, 1, 0.8, 1.2])
    how: dict[str, Any] = {"coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0}
    judge("Resize", [IMAGE, roi, None, np.array([2, 3, 4, 9])], opset=13, mode=mode, constants=(1, 3), **how)


@pytest.mark.parametrize("policy", ["not_larger", "not_smaller"])
def test_resize_keeping_the_aspect_ratio(policy: str) -> None:
    how: dict[str, Any] = {"axes": (2, 3), "keep_aspect_ratio_policy": policy, "mode": "linear", "opset": 18}
    judge("Resize", [IMAGE, None, None, np.array([11, 9])], constants=(3,), **how)
    judge("Resize", [IMAGE, None, None, np.array([11, 9])], constants=(3,), open_dims=(2, 3), **how)


def test_resize_other_axes() -> None:
    how: dict[str, Any] = {"opset": 18, "mode": "nearest"}
    judge("Resize", [IMAGE, None, np.float32([2, 3])], axes=(1, 3), constants=(2,), **how)
    judge("Resize", [numbers(4, 5), None, np.float32([2, 1.5])], constants=(2,), **how)


def test_operands_without_elements_are_left_out() -> None:
    """Opset 11 cannot leave out roi and scales; exporters write tensors without elements."""
    none = np.zeros(0, np.float32)
    how: dict[str, Any] = {"opset": 11, "mode": "linear", "constants": (1, 2, 3)}
    judge("Resize", [IMAGE, none, none, np.array([2, 3, 9, 9])], **how)
    judge("Resize", [IMAGE, none, np.float32([1, 1, 2, 2])], opset=11, mode="linear", constants=(1, 2))


def test_resize_is_static_where_lengths_are_known() -> None:
    scales = np.float32([1, 1, 2, 2])
    static = lifted(node_model("Resize", [IMAGE, None, scales], opset=13, constants=(2,)))
    assert "nn.resize" in names_of(static)
    open_lengths = lifted(node_model("Resize", [IMAGE, None, scales], opset=13, constants=(2,), open_dims=(2, 3)))
    assert "nn.dynamic_resize" in names_of(open_lengths)
    judge("Resize", [IMAGE, None, scales], opset=13, open_dims=(2, 3))


@pytest.mark.parametrize("opset", [16, 20])
@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [0, 1])
def test_grid_sample(opset: int, mode: int, padding: str, align_corners: int) -> None:
    name = (["nearest", "bilinear", "bicubic"] if opset < 20 else ["nearest", "linear", "cubic"])[mode]
    grid = np.random.default_rng(0).uniform(-1.3, 1.3, (2, 4, 5, 2)).astype(np.float32)
    how: dict[str, Any] = {"mode": name, "padding_mode": padding, "align_corners": align_corners}
    judge("GridSample", [IMAGE, grid], opset=opset, tolerance=1e-4, **how)


@pytest.mark.parametrize("opset", [10, 16])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align(opset: int, mode: str, ratio: int) -> None:
    rois = np.float32([[1, 1, 9, 7], [0, 2, 5, 11], [3, 3, 4, 4]])
    how: dict[str, Any] = {"output_height": 3, "output_width": 2, "sampling_ratio": ratio, "spatial_scale": 0.5}
    judge("RoiAlign", [IMAGE, rois, np.array([0, 1, 0])], opset=opset, mode=mode, **how)


def test_roi_align_may_keep_the_corners() -> None:
    rois, which = np.float32([[1, 1, 9, 7]]), np.array([1])
    how: dict[str, Any] = {"output_height": 3, "output_width": 2, "spatial_scale": 0.5}
    judge("RoiAlign", [IMAGE, rois, which], opset=16, coordinate_transformation_mode="output_half_pixel", **how)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_max_roi_pool(scale: float) -> None:
    rois = np.float32([[0, 1, 1, 9, 7], [1, 0, 2, 5, 11], [0, 3, 3, 4, 4], [1, 2, 2, 1, 1], [0, 5, 4, 40, 30]])
    judge("MaxRoiPool", [IMAGE, rois], opset=13, pooled_shape=(3, 2), spatial_scale=scale, open_dims=(0,))
    judge("MaxRoiPool", [IMAGE, rois], opset=13, pooled_shape=(2, 2), spatial_scale=scale)


@pytest.mark.parametrize("size", [(2, 3, 4, 5), (1, 1, 3, 4, 5)])
@pytest.mark.parametrize("align_corners", [0, 1])
@pytest.mark.parametrize("constants", [(), (1,)], ids=["size as input", "constant size"])
def test_affine_grid(size: tuple[int, ...], align_corners: int, constants: tuple[int, ...]) -> None:
    theta = numbers(size[0], len(size) - 2, len(size) - 1)
    judge("AffineGrid", [theta, np.array(size)], opset=20, align_corners=align_corners, constants=constants)


@pytest.mark.parametrize(
    ("image", "block", "how"),
    [
        ((5, 5), (1, 5), {}),
        ((5, 6), (2, 2), {"strides": (2, 2), "pads": (0, 1, 1, 0)}),
        ((6, 6), (2, 3), {"dilations": (1, 2)}),
        ((5, 7), (2, 2), {"strides": (2, 2)}),
        ((7,), (3,), {"pads": (1, 1)}),
        ((3, 4, 5), (1, 2, 2), {}),
    ],
)
def test_col2im(image: tuple[int, ...], block: tuple[int, ...], how: dict[str, Any]) -> None:
    rank = len(image)
    strides, dilations = how.get("strides", (1,) * rank), how.get("dilations", (1,) * rank)
    pads = how.get("pads", (0,) * 2 * rank)
    counts = [
        (image[i] + pads[i] + pads[rank + i] - dilations[i] * (block[i] - 1) - 1) // strides[i] + 1 for i in range(rank)
    ]
    x = numbers(2, 3 * int(np.prod(block)), int(np.prod(counts)))
    judge("Col2Im", [x, np.array(image), np.array(block)], opset=18, constants=(1, 2), **how)


@pytest.mark.parametrize(("opset", "mode"), [(1, None), (11, "DCR"), (11, "CRD"), (13, "CRD")])
def test_depth_to_space(opset: int, mode: str | None) -> None:
    x = numbers(2, 8, 3, 5)
    split, order = ((2, 2, 2, 2), (0, 3, 4, 1, 5, 2)) if mode != "CRD" else ((2, 2, 2, 2), (0, 1, 4, 2, 5, 3))
    expected = x.reshape(*split, 3, 5).transpose(order).reshape(2, 2, 6, 10)
    judge("DepthToSpace", [x], opset=opset, blocksize=2, mode=mode, expected=[expected], open_dims=(0, 2))


@pytest.mark.parametrize("opset", [1, 13])
def test_space_to_depth(opset: int) -> None:
    x = numbers(2, 2, 6, 10)
    expected = x.reshape(2, 2, 3, 2, 5, 2).transpose(0, 3, 5, 1, 2, 4).reshape(2, 8, 3, 5)
    judge("SpaceToDepth", [x], opset=opset, blocksize=2, expected=[expected])


@pytest.mark.parametrize("center", [0, 1])
@pytest.mark.parametrize("opset", [10, 11])
def test_non_max_suppression(center: int, opset: int) -> None:
    rng = np.random.default_rng(0)
    boxes, scores = rng.uniform(0, 1, (2, 20, 4)).astype(np.float32), rng.uniform(0, 1, (2, 3, 20)).astype(np.float32)
    rest = [np.array([4]), np.float32([0.3]), np.float32([0.2])]
    how: dict[str, Any] = {"center_point_box": center, "opset": opset}
    judge("NonMaxSuppression", [boxes, scores, *rest], constants=(2, 3, 4), **how)
    judge("NonMaxSuppression", [boxes, scores, rest[0]], **how)


@pytest.mark.parametrize("opset", [12, 13])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [None, 2, -100])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_losses(opset: int, reduction: str, weighted: bool, ignored: int | None, shape: tuple[int, ...]) -> None:
    x, weight = numbers(4, 5, *shape), np.abs(numbers(5)) + np.float32(0.1)
    target = np.random.default_rng(0).integers(0, 5, (4, *shape))
    if ignored is not None:
        target.reshape(-1)[1] = ignored
    operands = [x, target, *([weight] if weighted else [])]
    how: dict[str, Any] = {"reduction": reduction, "ignore_index": ignored, "opset": opset}
    judge("NegativeLogLikelihoodLoss", operands, **how)
    judge("SoftmaxCrossEntropyLoss", operands, results=2, open_dims=(0,), **how)


@pytest.mark.parametrize(
    ("operator", "operands", "how", "message"),
    [
        ("Resize", [IMAGE], {"opset": 13}, "Either `sizes` or `scales` must be provided"),
        ("Resize", [IMAGE, None, np.float32([1, 1, 2])], {"opset": 13, "constants": (2,)}, "scales"),
        ("Upsample", [IMAGE], {"opset": 7, "scales": (1.0, 1.0, 2.0, 2.0), "mode": "cubic"}, "unknown mode 'cubic'"),
        ("DepthToSpace", [IMAGE], {"opset": 13, "blocksize": 2, "mode": "CDR"}, "unknown mode 'CDR'"),
        ("Col2Im", [numbers(1, 5, 5), np.array([5, 5]), np.array([1, 5])], {"opset": 18}, "not constant"),
        (
            "RoiAlign",
            [IMAGE, numbers(1, 4), np.array([0])],
            {"opset": 16, "coordinate_transformation_mode": "x"},
            "'x'",
        ),
    ],
)
def test_what_cannot_be_is_refused(operator: str, operands: list, how: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        lifted(node_model(operator, operands, **how))
