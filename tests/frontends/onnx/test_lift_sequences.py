"""Sequences and optionals of ONNX become lists when a model is lifted; what needs more is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import lifted

from nncc.ir import CompileError, Module

X = np.arange(10, dtype=np.float32).reshape(5, 2)


def model(nodes: list[Any], outputs: list[str], inputs: dict[str, list[Any]], **constants: Any) -> Any:
    """Inputs are float32 of the given shapes, but ``position``, an integer."""
    kinds = {name: TensorProto.INT64 if name == "position" else TensorProto.FLOAT for name in inputs}
    graph = helper.make_graph(
        [helper.make_node(op, ins, outs, **attributes) for op, ins, outs, attributes in nodes],
        "sequences",
        [helper.make_tensor_value_info(name, kinds[name], shape) for name, shape in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(module: Module, **inputs: Any) -> list[np.ndarray]:
    return list(module.evaluate({name: np.asarray(value) for name, value in inputs.items()}).values())


@pytest.mark.parametrize("position", [0, 2, -1, -3])
def test_element_at_a_computed_position(position: int) -> None:
    nodes = [
        ("SplitToSequence", ["x"], ["s"], {"axis": 1, "keepdims": 0}),
        ("SequenceInsert", ["s", "y"], ["t"], {}),
        ("SequenceAt", ["t", "position"], ["z"], {}),
    ]
    module = lifted(model(nodes, ["z"], {"x": [5, 2], "y": [5], "position": []}))
    y = np.ones(5, np.float32)
    np.testing.assert_array_equal(run(module, x=X, y=y, position=position)[0], [X[:, 0], X[:, 1], y][position])


@pytest.mark.parametrize(("split", "lengths"), [(np.int64(2), (2, 2, 1)), (np.array([1, 4]), (1, 4)), (None, (1,) * 5)])
def test_pieces_and_their_concatenation(split: Any, lengths: tuple[int, ...]) -> None:
    operands = ["x"] if split is None else ["x", "split"]
    nodes = [
        ("SplitToSequence", operands, ["s"], {}),
        ("SequenceLength", ["s"], ["n"], {}),
        ("SequenceAt", ["s", "last"], ["z"], {}),
        ("SequenceErase", ["s", "last"], ["t"], {}),
        ("ConcatFromSequence", ["t"], ["rest"], {"axis": 0}),
    ]
    constants = {"last": np.int64(-1)} | ({} if split is None else {"split": split})
    count, last, rest = run(lifted(model(nodes, ["n", "z", "rest"], {"x": [5, 2]}, **constants)), x=X)
    assert count == len(lengths)
    np.testing.assert_array_equal(last, X[-lengths[-1] :])
    np.testing.assert_array_equal(rest, X[: -lengths[-1]])


def test_pieces_of_computed_lengths() -> None:
    nodes = [
        ("Shape", ["x"], ["dims"], {}),
        ("Sub", ["dims", "two"], ["lengths"], {}),
        ("SplitToSequence", ["x", "lengths"], ["s"], {}),
        ("ConcatFromSequence", ["s"], ["z"], {"axis": -2, "new_axis": 0}),
    ]
    module = lifted(model(nodes, ["z"], {"x": ["N", 2]}, two=np.array([0, 2])))
    np.testing.assert_array_equal(run(module, x=X)[0], X)


def test_stacked_elements() -> None:
    nodes = [
        ("SequenceConstruct", ["x", "x", "x"], ["s"], {}),
        ("ConcatFromSequence", ["s"], ["z"], {"axis": -1, "new_axis": 1}),
    ]
    np.testing.assert_array_equal(run(lifted(model(nodes, ["z"], {"x": [5, 2]})), x=X)[0], np.stack([X] * 3, -1))


def test_optionals() -> None:
    nodes = [
        ("Optional", ["x"], ["o"], {}),
        ("OptionalHasElement", ["o"], ["has"], {}),
        ("OptionalGetElement", ["o"], ["z"], {}),
    ]
    has, z = run(lifted(model(nodes, ["has", "z"], {"x": [5, 2]})), x=X)
    assert has
    np.testing.assert_array_equal(z, X)


LENGTH = ("SequenceLength", ["s"], ["n"], {})
UNKNOWN = {
    "is a sequence": [("SequenceConstruct", ["x"], ["n"], {})],
    "computed position": [
        ("SequenceConstruct", ["x"], ["t"], {}),
        ("SequenceErase", ["t", "position"], ["s"], {}),
        LENGTH,
    ],
    "empty sequence": [("SequenceEmpty", [], ["s"], {}), ("ConcatFromSequence", ["s"], ["n"], {"axis": 0})],
    "computed number": [("SplitToSequence", ["x", "position"], ["s"], {}), LENGTH],
}


@pytest.mark.parametrize("words", UNKNOWN)
def test_what_needs_a_length_that_is_not_known(words: str) -> None:
    with pytest.raises(CompileError, match=words):
        lifted(model(UNKNOWN[words], ["n"], {"x": [5, 2], "position": []}))
