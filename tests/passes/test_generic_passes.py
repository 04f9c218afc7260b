"""Dead code, common subexpressions, constants, types and batch sizes: text in, text out, and the same numbers."""

import textwrap

import numpy as np
import pytest

from nncc.ir import Builder, CompileError, Function, Module, Op, Trait, UsageError
from nncc.ir.interpreter import evaluate
from nncc.ir.module import constant_array
from nncc.ir.numerics import random_inputs
from nncc.ir.opdef import operand, result
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.ports import source_type
from nncc.ir.printer import print_module
from nncc.ir.verifier import verify_module
from nncc.passes.eliminate_common_subexpressions import EliminateCommonSubexpressions
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fix_batch_size import FixBatchSize
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.infer_types import InferTypes

F = np.float32


class Loud(Op, name="gptest.loud"):
    """An operation that is not known to be pure."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor

    def evaluate(self, x):
        return x


class Yield(Op, name="gptest.yield", traits=(Trait.TERMINATOR,)):
    """Ends the region of a holder."""

    def infer(self):
        return ()


class Holder(Op, name="gptest.holder", traits=(Trait.PURE,)):
    """An operation with a region."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor

    def evaluate(self, x):
        return x


def parsed(args, body, results=1):
    """A module whose main function has these arguments and these lines."""
    names = ", ".join(f'{{nncc.name = "y{i}"}}' for i in range(results))
    text = f'"builtin.module"() ({{\n"func.func"() ({{\n^bb0({args}):\n{textwrap.dedent(body)}}}) ' + (
        f'{{sym_name = "main", res_attrs = [{names}]}} : () -> ()\n}}) : () -> ()\n'
    )
    module = parse_module(text)
    verify_module(module)
    return module


def body(module):
    """The lines of the main function, the arguments first."""
    lines = print_module(module, locations=False).splitlines()
    start = next(i for i, line in enumerate(lines) if "^bb0" in line)
    end = max(i for i, line in enumerate(lines) if "func.return" in line)
    return [line.strip() for line in lines[start : end + 1]]


def run(module, step):
    """Run a pass; the IR must stay valid and the outputs must stay the same. Gives whether it said it changed."""
    types = {n: source_type(module.main, "arg", i) for i, n in enumerate(module.main.input_names)}
    inputs = random_inputs(types, 3)
    before = evaluate(module.main, inputs)
    changed = step.run(module, PassContext())
    verify_module(module)
    after_types = {n: source_type(module.main, "arg", i) for i, n in enumerate(module.main.input_names)}
    if after_types == types:
        after = evaluate(module.main, inputs)
        assert before.keys() == after.keys()
        for name in before:
            np.testing.assert_allclose(after[name], before[name], rtol=1e-6)
    assert not type(step)().run(module, PassContext())
    return changed


# Dead code

DEAD = """
    %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "nn.neg"(%0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %3 = "gptest.loud"(%2) : (tensor<4xf32>) -> tensor<4xf32>
    %4 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%4) : (tensor<4xf32>) -> ()
"""


def test_dead_code_goes_and_effects_stay():
    module = parsed("%x: tensor<4xf32>", DEAD)
    step = EliminateDeadCode()
    assert run(module, step)
    assert body(module)[1:] == [
        '%0 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>',
        '%1 = "gptest.loud"(%0) : (tensor<4xf32>) -> tensor<4xf32>',
        '%2 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>',
        '"func.return"(%2) : (tensor<4xf32>) -> ()',
    ]
    assert step.counts["operations"] == 2


def test_dead_operations_go_with_their_regions():
    lines = """
        %0 = "gptest.holder"(%x) ({
          %1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
          %2 = "gptest.loud"(%1) : (tensor<4xf32>) -> tensor<4xf32>
          "gptest.yield"() : () -> ()
        }) : (tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%x) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines)
    assert run(module, EliminateDeadCode())
    assert body(module)[1:] == ['"func.return"(%x) : (tensor<4xf32>) -> ()']


def test_weights_that_nothing_refers_to_go():
    module = parsed("%x: tensor<4xf32>", DEAD)
    module.add_resource("unused", np.zeros(100, F))
    block = module.main.body
    b = Builder(module, block, block.last_op)
    used = b.nn.add(b.constant(np.zeros(100, F), name="used"), 1.0)
    b.nn.exp(b.constant(np.zeros(100, F), name="dead"))
    module.main.set_outputs([("y0", used)])
    step = EliminateDeadCode()
    assert run(module, step)
    assert list(module.resources) == ["used"] and step.counts["weights"] == 2


# Common subexpressions


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


# Constants

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


def built(build, **shapes):
    from nncc.ir import TensorType
    from nncc.ir.types import F32

    module = Module()
    function, block = Function.create("main", [(n, TensorType(s, F32)) for n, s in shapes.items()])
    module.body.append(function)
    function.set_outputs([("y0", build(Builder(module, block), *function.inputs))])
    verify_module(module)
    return module


def names(module):
    return [op.name.removeprefix("nn.") for op in module.main.body][:-1]


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


# Types


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


# Batch sizes

OPEN = """
    %0 = "nn.reshape"(%x) {shape = array<i64: 0, -1>} : (tensor<?x2x3xf32, {d0 = "N"}>) -> tensor<?x6xf32, {d0 = "N"}>
    %1 = "nn.concat"(%0, %z) {axis = 1} : (tensor<?x6xf32, {d0 = "N"}>, tensor<?x?xf32, {d1 = "T"}>) -> tensor<?x?xf32>
    "func.return"(%1) : (tensor<?x?xf32>) -> ()
"""
PORTS = '%x: tensor<?x2x3xf32, {d0 = "N"}>, %z: tensor<?x?xf32, {d1 = "T"}>'


def test_the_batch_becomes_a_number_everywhere():
    module = parsed(PORTS, OPEN)
    assert run(module, FixBatchSize(batch=4, sizes={"T": 5}))
    assert body(module) == [
        "^bb0(%x: tensor<4x2x3xf32>, %z: tensor<4x5xf32>):",
        '%0 = "nn.reshape"(%x) {shape = array<i64: 0, -1>} : (tensor<4x2x3xf32>) -> tensor<4x6xf32>',
        '%1 = "nn.concat"(%0, %z) {axis = 1 : i64} : (tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<4x11xf32>',
        '"func.return"(%1) : (tensor<4x11xf32>) -> ()',
    ]


def test_numbers_and_other_symbols_stay():
    module = parsed(
        PORTS.replace("?x2x3", "7x2x3").replace('{d0 = "N"}', "{}").replace(", {}", ""),
        """
        "func.return"(%z) : (tensor<?x?xf32, {d1 = "T"}>) -> ()
    """,
    )
    assert run(module, FixBatchSize())
    assert body(module)[0] == '^bb0(%x: tensor<7x2x3xf32>, %z: tensor<1x?xf32, {d1 = "T"}>):'


def test_the_batch_may_stay_open():
    module = parsed(PORTS, '"func.return"(%z) : (tensor<?x?xf32, {d1 = "T"}>) -> ()')
    before = print_module(module)
    assert not FixBatchSize(batch=None).run(module, PassContext()) and print_module(module) == before


def test_sizes_below_one_are_refused():
    with pytest.raises(UsageError, match="fix-batch-size: the size of 'batch' is 0"):
        FixBatchSize(batch=0)
