"""Matrix products, reductions, normalizations and sorting against onnxruntime."""

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import TensorType, VerifyError
from nncc.ir.types import F32, I32

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 4, 5), np.float32)


def close(actual: np.ndarray, expected: np.ndarray, tolerance: float = 2e-6) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("leading", [(), (7,), (2, 3)])
def test_affine(leading: tuple) -> None:
    x, weight, bias = (RNG.standard_normal(s, np.float32) for s in [(*leading, 4), (4, 6), (6,)])
    expected = run_onnx("Gemm", [x.reshape(-1, 4), weight, bias]).reshape(*leading, 6)
    close(evaluate("nn.affine", x, weight, bias), expected)
    close(evaluate("nn.affine", x, weight, bias, activation="relu"), expected.clip(0))


@pytest.mark.parametrize(("left", "right"), [((), ()), ((5,), (1,)), ((2, 1), (3,)), ((), (4, 2))])
@pytest.mark.parametrize("transpose_lhs", [False, True])
@pytest.mark.parametrize("transpose_rhs", [False, True])
def test_matmul(left: tuple, right: tuple, transpose_lhs: bool, transpose_rhs: bool) -> None:
    lhs, rhs = RNG.standard_normal((*left, 3, 4), np.float32), RNG.standard_normal((*right, 4, 5), np.float32)
    expected = run_onnx("MatMul", [lhs, rhs])
    lhs = lhs.swapaxes(-1, -2) if transpose_lhs else lhs
    rhs = rhs.swapaxes(-1, -2) if transpose_rhs else rhs
    close(evaluate("nn.matmul", lhs, rhs, transpose_lhs=transpose_lhs, transpose_rhs=transpose_rhs), expected)


@pytest.mark.parametrize("equation", ["bij,bjk->bik", "bij,bkj->bki", "bij,bij->b", "bij,bij->bij"])
def test_einsum(equation: str) -> None:
    a, b = RNG.standard_normal((2, 4, 4), np.float32), RNG.standard_normal((2, 4, 4), np.float32)
    close(evaluate("nn.einsum", a, b, equation=equation), run_onnx("Einsum", [a, b], equation=equation))


@pytest.mark.parametrize("equation", ["ij,jk", "i...->i", "ij,jk->ix", "ij,jk->ii", "ij->i"])
def test_malformed_equations_are_refused(equation: str) -> None:
    with pytest.raises(VerifyError, match=r"expected (an equation|each letter once|1 operands)"):
        Sample("nn.einsum", (), (TensorType((2, 3), F32), TensorType((3, 4), F32)), {"equation": equation}).build()


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod"])
@pytest.mark.parametrize("axes", [(1,), (-1, 0), (0, 1, 2, 3)])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_reductions(name: str, axes: tuple, keep_dims: bool) -> None:
    expected = run_onnx(f"Reduce{name.capitalize()}", [X, np.array(axes, np.int64)], keepdims=int(keep_dims))
    close(evaluate(f"nn.reduce_{name}", X, axes=axes, keep_dims=keep_dims), expected)
    np.testing.assert_array_equal(evaluate(f"nn.reduce_{name}", X, axes=()), X)


def test_long_sums_keep_their_digits() -> None:
    x = np.full((1 << 20, 2), 0.1, np.float32)
    np.testing.assert_allclose(evaluate("nn.reduce_sum", x, axes=(0,)), [[0.1 * 2**20] * 2], rtol=1e-7)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_arguments(name: str, axis: int, keep_dims: bool) -> None:
    x = RNG.integers(0, 3, (4, 5, 6)).astype(np.float32)  # with equal elements: the first counts
    expected = run_onnx(f"Arg{name.capitalize()}", [x], axis=axis, keepdims=int(keep_dims))
    np.testing.assert_array_equal(evaluate(f"nn.arg{name}", x, axis=axis, keep_dims=keep_dims), expected)
    assert evaluate(f"nn.arg{name}", x, axis=axis, index=I32).dtype == np.int32


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 2, -1])
def test_cumulative(exclusive: bool, reverse: bool, axis: int) -> None:
    expected = run_onnx("CumSum", [X, np.array(axis)], exclusive=int(exclusive), reverse=int(reverse))
    close(evaluate("nn.cumsum", X, axis=axis, exclusive=exclusive, reverse=reverse), expected)
    logarithms = np.log(evaluate("nn.cumprod", np.exp(X), axis=axis, exclusive=exclusive, reverse=reverse))
    close(logarithms, expected, 1e-5)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax(axis: int) -> None:
    x = 30 * X
    close(evaluate("nn.softmax", x, axis=axis), run_onnx("Softmax", [x], axis=axis))
    close(evaluate("nn.log_softmax", x, axis=axis), run_onnx("LogSoftmax", [x], axis=axis), 1e-5)


def test_softmax_of_huge_numbers() -> None:
    x = np.float32([[1e30, 1e30, -1e30], [1000, 0, -1000]])
    np.testing.assert_array_equal(evaluate("nn.softmax", x), np.float32([[0.5, 0.5, 0], [1, 0, 0]]))


