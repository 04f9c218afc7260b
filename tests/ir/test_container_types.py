"""The types of values that are no tensors: their text, and what two of them say together."""

import pytest
from xdsl_reader import xdsl_reads

from nncc.ir import CompileError, MapType, OptionalType, SequenceType, SparseType, TensorType, Type, UnknownType
from nncc.ir.parser import parse_module
from nncc.ir.types import ELEMENT_TYPES, F32, I64, merge_types

STRING = ELEMENT_TYPES["!nncc.string"]
X = TensorType(("N", 3), F32)
TYPES = {
    '!nncc.sequence<tensor<?x3xf32, {d0 = "N"}>>': SequenceType(X),
    "!nncc.optional<!nncc.sequence<tensor<*xi64>>>": OptionalType(SequenceType(TensorType(None, I64))),
    "!nncc.map<i64, tensor<2xf32>>": MapType(I64, TensorType((2,), F32)),
    "!nncc.sequence<!nncc.map<!nncc.string, tensor<f32>>>": SequenceType(MapType(STRING, TensorType((), F32))),
    "!nncc.sparse<tensor<4x4xf32>>": SparseType(TensorType((4, 4), F32)),
    "!nncc.unknown": UnknownType(),
}


def read(text: str) -> Type:
    (op,) = parse_module(f'%a = "t.op"() : () -> {text}').body
    return op.results[0].type


@pytest.mark.parametrize("text", TYPES)
def test_text(text: str) -> None:
    assert str(TYPES[text]) == text
    assert read(text) == TYPES[text] and hash(read(text)) == hash(TYPES[text])
    xdsl_reads(f'"builtin.module"() ({{ %a = "t.op"() : () -> {text} }}) : () -> ()')


@pytest.mark.parametrize("text", ["!nncc.sequence", "!nncc.sequence<>", "!nncc.map<i64>", "!nncc.sparse<none>"])
def test_what_is_no_type(text: str) -> None:
    with pytest.raises(CompileError):
        read(text)


def test_hostile_nesting() -> None:
    with pytest.raises(CompileError, match="nested"):
        read("!nncc.sequence<" * 5000 + "none" + ">" * 5000)


def test_what_two_types_say_together() -> None:
    unknown = UnknownType()
    assert merge_types(unknown, X) == merge_types(X, unknown) == X
    some, other = SequenceType(TensorType((None, 3), F32)), SequenceType(TensorType((2, 3), F32))
    assert merge_types(some, other) == other
    assert merge_types(SequenceType(X), OptionalType(X)) is None
    assert merge_types(OptionalType(X), OptionalType(TensorType((2, 4), F32))) is None


@pytest.mark.parametrize(
    "name, bits", [("i2", 2), ("ui4", 4), ("f4E2M1FN", 4), ("f6E3M2FN", 6), ("f8E8M0FNU", 8), ("bf16", 16)]
)
def test_small_elements(name: str, bits: int) -> None:
    element = ELEMENT_TYPES[name]
    assert element.bits == bits
    assert element.is_float == (name[0] in "fb") and element.is_integer == (name[0] in "iu")
