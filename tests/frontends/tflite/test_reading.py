"""What a file holds beside float operators: all of it is read, and written again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import ml_dtypes
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from litert import assert_close, open_model, run
from tfl_cases import Case, real
from tflite_files import branches, convolution

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.frontends.tflite.ops.registry import CUSTOM_LIFTS, lift_custom
from nncc.ir import CompileError, Function, Module, QuantizedType, TensorType, UsageError, as_dense
from nncc.ir.dialects import nn
from nncc.ir.dialects.tfl.constant import Dequantize, PseudoConst
from nncc.ir.dialects.tfl.elementwise import Add, Mul
from nncc.ir.dialects.tfl.linear import FullyConnected
from nncc.ir.dialects.tfl.opaque import OpaqueOp
from nncc.ir.passes import PassContext
from nncc.ir.types import ELEMENT_TYPES, F16, F32

X = TensorType((2, 6), F32)


def lifted(path: Path) -> Module:
    module = load(path)
    LiftTfl().run(module, PassContext())
    return module


def rebuilt(path: Path, content: bytes, change: Callable[[Any], None]) -> Path:
    """Write a file with something changed in its tables."""
    tables = schema.ModelT.InitFromPackedBuf(content, 0)
    change(tables)
    builder = flatbuffers.Builder(1024)
    builder.Finish(tables.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())
    return path


def function(name: str, kind: type[Any]) -> Function:
    made, block = Function.create(name, [(f"{name}_in", X)])
    op = block.append(kind(made.inputs[0], made.inputs[0], result_types=[X]))
    op.results[0].name = "same"
    made.set_outputs([(f"{name}_out", op.results[0])])
    return made


def test_signatures_metadata_and_names_of_tensors(tmp_path: Path) -> None:
    module = Module()
    for made, key in ((function("main", Add), "encode"), (function("other", Mul), "decode")):
        made.set_attribute("tfl.signature", key)
        made.set_port_attribute("arg", 0, "tfl.tensor", "serving_default_x:0")
        module.body.append(made)
    module.set_attribute("tfl.description", "two functions")
    module.set_attribute("tfl.metadata", {"NOTE": as_dense(np.frombuffer(b"abc", np.uint8))})
    save(module, tmp_path / "m.tflite")
    again = load(tmp_path / "m.tflite")
    assert [f.attributes["tfl.signature"] for f in again.functions] == ["encode", "decode"]
    assert [f.input_names for f in again.functions] == [["main_in"], ["other_in"]]
    assert all(f.port_attribute("arg", 0, "tfl.tensor") == "serving_default_x:0" for f in again.functions)
    assert again.attributes["tfl.description"] == "two functions"
    assert again.attributes["tfl.metadata"]["NOTE"].numpy().tobytes() == b"abc"
    save(again, tmp_path / "again.tflite")
    runner = open_model(tmp_path / "again.tflite", xnnpack=False).get_signature_runner("decode")
    x = real(2, 6)
    np.testing.assert_array_equal(runner(other_in=x)["other_out"], x * x)
    chosen = load(tmp_path / "m.tflite", signature="decode")
    assert chosen.main.output_names == ["other_out"]
    with pytest.raises(UsageError, match="no signature 'x'"):
        load(tmp_path / "m.tflite", signature="x")


def test_shapes_of_inputs_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(convolution())
    module = load(tmp_path / "m.tflite", input_shape="x0=1,6,5,3")
    LiftTfl().run(module, PassContext())
    assert module.main.outputs[0].tensor.static_shape == (1, 6, 5, 2)


def test_buffers_behind_the_flatbuffer(tmp_path: Path) -> None:
    """As in files above 2 GiB."""
    whole = convolution()
    contents: list[bytes] = []

    def move(tables: Any, end: int) -> None:
        at = end
        for buffer, content in zip(tables.buffers, contents, strict=True):
            buffer.data, buffer.offset, buffer.size = None, at if content else 0, len(content)
            at += len(content)

    contents += [bytes(b.data) if b.data is not None else b"" for b in _tables(whole).buffers]
    path = rebuilt(tmp_path / "m.tflite", whole, lambda tables: move(tables, 1000))
    length = path.stat().st_size
    rebuilt(path, whole, lambda tables: move(tables, length))
    assert path.stat().st_size == length
    path.write_bytes(path.read_bytes() + b"".join(contents))
    (tmp_path / "plain.tflite").write_bytes(whole)
    x = real(1, 4, 4, 3)
    assert_close(lifted(path).evaluate({"x0": x}), run(tmp_path / "plain.tflite", {"x0": x}, xnnpack=False), "moved")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CompileError, match="a buffer lies at"):
        load(path)


def _tables(content: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(content, 0)


def linear(weight: np.ndarray) -> Module:
    module = Module()
    made, block = Function.create("main", [("x", X)])
    module.body.append(made)
    dense = as_dense(weight)
    constant = block.append(PseudoConst(value=dense, result_types=[dense.type])).results[0]
    result = TensorType((2, len(weight)), F32)
    made.set_outputs([("y", block.append(FullyConnected(made.inputs[0], constant, result_types=[result])).results[0])])
    return module


@pytest.mark.parametrize("blocks", [False, True])
def test_sparse_weights(blocks: bool, tmp_path: Path) -> None:
    """Rows of which some elements are there, or blocks of two."""
    weight = np.zeros((4, 6), np.float32)
    weight[[0, 0, 1, 1, 3, 3], [2, 3, 0, 1, 4, 5]] = np.arange(1, 7)
    save(linear(weight), tmp_path / "dense.tflite")

    def sparse(tables: Any) -> None:
        graph = tables.subgraphs[0]
        number = next(i for i, t in enumerate(graph.tensors) if list(t.shape) == [4, 6])
        tables.buffers[graph.tensors[number].buffer].data = np.frombuffer(weight[weight != 0].tobytes(), np.uint8)
        graph.tensors[number].sparsity = _sparsity(blocks)

    path = rebuilt(tmp_path / "sparse.tflite", (tmp_path / "dense.tflite").read_bytes(), sparse)
    (constant,) = (op for op in load(path).main.body if isinstance(op, PseudoConst))
    np.testing.assert_array_equal(constant.value.numpy(), weight)


def _sparsity(blocks: bool) -> Any:
    found = schema.SparsityParametersT()
    found.traversalOrder = np.array([0, 1, 2] if blocks else [0, 1], np.int32)
    found.blockMap = np.array([1], np.int32) if blocks else None
    rows, columns = schema.DimensionMetadataT(), schema.DimensionMetadataT()
    rows.denseSize, columns.format = 4, 1
    columns.arraySegmentsType = columns.arrayIndicesType = 3
    columns.arraySegments, columns.arrayIndices = schema.Uint8VectorT(), schema.Uint8VectorT()
    columns.arraySegments.values = np.array([0, 1, 2, 2, 3] if blocks else [0, 2, 4, 4, 6], np.uint8)
    columns.arrayIndices.values = np.array([1, 0, 2] if blocks else [2, 3, 0, 1, 4, 5], np.uint8)
    found.dimMetadata = [rows, columns]
    if blocks:
        inside = schema.DimensionMetadataT()
        inside.denseSize = 2
        found.dimMetadata.append(inside)
    return found


def dequantized(weight: Any, type: TensorType) -> Module:
    """x times weights that DEQUANTIZE makes real."""
    module = Module()
    made, block = Function.create("main", [("x", X)])
    module.body.append(made)
    dense = module.add_resource("w", weight, type)
    constant = block.append(PseudoConst(value=dense, result_types=[type])).results[0]
    floats = block.append(Dequantize(constant, result_types=[TensorType(type.dims, F32)])).results[0]
    result = TensorType((2, type.dims[0]), F32)
    made.set_outputs([("y", block.append(FullyConnected(made.inputs[0], floats, result_types=[result])).results[0])])
    return module


def test_weights_of_16_bit_floats(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(dequantized(real(5, 6).astype(np.float16), TensorType((5, 6), F16)), path)
    module, x = lifted(path), real(2, 6)
    assert_close(module.evaluate({"x": x}), run(path, {"x": x}, xnnpack=False), "lifted")
    assert not any(isinstance(op, nn.Cast) for op in module.main.body)


def test_weights_of_4_bits(tmp_path: Path) -> None:
    kind = QuantizedType(ELEMENT_TYPES["i4"], F32, (0.5,), (0,))
    stored = np.arange(-8, 7).reshape(5, 3).astype(ml_dtypes.int4)
    stored = np.concatenate([stored, stored], 1)
    path = tmp_path / "m.tflite"
    save(dequantized(stored, TensorType((5, 6), kind)), path)
    (constant,) = (op for op in load(path).main.body if isinstance(op, PseudoConst))
    np.testing.assert_array_equal(constant.value.numpy().astype(int), stored.astype(int))
    x = real(2, 6)
    assert_close(lifted(path).evaluate({"x": x}), {"y": x @ (stored.astype(np.float32) * 0.5).T}, "lifted")


def test_custom_operators(tmp_path: Path) -> None:
    module = Module()
    made, block = Function.create("main", [("x", X)])
    module.body.append(made)
    options = {"custom_code": "Halve", "custom_options": as_dense(np.frombuffer(b"\x02\x00", np.uint8))}
    op = block.append(OpaqueOp("tfl.custom", [made.inputs[0]], [X], options))
    made.set_outputs([("y", op.results[0])])
    path = tmp_path / "m.tflite"
    save(module, path)
    with pytest.raises(CompileError, match="Halve is a custom operator") as caught:
        lifted(path)
    assert "plugin" in caught.value.diagnostics[0].remedy

    @lift_custom("Halve")
    def halve(b: Any, op: Any, x: Any) -> Any:
        return b.nn.div(x, float(op.attributes["custom_options"].numpy()[0]))

    try:
        x = real(2, 6)
        assert_close(lifted(path).evaluate({"x": x}), {"y": x / 2}, "lifted")
    finally:
        del CUSTOM_LIFTS["Halve"]


def test_operators_without_a_lift_are_listed_together(tmp_path: Path) -> None:
    module = Module()
    made, block = Function.create("main", [("x", X)])
    module.body.append(made)
    names = ("random_uniform", "hashtable_find", "bidirectional_sequence_rnn")
    ops = [block.append(OpaqueOp(f"tfl.{name}", [made.inputs[0]], [X])) for name in names]
    made.set_outputs([(f"y{i}", op.results[0]) for i, op in enumerate(ops)])
    save(module, tmp_path / "m.tflite")
    with pytest.raises(CompileError) as caught:
        lifted(tmp_path / "m.tflite")
    assert [d.message.split()[0] for d in caught.value.diagnostics] == [name.upper() for name in names]


@pytest.mark.parametrize("condition", [True, False])
def test_branches(condition: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(branches())
    inputs = {"condition": np.array(condition), "x": real(3)}
    assert_close(lifted(path).evaluate(inputs), run(path, inputs, xnnpack=False), "lifted")
    save(load(path), tmp_path / "again.tflite")
    assert_close(run(tmp_path / "again.tflite", inputs, xnnpack=False), run(path, inputs, xnnpack=False), "written")


def test_a_reshape_of_the_oldest_form(tmp_path: Path) -> None:
    """Its shape is an option, and no operand."""
    case = Case("reshape", [real(2, 6)], [((3, 4), np.float32)], {}, [np.array([3, 4], np.int32)])
    module, inputs = case.build()
    save(module, tmp_path / "new.tflite")

    def strip(tables: Any) -> None:
        operator = tables.subgraphs[0].operators[0]
        operator.inputs = operator.inputs[:1]

    path = rebuilt(tmp_path / "old.tflite", (tmp_path / "new.tflite").read_bytes(), strip)
    assert_close(lifted(path).evaluate(inputs), module.evaluate(inputs), "lifted")
