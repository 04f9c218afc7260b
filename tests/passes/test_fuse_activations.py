"""fuse-activations: limits become part of the operation whose result they limit."""

import pytest

from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_operation
from nncc.passes.fuse_activations import FuseActivations

IMAGE = {"x": (1, 4, 6, 6)}
PASS = FuseActivations.name


def conv(b, x, rng, **attributes):
    weight = rng.uniform(-1, 1, (4, x.tensor.dims[1], 3, 3)).astype("float32")
    return b.nn.conv(x, weight, **attributes)


PRODUCERS = {
    "conv": conv,
    "conv_transpose": lambda b, x, rng: b.nn.conv_transpose(x, rng.uniform(-1, 1, (4, 2, 3, 3)).astype("float32")),
    "affine": lambda b, x, rng: b.nn.affine(x, rng.uniform(-1, 1, (6, 3)).astype("float32")),
    "add": lambda b, x, rng: b.nn.add(x, b.nn.tanh(x)),
    "sub": lambda b, x, rng: b.nn.sub(x, b.nn.tanh(x)),
    "mul": lambda b, x, rng: b.nn.mul(x, b.nn.tanh(x)),
    "div": lambda b, x, rng: b.nn.div(x, b.nn.exp(x)),
    "average_pool": lambda b, x, rng: b.nn.average_pool(x, kernel=(2, 2)),
    "max_pool": lambda b, x, rng: b.nn.max_pool(x, kernel=(2, 2)),
}


@pytest.mark.parametrize("producer", PRODUCERS)
@pytest.mark.parametrize(
    ("limit", "activation"),
    [
        (lambda b, h: b.nn.relu(h), "relu"),
        (lambda b, h: b.nn.clip(h, min=0.0, max=6.0), "relu6"),
        (lambda b, h: b.nn.clip(h, min=-1.0, max=1.0), "relu_n1_to_1"),
        (lambda b, h: b.nn.minimum(b.nn.relu(h), 6.0), "relu6"),
    ],
    ids=["relu", "relu6", "clip", "minimum"],
)
def test_it_becomes_the_activation_of(case, rng, producer, limit, activation):
    fused = case(lambda b, x: limit(b, PRODUCERS[producer](b, x, rng)), IMAGE).run("canonicalize", PASS)
    assert fused.names[-1] == producer and fused.ops[-1].activation == activation


def test_other_limits_stay(case, rng):
    fused = case(lambda b, x: b.nn.clip(conv(b, x, rng), min=0.0, max=5.0), IMAGE).run(PASS)
    assert fused.names == ["conv", "clip"] and not fused.changed


def test_it_moves_past_a_max_pool_into_the_convolution(case, rng):
    fused = case(lambda b, x: b.nn.relu(b.nn.max_pool(conv(b, x, rng), kernel=(2, 2))), IMAGE).run(PASS)
    assert fused.names == ["conv", "max_pool"]
    assert [op.activation for op in fused.ops] == ["relu", "none"]


def test_a_convolution_that_something_else_uses_leaves_it_to_the_pool(case, rng):
    def build(b, x):
        h = conv(b, x, rng)
        return b.nn.relu(b.nn.max_pool(h, kernel=(2, 2))), b.nn.tanh(h)

    fused = case(build, IMAGE).run(PASS)
    assert fused.names == ["conv", "max_pool", "tanh"]
    assert [op.activation for op in fused.ops[:2]] == ["none", "relu"]


def test_it_moves_past_what_moves_elements(case, rng):
    def build(b, x):
        h = b.nn.reshape(b.nn.concat([conv(b, x, rng), b.nn.add(conv(b, x, rng), 1.0)], axis=1), shape=(1, -1))
        return b.nn.relu(b.nn.slice(h, starts=(0, 3), stops=(1, 60), steps=(1, 2)))

    fused = case(build, IMAGE).run(PASS)
    assert "relu" not in fused.names
    assert [op.activation for op in fused.ops if "activation" in op.attribute_fields] == ["relu", "none", "relu"]


def test_a_concat_with_something_that_cannot_keeps_it(case, rng):
    fused = case(lambda b, x: b.nn.relu(b.nn.concat([conv(b, x, rng, pads=(1, 1, 1, 1)), b.nn.tanh(x)], axis=2)), IMAGE)
    assert fused.run(PASS).names == ["conv", "tanh", "concat", "relu"]
    assert not fused.changed


def test_a_result_that_is_an_output_too_keeps_its_numbers(case, rng):
    def build(b, x):
        h = conv(b, x, rng)
        return h, b.nn.relu(h)

    assert case(build, IMAGE).run(PASS).names == ["conv", "relu"]


@pytest.mark.parametrize(("first", "second"), [("relu", "relu6"), ("relu6", "relu6"), ("relu_n1_to_1", "none")])
def test_limits_that_are_there_are_combined(case, rng, first, second):
    """A relu_n1_to_1 with a relu would be 0 .. 1, which is none of the built-in ones."""

    def build(b, x):
        h = conv(b, x, rng, activation=first)
        return b.nn.relu(h) if second == "none" else b.nn.clip(h, min=0.0, max=6.0)

    fused = case(build, IMAGE).run(PASS)
    assert fused.ops[0].activation == (first if second == "none" else second)
    assert len(fused.ops) == (2 if second == "none" else 1)


def test_the_result_takes_the_name_of_the_limited_value(case, rng):
    def build(b, x):
        h = conv(b, x, rng)
        h.name = "before"
        y = b.nn.relu(h)
        y.name = "after"
        return y

    assert [op.results[0].name for op in case(build, IMAGE).run(PASS).ops] == ["after"]


def test_the_text_before_and_after():
    module = parse_module("""
        "func.func"() ({
        ^bb0(%x: tensor<4xf32>, %z: tensor<4xf32>):
          %1 = "nn.add"(%x, %z) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
          %2 = "nn.clip"(%1) {max = 6.0, min = 0.0} : (tensor<4xf32>) -> tensor<4xf32>
          "func.return"(%2) : (tensor<4xf32>) -> ()
        }) {sym_name = "main", function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>} : () -> ()
    """)
    FuseActivations().run(module, PassContext())
    add, _ = module.main.body
    assert print_operation(add).split(" = ", 1)[1] == (
        '"nn.add"(%x, %z) {activation = "relu6"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>'
    )
