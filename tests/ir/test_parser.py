"""Invalid texts and the errors that they get; hostile ones; how long parsing takes."""

from __future__ import annotations

import time

import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import CompileError, Function, Location, Module, TensorType, UnregisteredOp, parser_dense
from nncc.ir.dialects.nn import Conv
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module
from nncc.ir.syntax import MAX_NESTING
from nncc.ir.types import F32
from nncc.ir.verifier import verify_module

OP = '"test.op"() {%s} : () -> ()'
FUNCTION = '"func.func"() ({\n^bb0(%%x: f32):\n  "func.return"(%%x) : (f32) -> ()\n}) {sym_name = "f", %s} : () -> ()'

INVALID = {
    # a text, with the sign ‸ where the error is, and how its message begins
    "‸module {}": "expected an operation in generic form (\"dialect.name\"(...) ...), got 'module'",
    '"test.a" ‸: () -> ()': "expected '(', got ':'",
    '"test.a"(‸x) : () -> ()': "expected a value (%name), got 'x'",
    '"test.a"()‸': "expected ':' and the types of the operation, got the end of the text",
    '"test.a"() : ‸(f32) -> ()': "the operation has 0 operands, but 1 types for them",
    '"test.a"() : () -> ‸f32': "the operation has 0 results, but 1 types for them",
    '%a, ‸%a = "test.a"() : () -> (f32, f32)': "the value %a is defined twice",
    '‸%a:100000 = "test.a"() : () -> ()': "an operation has 1 to 10000 results in a group, got 100000",
    '‸%a#1 = "test.a"() : () -> f32': "expected the name of a new value, without '#'",
    '"test.a"(‸%a) : (f32) -> ()': "the value %a is not defined",
    '%a = "test.a"() : () -> f32\n"test.b"(‸%a) : (i8) -> ()': "the value %a has the type f32, but is used here as i8",
    '"test.b"(‸%a) : (i8) -> ()\n%a = "test.a"() : () -> f32': "the value %a has the type f32, but is used here as i8",
    '"test.a"()‸[^bb1] : () -> ()': "successors are not supported",
    '"test.a"() ({\n‸': "expected an operation or '}', got the end of the text",
    '"test.a"() ({\n^a:\n‸^a:\n}) : () -> ()': "the block ^a is defined twice",
    '‸"a b"() : () -> ()': "'a b' is no name of an operation",
    '"test.a"() {a = ‸"x} : () -> ()\n': "the string has no end in its line",
    OP % 'a = ‸"\\q"': "unknown escape in a string",
    OP % 'a = ‸"\\FF"': "the string is not UTF-8",
    OP % "a = ‸": "expected an attribute, got '}'",
    OP % "a = ‸foo": "there is no attribute 'foo'",
    OP % "a = 1, ‸a = 2": "the attribute 'a' is given twice",
    OP % "a = [1, ‸]": "expected an attribute, got ']'",
    OP % "a = ‸9223372036854775808": "9223372036854775808 is beyond the range of i64",
    OP % "a = ‸200 : i8": "200 is beyond the range of i8",
    OP % "a = ‸1.5 : i8": "1.5 is no i8",
    OP % "a = ‸1 : f32": "expected a floating-point number (with a point), got 1",
    OP % "a = ‸1.0e40 : f32": "1.0e40 is beyond the range of f32",
    OP % "a = ‸0x1FFFF : f16": "0x1FFFF is more than the 16 bits of f16",
    OP % f"a = ‸1{'0' * 5000}": "the integer is too large",
    OP % "a = ‸é": "unexpected character 'é'",
    OP % "a = dense<‸[[1], [1, 2]]> : tensor<2x2xi8>": "the rows of the array have different lengths",
    OP % "a = dense<‸[1, 2, 3]> : tensor<2xi8>": "the elements have the shape [3], expected tensor<2xi8>",
    OP % "a = dense<‸[(1.0, 2.0)]> : tensor<1xf32>": "the elements are not of type f32",
    OP % "a = dense<‸> : tensor<2xi8>": "the elements have the shape [0], expected tensor<2xi8>",
    OP % "a = dense<‸0.0> : tensor<1000000000000xf32>": "arrays of one repeated element have more than",
    OP % 'a = dense<‸"0x00"> : tensor<2xf32>': "expected 8 bytes for tensor<2xf32>, got 1",
    OP % 'a = dense<‸"0x01"> : tensor<8xi1>': "elements of type i1 cannot be given in hexadecimal",
    OP % "a = dense<1.0> : ‸tensor<?xf32>": "expected a tensor type with a static shape, got tensor<?xf32>",
    OP
    % "a = dense_resource<w> : ‸tensor<9000000000000000000x9xi8>": "an array of type tensor<9000000000000000000x9xi8>",
    OP % "a = @a‸::@b": "references into symbols are not supported",
}
TYPES = {
    "there is no type 'f31'": "f31",
    "there is no type '!foo.bar'": "!foo.bar",
    "expected '<', got ')'": "tensor",
    "there is no type 'memref'": "memref<2xf32>",
    "expected a type, got '3'": "tensor<2x3>",
    "a tensor cannot have elements of type none": "tensor<2xnone>",
    "the dimension 99999999999999999999 is too large": "tensor<99999999999999999999999xf32>",
    "a tensor has at most 32 dimensions, got 33": f"tensor<{'1x' * 33}f32>",
    "the tensor has no dimension '?' at d0": 'tensor<2xf32, {d0 = "N"}>',
    "the tensor has no dimension '?' at d7": 'tensor<?xf32, {d7 = "N"}>',
    "expected an integer type, got 'f32'": "!quant.uniform<f32:f32, 0.5>",
    "the zero point 300 is no i8": "!quant.uniform<i8:f32, 0.5:300>",
    "5:1 is no range of i8": "!quant.uniform<i8<5:1>:f32, 0.5>",
    "not a quantized type: 2 scales": "!quant.uniform<i8:f32, {0.5, 0.5}>",
    "the axis is negative": "!quant.uniform<i8:f32:-1, {0.5}>",
    "expected '->', got ')'": "()",
}
FUNCTIONS = {
    "the function has the type (f32) -> f32, but its function_type is (f32) -> ()": "function_type = (f32) -> ()",
    "expected 'nncc.arg_names' to list 1 names": 'nncc.arg_names = ["a", "b"]',
    "expected 'nncc.names' to list 0 names": 'nncc.names = ["a"]',
}
OTHERS = {
    "expected 'func.func' to have one region with one block": '"func.func"() ({}) {sym_name = "f"} : () -> ()',
    "'nncc.absent' does not list positions of operands": OP % "nncc.absent = array<i64: 5>",
    "the attribute 'a' is also a property": '"test.a"() <{a}> {a} : () -> ()',
    "'#a' is a location, expected an attribute": '#a = loc("x")\n' + OP % "a = #a",
    "'#a' is no location": "#a = 3\n" + OP % "b" + " loc(#a)",
    "the alias '#a' is defined twice": "#a = 3\n#a = 4",
    "there is no attribute or location '#a'": OP % "a = #a",
    f"nested more than {MAX_NESTING} deep": "#a = [#b]\n#b = [#a]\n",
    "there is no location 'foo'": OP % "a" + " loc(foo)",
    "the resource 'w' has the type tensor<2xi8> here, and tensor<2xf32> above": (
        OP % "a = dense_resource<w> : tensor<2xf32>, b = dense_resource<w> : tensor<2xi8>"
    ),
    "expected 12 bytes for tensor<2xf32>, got 4": (
        OP % "a = dense_resource<w> : tensor<2xf32>" + '{-# dialect_resources: {builtin: {w: "0x04000000"}} #-}'
    ),
    "expected 00 or 01 for each i1": (
        OP % "a = dense_resource<w> : tensor<1xi1>" + '{-# dialect_resources: {builtin: {w: "0x0100000002"}} #-}'
    ),
    "expected a string of hexadecimal digits that begins with 0x": (
        OP % "a = dense_resource<w> : tensor<1xi8>" + '{-# dialect_resources: {builtin: {w: "0xZZ"}} #-}'
    ),
}


