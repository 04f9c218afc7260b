"""Small NNP files for the tests of the reader."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from google.protobuf import text_format

from nncc.ir.dialects.nnp.schema import message_class

Write = Callable[..., Path]

AFFINE = """
network {
  name: "net"
  batch_size: 8
  variable { name: "x" type: "Buffer" shape { dim: -1 dim: 3 } }
  variable { name: "fc/W" type: "Parameter" shape { dim: 3 dim: 2 } }
  variable { name: "fc/b" type: "Parameter" shape { dim: 2 } }
  variable { name: "y" type: "Buffer" shape { dim: -1 dim: 2 } }
  function {
    name: "fc" type: "Affine" input: "x" input: "fc/W" input: "fc/b" output: "y" affine_param { base_axis: 1 }
  }
}
executor {
  name: "run"
  network_name: "net"
  data_variable { variable_name: "x" data_name: "x" }
  output_variable { variable_name: "y" data_name: "y" }
}
"""
WEIGHTS = {
    "fc/W": np.arange(6, dtype=np.float32).reshape(3, 2),
    "fc/b": np.array([0.5, -0.25], np.float32),
}


def protobuf(parameters: Mapping[str, np.ndarray]) -> bytes:
    """Parameters as NNabla writes them in binary."""
    root = message_class()()
    for name, array in parameters.items():
        message = root.parameter.add(variable_name=name, data=array.ravel().tolist(), need_grad=True)
        message.shape.dim.extend(array.shape)
    return root.SerializeToString()


def hdf5(parameters: Mapping[str, np.ndarray]) -> bytes:
    """Parameters as NNabla writes them in HDF5."""
    target = io.BytesIO()
    with h5py.File(target, "w") as file:
        for index, (name, array) in enumerate(parameters.items()):
            dataset = file.create_dataset(name, data=array)
            dataset.attrs["index"] = index
            dataset.attrs["need_grad"] = True
    return target.getvalue()


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    """Stored values for the network of :func:`affine`."""
    return dict(WEIGHTS)


@pytest.fixture
def affine() -> str:
    """The text of a network y = x W + b with an executor."""
    return AFFINE


@pytest.fixture
def to_protobuf() -> Callable[[Mapping[str, np.ndarray]], bytes]:
    return protobuf


@pytest.fixture
def to_hdf5() -> Callable[[Mapping[str, np.ndarray]], bytes]:
    return hdf5


@pytest.fixture
def archive(tmp_path: Path) -> Write:
    """A function that writes an archive of members: bytes, or text."""

    def write(members: Mapping[str, bytes | str], name: str = "model.nnp", method: int = zipfile.ZIP_STORED) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", method) as target:
            for member, content in members.items():
                target.writestr(member, content)
        return path

    return write


@pytest.fixture
def contents() -> Callable[[Path], tuple[object, list[tuple[str, tuple[int, ...], bytes, bool]]]]:
    """A reader of archives that shares no code with nncc's: the message without parameters, and the parameters."""
    return read_archive


def read_archive(path: Path) -> tuple[object, list[tuple[str, tuple[int, ...], bytes, bool]]]:
    root = message_class()()
    parameters: list[tuple[str, tuple[int, ...], bytes, bool]] = []
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            if name.endswith((".nntxt", ".prototxt")):
                text_format.Merge(file.read(name).decode(), root)
            elif name.endswith(".protobuf"):
                root.MergeFromString(file.read(name))
            elif name.endswith(".h5"):
                parameters += _read_hdf5(file.read(name))
    for p in root.parameter:
        parameters.append((p.variable_name, tuple(p.shape.dim), np.array(p.data, np.float32).tobytes(), p.need_grad))
    root.ClearField("parameter")
    return root, parameters


def _read_hdf5(content: bytes) -> list[tuple[str, tuple[int, ...], bytes, bool]]:
    found = []
    with h5py.File(io.BytesIO(content)) as file:

        def visit(name: str, entry: h5py.HLObject) -> None:
            if isinstance(entry, h5py.Dataset):
                array = np.asarray(entry[()], np.float32)
                found.append((entry.attrs["index"], name, array.shape, array.tobytes(), bool(entry.attrs["need_grad"])))

        file.visititems(visit)
    return [tuple(rest) for _, *rest in sorted(found)]
