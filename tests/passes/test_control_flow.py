"""Passes on models with branches and loops: the numbers stay, and the forms become what they should."""

from pathlib import Path

import control_flow
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import nn_modules

from nncc.ir import CompileError, Module
from nncc.ir.dialects import nn
from nncc.ir.numerics import random_inputs, relative_difference
from nncc.ir.parser import parse_module
from nncc.ir.passes import Pass, PassContext
from nncc.ir.rewrite import registered_rewrites
from nncc.ir.types import QuantizedType
from nncc.ir.verifier import verify_module
from nncc.passes.calibrate import Calibrate
from nncc.passes.canonicalize import Canonicalize
from nncc.passes.channel_last import ChannelLast
from nncc.passes.equalize_channels import EqualizeChannels
from nncc.passes.fix_batch_size import FixBatchSize
from nncc.passes.infer_types import infer_types
from nncc.passes.quantize_int8 import QuantizeInt8
from nncc.passes.unroll_loops import UnrollLoops
from nncc.pipelines import registry

registry.load_passes()
REFUSING = {"plan-memory"}
"""Passes that cannot do their work around regions, and say so."""
NEEDS_DATA = {"calibrate", "equalize-channels", "tune-int8"}
PASSES = sorted(
    name
    for name, kind in registry.passes().items()
    if kind.consumes <= {"nn"} and not kind.produces and kind.keeps_numbers and kind.keeps_ports
)


def made(name: str) -> Pass:
    return ChannelLast(io="keep") if name == "channel-last" else registry.find_pass(name)()


def run(module: Module, inputs: list[control_flow.Arrays], *passes: Pass, context: PassContext | None = None) -> None:
    """Run passes; the IR must be valid and the numbers the same behind each."""
    expected = [module.evaluate(i) for i in inputs]
    for step in passes:
        step.run(module, context or PassContext())
        verify_module(module)
        for each, wanted in zip(inputs, expected, strict=True):
            for key, array in module.evaluate(each).items():
                assert relative_difference(wanted[key], array) < 1e-4, f"{step.name}: {key}"


@pytest.mark.parametrize("name", [p for p in PASSES if p not in NEEDS_DATA])
@pytest.mark.parametrize("model", control_flow.NAMES)
def test_every_pass_keeps_the_numbers(name: str, model: str) -> None:
    module, inputs = control_flow.model(model)
    step = made(name)
    if name in REFUSING:
        with pytest.raises(CompileError, match="has regions"):
            step.run(module, PassContext())
    else:
        run(module, inputs, step)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_passes_keep_the_numbers_of_networks_that_are_partly_in_regions(data: st.DataObject) -> None:
    module = data.draw(nn_modules(10))
    first = data.draw(st.integers(0, len(module.main.body) - 2))
    kind = data.draw(st.sampled_from(["if", "loop"]))
    control_flow.enclose(module, first, data.draw(st.integers(first, len(module.main.body) - 2)), kind)
    types = {n: v.tensor for n, v in zip(module.main.input_names, module.main.inputs, strict=True)}
    inside = np.asarray(data.draw(st.booleans()) if kind == "if" else np.int64(data.draw(st.integers(0, 2))))
    names = data.draw(st.lists(st.sampled_from(sorted(set(PASSES) - NEEDS_DATA - REFUSING)), min_size=1, max_size=5))
    run(module, [{**random_inputs(types, 0), "inside": inside}], *map(made, names))


