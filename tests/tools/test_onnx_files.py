"""ONNX files on the command line: options of reading and writing, running, comparing, and errors."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_files import convolution, write

from nncc.tools import onnx_runtime
from nncc.tools.cli import main

pytest.importorskip("onnxruntime")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything happens in a folder with the file m.onnx."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, convolution())
    return tmp_path


def nncc(*arguments: str) -> int:
    return main([*arguments])


def dims(port: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_value or d.dim_param for d in port.type.tensor_type.shape.dim]


def test_a_copy(folder: Path) -> None:
    assert nncc("m.onnx", "--passes=", "-o", "copy.onnx", "-q") == 0
    copy = onnx.load("copy.onnx")
    onnx.checker.check_model(copy, full_check=True)
    assert nncc("compare", "m.onnx", "copy.onnx") == 0


def test_other_shapes_and_outputs(folder: Path) -> None:
    arguments = ["--input-shape", "x=4,3,16,w", "--outputs", "h", "--ir-version", "7", "--external-data"]
    assert nncc("m.onnx", "--passes=", "-o", "cut.onnx", "-q", *arguments) == 0
    cut = onnx.load("cut.onnx")
    assert cut.ir_version == 7
    assert dims(cut.graph.input[0]) == [4, 3, 16, "w"]
    assert [o.name for o in cut.graph.output] == ["h"]
    assert [node.op_type for node in cut.graph.node] == ["Conv"]
    assert not (folder / "cut.onnx.data").exists()  # its weights are too small to be worth it


def test_run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8), np.float32)
    np.save("x.npy", x)
    assert nncc("run", "m.onnx", "-i", "x.npy", "-o", "runtime.npy") == 0
    monkeypatch.setattr(onnx_runtime, "is_installed", lambda: False)
    assert nncc("run", "m.onnx", "-i", "x.npy", "-o", "own.npy") == 0
    np.testing.assert_allclose(np.load("own.npy"), np.load("runtime.npy"), rtol=1e-4, atol=1e-5)
    assert "y: float32 (2, 4, 8, 8)" in capsys.readouterr().out


def test_lists_and_dumps(capsys: pytest.CaptureFixture[str]) -> None:
    assert nncc("ops", "onnx.Resize") == 0
    assert "operand scales: tensor(float) (optional)" in capsys.readouterr().out
    assert nncc("dump", "m.onnx") == 0
    assert '"onnx.Conv"(%x, %weight, %bias)' in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["m.onnx", "--input-shape", "z=1"], 2, "the model has no input 'z'"),
        (["m.onnx", "--outputs", "hh"], 2, "did you mean h?"),
        (["m.onnx", "--ir-version", "2"], 2, "there is no IR version 2 to write"),
        (["m.onnx", "--seed", "3"], 2, "format 'onnx' has no option seed"),
        (["cut.onnx"], 1, "cut.onnx: error: the file is truncated"),
    ],
)
def test_errors(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, message: str
) -> None:
    (folder / "cut.onnx").write_bytes((folder / "m.onnx").read_bytes()[:-50])
    assert nncc(*arguments, "--passes=", "-o", "out.onnx") == status
    error = capsys.readouterr().err
    assert message in error and "remedy:" in error and "Traceback" not in error
    assert not (folder / "out.onnx").exists()
