"""merge-affines: products of one tensor with several matrices become one product."""

import numpy as np
import pytest

from nncc.passes.merge_affines import MergeAffines

PASS = MergeAffines.name
TOKENS = {"x": ("N", 5, 8)}


def affine(b, x, rng, width, bias=True, **attributes):
    weight = rng.uniform(-1, 1, (x.tensor.dims[-1], width)).astype(np.float32)
    return b.nn.affine(x, weight, rng.uniform(-1, 1, width).astype(np.float32) if bias else None, **attributes)


@pytest.mark.parametrize("bias", [True, False])
def test_affines_of_one_input_are_one(case, rng, bias):
    def build(b, x):
        return tuple(b.nn.tanh(affine(b, x, rng, width, bias)) for width in (3, 1, 4))

    assert case(build, TOKENS).run(PASS).names == ["affine", "split", "tanh", "tanh", "tanh"]


def test_affines_of_an_input_of_the_network_are_one(case, rng):
    assert case(lambda b, x: (affine(b, x, rng, 2), affine(b, x, rng, 2)), TOKENS).run(PASS).names == [
        "affine",
        "split",
    ]


def test_affines_of_different_inputs_stay(case, rng):
    unchanged = case(lambda b, x: (affine(b, x, rng, 2), affine(b, b.nn.tanh(x), rng, 2)), TOKENS).run(PASS)
    assert unchanged.names == ["affine", "tanh", "affine"] and not unchanged.changed


@pytest.mark.parametrize(
    "second",
    [
        lambda b, x, rng: affine(b, x, rng, 2, bias=False),
        lambda b, x, rng: affine(b, x, rng, 2, activation="relu"),
        lambda b, x, rng: b.nn.relu(affine(b, x, rng, 2)),
        lambda b, x, rng: b.nn.affine(x, b.nn.tanh(b.constant(np.ones((8, 2), np.float32)))),
    ],
    ids=["without a bias", "with an activation", "an activation behind it", "computed weights"],
)
def test_affines_of_other_kinds_stay(case, rng, second):
    unchanged = case(lambda b, x: (affine(b, x, rng, 2), second(b, x, rng)), TOKENS).run(PASS)
    assert "split" not in unchanged.names and not unchanged.changed


def test_steps_that_share_weights_share_the_merged_ones(case, rng):
    def build(b, x, y):
        gates = [b.constant(rng.uniform(-1, 1, (8, 4)).astype(np.float32)) for _ in range(2)]
        steps = [[b.nn.affine(x, gate) for gate in gates], [b.nn.affine(y, gate) for gate in reversed(gates)]]
        return tuple(piece for step in steps for piece in step)

    merged = case(build, {"x": (1, 8), "y": (1, 8)}).run(PASS)
    first, second = (op for op in merged.ops if op.name == "nn.affine")
    assert first.weight.defining_op.value.resource is second.weight.defining_op.value.resource


def test_queries_keys_and_values_are_reshaped_and_transposed_once(case, rng):
    def build(b, x):
        def heads(h):
            return b.nn.transpose(b.nn.reshape(h, shape=(2, 5, 2, 4)), perm=(0, 2, 1, 3))

        q, k, v = (heads(affine(b, x, rng, 8)) for _ in range(3))
        return b.nn.matmul(b.nn.softmax(b.nn.matmul(q, k, transpose_rhs=True)), v)

    merged = case(build, {"x": (2, 5, 8)}).run(PASS, "simplify-movement")
    assert merged.names == ["affine", "reshape", "transpose", "split", "matmul", "softmax", "matmul"]


def test_pieces_that_are_transposed_differently_stay(case):
    def build(b, x):
        left, right = b.nn.split(x, axis=1, sizes=(2, 2))
        return b.nn.transpose(left, perm=(0, 2, 1)), b.nn.transpose(right, perm=(1, 0, 2))

    assert case(build, {"x": (2, 4, 3)}).run("simplify-movement").names == ["split", "transpose", "transpose"]