def test_regions_stay_float_in_int8_models() -> None:
    module, inputs = control_flow.model("images")
    function = module.main
    for index, value in ((2, np.int64(2)), (1, np.bool_(True))):  # data for calibration is for real inputs
        constant = nn.Constant(value=module.constant(np.asarray(value)))
        function.body.insert_before(function.body.first_op, constant)
        function.inputs[index].replace_all_uses_with(constant.result)
        function.body.erase_argument(index)
    function.set_attribute("arg_attrs", function.arg_attrs[:1])
    ChannelLast(io="keep").run(module, PassContext())
    wanted = module.evaluate({"x": inputs[0]["x"]})
    rng = np.random.default_rng(1)
    samples = rng.standard_normal((4, 3, 8, 8)).astype(np.float32)
    context = PassContext(dataset={"x": np.concatenate([inputs[0]["x"], samples])})
    run(module, [{"x": inputs[0]["x"]}], EqualizeChannels(), context=context)
    Calibrate().run(module, context)
    QuantizeInt8(io_type="float32").run(module, context)
    verify_module(module)
    found = module.evaluate({"x": inputs[0]["x"]})
    for name, expected in wanted.items():
        assert np.abs(found[name] - expected).max() < 0.05 * np.abs(expected).max()
    inner = [op for op in module.walk() if op.parent_op in loops_and_branches(module)]
    assert inner and not any(isinstance(v.tensor.element, QuantizedType) for op in inner for v in op.results)
    outer = [op for op in function.body if isinstance(op, nn.Conv)]
    assert all(isinstance(op.output.tensor.element, QuantizedType) for op in outer) and len(outer) == 2
    reasons = [d.message for d in context.diagnostics.warnings if "stays in float" in d.message]
    assert any("'nn.if' stays in float" in r for r in reasons) and any("'nn.loop'" in r for r in reasons)


def loops_and_branches(module: Module) -> list[object]:
    return [op for op in module.walk() if isinstance(op, nn.If | nn.Loop)]


CARRIED = """
"func.func"() ({{
^bb0(%x: {0}, %n: tensor<i64>):
  %y = "nn.loop"(%n, %x) ({{
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<?x?xf32>):
    {1}
    "nn.yield"(%go, %b) : (tensor<i1>, tensor<?x?xf32>) -> ()
  }}) {{nncc.absent = [1]}} : (tensor<i64>, {0}) -> tensor<?x?xf32>
  "func.return"(%y) : (tensor<?x?xf32>) -> ()
}}) {{sym_name = "main", function_type = ({0}, tensor<i64>) -> tensor<?x?xf32>}} : () -> ()
"""
EXP = '%b = "nn.exp"(%a) : (tensor<?x?xf32>) -> tensor<?x?xf32>'
CONCAT = '%b = "nn.concat"(%a, %a) {axis = 0} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>'
CUT = (
    '%b = "nn.slice"(%a) {starts = [0, 0], stops = [1, 3], steps = [1, 1]} : (tensor<?x?xf32>) -> tensor<?x?xf32>\n'
    '%c = "nn.constant"() {value = dense<0.0> : tensor<1x1xf32>} : () -> tensor<1x1xf32>'
)
TRANSPOSE = '%b = "nn.transpose"(%a) {perm = [1, 0]} : (tensor<?x?xf32>) -> tensor<?x?xf32>'


@pytest.mark.parametrize(
    ("type", "body", "argument", "result"),
    [
        ("tensor<2x3xf32>", EXP, (2, 3), (2, 3)),
        ("tensor<2x3xf32>", CONCAT, (None, 3), (None, 3)),
        ("tensor<2x3xf32>", TRANSPOSE, (None, None), (None, None)),
        ("tensor<3x3xf32>", TRANSPOSE, (3, 3), (3, 3)),
        ('tensor<?x3xf32, {d0 = "N"}>', EXP, ("N", 3), ("N", 3)),
        ('tensor<?x3xf32, {d0 = "N"}>', CONCAT, (None, 3), (None, 3)),
        ('tensor<?x3xf32, {d0 = "N"}>', CUT, (None, 3), (None, 3)),
    ],
)
def test_what_a_loop_carries_gets_the_dimensions_that_stay(
    type: str, body: str, argument: tuple, result: tuple
) -> None:
    module = parse_module(CARRIED.format(type, body))
    context = PassContext()
    infer_types(module, context.diagnostics)
    verify_module(module)
    (loop,) = (op for op in module.main.body if isinstance(op, nn.Loop))
    assert loop.arguments[0].tensor.shape == argument
    assert loop.results[0].tensor.shape == result


def test_a_batch_gets_its_size_in_loops_too() -> None:
    module = parse_module(CARRIED.format('tensor<?x3xf32, {d0 = "N"}>', EXP))
    FixBatchSize(batch=4).run(module, PassContext())
    verify_module(module)
    (loop,) = (op for op in module.main.body if isinstance(op, nn.Loop))
    assert loop.arguments[0].tensor.shape == loop.results[0].tensor.shape == (4, 3)


