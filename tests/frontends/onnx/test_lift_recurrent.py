"""RNN, GRU and LSTM of ONNX with all their attributes, against onnxruntime."""

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, in_onnxruntime, judge, lifted, node_model, numbers

from nncc.frontends.onnx.ops import recurrent_cells
from nncc.ir import CompileError

STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 4, 2
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DIRECTIONS = ["forward", "reverse", "bidirectional"]


def layer(kind: str, direction: str = "forward", *, layout: int = 0, peepholes: bool = False) -> dict[str, Any]:
    """Operands by name, in their order, and the number of outputs."""
    d, rows = 2 if direction == "bidirectional" else 1, GATES[kind] * HIDDEN
    operands: dict[str, Any] = {
        "x": numbers(STEPS, BATCH, INPUTS),
        "w": numbers(d, rows, INPUTS),
        "r": numbers(d, rows, HIDDEN),
        "b": numbers(d, 2 * rows),
        "lengths": None,
        "h": numbers(d, BATCH, HIDDEN),
    }
    if kind == "LSTM":
        operands["c"] = numbers(d, BATCH, HIDDEN, seed=1)
        operands["p"] = numbers(d, 3 * HIDDEN) if peepholes else None
    if layout:
        for name in ("x", "h", "c"):
            if operands.get(name) is not None:
                operands[name] = np.ascontiguousarray(operands[name].swapaxes(0, 1))
    return operands


def check(kind: str, operands: dict[str, Any], opset: int = 14, **how: Any) -> None:
    values = list(operands.values())
    while values[-1] is None:
        values.pop()
    judge(kind, values, opset=opset, results=3 if kind == "LSTM" else 2, hidden_size=HIDDEN, **how)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("opset", [7, 14, 22])
@pytest.mark.parametrize("open_dims", [(), (0, 1)], ids=["static", "open"])
def test_plain(kind: str, direction: str, opset: int, open_dims: tuple[int, ...]) -> None:
    how = {"linear_before_reset": 1} if kind == "GRU" else {}
    check(kind, layer(kind, direction), opset, direction=direction, constants=(1, 2, 3), open_dims=open_dims, **how)


@pytest.mark.parametrize("kind", GATES)
def test_plain_layers_are_layers_of_nn(kind: str) -> None:
    operands = [v for v in layer(kind).values() if v is not None][:3]
    how = {"linear_before_reset": 1} if kind == "GRU" else {}
    module = lifted(node_model(kind, operands, opset=14, hidden_size=HIDDEN, constants=(1, 2), **how))
    assert f"nn.{kind.lower()}" in [op.name for op in module.main.body]
    judge(kind, operands, opset=14, hidden_size=HIDDEN, **how)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("open_dims", [(), (0, 1)], ids=["static", "open"])
def test_gru_whose_reset_gate_is_in_front(direction: str, open_dims: tuple[int, ...]) -> None:
    check("GRU", layer("GRU", direction), direction=direction, open_dims=open_dims)
    without_bias = layer("GRU", direction) | {"b": None}
    check("GRU", without_bias, direction=direction, open_dims=open_dims)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("constants", [(), (4,)], ids=["lengths as input", "constant lengths"])
def test_sequences_of_several_lengths(kind: str, direction: str, constants: tuple[int, ...]) -> None:
    operands = layer(kind, direction) | {"lengths": np.int32([5, 2, 3])}
    for open_dims in ((), (0, 1)):
        check(kind, operands, direction=direction, constants=constants, open_dims=open_dims)


@pytest.mark.parametrize("kind", GATES)
def test_constant_lengths_that_are_whole_change_nothing(kind: str) -> None:
    operands = list((layer(kind) | {"lengths": np.int32([5, 5, 5])}).values())
    how = {"linear_before_reset": 1} if kind == "GRU" else {}
    module = lifted(node_model(kind, operands, opset=14, hidden_size=HIDDEN, constants=(4,), **how))
    assert f"nn.{kind.lower()}" in [op.name for op in module.main.body]


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_clipping(kind: str, direction: str) -> None:
    check(kind, layer(kind, direction), direction=direction, clip=0.5)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("clip", [None, 0.5])
