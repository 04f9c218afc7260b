"""Models with branches and loops from file to file: what is known of them is used, whatever it takes to know it."""

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime
from litert import op_names, run

from nncc.ir import Module
from nncc.pipelines import driver

RNG = np.random.default_rng(5)


def source(graph: str, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]>\nagraph {graph}'), path)
    return path


def compiled(path: Path, target: str, **parameters: object) -> tuple[Module, Path]:
    module = driver.load(path)
    driver.compile(module, f"onnx-to-{target}", **parameters)
    out = path.with_suffix(f".{target}")
    driver.save(module, out)
    return module, out


def expected(path: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs), strict=True))


SQUEEZE = """(float[n,1,4] x) => (float[k,4] y) {
  s = Shape(x)  first = Gather(s, zero)  c = Equal(first, one)
  z = If(c) <
    then_branch = a () => (float[1,4] za) { axes = Constant<value = int64[1] {0}>()  za = Squeeze(x, axes) },
    else_branch = b () => (float[n,1,4] zb) { zb = Identity(x) }
  >
  e = Exp(z)  t = Shape(e)  last = Gather(t, minus)  l = Unsqueeze(last, zeros)  m = Constant<value = int64[1] {-1}>()
  shape = Concat<axis = 0>(m, l)
  y = Reshape(e, shape)
}""".replace("{\n  s", "\n  <int64 zero = {0}, int64 one = {1}, int64 minus = {-1}, int64[1] zeros = {0}> {\n  s", 1)


def test_a_branch_that_the_batch_decides(tmp_path: Path) -> None:
    """The rank of what is given differs; once the batch is known, so is all behind it."""
    path = source(SQUEEZE, tmp_path)
    _, lite = compiled(path, "tflite", batch=1)
    assert not {"IF", "SHAPE", "GATHER"} & set(op_names(lite))
    x = {"x": RNG.standard_normal((1, 1, 4)).astype(np.float32)}
    np.testing.assert_allclose(run(lite, x, xnnpack=True)["y"], expected(path, x)["y"], rtol=1e-6)


GROWING = """(float[2,3] x) => (float[k,3] y) {
  n = Constant<value = int64 {3}>()
  z = Loop(n, , x) <body = b (int64 i, bool go, float[m,3] a) => (bool go_on, float[p,3] next) {
    go_on = Identity(go)
    first = Equal(i, zero)
    u = If(first) <
      then_branch = a () => (float[m,3] p) { p = Neg(a) },
      else_branch = e () => (float[q,3] r) { r = Concat<axis = 0>(a, x) }
    >
    s = Shape(u)  l = ReduceProd<keepdims = 1>(s)  f = Reshape(u, l)  w = Tanh(f)
    next = Reshape(w, s)
  }>
  y = Exp(z)
}""".replace("{\n  n", "\n  <int64 zero = {0}> {\n  n", 1)


def test_what_changes_from_trip_to_trip_is_known_in_each(tmp_path: Path) -> None:
    path = source(GROWING, tmp_path)
    module, lite = compiled(path, "tflite")
    assert module.main.outputs[0].tensor.shape == (6, 3)
    assert set(op_names(lite)) <= {"NEG", "TANH", "CONCATENATION", "EXP", "RESHAPE"}
    x = {"x": RNG.standard_normal((2, 3)).astype(np.float32)}
    for xnnpack in (True, False):
        np.testing.assert_allclose(run(lite, x, xnnpack)["y"], expected(path, x)["y"], rtol=1e-5)


def test_loops_stay_loops_in_onnx(tmp_path: Path) -> None:
    path = source(GROWING, tmp_path)
    module = driver.load(path)
    driver.compile(module, "onnx-to-onnx")
    driver.save(module, tmp_path / "again.onnx")
    assert "Loop" in {node.op_type for node in onnx.load(tmp_path / "again.onnx").graph.node}
    x = {"x": RNG.standard_normal((2, 3)).astype(np.float32)}
    np.testing.assert_allclose(expected(tmp_path / "again.onnx", x)["y"], expected(path, x)["y"], rtol=1e-5)


def test_nnabla_gets_the_trips(tmp_path: Path) -> None:
    """A network of NNabla has no loops: it is the same in every run."""
    path = source(GROWING, tmp_path)
    _, network = compiled(path, "nnp")
    back = driver.load(network)
    driver.compile(back, "nnp-to-nn", batch=2)
    x = {"x": RNG.standard_normal((2, 3)).astype(np.float32)}
    np.testing.assert_allclose(back.evaluate(x)["y"], expected(path, x)["y"], rtol=1e-5)
