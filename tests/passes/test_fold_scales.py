"""fold-scales: constants find their way into weights, up and down, through whatever lets them pass."""

import numpy as np
import pytest

import nncc.passes.fold_scales
from nncc.ir.types import I32
from nncc.passes.fold_scales_factor import Factor
from nncc.passes.fold_scales_moves import common_groups, reshaped

IMAGE = {"x": (1, 4, 6, 6)}
PASS = nncc.passes.fold_scales.FoldScales.name


def weights(rng, *shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def channels(rng, low=0.5, count=4):
    """One number a channel of an image."""
    return rng.uniform(low, 2, (1, count, 1, 1)).astype(np.float32)


def conv(b, x, rng, outputs=4, kernel=3, **attributes):
    return b.nn.conv(x, weights(rng, outputs, x.tensor.dims[1], kernel, kernel), weights(rng, outputs), **attributes)


@pytest.mark.parametrize(
    "scaled",
    [
        lambda b, x: b.nn.mul(x, 1 / 255),
        lambda b, x: b.nn.div(x, 255.0),
        lambda b, x: b.nn.neg(x),
        lambda b, x: b.nn.mul(b.nn.mul(2.0, x), np.float32([[1], [2], [3], [-4]]).reshape(4, 1, 1)),
    ],
    ids=["mul", "div", "neg", "twice"],
)
def test_a_scaled_input_folds_even_before_padding(case, rng, scaled):
    folded = case(lambda b, x: conv(b, scaled(b, x), rng, pads=(1, 1, 1, 1)), IMAGE)
    assert folded.run(PASS).names == ["conv"]


@pytest.mark.parametrize(
    "shifted",
    [lambda b, x: b.nn.add(x, 0.5), lambda b, x: b.nn.sub(x, 0.5), lambda b, x: b.nn.sub(0.5, x)],
    ids=["add", "sub", "rsub"],
)
def test_a_shifted_input_folds_where_nothing_is_padded(case, rng, shifted):
    padded = case(lambda b, x: conv(b, shifted(b, x), rng, pads=(0, 1, 0, 0)), IMAGE).run(PASS)
    assert len(padded.names) == 2 and padded.names[1] == "conv"
    folded = case(lambda b, x: conv(b, b.nn.add(x, 0.5), rng), IMAGE)
    assert folded.run(PASS).names == ["conv"]


def test_a_bias_of_its_own_folds(case, rng):
    def build(b, x):
        bare = b.nn.conv(x, weights(rng, 3, 4, 3, 3))
        return b.nn.add(weights(rng, 3, 1, 1), bare)

    assert case(build, IMAGE).run(PASS).names == ["conv"]


def test_shifts_that_differ_by_place_stay(case, rng):
    def build(b, x):
        return b.nn.add(conv(b, x, rng), weights(rng, 1, 1, 4, 4))

    unfolded = case(build, IMAGE).run(PASS)
    assert unfolded.names == ["conv", "add"] and not unfolded.changed


def test_what_broadcasts_the_tensor_stays(case, rng):
    unfolded = case(lambda b, x: b.nn.mul(b.nn.affine(x, weights(rng, 3, 1)), weights(rng, 5)), {"x": (2, 3)})
    assert unfolded.run(PASS).names == ["affine", "mul"]


UP_AND_DOWN = {
    "relu": lambda b, x: b.nn.relu(x),
    "leaky_relu": lambda b, x: b.nn.leaky_relu(x, alpha=0.2),
    "abs": lambda b, x: b.nn.abs(x),
    "max_pool": lambda b, x: b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2), pads=(1, 0, 0, 1)),
    "relu_max_pool": lambda b, x: b.nn.max_pool(x, kernel=(2, 2), activation="relu"),
    "average_pool": lambda b, x: b.nn.average_pool(x, kernel=(2, 2), pads=(1, 1, 1, 1), count_include_pad=True),
    "resize": lambda b, x: b.nn.resize(x, sizes=(9, 12), mode="linear"),
    "pad": lambda b, x: b.nn.pad(x, pads=(0, 0, 1, 1, 0, 0, 1, 1)),
    "mean": lambda b, x: b.nn.reduce_mean(x, axes=(2, 3)),
    "sum": lambda b, x: b.nn.reduce_sum(x, axes=(3,)),
    "reshape": lambda b, x: b.nn.reshape(x, shape=(1, 2, 2, -1)),
    "reverse": lambda b, x: b.nn.reverse(x, axes=(1, 2)),
    "shuffle": lambda b, x: b.nn.channel_shuffle(x, groups=2),
    "prelu": lambda b, x: b.nn.prelu(x, np.float32([0.1, 0.2, 0.3, 0.4]).reshape(4, 1, 1)),
}


@pytest.mark.parametrize("path", UP_AND_DOWN)
def test_a_positive_scale_moves_up_through(case, rng, path):
    def build(b, x):
        h = UP_AND_DOWN[path](b, conv(b, x, rng, pads=(1, 1, 1, 1)))
        scale = 0.3 if path == "reshape" else channels(rng)
        return b.nn.mul(h, scale)

    folded = case(build, IMAGE).run(PASS)
    assert len(folded.names) == 2 and folded.names[0] == "conv"


