"""simplify-movement: slices, splits, concatenations and reshapes that undo or follow each other."""

import itertools

import numpy as np
import pytest

from nncc.passes.simplify_movement import SimplifyMovement

PASS = SimplifyMovement.name
IMAGE = {"x": (2, 6, 4, 4)}


def piece(b, x, start, stop, axis=1, step=1):
    """A slice along one axis."""
    rank = x.tensor.rank
    at = {axis: (start, stop, step)}
    picked = [at.get(a, (0, 2**31 - 1, 1)) for a in range(rank)]
    return b.nn.slice(x, starts=[p[0] for p in picked], stops=[p[1] for p in picked], steps=[p[2] for p in picked])


def test_a_slice_within_one_part_of_a_concat_is_a_slice_of_that_part(case):
    def build(b, x):
        parts = [b.nn.tanh(x), b.nn.sin(x), b.nn.cos(x)]
        whole = b.nn.concat(parts, axis=1)
        return piece(b, whole, 6, 12), piece(b, whole, 13, 15), piece(b, whole, -1, 18)

    simple = case(build, IMAGE).run(PASS, "eliminate-dead-code")
    assert simple.names == ["sin", "cos", "slice", "slice"]


def test_a_slice_of_two_parts_of_a_concat_stays(case):
    def build(b, x):
        return piece(b, b.nn.concat([b.nn.tanh(x), b.nn.sin(x)], axis=1), 5, 7)

    assert case(build, IMAGE).run(PASS).names == ["tanh", "sin", "concat", "slice"]


def test_slices_backwards_stay(case):
    def build(b, x):
        return piece(b, b.nn.concat([b.nn.tanh(x), b.nn.sin(x)], axis=1), 5, 0, step=-1)

    assert case(build, IMAGE).run(PASS).names == ["tanh", "sin", "concat", "slice"]


@pytest.mark.parametrize("cuts", [(0, 3, 6), (0, 1, 2, 6), (0, 6)], ids=str)
def test_slices_that_cut_all_are_a_split(case, cuts):
    def build(b, x):
        h = b.nn.tanh(x)
        return tuple(b.nn.sin(piece(b, h, i, j)) for i, j in reversed(list(itertools.pairwise(cuts))))

    count = len(cuts) - 1
    assert case(build, IMAGE).run(PASS).names == ["tanh"] + ["split"] * (count > 1) + ["sin"] * count


def test_slices_of_an_input_are_a_split(case):
    assert case(lambda b, x: (piece(b, x, 3, 6), piece(b, x, 0, 3)), IMAGE).run(PASS).names == ["split"]


@pytest.mark.parametrize(
    "cuts",
    [[(0, 3, 1), (2, 6, 1)], [(0, 2, 1), (3, 6, 1)], [(0, 6, 2), (1, 6, 2)], [(0, 3, 1), (0, 3, 1)]],
    ids=["overlap", "gap", "step", "twice"],
)
def test_other_slices_stay(case, cuts):
    def build(b, x):
        return tuple(piece(b, x, start, stop, step=step) for start, stop, step in cuts)

    assert case(build, IMAGE).run(PASS).names == ["slice", "slice"]


def test_slices_along_two_axes_stay(case):
    assert case(lambda b, x: (piece(b, x, 0, 3), piece(b, x, 1, 2, axis=0)), IMAGE).run(PASS).names == ["slice"] * 2


def test_reshapes_meet_below_elementwise_operations(case):
    def build(b, x):
        h = b.nn.reshape(x, shape=(2, 96))
        h = b.nn.clip(b.nn.tanh(h), min=-0.5, max=0.5)
        return b.nn.reshape(b.nn.mul(h, 3.0), shape=(2, 6, 4, 4))

    assert case(build, IMAGE).run(PASS).names == ["tanh", "clip", "mul"]


def test_reshapes_of_both_operands_are_one(case):
    def build(b, x):
        left, right = (b.nn.reshape(f(x), shape=(2, 96)) for f in (b.nn.tanh, b.nn.sin))
        return b.nn.sub(left, right)

    assert case(build, IMAGE).run(PASS).names == ["tanh", "sin", "sub", "reshape"]


def test_a_reshaped_operand_that_is_broadcast_stays(case):
    def build(b, x, y):
        return b.nn.add(b.nn.reshape(x, shape=(2, 96)), b.nn.reshape(y, shape=(1, 96)))

    assert case(build, IMAGE | {"y": (96,)}).run(PASS).names == ["reshape", "reshape", "add"]


def test_a_reshape_that_others_use_is_not_copied(case):
    def build(b, x):
        h = b.nn.reshape(x, shape=(2, 96))
        return b.nn.tanh(h), b.nn.softmax(h)

    unchanged = case(build, IMAGE).run(PASS)
    assert unchanged.names == ["reshape", "tanh", "softmax"] and not unchanged.changed


@pytest.mark.parametrize(
    ("shapes", "target", "axis", "names"),
    [
        ([(2, 3), (2, 5)], lambda s: (*s, 1), 1, ["concat", "reshape"]),
        ([(2, 3), (2, 3)], lambda s: (2, 1, 3), 1, ["concat", "reshape"]),
        ([(1, 3), (1, 3)], lambda s: (1, 1, 1, 3), 2, ["concat", "reshape"]),
        ([(2, 6), (2, 6)], lambda s: (4, 3), 1, ["reshape", "reshape", "concat"]),
        ([(2, 6), (3, 4)], lambda s: (12,), 0, ["reshape", "reshape", "concat"]),
    ],
    ids=str,
)
def test_reshapes_that_are_put_together_are_one(case, shapes, target, axis, names):
    def build(b, *inputs):
        return b.nn.concat([b.nn.reshape(v, shape=target(v.tensor.dims)) for v in inputs], axis=axis)

    inputs = {f"x{i}": shape for i, shape in enumerate(shapes)}
    assert case(build, inputs).run(PASS).names == names


