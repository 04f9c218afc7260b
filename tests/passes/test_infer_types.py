"""`infer-types`: types are refined from the inputs on, and contradictions reported."""

import pytest
from pass_texts import body, built, parsed, run

from nncc.ir import CompileError
from nncc.ir.passes import PassContext
from nncc.passes.infer_types import InferTypes


def test_types_are_refined_from_the_inputs_on():
    lines = """
        %0 = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<?x3xf32>
        %1 = "nn.transpose"(%0) {perm = array<i64: 1, 0>} : (tensor<?x3xf32>) -> tensor<*xf32>
        "func.return"(%1) : (tensor<*xf32>) -> ()
    """
    module = parsed("%x: tensor<2x3xf32>", lines)
    step = InferTypes()
    assert run(module, step)
    assert body(module)[1:] == [
        '%0 = "nn.exp"(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>',
        '%1 = "nn.transpose"(%0) {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>',
        '"func.return"(%1) : (tensor<3x2xf32>) -> ()',
    ]
    assert step.counts["types"] == 2


def test_what_is_known_is_not_forgotten():
    lines = """
        %0 = "nn.exp"(%x) : (tensor<?xf32>) -> tensor<4xf32>
        "func.return"(%0) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<?xf32>", lines)
    assert not InferTypes().run(module, PassContext())


def test_all_contradictions_are_reported():
    module = built(lambda b, x: b.nn.transpose(b.nn.exp(x), perm=(1, 0)), x=(2, 3))
    (exp, transpose, _) = module.main.body
    exp.output.type = exp.output.tensor.with_shape((2, 4))
    transpose.perm = (0, 2)
    with pytest.raises(CompileError) as caught:
        InferTypes().run(module, PassContext())
    assert [d.message for d in caught.value.diagnostics] == [
        "'nn.exp' op result 0 has type tensor<2x4xf32>, but its operands make tensor<2x3xf32>",
        "'nn.transpose' op expected 'perm' to be a permutation of the axes, got (0, 2)",
    ]


def test_quantized_results_stay_quantized():
    quantized = "x!quant.uniform<i8:f32, 0.5>>"
    lines = f"""
        %0 = "nn.reshape"(%x) {{shape = array<i64: 2, 2>}} : (tensor<4{quantized}) -> tensor<?x2{quantized}
        "func.return"(%0) : (tensor<?x2{quantized}) -> ()
    """
    module = parsed(f"%x: tensor<4{quantized}", lines)
    assert run(module, InferTypes())
    assert body(module)[1].endswith(f"-> tensor<2x2{quantized}")
