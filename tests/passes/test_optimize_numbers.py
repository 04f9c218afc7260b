"""Random networks: every pass that folds, fuses, recognizes or moves keeps the numbers, the ports and valid IR."""

from __future__ import annotations

import control_flow
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import nn_modules

from nncc.ir import Builder, Function, Module, TensorType, Value
from nncc.ir.interpreter import evaluate
from nncc.ir.numerics import random_inputs
from nncc.ir.pass_manager import PassManager
from nncc.ir.types import F32
from nncc.pipelines import driver

PASSES = [
    "fold-batch-norm",
    "fold-padding",
    "fold-scales",
    "fuse-activations",
    "merge-affines",
    "normalize-arithmetic",
    "recognize-hard-swish",
    "recognize-hard-sigmoid",
    "recognize-channel-shuffle",
    "simplify-movement",
    "simplify-reductions",
]
LAYERS = {
    "image": ["conv", "deconv", "pool", "resize", "mean", "flatten", "split channels", "border"],
    "vector": ["affine", "matmul", "fold up", "pad"],
    "any": ["scale", "shift", "norm", "activation", "residual", "concat", "slice", "reshape", "transpose", "swish"],
}


@st.composite
def networks(draw, most: int = 10) -> Module:
    """Chains and branches of linear operations, constants, and what constants and reshapes move through."""
    module = Module()
    shape = (draw(st.integers(1, 2)), draw(st.sampled_from([2, 4])), 4, 4)
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    b = Builder(module, block)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    values: list[Value] = list(function.inputs)
    for _ in range(draw(st.integers(2, most))):
        x = draw(st.sampled_from(values[-2:]))
        kinds = LAYERS["any"] + (LAYERS["image"] if x.tensor.rank == 4 else LAYERS["vector"])
        values.append(layer(draw, b, rng, draw(st.sampled_from(kinds)), x, values))
    outputs = [values[-1], draw(st.sampled_from(values))] if draw(st.booleans()) else [values[-1]]
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
    return module


def weights(rng, *shape: int) -> np.ndarray:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def layer(draw, b: Builder, rng, kind: str, x: Value, values: list[Value]) -> Value:
    shape, rank = x.tensor.static_shape, x.tensor.rank
    axis = 1 if rank == 4 else rank - 1
    along = [shape[axis] if a == axis else 1 for a in range(rank)]
    if kind in ("scale", "shift"):
        constant = draw(
            st.sampled_from([np.float32(rng.uniform(0.5, 2)), weights(rng, *along), weights(rng, *along) + 1])
        )
        name = draw(st.sampled_from(["mul", "div"] if kind == "scale" else ["add", "sub"]))
        constant = np.where(np.abs(constant) < 0.1, np.float32(0.5), constant) if kind == "scale" else constant
        return b.create(f"nn.{name}", x, constant).result
    if kind == "norm":
        scale, bias, mean = (weights(rng, shape[axis]) for _ in range(3))
        return b.nn.batch_norm(x, scale, bias, mean, np.abs(mean) + np.float32(0.5), axis=axis)
    if kind == "activation":
        name = draw(st.sampled_from(["relu", "leaky_relu", "tanh", "abs", "clip", "neg"]))
        return b.nn.clip(x, min=0.0, max=6.0) if name == "clip" else b.create(f"nn.{name}", x).result
    if kind == "swish":
        gate = b.nn.div(b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0), 6.0)
        return b.nn.mul(gate, x if draw(st.booleans()) else b.nn.tanh(x))
    if kind == "residual":
        return b.nn.add(x, draw(st.sampled_from([v for v in values if v.tensor.shape == shape])))
    if kind == "concat":
        fits = [v for v in values if v.tensor.rank == rank and small(v) and rest(v, axis) == rest(x, axis)]
        return b.nn.concat([x, draw(st.sampled_from(fits or [x]))], axis=axis) if small(x) else x
    if kind == "slice":
        stop = draw(st.integers(1, shape[axis]))
        whole = b.nn.concat([x, b.nn.tanh(x)], axis=axis) if draw(st.booleans()) else x
        stops = [stop if a == axis else 2**31 - 1 for a in range(rank)]
        return b.nn.slice(whole, starts=[0] * rank, stops=stops, steps=[1] * rank)
    if kind == "reshape":
        return b.nn.reshape(x, shape=draw(st.sampled_from([(shape[0], -1), (*shape[:-1], 1, shape[-1]), shape])))
    if kind == "transpose":
        return b.nn.transpose(x, perm=(0, *draw(st.permutations(range(1, rank)))))
    return special_layer(draw, b, rng, kind, x)


def small(x: Value) -> bool:
    return x.tensor.size < 400


def rest(x: Value, axis: int) -> tuple[int, ...]:
    shape = x.tensor.static_shape
    return shape[:axis] + shape[axis + 1 :]


