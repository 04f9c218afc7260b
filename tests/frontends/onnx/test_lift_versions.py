"""Tensor operators in the versions that had another form than the newest, which ONNX's own cases are of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_models import judge, lifted, node_model, numbers

from nncc.ir import CompileError

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
INT64_MIN = -(2**63)


@pytest.mark.parametrize("opset", [1, 6])
@pytest.mark.parametrize(
    ("operator", "ufunc"), [("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)]
)
@pytest.mark.parametrize(
    ("axis", "shape", "placed"),
    [(1, (3,), (3, 1)), (0, (2, 3), (2, 3, 1)), (-2, (3,), (3, 1)), (None, (4,), (4,)), (None, (3, 4), (3, 4))],
)
def test_old_broadcast(opset: int, operator: str, ufunc: Any, axis: Any, shape: Any, placed: Any) -> None:
    other = numbers(*shape) + 3
    expected = [ufunc(X, other.reshape(placed))]
    judge(operator, [X, other], opset=opset, broadcast=1, axis=axis, expected=expected)


def test_old_broadcast_of_comparisons_logic_and_powers() -> None:
    other = np.array([4, 12, 20], np.float32)
    column = other.reshape(3, 1)
    how: dict[str, Any] = {"broadcast": 1, "axis": 1}
    judge("Greater", [X, other], opset=1, expected=[column < X], **how)
    judge("Less", [X, other], opset=1, expected=[column > X], **how)
    judge("Pow", [X, np.ones(3, np.float32)], opset=1, expected=[X], **how)
    even, chosen = X % 2 == 0, np.array([True, False, True])
    judge("And", [even, chosen], opset=1, expected=[even & chosen.reshape(3, 1)], **how)
    whole = X.astype(np.int64)
    judge("Equal", [whole, np.array([0, 5, 11])], opset=1, expected=[whole == [[0], [5], [11]]], **how)


def test_old_broadcast_that_does_not_fit() -> None:
    with pytest.raises(CompileError, match="aligns"):
        lifted(node_model("Add", [X, numbers(3, 4, 2)], opset=6, broadcast=1, axis=1))


@pytest.mark.parametrize("opset", [1, 9])
def test_slice_by_attributes(opset: int) -> None:
    judge("Slice", [X], opset=opset, axes=(0, 2), starts=(-1, 1), ends=(2**31, -1), expected=[X[-1:, :, 1:-1]])
    judge("Slice", [X], opset=opset, starts=(0, -2), ends=(1, 1000), expected=[X[:1, -2:]])


@pytest.mark.parametrize("constants", [(), (1, 2, 3, 4)])
@pytest.mark.parametrize("opset", [10, 11, 13])
def test_slice_backwards(opset: int, constants: tuple[int, ...]) -> None:
    starts, ends, axes, steps = (np.array(v) for v in ([-1, 100], [INT64_MIN, -100], [1, -1], [-1, -2]))
    how: dict[str, Any] = {"opset": opset, "constants": constants, "expected": [X[:, ::-1, ::-2]]}
    judge("Slice", [X, starts, ends, axes, steps], **how)


def test_pad_by_attributes() -> None:
    expected = np.pad(X, [(0, 1), (1, 0), (2, 0)], constant_values=0.5)
    judge("Pad", [X], opset=1, paddings=(0, 1, 2, 1, 0, 0), value=0.5, expected=[expected])
    judge("Pad", [X], opset=2, pads=(0, 1, 2, 1, 0, 0), value=0.5, expected=[expected])
    judge("Pad", [X], opset=2, pads=(0, -1, 0, 0, 0, -2), expected=[X[:, 1:, :-2]])
    judge(
        "Pad",
        [X],
        opset=10,
        pads=(0, 1, 0, 0, 0, 2),
        mode="reflect",
        expected=[np.pad(X, [(0, 0), (1, 0), (0, 2)], "reflect")],
    )


@pytest.mark.parametrize("constants", [(), (1, 2, 3)])
def test_pad_with_axes_and_large_integers(constants: tuple[int, ...]) -> None:
    large = np.int64(2**53 + 1)
    x = np.arange(6).reshape(2, 3)
    expected = np.pad(x, [(0, 0), (1, 2)], constant_values=large)
    judge(
        "Pad",
        [x, np.array([1, 2]), np.array(large), np.array([-1])],
        opset=18,
        constants=constants,
        expected=[expected],
    )


def test_tile_of_one_axis() -> None:
    operands = [X, np.array([3], np.float32), np.array([1], np.float32)]
    judge("Tile", operands, opset=1, constants=(1, 2), expected=[np.tile(X, (1, 3, 1))])
    with pytest.raises(CompileError, match="make them constants"):
        lifted(node_model("Tile", operands, opset=1))


@pytest.mark.parametrize("opset", [2, 11])
def test_split_by_attributes(opset: int) -> None:
    judge("Split", [X], opset=opset, results=2, axis=2, split=(1, 3), expected=[X[..., :1], X[..., 1:]])
    judge("Split", [X], opset=opset, results=2, axis=2, expected=[X[..., :2], X[..., 2:]])
    with pytest.raises(CompileError, match="Split"):
        lifted(node_model("Split", [X], opset=opset, results=2, axis=1))


def test_split_by_an_operand() -> None:
    judge(
        "Split",
        [X, np.array([1, 3], np.float32)],
        opset=1,
        results=2,
        axis=2,
        constants=(1,),
        expected=[X[..., :1], X[..., 1:]],
    )


@pytest.mark.parametrize("open_dims", [(), (1,)])
def test_split_into_pieces_of_which_the_last_are_short(open_dims: tuple[int, ...]) -> None:
    x = np.arange(10).reshape(2, 5)
    pieces = [x[:, :2], x[:, 2:4], x[:, 4:], x[:, 5:]]
    judge("Split", [x], opset=18, results=4, axis=1, num_outputs=4, open_dims=open_dims, expected=pieces)


def test_attributes_that_became_operands() -> None:
    judge("Reshape", [X], opset=1, shape=(0, -1), expected=[X.reshape(2, 12)])
    judge("Squeeze", [X[:1]], opset=1, axes=(0,), expected=[X[0]])
    judge("Squeeze", [X[:1]], opset=1, expected=[X[0]])
    judge("Unsqueeze", [X], opset=11, axes=(-1, 0), expected=[X[None, ..., None]])
    judge("ReduceSum", [X], opset=11, axes=(-1, 0), keepdims=0, expected=[X.sum((0, 2))])
    judge("ReduceMax", [X], opset=1, expected=[X.max(keepdims=True)])
    judge("Clip", [X], opset=1, max=7.0, expected=[np.minimum(X, 7)])
    judge("Clip", [X - 12], opset=6, min=-3.0, max=7.0, expected=[np.clip(X - 12, -3, 7)])
    judge("Concat", [X, X], opset=1, expected=[np.concatenate([X, X], 1)])
    places = np.array([[3, 2]] * 3)[None].repeat(2, 0)
    judge("TopK", [X], opset=1, results=2, k=2, expected=[X[..., :1:-1], places])
    judge("TopK", [X, np.array([2])], opset=10, results=2, constants=(1,), expected=[X[..., :1:-1], places])


def test_cast_to_a_named_type() -> None:
    judge("Cast", [X + 0.5], opset=1, to="INT32", expected=[X.astype(np.int32)])
    with pytest.raises(CompileError, match="no type of elements"):
        lifted(node_model("Cast", [X], opset=1, to="WHATEVER"))


@pytest.mark.parametrize(("opset", "kind"), [(1, np.float32), (6, np.float32), (7, np.float32), (10, np.bool_)])
def test_dropout_for_inference(opset: int, kind: Any) -> None:
    how = {"is_test": 1} if opset < 7 else {}
    judge("Dropout", [X], opset=opset, results=2, ratio=0.75, expected=[X, np.ones(X.shape, kind)], **how)
    judge("Dropout", [X], opset=opset, open_dims=(0,), expected=[X], **how)


def test_dropout_in_training_is_refused_or_seeded() -> None:
    with pytest.raises(CompileError, match="training"):
        lifted(node_model("Dropout", [X], opset=6))
    on = [X, np.float32(0.25), np.bool_(True)]
    with pytest.raises(CompileError, match="other numbers at every run"):
        lifted(node_model("Dropout", on, opset=13, constants=(2,)))
    mask = np.random.RandomState(7).uniform(0, 1, X.shape) >= 0.25
    how: dict[str, Any] = {"opset": 13, "seed": 7, "results": 2, "constants": (2,)}
    judge("Dropout", on, expected=[np.where(mask, X / np.float32(0.75), 0), mask], **how)


@pytest.mark.parametrize("opset", [1, 6])
def test_gemm_that_broadcasts_on_demand(opset: int) -> None:
    a, b, c = numbers(3, 2), numbers(3, 4), numbers(4)
    how: dict[str, Any] = {"transA": 1, "alpha": 0.5, "beta": 2.0, "broadcast": 1}
    judge("Gemm", [a, b, c], opset=opset, expected=[0.5 * (a.T @ b) + 2 * c], **how)


@pytest.mark.parametrize("opset", [7, 9, 11, 13])
def test_gemm(opset: int) -> None:
    judge("Gemm", [numbers(2, 3), numbers(4, 3), numbers(2, 1)], opset=opset, transB=1, alpha=0.25, beta=3.0)


def test_powers_of_other_types() -> None:
    whole = np.array([1, -2, 3], np.int32)
    judge("Pow", [whole, np.array([2.0, 3.0, 0.5], np.float32)], opset=13)
    judge("Pow", [whole.astype(np.float32), np.array([2, 3, -1], np.int64)], opset=13)
    judge("Pow", [whole, np.array([2, 3, 4], np.int64)], opset=13)


@pytest.mark.parametrize("fmod", [0, 1])
def test_mod_of_negative_integers(fmod: int) -> None:
    a, b = np.array([-7, 7, -7, 7]), np.array([3, 3, -3, -3])
    judge("Mod", [a, b], opset=10, fmod=fmod, expected=[np.fmod(a, b) if fmod else np.mod(a, b)])


def test_integers_are_cut_towards_zero() -> None:
    a, b = np.array([-7, 7, -7, 7], np.int32), np.array([2, 2, -2, -2], np.int32)
    judge("Div", [a, b], opset=14, expected=[np.array([-3, 3, 3, -3], np.int32)])


@pytest.mark.parametrize("open_dims", [(), (0,), (0, 1, 2)])
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1])
def test_flatten(axis: int, open_dims: tuple[int, ...]) -> None:
    judge("Flatten", [X], opset=11, axis=axis, open_dims=open_dims)


@pytest.mark.parametrize("open_dims", [(), (0, 1)])
def test_empty_tensors(open_dims: tuple[int, ...]) -> None:
    nothing = np.zeros((0, 3), np.float32)
    judge("Flatten", [nothing], opset=13, axis=1, open_dims=open_dims, expected=[nothing])
    shape = np.array([3, 0, 2])
    expected = [np.zeros((3, 0, 2), np.float32)]
    for constants in ((), (1,)):
        judge(
            "Reshape",
            [nothing, shape],
            opset=14,
            allowzero=1,
            constants=constants,
            open_dims=open_dims,
            expected=expected,
        )


def test_contradictions_are_refused() -> None:
    """By the lift, or by ONNX's own inference before it."""
    for operator, operands, opset, how in (
        ("Reshape", [X, np.array([0, -1])], 14, {"allowzero": 1, "constants": (1,)}),
        ("Flatten", [X], 13, {"axis": 4}),
        ("Slice", [X, *map(np.array, ([0, 0], [1, 1], [1, 1]))], 13, {"constants": (1, 2, 3)}),
        ("Slice", [X, *map(np.array, ([0, 0], [1]))], 13, {"constants": (1, 2)}),
        ("Pad", [X, np.array([1, 1])], 13, {"constants": (1,)}),
        ("Einsum", [X], 12, {"equation": "ij->i"}),
        ("MatMul", [X, np.float32(1)], 13, {}),
        ("Gemm", [X, X[0]], 13, {}),
    ):
        with pytest.raises(CompileError, match=operator):
            lifted(node_model(operator, operands, opset=opset, **how))


def test_stft_with_the_default_that_the_inference_forgets() -> None:
    window = np.hanning(16).astype(np.float32)
    model = node_model("STFT", [numbers(1, 128, 1), np.int64(8), window], opset=17, constants=(1, 2))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y0", TensorProto.FLOAT, [1, 15, 9, 2]))
    assert lifted(model).main.outputs[0].tensor.static_shape == (1, 15, 9, 2)
