"""8-bit operations of the c dialect for any scales and zero points: LiteRT's reference kernels give the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from int8_cases import made
from litert import run, run_reference

from nncc.backends.tflite import save
from nncc.ir import Builder, Function, Module, QuantizedType, TensorType, Value, as_dense
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I1, I8, I32
from nncc.lowering.c.lower import LowerToC
from nncc.lowering.tfl.lower import LowerToTfl

FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**16)


def scales(low: float, high: float) -> st.SearchStrategy[float]:
    """Scales that a file holds."""
    return st.floats(low, high).map(lambda v: float(np.float32(v)))


@st.composite
def kinds(draw: Any, low: float = 1e-4, high: float = 10.0) -> QuantizedType:
    return QuantizedType(I8, F32, (draw(scales(low, high)),), (draw(st.integers(-128, 127)),))


def near(scale: float) -> st.SearchStrategy[QuantizedType]:
    """Types of results whose numbers are about as large as some others."""
    return kinds(scale / 8, scale * 8)


def check(module: Module, seed: int) -> None:
    """The numbers of the c dialect are those of LiteRT: for SUM of its builtin kernel, as the reference is wrong."""
    has_sum = any(op.name == "nn.reduce_sum" for op in module.main.body)
    rng = np.random.default_rng(seed)
    inputs = {
        name: rng.integers(-128, 128, value.tensor.static_shape).astype(np.int8)
        for name, value in zip(module.main.input_names, module.main.inputs, strict=True)
    }
    LowerToTfl().run(module, PassContext())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        save(module, path)
        wanted = run(path, inputs, xnnpack=False) if has_sum else run_reference(path, inputs)
    LowerToC().run(module, PassContext())
    for name, got in module.evaluate(inputs).items():
        np.testing.assert_array_equal(got, wanted[name])


def check_op(
    name: str, operands: Sequence[tuple[Any, Any]], result: tuple[Any, Any], seed: int, **attributes: Any
) -> None:
    module = Module()
    types = [TensorType(tuple(s), k) for s, k in operands]
    function, block = Function.create("main", [(f"x{i}", t) for i, t in enumerate(types)])
    module.body.append(function)
    op = made(Builder(module, block), name, function.inputs, [result], **attributes)
    function.set_outputs([("y", op.results[0])])
    check(module, seed)


@FEW
@given(st.sampled_from(["add", "sub", "squared_difference"]), kinds(), kinds(), SEEDS, st.data())
def test_sums(name: str, a: QuantizedType, b: QuantizedType, seed: int, data: Any) -> None:
    larger = max(a.scale, b.scale)
    y = data.draw(near(larger * larger * 64 if name == "squared_difference" else larger))
    check_op(name, [((3, 40), a), ((40,), b)], ((3, 40), y), seed)


@FEW
@given(kinds(), kinds(), SEEDS, st.data())
def test_products(a: QuantizedType, b: QuantizedType, seed: int, data: Any) -> None:
    y = data.draw(near(a.scale * b.scale * 64))
    check_op("mul", [((3, 40), a), ((3, 1), b)], ((3, 40), y), seed)
    check_op("matmul", [((2, 3, 9), a), ((9, 5), b)], ((2, 3, 5), y), seed)
    check_op("prelu", [((1, 2, 3, 9), a), ((9,), b)], ((1, 2, 3, 9), data.draw(near(a.scale))), seed)


@FEW
@given(st.sampled_from(["equal", "less", "greater_equal"]), kinds(1e-4, 0.99), kinds(1e-4, 0.99), SEEDS)
def test_comparisons(name: str, a: QuantizedType, b: QuantizedType, seed: int) -> None:
    """LiteRT's kernels end the process where a scale is 1 or more."""
    check_op(name, [((300,), a), ((300,), b)], ((300,), I1), seed)


@FEW
@given(st.sampled_from(["abs", "relu", "gelu", "exp", "log"]), kinds(), SEEDS, st.data())
def test_functions(name: str, x: QuantizedType, seed: int, data: Any) -> None:
    y = data.draw(near(x.scale))
    check_op(name, [((600,), x)], ((600,), y), seed)
    check_op("leaky_relu", [((600,), x)], ((600,), y), seed, alpha=data.draw(scales(0.0, 0.9)))


