"""Operations that move elements against onnxruntime or a loop over indices."""

import itertools
from typing import Any

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import TensorType, VerifyError
from nncc.ir.types import F32, I32

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 4, 5), np.float32)


def vector(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


@pytest.mark.parametrize("shape", [(0, -1), (6, 0 + 20), (0, 3, -1), (-1,), (2, 3, 2, 2, 5)])
def test_reshape(shape: tuple) -> None:
    np.testing.assert_array_equal(evaluate("nn.reshape", X, shape=shape), run_onnx("Reshape", [X, vector(*shape)]))


@pytest.mark.parametrize("perm", [(0, 2, 3, 1), (3, 1, 0, 2), (0, 1, 2, 3)])
def test_transpose(perm: tuple) -> None:
    np.testing.assert_array_equal(evaluate("nn.transpose", X, perm=perm), run_onnx("Transpose", [X], perm=perm))


@pytest.mark.parametrize("axis", [0, 2, -1])
def test_concat_and_split(axis: int) -> None:
    parts = [X, 2 * X, 3 * X]
    whole = evaluate("nn.concat", *parts, axis=axis)
    np.testing.assert_array_equal(whole, run_onnx("Concat", parts, axis=axis))
    sizes = (1, X.shape[axis], 2 * X.shape[axis] - 1)
    found = evaluate("nn.split", whole, axis=axis, sizes=sizes)
    for piece, expected in zip(found, run_onnx("Split", [whole, vector(*sizes)], 3, axis=axis), strict=True):
        np.testing.assert_array_equal(piece, expected)


@pytest.mark.parametrize("start", [-9, -5, -2, 0, 2, 9])
@pytest.mark.parametrize("stop", [-(2**31), -6, -5, -2, 0, 2, 5, 2**31 - 1])
@pytest.mark.parametrize("step", [-2, -1, 1, 3])
def test_slice(start: int, stop: int, step: int) -> None:
    attributes = {"starts": (0, 0, 1, start), "stops": (2, 3, 3, stop), "steps": (1, 1, 1, step)}
    y = evaluate("nn.slice", X, **attributes)
    kept = list(range(5)[start:stop:step])
    np.testing.assert_array_equal(y, np.stack([X[:, :, 1:3, i] for i in kept], -1) if kept else np.empty((2, 3, 2, 0)))
    if step > 0 or (start >= -5 and stop <= 5):  # backwards, ONNX moves what is out of range elsewhere than Python does
        expected = run_onnx("Slice", [X, vector(1, start), vector(3, stop), vector(2, 3), vector(1, step)])
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize(("mode", "onnx_mode"), [("constant", "constant"), ("edge", "edge"), ("reflect", "reflect")])
def test_pad(mode: str, onnx_mode: str) -> None:
    pads = (0, 1, 2, 3, 1, 0, 3, 2)
    expected = run_onnx("Pad", [X, vector(*pads), np.float32(7)], mode=onnx_mode)
    np.testing.assert_array_equal(evaluate("nn.pad", X, pads=pads, mode=mode, value=7.0), expected)


def test_symmetric_pad_mirrors_the_edge_too() -> None:
    x = np.float32([1, 2, 3])
    assert evaluate("nn.pad", x, pads=(2, 3), mode="symmetric").tolist() == [2, 1, 1, 2, 3, 3, 2, 1]


def test_tile_and_broadcast() -> None:
    reps = (2, 1, 3, 1)
    np.testing.assert_array_equal(evaluate("nn.tile", X, reps=reps), run_onnx("Tile", [X, vector(*reps)]))
    x = X[:, :1]
    expected = run_onnx("Expand", [x, vector(7, 2, 6, 4, 5)])
    np.testing.assert_array_equal(evaluate("nn.broadcast_to", x, shape=(7, 2, 6, 4, 5)), expected)
    np.testing.assert_array_equal(evaluate("nn.broadcast_to", x, shape=(7, -1, 6, -1, 5)), expected)


def test_reverse() -> None:
    np.testing.assert_array_equal(evaluate("nn.reverse", X, axes=(1, -1)), X[:, ::-1, :, ::-1])


@pytest.mark.parametrize("mode", ["dcr", "crd"])
@pytest.mark.parametrize("channel_last", [False, True])
def test_depth_and_space(mode: str, channel_last: bool) -> None:
    deep = RNG.standard_normal((2, 12, 3, 5), np.float32)
    wide = run_onnx("DepthToSpace", [deep], blocksize=2, mode=mode.upper())
    if channel_last:
        deep, wide = np.moveaxis(deep, 1, -1), np.moveaxis(wide, 1, -1)
    attributes = {"block": 2, "mode": mode, "channel_last": channel_last}
    np.testing.assert_array_equal(evaluate("nn.depth_to_space", deep, **attributes), wide)
    np.testing.assert_array_equal(evaluate("nn.space_to_depth", wide, **attributes), deep)


def test_space_to_depth_against_onnxruntime() -> None:
    x = RNG.standard_normal((2, 3, 4, 6), np.float32)
    expected = run_onnx("SpaceToDepth", [x], blocksize=2)
    np.testing.assert_array_equal(evaluate("nn.space_to_depth", x, block=2), expected)


@pytest.mark.parametrize("axis", [1, -1])
def test_channel_shuffle(axis: int) -> None:
    x = np.moveaxis(RNG.standard_normal((2, 6, 4), np.float32), 1, axis)
    y = evaluate("nn.channel_shuffle", x, groups=3, axis=axis)
    for channel, group in itertools.product(range(2), range(3)):
        np.testing.assert_array_equal(y.take(channel * 3 + group, axis), x.take(group * 2 + channel, axis))


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("k", [-1, 0, 2])
def test_trilu(upper: bool, k: int) -> None:
    expected = run_onnx("Trilu", [X, np.array(k, np.int64)], upper=int(upper))
    np.testing.assert_array_equal(evaluate("nn.trilu", X, upper=upper, k=k), expected)


def test_shape_of() -> None:
    assert evaluate("nn.shape_of", X).tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(), (3,), (2, 4)])
