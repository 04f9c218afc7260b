"""TFLite files to every target, each run by its own runtime: the numbers of the source, and no more operations."""

from collections import Counter
from pathlib import Path

import numpy as np
import ort
import pytest
from litert import assert_close, op_names, open_model, run

import nncc

MODELS = ["unet", "lstm", "transformer", "channel_shuffle"]


def written(source: Path, target: Path, pipeline: str, **parameters: object) -> nncc.ir.Module:
    module = nncc.load(source)
    nncc.compile(module, pipeline, **parameters)
    nncc.save(module, target)
    return module


@pytest.fixture(params=MODELS)
def source(request: pytest.FixtureRequest, data: Path, tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """A float file, and inputs for it."""
    path = tmp_path / "source.tflite"
    module = written(data / f"{request.param}.nnp", path, "nnp-to-tflite", batch=2)
    rng = np.random.default_rng(1)
    shapes = {d["name"]: d["shape"] for d in open_model(path, xnnpack=False).get_input_details()}
    inputs = {name: rng.random(shapes[name], np.float32) for name in module.main.input_names}
    return path, inputs


def test_onnx(source: tuple[Path, dict[str, np.ndarray]], tmp_path: Path) -> None:
    path, inputs = source
    written(path, tmp_path / "m.onnx", "tflite-to-onnx")
    assert_close(ort.run(tmp_path / "m.onnx", inputs), run(path, inputs, xnnpack=False), "onnxruntime", 1e-4)


def test_tflite_has_no_more_operations(source: tuple[Path, dict[str, np.ndarray]], tmp_path: Path) -> None:
    path, inputs = source
    target = tmp_path / "m.tflite"
    written(path, target, "tflite-to-tflite", batch=2)
    assert_close(run(target, inputs, xnnpack=False), run(path, inputs, xnnpack=False), "LiteRT", 1e-4)
    before, after = op_names(path), op_names(target)
    assert len(after) <= len(before)
    assert Counter(after)["TRANSPOSE"] <= Counter(before)["TRANSPOSE"]


def test_nnp_and_back(source: tuple[Path, dict[str, np.ndarray]], tmp_path: Path) -> None:
    path, inputs = source
    written(path, tmp_path / "m.nnp", "tflite-to-nnp", batch=2)
    written(tmp_path / "m.nnp", tmp_path / "m.tflite", "nnp-to-tflite", batch=2, io_layout="keep")
    assert_close(run(tmp_path / "m.tflite", inputs, xnnpack=False), run(path, inputs, xnnpack=False), "LiteRT", 1e-4)


@pytest.fixture
def quantized(data: Path, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A file of 8-bit integers, and integers for it."""
    path = tmp_path / "int8.tflite"
    module = nncc.load(data / "residual.nnp")
    probe = module.clone_module()
    nncc.compile(probe, "nnp-to-nn", batch=1)
    shape = probe.main.inputs[0].tensor.static_shape
    samples = {probe.main.input_names[0]: np.random.default_rng(2).random((8, *shape[1:]), np.float32)}
    nncc.compile(module, "nnp-to-tflite-int8", dataset=samples, equalize=[0.0], method="minmax")
    nncc.save(module, path)
    detail = open_model(path, xnnpack=False).get_input_details()[0]
    integers = np.random.default_rng(3).integers(-128, 128, detail["shape"]).astype(np.int8)
    return path, integers


def test_integers_stay_in_onnx(quantized: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, integers = quantized
    module = written(path, tmp_path / "m.onnx", "tflite-to-onnx")
    inputs = {module.main.input_names[0]: integers}
    got, wanted = ort.run(tmp_path / "m.onnx", inputs), run(path, inputs, xnnpack=False)
    assert list(got) == list(wanted)
    for name, value in wanted.items():
        assert got[name].dtype == np.int8
        assert abs(got[name].astype(int) - value).max() <= 2
    kinds = ort.op_types(ort.check(tmp_path / "m.onnx"))
    assert kinds["DequantizeLinear"] and kinds["QuantizeLinear"] and not kinds["Round"]


def test_8_bit_kernels_keep_the_scales(quantized: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, integers = quantized
    target = tmp_path / "m.tflite"
    module = written(path, target, "tflite-to-tflite-int8")
    inputs = {module.main.input_names[0]: integers}
    got, wanted = run(target, inputs, xnnpack=False), run(path, inputs, xnnpack=False)
    for name, value in wanted.items():
        assert abs(got[name].astype(int) - value).max() <= 2
    assert len(op_names(target)) <= len(op_names(path))
    outputs = [open_model(p, xnnpack=False).get_output_details()[0]["quantization"] for p in (path, target)]
    assert outputs[0] == outputs[1]


def test_real_numbers_out_of_integers(quantized: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, integers = quantized
    target = tmp_path / "m.tflite"
    module = written(path, target, "tflite-to-tflite")
    name = module.main.input_names[0]
    model = open_model(path, xnnpack=False)
    (scale, zero), (out_scale, out_zero) = (
        details[0]["quantization"] for details in (model.get_input_details(), model.get_output_details())
    )
    got = run(target, {name: ((integers - float(zero)) * scale).astype(np.float32)}, xnnpack=False)
    (wanted,) = run(path, {name: integers}, xnnpack=False).values()
    (value,) = got.values()
    assert value.dtype == np.float32
    assert abs(value / out_scale + out_zero - wanted).max() <= 2.01
