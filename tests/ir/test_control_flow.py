"""Branches and loops: what they compute, what they keep in memory, what the verifier asks for, and their text."""

import weakref

import control_flow
import numpy as np
import pytest
from ir_equality import assert_same
from xdsl_reader import xdsl_reads

from nncc.ir import Block, Function, Module, Region, TensorType, VerifyError
from nncc.ir.core import Operation
from nncc.ir.dialects import nn
from nncc.ir.interpreter import evaluate
from nncc.ir.numerics import VerifyNumerics
from nncc.ir.parser import parse_module
from nncc.ir.pass_manager import PassManager
from nncc.ir.passes import Pass
from nncc.ir.printer import print_module
from nncc.ir.regions import captured_values
from nncc.ir.types import F32, I1, I64
from nncc.ir.verifier import verify_module

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
W = np.array([1, 2, 3], np.float32)


def outputs(name: str, **inputs: object) -> dict[str, np.ndarray]:
    module, _ = control_flow.model(name)
    return module.evaluate({"x": X, **{k: np.asarray(v) for k, v in inputs.items()}})


def test_a_branch_gives_what_its_side_yields() -> None:
    np.testing.assert_allclose(outputs("branch", c=True)["r"], np.exp(X) * W + np.exp(X), rtol=1e-6)
    np.testing.assert_allclose(outputs("branch", c=False)["r"], X + W + np.exp(X), rtol=1e-6)


def test_a_loop_carries_and_stacks() -> None:
    expected, stack = X, []
    for _ in range(3):
        expected = expected * W + np.tanh(X)
        stack.append(expected)
    found = outputs("counted")
    np.testing.assert_allclose(found["y"], expected, rtol=1e-6)
    np.testing.assert_allclose(found["all"], np.stack(stack), rtol=1e-6)
    np.testing.assert_array_equal(found["trips"], [0, 1, 2])


@pytest.mark.parametrize(("n", "trips"), [(0, 0), (1, 2), (2, 3), (100, 4)])  # the sum grows by 3: 3, 6, 9, 12
def test_a_condition_ends_a_loop(n: int, trips: int) -> None:
    np.testing.assert_allclose(outputs("while", n=n)["y"], X + 0.5 * trips, rtol=1e-6)


def test_what_is_carried_may_grow() -> None:
    np.testing.assert_array_equal(outputs("growing")["y"], np.concatenate([X, -X, -X, -X]))


def test_regions_see_all_that_is_around_them() -> None:
    expected = X + 2 * np.exp(X)
    np.testing.assert_allclose(outputs("nested", n=1)["y"], expected, rtol=1e-6)
    np.testing.assert_allclose(outputs("nested", n=2)["y"], -expected, rtol=1e-5)


def test_a_stack_of_no_trips_is_empty() -> None:
    block = Block.of([TensorType((), I64), TensorType((), I1), TensorType((2, None), F32)])
    _, going, carried = block.args
    block.append(nn.Yield([going, carried, carried]))
    module = Module()
    types = [("n", TensorType((), I64)), ("x", TensorType((2, None), F32))]
    function, body = Function.create("main", types)
    module.body.append(function)
    loop = body.append(nn.Loop(function.inputs[0], None, [function.inputs[1]], regions=[Region.of(block)]))
    function.set_outputs(list(zip("ys", loop.results, strict=True)))
    verify_module(module)
    found = module.evaluate({"n": np.int64(0), "x": X})
    np.testing.assert_array_equal(found["y"], X)
    assert found["s"].shape == (0, 2, 0)


def test_values_are_dropped_when_no_region_needs_them_any_more() -> None:
    """``%outer`` of the nested loops is alive during them, and gone behind; what a trip made, with the next one."""
    module, _ = control_flow.model("nested")
    seen: list[tuple[str, weakref.ref[np.ndarray]]] = []
    alive: list[list[str]] = []

    def observe(op: Operation, results: object) -> None:
        for value, array in zip(op.results, results, strict=True):  # type: ignore[call-overload]
            alive.append([name for name, ref in seen if ref() is not None])
            seen.append((value.name or op.name, weakref.ref(array)))

    evaluate(module.main, {"x": X, "n": np.int64(3)}, observe)
    last = alive[-1]
    assert "outer" not in last
    assert last.count("sum") <= 1 and last.count("is_first") == 0
    assert all("outer" in names for names in alive[4:-1])


def test_captured_values_are_found_through_all_levels() -> None:
    module, _ = control_flow.model("nested")
    loop = next(op for op in module.main.body if isinstance(op, nn.Loop))
    assert [v.name for v in captured_values(loop)] == ["one", "two", "outer"]
    inner = next(op for op in loop.body.block if isinstance(op, nn.Loop))
    assert [v.name for v in captured_values(inner)] == ["is_first", "outer", "a"]


