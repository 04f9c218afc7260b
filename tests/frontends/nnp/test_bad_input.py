"""Hostile and broken files: each is refused with the file, the place, the reason and what to do."""

import io
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncc.frontends.nnp import load
from nncc.ir import CompileError, Diagnostics, NnccError, UsageError

Write = Callable[..., Path]
Encode = Callable[[Mapping[str, np.ndarray]], bytes]


def refusal(*paths: Path, **options: object) -> str:
    """The message of the error; every one of its diagnostics names a file and a remedy."""
    with pytest.raises(CompileError) as caught:
        load(list(paths), **options)
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.remedy and diagnostic.location.origins[0].file in {str(p) for p in paths}
    return str(caught.value)


def expect(message: str, *parts: str) -> None:
    for part in parts:
        assert part in message


# Containers


def test_a_truncated_archive(archive: Write, affine: str, weights: dict, to_protobuf: Encode) -> None:
    path = archive({"network.nntxt": affine, "parameter.protobuf": to_protobuf(weights)})
    path.write_bytes(path.read_bytes()[:-40])
    expect(refusal(path), "model.nnp", "not a whole zip archive", "truncated")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(100)])
def test_no_archive_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.nnp"
    path.write_bytes(content)
    expect(refusal(path), "not a whole zip archive")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member(archive: Write, affine: str, method: int) -> None:
    path = archive({"network.nntxt": affine}, method=method)
    content = bytearray(path.read_bytes())
    content[60] ^= 0x55
    path.write_bytes(content)
    expect(refusal(path), "model.nnp", "copy or export the file again")


@pytest.mark.parametrize(
    "name",
    ["../../etc/network.nntxt", "/network.nntxt", "a/../../n.nntxt", "C:/n.nntxt", "a\\n.nntxt", "n\x1b[2J.nntxt"],
)
def test_a_member_with_a_hostile_name(archive: Write, affine: str, name: str) -> None:
    message = refusal(archive({name: affine}))
    expect(message, repr(name), "leads out of the archive", "plain names")
    assert "\x1b" not in message


def test_a_member_that_is_there_twice(archive: Write, affine: str) -> None:
    path = archive({"network.nntxt": affine})
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("network.nntxt", affine)
    expect(refusal(path), "'network.nntxt' is there twice")


def test_a_zip_bomb_is_not_unpacked(archive: Write, affine: str) -> None:
    bomb = bytes(300 << 20)
    path = archive({"network.nntxt": affine, "parameter.protobuf": bomb}, method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    expect(refusal(path), "would unpack to", "limit", "max_unpacked")


def test_the_limit_of_unpacking_is_an_option(archive: Write, affine: str) -> None:
    path = archive({"network.nntxt": affine}, method=zipfile.ZIP_DEFLATED)
    expect(refusal(path, max_unpacked=100), f"would unpack to {len(affine)} bytes, more than the limit of 100")
    load(path, max_unpacked=len(affine))


def test_a_size_that_is_a_lie(archive: Write, affine: str) -> None:
    path = archive({"network.nntxt": affine})
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    struct.pack_into("<II", content, entry + 20, 1 << 31, 1 << 31)
    path.write_bytes(content)
    expect(refusal(path), "model.nnp", "export the file again")


def test_an_encrypted_member(archive: Write, affine: str) -> None:
    path = archive({"network.nntxt": affine})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    expect(refusal(path), "'network.nntxt' is encrypted", "decrypt")


def test_an_archive_without_network(archive: Write) -> None:
    expect(refusal(archive({"nnp_version.txt": "0.1\n", "README": "hello"})), "holds no network and no parameters")


def test_members_of_other_kinds_are_left_out_with_a_warning(archive: Write, affine: str) -> None:
    diagnostics = Diagnostics()
    load(archive({"network.nntxt": affine, "README": "hello", "nnp_version.txt": "0.1\n"}), diagnostics=diagnostics)
    assert [d.message for d in diagnostics.warnings] == [
        "the member 'README' is ignored: it is of no kind that NNP files hold"
    ]


def test_an_unknown_extension_and_a_missing_file_are_both_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    message = refusal(tmp_path / "a.txt", tmp_path / "b.nntxt")
    expect(message, "a.txt: error: the extension '.txt'", "b.nntxt: error: the file cannot be read: No such file")


def test_no_file_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no file is given"):
        load([])


# Text


def test_broken_text_names_line_and_column(archive: Write, affine: str) -> None:
    broken = affine.replace("batch_size: 8", "batch_size: eight")
    expect(refusal(archive({"network.nntxt": broken})), "'network.nntxt'", "line 4, column 15", "eight")


def test_the_line_is_right_behind_many_numbers(tmp_path: Path) -> None:
    data = "  data: 0.5\n" * 1000
    path = tmp_path / "model.nntxt"
    path.write_text(f'parameter {{\n  variable_name: "W"\n  shape {{\n    dim: 1000\n  }}\n{data}}}\nnonsense\n')
    expect(refusal(path), "line 1007", "model.nntxt")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "model.nntxt"
    path.write_bytes(b'network {\n  name: "\xff" }')
    expect(refusal(path), "line 2: byte 19 is not UTF-8", "save the file as UTF-8")


def test_deep_nesting(tmp_path: Path) -> None:
    path = tmp_path / "model.nntxt"
    path.write_text("unknown " + "{ a " * 50_000)
    refusal(path)


# Functions


def test_all_unknown_functions_at_once(archive: Write, affine: str) -> None:
    extra = """
network { name: "second"
  function { name: "f" type: "Frobnicate" frobnicate_param { level: 3 } }
  function { name: "g" type: "Frobnicate" }
  function { name: "h" type: "Defrobnicate" defrobnicate_param { } }
}"""
    message = refusal(archive({"network.nntxt": affine + extra}))
    expect(message, "'Frobnicate' is not known (used 2 times)", "'Defrobnicate' is not known (used 1 time)", "'f' (#0)")
    assert message.count("error:") == 2


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('input: "x"', 'input: "ex"', ["'net': 'fc' (#0)", "the input 'ex' of 'fc' is no variable"]),
        ('output: "y" a', 'output: "why" a', ["the output 'why' of 'fc' is no variable"]),
        ('input: "fc/b"', 'input: "fc/b" input: "fc/b"', ["'fc' has a wrong number of inputs: Affine takes 2 to 3"]),
        ('output: "y" a', 'output: "y" output: "y" a', ["the variable 'y' is made twice", "makes 1, got 2"]),
        ("affine_param", "pooling_param", ["line 10", "pooling_param"]),
        ("affine_param { base_axis: 1 }", "elu_param { }", ["'fc' of type Affine has the arguments 'elu_param'"]),
        ('type: "Buffer" shape { dim: -1 dim: 3 }', 'type: "Bufer" shape { dim: -1 dim: 3 }', ["type 'Bufer'"]),
        ("dim: -1 dim: 2", "dim: -2 dim: 2", ["'y' has no sound shape: a dimension is -2"]),
        ('name: "fc/b" type', 'name: "fc/W" type', ["the variable 'fc/W' is there twice"]),
    ],
)
def test_a_wrong_network(archive: Write, affine: str, old: str, new: str, parts: list[str]) -> None:
    assert affine.count(old) == 1
    expect(refusal(archive({"network.nntxt": affine.replace(old, new)})), "model.nnp", *parts)