def special_layer(draw, b: Builder, rng, kind: str, x: Value) -> Value:
    """What an image or a vector alone can have."""
    shape, rank = x.tensor.static_shape, x.tensor.rank
    channels = shape[1] if rank == 4 else shape[-1]
    k = draw(st.sampled_from([1, 3]))
    bias = draw(st.sampled_from([None, 4]))
    pads = (k // 2,) * 4 if draw(st.booleans()) or min(shape[2:], default=0) < k else ()
    if kind == "conv":
        groups = draw(st.sampled_from([g for g in (1, 2, 4) if channels % g == 0]))
        weight = weights(rng, 4, channels // groups, k, k)
        return b.nn.conv(x, weight, None if bias is None else weights(rng, 4), pads=pads, groups=groups)
    if kind == "deconv":
        groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
        weight = weights(rng, channels, 4 // groups, k, k)
        pads = pads if min(shape[2:]) > 1 else ()
        return b.nn.conv_transpose(x, weight, None if bias is None else weights(rng, 4), pads=pads, groups=groups)
    if kind == "pool" and min(shape[2:]) > 1:
        name = draw(st.sampled_from(["max_pool", "average_pool"]))
        return b.create(f"nn.{name}", x, kernel=(2, 2), pads=draw(st.sampled_from([(), (1, 0, 0, 1)]))).result
    if kind == "resize":
        return b.nn.resize(x, sizes=(4, 4), mode=draw(st.sampled_from(["nearest", "linear"])))
    if kind == "mean":
        return b.nn.reduce_mean(x, axes=(2, 3), keep_dims=draw(st.booleans()))
    if kind == "flatten":
        return b.nn.reshape(x, shape=(shape[0], -1))
    if kind == "split channels" and channels > 1:
        cut = channels // 2
        pieces = b.create("nn.split", x, axis=1, sizes=(cut, channels - cut)).results
        return b.nn.concat([b.nn.tanh(pieces[0]), b.nn.mul(pieces[1], 2.0)][:: draw(st.sampled_from([1, -1]))], axis=1)
    if kind == "affine":
        return b.nn.affine(x, weights(rng, channels, 4), None if bias is None else weights(rng, 4))
    if kind == "matmul":
        return b.nn.matmul(x, weights(rng, 4, channels), transpose_rhs=True)
    if kind == "border":
        return b.nn.pad(x, pads=(0, 0, 1, 0, 0, 0, 0, 1), value=draw(st.sampled_from([0.0, 1.0])))
    if kind == "fold up":
        return b.nn.reshape(b.nn.tanh(x), shape=(shape[0], 1, 1, -1))
    return b.nn.pad(x, pads=(*[0] * (rank - 1), 1, *[0] * (rank - 1), 1))


def check(module: Module, *names: str) -> None:
    function = module.main
    inputs = random_inputs({n: v.tensor for n, v in zip(function.input_names, function.inputs, strict=True)}, 3)
    largest = [1.0]
    before = evaluate(function, inputs, lambda op, results: largest.extend(float(np.abs(r).max()) for r in results))
    steps = [step for name in names for step in driver.find_pipeline(name).instantiate()]
    PassManager(steps).run(module)
    for name, after in evaluate(module.main, inputs).items():
        np.testing.assert_allclose(after, before[name], rtol=1e-4, atol=2e-5 * max(largest))


@pytest.mark.parametrize("name", PASSES)
@settings(max_examples=25, deadline=None)
@given(module=networks())
def test_one_pass_keeps_the_numbers(name, module):
    check(module, name)


@settings(max_examples=60, deadline=None)
@given(module=networks(14))
def test_all_together_keep_the_numbers(module):
    check(module, "nn-optimize")


@settings(max_examples=20, deadline=None)
@given(module=nn_modules(10))
def test_all_together_keep_the_numbers_of_images(module):
    check(module, "nn-optimize")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_networks_that_are_partly_in_regions_keep_the_numbers(data):
    """A run of operations stands in a branch, or in a loop of two trips."""
    module = data.draw(networks(14))
    first = data.draw(st.integers(0, len(module.main.body) - 2))
    last = data.draw(st.integers(first, len(module.main.body) - 2))
    kind = data.draw(st.sampled_from(["if", "loop"]))
    control_flow.enclose(module, first, last, kind)
    some = [data.draw(st.sampled_from(PASSES)), "channel-last{io=keep}"]
    check(module, *data.draw(st.sampled_from([["nn-optimize"], some])))


@pytest.mark.parametrize("shape", [None, (None, None, None, None), ("N", "C", "H", "W"), (2, 4, None, None)], ids=str)
def test_what_is_not_known_is_left_alone(shape):
    """Ranks and dimensions that nobody knows: no pass may fail on them, or guess."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    b, x = Builder(module, block), function.inputs[0]
    rng = np.random.default_rng(0)
    h = b.nn.mul(b.nn.add(b.nn.neg(x), weights(rng, 4, 1, 1)), 0.5)
    h = b.nn.relu(b.nn.conv(b.nn.max_pool(h, kernel=(1, 1)), weights(rng, 4, 4, 1, 1)))
    h = b.nn.batch_norm(h, *(weights(rng, 4) + 2 for _ in range(4)))
    parts = b.create("nn.split", b.nn.div(b.nn.concat([h, b.nn.tanh(h)], axis=1), 3.0), axis=1, sizes=(4, 4)).results
    parts = [b.nn.reshape(p, shape=(0, -1)) for p in parts]
    flat = b.nn.tanh(b.nn.reshape(b.nn.concat(parts, axis=1), shape=(-1, 16)))
    flat = b.nn.affine(b.nn.reshape(flat, shape=(-1, 1, 16)), weights(rng, 16, 3))
    cut = [b.nn.slice(flat, starts=(0, 0, i), stops=(9, 9, i + 1), steps=(1, 1, 1)) for i in range(3)]
    mean = b.nn.reshape(b.nn.reduce_mean(h, axes=(2, 3)), shape=(0, -1))
    swish = b.nn.mul(h, b.nn.div(b.nn.clip(b.nn.add(h, 3.0), min=0.0, max=6.0), 6.0))
    function.set_outputs([(f"y{i}", value) for i, value in enumerate([*cut, mean, swish])])
    inputs = {"x": rng.normal(size=(2, 4, 2, 2)).astype(np.float32)}
    before = evaluate(function, inputs)
    PassManager(driver.find_pipeline("nn-optimize").instantiate()).run(module)
    for name, after in evaluate(function, inputs).items():
        np.testing.assert_allclose(after, before[name], rtol=1e-4, atol=1e-4)
