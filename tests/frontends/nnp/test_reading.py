"""What the reader makes of good files: views instead of copies, parts that belong together, names and places."""

import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format

from nncc.frontends.nnp import load
from nncc.frontends.nnp.text import parse_text
from nncc.ir import Location, Module, TensorType
from nncc.ir.dialects import nnp
from nncc.ir.dialects.nnp.schema import message_class
from nncc.ir.types import F32

Write = Callable[..., Path]
Encode = Callable[[Mapping[str, np.ndarray]], bytes]
Weights = dict[str, np.ndarray]


def stored(module: Module) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in nnp.stored_values(module).items()}


def assert_stored(module: Module, weights: Weights) -> None:
    found = stored(module)
    assert list(found) == list(weights)
    for name, array in weights.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], array)


@pytest.fixture
def parts(tmp_path: Path, affine: str, weights: Weights, to_protobuf: Encode, to_hdf5: Encode) -> dict[str, Path]:
    """The network and two encodings of its parameters, as loose files."""
    contents = {"net.nntxt": affine.encode(), "p.protobuf": to_protobuf(weights), "p.h5": to_hdf5(weights)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def test_the_module(parts: dict[str, Path], weights: Weights) -> None:
    module = load([parts["net.nntxt"], parts["p.h5"]])
    assert [op.name for op in module.body] == ["nnp.network", "nnp.parameter", "nnp.parameter", "nnp.executor"]
    network = nnp.networks(module)["net"]
    x, w, b, y = network.variables
    (fc,) = network.functions
    assert network.batch_size == 8
    assert x.variable.type == TensorType(("N", 3), F32) and not x.is_parameter
    assert fc.operands == (x.variable, w.variable, b.variable) and fc.attributes == {"name": "fc", "base_axis": 1}
    assert y.made is fc.result and y.results == [] and y.attributes == {"name": "y", "type": "Buffer"}
    np.testing.assert_array_equal(w.value.numpy(), weights["fc/W"])
    assert w.value is nnp.stored_values(module)["fc/W"]
    assert nnp.executors(module)[0].variable_names("output_variable") == ["y"]
    assert str(fc.location) == f"{parts['net.nntxt']}: 'net': 'fc' (#0)"


@pytest.mark.parametrize("order", [("net.nntxt", "p.h5"), ("p.h5", "net.nntxt"), ("net.nntxt", "p.protobuf")])
def test_parts_in_any_order(parts: dict[str, Path], weights: Weights, order: tuple[str, ...]) -> None:
    module = load([parts[name] for name in order])
    assert_stored(module, weights)
    assert nnp.networks(module)["net"].variables[1].value is not None


def test_a_network_without_parameters_and_parameters_without_network(parts: dict[str, Path], weights: Weights) -> None:
    assert nnp.networks(load(parts["net.nntxt"]))["net"].variables[1].value is None
    assert_stored(load(str(parts["p.protobuf"])), weights)


@pytest.mark.parametrize("extension", [".PROTOTXT", ".NNTXT"])
def test_extensions_in_any_case(parts: dict[str, Path], extension: str) -> None:
    renamed = parts["net.nntxt"].rename(parts["net.nntxt"].with_suffix(extension))
    assert list(nnp.networks(load(renamed))) == ["net"]


def test_a_folder_is_an_archive(parts: dict[str, Path], tmp_path: Path, weights: Weights) -> None:
    folder = tmp_path / "model.nnp"
    (folder / "deeper").mkdir(parents=True)
    parts["net.nntxt"].rename(folder / "network.nntxt")
    parts["p.h5"].rename(folder / "deeper" / "parameter.h5")
    assert_stored(load(folder), weights)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_any_compression(archive: Write, affine: str, weights: Weights, to_hdf5: Encode, method: int) -> None:
    path = archive({"p.h5": to_hdf5(weights), "folder/n.nntxt": affine}, method=method)
    assert_stored(load(path), weights)


@pytest.mark.parametrize("encoding", ["protobuf", "h5"])
def test_stored_weights_are_views_of_the_file(
    archive: Write, to_protobuf: Encode, to_hdf5: Encode, encoding: str
) -> None:
    encode = to_protobuf if encoding == "protobuf" else to_hdf5
    weights = {"W": np.arange(100_000, dtype=np.float32).reshape(100, 1000)}
    module = load(archive({f"p.{encoding}": encode(weights)}))
    assert_stored(module, weights)
    array = stored(module)["W"]
    assert not array.flags.owndata and not array.flags.writeable


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.dtype(">f4")])
def test_hdf5_of_other_types_becomes_float32(tmp_path: Path, to_hdf5: Encode, dtype: type) -> None:
    (tmp_path / "p.h5").write_bytes(to_hdf5({"W": np.array([1, 2, 3], dtype)}))
    assert_stored(load(tmp_path / "p.h5"), {"W": np.array([1, 2, 3], np.float32)})


def test_compressed_hdf5(tmp_path: Path) -> None:
    import h5py

    values = np.arange(1000, dtype=np.float32)
    with h5py.File(tmp_path / "p.h5", "w", userblock_size=512) as file:
        file.create_dataset("W", data=values, compression="gzip", shuffle=True)
        file.create_dataset("b", data=values[:5])
    assert_stored(load(tmp_path / "p.h5"), {"W": values, "b": values[:5]})