def test_inference_in_deep_nests_takes_no_exponential_time() -> None:
    text, open_, close = "", "", ""
    for depth in range(40):
        source = f"%a{depth - 1}" if depth else "%x"
        open_ += (
            f'%y{depth} = "nn.loop"(%n, {source}) ({{\n'
            f"^bb0(%i{depth}: tensor<i64>, %go{depth}: tensor<i1>, %a{depth}: tensor<?xf32>):\n"
        )
        given = f"%y{depth + 1}" if depth < 39 else f"%a{depth}"
        close = (
            f'"nn.yield"(%go{depth}, {given}) : (tensor<i1>, tensor<?xf32>) -> ()\n'
            f"}}) {{nncc.absent = [1]}} : (tensor<i64>, tensor<?xf32>) -> tensor<?xf32>\n"
        ) + close
    text = (
        f'"func.func"() ({{\n^bb0(%x: tensor<?xf32>, %n: tensor<i64>):\n{open_}{close}'
        '"func.return"(%y0) : (tensor<?xf32>) -> ()\n}) {sym_name = "main"} : () -> ()'
    )
    module = parse_module(text)
    module.main.inputs[0].type = module.main.inputs[0].tensor.with_shape((3,))
    infer_types(module, PassContext().diagnostics)
    verify_module(module)


def test_every_rule_for_regions_has_been_seen_at_work() -> None:
    texts = (Path(__file__).parents[1] / "filecheck" / "canonicalize-control.mlir").read_text(encoding="utf-8")
    modules = [control_flow.model(name)[0] for name in control_flow.NAMES]
    modules += [parse_module(text) for text in texts.split("// -----")]
    seen: set[str] = set()
    for module in modules:
        canonicalize = Canonicalize()
        canonicalize.run(module, PassContext())
        assert not Canonicalize().run(module, PassContext())
        seen.update(canonicalize.counts)
    rules = {rule for rule in registered_rewrites("canonicalize") if rule.__module__.endswith("control")}
    assert {rule.__name__ for rule in rules} == seen


def test_what_gives_nothing_any_more_is_gone() -> None:
    """A loop that hands everything on as it is, and a branch whose sides give the same."""
    text = """
    "func.func"() ({
    ^bb0(%x: tensor<3xf32>, %n: tensor<i64>, %c: tensor<i1>):
      %y = "nn.loop"(%n, %x) ({
      ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):
        %1 = "nn.exp"(%a) : (tensor<3xf32>) -> tensor<3xf32>
        "nn.yield"(%go, %a) : (tensor<i1>, tensor<3xf32>) -> ()
      }) {nncc.absent = [1]} : (tensor<i64>, tensor<3xf32>) -> tensor<3xf32>
      %z = "nn.if"(%c) ({
        "nn.yield"(%y) : (tensor<3xf32>) -> ()
      }, {
        "nn.yield"(%y) : (tensor<3xf32>) -> ()
      }) : (tensor<i1>) -> tensor<3xf32>
      %e = "nn.neg"(%z) : (tensor<3xf32>) -> tensor<3xf32>
      "func.return"(%e) : (tensor<3xf32>) -> ()
    }) {sym_name = "main"} : () -> ()"""
    module = parse_module(text)
    inputs = {"arg0": np.ones(3, np.float32), "arg1": np.asarray(3), "arg2": np.asarray(True)}
    run(module, [inputs], Canonicalize())
    assert [op.name for op in module.main.body] == ["nn.neg", "func.return"]


def test_a_loop_of_known_trips_is_gone_behind_unrolling() -> None:
    module, inputs = control_flow.model("counted")
    run(module, inputs, Canonicalize(), UnrollLoops())
    assert not any(isinstance(op, nn.Loop) for op in module.walk())


@pytest.mark.parametrize(("limit", "stays"), [(8, True), (9, False)])
def test_long_loops_stay(limit: int, stays: bool) -> None:
    """Three trips of three operations: what is not needed went before."""
    module, inputs = control_flow.model("counted")
    Canonicalize().run(module, PassContext())
    for op in module.walk():
        if isinstance(op, nn.Loop):
            end = op.body.block.last_op
            assert end is not None
            constant = end.operands[0].defining_op  # the condition counts as one, too
            constant.unlink()
            module.main.body.insert_before(op, constant)
    run(module, inputs, UnrollLoops(limit=limit))
    assert any(isinstance(op, nn.Loop) for op in module.walk()) == stays