def test_gather(axis: int, shape: tuple) -> None:
    bound = X.shape[axis]
    indices = RNG.integers(-bound, bound, shape)
    expected = run_onnx("Gather", [X, indices], axis=axis)
    np.testing.assert_array_equal(evaluate("nn.gather", X, indices, axis=axis), expected)


@pytest.mark.parametrize(("axis", "batch_dims", "extra"), [(1, 1, (3,)), (3, 1, (2, 2)), (3, 2, ()), (2, 2, (3,))])
def test_gather_with_batch_dimensions(axis: int, batch_dims: int, extra: tuple) -> None:
    indices = RNG.integers(0, X.shape[axis], (*X.shape[:batch_dims], *extra))
    y = evaluate("nn.gather", X, indices, axis=axis, batch_dims=batch_dims)
    for batch in np.ndindex(*X.shape[:batch_dims]):
        expected = np.take(X[batch], indices[batch], axis - batch_dims)
        np.testing.assert_array_equal(y[batch], expected)


@pytest.mark.parametrize("axis", [0, 2, -1])
def test_gather_elements(axis: int) -> None:
    indices = RNG.integers(-X.shape[axis], X.shape[axis], (1, 3, 2, 4))
    expected = run_onnx("GatherElements", [X, indices], axis=axis)
    np.testing.assert_array_equal(evaluate("nn.gather_elements", X, indices, axis=axis), expected)


@pytest.mark.parametrize(
    ("batch_dims", "shape"), [(0, (6, 2)), (0, (2, 3, 4)), (1, (2, 5, 2)), (2, (2, 3, 1)), (0, (1,))]
)
def test_gather_nd(batch_dims: int, shape: tuple) -> None:
    bounds = X.shape[batch_dims : batch_dims + shape[-1]]
    indices = RNG.integers(0, bounds, shape)
    expected = run_onnx("GatherND", [X, indices], batch_dims=batch_dims)
    np.testing.assert_array_equal(evaluate("nn.gather_nd", X, indices, batch_dims=batch_dims), expected)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "min", "max"])
