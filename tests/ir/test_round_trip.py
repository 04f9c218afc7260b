"""print -> parse -> print is the identity, and nothing is lost; xDSL reads everything that is printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from ir_equality import assert_same
from xdsl_reader import xdsl_reads

from nncc.ir import CompileError, Location, Module, Origin, UnregisteredOp, as_dense
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module, write_module
from nncc.ir.types import F32, TensorType

HERE = Path(__file__).parent


def round_trip(module: Module) -> None:
    text = print_module(module, constants="inline")
    parsed = parse_module(text)
    assert print_module(parsed, constants="inline") == text
    assert_same(module, parsed)
    elided = print_module(module)
    assert_same(module, parse_module(elided), data=False)
    assert print_module(parse_module(elided)) == elided


@settings(max_examples=40, deadline=None)
@given(strategies.modules())
def test_any_module(module: Module) -> None:
    round_trip(module)


@settings(max_examples=25, deadline=None)
@given(strategies.modules())
def test_xdsl_reads_any_module(module: Module) -> None:
    xdsl_reads(print_module(module, constants="inline"))


@settings(max_examples=30, deadline=None)
@given(strategies.nn_modules())
def test_nn_networks(module: Module) -> None:
    round_trip(module)
    xdsl_reads(print_module(module, constants="inline"))


@settings(max_examples=120, deadline=None)
@given(strategies.attributes())
def test_any_attribute(value: object) -> None:
    module = Module()
    module.body.append(UnregisteredOp("test.op", attributes={"a": value}))
    round_trip(module)


@settings(max_examples=120, deadline=None)
@given(strategies.locations())
def test_any_location(location: Location) -> None:
    module = Module(location=location)
    parsed = parse_module(print_module(module))
    assert parsed.location == location


@settings(max_examples=120, deadline=None)
@given(strategies.types())
def test_any_type(type: object) -> None:
    module = Module()
    module.body.append(UnregisteredOp("test.op", result_types=[type]))
    assert parse_module(print_module(module)).body.first_op.result.type == type


@pytest.mark.parametrize("path", sorted(HERE.glob("*.mlir")), ids=lambda p: p.stem)
def test_text_files(path: Path) -> None:
    """Files hold what the printer writes for what was read; `// -----` parts them."""
    for part in path.read_text(encoding="utf-8").split("// -----\n"):
        text, _, expected = part.partition("// prints:\n")
        module = parse_module(text, path.name)
        printed = print_module(module, constants="inline", locations="loc(" in (expected or text))
        assert printed == (expected or text)
        xdsl_reads(printed)
        assert print_module(parse_module(printed), constants="inline", locations="loc(" in printed) == printed


def test_the_printed_form() -> None:
    module = Module()
    location = Location((Origin("a.nnp", "runtime", "conv:0", 3), Origin("b.nnp")), ("fold-batch-norm",))
    op = UnregisteredOp("test.op", (), [TensorType((1, "N", None), F32)] * 2, {"pads": (1, 2), "e": 1e-5}, (), location)
    op.results[0].name, op.results[1].name = "conv1/W", "conv1/W"
    module.body.append(op)
    module.body.append(UnregisteredOp("test.use", [op.results[1], None, op.results[0]], [TensorType((), F32)]))
    assert print_module(module) == (
        '"builtin.module"() ({\n'
        '  %conv1_W, %conv1_W_1 = "test.op"() {pads = array<i64: 1, 2>, e = 1.0e-05 : f64,'
        ' nncc.names = ["conv1/W", "conv1/W"]} : () -> (tensor<1x?x?xf32, {d1 = "N"}>, tensor<1x?x?xf32, {d1 = "N"}>)'
        ' loc(callsite(fused["conv:0"("a.nnp:runtime":3:1), "b.nnp":0:0] at "fold-batch-norm"))\n'
        '  %0 = "test.use"(%conv1_W_1, %conv1_W) {nncc.absent = array<i64: 1>} :'
        ' (tensor<1x?x?xf32, {d1 = "N"}>, tensor<1x?x?xf32, {d1 = "N"}>) -> tensor<f32> loc(unknown)\n'
        "}) : () -> () loc(unknown)\n"
    )


def test_a_text_only_attribute_is_refused_in_the_ir() -> None:
    module = Module()
    module.body.append(UnregisteredOp("test.op", attributes={"nncc.names": ("a",)}))
    with pytest.raises(CompileError, match=r"'test.op' has the attribute 'nncc.names', which is reserved"):
        print_module(module)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**63, "9223372036854775808 does not fit into 64 bits"),
        ((1, -(2**63) - 1), "-9223372036854775809 does not fit into 64 bits"),
        (as_dense(np.zeros(3, np.float32), TensorType((2,), F32)), r"shape \(3,\) cannot have the type tensor<2xf32>"),
        (as_dense(np.zeros(2, np.int8), TensorType((2,), F32)), "array of int8 cannot have the type tensor<2xf32>"),
    ],
)
def test_what_has_no_text_is_refused(value: object, message: str) -> None:
    module = Module()
    module.body.append(UnregisteredOp("test.op", attributes={"a": value}, location=Location.at("f.nnp", "", "n")))
    with pytest.raises(CompileError, match=message):
        print_module(module)


def test_resources_with_one_key_are_told_apart() -> None:
    """Resources of different modules meet when a pass moves operations; neither is taken for the other."""
    module, other = Module(), Module()
    values = [m.add_resource("w", np.full(20, i, np.float32)) for i, m in enumerate([module, other])]
    for value in values:
        module.body.append(UnregisteredOp("test.op", attributes={"value": value}))
    parsed = parse_module(print_module(module, constants="inline"))
    assert [op.attributes["value"].numpy()[0] for op in parsed.body] == [0, 1]
    assert [op.attributes["value"].resource.name for op in parsed.body] == ["w", "w"]


def test_elided_data_cannot_be_written_inline() -> None:
    module = Module()
    module.body.append(
        UnregisteredOp("test.op", attributes={"value": module.add_resource("w", np.zeros(20, np.float32))})
    )
    elided = parse_module(print_module(module))
    assert elided.resources["w"].is_elided
    with pytest.raises(CompileError, match="the resource 'w' has no data"):
        print_module(elided, constants="inline")


def test_writing_to_a_file(tmp_path: Path) -> None:
    module = Module()
    module.body.append(UnregisteredOp("test.op", attributes={"value": module.add_resource("w", np.arange(9.0))}))
    with (tmp_path / "m.mlir").open("w", encoding="utf-8") as file:
        write_module(module, file, constants="inline")
    assert (tmp_path / "m.mlir").read_text(encoding="utf-8") == print_module(module, constants="inline")


def test_a_shared_resource_stays_one() -> None:
    module = Module()
    value = module.add_resource("w", np.zeros(20, np.float32))
    for _ in range(2):
        module.body.append(UnregisteredOp("test.op", attributes={"value": value}))
    first, second = (op.attributes["value"].resource for op in parse_module(print_module(module)).body)
    assert first is second
