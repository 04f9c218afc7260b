"""Branches and loops in LiteRT, with XNNPACK and without: subgraphs, what they are handed, what they give."""

import warnings
from pathlib import Path

import control_flow
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litert import check, lower, open_model, passes, run
from strategies import nn_modules

from nncc.backends.tflite import save
from nncc.ir import Block, Builder, CompileError, Function, Module, Region, TensorType
from nncc.ir.dialects import nn
from nncc.ir.numerics import random_inputs
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I1, I64
from nncc.ir.verifier import verify_module
from nncc.passes.calibrate import Calibrate
from nncc.passes.equalize_channels import EqualizeChannels
from nncc.passes.quantize_int8 import QuantizeInt8


@pytest.mark.parametrize("name", control_flow.NAMES)
def test_models(name: str, tmp_path: Path) -> None:
    module, inputs = control_flow.model(name)
    for each in inputs:
        check(module, {k: np.asarray(v) for k, v in each.items()}, tmp_path)


def test_constants_of_subgraphs_share_their_buffers(tmp_path: Path) -> None:
    """The weight of both convolutions and of the one in the loop is in the file once."""
    module, inputs = control_flow.model("images")
    path = check(module, inputs[0], tmp_path)
    weight = np.full((3, 3, 3, 3), 0.125, np.float32).tobytes()
    assert path.read_bytes().count(weight) == 1
    assert open_model(path, xnnpack=False)._interpreter.NumSubgraphs() == 5


BODY = """
"func.func"() ({{
^bb0(%x: tensor<3xf32>, %k: tensor<3xi32>, %n: tensor<i64>, %c: tensor<i1>):
  {constants}
  {text}
}}) {{sym_name = "main",
    arg_attrs = [{{nncc.name = "x"}}, {{nncc.name = "k"}}, {{nncc.name = "n"}}, {{nncc.name = "c"}}]}} : () -> ()
"""
CONSTANTS = """
  %one = "nn.constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %w = "nn.constant"() {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : () -> tensor<3xf32>
  %three = "nn.constant"() {value = dense<3> : tensor<i64>} : () -> tensor<i64>
"""
INPUTS = {"x": np.array([1, -2, 3], np.float32), "k": np.array([3, 1, 2], np.int32)}
CASES = {
    "values change places": """
  %a, %b, %o = "nn.loop"(%n, %c, %x, %w, %c) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %p: tensor<3xf32>, %q: tensor<3xf32>, %r: tensor<i1>):
    %s = "nn.logical_not"(%r) : (tensor<i1>) -> tensor<i1>
    "nn.yield"(%go, %q, %p, %s) : (tensor<i1>, tensor<3xf32>, tensor<3xf32>, tensor<i1>) -> ()
  }) : (tensor<i64>, tensor<i1>, tensor<3xf32>, tensor<3xf32>, tensor<i1>)
      -> (tensor<3xf32>, tensor<3xf32>, tensor<i1>)
  "func.return"(%a, %b, %o) : (tensor<3xf32>, tensor<3xf32>, tensor<i1>) -> ()""",
    "constants and one value twice": """
  %a, %b, %d = "nn.if"(%c) ({
    "nn.yield"(%w, %x, %x) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }, {
    %v = "nn.constant"() {value = dense<[5.0, 6.0, 7.0]> : tensor<3xf32>} : () -> tensor<3xf32>
    %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%1, %1, %v) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>)
  "func.return"(%a, %b, %d) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> ()""",
    "a branch that takes nothing": """
  %a = "nn.if"(%c) ({
    "nn.yield"(%w) : (tensor<3xf32>) -> ()
  }, {
    %1 = "nn.exp"(%w) : (tensor<3xf32>) -> tensor<3xf32>
    "nn.yield"(%1) : (tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> tensor<3xf32>
  "func.return"(%a) : (tensor<3xf32>) -> ()""",
    "shapes that differ": """
  %a = "nn.if"(%c) ({
    %1 = "nn.concat"(%x, %x) {axis = 0} : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>
    "nn.yield"(%1) : (tensor<6xf32>) -> ()
  }, {
    "nn.yield"(%x) : (tensor<3xf32>) -> ()
  }) : (tensor<i1>) -> tensor<?xf32>
  %b = "nn.exp"(%a) : (tensor<?xf32>) -> tensor<?xf32>
  "func.return"(%b) : (tensor<?xf32>) -> ()""",
    "stacks": """
  %a, %s, %t, %u = "nn.loop"(%three, %x) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %p: tensor<3xf32>):
    %q = "nn.add"(%p, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    %r = "nn.reduce_sum"(%q) {axes = array<i64: 0>, keep_dims = false} : (tensor<3xf32>) -> tensor<f32>
    %l = "nn.greater"(%q, %x) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xi1>
    "nn.yield"(%go, %q, %k, %r, %l) : (tensor<i1>, tensor<3xf32>, tensor<3xi32>, tensor<f32>, tensor<3xi1>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<3xf32>)
      -> (tensor<3xf32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3x3xi1>)
  "func.return"(%a, %s, %t, %u) : (tensor<3xf32>, tensor<3x3xi32>, tensor<3xf32>, tensor<3x3xi1>) -> ()""",
    "the bound is used inside": """
  %a, %b = "nn.loop"(%n, %n, %k) ({
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %p: tensor<i64>, %q: tensor<3xi32>):
    %r = "nn.add"(%p, %n) : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %s = "nn.add"(%r, %i) : (tensor<i64>, tensor<i64>) -> tensor<i64>
    %t = "nn.add"(%q, %k) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
    "nn.yield"(%go, %s, %t) : (tensor<i1>, tensor<i64>, tensor<3xi32>) -> ()
  }) {nncc.absent = [1]} : (tensor<i64>, tensor<i64>, tensor<3xi32>) -> (tensor<i64>, tensor<3xi32>)
  "func.return"(%a, %b) : (tensor<i64>, tensor<3xi32>) -> ()""",
}


