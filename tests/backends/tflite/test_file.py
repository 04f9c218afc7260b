"""What a written file holds: names, signature, versions, buffers, metadata, and the JSON beside it."""

import json
import tracemalloc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from litert import lower, open_model, run

from nncc.backends.tflite import save
from nncc.backends.tflite.flatbuffer import ALIGNMENT, LARGEST_FILE
from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.dialects import tfl
from nncc.ir.dialects.tfl.runtime import first_runtime, minimum_runtime
from nncc.ir.layout import CHANNEL_LAST, PORT_LAYOUT
from nncc.ir.passes import PassContext
from nncc.ir.types import F16, F32, F64, I64
from nncc.lowering.tfl.lower import LowerToTfl

RNG = np.random.default_rng(3)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def network(shape: tuple[Any, ...] = (1, 8, 8, 3), name: str = "in:0") -> tuple[Module, Function, Builder]:
    module = Module()
    function, block = Function.create("main", [(name, TensorType(shape, F32))])
    module.body.append(function)
    return module, function, Builder(module, block)


def small() -> Module:
    module, function, b = network()
    y = b.nn.conv(function.inputs[0], real(4, 3, 3, 3), real(4), channel_last=True, activation="relu")
    y.name = "features"
    z = b.nn.affine(b.nn.reshape(y, shape=(1, -1)), real(144, 5))
    function.set_outputs([("out/a", y), ("out b", z)])
    return lower(module)


def read(path: Path) -> Any:
    """The whole file, unpacked."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.tflite"


def test_names_and_signature(path: Path) -> None:
    save(small(), path)
    model = read(path)
    (signature,) = model.signatureDefs
    graph = model.subgraphs[0]
    assert signature.signatureKey == b"serving_default"
    ports = {m.name: graph.tensors[m.tensorIndex].name for m in (*signature.inputs, *signature.outputs)}
    assert ports == {b"in:0": b"in:0", b"out/a": b"out/a", b"out b": b"out b"}
    names = [t.name for t in graph.tensors]
    assert len(set(names)) == len(names)
    assert [d["name"] for d in open_model(path, xnnpack=True).get_output_details()] == ["out/a", "out b"]


def test_versions_and_metadata(path: Path) -> None:
    save(small(), path)
    data = path.read_bytes()
    model = read(path)
    assert data[4:8] == b"TFL3"
    assert model.version == 3
    assert version("nncc") in model.description.decode()
    codes = {(c.builtinCode, c.version) for c in model.operatorCodes}
    assert codes == {(schema.BuiltinOperator.CONV_2D, 1), (schema.BuiltinOperator.FULLY_CONNECTED, 1)}
    content = {m.name: bytes(model.buffers[m.buffer].data) for m in model.metadata}
    assert content[b"nncc_version"] == version("nncc").encode()
    assert content[b"min_runtime_version"] == b"1.5.0".ljust(16, b"\0")


def test_new_operators_have_the_old_code_of_a_placeholder(path: Path) -> None:
    module, function, b = network((1, 4))
    function.set_outputs([("y", b.nn.gelu(function.inputs[0]))])
    save(lower(module), path)
    (code,) = read(path).operatorCodes
    assert (code.builtinCode, code.deprecatedBuiltinCode) == (schema.BuiltinOperator.GELU, 127)


def test_buffers_are_aligned_and_hold_the_weights(path: Path) -> None:
    save(small(), path)
    data = path.read_bytes()
    packed = schema.Model.GetRootAs(data)
    sizes = []
    for i in range(packed.BuffersLength()):
        buffer = packed.Buffers(i)
        if not buffer.DataIsNone():
            table = buffer._tab
            start = table.Vector(table.Offset(4))
            assert start % ALIGNMENT == 0
            sizes.append(buffer.DataLength())
    assert packed.Buffers(0).DataIsNone()
    assert {4 * 27 * 4, 144 * 5 * 4, 16} <= set(sizes)
    assert len(data) < sum(sizes) + 4000


def test_equal_constants_share_a_buffer(path: Path) -> None:
    module, function, b = network((2, 16))
    weight = b.constant(real(16, 16), name="shared")
    y = b.nn.affine(b.nn.relu(b.nn.affine(function.inputs[0], weight)), weight)
    function.set_outputs([("y", y)])
    save(lower(module), path)
    model = read(path)
    filters = [model.subgraphs[0].tensors[o.inputs[1]].buffer for o in model.subgraphs[0].operators]
    assert len(filters) == 2 and len(set(filters)) == 1
    assert path.stat().st_size < 16 * 16 * 4 + 3000


def test_equal_names_are_numbered(path: Path) -> None:
    module, function, b = network((2, 4), name="x")
    y = b.nn.tanh(function.inputs[0])
    z = b.nn.exp(y)
    y.name = z.name = "x"
    function.set_outputs([("y", b.nn.abs(z))])
    save(lower(module), path)
    assert [t.name for t in read(path).subgraphs[0].tensors] == [b"x", b"y", b"x_1", b"x_2"]


def test_outputs_have_tensors_of_their_own(path: Path) -> None:
    module, function, b = network((2, 3), name="x")
    x = function.inputs[0]
    y = b.nn.relu(x)
    function.set_outputs([("same", x), ("y", y), ("again", y), ("constant", b.constant(real(3)))])
    inputs = {"x": real(2, 3)}
    wanted = module.evaluate(inputs)
    save(lower(module), path)
    for xnnpack in (True, False):
        got = run(path, inputs, xnnpack)
        assert all(np.array_equal(got[name], wanted[name]) for name in wanted)


def test_an_unknown_dimension_is_in_the_signature(path: Path) -> None:
    module, function, b = network(("N", 4))
    function.set_outputs([("y", b.nn.affine(b.nn.relu(function.inputs[0]), real(4, 3)))])
    save(lower(module), path)
    tensor = read(path).subgraphs[0].tensors[0]
    assert (list(tensor.shape), list(tensor.shapeSignature)) == ([1, 4], [-1, 4])
    model = open_model(path, xnnpack=True)
    model.resize_tensor_input(0, (5, 4))
    model.allocate_tensors()
    model.invoke()
    assert model.get_tensor(model.get_output_details()[0]["index"]).shape == (5, 3)


def test_the_json_tells_which_ports_are_transposed(path: Path) -> None:
    module = small()
    module.main.set_port_attribute("arg", 0, PORT_LAYOUT, CHANNEL_LAST)
    save(module, path)
    sides = json.loads(path.with_suffix(".json").read_text())
    assert sides["inputs"] == {"in:0": {"transpose": True, "base_axis": 1}}
    assert sides["outputs"] == {"out/a": {"transpose": False}, "out b": {"transpose": False}}


def test_weights_are_read_once_and_not_kept(path: Path) -> None:
    """Writing needs little more memory than one weight, whatever the model's size."""
    size, count = 1 << 20, 6
    module, function, b = network((1, 1024))
    x = function.inputs[0]
    loads = []
    for i in range(count):

        def load(i: int = i) -> np.ndarray:
            loads.append(i)
            return np.full((1024, 1024), i, np.float32)

        weight = module.add_resource(f"w{i}", load, TensorType((1024, 1024), F32))
        x = b.nn.affine(x, b.nn.constant(value=weight))
    function.set_outputs([("y", x)])
    LowerToTfl().run(module, PassContext())
    assert loads == []
    tracemalloc.start()
    save(module, path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert loads == list(range(count))
    # The source's arrays stay with their resources; the transposed ones come and go.
    assert peak < 4 * size * (count + 2.5)
    assert path.stat().st_size > 4 * size * count


def test_what_cannot_be_written_is_reported_together(path: Path) -> None:
    module, function, b = network((2, 3))
    function.set_outputs([("y", b.nn.tanh(b.nn.relu(function.inputs[0])))])
    with pytest.raises(CompileError) as caught:
        save(module, path)
    assert [d.message.split("'")[1] for d in caught.value.diagnostics] == ["nn.relu", "nn.tanh"]
    assert not path.exists()


def test_too_much_for_a_file_is_refused(path: Path) -> None:
    module, function, b = network((1, 1 << 15), name="x")
    huge = TensorType((1 << 15, 1 << 15), F32)

    def load() -> np.ndarray:
        raise AssertionError("the weights must not be loaded")

    weight = b.nn.constant(value=module.add_resource("huge", load, huge))
    function.set_outputs([("y", b.nn.affine(function.inputs[0], weight))])
    LowerToTfl().run(module, PassContext())
    with pytest.raises(CompileError, match=str(LARGEST_FILE)):
        save(module, path)


def test_versions_follow_types_and_shapes() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, 3, 4, 5, 6), F32)), ("n", TensorType((2,), I64))])
    module.body.append(function)
    x, n = function.inputs
    ops = [
        tfl.elementwise.Add(n, n, result_types=[n.type]),
        tfl.movement.Slice(x, n, n, result_types=[x.type]),
        tfl.elementwise.Sub(x, n, result_types=[x.type]),
        tfl.constant.Cast(x, result_types=[TensorType((2, 3, 4, 5, 6), F16)]),
        tfl.linear.FullyConnected(x, x, result_types=[x.type]),
    ]
    for op in ops:
        block.append(op)
    assert [op.version() for op in ops] == [4, 5, 3, 5, 6]
    function.set_outputs([("y", ops[0].results[0])])
    assert minimum_runtime(module) == "2.12.0"
    assert first_runtime("CONV_2D", 99) == ""