def test_a_cycle_names_its_functions(tmp_path: Path) -> None:
    names = "abc"
    variables = "".join(f'variable {{ name: "{n}" type: "Buffer" shape {{ dim: 1 }} }}' for n in names)
    functions = "".join(
        f'function {{ name: "to_{n}" type: "Tanh" input: "{names[i - 1]}" output: "{n}" }}' for i, n in enumerate(names)
    )
    path = tmp_path / "model.nntxt"
    path.write_text(f'network {{ name: "net" {variables} {functions} }}')
    message = refusal(path)
    expect(message, "cyclic", "RepeatStart and Delay")
    ring = ["'to_a'", "'to_b'", "'to_c'"]
    assert any(" -> ".join([*ring[i:], *ring[:i], ring[i]]) in message for i in range(3))


def test_networks_of_one_name(tmp_path: Path, affine: str) -> None:
    for name in ("a.nntxt", "b.nntxt"):
        (tmp_path / name).write_text(affine)
    message = refusal(tmp_path / "a.nntxt", tmp_path / "b.nntxt")
    expect(message, "b.nntxt: error: the network 'net' is there twice", "a.nntxt", "give only one of the two files")


# Parameters


def test_a_parameter_of_another_shape(archive: Write, affine: str, weights: dict, to_hdf5: Encode) -> None:
    weights["fc/W"] = np.zeros((2, 3), np.float32)
    message = refusal(archive({"network.nntxt": affine, "parameter.h5": to_hdf5(weights)}))
    expect(message, "'net': 'fc/W'", "parameter 'fc/W' has the shape (2, 3), its variable (3, 2)")


def test_a_parameter_that_is_cut_off(archive: Write, affine: str) -> None:
    text = affine + 'parameter { variable_name: "fc/b" shape { dim: 2 } data: 1 }'
    expect(refusal(archive({"n.nntxt": text})), "'fc/b' (#0)", "has 1 values where its shape is 2")


@pytest.mark.parametrize("encoding", ["protobuf", "h5"])
def test_nan_is_refused_unless_allowed(
    archive: Write, affine: str, weights: dict, to_protobuf: Encode, to_hdf5: Encode, encoding: str
) -> None:
    weights["fc/W"] = np.array([[1, np.nan], [np.inf, 2], [np.nan, 3]], np.float32)
    encode = to_protobuf if encoding == "protobuf" else to_hdf5
    path = archive({"network.nntxt": affine, f"parameter.{encoding}": encode(weights)})
    message = refusal(path)
    expect(message, f"'parameter.{encoding}': 'fc/W' (#0)", "holds NaN in 2 of its 6 values", "allow_nan")
    load(path, allow_nan=True)


def test_infinity_is_a_number(archive: Write, affine: str, weights: dict, to_hdf5: Encode) -> None:
    weights["fc/b"] = np.array([np.inf, -np.inf], np.float32)
    load(archive({"network.nntxt": affine, "parameter.h5": to_hdf5(weights)}))


