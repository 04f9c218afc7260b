"""simplify-reductions: global pools are means, and means drop axes themselves."""

import pytest

from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_operation
from nncc.passes.simplify_reductions import SimplifyReductions

PASS = SimplifyReductions.name
IMAGE = {"x": (2, 3, 4, 5)}


@pytest.mark.parametrize(("shape", "channel_last"), [((2, 3, 4, 5), False), ((2, 4, 5, 3), True)])
def test_a_global_average_pool_is_a_mean(case, shape, channel_last):
    def build(b, x):
        return b.nn.average_pool(x, kernel=(4, 5), strides=(4, 5), channel_last=channel_last)

    (mean,) = case(build, {"x": shape}).run(PASS).ops
    assert mean.name == "nn.reduce_mean" and mean.keep_dims


@pytest.mark.parametrize(
    "attributes",
    [{"kernel": (4, 4)}, {"kernel": (4, 5), "pads": (1, 0, 0, 0)}, {"kernel": (4, 5), "activation": "relu"}],
    ids=str,
)
def test_other_average_pools_stay(case, attributes):
    unchanged = case(lambda b, x: b.nn.average_pool(x, **attributes), IMAGE).run(PASS)
    assert unchanged.names == ["average_pool"] and not unchanged.changed


@pytest.mark.parametrize("reduction", ["reduce_mean", "reduce_sum", "reduce_max"])
def test_axes_that_are_dropped_behind_a_reduction_are_dropped_by_it(case, reduction):
    def build(b, x):
        return b.nn.reshape(b.create(f"nn.{reduction}", x, axes=(-1, 2)).results[0], shape=(2, 3))

    (reduced,) = case(build, IMAGE).run(PASS).ops
    assert reduced.name == f"nn.{reduction}" and not reduced.keep_dims


def test_a_reshape_that_drops_something_else_stays(case):
    def build(b, x):
        return b.nn.reshape(b.nn.reduce_mean(x, axes=(2, 3)), shape=(3, 2))

    assert case(build, IMAGE).run(PASS).names == ["reduce_mean", "reshape"]


def test_a_reduction_that_others_use_keeps_its_axes(case):
    def build(b, x):
        mean = b.nn.reduce_mean(x, axes=(2, 3))
        return b.nn.reshape(mean, shape=(2, 3)), b.nn.sub(x, mean)

    assert case(build, IMAGE).run(PASS).names == ["reduce_mean", "reshape", "sub"]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("kind", ["reduce_max", "reduce_mean", "reduce_sum"])
def test_two_reductions_are_one(case, kind, keep):
    def build(b, x):
        inner = getattr(b.nn, kind)(x, axes=(-1,), keep_dims=keep)
        return getattr(b.nn, kind)(inner, axes=(2,), keep_dims=keep)

    (both,) = case(build, IMAGE).run(PASS).ops
    assert both.axes == (2, 3) and both.keep_dims == keep


def test_reductions_of_two_kinds_stay(case):
    build = lambda b, x: b.nn.reduce_max(b.nn.reduce_sum(x, axes=(3,)), axes=(2,))  # noqa: E731
    assert case(build, IMAGE).run(PASS).names == ["reduce_sum", "reduce_max"]


def test_the_text_before_and_after():
    module = parse_module("""
        "func.func"() ({
        ^bb0(%x: tensor<1x8x7x7xf32>):
          %1 = "nn.average_pool"(%x) {kernel = array<i64: 7, 7>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
          %2 = "nn.reshape"(%1) {shape = array<i64: 1, 8>} : (tensor<1x8x1x1xf32>) -> tensor<1x8xf32>
          "func.return"(%2) : (tensor<1x8xf32>) -> ()
        }) {sym_name = "main", function_type = (tensor<1x8x7x7xf32>) -> tensor<1x8xf32>} : () -> ()
    """)
    SimplifyReductions().run(module, PassContext())
    mean, _ = module.main.body
    assert print_operation(mean).split(" = ", 1)[1] == (
        '"nn.reduce_mean"(%x) {axes = array<i64: 2, 3>, keep_dims = false} : (tensor<1x8x7x7xf32>) -> tensor<1x8xf32>'
    )
