"""Convolutions, pools and resizing against onnxruntime, in both layouts."""

from typing import Any

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import TensorType, VerifyError
from nncc.ir.dialects.nn import convolution_kernels
from nncc.ir.types import F32, I32

LENGTHS, KERNEL = (9, 8, 7), (3, 2, 3)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


def last(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def close(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max()))


WINDOWS = [(1, 0, 0, 1), (2, 1, 1, 1), (1, 2, 2, 2), (2, 1, 0, 1), (3, 0, 1, 2)]
CHANNELS = [(1, 4, 6), (2, 4, 6), (4, 4, 8), (4, 4, 4), (3, 6, 3)]


def window(rank: int, stride: int, begin: int, end: int, dilation: int) -> dict[str, Any]:
    return {"strides": (stride,) * rank, "pads": (begin,) * rank + (end,) * rank, "dilations": (dilation,) * rank}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("steps", WINDOWS)
@pytest.mark.parametrize(("groups", "inputs", "outputs"), CHANNELS)
def test_conv(rank: int, steps: tuple, groups: int, inputs: int, outputs: int) -> None:
    x, bias = numbers(2, inputs, *LENGTHS[:rank]), numbers(outputs)
    weight = numbers(outputs, inputs // groups, *KERNEL[:rank])
    attributes = window(rank, *steps)
    expected = run_onnx("Conv", [x, weight, bias], group=groups, **attributes)
    close(evaluate("nn.conv", x, weight, bias, groups=groups, **attributes), expected)
    y = evaluate("nn.conv", last(x), weight, bias, groups=groups, channel_last=True, **attributes)
    close(y, last(expected))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("steps", WINDOWS)
@pytest.mark.parametrize(("groups", "inputs", "outputs"), CHANNELS)
def test_conv_transpose(rank: int, steps: tuple, groups: int, inputs: int, outputs: int) -> None:
    x, bias = numbers(2, inputs, *LENGTHS[:rank]), numbers(outputs)
    weight = numbers(inputs, outputs // groups, *KERNEL[:rank])
    attributes = {**window(rank, *steps), "output_padding": (steps[0] - 1,) * rank}
    expected = run_onnx("ConvTranspose", [x, weight, bias], group=groups, **attributes)
    close(evaluate("nn.conv_transpose", x, weight, bias, groups=groups, **attributes), expected)
    y = evaluate("nn.conv_transpose", last(x), weight, bias, groups=groups, channel_last=True, **attributes)
    close(y, last(expected))


@pytest.mark.parametrize("channel_last", [False, True])
@pytest.mark.parametrize("bytes_a_piece", [1, 3000, 20000])
def test_conv_in_pieces(monkeypatch: pytest.MonkeyPatch, channel_last: bool, bytes_a_piece: int) -> None:
    """Pieces of single rows, of some rows, of some samples: all must give what one piece gives."""
    x, weight = numbers(5, 4, 9, 8), numbers(6, 2, 3, 2)
    attributes = {"groups": 2, "strides": (2, 1), "pads": (1, 0, 1, 1)}
    expected = evaluate("nn.conv", x, weight, **attributes)
    monkeypatch.setattr(convolution_kernels, "_PIECE_BYTES", bytes_a_piece)
    given = last(x) if channel_last else x
    y = evaluate("nn.conv", given, weight, channel_last=channel_last, **attributes)
    close(y, last(expected) if channel_last else expected)


def test_conv_with_activation_and_without_bias() -> None:
    x, weight = numbers(1, 3, 8, 8), 3 * numbers(5, 3, 3, 3)
    plain = evaluate("nn.conv", x, weight)
    np.testing.assert_array_equal(evaluate("nn.conv", x, weight, activation="relu6"), plain.clip(0, 6))


@pytest.mark.parametrize("groups", [1, 4])
def test_conv_of_integers_is_exact(groups: int) -> None:
    rng = np.random.default_rng(0)
    x, weight = (rng.integers(0, 256, s).astype(np.uint8) for s in ((2, 4, 9, 8), (8, 4 // groups, 3, 3)))
    attributes = window(2, 2, 1, 0, 1)
    expected = run_onnx("ConvInteger", [x, weight, np.uint8(9), np.uint8(200)], opset=10, group=groups, **attributes)
    centred = x.astype(np.int32) - 9, weight.astype(np.int32) - 200
    y = evaluate("nn.conv", *centred, groups=groups, **attributes)
    assert y.dtype == np.int32
    np.testing.assert_array_equal(y, expected)


def test_conv_of_half_precision_computes_in_single() -> None:
    x, weight = numbers(1, 3, 8, 8).astype(np.float16), numbers(5, 3, 3, 3).astype(np.float16)
    y = evaluate("nn.conv", x, weight)
    expected = evaluate("nn.conv", x.astype(np.float32), weight.astype(np.float32))
    np.testing.assert_array_equal(y, expected.astype(np.float16))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("steps", [(1, 0, 0, 1), (2, 1, 1, 1), (2, 1, 0, 1), (1, 1, 1, 2)])
def test_max_pool(rank: int, steps: tuple) -> None:
    x, kernel = numbers(2, 4, *LENGTHS[:rank]) - 3, KERNEL[:rank]
    attributes = window(rank, *steps)
    expected = run_onnx("MaxPool", [x], kernel_shape=kernel, **attributes)
    np.testing.assert_array_equal(evaluate("nn.max_pool", x, kernel=kernel, **attributes), expected)
    y = evaluate("nn.max_pool", last(x), kernel=kernel, channel_last=True, **attributes)
    np.testing.assert_array_equal(y, last(expected))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("steps", [(1, 0, 0), (2, 1, 1), (2, 1, 0)])
def test_average_pool(rank: int, steps: tuple, count_include_pad: bool) -> None:
    x, kernel = numbers(2, 4, *LENGTHS[:rank]), KERNEL[:rank]
    attributes = window(rank, *steps, 1)
    del attributes["dilations"]
    expected = run_onnx("AveragePool", [x], kernel_shape=kernel, count_include_pad=count_include_pad, **attributes)
    attributes |= {"kernel": kernel, "count_include_pad": count_include_pad}
    close(evaluate("nn.average_pool", x, **attributes), expected)
    close(evaluate("nn.average_pool", last(x), channel_last=True, **attributes), last(expected))


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 1, 1, 1)])
def test_overhang_is_ceil_mode(pads: tuple) -> None:
    x = numbers(1, 2, 9, 9)
    attributes = {"pads": pads, "strides": (2, 2)}
    overhang = {"kernel": (2, 2) if pads[0] == 0 else (3, 3), "overhang": (1, 1) if pads[0] == 0 else (0, 0)}
    expected = run_onnx("MaxPool", [x], kernel_shape=overhang["kernel"], ceil_mode=1, **attributes)
    np.testing.assert_array_equal(evaluate("nn.max_pool", x, **attributes, **overhang), expected)
    expected = run_onnx("AveragePool", [x], kernel_shape=overhang["kernel"], ceil_mode=1, **attributes)
    close(evaluate("nn.average_pool", x, **attributes, **overhang), expected)


def test_average_with_overhang_and_counted_pads() -> None:
    """The divisor counts pads, but nothing beyond them."""
    x = np.arange(1, 6, dtype=np.float32).reshape(1, 1, 5)
    y = evaluate("nn.average_pool", x, kernel=(3,), strides=(2,), pads=(1, 1), overhang=(1,), count_include_pad=True)
    assert y.ravel().tolist() == [1, 3, 3]  # (0+1+2)/3, (2+3+4)/3, (4+5+0)/3
    y = evaluate("nn.average_pool", x, kernel=(4,), strides=(2,), pads=(0, 0), overhang=(1,))
    assert y.ravel().tolist() == [2.5, 4]  # (1+2+3+4)/4, (3+4+5)/3


def test_max_pool_of_integers() -> None:
    x = np.int8([[[-128, -5, -7, -9]]])
    assert evaluate("nn.max_pool", x, kernel=(2,), strides=(2,), pads=(1, 1)).tolist() == [[[-128, -5, -9]]]


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("coordinate", ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"])
@pytest.mark.parametrize("sizes", [(8, 10), (3, 2), (1, 1), (4, 5), (7, 3)])
def test_resize(mode: str, coordinate: str, sizes: tuple) -> None:
    x = numbers(2, 3, 4, 5)
    for rounding in ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil") if mode == "nearest" else ("floor",):
        expected = run_onnx(
            "Resize",
            [x, None, None, np.array((2, 3, *sizes), np.int64)],
            mode=mode,
            coordinate_transformation_mode=coordinate,
            nearest_mode=rounding,
        )
        attributes = {"sizes": sizes, "mode": mode, "coordinate": coordinate, "rounding": rounding}
        close(evaluate("nn.resize", x, **attributes), expected)
        close(evaluate("nn.resize", last(x), channel_last=True, **attributes), last(expected))


def test_resize_with_tensorflows_nearest() -> None:
    x = np.arange(5, dtype=np.float32).reshape(1, 1, 5)
    y = evaluate("nn.resize", x, sizes=(3,), mode="nearest", coordinate="tf_half_pixel_for_nn", rounding="floor")
    assert y.ravel().tolist() == [0, 2, 4]  # floor(5 / 3 * (i + 0.5))


IMAGE = TensorType((1, 4, 8, 8), F32)
WEIGHT = TensorType((6, 4, 3, 3), F32)


@pytest.mark.parametrize(
    ("name", "types", "attributes", "message"),
    [
        ("conv", [IMAGE, TensorType((6, 3, 3, 3), F32)], {}, "expected dimension 1 of 'x' to be 3"),
        ("conv", [IMAGE, WEIGHT], {"strides": (2,)}, "expected 'strides' to have 2 numbers"),
        ("conv", [IMAGE, WEIGHT], {"strides": (0, 1)}, "expected no number in 'strides' below 1"),
        ("conv", [IMAGE, WEIGHT], {"pads": (1, 1)}, "expected 'pads' to have 4 numbers"),
        ("conv", [IMAGE, WEIGHT], {"groups": 4}, "expected 'groups' to divide the 6 output channels"),
        ("conv", [IMAGE, WEIGHT], {"dilations": (4, 1)}, "a window of 9 does not fit into a length of 8"),
        ("conv", [IMAGE, WEIGHT, TensorType((4,), F32)], {}, "expected dimension 0 of 'bias' to be 6"),
        ("conv", [TensorType((1, 4, 8), F32), WEIGHT], {}, "expected 'x' of rank 4"),
        ("conv", [IMAGE, TensorType((6, 4, None, 3), F32)], {}, "expected 'weight' with a static shape"),
        ("conv", [IMAGE, TensorType((6, 4, 3, 3), I32)], {}, "expected operands of one element type"),
        ("conv", [IMAGE, WEIGHT], {"activation": "tanh"}, "expected attribute 'activation' to be none | relu"),
        ("conv_transpose", [IMAGE, WEIGHT], {}, "expected dimension 1 of 'x' to be 6"),
        ("conv_transpose", [IMAGE, TensorType((4, 2, 3, 3), F32)], {"pads": (5, 0, 5, 0)}, "'pads' that leave some"),
        ("max_pool", [IMAGE], {"kernel": (2,)}, "expected 'x' of rank 3"),
        ("max_pool", [IMAGE], {"kernel": (9, 2)}, "a window of 9 does not fit into a length of 8"),
        ("average_pool", [IMAGE], {}, "expected attribute 'kernel'"),
        ("resize", [IMAGE], {"sizes": (4, 0), "mode": "linear"}, "expected no number in 'sizes' below 1"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, types: list, attributes: dict, message: str) -> None:
    with pytest.raises(VerifyError) as caught:
        Sample(f"nn.{name}", (), tuple(types), attributes).build()
    assert message in str(caught.value)


def test_attributes_are_given_in_full_and_stored_only_if_needed() -> None:
    op = Sample("nn.conv", (), (IMAGE, WEIGHT), {"strides": (1, 1), "pads": (0, 0, 0, 0), "dilations": (2, 2)}).build()
    assert op.attributes == {"dilations": (2, 2)}
    assert (op.strides, op.pads, op.dilations) == ((1, 1), (0, 0, 0, 0), (2, 2))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"pads": (1, 1, 1, 1)}, ("N", 6, "H", "W")),
        ({}, ("N", 6, None, None)),
        ({"pads": (1, 1, 1, 1), "strides": (2, 1)}, ("N", 6, None, "W")),
    ],
)
def test_conv_keeps_symbols(attributes: dict, expected: tuple) -> None:
    types = (TensorType(("N", 4, "H", "W"), F32), WEIGHT)
    assert Sample("nn.conv", (), types, attributes).build().result.tensor.shape == expected
