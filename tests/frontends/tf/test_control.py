"""Branches, loops and lists of tensors."""

import numpy as np
import pytest

from nncc.frontends.tf.lift import LiftTf
from nncc.ir import CompileError, Module
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext

X = np.arange(12, dtype=np.float32).reshape(4, 3) - 5


def lifted(text: str) -> Module:
    module = parse_module(text)
    LiftTf().run(module, PassContext())
    return module


IF = """
"func.func"() ({
^bb0(%c: tensor<TYPE>, %x: tensor<4x3xf32>):
  %y = "tf.If"(%c, %x) ({
  ^bb0(%a: tensor<4x3xf32>):
    %b = "tf.Neg"(%a) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    "tf.yield"(%b) : (tensor<4x3xf32>) -> ()
  }, {
  ^bb0(%a: tensor<4x3xf32>):
    %b = "tf.Square"(%a) : (tensor<4x3xf32>) -> tensor<4x3xf32>
    "tf.yield"(%b) : (tensor<4x3xf32>) -> ()
  }) {Tout = [f32]} : (tensor<TYPE>, tensor<4x3xf32>) -> tensor<4x3xf32>
  "func.return"(%y) : (tensor<4x3xf32>) -> ()
}) {function_type = (tensor<TYPE>, tensor<4x3xf32>) -> tensor<4x3xf32>, sym_name = "main",
    arg_attrs = [{nncc.name = "c"}, {nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"""


@pytest.mark.parametrize(("type", "true", "false"), [("i1", True, False), ("i32", 3, 0)])
def test_a_branch_is_taken_by_a_boolean_or_a_number(type: str, true: int, false: int) -> None:
    module = lifted(IF.replace("TYPE", type))
    dtype = np.bool_ if type == "i1" else np.int32
    np.testing.assert_array_equal(module.evaluate({"c": np.array(true, dtype), "x": X})["y"], -X)
    np.testing.assert_array_equal(module.evaluate({"c": np.array(false, dtype), "x": X})["y"], X * X)


CASE = """
"func.func"() ({
^bb0(%n: tensor<i32>, %x: tensor<3xf32>):
  %y = "tf.Case"(%n, %x) ({
  ^bb0(%a: tensor<3xf32>):
    "tf.yield"(%a) : (tensor<3xf32>) -> ()
  }, {
  ^bb0(%a: tensor<3xf32>):
    %b = "tf.Neg"(%a) : (tensor<3xf32>) -> tensor<3xf32>
    "tf.yield"(%b) : (tensor<3xf32>) -> ()
  }, {
  ^bb0(%a: tensor<3xf32>):
    %b = "tf.Exp"(%a) : (tensor<3xf32>) -> tensor<3xf32>
    "tf.yield"(%b) : (tensor<3xf32>) -> ()
  }) {Tout = [f32]} : (tensor<i32>, tensor<3xf32>) -> tensor<3xf32>
  "func.return"(%y) : (tensor<3xf32>) -> ()
}) {function_type = (tensor<i32>, tensor<3xf32>) -> tensor<3xf32>, sym_name = "main",
    arg_attrs = [{nncc.name = "n"}, {nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"""


@pytest.mark.parametrize(("number", "expected"), [(0, X[0]), (1, -X[0]), (2, np.exp(X[0])), (7, np.exp(X[0]))])
def test_a_case_out_of_range_is_the_last_one(number: int, expected: np.ndarray) -> None:
    found = lifted(CASE).evaluate({"n": np.array(number, np.int32), "x": X[0]})["y"]
    np.testing.assert_allclose(found, expected, 1e-6)


