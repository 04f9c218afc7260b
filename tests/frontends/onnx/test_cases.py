"""ONNX's own cases, through its runner: each is right or refused for a reason that is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx_round_trip import RoundTrip, RuntimeLimit

from nncc.ir import CompileError
from nncc.ir.dialects.onnx import isolation
from nncc.tools import onnx_cases
from nncc.tools.onnx_backend import Prepared
from nncc.tools.onnx_cases import Outcomes

RIGHT = 0.94
"""The least share of the cases that must be right, whatever version of onnx is installed."""
STILL_RIGHT = 0.95
"""The least share of the right ones that must be right when onnxruntime runs what they are lowered to."""
RIGHT_WITH_SYMBOLS, RIGHT_WITH_CONSTANTS = 0.92, 0.99
"""The same where dimensions are not known, or inputs are constants."""
DIFFERENT_IN_ONNXRUNTIME = {
    # zeros of the transform to the digits of float32, where the expected ones are exact
    "test_dft",
    "test_dft_axis",
    "test_dft_axis_opset19",
    "test_dft_inverse",
    "test_dft_inverse_opset19",
    "test_dft_irfft_opset19",
    "test_dft_opset19",
    "test_dft_rfft_opset19",
    "test_stft",
    "test_stft_with_window",
    # the cases themselves give onnxruntime other numbers, or errors
    "test_einsum_scalar",
    "test_resize_downsample_scales_cubic_align_corners",
    "test_resize_downsample_scales_linear_align_corners",
}


@pytest.fixture(scope="module", autouse=True)
def trusted() -> Iterator[None]:
    """onnx's inference in this process: these models are no danger to it, and two thousand forks take their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "_in_child", lambda data, strict, nodes: isolation._infer(data, strict))
        yield


@pytest.fixture(scope="module")
def outcomes(trusted: None) -> Outcomes:
    return onnx_cases.run_cases()


def test_no_case_is_wrong(outcomes: Outcomes) -> None:
    assert not outcomes.wrong
    assert len(outcomes.right) >= RIGHT * (len(outcomes.right) + len(outcomes.refused))


def test_refusals_are_written_down(outcomes: Outcomes, repository: Path) -> None:
    written = json.loads((repository / "docs" / "onnx-cases.json").read_text(encoding="utf-8"))
    if written["onnx"] != onnx.__version__:
        pytest.skip(f"written down for onnx {written['onnx']}, this is {onnx.__version__}")
    assert onnx_cases.record(outcomes) == written, "run: python -m nncc.tools.onnx_cases docs/onnx-cases.json"


def test_right_cases_stay_right_through_onnx(outcomes: Outcomes) -> None:
    """onnx -> nn -> onnx -> onnxruntime: what is not right is refused, or has no kernel, or is known to differ."""

    def prepare(model: Any) -> RoundTrip:
        try:
            return RoundTrip(model)
        except RuntimeLimit as error:
            raise CompileError(f"onnxruntime: {error}") from error

    chosen = set(outcomes.right)
    lowered = onnx_cases.run_cases(prepare, chosen.__contains__)
    assert not lowered.wrong.keys() - DIFFERENT_IN_ONNXRUNTIME, lowered.wrong
    assert len(lowered.right) >= STILL_RIGHT * len(chosen), lowered.refused


def test_open_dimensions_make_no_case_wrong(outcomes: Outcomes) -> None:
    """With a symbol for every dimension of the inputs, more is refused, and nothing is wrong."""
    chosen = _compact(outcomes)
    opened = onnx_cases.run_cases(lambda model: Prepared(_opened(model)), chosen.__contains__)
    assert not opened.wrong
    assert len(opened.right) >= RIGHT_WITH_SYMBOLS * len(chosen), opened.refused


def _compact(outcomes: Outcomes) -> set[str]:
    """The right cases, without those that spell an operator's function body out."""
    return {name for name in outcomes.right if "_expanded" not in name}


def _opened(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    ports = [*copy.graph.input, *copy.graph.output]
    dims = [d for p in ports for d in p.type.tensor_type.shape.dim if p.type.HasField("tensor_type")]
    inputs = sum(len(p.type.tensor_type.shape.dim) for p in copy.graph.input if p.type.HasField("tensor_type"))
    for number, dim in enumerate(dims):
        dim.Clear()
        if number < inputs:
            dim.dim_param = f"S{number}"
    return copy


def test_constant_inputs_make_no_case_wrong(outcomes: Outcomes) -> None:
    """With constants for all inputs but the first, as exporters have axes and shapes, other ways are gone."""
    cases = {c.model.SerializeToString(): c for c in load_model_tests(kind="node") if c.model and c.data_sets}
    given = {key: case.data_sets[0][0] for key, case in cases.items() if case.data_sets}

    def prepare(model: onnx.ModelProto) -> Prepared:
        values = given.get(model.SerializeToString())
        return Prepared(model) if values is None else Baked(model, values)

    chosen = _compact(outcomes)
    baked = onnx_cases.run_cases(prepare, chosen.__contains__)
    assert not baked.wrong
    assert len(baked.right) >= RIGHT_WITH_CONSTANTS * len(chosen), baked.refused


class Baked(Prepared):
    """A model whose inputs, but the first, are initializers of given values. It runs on the first alone."""

    def __init__(self, model: onnx.ModelProto, values: Sequence[Any]) -> None:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        tensors = {
            port.name: value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
            for port, value in list(zip(copy.graph.input, values, strict=False))[1:]
            if not isinstance(value, list | onnx.SequenceProto | onnx.OptionalProto)
        }
        for name, tensor in tensors.items():
            copy.graph.initializer.add().CopyFrom(tensor)
            copy.graph.initializer[-1].name = name
        self.kept = [i for i, port in enumerate(copy.graph.input) if port.name not in tensors]
        inputs = [copy.graph.input[i] for i in self.kept]
        del copy.graph.input[:]
        copy.graph.input.extend(inputs)
        super().__init__(copy)

    def run(self, inputs: Any, **options: Any) -> tuple[np.ndarray, ...]:
        return super().run([inputs[i] for i in self.kept])


def test_the_tool_writes_what_the_test_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(onnx_cases, "run_cases", lambda: Outcomes(["test_abs"], {"test_add": "no"}, {"test_x": "bad"}))
    assert onnx_cases.main([str(tmp_path / "made.json")]) == 1
    made = json.loads((tmp_path / "made.json").read_text())
    assert made["operators"]["Abs"]["right"] == 1
    assert made["operators"]["Add"]["refused"] == {"test_add": "no"}
    assert "1 right, 1 refused, 1 wrong" in capsys.readouterr().out
    assert onnx_cases.main([]) == 2