def test_types_that_tflite_has_not_are_refused() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2,), F64))])
    module.body.append(function)
    b = Builder(module, block)
    function.set_outputs([("y", b.nn.tanh(b.nn.exp(function.inputs[0])))])
    with pytest.raises(CompileError) as caught:
        LowerToTfl().run(module, PassContext())
    assert len(caught.value.diagnostics) == 2
    assert "f64" in str(caught.value) and "remedy" in str(caught.value)


def test_a_symbol_where_a_number_is_needed_is_refused() -> None:
    module, function, b = network(("N", 3, 4))
    y = b.nn.argmax(b.nn.relu(function.inputs[0]), axis=1)
    function.set_outputs([("y", y)])
    with pytest.raises(CompileError, match="static shape") as caught:
        LowerToTfl().run(module, PassContext())
    assert caught.value.diagnostics[0].remedy.startswith("fix the batch size")


def test_names_of_the_ir_are_those_of_the_file(path: Path) -> None:
    module, function, b = network((2, 4), name="tanh")
    y = b.nn.tanh(b.nn.exp(b.nn.tanh(function.inputs[0])))
    y.name = "exp"
    function.set_outputs([("y", b.nn.abs(b.nn.tanh(y)))])
    lowered = lower(module)
    save(lowered, path)
    given = [v.name for v in (*lowered.main.inputs, *(r for op in lowered.main.body for r in op.results))]
    written = [t.name.decode() for t in read(path).subgraphs[0].tensors]
    assert {"tanh", "exp", "y"} <= set(given)
    assert {n for n in given if n} <= set(written)
    assert len(set(written)) == len(written) == len(given)
