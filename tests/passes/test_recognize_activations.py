"""recognize-*: each function in the spellings that exporters write, and what only looks like it."""

import math

import numpy as np
import pytest

import nncc.passes.recognize_activations
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_operation

VECTOR = {"x": (3, 40)}

HARD_SWISH = {
    "relu6 first": lambda b, x: b.nn.div(b.nn.mul(b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0), x), 6.0),
    "sixth of the gate": lambda b, x: b.nn.mul(x, b.nn.div(b.nn.clip(b.nn.add(3.0, x), min=0.0, max=6.0), 6.0)),
    "min of max": lambda b, x: b.nn.mul(
        b.nn.mul(x, b.nn.minimum(b.nn.maximum(b.nn.add(x, 3.0), 0.0), 6.0)), np.float32(0.16666667)
    ),
    "sixth of x": lambda b, x: b.nn.mul(b.nn.mul(x, 1 / 6), b.nn.minimum(b.nn.relu(b.nn.add(x, 3.0)), 6.0)),
    "clip of a line": lambda b, x: b.nn.mul(b.nn.clip(b.nn.add(b.nn.mul(x, 1 / 6), 0.5), min=0.0, max=1.0), x),
    "hard_sigmoid": lambda b, x: b.nn.mul(b.nn.hard_sigmoid(x, alpha=1 / 6, beta=0.5), x),
    "built in": lambda b, x: b.nn.mul(b.nn.mul(x, b.nn.add(x, 3.0, activation="relu6")), 1 / 6),
    "minus minus 3": lambda b, x: b.nn.div(b.nn.mul(x, b.nn.minimum(6.0, b.nn.relu(b.nn.sub(x, -3.0)))), 6.0),
    "last": lambda b, x: b.nn.mul(x, b.nn.mul(b.nn.add(x, 3.0, activation="relu6"), 1 / 6)),
}


@pytest.mark.parametrize("spelling", HARD_SWISH)
def test_hard_swish(case, spelling):
    assert case(HARD_SWISH[spelling], VECTOR).run("recognize-hard-swish").names == ["hard_swish"]


@pytest.mark.parametrize(
    "other",
    [
        lambda b, x: b.nn.mul(x, b.nn.hard_sigmoid(x)),
        lambda b, x: b.nn.mul(x, b.nn.div(b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=5.0), 6.0)),
        lambda b, x: b.nn.mul(x, b.nn.div(b.nn.clip(b.nn.add(x, 2.99), min=0.0, max=6.0), 6.0)),
        lambda b, x: b.nn.mul(b.nn.tanh(x), b.nn.hard_sigmoid(x, alpha=1 / 6)),
        lambda b, x: b.nn.mul(x, b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0)),
    ],
    ids=["slope 0.2", "5", "2.99", "another x", "no sixth"],
)
def test_what_only_looks_like_hard_swish(case, other):
    assert "hard_swish" not in case(other, VECTOR).run("recognize-hard-swish").names


def test_the_sixth_may_be_part_of_another_scale(case):
    """As where a learned scale follows the activation."""

    def build(b, x):
        y = b.nn.mul(x, b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0))
        return b.nn.mul(b.nn.div(y, 6.0), np.linspace(-1, 2, 40, dtype=np.float32))

    assert case(build, VECTOR).run("canonicalize", "recognize-hard-swish").names == ["hard_swish", "mul"]


def test_a_gate_that_is_used_twice_is_computed_once(case):
    def build(b, x):
        gate = b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0)
        return b.nn.div(b.nn.mul(x, gate), 6.0), b.nn.tanh(gate)

    assert "hard_swish" not in case(build, VECTOR).run("recognize-hard-swish").names


@pytest.mark.parametrize(
    ("build", "alpha", "beta"),
    [
        (lambda b, x: b.nn.clip(b.nn.add(b.nn.mul(x, 0.2), 0.5), min=0.0, max=1.0), 0.2, 0.5),
        (lambda b, x: b.nn.div(b.nn.clip(b.nn.add(x, 3.0), min=0.0, max=6.0), 6.0), 1 / 6, 0.5),
        (lambda b, x: b.nn.minimum(b.nn.maximum(b.nn.sub(b.nn.div(x, 4.0), -0.25), 0.0), 1.0), 0.25, 0.25),
        (lambda b, x: b.nn.mul(b.nn.clip(b.nn.add(b.nn.mul(x, 2.0), 1.0), min=0.0, max=2.0), 0.5), 1.0, 0.5),
    ],
    ids=["line", "relu6", "min of max", "scaled line"],
)
def test_hard_sigmoid(case, build, alpha, beta):
    found = case(build, VECTOR).run("recognize-hard-sigmoid")
    assert found.names == ["hard_sigmoid"]
    assert found.ops[0].alpha == pytest.approx(alpha, rel=1e-6) and found.ops[0].beta == pytest.approx(beta, rel=1e-6)


