"""Lifted functions that sample, choose and compare parts of images, against plain loops."""

import itertools

import numpy as np
import pytest
from nnp_networks import lift_call

from nncc.ir import CompileError

RNG = np.random.default_rng(2)


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, 1e-3, 1e-4)


def bilinear(image: np.ndarray, y: float, x: float) -> np.ndarray:
    """The value (C,) of an image (C, H, W) at a place; 0 outside."""
    total = np.zeros(image.shape[0])
    top, left = int(np.floor(y)), int(np.floor(x))
    for v, u in itertools.product((top, top + 1), (left, left + 1)):
        if 0 <= v < image.shape[1] and 0 <= u < image.shape[2]:
            total += image[:, v, u] * (1 - abs(y - v)) * (1 - abs(x - u))
    return total


@pytest.mark.parametrize("with_mask", [True, False])
def test_deformable_convolution(with_mask: bool) -> None:
    x, weight, bias = random(1, 4, 6, 5), random(2, 2, 3, 2), random(2)
    offset, mask = 0.7 * random(1, 2 * 2 * 6, 6, 5), random(1, 2 * 6, 6, 5)
    stride, pad, dilation = (2, 1), (1, 0), (1, 2)
    height, width = (6 + 2 - 3) // 2 + 1, (5 - 3) // 1 + 1
    expected = np.zeros((1, 2, height, width))
    for o, i, j in np.ndindex(2, height, width):
        expected[0, o, i, j] = bias[o]
        for c, (k, m) in itertools.product(range(2), np.ndindex(3, 2)):
            channel, tap = o * 2 + c, k * 2 + m  # two groups of one output each; the groups of offsets are the same
            place = (o * 6 + tap) * 2, i * stride[0], j * stride[1]
            v = place[1] + k * dilation[0] - pad[0] + offset[0, place[0], place[1], place[2]]
            u = place[2] + m * dilation[1] - pad[1] + offset[0, place[0] + 1, place[1], place[2]]
            factor = mask[0, o * 6 + tap, place[1], place[2]] if with_mask else 1.0
            expected[0, o, i, j] += weight[o, c, k, m] * factor * bilinear(x[0, channel : channel + 1], v, u)[0]
    inputs = [x, None, offset, mask if with_mask else None, None]
    (y,) = lift_call(
        "DeformableConvolution",
        inputs,
        expected.shape,
        {1: weight, 4: bias},
        base_axis=1,
        group=2,
        deformable_group=2,
        stride=stride,
        pad=pad,
        dilation=dilation,
    )
    close(y, expected)


def test_warp_by_flow_repeats_the_edge() -> None:
    data, flow = random(1, 2, 4, 5), 3 * random(1, 2, 4, 5)
    (y,) = lift_call("WarpByFlow", [data, flow], data.shape)
    padded = np.pad(data[0], ((0, 0), (20, 20), (20, 20)), "edge")
    for h, w in np.ndindex(4, 5):
        close(y[0, :, h, w], bilinear(padded, h + flow[0, 1, h, w] + 20, w + flow[0, 0, h, w] + 20))


@pytest.mark.parametrize("align", [True, False])
def test_grid_of_the_identity_gives_the_image(align: bool) -> None:
    x, theta = random(2, 3, 4, 5), np.tile(np.eye(2, 3, dtype=np.float32), (2, 1, 1))
    (grid,) = lift_call("AffineGrid", [theta], (2, 4, 5, 2), size=(4, 5), align_corners=align)
    for mode, padding in itertools.product(("linear", "nearest"), ("zero", "repeat", "reflect")):
        (y,) = lift_call("WarpByGrid", [x, grid], x.shape, mode=mode, padding_mode=padding, align_corners=align)
        close(y, x)


@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align(ratio: int) -> None:
    image = random(2, 3, 6, 7)
    boxes = np.array([[1, 0.5, 1, 5.5, 4.2], [0, -2, 2, 9, 8], [1, 3, 3, 3.2, 3.1]], np.float32)
    (y,) = lift_call(
        "RoiAlign", [image, boxes], (3, 3, 2, 3), output_size=(2, 3), spatial_scale=(1.0, 0.8), sampling_ratio=ratio
    )
    for k, box in enumerate(boxes):
        x1, y1, x2, y2 = (box[1:] * [0.8, 1, 0.8, 1] - 0.5).tolist()
        step = ((y2 - y1) / 2, (x2 - x1) / 3)
        counts = [ratio or int(np.ceil(s)) for s in step]
        for i, j in np.ndindex(2, 3):
            total = np.zeros(3)
            for p, q in np.ndindex(*counts):
                v, u = y1 + (i + (p + 0.5) / counts[0]) * step[0], x1 + (j + (q + 0.5) / counts[1]) * step[1]
                if -1 <= v <= 6 and -1 <= u <= 7:
                    total += bilinear(image[int(box[0])], np.clip(v, 0, 5), np.clip(u, 0, 6))
            close(y[k, :, i, j], total / np.prod(counts))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The intersection of two boxes (y1, x1, y2, x2), divided by their union."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = np.prod(sides) if (sides > 0).all() else 0.0
    return common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common)


