"""ONNX to TFLite, float and INT8: few operators, no stray transposes, onnxruntime's numbers in LiteRT."""

from pathlib import Path

import litert
import numpy as np
import onnx
import onnx.parser
import pytest

from nncc.ir import CompileError
from nncc.ir.numerics import signal_to_noise
from nncc.ir.ports import from_ports, to_ports
from nncc.pipelines import driver

SMALL = """<ir_version: 8, opset_import: ["" : 13]>
small (float[N,3,H,W] image) => (float[N,K] y) {
  three = Constant<value = float {3}>() zero = Constant<value = float {0}>() six = Constant<value = float {6}>()
  c1 = Conv<pads = [1,1,1,1], strides = [2,2]>(image, w, b)
  a1 = Add(c1, three) k1 = Clip(a1, zero, six) m1 = Mul(c1, k1) h1 = Div(m1, six)
  t1 = Transpose<perm = [0,2,3,1]>(h1) r1 = Relu(t1) t2 = Transpose<perm = [0,3,1,2]>(r1)
  c2 = Conv(t2, v) s2 = Sigmoid(c2) p2 = Mul(c2, s2) g = GlobalAveragePool(p2)
  s = Shape(g) i = Constant<value = int64 {0}>() n = Gather(s, i) ax = Constant<value = int64[1] {0}>()
  u = Unsqueeze(n, ax) rest = Constant<value = int64[1] {-1}>() shape = Concat<axis = 0>(u, rest)
  f = Reshape(g, shape) d = MatMul(f, m) y = Add(d, c)
}"""
WEIGHTS = {"w": (8, 3, 3, 3), "b": (8,), "v": (8, 8, 1, 1), "m": (8, 4), "c": (4,)}
SHAPE = {"image": (1, 3, 16, 16)}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A network with what exporters write; weights are random."""
    model = onnx.parser.parse_model(SMALL)
    rng = np.random.default_rng(0)
    for name, shape in WEIGHTS.items():
        numbers = rng.normal(0, 0.4, shape).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(numbers, name))
    path = tmp_path / "small.onnx"
    onnx.save(model, path)
    return path


def expected(path: Path, samples: np.ndarray) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"image": sample[None]})[0] for sample in samples])


def converted(path: Path, pipeline: str, samples: np.ndarray, xnnpack: bool, **options) -> tuple[np.ndarray, list[str]]:
    """The outputs of the TFLite file in LiteRT, and its operators."""
    module = driver.load(path, input_shape=SHAPE)
    driver.compile(module, pipeline, **options)
    target = path.with_suffix(".tflite")
    driver.save(module, target)
    rows = []
    for sample in samples:
        feed = to_ports(module.main, {"image": sample[None]})
        rows.append(from_ports(module.main, litert.run(target, feed, xnnpack))["y"])
    return np.concatenate(rows), litert.op_names(target)


@pytest.mark.parametrize("xnnpack", [True, False])
def test_float(small, xnnpack):
    samples = np.random.default_rng(1).normal(size=(2, *SHAPE["image"][1:])).astype(np.float32)
    actual, ops = converted(small, "onnx-to-tflite", samples, xnnpack)
    np.testing.assert_allclose(actual, expected(small, samples), rtol=1e-4, atol=1e-5)
    wanted = ["PAD", "CONV_2D", "HARD_SWISH", "RELU", "CONV_2D", "LOGISTIC", "MUL", "MEAN", "FULLY_CONNECTED"]
    assert [op for op in ops if op != "DELEGATE"] == wanted


@pytest.mark.parametrize("xnnpack", [True, False])
def test_int8(small, xnnpack):
    samples = np.random.default_rng(1).normal(size=(8, *SHAPE["image"][1:])).astype(np.float32)
    actual, ops = converted(small, "onnx-to-tflite-int8", samples, xnnpack, dataset={"image": samples})
    assert not {"QUANTIZE", "DEQUANTIZE", "TRANSPOSE"} & set(ops)
    assert signal_to_noise(expected(small, samples), actual) > 20


def test_open_dimensions_are_refused_with_the_flag(small):
    module = driver.load(small)
    with pytest.raises(CompileError) as caught:
        driver.compile(module, "onnx-to-tflite")
    assert "the input 'image' has no fixed shape" in str(caught.value)
    assert "--input-shape image=1,3,H,W" in str(caught.value)