@pytest.mark.parametrize("path", UP_AND_DOWN)
def test_a_positive_scale_moves_down_through(case, rng, path):
    def build(b, x):
        h = UP_AND_DOWN[path](b, b.nn.mul(x, channels(rng)))
        if path == "reshape":
            return b.nn.affine(b.nn.reshape(h, shape=(1, -1)), weights(rng, 144, 3))
        return conv(b, h, rng, kernel=1, pads=(1, 1, 1, 1))

    folded = case(build, IMAGE).run(PASS)
    assert "mul" not in folded.names


@pytest.mark.parametrize("path", ["relu", "leaky_relu", "max_pool", "prelu", "relu_max_pool"])
def test_a_negative_scale_does_not_pass(case, rng, path):
    up = case(lambda b, x: b.nn.mul(UP_AND_DOWN[path](b, conv(b, x, rng)), -0.5), IMAGE)
    assert "mul" in up.run(PASS).names
    down = case(lambda b, x: conv(b, UP_AND_DOWN[path](b, b.nn.mul(x, -0.5)), rng), IMAGE)
    assert "mul" in down.run(PASS).names


@pytest.mark.parametrize(
    ("path", "passes"),
    [("max_pool", True), ("mean", True), ("resize", True), ("shuffle", True), ("relu", False), ("sum", False)]
    + [("average_pool", False), ("pad", False), ("relu_max_pool", False), ("prelu", False)],
)
def test_a_shift_passes_only_where_every_element_gets_it_once(case, rng, path, passes):
    up = case(lambda b, x: b.nn.add(UP_AND_DOWN[path](b, conv(b, x, rng)), channels(rng)), IMAGE)
    assert ("add" not in up.run(PASS).names) == passes
    down = case(lambda b, x: conv(b, UP_AND_DOWN[path](b, b.nn.add(x, channels(rng))), rng, kernel=1), IMAGE)
    assert ("add" not in down.run(PASS).names) == passes


def test_an_average_pool_without_pads_lets_a_shift_pass(case, rng):
    def build(b, x):
        return b.nn.add(b.nn.average_pool(conv(b, x, rng), kernel=(3, 3)), channels(rng))

    assert case(build, IMAGE).run(PASS).names == ["conv", "average_pool"]


def test_pools_with_empty_windows_keep_a_shift(case, rng):
    def build(b, x):
        return b.nn.add(b.nn.average_pool(conv(b, x, rng), kernel=(2, 2), pads=(2, 0, 0, 0)), channels(rng))

    assert "add" in case(build, IMAGE).run(PASS).names


def test_the_scale_of_attention_folds_into_the_queries(case, rng):
    def build(b, x):
        def heads(h):
            return b.nn.transpose(b.nn.reshape(h, shape=(0, 5, 2, 3)), perm=(0, 2, 1, 3))

        q, k = (heads(b.nn.affine(x, weights(rng, 6, 6), weights(rng, 6))) for _ in range(2))
        return b.nn.softmax(b.nn.mul(b.nn.matmul(q, k, transpose_rhs=True), 3**-0.5))

    folded = case(build, {"x": ("N", 5, 6)}).run(PASS)
    assert "mul" not in folded.names


@pytest.mark.parametrize(("transpose", "shape"), [(False, (1, 2, 1, 4)), (True, (1, 2, 4, 1))])
def test_columns_of_a_matrix_product_are_those_of_its_right_side(case, rng, transpose, shape):
    def build(b, x, y):
        scale = rng.uniform(0.5, 1, (1, 2, 1, 4)).astype(np.float32)
        right = b.nn.mul(y, rng.uniform(0.5, 1, shape).astype(np.float32))
        return b.nn.mul(b.nn.matmul(x, right, transpose_rhs=transpose), scale)

    sides = {"x": (1, 2, 3, 5), "y": (1, 2, 4, 5) if transpose else (1, 2, 5, 4)}
    assert case(build, sides).run(PASS).names == ["mul", "matmul"]


def test_a_scale_passes_products_and_a_shift_passes_sums(case, rng):
    """As in squeeze-and-excitation, where the gate is divided by 6."""

    def build(b, x, gate):
        h = b.nn.mul(x, b.nn.mul(gate, 1 / 6))
        h = conv(b, h, rng, pads=(1, 1, 1, 1))
        return conv(b, b.nn.add(b.nn.tanh(h), b.nn.add(gate, 2.0)), rng)

    folded = case(build, IMAGE | {"gate": (1, 4, 1, 1)}).run(PASS)
    assert folded.names == ["mul", "conv", "tanh", "add", "conv"]