@pytest.mark.parametrize("name", control_flow.NAMES)
def test_text_loses_nothing(name: str) -> None:
    module, inputs = control_flow.model(name)
    text = print_module(module, constants="inline")
    parsed = parse_module(text)
    assert_same(module, parsed)
    assert print_module(parsed, constants="inline") == text
    xdsl_reads(text)
    copy = module.clone_module()
    verify_module(copy)
    for each in inputs:
        for key, value in module.evaluate(each).items():
            np.testing.assert_array_equal(copy.evaluate(each)[key], value)


HEAD = '"func.func"() ({\n^bb0(%x: tensor<3xf32>, %c: tensor<i1>, %n: tensor<i64>):\n'
TAIL = '\n}) {sym_name = "main"} : () -> ()'
LOOP = '"nn.loop"(%n, %x) ({{\n{0}\n}}) {{nncc.absent = [1]}} : (tensor<i64>, tensor<3xf32>) -> {1}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '%r = "nn.if"(%c) ({ "nn.yield"(%x) : (tensor<3xf32>) -> () }, { "nn.yield"() : () -> () }) '
            ": (tensor<i1>) -> tensor<3xf32>",
            "branches that yield as many values, got 1 and 0",
        ),
        (
            '%r = "nn.if"(%c) ({ "nn.yield"(%x) : (tensor<3xf32>) -> () }, { "nn.yield"(%c) : (tensor<i1>) -> () }) '
            ": (tensor<i1>) -> tensor<3xf32>",
            "yield one element type as result 0",
        ),
        (
            '%r = "nn.if"(%x) ({ "nn.yield"(%x) : (tensor<3xf32>) -> () }, { "nn.yield"(%x) : (tensor<3xf32>) -> () }) '
            ": (tensor<3xf32>) -> tensor<3xf32>",
            "condition to be a scalar of i1",
        ),
        (
            '%r = "nn.if"(%c) ({ "nn.yield"(%x) : (tensor<3xf32>) -> () }) : (tensor<i1>) -> tensor<3xf32>',
            "expected 2 regions of one block each: then_branch and else_branch",
        ),
        (
            "%r = "
            + LOOP.format(
                "^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):\n"
                '%s = "nn.concat"(%a, %a) {axis = 0} : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>\n'
                '"nn.yield"(%go, %s) : (tensor<i1>, tensor<6xf32>) -> ()',
                "tensor<?xf32>",
            ),
            "argument 2 of the body to cover all that is carried there, got tensor<3xf32>, but a trip yields",
        ),
        (
            "%r = "
            + LOOP.format(
                '^bb0(%i: tensor<i64>, %go: tensor<i1>):\n"nn.yield"(%go) : (tensor<i1>) -> ()', "tensor<3xf32>"
            ),
            "a body with 3 arguments, got 2",
        ),
        (
            '%r = "nn.loop"(%x) ({\n^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<3xf32>):\n'
            '"nn.yield"(%go, %a) : (tensor<i1>, tensor<3xf32>) -> ()\n'
            "}) {nncc.absent = [0, 1]} : (tensor<3xf32>) -> tensor<3xf32>",
            "never ends",
        ),
        (
            '%r = "nn.if"(%c) ({ %1 = "nn.exp"(%x) : (tensor<3xf32>) -> tensor<3xf32>\n'
            '"nn.yield"(%1) : (tensor<3xf32>) -> () }, { "nn.yield"(%x) : (tensor<3xf32>) -> () }) '
            ': (tensor<i1>) -> tensor<3xf32>\n%s = "nn.exp"(%1) : (tensor<3xf32>) -> tensor<3xf32>',
            None,
        ),
    ],
)
def test_what_contradicts_itself_is_refused(text: str, message: str | None) -> None:
    whole = f'{HEAD}{text}\n"func.return"(%x) : (tensor<3xf32>) -> (){TAIL}'
    if message is None:  # the parser sees what leaves its region
        with pytest.raises(Exception, match="the value %1 is not defined"):
            parse_module(whole)
        return
    with pytest.raises(VerifyError, match=message):
        verify_module(parse_module(whole))


class _Spoil(Pass):
    """Negates what the first branch yields."""

    def run(self, module: Module, context: object) -> bool:
        branch = next(op for op in module.main.body if isinstance(op, nn.If))
        for region in branch.regions:
            end = region.block.last_op
            assert end is not None and end.operands[0] is not None
            end.set_operand(0, region.block.insert_before(end, nn.Neg(end.operands[0])).result)
        return True


def test_numbers_that_change_inside_a_region_are_noticed() -> None:
    module, (inputs, _) = control_flow.model("branch")
    with pytest.raises(Exception, match="changed the numbers of output 'r'"):
        PassManager([_Spoil()], [VerifyNumerics(inputs)]).run(module)
