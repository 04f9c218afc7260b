"""`eliminate-common-subexpressions`: equal expressions are computed once."""

from pass_texts import body, parsed, run

from nncc.passes.eliminate_common_subexpressions import EliminateCommonSubexpressions


def test_equal_expressions_are_computed_once():
    lines = """
        %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %2 = "nn.add"(%0, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %3 = "nn.add"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %4 = "nn.sub"(%2, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %5 = "nn.sub"(%x, %3) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %6 = "nn.mul"(%4, %5) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%6) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines)
    step = EliminateCommonSubexpressions()
    assert run(module, step)
    assert [line.partition(" : ")[0] for line in body(module)[1:]] == [
        '%0 = "nn.exp"(%x)',
        '%1 = "nn.add"(%0, %x)',
        '%2 = "nn.sub"(%1, %x)',
        '%3 = "nn.sub"(%x, %1)',
        '%4 = "nn.mul"(%2, %3)',
        '"func.return"(%4)',
    ]
    assert step.counts["operations"] == 2


def test_different_attributes_types_and_effects_are_not_merged():
    lines = """
        %0 = "nn.clip"(%x) {max = 1.0} : (tensor<4xf32>) -> tensor<4xf32>
        %1 = "nn.clip"(%x) {max = 2.0} : (tensor<4xf32>) -> tensor<4xf32>
        %2 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %3 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<?xf32>
        %4 = "gptest.loud"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %5 = "gptest.loud"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %6 = "nn.concat"(%0, %1, %2, %3, %4, %5) {axis = 0} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>,
            tensor<?xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?xf32>
        "func.return"(%6) : (tensor<?xf32>) -> ()
    """
    assert not run(parsed("%x: tensor<4xf32>", lines), EliminateCommonSubexpressions())


def test_small_constants_are_merged_by_value_and_zeros_by_sign():
    lines = """
        %0 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
        %1 = "nn.constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
        %2 = "nn.constant"() {value = dense<-0.0> : tensor<f32>} : () -> tensor<f32>
        %3 = "nn.add"(%x, %0) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %4 = "nn.add"(%3, %1) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %5 = "nn.add"(%4, %2) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        "func.return"(%5) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines)
    step = EliminateCommonSubexpressions()
    assert run(module, step)
    assert step.counts["operations"] == 1


def test_two_outputs_stay_two():
    lines = """
        %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> ()
    """
    assert not run(parsed("%x: tensor<4xf32>", lines, 2), EliminateCommonSubexpressions())


def test_regions_see_what_is_around_them_and_not_the_other_way_round():
    lines = """
        %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %1 = "gptest.holder"(%0) ({
          %2 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
          %3 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>
          %4 = "gptest.loud"(%2) : (tensor<4xf32>) -> tensor<4xf32>
          %5 = "gptest.loud"(%3) : (tensor<4xf32>) -> tensor<4xf32>
          "gptest.yield"() : () -> ()
        }) : (tensor<4xf32>) -> tensor<4xf32>
        %6 = "nn.sin"(%1) : (tensor<4xf32>) -> tensor<4xf32>
        %7 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %8 = "nn.add"(%6, %7) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%8) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines)
    step = EliminateCommonSubexpressions()
    assert run(module, step)
    assert step.counts["operations"] == 1
    assert body(module)[3:6] == [
        '%5 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>',
        '%6 = "gptest.loud"(%0) : (tensor<4xf32>) -> tensor<4xf32>',
        '%7 = "gptest.loud"(%5) : (tensor<4xf32>) -> tensor<4xf32>',
    ]


def test_what_stays_keeps_its_name_and_takes_over_the_locations():
    lines = """
        %first = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>  loc("a"("net"("exp1")))
        %second = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %0 = "nn.add"(%first, %second) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%0) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines.replace('  loc("a"("net"("exp1")))', ""))
    run(module, EliminateCommonSubexpressions())
    (exp, *_) = module.main.body
    assert exp.result.name == "first"
    assert len(exp.location.origins) == 2 and exp.location.passes == ("eliminate-common-subexpressions",)