def test_batch_norm() -> None:
    scale, bias, mean = (RNG.standard_normal(3, np.float32) for _ in range(3))
    variance = RNG.random(3).astype(np.float32)
    expected = run_onnx("BatchNormalization", [X, scale, bias, mean, variance], epsilon=1e-3)
    close(evaluate("nn.batch_norm", X, scale, bias, mean, variance, epsilon=1e-3), expected)
    moved = np.moveaxis(X, 1, -1)
    y = evaluate("nn.batch_norm", moved, scale, bias, mean, variance, axis=-1, epsilon=1e-3)
    close(y, np.moveaxis(expected, 1, -1))


@pytest.mark.parametrize("axes", [(1, 2, 3), (2, 3), (-1,)])
def test_layer_norm(axes: tuple) -> None:
    shape = [X.shape[a] for a in axes]
    scale, bias = RNG.standard_normal(shape, np.float32), RNG.standard_normal(shape, np.float32)
    expected = run_onnx("LayerNormalization", [X, scale, bias], axis=axes[0], epsilon=1e-3)
    close(evaluate("nn.layer_norm", X, scale, bias, axes=axes, epsilon=1e-3), expected, 1e-5)


def test_layer_norm_over_inner_axes() -> None:
    exact = X.astype(np.float64)
    expected = (exact - exact.mean((1, 2), keepdims=True)) / np.sqrt(exact.var((1, 2), keepdims=True) + 1e-5)
    close(evaluate("nn.layer_norm", X, axes=(1, 2)), expected)


@pytest.mark.parametrize("mean", [1e3, 1e6])
def test_layer_norm_of_numbers_far_from_zero(mean: float) -> None:
    x = (RNG.standard_normal((4, 256)) + mean).astype(np.float32)
    exact = x.astype(np.float64)
    expected = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-5)
    close(evaluate("nn.layer_norm", x, axes=(1,)), expected, 1e-5)


@pytest.mark.parametrize("size", [1, 3, 4, 5])
def test_lrn(size: int) -> None:
    if size % 2:
        expected = run_onnx("LRN", [X], size=size, alpha=0.5, beta=0.75, bias=2.0)
        close(evaluate("nn.lrn", X, size=size, alpha=0.5, bias=2.0), expected)
    # an even size, which onnxruntime refuses: one place more behind than before
    sums = np.zeros(X.shape)
    for i in range(X.shape[-1]):
        near = X[..., max(0, i - (size - 1) // 2) : i + size // 2 + 1]
        sums[..., i] = np.sum(near.astype(np.float64) ** 2, -1)
    close(evaluate("nn.lrn", X, size=size, alpha=0.5, bias=2.0, axis=-1), X / (2 + 0.5 / size * sums) ** 0.75)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("largest", [False, True])
def test_top_k_and_sort(axis: int, largest: bool) -> None:
    x = RNG.integers(-3, 4, (4, 5, 6)).astype(np.float32)  # equal elements: the first come first
    values, indices = run_onnx("TopK", [x, np.array([3])], 2, axis=axis, largest=int(largest))
    found = evaluate("nn.top_k", x, k=3, axis=axis, largest=largest)
    np.testing.assert_array_equal(found[0], values)
    np.testing.assert_array_equal(found[1], indices)
    everything = run_onnx("TopK", [x, np.array([x.shape[axis]])], 2, axis=axis, largest=int(largest))
    found = evaluate("nn.sort", x, axis=axis, descending=largest)
    np.testing.assert_array_equal(found[0], everything[0])
    np.testing.assert_array_equal(found[1], everything[1])


MATRIX = TensorType((3, 4), F32)


@pytest.mark.parametrize(
    ("name", "types", "attributes", "message"),
    [
        ("affine", [MATRIX, TensorType((3, 4), F32)], {}, "expected dimension 1 of 'x' to be 3"),
        ("affine", [MATRIX, TensorType((4,), F32)], {}, "expected 'weight' of rank 2"),
        ("matmul", [MATRIX, MATRIX], {}, "expected matrices that fit each other"),
        ("matmul", [MATRIX, TensorType((4,), F32)], {}, "expected operands of rank 2 or more"),
        ("reduce_sum", [MATRIX], {"axes": (2,)}, "expected 'axes' to be in -2 .. 1, got 2"),
        ("reduce_sum", [MATRIX], {"axes": (1, -1)}, "expected 'axes' to name each axis once"),
        ("softmax", [MATRIX], {"axis": 2}, "expected 'axis' to be in -2 .. 1, got 2"),
        ("argmax", [MATRIX], {"axis": 0, "index": F32}, "expected attribute 'index' to be i32 or i64"),
        ("batch_norm", [MATRIX, *[TensorType((3,), F32)] * 4], {}, "expected dimension 0 of 'scale' to be 4"),
        (
            "layer_norm",
            [MATRIX, TensorType((3,), F32)],
            {"axes": (1,)},
            "expected 'scale' to broadcast to the shape",
        ),
        ("top_k", [MATRIX], {"k": 5}, "expected 'k' to be at most the length of axis -1"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, types: list, attributes: dict, message: str) -> None:
    with pytest.raises(VerifyError) as caught:
        Sample(f"nn.{name}", (), tuple(types), attributes).build()
    assert message in str(caught.value)