def test_a_reshape_goes_up_into_a_concat_of_reshapes_and_constants(case):
    def build(b, x):
        state = b.constant(np.ones((2, 1, 3), np.float32))
        return b.nn.reshape(b.nn.concat([b.nn.reshape(x, shape=(2, 1, 5)), state], axis=2), shape=(2, 8))

    assert case(build, {"x": (2, 5)}).run(PASS, "fold-constants").names == ["concat"]


def test_pieces_that_are_all_reshaped_are_reshaped_before(case):
    def build(b, x):
        pieces = b.nn.split(x, axis=2, sizes=(1, 1, 2))
        return tuple(b.nn.softmax(b.nn.reshape(p, shape=(2, -1))) for p in pieces)

    assert case(build, {"x": (2, 1, 4, 3)}).run(PASS).names == ["reshape", "split", "softmax", "softmax", "softmax"]


def test_pieces_that_differ_in_their_reshapes_stay(case):
    def build(b, x):
        first, second = b.nn.split(x, axis=1, sizes=(2, 2))
        return b.nn.softmax(b.nn.reshape(first, shape=(2, 6))), b.nn.softmax(b.nn.reshape(second, shape=(6, 2)))

    unchanged = case(build, {"x": (2, 4, 3)}).run(PASS)
    assert unchanged.names == ["split", "reshape", "softmax", "reshape", "softmax"] and not unchanged.changed


@pytest.mark.parametrize("batch", [1, 2])
def test_an_unrolled_recurrence_has_no_reshape_for_a_step(case, rng, batch):
    """As NNabla writes it: steps are cut from axis 2 and reshaped, the state starts as zeros, the last one is taken."""
    weight = rng.uniform(-1, 1, (5 + 3, 3)).astype(np.float32)

    def build(b, x):
        state, states = b.constant(np.zeros((batch, 1, 3), np.float32)), []
        for step in b.nn.split(x, axis=2, sizes=(1,) * 4):
            h = b.nn.concat([b.nn.reshape(step, shape=(batch, 1, 5)), state], axis=2)
            h = b.nn.affine(b.nn.reshape(h, shape=(batch, 8)), weight)
            state = b.nn.tanh(b.nn.reshape(h, shape=(batch, 1, 3)))
            states.append(b.nn.reshape(state, shape=(batch, 1, 1, 3)))
        whole = b.nn.concat(states, axis=2)
        return b.nn.reshape(piece(b, whole, 3, 4, axis=2), shape=(batch, 3))

    simple = case(build, {"x": (batch, 1, 4, 5)}).run(PASS, "fold-constants", "eliminate-dead-code")
    assert simple.names == ["reshape", "split", *["concat", "affine", "tanh"] * 4]


def test_the_batch_may_be_a_symbol(case):
    def build(b, x):
        pieces = b.nn.split(x, axis=1, sizes=(1, 1))
        return b.nn.concat([b.nn.tanh(b.nn.reshape(p, shape=(0, 3))) for p in pieces], axis=1)

    assert case(build, {"x": ("N", 2, 3)}).run(PASS).names == ["reshape", "split", "tanh", "tanh", "concat"]


def test_a_region_in_another_shape_keeps_its_symbols(case):
    def build(b, x):
        left, right = (b.nn.reshape(f(x), shape=(0, 1, 6)) for f in (b.nn.tanh, b.nn.sin))
        h = b.nn.mul(left, right)
        return b.nn.reshape(h, shape=(0, 6)), b.nn.softmax(h)

    simple = case(build, {"x": ("N", 2, 3)}).run(PASS)
    assert simple.names == ["tanh", "sin", "mul", "reshape", "reshape", "softmax"]
    assert {op.results[0].tensor.dims[0] for op in simple.ops} == {"N"}


def test_transposes_around_elementwise_operations_cancel(case):
    """As channel-last models are exported: each convolution between two transposes."""

    def build(b, x, y):
        to_last, to_first = (0, 2, 3, 1), (0, 3, 1, 2)
        scaled = b.nn.mul(b.nn.transpose(x, perm=to_last), np.arange(3, dtype=np.float32))
        total = b.nn.relu(b.nn.add(scaled, b.nn.transpose(y, perm=to_last)))
        return b.nn.transpose(total, perm=to_first)

    assert case(build, {"x": (2, 3, 4, 5), "y": (2, 3, 4, 5)}).run(PASS).names == ["mul", "add", "relu"]


def test_transposes_that_differ_stay(case):
    def build(b, x, y):
        return b.nn.add(b.nn.transpose(x, perm=(1, 0)), y), b.nn.add(b.nn.transpose(x, perm=(1, 0)), b.nn.neg(y))

    assert case(build, {"x": (3, 3), "y": (3, 3)}).run(PASS).names.count("transpose") == 2


def test_a_transposed_operand_that_is_broadcast_stays(case):
    def build(b, x, y):
        return b.nn.add(b.nn.transpose(x, perm=(1, 0)), y)

    assert case(build, {"x": (3, 1), "y": (4, 3)}).run(PASS).names == ["transpose", "add"]