def some_boxes(count: int) -> np.ndarray:
    corner = RNG.uniform(0, 3, (count, 2))
    return np.concatenate([corner, corner + RNG.uniform(0.5, 2, (count, 2))], 1).astype(np.float32)


def chosen(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """The boxes that suppression leaves, best first."""
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlap(boxes[i], boxes[k]) <= threshold for k in kept):
            kept.append(int(i))
    return kept


def test_non_max_suppression() -> None:
    boxes, scores = np.stack([some_boxes(9), some_boxes(9)]), RNG.uniform(0, 1, (2, 3, 9)).astype(np.float32)
    expected = []
    for image, kind in np.ndindex(2, 3):
        good = [i for i in chosen(boxes[image], scores[image, kind], 0.3) if scores[image, kind, i] >= 0.4]
        expected += [(image, kind, i) for i in good[:2]]
    (y,) = lift_call(
        "ONNXNonMaxSuppression",
        [boxes, scores],
        (1, 3),
        max_output_boxes_per_class=2,
        iou_threshold=0.3,
        score_threshold=0.4,
    )
    assert [tuple(row) for row in y] == expected


@pytest.mark.parametrize("per_class", [True, False])
def test_nms_detection(per_class: bool) -> None:
    corners = some_boxes(10)
    centred = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], 1)
    x = np.concatenate([centred, RNG.uniform(0, 1, (10, 3)).astype(np.float32)], 1)
    expected = x.copy()
    expected[:, 4] *= x[:, 4] >= 0.2
    expected[:, 5:] *= expected[:, 4:5]
    expected[:, 5:] *= expected[:, 5:] >= 0.2
    if per_class:
        for column in (5, 6):
            alive = np.flatnonzero(expected[:, column])
            kept = alive[chosen(corners[alive], expected[alive, column], 0.3)]
            expected[np.setdiff1d(np.arange(10), kept), column] = 0
    else:
        objectness = expected[:, 4].copy()
        for i, j in itertools.permutations(range(10), 2):
            if objectness[j] > objectness[i] and overlap(corners[i], corners[j]) > 0.3:
                expected[i, 4:] = 0
    (y,) = lift_call("NmsDetection2d", [x[None]], (1, 10, 7), thresh=0.2, nms=0.3, nms_per_class=per_class)
    close(y[0], expected)


def test_too_many_boxes_are_refused() -> None:
    with pytest.raises(CompileError, match="number of boxes of 600"):
        lift_call("NmsDetection2d", [random(1, 600, 7)], (1, 600, 7), nms_per_class=True)


def test_adaptive_separable_convolution() -> None:
    x, vertical, horizontal = random(2, 3, 6, 7), random(2, 2, 5, 5), random(2, 3, 5, 5)
    expected = sum(
        vertical[:, j, None] * horizontal[:, i, None] * x[:, :, j : j + 5, i : i + 5]
        for j, i in itertools.product(range(2), range(3))
    )
    (y,) = lift_call("AdaptiveSeparableConvolution", [x, vertical, horizontal], (2, 3, 5, 5))
    close(y, expected)


def test_patch_correlation() -> None:
    x1, x2 = random(1, 5, 6, 3), random(1, 5, 6, 3)
    first, second = (np.pad(x[0], ((9, 9), (9, 9), (0, 0))) for x in (x1, x2))
    expected = np.zeros((1, 3, 4, 3, 2))
    for i, j, p, q in np.ndindex(expected.shape[1:]):
        top, left = 2 * i - 1 + 9, 2 * j - 1 + 9
        dy, dx = p - 1, 2 * q - 1
        expected[0, i, j, p, q] = np.sum(
            first[top : top + 2, left : left + 3]
            * second[top + dy : top + dy + 2, left + dx : left + dx + 3]
            * (first[top : top + 2, left : left + 3] != 0)
        )
    (y,) = lift_call(
        "PatchCorrelation",
        [x1, x2],
        expected.shape,
        patch=(2, 3),
        shift=(1, 1),
        patch_step=(2, 2),
        shift_step=(1, 2),
        padding=(1, 1, 1, 2),
    )
    close(y, expected)


@pytest.mark.parametrize("ignore_border", [True, False])
def test_max_pooling_backward(ignore_border: bool) -> None:
    x = RNG.integers(0, 4, (2, 2, 5, 6)).astype(np.float32)  # with equal maxima: the first one counts
    counts = (3, 3) if ignore_border else (3, 4)
    dy = random(2, 2, *counts)
    expected = np.zeros_like(x)
    for n, c, i, j in np.ndindex(2, 2, *counts):
        places = [
            (v, u)
            for v in range(2 * i - 1, 2 * i + 2)
            for u in range(2 * j - 1, 2 * j + 2)
            if 0 <= v < 5 and 0 <= u < 6
        ]
        best = max(places, key=lambda p: x[n, c, p[0], p[1]])
        expected[n, c, best[0], best[1]] += dy[n, c, i, j]
    (y,) = lift_call(
        "MaxPoolingBackward",
        [dy, x],
        x.shape,
        kernel=(3, 3),
        stride=(2, 2),
        pad=(1, 1),
        ignore_border=ignore_border,
    )
    close(y, expected)