def message_of(text: str) -> str:
    with pytest.raises(CompileError) as caught:
        parse_module(text, "f.mlir")
    return str(caught.value)


@pytest.mark.parametrize("text", INVALID)
def test_the_place_and_the_message(text: str) -> None:
    before, _, after = text.partition("‸")
    place = f"f.mlir:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert message_of(before + after).startswith(f"{place}: error: {INVALID[text]}")


@pytest.mark.parametrize("expected", TYPES)
def test_invalid_types(expected: str) -> None:
    assert f"error: {expected}" in message_of(f'%a = "test.op"() : () -> ({TYPES[expected]})')


@pytest.mark.parametrize("expected", FUNCTIONS)
def test_invalid_functions(expected: str) -> None:
    assert f"error: {expected}" in message_of(FUNCTION % FUNCTIONS[expected])


@pytest.mark.parametrize("expected", OTHERS)
def test_other_invalid_texts(expected: str) -> None:
    assert f"error: {expected}" in message_of(OTHERS[expected])


def test_the_line_is_shown_with_a_caret() -> None:
    text = '%a = "test.a"() : () -> f32\n  "test.b"(%b) : (f32) -> ()\n'
    assert message_of(text) == (
        'f.mlir:2:12: error: the value %b is not defined\n  "test.b"(%b) : (f32) -> ()\n           ^\n'
        "  remedy: correct the text here; 'nncc ops' tells what operations take"
    )


def test_a_long_line_is_shown_in_part() -> None:
    assert len(message_of(OP % f'a = dense<"0x{"00" * 10**6}"> : tensor<2xf32>')) < 300


# Hostile texts


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("[", "]"), ("{a = ", "}"), ("(", ") -> ()"), ("() -> (", ")"), ("tensor<", ">"), ("tensor<2x", ">"),
    ],
)  # fmt: skip
def test_deep_nesting_is_an_error_not_a_crash(opening: str, closing: str) -> None:
    assert "nested more than" in message_of(OP % f"a = {opening * 100_000}1{closing * 100_000}")


