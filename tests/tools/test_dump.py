"""``nncc dump``: text, and lists in the layout of NNabla's program."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncc.tools.cli import main


def dump(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    assert main(["dump", *map(str, arguments)]) == 0
    return capsys.readouterr().out.splitlines()


def test_functions_of_each_executor(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = dump(capsys, "-F", data / "training.nnp")
    assert lines[:4] == [
        "  Executor [0]: use",
        "  Executor [0]:  (In) Data     variable[0]: Name:x                              Shape:[-1, 2, 6, 6]",
        "  Executor [0]:  (Out)Output   variable[0]: Name:y                              Shape:[-1, 3]",
        "  Executor [0]:   Function[  0  ]: Type: Convolution          Name: @runtime/Convolution",
    ]
    assert "  Executor [1]: judge" in lines
    only = dump(capsys, "-F", "-E", 1, data / "training.nnp")
    assert only == lines[lines.index("  Executor [1]: judge") :]


def test_loops_are_unrolled_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = dump(capsys, "-F", data / "repeat_new_style.nnp")
    assert lines[3] == "  Executor [0]:   Function[  0  ]: Type: Affine               Name: own_Unit[0]"
    assert lines[-1] == "  Executor [0]:   Function[ 12  ]: Type: Affine               Name: y"


def test_variables_and_limit(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump(capsys, "-V", data / "residual.nnp", "--dump-limit", 1)[3:] == [
        "  Executor [0]:   Function[  0  ]: Type: Convolution          Name: @runtime/Convolution",
        "  Executor [0]:   Function[  0  ]:   Input0: Name: x                    Shape: [-1, 3, 10, 10]",
        "  Executor [0]:   Function[  0  ]:   Input1: Name: stem/conv/W          Shape: [8, 3, 3, 3]",
        "  Executor [0]:   Function[  0  ]:   Input2: Name: stem/conv/b          Shape: [8]",
        "  Executor [0]:   Function[  0  ]:  Output0: Name: @runtime/Convolution_out Shape: [-1, 8, 10, 10]",
        "  Executor [0]:   ... 22 more",
    ]


def test_one_variable(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump(capsys, "-n", "y", data / "residual.nnp") == ["Variable Name: y                    Shape: [-1, 5]"]
    assert main(["dump", "-n", "stem/conv/w", str(data / "residual.nnp")]) == 1
    assert "'stem/conv/W'" in capsys.readouterr().err


def test_nodes_of_onnx(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "m.onnx"
    assert main([str(data / "residual.nnp"), "-o", str(model), "-q"]) == 0
    lines = dump(capsys, "-F", model)
    assert (
        lines[1]
        == "  Graph    [0]:  (In) Data     variable[0]: Name:x                              Shape:[-1, 3, 10, 10]"
    )
    assert "Function[  0  ]: Type: Conv" in lines[3]


def test_text(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dump(capsys, data / "residual.nnp")[0].startswith('"builtin.module"')
    assert main(["dump", str(data / "residual.nnp"), "-F", "--dump-limit", "-1"]) == 2