def test_a_line_clipped_elsewhere_is_no_hard_sigmoid(case):
    def build(b, x):
        return b.nn.clip(b.nn.add(b.nn.mul(x, 0.2), 0.5), min=0.0, max=2.0)

    assert "hard_sigmoid" not in case(build, VECTOR).run("recognize-hard-sigmoid").names


@pytest.mark.parametrize(
    "build",
    [
        lambda b, x: b.nn.mul(b.nn.sigmoid(x), x),
        lambda b, x: b.nn.mul(x, b.nn.div(1.0, b.nn.add(b.nn.exp(b.nn.neg(x)), 1.0))),
        lambda b, x: b.nn.mul(x, b.nn.reciprocal(b.nn.add(1.0, b.nn.exp(b.nn.mul(x, -1.0))))),
    ],
    ids=["sigmoid", "div", "reciprocal"],
)
def test_swish(case, build):
    assert case(build, VECTOR).run("recognize-swish").names == ["swish"]


def test_a_sigmoid_of_something_else_is_no_swish(case):
    found = case(lambda b, x: b.nn.mul(x, b.nn.sigmoid(b.nn.mul(x, 1.702))), VECTOR).run("recognize-swish")
    assert found.names == ["mul", "sigmoid", "mul"]


@pytest.mark.parametrize(("slope", "is_one"), [(0.1, True), (0.9, True), (-0.1, False), (1.5, False)])
def test_leaky_relu(case, slope, is_one):
    found = case(lambda b, x: b.nn.maximum(b.nn.mul(x, slope), x), VECTOR).run("recognize-leaky-relu")
    assert found.names == (["leaky_relu"] if is_one else ["mul", "maximum"])


@pytest.mark.parametrize("shape", [(), (40,), (1, 40), (3, 1)])
@pytest.mark.parametrize("sign", ["add", "sub"])
def test_prelu(case, rng, shape, sign):
    def build(b, x):
        slope = rng.uniform(0.1, 0.9, shape).astype(np.float32)
        below = b.nn.mul(slope if sign == "sub" else -slope, b.nn.relu(b.nn.neg(x)))
        return b.create(f"nn.{sign}", b.nn.relu(x), below).result

    assert case(build, VECTOR).run("recognize-leaky-relu").names == ["prelu"]


def erf_part(b, x, root=2**0.5):
    return b.nn.erf(b.nn.div(x, root))


GELU = {
    "half of x": lambda b, x: b.nn.mul(b.nn.mul(0.5, x), b.nn.add(1.0, erf_part(b, x))),
    "half outside": lambda b, x: b.nn.mul(b.nn.mul(x, b.nn.add(erf_part(b, x), 1.0)), 0.5),
    "half inside": lambda b, x: b.nn.mul(b.nn.mul(b.nn.add(erf_part(b, x), 1.0), 0.5), x),
    "half twice": lambda b, x: b.nn.mul(x, b.nn.add(b.nn.mul(erf_part(b, x), 0.5), 0.5)),
    "divided by 2": lambda b, x: b.nn.div(b.nn.mul(x, b.nn.add(b.nn.erf(b.nn.mul(x, 0.70710678)), 1.0)), 2.0),
}


@pytest.mark.parametrize("spelling", GELU)
def test_gelu(case, spelling):
    found = case(GELU[spelling], VECTOR).run("recognize-gelu")
    assert found.names == ["gelu"] and not found.ops[0].approximate