def test_a_parameter_that_is_stored_twice(
    archive: Write, affine: str, weights: dict, to_protobuf: Encode, to_hdf5: Encode
) -> None:
    members = {"network.nntxt": affine, "a.protobuf": to_protobuf(weights), "b.h5": to_hdf5({"fc/b": weights["fc/b"]})}
    message = refusal(archive(members))
    expect(message, "'b.h5': 'fc/b'", "is stored twice; the other is in", "'a.protobuf': 'fc/b'")


def test_cut_off_binary_parameters(tmp_path: Path, weights: dict, to_protobuf: Encode) -> None:
    path = tmp_path / "parameter.protobuf"
    path.write_bytes(to_protobuf(weights)[:-3])
    expect(refusal(path), "parameter.protobuf", "not a sound protobuf message")


def test_fields_of_another_release(tmp_path: Path) -> None:
    path = tmp_path / "network.protobuf"
    path.write_bytes(b"\xa2\x06\x06\xc2\x0c\x03\xea\x7f\x00")  # network { function { field 2045 } }
    expect(refusal(path), "fields that NNabla 1.39 does not have", ".nntxt")


def test_parts_of_float_data(tmp_path: Path) -> None:
    path = tmp_path / "parameter.protobuf"
    path.write_bytes(b"\xc2\x0c\x06\xa2\x06\x03abc")  # parameter { data: 3 bytes }
    expect(refusal(path), "float data of 3 bytes")


# HDF5


def write_hdf5(path: Path, fill: Callable[[h5py.File], None]) -> Path:
    with h5py.File(path, "w") as file:
        fill(file)
    return path


def external(file: h5py.File) -> None:
    file.create_dataset("W", (2,), np.float32, external=[("/etc/passwd", 0, 8)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2,), np.float32)
    layout[:] = h5py.VirtualSource("/other.h5", "W", (2,))
    file.create_virtual_dataset("W", layout)


def huge(file: h5py.File) -> None:
    file.create_dataset("W", (1 << 40,), np.float32, chunks=True)


def text(file: h5py.File) -> None:
    file.create_dataset("W", data="a string")


def half_indexed(file: h5py.File) -> None:
    for name in "ab":
        file.create_dataset(name, data=np.zeros(2, np.float32)).attrs["need_grad"] = True
    file["a"].attrs["index"] = 0


def array_index(file: h5py.File) -> None:
    file.create_dataset("W", data=np.zeros(2, np.float32)).attrs["index"] = [1, 2]


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        (external, "'W' keeps its data in another file"),
        (virtual, "'W' keeps its data in another file"),
        (huge, "'W' claims 4398046511104 bytes"),
        (text, "'W' holds object, not numbers"),
        (half_indexed, "'b' has no attribute 'index'"),
        (array_index, "attributes of dataset 'W' are arrays"),
    ],
)
def test_hostile_hdf5(tmp_path: Path, fill: Callable[[h5py.File], None], reason: str) -> None:
    expect(refusal(write_hdf5(tmp_path / "parameter.h5", fill)), "parameter.h5", reason)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x89HDF\r\n\x1a\n" + bytes(40)])
def test_no_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "parameter.h5"
    path.write_bytes(content)
    expect(refusal(path), "not sound HDF5", "truncated")


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "secret.h5", lambda file: file.create_dataset("W", data=np.ones(2, np.float32)))

    def link(file: h5py.File) -> None:
        file["W"] = h5py.ExternalLink(os.fspath(tmp_path / "secret.h5"), "/W")

    module = load(write_hdf5(tmp_path / "parameter.h5", link))
    assert module.resources == {}


# Anything


@pytest.fixture(scope="module")
def seeds(data_folder: Path) -> dict[str, bytes]:
    path = data_folder / "repeat_old_style.nnp"
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    return {"model.nnp": path.read_bytes(), "n.nntxt": members["network.nntxt"], "p.h5": members["parameter.h5"]}


@pytest.fixture(scope="module")
def data_folder(repository: Path) -> Path:
    return repository / "tests" / "data"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.data())
def test_damage_is_refused_and_never_a_traceback(
    seeds: dict[str, bytes], tmp_path: Path, choice: st.DataObject
) -> None:
    name = choice.draw(st.sampled_from(sorted(seeds)))
    content = bytearray(seeds[name])
    for _ in range(choice.draw(st.integers(1, 4))):
        position = choice.draw(st.integers(0, len(content) - 1))
        cut = choice.draw(st.integers(0, 30))
        content[position : position + cut] = choice.draw(st.binary(max_size=8))
    path = tmp_path / name
    path.write_bytes(content)
    try:
        load(path)
    except NnccError as error:
        assert name in str(error)


def test_messages_are_collected_over_files(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("network.nntxt", "nonsense")
        file.writestr("parameter.protobuf", b"\xff")
        file.writestr("parameter.h5", b"nonsense")
    path = tmp_path / "model.nnp"
    path.write_bytes(buffer.getvalue())
    assert refusal(path).count("error:") == 3
