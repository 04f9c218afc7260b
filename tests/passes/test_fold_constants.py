"""`fold-constants`: what depends on constants alone is computed, within limits."""

import numpy as np
from pass_texts import body, built, names, parsed, run

from nncc.ir.module import constant_array
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_module
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_constants import FoldConstants

F = np.float32

WEIGHTS = """
    %w = "nn.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
    %t = "nn.transpose"(%w) {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    %n = "nn.neg"(%t) : (tensor<3x2xf32>) -> tensor<3x2xf32>
    %y = "nn.matmul"(%x, %n) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
    "func.return"(%y) : (tensor<1x2xf32>) -> ()
"""


def test_what_depends_on_constants_alone_is_computed():
    module = parsed("%x: tensor<1x3xf32>", WEIGHTS)
    step = FoldConstants()
    assert run(module, step)
    assert body(module)[1:] == [
        '%n = "nn.constant"() {value = dense<[[-1.0, -4.0], [-2.0, -5.0], [-3.0, -6.0]]> : tensor<3x2xf32>} '
        ": () -> tensor<3x2xf32>",
        '%y = "nn.matmul"(%x, %n) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>',
        '"func.return"(%y) : (tensor<1x2xf32>) -> ()',
    ]
    assert step.counts["operations"] == 2


def test_folding_frees_the_old_weights_and_names_the_new_ones_after_them():
    def build(b, x):
        weight = b.constant(np.arange(600, dtype=F).reshape(20, 30), name="conv1/W")
        return b.nn.matmul(x, b.nn.transpose(weight, perm=(1, 0)))

    module = built(build, x=(2, 30))
    assert run(module, FoldConstants())
    (resource,) = module.resources.values()
    assert resource.name == "conv1/W" and resource.numpy().shape == (30, 20)
    assert resource.numpy().flags.c_contiguous


def test_small_constants_do_not_grow_beyond_the_limit():
    def build(b, x):
        return b.nn.add(x, b.nn.tile(b.constant(F([[1], [2]])), reps=(50, 50)))

    module = built(build, x=(100, 50))
    step = FoldConstants(limit=1000)
    assert not step.run(module, PassContext())
    assert run(module, FoldConstants())
    assert names(module) == ["constant", "add"]


def test_results_that_nobody_uses_do_not_count_towards_the_limit():
    def build(b, x):
        weight = b.constant(np.arange(600, dtype=F), name="W")
        greatest, _ = b.nn.top_k(weight, k=600, axis=0)
        return b.nn.add(x, greatest)

    module = built(build, x=(600,))
    assert FoldConstants(limit=1000).run(module, PassContext())
    assert names(module) == ["constant", "add"]


def test_known_shapes_are_constants():
    module = built(lambda b, x: b.nn.cast(b.nn.shape_of(b.nn.exp(x)), to=x.tensor.element), x=(2, 7))
    assert run(module, FoldConstants())
    EliminateDeadCode().run(module, PassContext())
    assert names(module) == ["constant"]
    np.testing.assert_array_equal(constant_array(module.main.outputs[0]), [2, 7])
    assert not run(built(lambda b, x: b.nn.shape_of(x), x=("N", 7)), FoldConstants())


def test_quantized_weights_are_not_made_real():
    lines = """
        %w = "nn.constant"() {value = dense<[1, 2]> : tensor<2xi8>} : () -> tensor<2x!quant.uniform<i8:f32, 0.5>>
        %r = "nn.dequantize"(%w) : (tensor<2x!quant.uniform<i8:f32, 0.5>>) -> tensor<2xf32>
        %0 = "nn.add"(%x, %r) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
        "func.return"(%0) : (tensor<2xf32>) -> ()
    """
    quantized = "tensor<2x!quant.uniform<i8:f32, 0.5>>"
    module = parsed("%x: tensor<2xf32>", lines.replace("dense<[1, 2]> : tensor<2xi8>", f"dense<[1, 2]> : {quantized}"))
    assert not run(module, FoldConstants())


def test_real_weights_are_quantized():
    quantized = "tensor<2x!quant.uniform<i8:f32, 0.5>>"
    lines = f"""
        %w = "nn.constant"() {{value = dense<[1.0, -2.2]> : tensor<2xf32>}} : () -> tensor<2xf32>
        %q = "nn.quantize"(%w) {{to = {quantized}}} : (tensor<2xf32>) -> {quantized}
        "func.return"(%q) : ({quantized}) -> ()
    """
    module = parsed("%x: tensor<2xf32>", lines)
    assert run(module, FoldConstants())
    assert body(module)[1] == f'%q = "nn.constant"() {{value = #nncc.dense<[2, -4] : {quantized}>}} : () -> {quantized}'


def test_weights_that_were_left_out_of_the_text_are_left_alone():
    text = print_module(built(lambda b, x: b.nn.add(x, b.nn.neg(b.constant(np.ones(20, F)))), x=(20,)))
    module = parse_module(text)
    assert not FoldConstants().run(module, PassContext())