def test_a_scaled_sum_folds_into_both_sides_or_none(case, rng):
    def build(b, x, other):
        return b.nn.mul(b.nn.add(conv(b, x, rng), other(b, x)), channels(rng))

    both = case(lambda b, x: build(b, x, lambda b, x: conv(b, x, rng)), IMAGE).run(PASS)
    assert both.names == ["conv", "conv", "add"]
    one = case(lambda b, x: build(b, x, lambda b, x: b.nn.tanh(conv(b, x, rng))), IMAGE).run(PASS)
    assert "mul" in one.names


def test_a_value_that_one_operation_uses_twice_keeps_its_scale(case, rng):
    def build(b, x):
        h = b.nn.mul(x, channels(rng))
        return conv(b, b.nn.mul(b.nn.tanh(x), b.nn.matmul(h, h)), rng)

    assert "mul" in case(build, IMAGE).run(PASS).names[:1]


def test_a_concat_gives_the_other_channels_nothing(case, rng):
    def build(b, x):
        return conv(b, b.nn.concat([x, b.nn.add(b.nn.mul(x, channels(rng)), 0.7), x], axis=1), rng)

    assert case(build, IMAGE).run(PASS).names == ["concat", "conv"]


def test_a_split_hands_each_piece_its_own(case, rng):
    def build(b, x):
        pieces = b.nn.split(b.nn.mul(x, channels(rng)), axis=1, sizes=(1, 3))
        return tuple(conv(b, piece, rng) for piece in pieces)

    assert case(build, IMAGE).run(PASS).names == ["split", "conv", "conv"]


def test_a_slice_takes_its_part(case, rng):
    def build(b, x):
        h = b.nn.mul(x, channels(rng))
        return conv(b, b.nn.slice(h, starts=(0, 3, 0, 1), stops=(1, 0, 6, 6), steps=(1, -1, 1, 1)), rng)

    assert case(build, IMAGE).run(PASS).names == ["slice", "conv"]


def test_an_activation_that_is_built_in_lets_only_what_it_may_pass(case, rng):
    def build(b, x, activation, scale):
        return b.nn.mul(conv(b, x, rng, activation=activation), scale)

    assert case(lambda b, x: build(b, x, "relu", 2.0), IMAGE).run(PASS).names == ["conv"]
    assert case(lambda b, x: build(b, x, "relu", -2.0), IMAGE).run(PASS).names == ["conv", "mul"]
    assert case(lambda b, x: build(b, x, "relu6", 2.0), IMAGE).run(PASS).names == ["conv", "mul"]


def test_outputs_keep_their_numbers(case, rng):
    def build(b, x):
        h = b.nn.mul(x, channels(rng))
        return h, conv(b, h, rng)

    assert case(build, IMAGE).run(PASS).names == ["mul", "conv"]


def test_values_that_changed_lose_their_names(case, rng):
    def build(b, x):
        h = conv(b, x, rng)
        h.name = "conv"
        y = b.nn.relu(h)
        y.name = "relu"
        z = b.nn.mul(y, 2.0)
        z.name = "scaled"
        return z

    folded = case(build, IMAGE).run(PASS)
    assert [op.results[0].name for op in folded.ops] == [None, "scaled"]


def test_integers_stay(case):
    folded = case(lambda b, x: b.nn.add(b.nn.cast(x, to=I32), 3), {"x": (4,)}).run(PASS)
    assert folded.names == ["cast", "add"] and not folded.changed


def test_a_batch_may_be_a_symbol(case, rng):
    def build(b, x):
        flat = b.nn.reshape(b.nn.mul(x, channels(rng)), shape=(0, -1))
        return b.nn.affine(flat, weights(rng, 36 * 4, 3))

    assert case(build, {"x": ("N", 4, 6, 6)}).run(PASS).names == ["reshape", "affine"]


@pytest.mark.parametrize(
    ("before", "after", "groups"),
    [
        ((2, 12), (2, 3, 4), [((0,), (0,)), ((1,), (1, 2))]),
        ((6, 4), (4, 6), [((0, 1), (0, 1))]),
        (("N", 3, 4), ("N", 12), [((0,), (0,)), ((1, 2), (1,))]),
        ((2, 1, 3), (2, 3), [((0,), (0,)), ((1,), ()), ((2,), (1,))]),
        ((), (1, 1), [((), (0,)), ((), (1,))]),
    ],
    ids=str,
)
def test_reshapes_are_cut_into_groups(before, after, groups):
    assert [(tuple(a), tuple(b)) for a, b in common_groups(before, after)] == groups


def test_a_reshape_that_mixes_the_batch_in_has_no_groups():
    assert common_groups(("N", 4), (None, 2)) is None


def test_a_factor_goes_through_a_reshape_and_back():
    factor = Factor(np.arange(1.0, 4.0).reshape(1, 3, 1, 1))
    flat = reshaped(factor, ("N", 3, 2, 2), ("N", 12))
    assert flat.array.tolist() == [np.repeat([1.0, 2.0, 3.0], 4).tolist()]
    assert reshaped(flat, ("N", 12), ("N", 3, 2, 2)).array.tolist() == factor.array.tolist()
