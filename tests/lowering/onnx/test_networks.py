"""Whole networks in onnxruntime: NNabla's numbers at several opsets and batch sizes, from ONNX again, and in INT8."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ort import check, op_types, run, session

from nncc.pipelines import driver

DATA = Path(__file__).parent.parent.parent / "data"
NETWORKS = sorted(path.stem for path in DATA.glob("*.nnp"))
GROUPS = {"in_": "out_", "in1_": "out1_"}
"""The prefixes of inputs and outputs in a file of golden values: one batch size each."""


def compile(source: Path, target: Path, pipeline: str, **parameters: Any) -> None:
    module = driver.load(source)
    driver.compile(module, pipeline, **parameters)
    driver.save(module, target)


def group(golden: Any, prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): golden[key] for key in golden.files if key.startswith(prefix)}


def expect_golden(model: Path, golden: Any) -> None:
    for given, computed in GROUPS.items():
        inputs = group(golden, given)
        got = run(model, inputs) if inputs else {}
        for name, expected in group(golden, computed).items():
            assert got[name].shape == expected.shape, name
            np.testing.assert_allclose(got[name], expected, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("opset", [9, 13, 26])
@pytest.mark.parametrize("name", NETWORKS)
def test_numbers(name: str, opset: int, tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    compile(DATA / f"{name}.nnp", model, "nnp-to-onnx", opset=f"opset_{opset}")
    assert check(model).opset_import[0].version == opset
    with np.load(DATA / f"{name}.npz") as golden:
        expect_golden(model, golden)


@pytest.mark.parametrize("name", NETWORKS)
def test_from_onnx_to_onnx(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.onnx", tmp_path / "second.onnx"
    compile(DATA / f"{name}.nnp", first, "nnp-to-onnx", opset="9")
    compile(first, second, "onnx-to-onnx", opset="opset_17")
    assert check(second).opset_import[0].version == 17
    assert sum(op_types(check(second)).values()) <= sum(op_types(check(first)).values())
    with np.load(DATA / f"{name}.npz") as golden:
        expect_golden(second, golden)


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_of_a_batch_at_the_oldest_opset(name: str, tmp_path: Path) -> None:
    """Before opset 9 there is no Where: choices need to know the batch size."""
    with np.load(DATA / f"{name}.npz") as golden:
        inputs, outputs = group(golden, "in_"), group(golden, "out_")
    (batch,) = {len(x) for x in inputs.values()}
    compile(DATA / f"{name}.nnp", tmp_path / "m.onnx", "nnp-to-onnx", opset="opset_7", batch=batch)
    check(tmp_path / "m.onnx")
    got = run(tmp_path / "m.onnx", inputs)
    for output, expected in outputs.items():
        np.testing.assert_allclose(got[output], expected, rtol=1e-3, atol=1e-4, err_msg=output)


def test_a_batch_size_is_written(tmp_path: Path) -> None:
    compile(DATA / "residual.nnp", tmp_path / "m.onnx", "nnp-to-onnx", batch=5)
    (port,) = check(tmp_path / "m.onnx").graph.input
    assert port.type.tensor_type.shape.dim[0].dim_value == 5


LEAST_DB = {"residual": 25.0, "unet": 25.0, "channel_shuffle": 10.0, "transformer": 20.0}


@pytest.mark.parametrize("name", list(LEAST_DB))
def test_int8(name: str, tmp_path: Path) -> None:
    """The integer model in onnxruntime against the float one, and what kernels it is fused to."""
    whole, quantized, fused = (tmp_path / f"{n}.onnx" for n in ("float", "int8", "fused"))
    with np.load(DATA / f"{name}.npz") as golden:
        samples = group(golden, "rep_")
    np.savez(tmp_path / "rep.npz", **samples)
    compile(DATA / f"{name}.nnp", whole, "nnp-to-onnx")
    compile(DATA / f"{name}.nnp", quantized, "nnp-to-onnx-int8", dataset=tmp_path / "rep.npz")
    check(quantized)
    expected, got = run(whole, samples), run(quantized, samples)
    for output, real in expected.items():
        noise = float(np.square(real - got[output]).sum())
        assert 10 * np.log10(float(np.square(real).sum()) / noise) > LEAST_DB[name]
    session(quantized, optimized=fused)
    kernels = op_types(onnx.load(fused))
    linear = kernels["QLinearConv"] + kernels["QGemm"] + kernels["QLinearMatMul"] + kernels["MatMulIntegerToFloat"]
    assert linear >= 0.75 * sum(op_types(check(quantized))[k] for k in ("Conv", "Gemm", "MatMul"))
    large = [t for t in check(quantized).graph.initializer if np.prod(t.dims) > 64 and t.dims[0] != 1]
    assert large
    assert {t.data_type for t in large} == {onnx.TensorProto.INT8}


def test_int8_ports(tmp_path: Path) -> None:
    with np.load(DATA / "residual.npz") as golden:
        np.savez(tmp_path / "rep.npz", **group(golden, "rep_"))
    compile(
        DATA / "residual.nnp",
        tmp_path / "m.onnx",
        "nnp-to-onnx-int8",
        dataset=tmp_path / "rep.npz",
        io_type="int8",
    )
    graph = check(tmp_path / "m.onnx").graph
    assert {p.type.tensor_type.elem_type for p in (*graph.input, *graph.output)} == {onnx.TensorProto.UINT8}
    session(tmp_path / "m.onnx")


@pytest.mark.parametrize("folder", ["models", "nnc"])
def test_corpus(corpus: Path, folder: str, tmp_path: Path) -> None:
    networks = sorted((corpus / folder).glob("*.nnp"))
    if not networks:
        pytest.skip(f"the corpus has no folder {folder}")
    for path in networks:
        compile(path, tmp_path / "m.onnx", "nnp-to-onnx", opset="opset_9")
        check(tmp_path / "m.onnx")
        with np.load(path.with_suffix(".npz")) as golden:
            expect_golden(tmp_path / "m.onnx", golden)