@FEW
@given(kinds(1e-3, 1.0), SEEDS)
def test_functions_with_prescribed_results(x: QuantizedType, seed: int) -> None:
    for name, scale, zero in (("sigmoid", 1 / 256, -128), ("tanh", 1 / 128, 0)):
        check_op(name, [((600,), x)], ((600,), QuantizedType(I8, F32, (scale,), (zero,))), seed)
    wide = QuantizedType(I8, F32, (x.scale / 2,), (7,))
    check_op("hard_swish", [((600,), x)], ((600,), wide), seed)


@FEW
@given(kinds(), st.integers(1, 300), SEEDS)
def test_softmax(x: QuantizedType, length: int, seed: int) -> None:
    check_op("softmax", [((3, length), x)], ((3, length), QuantizedType(I8, F32, (1 / 256,), (-128,))), seed)
    check_op("log_softmax", [((3, length), x)], ((3, length), QuantizedType(I8, F32, (1 / 16,), (127,))), seed)


@FEW
@given(kinds(), st.integers(1, 7), st.integers(1, 7), SEEDS, st.data())
def test_means(x: QuantizedType, h: int, w: int, seed: int, data: Any) -> None:
    y = data.draw(near(x.scale))
    check_op("reduce_mean", [((2, h, w, 5), x)], ((2, 5), y), seed, axes=(1, 2), keep_dims=False)
    check_op("reduce_sum", [((2, h, w, 5), x)], ((2, 5), y), seed, axes=(1, 2), keep_dims=False)
    check_op("reduce_mean", [((h, 4, w, 5), x)], ((1, 4, 1, 5), y), seed, axes=(0, 2), keep_dims=True)


@FEW
@given(st.integers(1, 6), st.integers(1, 13), st.sampled_from(["half_pixel", "align_corners", "asymmetric"]), SEEDS)
def test_interpolation(size: int, out: int, coordinate: str, seed: int) -> None:
    x = QuantizedType(I8, F32, (0.1,), (3,))
    options = {"mode": "linear", "coordinate": coordinate, "rounding": "floor", "channel_last": True}
    check_op("resize", [((1, size, 5, 3), x)], ((1, out, 7, 3), x), seed, sizes=(out, 7), **options)


@FEW
@given(kinds(), SEEDS, st.data())
def test_requantization(x: QuantizedType, seed: int, data: Any) -> None:
    y = data.draw(near(x.scale))
    check_op("quantize", [((300,), x)], ((300,), y), seed, to=TensorType((300,), y))


def _constant(b: Builder, array: np.ndarray, kind: QuantizedType) -> Value:
    return made(b, "constant", [], [(array.shape, kind)], value=as_dense(array, TensorType(array.shape, kind))).results[
        0
    ]


@FEW
@given(kinds(), st.integers(1, 9), st.integers(1, 9), SEEDS, st.data())
def test_weights(x: QuantizedType, channels: int, outputs: int, seed: int, data: Any) -> None:
    """A convolution and a product of matrices, with scales for each output."""
    rng = np.random.default_rng(seed)
    y = data.draw(near(x.scale))
    weight_scales = tuple(map(float, (rng.random(outputs) * 0.02 + 1e-3).astype(np.float32)))
    bias_kind = QuantizedType(I32, F32, tuple(x.scale * s for s in weight_scales), (0,) * outputs, 0)
    bias = rng.integers(-3000, 3000, outputs).astype(np.int32)
    for name, shape, axis, ports, attributes in (
        ("conv", (outputs, channels, 3, 2), 0, ((1, 5, 4, channels), (1, 5, 4, outputs)), _SAME),
        ("affine", (channels, outputs), 1, ((3, channels), (3, outputs)), {}),
    ):
        module = Module()
        function, block = Function.create("main", [("x", TensorType(ports[0], x))])
        module.body.append(function)
        b = Builder(module, block)
        kind = QuantizedType(I8, F32, weight_scales, (0,) * outputs, axis)
        weight = rng.integers(-127, 128, shape).astype(np.int8)
        operands = [*function.inputs, _constant(b, weight, kind), _constant(b, bias, bias_kind)]
        op = made(b, name, operands, [(ports[1], y)], **attributes)
        function.set_outputs([("y", op.results[0])])
        check(module, seed)


_SAME: dict[str, Any] = {"pads": (1, 0, 1, 1), "channel_last": True}