def test_scatter_nd(reduction: str) -> None:
    indices = vector(0, 2, 1, 0, 0, 2).reshape(3, 2)  # two of them equal
    if reduction == "none":
        indices = indices[:2]
    updates = RNG.standard_normal((len(indices), 4, 5), np.float32)
    expected = run_onnx("ScatterND", [X, indices, updates], reduction=reduction)
    before = X.copy()
    y = evaluate("nn.scatter_nd", X, indices, updates, reduction=reduction)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis: int) -> None:
    indices = vector(0, 3, 1, 2, 2, 0).reshape(2, 3)
    expected = run_onnx("OneHot", [indices, vector(4), np.float32([0, 1])], axis=axis)
    np.testing.assert_array_equal(evaluate("nn.one_hot", indices, depth=4, axis=axis), expected)
    assert evaluate("nn.one_hot", vector(-1, 4), depth=4).sum() == 0


@pytest.mark.parametrize(
    ("name", "arrays", "attributes"),
    [
        ("nn.gather", (X, vector(2)), {}),
        ("nn.gather_nd", (X, vector(0, 3)), {}),
        ("nn.scatter_nd", (X, vector(2), X[0]), {}),
    ],
)
def test_an_index_out_of_range_is_an_error(name: str, arrays: Any, attributes: dict) -> None:
    with pytest.raises(VerifyError, match=rf"'{name}' op cannot be evaluated: .*out of bounds"):
        evaluate(name, *arrays, **attributes)


MATRIX = TensorType((3, 4), F32)


@pytest.mark.parametrize(
    ("name", "types", "attributes", "message"),
    [
        ("reshape", [MATRIX], {"shape": (5, -1)}, "expected 'shape' to hold the elements of tensor<3x4xf32>"),
        ("reshape", [MATRIX], {"shape": (3, 5)}, "expected 'shape' to hold the elements of tensor<3x4xf32>"),
        ("reshape", [MATRIX], {"shape": (-1, -1)}, "at most one -1"),
        ("reshape", [MATRIX], {"shape": (3, 2, 0)}, "expected 'shape' to copy dimensions"),
        ("transpose", [MATRIX], {"perm": (0, 0)}, "expected 'perm' to be a permutation"),
        ("transpose", [MATRIX], {"perm": (0, 1, 2)}, "expected 'x' of rank 3"),
        ("concat", [], {"axis": 0}, "expected one operand or more"),
        ("concat", [MATRIX, TensorType((4, 4), F32)], {"axis": 1}, "expected inputs that differ along axis 1 alone"),
        ("concat", [MATRIX, TensorType((3, 4), I32)], {"axis": 1}, "expected operands of one element type"),
        ("split", [MATRIX], {"axis": 1, "sizes": (1, 2)}, "expected dimension 1 of 'x' to be 3"),
        ("slice", [MATRIX], {"starts": (0,), "stops": (1,), "steps": (1,)}, "expected 'x' of rank 1"),
        ("slice", [MATRIX], {"starts": (0, 0), "stops": (1, 1), "steps": (1, 0)}, "expected no zero in 'steps'"),
        ("pad", [MATRIX], {"pads": (0, 0, -1)}, "expected 'pads' of two numbers an axis"),
        ("pad", [MATRIX], {"pads": (0, 4, 0, 0), "mode": "reflect"}, "that mode 'reflect' can fill"),
        ("broadcast_to", [MATRIX], {"shape": (6, 4)}, "expected 'shape' that tensor<3x4xf32> broadcasts to"),
        ("broadcast_to", [MATRIX], {"shape": (4,)}, "expected 'shape' that tensor<3x4xf32> broadcasts to"),
        ("gather", [MATRIX, MATRIX], {}, "expected 'indices' to have integer elements"),
        ("gather", [MATRIX, TensorType((2,), I32)], {"axis": 1, "batch_dims": 1}, "to agree in 1 batch dimensions"),
        ("gather_nd", [MATRIX, TensorType((2, 3), I32)], {}, "expected indices of vectors that"),
        ("channel_shuffle", [MATRIX], {"groups": 3}, "expected 'groups' to divide the channels"),
        ("depth_to_space", [TensorType((1, 6, 2, 2), F32)], {"block": 2}, "that blocks of 2 divide"),
        ("trilu", [TensorType((3,), F32)], {}, "expected 'x' of rank 2 or more"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, types: list, attributes: dict, message: str) -> None:
    with pytest.raises(VerifyError) as caught:
        Sample(f"nn.{name}", (), tuple(types), attributes).build()
    assert message in str(caught.value)
