"""fold-padding: borders that the operation behind them can imagine itself."""

import math

import numpy as np
import pytest

from nncc.passes.fold_padding import FoldPadding

PASS = FoldPadding.name
IMAGE = {"x": (2, 3, 5, 6)}
BORDER = (0, 0, 1, 2, 0, 0, 0, 2)


def conv(b, x, rng, **attributes):
    channels = x.tensor.dims[3 if attributes.get("channel_last") else 1]
    return b.nn.conv(x, rng.uniform(-1, 1, (4, channels, 3, 3)).astype(np.float32), **attributes)


@pytest.mark.parametrize("attributes", [{}, {"pads": (1, 0, 1, 0)}, {"strides": (2, 1), "dilations": (1, 2)}], ids=str)
def test_zeros_fold_into_a_convolution(case, rng, attributes):
    (folded,) = case(lambda b, x: conv(b, b.nn.pad(x, pads=BORDER), rng, **attributes), IMAGE).run(PASS).ops
    own = attributes.get("pads", (0, 0, 0, 0))
    assert folded.pads == tuple(a + b for a, b in zip(own, (1, 2, 0, 2), strict=True))


def test_channels_may_be_last(case, rng):
    def build(b, x):
        return conv(b, b.nn.pad(x, pads=(0, 1, 2, 0, 0, 0, 2, 0)), rng, channel_last=True)

    (folded,) = case(build, {"x": (2, 5, 6, 3)}).run(PASS).ops
    assert folded.pads == (1, 2, 0, 2)


@pytest.mark.parametrize(("value", "folds"), [(-math.inf, True), (0.0, False)])
def test_a_max_pool_imagines_the_least_number(case, value, folds):
    pooled = case(lambda b, x: b.nn.max_pool(b.nn.pad(x, pads=BORDER, value=value), kernel=(3, 3)), IMAGE).run(PASS)
    assert pooled.names == (["max_pool"] if folds else ["pad", "max_pool"])


@pytest.mark.parametrize(
    ("attributes", "folds"),
    [({}, True), ({"pads": (1, 1, 1, 1), "count_include_pad": True}, True), ({"pads": (1, 1, 1, 1)}, False)],
    ids=str,
)
def test_an_average_pool_counts_the_zeros(case, attributes, folds):
    pooled = case(lambda b, x: b.nn.average_pool(b.nn.pad(x, pads=BORDER), kernel=(4, 4), **attributes), IMAGE)
    assert pooled.run(PASS).names == (["average_pool"] if folds else ["pad", "average_pool"])


@pytest.mark.parametrize(
    "padding",
    [{"pads": (0, 1, 1, 1, 0, 0, 1, 1)}, {"pads": BORDER, "value": 0.5}, {"pads": BORDER, "mode": "edge"}],
    ids=["channels", "a number", "mode"],
)
def test_other_padding_stays(case, rng, padding):
    unchanged = case(lambda b, x: conv(b, b.nn.pad(x, **padding), rng), IMAGE).run(PASS)
    assert unchanged.names == ["pad", "conv"] and not unchanged.changed