ROOT = math.sqrt(2 / math.pi)
CUBES = {
    "pow": lambda b, x: b.nn.mul(b.nn.add(x, b.nn.mul(b.nn.pow(x, 3.0), 0.044715)), ROOT),
    "x x x": lambda b, x: b.nn.mul(ROOT, b.nn.add(x, b.nn.mul(b.nn.mul(b.nn.mul(x, x), x), 0.044715))),
    "0.04 x x x": lambda b, x: b.nn.mul(ROOT, b.nn.add(x, b.nn.mul(x, b.nn.mul(b.nn.mul(0.044715, x), x)))),
    "factored": lambda b, x: b.nn.mul(b.nn.mul(x, b.nn.add(b.nn.mul(b.nn.pow(x, 2.0), 0.044715), 1.0)), ROOT),
    "root of x": lambda b, x: b.nn.mul(b.nn.mul(x, ROOT), b.nn.add(b.nn.mul(b.nn.mul(x, 0.044715), x), 1.0)),
}


@pytest.mark.parametrize("cube", CUBES)
def test_gelu_by_tanh(case, cube):
    def build(b, x):
        return b.nn.mul(b.nn.mul(0.5, x), b.nn.add(1.0, b.nn.tanh(CUBES[cube](b, x))))

    found = case(build, VECTOR).run("recognize-gelu")
    assert found.names == ["gelu"] and found.ops[0].approximate


def test_a_gelu_with_another_root_is_none(case):
    def build(b, x):
        return b.nn.mul(b.nn.mul(x, b.nn.add(erf_part(b, x, 1.42), 1.0)), 0.5)

    assert "gelu" not in case(build, VECTOR).run("recognize-gelu").names


@pytest.mark.parametrize("centred", [False, True])
def test_softmax(case, centred):
    def build(b, x):
        power = b.nn.exp(b.nn.sub(x, b.nn.reduce_max(x, axes=(-1,))) if centred else x)
        return b.nn.div(power, b.nn.reduce_sum(power, axes=(1,)))

    found = case(build, VECTOR).run("recognize-softmax")
    assert found.names == ["softmax"]


def test_a_quotient_over_two_axes_is_no_softmax(case):
    def build(b, x):
        power = b.nn.exp(b.nn.sub(x, b.nn.reduce_max(x, axes=(1,))))
        return b.nn.div(power, b.nn.reduce_sum(power, axes=(0, 1)))

    assert "softmax" not in case(build, VECTOR).run("recognize-softmax").names


@pytest.mark.parametrize("slope", [0, 2])
def test_integers_are_not_rectified_by_operations_of_floats(slope):
    module = parse_module(f"""
        "func.func"() ({{
        ^bb0(%x: tensor<4xi32>):
          %a = "nn.constant"() {{value = dense<{slope}> : tensor<i32>}} : () -> tensor<i32>
          %1 = "nn.mul"(%x, %a) : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
          %2 = "nn.maximum"(%x, %1) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
          %3 = "nn.neg"(%x) : (tensor<4xi32>) -> tensor<4xi32>
          %4 = "nn.relu"(%3) : (tensor<4xi32>) -> tensor<4xi32>
          %5 = "nn.mul"(%4, %a) : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
          %6 = "nn.relu"(%x) : (tensor<4xi32>) -> tensor<4xi32>
          %7 = "nn.sub"(%6, %5) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
          "func.return"(%2, %7) : (tensor<4xi32>, tensor<4xi32>) -> ()
        }}) {{sym_name = "main", function_type = (tensor<4xi32>) -> (tensor<4xi32>, tensor<4xi32>)}} : () -> ()
    """)
    before = [op.name for op in module.main.body]
    nncc.passes.recognize_activations.RecognizeLeakyRelu().run(module, PassContext())
    assert [op.name for op in module.main.body] == before


def test_the_text_before_and_after():
    module = parse_module("""
        "func.func"() ({
        ^bb0(%x: tensor<4xf32>):
          %three = "nn.constant"() {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
          %six = "nn.constant"() {value = dense<6.0> : tensor<f32>} : () -> tensor<f32>
          %1 = "nn.add"(%x, %three) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
          %2 = "nn.clip"(%1) {max = 6.0, min = 0.0} : (tensor<4xf32>) -> tensor<4xf32>
          %3 = "nn.mul"(%x, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
          %4 = "nn.div"(%3, %six) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
          "func.return"(%4) : (tensor<4xf32>) -> ()
        }) {sym_name = "main", function_type = (tensor<4xf32>) -> tensor<4xf32>} : () -> ()
    """)
    nncc.passes.recognize_activations.RecognizeHardSwish().run(module, PassContext())
    found, _ = module.main.body
    assert print_operation(found).split(" = ", 1)[1] == '"nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>'
