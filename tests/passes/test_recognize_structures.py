"""recognize-layer-norm and recognize-channel-shuffle: spellings, scale and bias, and what only looks like them."""

import numpy as np
import pytest

from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_operation
from nncc.passes.recognize_channel_shuffle import RecognizeChannelShuffle, shuffled_axis
from nncc.passes.recognize_layer_norm import RecognizeLayerNorm

TOKENS = {"x": ("N", 5, 8)}
NORM = RecognizeLayerNorm.name
SHUFFLE = RecognizeChannelShuffle.name


def mean(b, x, axes=(2,)):
    return b.nn.reduce_mean(x, axes=axes)


def by_rsqrt(b, centred, variance):
    return b.nn.mul(centred, b.nn.rsqrt(b.nn.add(variance, 1e-3)))


def by_sqrt(b, centred, variance):
    return b.nn.div(centred, b.nn.sqrt(b.nn.add(1e-3, variance)))


def by_power(b, centred, variance):
    return b.nn.div(centred, b.nn.pow(b.nn.add(variance, 1e-3), 0.5))


def by_reciprocal(b, centred, variance):
    return b.nn.mul(b.nn.div(1.0, b.nn.sqrt(b.nn.add(variance, 1e-3))), centred)


SQUARES = {
    "square": lambda b, x, centred: b.nn.square(centred),
    "product": lambda b, x, centred: b.nn.mul(centred, centred),
    "power": lambda b, x, centred: b.nn.pow(centred, 2.0),
    "difference": lambda b, x, centred: b.nn.squared_difference(x, centred.defining_op.rhs),
    "again": lambda b, x, centred: b.nn.square(b.nn.sub(x, mean(b, x))),
}


@pytest.mark.parametrize("root", [by_rsqrt, by_sqrt, by_power, by_reciprocal])
@pytest.mark.parametrize("square", SQUARES)
def test_layer_norm(case, rng, root, square):
    def build(b, x):
        centred = b.nn.sub(x, mean(b, x))
        normal = root(b, centred, mean(b, SQUARES[square](b, x, centred)))
        scale, bias = (rng.normal(size=(1, 1, 8)).astype(np.float32) for _ in range(2))
        return b.nn.add(b.nn.mul(normal, scale), bias)

    found = case(build, TOKENS).run("eliminate-common-subexpressions", NORM)
    assert found.names == ["layer_norm"]
    (norm,) = found.ops
    assert norm.epsilon == pytest.approx(1e-3) and norm.scale is not None and norm.bias is not None


def _fast_variance(b, x):
    """mean(x^2) - mean(x)^2, and the mean, by sums without their axis."""
    mean = b.nn.mul(b.nn.reduce_sum(x, axes=(2,)), 1 / 8)
    power = b.nn.mul(b.nn.reduce_sum(b.nn.mul(x, x), axes=(2,)), 1 / 8)
    return mean, b.nn.sub(power, b.nn.mul(mean, mean))


@pytest.mark.parametrize("clamped", [False, True])
@pytest.mark.parametrize("spelling", ["scale first", "shift first", "shift alone"])
def test_layer_norm_of_keras_and_flax(case, rng, spelling, clamped):
    scale, bias = (rng.normal(size=8).astype(np.float32) for _ in range(2))

    def build(b, x):
        mean, variance = _fast_variance(b, x)
        root = b.nn.rsqrt(b.nn.add(b.nn.maximum(variance, 0.0) if clamped else variance, 1e-3))
        if spelling != "shift alone":
            root = b.nn.mul(root, scale)
        if spelling == "scale first":
            return b.nn.add(b.nn.mul(b.nn.sub(x, mean), root), bias)
        return b.nn.add(b.nn.mul(x, root), b.nn.sub(bias, b.nn.mul(mean, root)))

    assert case(build, TOKENS).run(NORM).names == ["layer_norm"]


def test_a_bare_layer_norm_has_no_scale(case):
    def build(b, x):
        centred = b.nn.sub(x, mean(b, x, (1, 2)))
        return by_sqrt(b, centred, mean(b, b.nn.square(centred), (1, 2)))

    (norm,) = case(build, TOKENS).run(NORM).ops
    assert norm.axes == (1, 2) and norm.scale is None and norm.bias is None


def test_statistics_over_different_axes_are_no_layer_norm(case):
    def build(b, x):
        centred = b.nn.sub(x, mean(b, x))
        return by_sqrt(b, centred, mean(b, b.nn.square(centred), (1,)))

    assert "layer_norm" not in case(build, TOKENS).run(NORM).names


def test_a_mean_that_something_else_uses_keeps_the_parts(case):
    def build(b, x):
        average = mean(b, x)
        centred = b.nn.sub(x, average)
        return by_sqrt(b, centred, mean(b, b.nn.square(centred))), b.nn.tanh(average)

    assert "layer_norm" not in case(build, TOKENS).run(NORM).names


def test_a_second_bias_stays_outside(case, rng):
    def build(b, x):
        h = b.nn.layer_norm(x, axes=(2,))
        for _ in range(2):
            h = b.nn.tanh(b.nn.add(h, rng.normal(size=8).astype(np.float32)))
        return h

    found = case(build, TOKENS).run(NORM)
    assert found.names == ["layer_norm", "tanh", "add", "tanh"]


