"""recognize-depth-to-space: the pixel shuffle as one operation, and convolutions that give its order."""

import numpy as np
import pytest

from nncc.passes.recognize_depth_to_space import RecognizeDepthToSpace

PASS = RecognizeDepthToSpace.name
IMAGE = {"x": (2, 12, 3, 5)}
SPLITS = {"crd": ((2, 3, 2, 2, 3, 5), (0, 1, 4, 2, 5, 3)), "dcr": ((2, 2, 2, 3, 3, 5), (0, 3, 4, 1, 5, 2))}


def shuffled(b, x, mode, merged=(2, 3, 6, 10)):
    split, perm = SPLITS[mode]
    return b.nn.reshape(b.nn.transpose(b.nn.reshape(x, shape=split), perm=perm), shape=merged)


@pytest.mark.parametrize("mode", SPLITS)
def test_both_orders_of_channels(case, mode):
    (op,) = case(lambda b, x: shuffled(b, x, mode), IMAGE).run(PASS).ops
    assert op.name == "nn.depth_to_space" and op.mode == mode and op.block == 2


@pytest.mark.parametrize("merged", [(2, 9, 2, 10), (2, 3, 60), (6, 1, 6, 10)])
def test_other_shapes_are_none(case, merged):
    assert not case(lambda b, x: shuffled(b, x, "crd", merged), IMAGE).run(PASS).changed


def test_other_movements_are_none(case):
    def build(b, x):
        split = b.nn.reshape(x, shape=SPLITS["crd"][0])
        return b.nn.reshape(b.nn.transpose(split, perm=(0, 1, 4, 3, 5, 2)), shape=(2, 3, 6, 10))

    assert not case(build, IMAGE).run(PASS).changed


@pytest.mark.parametrize("bias", [None, np.arange(12, dtype=np.float32)], ids=["plain", "bias"])
def test_a_convolution_gives_the_order(case, bias):
    weight = np.random.default_rng(1).normal(size=(12, 4, 3, 3)).astype(np.float32)

    def build(b, x):
        return shuffled(b, b.nn.conv(x, weight, bias, pads=(1, 1, 1, 1)), "crd")

    changed = case(build, {"x": (2, 4, 3, 5)}).run(PASS)
    assert changed.names[-2:] == ["conv", "depth_to_space"] and changed.ops[-1].mode == "dcr"


def test_groups_and_other_users_keep_their_order(case):
    weight = np.ones((12, 2, 1, 1), np.float32)

    def grouped(b, x):
        return shuffled(b, b.nn.conv(x, weight, groups=2), "crd")

    assert case(grouped, {"x": (2, 4, 3, 5)}).run(PASS).ops[-1].mode == "crd"


def focused(b, x, places, weight):
    """The slices of blocks put together, as at the input of detectors, and a convolution."""
    pieces = [b.nn.slice(x, starts=(0, 0, r, c), stops=(9, 9, 9, 9), steps=(1, 1, 2, 2)) for r, c in places]
    return b.nn.conv(b.nn.concat(pieces, axis=1), weight, np.arange(5, dtype=np.float32), pads=(1, 1, 1, 1))


@pytest.mark.parametrize("places", [((0, 0), (1, 0), (0, 1), (1, 1)), ((0, 0), (0, 1), (1, 0), (1, 1))], ids=str)
def test_slices_of_blocks_are_space_to_depth(case, rng, places):
    weight = rng.normal(size=(5, 12, 3, 3)).astype(np.float32)
    changed = case(lambda b, x: focused(b, x, places, weight), {"x": (2, 3, 4, 6)}).run(PASS)
    assert changed.names == ["space_to_depth", "conv"]


@pytest.mark.parametrize(
    ("places", "shape"),
    [(((0, 0), (1, 0), (0, 1), (0, 1)), (2, 3, 4, 6)), (((0, 0), (1, 0), (0, 1), (1, 1)), (2, 3, 5, 6))],
    ids=["one twice", "no whole blocks"],
)
def test_other_slices_are_none(case, rng, places, shape):
    weight = rng.normal(size=(5, 12, 1, 1)).astype(np.float32)

    def build(b, x):
        pieces = [b.nn.slice(x, starts=(0, 0, r, c), stops=(9, 9, 4, 9), steps=(1, 1, 2, 2)) for r, c in places]
        return b.nn.conv(b.nn.concat(pieces, axis=1), weight)

    assert "space_to_depth" not in case(build, {"x": shape}).run(PASS).names