def module_of(text: str) -> Module:
    module = parse_module(BODY.format(constants=CONSTANTS, text=text))
    verify_module(module)
    return module


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("n", "c"), [(0, True), (1, False), (4, True), (3, True)])
def test_cases(name: str, n: int, c: bool, tmp_path: Path) -> None:
    module = module_of(CASES[name])
    inputs = {**INPUTS, "n": np.asarray(n, np.int64), "c": np.asarray(c)}
    check(module, inputs, tmp_path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_networks_that_are_partly_in_regions(data: st.DataObject, tmp_path: Path) -> None:
    module = data.draw(nn_modules(8))
    count = len(module.main.body) - 1
    first = data.draw(st.integers(0, count - 1))
    kind = data.draw(st.sampled_from(["if", "loop"]))
    control_flow.enclose(module, first, data.draw(st.integers(first, count - 1)), kind)
    types = {n: v.tensor for n, v in zip(module.main.input_names, module.main.inputs, strict=True)}
    inside = np.asarray(data.draw(st.booleans()) if kind == "if" else np.int64(data.draw(st.integers(0, 2))))
    inputs = {**random_inputs(types, 0), "inside": inside}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(module, inputs, tmp_path)
    except CompileError as error:
        assert "which TFLite's" in str(error), error


def test_regions_are_float_islands_in_int8(tmp_path: Path) -> None:
    """What the branch and the loop depend on is computed of the image, so that the data need not hold it."""
    module, inputs = control_flow.model("images")
    function = module.main
    b = Builder(module, function.body, function.body.first_op)
    mean = b.nn.reduce_mean(function.inputs[0], axes=(0, 1, 2, 3), keep_dims=False)
    function.inputs[1].replace_all_uses_with(b.nn.greater(mean, -100.0))
    function.inputs[2].replace_all_uses_with(b.nn.cast(b.nn.clip(mean, min=2.0, max=2.5), to=I64))
    for index in (2, 1):
        function.body.erase_argument(index)
    function.set_attribute("arg_attrs", function.arg_attrs[:1])
    x = {"x": inputs[0]["x"]}
    wanted = module.evaluate(x)
    data = np.concatenate([x["x"], np.random.default_rng(1).standard_normal((4, 3, 8, 8)).astype(np.float32)])
    context = PassContext(dataset={"x": data})
    *form, lowering = passes(optimize=True)
    for step in (*form, EqualizeChannels(), Calibrate(), QuantizeInt8(io_type="float32"), lowering):
        step.run(module, context)
        verify_module(module)
    assert any("'nn.if' stays in float" in d.message for d in context.diagnostics.warnings)
    path = tmp_path / "model.tflite"
    save(module, path)
    for found in (module.evaluate(x), run(path, x, xnnpack=True), run(path, x, xnnpack=False)):
        for name, expected in wanted.items():
            assert np.abs(found[name] - expected).max() < 0.05 * np.abs(expected).max()


STACKS = CASES["stacks"].replace("tensor<3x3xi", "tensor<?x3xi")
STACKS = STACKS.replace("tensor<?x3xi32>, tensor<3xf32>,", "tensor<?x3xi32>, tensor<?xf32>,")


@pytest.mark.parametrize("n", [1, 4])
def test_a_stack_may_be_as_high_as_the_data_says(n: int, tmp_path: Path) -> None:
    inputs = {**INPUTS, "n": np.asarray(n), "c": np.asarray(True)}
    check(module_of(STACKS.replace("(%three, %x)", "(%n, %x)")), inputs, tmp_path)


ENDS = """
    %f = "nn.less"(%i, {0}) : (tensor<i64>, tensor<i64>) -> tensor<i1>
    "nn.yield"(%f"""


@pytest.mark.parametrize("bound", ["%n", "%three"])
def test_a_loop_that_stacks_may_end_before_its_bound(bound: str, tmp_path: Path) -> None:
    """The data ends it in the second trip. (Before the first one: LiteRT's Python does not read empty tensors.)"""
    text = STACKS.replace("{nncc.absent = [1]} : (tensor<i64>,", ": (tensor<i64>, tensor<i1>,")
    text = text.replace("(%three, %x)", f"({bound}, %c, %x)")
    text = text.replace(
        '"nn.yield"(%go', '%f = "nn.less"(%i, %one_trip) : (tensor<i64>, tensor<i64>) -> tensor<i1>\n"nn.yield"(%f'
    )
    text = '%one_trip = "nn.constant"() {value = dense<1> : tensor<i64>} : () -> tensor<i64>\n' + text
    check(module_of(text), {**INPUTS, "n": np.asarray(5), "c": np.asarray(True)}, tmp_path)


def test_a_stack_without_a_bound_is_refused() -> None:
    text = STACKS.replace("(%three, %x)", "(%c, %x)").replace("[1]} : (tensor<i64>,", "[0]} : (tensor<i1>,")
    text = text.replace(
        '"nn.yield"(%go', '%f = "nn.less"(%i, %n) : (tensor<i64>, tensor<i64>) -> tensor<i1>\n"nn.yield"(%f'
    )
    with pytest.raises(CompileError, match="or without a bound for their number") as caught:
        lower(module_of(text))
    assert "max_trips" in str(caught.value)


@pytest.mark.parametrize("shape", [(), (2,), (1, 2, 1, 1, 1, 2)], ids=str)
def test_values_of_any_rank_change_places(shape: tuple[int, ...], tmp_path: Path) -> None:
    type = TensorType(shape, F32)
    block = Block.of([TensorType((), I64), TensorType((), I1), type, type])
    _, going, a, b = block.args
    block.append(nn.Yield([going, b, a]))
    module = Module()
    function, body = Function.create("main", [("n", TensorType((), I64)), ("a", type), ("b", type)])
    module.body.append(function)
    loop = body.append(nn.Loop(function.inputs[0], None, function.inputs[1:], regions=[Region.of(block)]))
    function.set_outputs([(f"y{i}", r) for i, r in enumerate(loop.results)])
    for n in (1, 2):
        inputs = {"n": np.asarray(n), "a": np.full(shape, 1, np.float32), "b": np.full(shape, 2, np.float32)}
        check(module, inputs, tmp_path)
