"""Recurrent layers against onnxruntime, whose gates stand in another order."""

import numpy as np
import pytest
from nn_samples import Sample, evaluate
from onnx_reference import run_onnx

from nncc.ir import TensorType, VerifyError
from nncc.ir.types import F32

TIME, BATCH, INPUTS, HIDDEN = 5, 3, 4, 6
DIRECTIONS = [("forward", 1), ("reverse", 1), ("bidirectional", 2)]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


def reordered(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The gates (blocks of HIDDEN along axis 1) in another order."""
    gates = array.reshape(array.shape[0], len(order), HIDDEN, *array.shape[2:])
    return gates[:, list(order)].reshape(array.shape)


@pytest.mark.parametrize(("direction", "count"), DIRECTIONS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("name", "order", "attributes"),
    [
        ("rnn", (0,), {}),
        ("gru", (1, 0, 2), {"linear_before_reset": 1}),  # ONNX: z, r, n
        ("lstm", (0, 3, 1, 2), {}),  # ONNX: i, o, f, g
    ],
)
def test_recurrent(name: str, order: tuple, attributes: dict, direction: str, count: int, full: bool) -> None:
    rows, states = len(order) * HIDDEN, 2 if name == "lstm" else 1
    x, weight, recurrent = numbers(TIME, BATCH, INPUTS), numbers(count, rows, INPUTS), numbers(count, rows, HIDDEN)
    bias, own = (numbers(count, rows), numbers(count, rows) - 0.5) if full else (None, None)
    initial = [numbers(count, BATCH, HIDDEN) + i for i in range(states)] if full else [None] * states
    both = np.concatenate([reordered(bias, order), reordered(own, order)], 1) if full else None
    expected = run_onnx(
        name.upper(),
        [x, reordered(weight, order), reordered(recurrent, order), both, None, *initial],
        1 + states,
        hidden_size=HIDDEN,
        direction=direction,
        **attributes,
    )
    found = evaluate(f"nn.{name}", x, weight, recurrent, bias, own, *initial, hidden=HIDDEN, direction=direction)
    for actual, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, reference, rtol=1e-5, atol=1e-6)


def test_rnn_with_relu() -> None:
    x, weight, recurrent = numbers(TIME, BATCH, INPUTS), numbers(1, HIDDEN, INPUTS), numbers(1, HIDDEN, HIDDEN) / 4
    expected = run_onnx("RNN", [x, weight, recurrent], 2, hidden_size=HIDDEN, activations=["Relu"])
    found = evaluate("nn.rnn", x, weight, recurrent, hidden=HIDDEN, activation="relu")
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6)


def test_symbols_pass() -> None:
    types = (TensorType(("T", "B", 4), F32), TensorType((2, 24, 4), F32), TensorType((2, 24, 6), F32))
    op = Sample("nn.lstm", (), types, {"hidden": 6, "direction": "bidirectional"}).build()
    assert [v.tensor.shape for v in op.results] == [("T", 2, "B", 6), (2, "B", 6), (2, "B", 6)]


@pytest.mark.parametrize(
    ("weight", "recurrent", "message"),
    [
        ((1, 18, 4), (1, 24, 6), "expected dimension 1 of 'weight' to be 24"),
        ((1, 24, 5), (1, 24, 6), "expected dimension 2 of 'weight' to be 4"),
        ((1, 24, 4), (2, 24, 6), "expected dimension 0 of 'recurrent_weight' to be 1"),
    ],
)
def test_what_does_not_fit_is_refused(weight: tuple, recurrent: tuple, message: str) -> None:
    types = (TensorType((5, 3, 4), F32), TensorType(weight, F32), TensorType(recurrent, F32))
    with pytest.raises(VerifyError, match=message):
        Sample("nn.lstm", (), types, {"hidden": 6}).build()