# A list of the rows of x; each trip adds a row to the sum, and sets it as an element of a new list.
SUMS = """
"func.func"() ({
^bb0(%x: tensor<4x3xf32>):
  %zero = "tf.Const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
  %four = "tf.Const"() {value = dense<LIMIT> : tensor<i32>} : () -> tensor<i32>
  %length = "tf.Const"() {value = dense<LENGTH> : tensor<i32>} : () -> tensor<i32>
  %shape = "tf.Const"() {value = dense<SHAPE> : tensor<1xi32>} : () -> tensor<1xi32>
  %start = "tf.Const"() {value = dense<0.0> : tensor<3xf32>} : () -> tensor<3xf32>
  %rows = "tf.TensorListFromTensor"(%x, %shape) : (tensor<4x3xf32>, tensor<1xi32>) -> !nncc.unknown
  %list = "tf.TensorListReserve"(%shape, %length) {element_dtype = f32} : (tensor<1xi32>, tensor<i32>) -> !nncc.unknown
  %t, %n, %s, %l, %r = "tf.While"(%zero, %four, %start, %list, %rows) ({
  ^bb0(%i: tensor<i32>, %m: tensor<i32>, %a: tensor<3xf32>, %b: !nncc.unknown, %c: !nncc.unknown):
    %go = "tf.CONDITION"(%i, %m) : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "tf.yield"(%go) : (tensor<i1>) -> ()
  }, {
  ^bb0(%i: tensor<i32>, %m: tensor<i32>, %a: tensor<3xf32>, %b: !nncc.unknown, %c: !nncc.unknown):
    %one = "tf.Const"() {value = dense<1> : tensor<i32>} : () -> tensor<i32>
    %none = "tf.Const"() {value = dense<0> : tensor<i32>} : () -> tensor<i32>
    %any = "tf.Const"() {value = dense<-1> : tensor<1xi32>} : () -> tensor<1xi32>
    %next = "tf.AddV2"(%i, %one) : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %row = "tf.TensorListGetItem"(%c, %i, %any) {element_dtype = f32} : (!nncc.unknown, tensor<i32>, tensor<1xi32>) -> tensor<*xf32>
    %sum = "tf.AddV2"(%a, %row) : (tensor<3xf32>, tensor<*xf32>) -> tensor<*xf32>
    %set = "tf.TensorListSetItem"(%b, %PLACE, %sum) : (!nncc.unknown, tensor<i32>, tensor<*xf32>) -> !nncc.unknown
    %same = "tf.Identity"(%m) : (tensor<i32>) -> tensor<i32>
    "tf.yield"(%next, %same, %sum, %set, %c) : (tensor<i32>, tensor<i32>, tensor<*xf32>, !nncc.unknown, !nncc.unknown) -> ()
  }) {T = [i32, i32, f32, "variant", "variant"]} : (tensor<i32>, tensor<i32>, tensor<3xf32>, !nncc.unknown, !nncc.unknown) -> (tensor<i32>, tensor<i32>, tensor<3xf32>, !nncc.unknown, !nncc.unknown)
  %y = "tf.TensorListStack"(%l, %shape) {element_dtype = f32} : (!nncc.unknown, tensor<1xi32>) -> tensor<*xf32>
  "func.return"(%y, %t) : (tensor<*xf32>, tensor<i32>) -> ()
}) {function_type = (tensor<4x3xf32>) -> (tensor<*xf32>, tensor<i32>), sym_name = "main",
    arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}, {nncc.name = "t"}]} : () -> ()
"""  # noqa: E501


def sums(limit: int = 4, length: int = 4, shape: int = -1, condition: str = "Less", place: str = "i") -> str:
    text = SUMS.replace("LIMIT", str(limit)).replace("LENGTH", str(length)).replace("SHAPE", str(shape))
    return text.replace("CONDITION", condition).replace("PLACE", place)


def test_a_counted_loop_says_how_many_trips_it_makes_and_stacks_what_it_sets() -> None:
    module = lifted(sums())
    (loop,) = (op for op in module.main.body if op.name == "nn.loop")
    assert loop.operands[1] is None  # no condition: the number of trips is all
    assert [str(v.type) for v in loop.results[-1:]] == ["tensor<4x3xf32>"]
    found = module.evaluate({"x": X})
    np.testing.assert_allclose(found["y"], np.cumsum(X, axis=0))
    assert found["t"] == 4


def test_a_list_of_one_element_keeps_the_last() -> None:
    """As Keras' recurrent layers do whose sequences nobody asks for."""
    found = lifted(sums(length=1, place="none")).evaluate({"x": X})
    np.testing.assert_allclose(found["y"], X.sum(axis=0, keepdims=True))


def test_what_is_not_set_is_zero_where_the_shape_of_elements_is_known() -> None:
    found = lifted(sums(limit=2, shape=3)).evaluate({"x": X})
    np.testing.assert_allclose(found["y"], [X[0], X[0] + X[1], np.zeros(3), np.zeros(3)])


def test_a_condition_that_is_no_bound_is_computed_in_each_trip() -> None:
    module = lifted(sums(shape=3, condition="NotEqual"))
    (loop,) = (op for op in module.main.body if op.name == "nn.loop")
    assert loop.operands[0] is None and loop.operands[1] is not None
    np.testing.assert_allclose(module.evaluate({"x": X})["y"], np.cumsum(X, axis=0))


def test_elements_of_unknown_shape_are_refused() -> None:
    with pytest.raises(CompileError, match="elements have an unknown shape"):
        lifted(sums(limit=2))
