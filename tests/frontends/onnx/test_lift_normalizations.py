"""Normalizations of ONNX, in every opset."""

from typing import Any

import numpy as np
import pytest
from onnx_models import judge, lifted, node_model, numbers

from nncc.ir import CompileError
from nncc.ir.passes import PassContext

X = numbers(3, 4, 5, 2)
PARAMETERS = [numbers(4), numbers(4, seed=1), numbers(4, seed=2), np.abs(numbers(4, seed=3)) + np.float32(0.5)]


def normalized(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def by_statistics(x: np.ndarray, mean: np.ndarray, variance: np.ndarray, epsilon: float = 1e-5) -> np.ndarray:
    scale, bias, mean, variance = (v.reshape(-1, 1, 1) for v in (*PARAMETERS[:2], mean, variance))
    return ((x - mean) / np.sqrt(variance + epsilon) * scale + bias).astype(np.float32)


@pytest.mark.parametrize("opset", [1, 6, 7, 9, 14, 15])
def test_batch_normalization(opset: int) -> None:
    how: dict[str, Any] = {"is_test": 1} if opset < 7 else {}
    if opset == 1:
        how["consumed_inputs"] = (0, 0, 0, 1, 1)
    expected = [by_statistics(X, *PARAMETERS[2:], 1e-3)]
    judge("BatchNormalization", [X, *PARAMETERS], opset=opset, epsilon=1e-3, expected=expected, open_dims=(0, 2), **how)


def test_batch_normalization_in_onnxruntime() -> None:
    judge("BatchNormalization", [X, *PARAMETERS], opset=15, constants=(1, 2, 3, 4))
    judge("BatchNormalization", [X[:, :, 0, 0], *PARAMETERS], opset=15)


def test_batch_normalization_of_one_axis() -> None:
    x, one = numbers(7), [v[:1] for v in PARAMETERS]
    expected = (x - one[2]) / np.sqrt(one[3] + 1e-5) * one[0] + one[1]
    judge("BatchNormalization", [x, *one], opset=15, expected=[expected.astype(np.float32)])


def test_batch_normalization_of_places() -> None:
    """spatial = 0, before version 9."""
    places = [numbers(4, 5, 2, seed=i) for i in range(4)]
    places[3] = np.abs(places[3])
    expected = (X - places[2]) / np.sqrt(places[3] + 1e-5) * places[0] + places[1]
    judge("BatchNormalization", [X, *places], opset=7, spatial=0, expected=[expected.astype(np.float32)])


@pytest.mark.parametrize(("opset", "results"), [(7, 5), (9, 5), (14, 3), (15, 3)])
def test_batch_normalization_in_training(opset: int, results: int) -> None:
    mean, variance = X.mean((0, 2, 3)), X.var((0, 2, 3))
    running = [PARAMETERS[2] * 0.8 + mean * 0.2, PARAMETERS[3] * 0.8 + variance * 0.2]
    expected = [by_statistics(X, mean, variance), *running, mean, variance][:results]
    how = {"training_mode": 1} if opset >= 14 else {}
    operands = [X, *PARAMETERS]
    judge("BatchNormalization", operands, opset=opset, results=results, momentum=0.8, expected=expected, **how)


def test_batch_normalization_whose_statistics_are_wider() -> None:
    x = X.astype(np.float16)
    judge(
        "BatchNormalization",
        [x, *PARAMETERS],
        opset=15,
        expected=[by_statistics(x, *PARAMETERS[2:]).astype(np.float16)],
        tolerance=2e-3,
    )


def test_old_batch_normalization_that_forgets_to_say_that_it_is_no_training() -> None:
    context = PassContext()
    lifted(node_model("BatchNormalization", [X, *PARAMETERS], opset=6), context)
    (warning,) = context.diagnostics.warnings
    assert "has is_test = 0" in warning.message


@pytest.mark.parametrize("opset", [1, 6, 22])
def test_instance_normalization(opset: int) -> None:
    y = normalized(X, (2, 3), 1e-2) * PARAMETERS[0].reshape(-1, 1, 1) + PARAMETERS[1].reshape(-1, 1, 1)
    expected = [y.astype(np.float32)]
    judge(
        "InstanceNormalization", [X, *PARAMETERS[:2]], opset=opset, epsilon=1e-2, expected=expected, open_dims=(0, 2, 3)
    )


@pytest.mark.parametrize("opset", [18, 21])
def test_group_normalization(opset: int) -> None:
    """Scale and bias are one a group in version 18, one a channel since 21."""
    scale, bias = (numbers(2 if opset == 18 else 4, seed=i) for i in range(2))
    y = normalized(X.reshape(3, 2, 2, 5, 2), (2, 3, 4), 1e-2).reshape(X.shape)
    wide = [np.repeat(v, 4 // v.size).reshape(-1, 1, 1) for v in (scale, bias)]
    expected = [(y * wide[0] + wide[1]).astype(np.float32)]
    for open_dims in ((), (0, 2, 3)):
        how: dict[str, Any] = {"epsilon": 1e-2, "num_groups": 2, "expected": expected, "open_dims": open_dims}
        judge("GroupNormalization", [X, scale, bias], opset=opset, **how)


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize("with_bias", [False, True])
def test_layer_normalization(axis: int, with_bias: bool) -> None:
    shape = X.shape[axis:]
    operands = [X, numbers(*shape), *([numbers(*shape, seed=1)] if with_bias else [])]
    judge("LayerNormalization", operands, opset=17, results=3, axis=axis)
    judge("LayerNormalization", operands, opset=17, axis=axis, epsilon=0.1, open_dims=(0,))


def test_layer_normalization_of_halves_is_computed_in_floats() -> None:
    x = (X * 100 + 1000).astype(np.float16)
    judge("LayerNormalization", [x, np.ones(2, np.float16)], opset=17, tolerance=2e-3)


def test_layer_normalization_before_its_opset() -> None:
    """onnxruntime's optimizer writes it into models of any opset."""
    judge("LayerNormalization", [X, numbers(2), numbers(2, seed=1)], opset=12, epsilon=1e-3)


@pytest.mark.parametrize("axis", [-1, 1])
def test_rms_normalization(axis: int) -> None:
    judge("RMSNormalization", [X, numbers(*X.shape[axis:])], opset=23, axis=axis, epsilon=1e-2, open_dims=(0,))


@pytest.mark.parametrize(("opset", "axes"), [(9, None), (13, (0, 2, 3)), (13, (1, -1))])
def test_mean_variance_normalization(opset: int, axes: tuple[int, ...] | None) -> None:
    where = axes or (0, 2, 3)
    expected = [normalized(X, where, 0).astype(np.float32)]
    judge("MeanVarianceNormalization", [X], opset=opset, axes=axes, expected=expected, tolerance=1e-4)


def test_constant_data_has_no_variance_to_divide_by() -> None:
    x = np.ones((2, 3, 4, 4), np.float32)
    judge("MeanVarianceNormalization", [x], opset=13, expected=[np.zeros_like(x)])


@pytest.mark.parametrize("opset", [1, 13])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_lrn(opset: int, size: int) -> None:
    """An even size reaches one place further to the end."""
    squares = np.pad(np.square(X.astype(np.float64)), [(0, 0), (5, 5), (0, 0), (0, 0)])
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    near = sum(squares[:, 5 + d : 5 + d + 4] for d in range(-before, after + 1))
    expected = [(X / (1.5 + 0.3 / size * near) ** 0.6).astype(np.float32)]
    judge("LRN", [X], opset=opset, size=size, alpha=0.3, beta=0.6, bias=1.5, open_dims=(0,), expected=expected)


def test_lrn_in_onnxruntime() -> None:
    judge("LRN", [X], opset=13, size=3)


@pytest.mark.parametrize("opset", [1, 22])
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_lp_normalization(opset: int, p: int, axis: int) -> None:
    x = X.copy()
    x[:, :, 0], x[..., 0], x[0] = 0, 0, 0
    norm = (np.abs(x) ** p).sum(axis, keepdims=True) ** (1 / p)
    expected = [np.divide(x, norm, out=np.zeros_like(x), where=norm != 0)]
    judge("LpNormalization", [x], opset=opset, p=p, axis=axis, expected=expected)


def test_what_releases_of_onnx_divide_otherwise_is_said() -> None:
    context = PassContext()
    lifted(node_model("LpNormalization", [X], opset=22), context)
    (warning,) = context.diagnostics.warnings
    assert "gives 0 where all that it normalizes is 0" in warning.message


@pytest.mark.parametrize(
    ("operator", "operands", "how", "message"),
    [
        ("GroupNormalization", [X, numbers(3), numbers(3)], {"num_groups": 3, "opset": 18}, "4 channels in 3 groups"),
        ("LpNormalization", [X], {"p": 3, "opset": 13}, "neither 1 nor 2"),
        (
            "BatchNormalization",
            [X, *PARAMETERS],
            {"spatial": 0, "opset": 7, "results": 5},
            "training mode with spatial",
        ),
    ],
)
def test_what_cannot_be_is_refused(operator: str, operands: list, how: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        lifted(node_model(operator, operands, **how))
