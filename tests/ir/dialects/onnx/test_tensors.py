"""How elements are stored, against onnx's own helpers; and the files without their weights."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from nncc.ir.dialects.onnx.tensors import (
    as_bytes,
    as_text,
    data_type,
    element_of,
    from_bytes,
    from_fields,
    stored_size,
    tensor_type,
    to_bytes,
)
from nncc.ir.dialects.onnx.wire import PATHS
from nncc.ir.types import ELEMENT_TYPES
from nncc.ir.wire import Filling, Malformed, Tokens, take_out, varint

HAS_SMALL_TYPES = helper.tensor_dtype_to_np_dtype(TensorProto.BFLOAT16).name == "bfloat16"
small_types = pytest.mark.skipif(not HAS_SMALL_TYPES, reason="this onnx has no arrays of small types")
KINDS = [n for n in dict(TensorProto.DataType.items()) if n not in ("UNDEFINED", "STRING")]


def some(kind: int, count: int) -> np.ndarray:
    """Elements of any bits that the type has."""
    element = element_of(kind)
    rng = np.random.default_rng(count)
    if element.is_bool:
        return rng.integers(0, 2, count).astype(bool)
    if element.bits < 8:
        packed = memoryview(rng.bytes(-(-count * element.bits // 8)))
        return from_bytes(packed, tensor_type(TensorProto(data_type=kind, dims=[count])))
    return np.frombuffer(rng.bytes(count * element.dtype.itemsize), element.dtype)


@small_types
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 64])
def test_bytes_are_those_of_onnx(name: str, count: int) -> None:
    kind = TensorProto.DataType.Value(name)
    array = some(kind, count)
    message = numpy_helper.from_array(array, "x")
    type = tensor_type(message)
    assert data_type(type.storage) == kind and stored_size(type) == len(message.raw_data)
    assert bytes(to_bytes(array, type.storage)) == message.raw_data
    read = from_bytes(memoryview(message.raw_data), type)
    assert read.dtype == element_of(kind).dtype
    assert read.tobytes() == array.tobytes()


@small_types
@pytest.mark.parametrize("name", KINDS)
def test_fields_are_read_as_onnx_does(name: str) -> None:
    kind = TensorProto.DataType.Value(name)
    for count in (0, 1, 2, 3, 4, 5):
        message = TensorProto(data_type=kind, dims=[count])
        bits = 8 if element_of(kind).is_bool else element_of(kind).bits
        stored = -(-count * bits // 8) if bits in (2, 4) else count * (2 if name.startswith("COMPLEX") else 1)
        field = getattr(message, helper.tensor_dtype_to_field(kind))
        field.extend([1] * stored)
        expected = numpy_helper.to_array(message)
        found = from_fields(message, tensor_type(message))
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.astype(complex), expected.astype(complex))


def test_every_element_type_has_a_number() -> None:
    known = set(TensorProto.DataType.values()) - {TensorProto.UNDEFINED}
    assert {data_type(element_of(number)) for number in known} == known
    if len(known) >= len(ELEMENT_TYPES):
        assert {data_type(element) for element in ELEMENT_TYPES.values()} == known
    with pytest.raises(ValueError, match="there is no element type 99"):
        element_of(99)


def test_booleans_of_other_bytes_are_true() -> None:
    type = tensor_type(TensorProto(data_type=TensorProto.BOOL, dims=[3]))
    assert from_bytes(memoryview(b"\x00\x01\x07"), type).tolist() == [False, True, True]


def test_strings_are_bytes() -> None:
    for data in (b"plain", "é日".encode(), b"\xff\x00\xfe"):
        assert as_bytes(as_text(data)) == data
    with pytest.raises(ValueError, match="a tensor of strings holds 3"):
        as_bytes(3)


# Files without their weights


def message(*sizes: int) -> bytes:
    """A model whose weights have these sizes, the last of them in a graph inside of a node."""
    graphs = [helper.make_graph([], name, [], []) for name in ("outer", "inner")]
    for index, size in enumerate(sizes):
        graph = graphs[index == len(sizes) - 1]
        graph.initializer.add(name=f"w{index}", raw_data=bytes([index + 1]) * size, dims=[size])
    graphs[0].node.append(helper.make_node("If", ["c"], ["y"], then_branch=graphs[1]))
    return helper.make_model(graphs[0]).SerializeToString()


@pytest.mark.parametrize("sizes", [(10, 20), (5000, 10, 6000), (1024, 70000), (3000, 3000, 3000, 3000)])
def test_weights_are_taken_out_and_put_in_again(sizes: tuple[int, ...]) -> None:
    content = message(*sizes)
    light = take_out(memoryview(content), PATHS)
    assert len(light.data) == sum(size >= 1024 for size in sizes)
    assert len(light.message) < len(content) or not light.data
    filling = Filling(light.message, light.tokens, lambda i: len(light.data[i]), lambda i: light.data[i], PATHS)
    assert b"".join(bytes(piece) for piece in filling.pieces()) == content
    assert filling.total() == len(content)


def test_bytes_that_look_like_a_token_are_what_they_are() -> None:
    tokens, others = Tokens(), Tokens()
    assert tokens.index(tokens.token(7)) == 7
    assert tokens.index(others.token(7)) is None
    assert tokens.index(tokens.token(7) + b"x") is None


@pytest.mark.parametrize(
    "content",
    [
        b"\x3a\xff\xff\xff\xff\x0f",  # a length beyond the end
        b"\x3a",
        b"\x08",
        b"\x08" + b"\xff" * 11,  # a number without end
        b"\x0b\x0c",  # a group
        b"\x09\x00",  # eight bytes that are not there
    ],
)
def test_what_is_no_message(content: bytes) -> None:
    with pytest.raises(Malformed):
        take_out(memoryview(content), PATHS)


def test_numbers_of_protobuf() -> None:
    assert [varint(n).hex() for n in (0, 1, 127, 128, 300, 2**35)] == ["00", "01", "7f", "8001", "ac02", "808080808001"]