def test_unpacked_floats_and_parts_of_packed_ones(tmp_path: Path) -> None:
    """What protobuf allows and no writer of NNP files makes."""
    one, two = np.array([1.5], "<f4").tobytes(), np.array([2.5, 3.5], "<f4").tobytes()
    singles = b"\xa5\x06" + one + b"\xa5\x06" + two[:4]
    chunks = b"\xa2\x06\x04" + one + b"\xa2\x06\x08" + two
    shapes = [b"\xa2\x01\x02\x08" + bytes([n]) for n in (2, 3)]  # one dimension each, not packed
    content = b""
    for name, shape, data in ((b"a", shapes[0], singles), (b"b", shapes[1], chunks)):
        message = b"\x0a\x01" + name + shape + data
        content += b"\xc2\x0c" + bytes([len(message)]) + message
    (tmp_path / "p.protobuf").write_bytes(content)
    assert_stored(load(tmp_path / "p.protobuf"), {"a": np.float32([1.5, 2.5]), "b": np.float32([1.5, 2.5, 3.5])})


def test_networks_in_binary(tmp_path: Path, affine: str) -> None:
    (tmp_path / "n.protobuf").write_bytes(text_format.Parse(affine, message_class()()).SerializeToString())
    assert [f.label for f in nnp.networks(load(tmp_path / "n.protobuf"))["net"].functions] == ["fc"]


PLAIN = 'parameter {\n  variable_name: "a\\"b"\n  shape {\n    dim: 3\n  }\n  data: 1.5\n  data: -2e-3\n  data: .5\n}\n'


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (PLAIN, True),
        (PLAIN + PLAIN[:-2] + "  need_grad: true\n}\n", True),
        (PLAIN + 'parameter { variable_name: "c" data: [1, 2] }', False),
        (PLAIN.replace("1.5", "inf"), False),
        (PLAIN.replace("1.5", "1.5f"), False),
        (PLAIN + 'version: "parameter {"', False),
        ("# nothing\n", False),
    ],
)
def test_numbers_are_read_fast_and_right(text: str, taken: bool) -> None:
    message, data = parse_text(memoryview(text.encode()), Location.at("f"))
    expected = text_format.Parse(text, message_class()())
    found = [list(p.data) if d is None else d.tolist() for p, d in zip(message.parameter, data, strict=True)]
    assert found == [list(p.data) for p in expected.parameter]
    assert any(d is not None for d in data) == taken


def test_optional_inputs_stand_at_their_places(tmp_path: Path) -> None:
    ports = ["x", "beta", "gamma", "mean", "variance"]
    variables = "".join(f'variable {{ name: "{p}" type: "Buffer" shape {{ dim: 2 }} }} ' for p in [*ports, "y"])
    inputs = "".join(f'input: "{p}" ' for p in ports if p != "beta")
    function = f'type: "BatchNormalization" {inputs} output: "y" batch_normalization_param {{ no_bias: true axes: 0 }}'
    (tmp_path / "n.nntxt").write_text(f'network {{ name: "n" {variables} function {{ name: "bn" {function} }} }}')
    (bn,) = nnp.networks(load(tmp_path / "n.nntxt"))["n"].functions
    assert [None if v is None else v.name for v in bn.operands] == ["x", None, "gamma", "mean", "variance"]
    assert bn.gamma.name == "gamma" and bn.beta is None and bn.axes == (0,) and bn.eps == 0.0 and not bn.batch_stat


def test_functions_may_stand_in_any_order(tmp_path: Path) -> None:
    variables = "".join(f'variable {{ name: "{n}" type: "Buffer" shape {{ dim: 2 }} }} ' for n in "xyz")
    functions = [f'function {{ name: "to_{b}" type: "Tanh" input: "{a}" output: "{b}" }} ' for a, b in ("yz", "xy")]
    (tmp_path / "n.nntxt").write_text(f'network {{ name: "n" {variables} {"".join(functions)} }}')
    network = nnp.networks(load(tmp_path / "n.nntxt"))["n"]
    assert [f.label for f in network.functions] == ["to_z", "to_y"]
    assert [f.label for f in nnp.forward_order(network)] == ["to_y", "to_z"]
    assert not nnp.is_in_forward_order(network)


def test_deep_networks(tmp_path: Path) -> None:
    """A chain that stands in reverse is deeper than Python's stack; its order is found in linear time."""
    count = 5000
    variables = "".join(f'variable {{ name: "{i}" type: "Buffer" shape {{ dim: 2 }} }} ' for i in range(count + 1))
    functions = [f'function {{ type: "Tanh" input: "{i}" output: "{i + 1}" }} ' for i in reversed(range(count))]
    (tmp_path / "n.nntxt").write_text(f'network {{ name: "n" {variables} {"".join(functions)} }}')
    network = nnp.networks(load(tmp_path / "n.nntxt"))["n"]
    start = time.perf_counter()
    order = nnp.forward_order(network)
    assert time.perf_counter() - start < 2
    assert order == network.functions[::-1]


def test_every_function_type_has_an_operation() -> None:
    assert len(nnp.FUNCTION_OPS) == 228 + 5
    for name, kind in nnp.FUNCTION_OPS.items():
        assert kind.name == f"nnp.{name}" and kind.function_type.name == name
        assert {f.name for f in kind.operand_fields} == {port.name for port in kind.function_type.inputs}
