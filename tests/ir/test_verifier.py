"""Each rule of the verifier: IR that breaks it, and the message; IR that does not."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given, settings

from nncc.ir import (
    Builder,
    Function,
    Location,
    Module,
    QuantizedType,
    TensorType,
    UnregisteredOp,
    VerifyError,
    as_dense,
)
from nncc.ir.core import Use
from nncc.ir.parser import parse_module
from nncc.ir.types import BF16, F32, I8, I32, NoneType
from nncc.ir.verifier import types_compatible, verify_module

IMAGE = TensorType(("N", 3, 4, 4), F32)


def faults(module: Module) -> list[str]:
    with pytest.raises(VerifyError) as caught:
        verify_module(module)
    return [d.message for d in caught.value.diagnostics]


def faults_of(text: str) -> list[str]:
    return faults(parse_module(text))


def function(body: str, results: str = "") -> str:
    """A function on vectors of two numbers; ``!v`` is their type."""
    return (
        '!v = tensor<2xf32>\n"func.func"() ({\n^bb0(%x: !v):\n'
        f"{body}\n"
        f'"func.return"({results}) : ({", ".join(["!v"] * len(results.split()))}) -> ()\n'
        '}) {sym_name = "main"} : () -> ()'
    )


@settings(max_examples=40, deadline=None)
@given(strategies.nn_modules())
def test_valid_networks(module: Module) -> None:
    verify_module(module)


@settings(max_examples=20, deadline=None)
@given(strategies.modules())
def test_unknown_operations_may_form_any_graph(module: Module) -> None:
    verify_module(module)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '%a = "nn.relu"(%b) : (!v) -> !v\n%b = "nn.relu"(%x) : (!v) -> !v',
            "'nn.relu' op operand #0 is used where the result of 'nn.relu' is not visible",
        ),
        (
            '%a = "nn.relu"(%a) : (!v) -> !v',
            "'nn.relu' op operand #0 is the operation's own result",
        ),
        (
            '%a = "nn.relu"(%x) : (!v) -> tensor<3xf32>',
            "'nn.relu' op result #0 has the type tensor<3xf32>, but inferred is tensor<2xf32>",
        ),
        (
            '%a, %b = "nn.relu"(%x) : (!v) -> (!v, !v)',
            "'nn.relu' op expected 1 results, got 2",
        ),
        ('%a = "nn.relu"() : () -> !v', "'nn.relu' op expected operand"),
        (
            '%a = "nn.relo"(%x) : (!v) -> !v',
            "'nn.relo' op is not known, though the dialect 'nn' is",
        ),
        ('"func.return"() : () -> ()', "'func.return' op must be the last operation of its block"),
        (
            '%n = "test.none"() : () -> none\n%a = "nn.relu"(%n) : (none) -> !v',
            "'nn.relu' op",
        ),
        ('%a = "nn.leaky_relu"(%x) {alpha = "x"} : (!v) -> !v', "'nn.leaky_relu' op expected"),
    ],
)  # fmt: skip
def test_broken_rules(body: str, expected: str) -> None:
    (fault,) = faults_of(function(body))
    assert fault.startswith(expected)


def test_all_faults_are_reported_with_their_places() -> None:
    text = function('%a = "nn.relu"(%x) : (!v) -> tensor<3xf32>\n%b = "nn.relu"() : () -> !v loc("late"("n.nnp":7:1))')
    with pytest.raises(VerifyError) as caught:
        verify_module(parse_module(text, "f.mlir"))
    assert [str(d.location) for d in caught.value.diagnostics] == ["f.mlir:4", "n.nnp: 'late' (#7)"]
    assert str(caught.value).startswith("f.mlir:4: error: 'nn.relu' op result #0")


def test_near_names_are_proposed() -> None:
    with pytest.raises(VerifyError, match=r"remedy: did you mean .*nn\.relu"):
        verify_module(parse_module(function('%a = "nn.rellu"(%x) : (!v) -> !v')))


def test_a_function_sees_only_its_arguments() -> None:
    outside = '%x0 = "test.a"() : () -> !v\n'
    (fault,) = faults_of(outside + function('%a = "nn.relu"(%x0) : (!v) -> !v'))
    assert fault.startswith("'nn.relu' op operand #0 is used where the result of 'test.a' is not visible")


def test_a_value_ends_with_its_region() -> None:
    module = parse_module('"test.a"() ({\n  %x = "test.b"() : () -> f32\n}) : () -> ()\n"test.c"() : () -> ()')
    inner = next(op for op in module.walk() if op.name == "test.b")
    module.body.last_op.set_operands([inner.result])
    assert faults(module)[0].startswith("'test.c' op operand #0 is used where the result of 'test.b' is not visible")


def test_a_function_must_return() -> None:
    text = '"func.func"() ({\n^bb0(%x: f32):\n}) {sym_name = "f"} : () -> ()'
    assert "'func.func' op expected its block to end in 'func.return'" in faults_of(text)
    assert 'sym_name = "f"' in str(parse_module(text))  # it can be looked at, though


def test_names_of_functions_differ() -> None:
    text = '"func.func"() ({\n"func.return"() : () -> ()\n}) {sym_name = "f"} : () -> ()\n'
    assert faults_of(text * 2) == ["'func.func' op has the name 'f' that another function has"]


def test_ports_fit() -> None:
    text = function("").replace('sym_name = "main"', 'sym_name = "main", arg_attrs = [{}, {}]')
    assert faults_of(text) == ["'func.func' op expected 'arg_attrs' to have 1 entries"]


def test_no_output_is_left_out() -> None:
    text = function("", "%x").replace('"func.return"(%x)', '"func.return"(%x) {nncc.absent = [0]}')
    assert faults_of(text) == ["'func.return' op expected operand #0: no output can be left out"]


# What text cannot say: faults that only a pass can make


def _relu() -> tuple[Module, UnregisteredOp, UnregisteredOp]:
    module = Module()
    a = module.body.append(UnregisteredOp("test.a", result_types=[IMAGE]))
    b = module.body.append(UnregisteredOp("test.b", [a.result]))
    return module, a, b


def test_an_operand_from_nowhere() -> None:
    module, _, b = _relu()
    b.set_operands([UnregisteredOp("test.lost", result_types=[IMAGE]).result])
    assert faults(module) == ["'test.b' op operand #0 is a result of a 'test.lost' that stands in no block"]


def test_a_user_in_no_block() -> None:
    module, _, b = _relu()
    b.unlink()
    assert faults(module) == ["'test.a' op a value is used by a 'test.b' that stands in no block"]


def test_use_lists_and_operands_agree() -> None:
    module, a, b = _relu()
    del a.result._uses[Use(b, 0)]
    assert faults(module) == ["'test.b' op operand #0 does not know of this use"]
    a.result._uses[Use(b, 0)] = None
    a.result._uses[Use(b, 1)] = None
    assert faults(module) == ["'test.a' op a value is listed as operand #1 of 'test.b', which does not use it"]


def test_results_belong_to_their_operation() -> None:
    module, a, _ = _relu()
    a.result.index = 1
    assert faults(module) == ["'test.a' op result #0 says it belongs elsewhere"]


def test_blocks_and_regions_belong_to_their_operation() -> None:
    module, a, _ = _relu()
    a.parent = None
    assert "'test.a' op says it belongs to another block" in faults(module)


def test_arrays_fit_their_types() -> None:
    module = Module()
    wrong = as_dense(np.zeros(2, np.float32), TensorType((3,), F32))
    module.body.append(UnregisteredOp("test.a", attributes={"a": ({"b": wrong},)}))
    (fault,) = faults(module)
    assert fault.endswith("contradicts itself: an array of shape (2,) cannot have the type tensor<3xf32>")


def test_reserved_attributes() -> None:
    module = Module(**{"nncc.names": ("a",)})
    assert faults(module) == ["'builtin.module' op has the attribute 'nncc.names', which is reserved for the text"]


def test_an_operand_of_another_function() -> None:
    module = Module()
    first, block = Function.create("main", [("x", IMAGE)])
    second, other = Function.create("other", [("x", IMAGE)])
    module.body.append(first)
    module.body.append(second)
    y = Builder(module, block, location=Location.at("f")).nn.relu(other.args[0])
    first.set_outputs([("y", y)])
    second.set_outputs([("y", other.args[0])])
    assert faults(module) == ["'nn.relu' op operand #0 is an argument of a block that this operation does not stand in"]


Q = QuantizedType(I8, F32, (0.5,), (0,))
Q2 = QuantizedType(I8, F32, (0.25,), (0,))


@pytest.mark.parametrize(
    ("declared", "inferred", "fits"),
    [
        (TensorType((1, 2), F32), TensorType((1, 2), F32), True),
        (TensorType((1, 2), F32), TensorType((1, 3), F32), False),
        (TensorType((1, 2), F32), TensorType((2,), F32), False),
        (TensorType(("N", 2), F32), TensorType((1, None), F32), True),
        (TensorType(("N", 2), F32), TensorType(("M", 2), F32), True),
        (TensorType(None, F32), TensorType((1, 2), F32), True),
        (TensorType((1, 2), F32), TensorType(None, I32), False),
        (TensorType((2,), Q), TensorType((2,), F32), True),
        (TensorType((2,), Q), TensorType((2,), Q2), True),
        (TensorType((2,), Q), TensorType((2,), BF16), False),
        (TensorType((2,), Q), TensorType((2,), I8), False),
        (TensorType((2,), F32), NoneType(), False),
        (NoneType(), NoneType(), True),
    ],
)
def test_which_types_are_compatible(declared: object, inferred: object, fits: bool) -> None:
    assert types_compatible(declared, inferred) is fits