def test_a_scale_after_the_bias_stays_outside(case, rng):
    def build(b, x):
        h = b.nn.add(b.nn.layer_norm(x, axes=(2,)), rng.normal(size=8).astype(np.float32))
        return b.nn.mul(h, rng.normal(size=8).astype(np.float32))

    assert case(build, TOKENS).run(NORM).names == ["layer_norm", "mul"]


@pytest.mark.parametrize(
    ("shape", "split", "perm"),
    [
        ((2, 6, 4, 5), (2, 3, 2, 4, 5), (0, 2, 1, 3, 4)),
        ((2, 6, 4, 5), (2, 3, 2, 20), (0, 2, 1, 3)),
        ((2, 6), (2, 2, 3), (0, 2, 1)),
        ((2, 4, 5, 6), (2, 4, 5, 2, 3), (0, 1, 2, 4, 3)),
    ],
    ids=str,
)
def test_channel_shuffle(case, shape, split, perm):
    def build(b, x):
        return b.nn.reshape(b.nn.transpose(b.nn.reshape(x, shape=split), perm=perm), shape=shape)

    found = case(build, {"x": shape}).run(SHUFFLE)
    assert found.names == ["channel_shuffle"]


def test_channel_shuffle_of_any_batch(case):
    def build(b, x):
        h = b.nn.transpose(b.nn.reshape(x, shape=(0, 2, 3, 4, 5)), perm=(0, 2, 1, 3, 4))
        return b.nn.reshape(h, shape=(0, 6, 4, 5))

    (found,) = case(build, {"x": ("N", 6, 4, 5)}).run(SHUFFLE).ops
    assert found.groups == 2


@pytest.mark.parametrize(
    ("shape", "split", "perm"),
    [
        ((2, 6, 4, 5), (2, 3, 2, 4, 5), (0, 2, 1, 4, 3)),
        ((2, 6, 4, 5), (6, 2, 4, 5), (1, 0, 2, 3)),
        ((2, 6, 4, 4), (2, 6, 4, 4), (0, 1, 3, 2)),
        ((2, 6, 4, 6), (2, 6, 4, 6), (0, 3, 2, 1)),
        ((2, 6, 2, 4), (2, 3, 4, 4), (0, 2, 1, 3)),
    ],
    ids=str,
)
def test_other_transposes_are_no_shuffle(case, shape, split, perm):
    def build(b, x):
        return b.nn.reshape(b.nn.transpose(b.nn.reshape(x, shape=split), perm=perm), shape=shape)

    assert "channel_shuffle" not in case(build, {"x": shape}).run(SHUFFLE).names


def test_an_unknown_dimension_before_the_channels_is_no_shuffle():
    assert shuffled_axis((None, 6), (None, 2, 3), (0, 2, 1)) is None


def test_a_shuffle_to_another_shape_is_none(case):
    def build(b, x):
        h = b.nn.transpose(b.nn.reshape(x, shape=(2, 2, 3, 4)), perm=(0, 2, 1, 3))
        return b.nn.reshape(h, shape=(2, 24))

    assert "channel_shuffle" not in case(build, {"x": (2, 6, 4)}).run(SHUFFLE).names


@pytest.mark.parametrize("axes", [[0], [1]])
def test_the_text_before_and_after(axes):
    kept = "x".join("1" if i in axes else str(d) for i, d in enumerate((2, 4)))
    module = parse_module(f"""
        "func.func"() ({{
        ^bb0(%x: tensor<2x4xf32>):
          %e = "nn.constant"() {{value = dense<0.25> : tensor<f32>}} : () -> tensor<f32>
          %1 = "nn.reduce_mean"(%x) {{axes = array<i64: {axes[0]}>}} : (tensor<2x4xf32>) -> tensor<{kept}xf32>
          %2 = "nn.sub"(%x, %1) : (tensor<2x4xf32>, tensor<{kept}xf32>) -> tensor<2x4xf32>
          %3 = "nn.square"(%2) : (tensor<2x4xf32>) -> tensor<2x4xf32>
          %4 = "nn.reduce_mean"(%3) {{axes = array<i64: {axes[0]}>}} : (tensor<2x4xf32>) -> tensor<{kept}xf32>
          %5 = "nn.add"(%4, %e) : (tensor<{kept}xf32>, tensor<f32>) -> tensor<{kept}xf32>
          %6 = "nn.rsqrt"(%5) : (tensor<{kept}xf32>) -> tensor<{kept}xf32>
          %7 = "nn.mul"(%2, %6) : (tensor<2x4xf32>, tensor<{kept}xf32>) -> tensor<2x4xf32>
          "func.return"(%7) : (tensor<2x4xf32>) -> ()
        }}) {{sym_name = "main", function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>}} : () -> ()
    """)
    RecognizeLayerNorm().run(module, PassContext())
    norm, _ = module.main.body
    assert print_operation(norm).split(" = ", 1)[1] == (
        f'"nn.layer_norm"(%x) {{axes = array<i64: {axes[0]}>, epsilon = 0.25 : f64}}'
        " : (tensor<2x4xf32>) -> tensor<2x4xf32>"
    )
