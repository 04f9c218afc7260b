"""Tensors in files beside the model: where they may lie, and what is refused."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx_files import convolution, write

from nncc.frontends.onnx import load
from nncc.ir import CompileError
from nncc.ir.dialects.onnx import Initializer

WEIGHT = np.random.default_rng(0).standard_normal((4, 3, 3, 3), np.float32)


def external(folder: Path, **entries: str) -> Path:
    """The convolution, with its weight in ``w.bin`` (behind 16 other bytes) unless the entries say otherwise."""
    message = convolution()
    tensor = message.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entries = {"location": "w.bin", "offset": "16", "length": str(WEIGHT.nbytes), **entries}
    for key, value in entries.items():
        if value:
            tensor.external_data.add(key=key, value=value)
    (folder / "w.bin").write_bytes(bytes(16) + WEIGHT.tobytes())
    return write(folder, message)


def weight(path: Path) -> np.ndarray:
    ops = load(path).main.body
    return next(op.value.numpy() for op in ops if isinstance(op, Initializer) and op.tensor.name == "weight")


def refusal(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        load(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.remedy and diagnostic.location.origins[0].name == "weight"
    return diagnostic.message


@pytest.mark.parametrize("length", ["", str(WEIGHT.nbytes)])
def test_a_tensor_in_another_file_is_a_view_of_it(tmp_path: Path, length: str) -> None:
    array = weight(external(tmp_path, length=length))
    np.testing.assert_array_equal(array, WEIGHT)
    assert not array.flags.owndata


def test_a_file_in_a_folder_below(tmp_path: Path) -> None:
    path = external(tmp_path, location="parts/w.bin")
    (tmp_path / "parts").mkdir()
    (tmp_path / "w.bin").rename(tmp_path / "parts" / "w.bin")
    np.testing.assert_array_equal(weight(path), WEIGHT)


def test_a_model_named_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = external(tmp_path)
    monkeypatch.chdir(tmp_path.parent)
    np.testing.assert_array_equal(weight(Path(tmp_path.name, path.name)), WEIGHT)


@pytest.mark.parametrize(
    "location",
    [
        "../w.bin",
        "parts/../../w.bin",
        "/etc/passwd",
        "C:\\w.bin",
        "C:/w.bin",
        "..\\w.bin",
        "\\\\host\\w.bin",
        "w\0.bin",
    ],
)
def test_paths_out_of_the_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "inner").mkdir()
    path = external(tmp_path / "inner", location=location)
    (tmp_path / "w.bin").write_bytes(bytes(16) + WEIGHT.tobytes())
    assert "leads out of the model's folder" in refusal(path)


def test_a_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = external(tmp_path / "inner", location="link.bin")
    os.rename(tmp_path / "inner" / "w.bin", tmp_path / "w.bin")
    os.symlink(tmp_path / "w.bin", tmp_path / "inner" / "link.bin")
    assert "is a link out of the model's folder" in refusal(path)
    os.unlink(tmp_path / "inner" / "link.bin")
    os.symlink(tmp_path, tmp_path / "inner" / "up")
    assert "is a link out of the model's folder" in refusal(external(tmp_path / "inner", location="up/w.bin"))


def test_a_link_to_itself(tmp_path: Path) -> None:
    path = external(tmp_path, location="loop.bin")
    os.symlink("loop.bin", tmp_path / "loop.bin")
    assert "cannot be read" in refusal(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = external(tmp_path)
    (tmp_path / "w.bin").unlink()
    assert f"the file of its data, '{tmp_path / 'w.bin'}', cannot be read" in refusal(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    path = external(tmp_path, location="d")
    (tmp_path / "d").mkdir()
    assert "is no file" in refusal(path)


@pytest.mark.parametrize(
    "entries, reason",
    [
        ({"offset": "20"}, "it lies at 20 to 452 in 'w.bin', which has 448 bytes"),
        ({"offset": "999999999999"}, "which has 448 bytes"),
        ({"offset": "-1"}, "the offset of its data is '-1'"),
        ({"offset": "9" * 400}, "the offset of its data is"),
        ({"length": "431"}, "it has 431 bytes in 'w.bin', but its type tensor<4x3x3x3xf32> takes 432"),
        ({"length": "0x1b0"}, "the length of its data is '0x1b0'"),
        ({"location": ""}, "leads out of the model's folder"),
    ],
)
def test_places_that_are_none(tmp_path: Path, entries: dict[str, str], reason: str) -> None:
    assert reason in refusal(external(tmp_path, **entries))


def test_strings_in_another_file(tmp_path: Path) -> None:
    path = external(tmp_path)
    message = onnx.load(path, load_external_data=False)
    message.graph.initializer[0].data_type = TensorProto.STRING
    assert "strings cannot be in another file" in refusal(write(tmp_path, message))
