"""fold-batch-norm: into what stands before and behind it, and what must not be folded."""

import numpy as np
import pytest

from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_operation
from nncc.passes.fold_batch_norm import FoldBatchNorm

IMAGE = {"x": (1, 4, 6, 6)}


def weights(rng, *shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def batch_norm(b, x, rng, axis=1, epsilon=1e-3):
    """A batch normalization with random statistics, one scale of it negative."""
    channels = x.tensor.dims[axis]
    scale = rng.uniform(0.5, 2, channels)
    scale[0] *= -1
    statistics = [scale, rng.normal(size=channels), rng.normal(size=channels), rng.uniform(0.2, 3, channels)]
    return b.nn.batch_norm(x, *(s.astype(np.float32) for s in statistics), axis=axis, epsilon=epsilon)


def conv(b, x, rng, outputs=4, kernel=3, bias=True, channel_axis=1, **attributes):
    inputs = x.tensor.dims[channel_axis] // attributes.get("groups", 1)
    weight = weights(rng, outputs, inputs, kernel, kernel)
    return b.nn.conv(x, weight, weights(rng, outputs) if bias else None, **attributes)


def deconv(b, x, rng, outputs=4, kernel=3, bias=True, groups=1, **attributes):
    weight = weights(rng, x.tensor.dims[1], outputs // groups, kernel, kernel)
    return b.nn.conv_transpose(x, weight, weights(rng, outputs) if bias else None, groups=groups, **attributes)


def affine(b, x, rng, outputs=5):
    return b.nn.affine(x, weights(rng, x.tensor.dims[-1], outputs), weights(rng, outputs))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "attributes",
    [{}, {"pads": (1, 1, 1, 1)}, {"strides": (2, 2)}, {"groups": 2}, {"groups": 4, "dilations": (2, 2)}],
    ids=str,
)
def test_it_folds_into_the_convolution_before_it(case, rng, bias, attributes):
    folded = case(lambda b, x: batch_norm(b, conv(b, x, rng, 8, bias=bias, **attributes), rng), IMAGE)
    assert folded.run("fold-batch-norm").names == ["conv"]


@pytest.mark.parametrize("attributes", [{}, {"strides": (2, 2), "pads": (1, 1, 0, 0)}, {"groups": 2}], ids=str)
def test_it_folds_into_the_deconvolution_before_it(case, rng, attributes):
    folded = case(lambda b, x: batch_norm(b, deconv(b, x, rng, 6, **attributes), rng), IMAGE)
    assert folded.run("fold-batch-norm").names == ["conv_transpose"]


def test_it_folds_into_the_affine_before_it(case, rng):
    assert case(lambda b, x: batch_norm(b, affine(b, x, rng), rng), {"x": ("N", 7)}).run("fold-batch-norm").names == [
        "affine"
    ]


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_it_folds_into_a_convolution_without_padding_behind_it(case, rng, groups):
    folded = case(lambda b, x: conv(b, batch_norm(b, x, rng), rng, 8, groups=groups), IMAGE)
    assert folded.run("fold-batch-norm").names == ["conv"]


def test_before_a_convolution_with_padding_the_shift_stays(case, rng):
    """The border of the convolution sees zeros that were not shifted."""
    folded = case(lambda b, x: conv(b, batch_norm(b, x, rng), rng, pads=(1, 1, 1, 1)), IMAGE)
    assert folded.run("fold-batch-norm").names == ["add", "conv"]


def test_scales_of_very_different_sizes_do_not_move_past_the_shift(case, rng):
    def build(b, x):
        scale = np.array([1e-3, 1, 1, 1], np.float32)
        shifted = b.nn.add(b.nn.mul(x, scale.reshape(4, 1, 1)), weights(rng, 4, 1, 1))
        return conv(b, shifted, rng, pads=(1, 1, 1, 1))

    assert case(build, IMAGE).run("fold-batch-norm").names == ["mul", "add", "conv"]


@pytest.mark.parametrize("groups", [1, 2])
def test_before_a_deconvolution_the_scale_folds_and_the_shift_stays(case, rng, groups):
    folded = case(lambda b, x: deconv(b, batch_norm(b, x, rng), rng, groups=groups, strides=(2, 2)), IMAGE)
    assert folded.run("fold-batch-norm").names == ["add", "conv_transpose"]


def test_before_a_deconvolution_of_one_tap_all_folds(case, rng):
    folded = case(lambda b, x: deconv(b, batch_norm(b, x, rng), rng, kernel=1, groups=2), IMAGE)
    assert folded.run("fold-batch-norm").names == ["conv_transpose"]


def test_it_folds_through_a_flatten_into_the_affine(case, rng):
    def build(b, x):
        return affine(b, b.nn.reshape(batch_norm(b, x, rng), shape=(0, -1)), rng)

    folded = case(build, {"x": ("N", 3, 4, 5)}).run("fold-batch-norm")
    assert folded.names == ["reshape", "affine"]


def test_it_folds_through_a_flatten_into_the_convolution_if_it_can(case, rng):
    def build(b, x, variance):
        flat = b.nn.reshape(conv(b, x, rng), shape=(0, -1))
        scale = np.repeat(variance, flat.tensor.dims[1] // len(variance)).astype(np.float32)
        zeros = np.zeros_like(scale)
        return b.nn.batch_norm(flat, zeros + 1, zeros, zeros, scale)

    folded = case(lambda b, x: build(b, x, [1.0, 2.0, 3.0, 4.0]), IMAGE).run("fold-batch-norm")
    assert folded.names == ["conv", "reshape"]
    stays = case(lambda b, x: build(b, x, rng.uniform(1, 2, 64)), IMAGE).run("fold-batch-norm")
    assert stays.names == ["conv", "reshape", "mul"]


def test_it_folds_into_all_convolutions_that_meet_in_a_concat(case, rng):
    def build(b, x):
        parts = [conv(b, x, rng, 3), deconv(b, x, rng, 2, pads=(2, 2, 2, 2)), conv(b, x, rng, 1)]
        return batch_norm(b, b.nn.concat(parts, axis=1), rng)

    assert sorted(case(build, IMAGE).run("fold-batch-norm").names) == ["concat", "conv", "conv", "conv_transpose"]


def test_a_concat_with_something_else_keeps_it(case, rng):
    def build(b, x):
        return batch_norm(b, b.nn.concat([conv(b, x, rng, pads=(1, 1, 1, 1)), x], axis=1), rng)

    assert case(build, IMAGE).run("fold-batch-norm").names == ["conv", "concat", "mul", "add"]


def test_it_folds_into_all_users_or_none(case, rng):
    def build(b, x, with_other):
        h = batch_norm(b, x, rng)
        users = [conv(b, h, rng), conv(b, h, rng, kernel=1)]
        return (*users, b.nn.sigmoid(h)) if with_other else tuple(users)

    assert case(lambda b, x: build(b, x, False), IMAGE).run("fold-batch-norm").names == ["conv", "conv"]
    stays = case(lambda b, x: build(b, x, True), IMAGE).run("fold-batch-norm").names
    assert stays == ["mul", "add", "conv", "conv", "sigmoid"]


def test_a_convolution_that_something_else_uses_is_not_changed(case, rng):
    def build(b, x):
        h = conv(b, x, rng)
        return batch_norm(b, h, rng), b.nn.relu(h)

    assert case(build, IMAGE).run("fold-batch-norm").names == ["conv", "mul", "add", "relu"]


def test_weights_that_are_shared_change_for_one_user_only(case, rng):
    def build(b, x):
        weight = b.constant(weights(rng, 4, 4, 3, 3))
        return batch_norm(b, b.nn.conv(x, weight), rng), b.nn.conv(x, weight)

    assert case(build, IMAGE).run("fold-batch-norm").names == ["conv", "conv"]


def test_equal_folds_of_shared_weights_share_the_result(case, rng):
    def build(b, x):
        weight = b.constant(weights(rng, 4, 4, 3, 3))
        scale = b.constant(weights(rng, 4, 1, 1))
        return tuple(b.nn.mul(b.nn.conv(h, weight), scale) for h in (x, b.nn.tanh(x)))

    folded = case(build, IMAGE).run("fold-scales")
    first, second = (op for op in folded.ops if op.name == "nn.conv")
    assert first.weight.defining_op.value.resource is second.weight.defining_op.value.resource


def test_alone_it_is_a_multiplication_and_an_addition(case, rng):
    assert case(lambda b, x: batch_norm(b, b.nn.tanh(x), rng), IMAGE).run("fold-batch-norm").names == [
        "tanh",
        "mul",
        "add",
    ]


def test_two_in_a_row_are_one(case, rng):
    folded = case(lambda b, x: batch_norm(b, batch_norm(b, b.nn.tanh(x), rng), rng), IMAGE)
    assert folded.run("fold-batch-norm").names == ["tanh", "mul", "add"]


def test_channels_may_be_last(case, rng):
    def build(b, x):
        h = conv(b, x, rng, 5, channel_axis=3, channel_last=True)
        return batch_norm(b, h, rng, axis=3)

    assert case(build, {"x": (2, 6, 6, 4)}).run("fold-batch-norm").names == ["conv"]


def test_a_large_mean_costs_no_accuracy(case, rng):
    """Values near a mean that is large against the deviation: scale and shift must cancel."""

    def build(b, x):
        h = b.nn.add(x, 3000.0)
        mean = np.full(4, 3000, np.float32)
        return b.nn.batch_norm(h, np.full(4, 1.7, np.float32), np.zeros(4, np.float32), mean, np.ones(4, np.float32))

    assert case(build, IMAGE).run("fold-batch-norm", tolerance=5e-5).names == ["add", "mul", "add"]


def test_statistics_that_are_computed_stay(case, rng):
    def build(b, x, scale):
        return b.nn.batch_norm(x, scale, *(weights(rng, 4) + 2 for _ in range(3)))

    unfolded = case(build, IMAGE | {"scale": (4,)}).run("fold-batch-norm")
    assert unfolded.names == ["batch_norm"] and not unfolded.changed


def test_the_text_before_and_after():
    module = parse_module("""
        "func.func"() ({
        ^bb0(%x: tensor<1x1x4xf32>):
          %w = "nn.constant"() {value = dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>} : () -> tensor<2x1x1xf32>
          %one = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<2xf32>
          %three = "nn.constant"() {value = dense<3.0> : tensor<2xf32>} : () -> tensor<2xf32>
          %1 = "nn.conv"(%x, %w) : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
          %2 = "nn.batch_norm"(%1, %three, %one, %three, %one) {epsilon = 1.25}
               : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
          "func.return"(%2) : (tensor<1x2x4xf32>) -> ()
        }) {sym_name = "main", function_type = (tensor<1x1x4xf32>) -> tensor<1x2x4xf32>} : () -> ()
    """)
    FoldBatchNorm().run(module, PassContext())
    assert [print_operation(op).split(" = ", 1)[-1] for op in module.main.body][:-1] == [
        '"nn.constant"() {value = dense<[[[4.0]], [[8.0]]]> : tensor<2x1x1xf32>} : () -> tensor<2x1x1xf32>',
        '"nn.constant"() {value = dense<-5.0> : tensor<2xf32>} : () -> tensor<2xf32>',
        '"nn.conv"(%x, %1, %2) : (tensor<1x1x4xf32>, tensor<2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>',
    ]
