"""What the optimizing passes make of a text, as text."""

import re

import pytest

from nncc.ir import Trait
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext, lookup_pass
from nncc.ir.printer import print_operation

V = "tensor<4xf32>"
TEXTS = {
    "fold-scales": (
        f"""
        %two = "nn.constant"() {{value = dense<2.0> : tensor<f32>}} : () -> tensor<f32>
        %w = "nn.constant"() {{value = dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>}} : () -> tensor<4x1xf32>
        %1 = "nn.div"(%x, %two) : ({V}, tensor<f32>) -> {V}
        %2 = "nn.affine"(%1, %w) : ({V}, tensor<4x1xf32>) -> tensor<1xf32>
        %y = "nn.add"(%2, %two) : (tensor<1xf32>, tensor<f32>) -> tensor<1xf32>
        """,
        ["affine(x, dense<[[0.5], [1.0], [1.5], [2.0]]>, dense<[2.0]>)"],
    ),
    "normalize-arithmetic": (
        f"""
        %five = "nn.constant"() {{value = dense<5.0> : tensor<f32>}} : () -> tensor<f32>
        %1 = "nn.div"(%x, %five) : ({V}, tensor<f32>) -> {V}
        %y = "nn.mul"(%1, %x) : ({V}, {V}) -> {V}
        """,
        ["square(x)", "mul(0, dense<0.2>)"],
    ),
    "recognize-hard-sigmoid": (
        f"""
        %half = "nn.constant"() {{value = dense<0.5> : tensor<f32>}} : () -> tensor<f32>
        %1 = "nn.mul"(%x, %half) : ({V}, tensor<f32>) -> {V}
        %2 = "nn.add"(%1, %half) : ({V}, tensor<f32>) -> {V}
        %y = "nn.clip"(%2) {{min = 0.0, max = 1.0}} : ({V}) -> {V}
        """,
        ["hard_sigmoid(x) {alpha = 0.5 : f64}"],
    ),
    "recognize-swish": (
        f"""
        %1 = "nn.sigmoid"(%x) : ({V}) -> {V}
        %y = "nn.mul"(%x, %1) : ({V}, {V}) -> {V}
        """,
        ["swish(x)"],
    ),
    "recognize-leaky-relu": (
        f"""
        %half = "nn.constant"() {{value = dense<0.5> : tensor<f32>}} : () -> tensor<f32>
        %1 = "nn.mul"(%half, %x) : (tensor<f32>, {V}) -> {V}
        %y = "nn.maximum"(%x, %1) : ({V}, {V}) -> {V}
        """,
        ["leaky_relu(x) {alpha = 0.5 : f64}"],
    ),
    "recognize-gelu": (
        f"""
        %half = "nn.constant"() {{value = dense<0.5> : tensor<f32>}} : () -> tensor<f32>
        %one = "nn.constant"() {{value = dense<1.0> : tensor<f32>}} : () -> tensor<f32>
        %root = "nn.constant"() {{value = dense<0.70710678> : tensor<f32>}} : () -> tensor<f32>
        %1 = "nn.mul"(%x, %root) : ({V}, tensor<f32>) -> {V}
        %2 = "nn.erf"(%1) : ({V}) -> {V}
        %3 = "nn.add"(%one, %2) : (tensor<f32>, {V}) -> {V}
        %4 = "nn.mul"(%half, %x) : (tensor<f32>, {V}) -> {V}
        %y = "nn.mul"(%4, %3) : ({V}, {V}) -> {V}
        """,
        ["gelu(x)"],
    ),
    "recognize-softmax": (
        f"""
        %1 = "nn.exp"(%x) : ({V}) -> {V}
        %2 = "nn.reduce_sum"(%1) {{axes = array<i64: 0>}} : ({V}) -> tensor<1xf32>
        %y = "nn.div"(%1, %2) : ({V}, tensor<1xf32>) -> {V}
        """,
        ["softmax(x) {axis = 0 : i64}"],
    ),
    "recognize-channel-shuffle": (
        f"""
        %1 = "nn.reshape"(%x) {{shape = array<i64: 2, 2>}} : ({V}) -> tensor<2x2xf32>
        %2 = "nn.transpose"(%1) {{perm = array<i64: 1, 0>}} : (tensor<2x2xf32>) -> tensor<2x2xf32>
        %y = "nn.reshape"(%2) {{shape = array<i64: 4>}} : (tensor<2x2xf32>) -> {V}
        """,
        ["channel_shuffle(x) {groups = 2 : i64, axis = 0 : i64}"],
    ),
    "simplify-movement": (
        f"""
        %1 = "nn.reshape"(%x) {{shape = array<i64: 2, 2>}} : ({V}) -> tensor<2x2xf32>
        %2 = "nn.tanh"(%1) : (tensor<2x2xf32>) -> tensor<2x2xf32>
        %3 = "nn.concat"(%1, %2) {{axis = 0}} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
        %4 = "nn.slice"(%3) {{starts = array<i64: 2, 0>, stops = array<i64: 4, 2>, steps = array<i64: 1, 1>}}
             : (tensor<4x2xf32>) -> tensor<2x2xf32>
        %y = "nn.reshape"(%4) {{shape = array<i64: 4>}} : (tensor<2x2xf32>) -> {V}
        """,
        ["tanh(x)"],
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    before, after = TEXTS[name]
    result = re.findall(r"-> (tensor<\S*>)\s*$", before.strip())[0]
    module = parse_module(
        f"""
        "func.func"() ({{
        ^bb0(%x: {V}):
        {before}
          "func.return"(%y) : ({result}) -> ()
        }}) {{sym_name = "main", function_type = ({V}) -> {result}}} : () -> ()
        """
    )
    assert lookup_pass(name)().run(module, PassContext())
    assert short_texts(module) == after


def short_texts(module):
    """The operations without types: operands are ``x``, numbers of earlier operations, or the text of a constant."""
    names = {module.main.inputs[0]: "x"}
    texts = []
    for op in module.main.body:
        attributes = re.search(r'"\([^)]*\)( \{.*\})? :', print_operation(op))[1] or ""
        if Trait.CONSTANT in op.traits:
            names[op.results[0]] = re.search(r"dense<.*?>(?= : )", attributes)[0]
        elif op.results:
            texts.append(f"{op.name[3:]}({', '.join(names[v] for v in op.operands)}){attributes}")
            names[op.results[0]] = str(len(texts) - 1)
    return texts