def test_many_repeated_elements_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_dense, "_MOST_SPLATS", 4000)
    line = OP % "a = dense<0.0> : tensor<250xf32>\n"
    parse_module(line * 4)
    assert "have more than 4000 bytes" in message_of(line * 5)


def test_deep_regions_and_locations_are_an_error_not_a_crash() -> None:
    assert "nested more than" in message_of('"test.a"() ({' * 100_000)
    assert "nested more than" in message_of(OP % "a" + " loc(" + "fused[" * 100_000)
    assert "nested more than" in message_of(OP % "a" + " loc(" + '"a"(' * 100_000)
    assert "nested more than" in message_of("{-# a: " + "{a: " * 100_000)
    assert "nested more than" in message_of(OP % f"a = dense<{'[' * 100_000}")


def test_what_may_be_nested_can_be_printed_and_read() -> None:
    value: object = 1
    for _ in range(MAX_NESTING - 3):
        value = ("x", value)
    module = Module()
    module.body.append(UnregisteredOp("test.op", attributes={"a": value}))
    assert print_module(parse_module(print_module(module))) == print_module(module)
    for _ in range(10):
        value = ("x", value)
    module.body.append(UnregisteredOp("test.op", attributes={"a": value}))
    with pytest.raises(CompileError, match="nested more than"):
        print_module(module)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_damaged_texts_are_read_or_refused(data: st.DataObject) -> None:
    """Nothing but CompileError, whatever is cut out of a text or put into it."""
    text = print_module(data.draw(strategies.modules()), constants="inline")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(start + 8, len(text))))
        piece = data.draw(
            strategies.TEXTS | st.sampled_from(['"', "loc(", "%a", "9" * 30, "1x", "?x", "<", "]", "-", "0x"])
        )
        text = text[:start] + piece + text[stop:]
    try:
        verify_module(parse_module(text))
    except CompileError as error:
        assert str(error)


# What comes out


def test_known_operations_become_their_classes() -> None:
    module = parse_module(
        '"func.func"() ({\n'
        "^bb0(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>):\n"
        '  %y = "nn.conv"(%x, %w) {groups = 1, strides = [2, 2]}'
        " : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x2x2xf32>\n"
        '  "func.return"(%y) : (tensor<1x1x2x2xf32>) -> ()\n'
        '}) {sym_name = "main", arg_attrs = [{nncc.name = "in"}, {}]} : () -> ()',
        "f.mlir",
    )
    verify_module(module)
    function = module.main
    assert isinstance(function, Function) and function.input_names == ["in", "arg1"]
    conv = function.body.first_op
    assert isinstance(conv, Conv) and conv.strides == (2, 2)
    assert conv.attributes == {"strides": (2, 2)}  # an attribute that is its default is not kept
    assert conv.location == Location.at("f.mlir", index=3) and str(conv.location) == "f.mlir:3"
    assert conv.result.name == "y" and conv.result.tensor == TensorType((1, 1, 2, 2), F32)


def test_forward_references_are_resolved_across_regions() -> None:
    module = parse_module(
        '"test.a"() ({\n  "test.b"(%late) ({\n    "test.c"(%late, %x) : (f32, i8) -> ()\n  }) : (f32) -> ()\n'
        '  %late = "test.d"() : () -> f32\n}) : () -> ()\n%x = "test.e"() : () -> i8\n'
    )
    ops = {op.name: op for op in module.walk()}
    late, x = ops["test.d"].result, ops["test.e"].result
    assert list(ops["test.c"].operands) == [late, x] and list(ops["test.b"].operands) == [late]
    assert set(late.users) == {ops["test.b"], ops["test.c"]} and late.name == "late"


def test_a_name_ends_with_its_region() -> None:
    sibling = '"test.a"() ({\n  %x = "test.b"() : () -> f32\n}) : () -> ()\n'
    parse_module(sibling * 2)
    assert "the value %x is not defined" in message_of(sibling + '"test.c"(%x) : (f32) -> ()')


def _chain(count: int) -> Module:
    module = Module()
    type = TensorType(("N", 3, 28, 28), F32)
    function, block = Function.create("main", [("x", type)])
    module.body.append(function)
    value = block.args[0]
    for i in range(count):
        location = Location.at("net.nnp", "main", f"conv{i}", i)
        op = block.append(UnregisteredOp("test.op", [value, value], [type], {"pads": (1, 2, 3, 4)}, (), location))
        value, op.result.name = op.result, f"layer/{i}"
    function.set_outputs([("y", value)])
    return module


def test_time_is_linear() -> None:
    """Ten times the operations take about ten times as long: 40 leaves room for a busy machine, and n² would be 100."""

    def seconds(count: int) -> float:
        module = _chain(count)
        start = time.process_time()
        verify_module(parse_module(print_module(module)))
        return time.process_time() - start

    assert seconds(5_000) < 40 * max(seconds(500), 0.01)