def test_peepholes(direction: str, clip: float | None) -> None:
    check("LSTM", layer("LSTM", direction, peepholes=True), direction=direction, clip=clip)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_coupled_forget_gate(direction: str) -> None:
    check("LSTM", layer("LSTM", direction), direction=direction, input_forget=1)


@pytest.mark.parametrize(
    ("name", "alpha", "beta"),
    [
        ("Relu", None, None),
        ("Sigmoid", None, None),
        ("Softsign", None, None),
        ("Softplus", None, None),
        ("LeakyRelu", 0.3, None),
        ("LeakyRelu", None, None),
        ("ThresholdedRelu", 0.2, None),
        ("Elu", 0.7, None),
        ("HardSigmoid", 0.3, 0.6),
        ("HardSigmoid", None, None),
        ("Affine", 0.5, 0.1),
        ("ScaledTanh", 0.5, 0.8),
    ],
)
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_activations_of_an_rnn(name: str, alpha: float | None, beta: float | None, direction: str) -> None:
    count = 2 if direction == "bidirectional" else 1
    how: dict[str, Any] = {"activations": [name] * count, "direction": direction}
    how["activation_alpha"] = None if alpha is None else [alpha] * count
    how["activation_beta"] = None if beta is None else [beta] * count
    check("RNN", layer("RNN", direction), **how)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_parameters_of_activations_go_to_those_that_have_any(direction: str) -> None:
    count = 2 if direction == "bidirectional" else 1
    names = ["HardSigmoid", "Tanh", "LeakyRelu"] * count
    how = {"activation_alpha": [0.3, 0.2] * count, "activation_beta": [0.6] * count, "direction": direction}
    check("LSTM", layer("LSTM", direction), activations=names, **how)


@pytest.mark.parametrize("kind", GATES)
def test_batch_in_front(kind: str) -> None:
    """layout = 1, which onnxruntime does not have: the same numbers in another order."""
    plain, moved = (list(layer(kind, layout=i).values()) for i in range(2))
    how: dict[str, Any] = {"opset": 14, "results": 3 if kind == "LSTM" else 2, "hidden_size": HIDDEN}
    while plain[-1] is None:
        plain.pop()
        moved.pop()
    y, *states = in_onnxruntime(node_model(kind, plain, **how), plain)
    expected = [y.transpose(2, 0, 1, 3), *(s.swapaxes(0, 1) for s in states)]
    judge(kind, moved, layout=1, expected=expected, **how)


def test_long_sequences_become_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrent_cells, "UNROLLED_STEPS", 4)
    check("GRU", layer("GRU", "bidirectional"), direction="bidirectional")
    operands = list(layer("GRU").values())
    module = lifted(node_model("GRU", operands, opset=14, hidden_size=HIDDEN))
    assert "nn.loop" in [op.name for op in module.main.body]


def test_an_empty_sequence_keeps_its_state() -> None:
    operands = layer("GRU")
    operands["x"] = operands["x"][:0]
    y, h = evaluated(node_model("GRU", list(operands.values()), opset=14, results=2), list(operands.values()))
    assert y.shape == (0, 1, BATCH, HIDDEN)
    np.testing.assert_array_equal(h, operands["h"])


@pytest.mark.parametrize(
    ("kind", "how", "message"),
    [
        ("RNN", {"activations": ["Gelu"]}, "unknown activation 'Gelu'"),
        ("RNN", {"activations": ["Affine"]}, "without alpha and beta"),
        ("LSTM", {"activations": ["Sigmoid"]}, "1 activations for 1 directions of 3"),
        ("GRU", {"direction": "backwards"}, "unknown direction 'backwards'"),
        ("GRU", {"hidden_size": 3}, "hidden_size 3"),
    ],
)
def test_what_cannot_be_is_refused(kind: str, how: dict[str, Any], message: str) -> None:
    operands = [v for v in layer(kind).values() if v is not None][:3]
    with pytest.raises(CompileError, match=message):
        lifted(node_model(kind, operands, opset=14, **how))
