"""``nncc --split`` and ``--config``: the files of the parts, what is said of them, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

import nncc
from nncc.tools.cli import main

from .. import litert, ort

Arrays = Mapping[str, np.ndarray]


def compile_(*arguments: object) -> int:
    return main([str(a) for a in arguments])


def ports(text: str) -> dict[str, dict[str, list[dict[str, str]]]]:
    return yaml.safe_load(text)


def chained(files: Sequence[str], run: Callable[[Path, Arrays], Arrays], folder: Path, inputs: Arrays) -> Arrays:
    """All values that the parts take and give, each part fed with what those before it made."""
    values = dict(inputs)
    for file in files:
        values |= run(folder / file, values)
    return values


def golden_batch_of_one(data: Path, name: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The first sample of a network's golden inputs, and what they give."""
    golden = np.load(data / f"{name}.npz")
    inputs = {k.removeprefix("in_"): golden[k][:1] for k in golden if k.startswith("in_")}
    return inputs, {k.removeprefix("out_"): golden[k][:1] for k in golden if k.startswith("out_")}


@pytest.mark.parametrize("name", ["residual", "unet"])
def test_tflite_parts_in_litert(name: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-E0", "-S", "0-6,7-14,15-", data / f"{name}.nnp", "-o", tmp_path / "m.tflite", "--io-layout", "keep"]
    assert compile_(*arguments) == 0
    files = sorted((Path(f).name for f in ports(capsys.readouterr().out)), key=lambda f: int(f.split("_")[1]))
    assert [f.split("_")[1] for f in files] == ["0", "7", "15"]
    inputs, expected = golden_batch_of_one(data, name)

    def run(path: Path, values: Arrays) -> Arrays:
        return litert.run(path, values, xnnpack=True)

    values = chained(files, run, tmp_path, inputs)
    for key, array in expected.items():
        np.testing.assert_allclose(values[key], array, rtol=1e-3, atol=1e-4)


def test_onnx_parts_in_onnxruntime(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """NNP to ONNX in parts, and one of these parts in parts again."""
    pytest.importorskip("onnxruntime")
    assert compile_("--split=-11,12-", data / "unet.nnp", "-o", tmp_path / "m.onnx", "-q") == 0
    assert compile_("-S", "0-1,2-", tmp_path / "m_0_11.onnx", "-o", tmp_path / "p.onnx", "-q") == 0
    files = [p.name for p in sorted(tmp_path.glob("p_*.onnx"), key=lambda p: int(p.stem.split("_")[1]))]
    inputs, expected = golden_batch_of_one(data, "unet")

    values = chained([*files, "m_12_25.onnx"], ort.run, tmp_path, inputs)
    for key, array in expected.items():
        np.testing.assert_allclose(values[key], array, rtol=1e-3, atol=1e-4)


def test_shapes_that_cross_parts_are_constants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reshape to a computed shape: what computes it is in one part, and the reshape in the next."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Slice", ["s", "one", "two"], ["channels"]),
        helper.make_node("Concat", ["channels", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["a", "shape"], ["b"]),
        helper.make_node("Tanh", ["b"], ["y"]),
    ]
    stored = {"one": [1], "two": [2], "rest": [-1]}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind.FLOAT, ["N", 3, 4])],
        [helper.make_tensor_value_info("y", kind.FLOAT, None)],
        [helper.make_tensor(name, kind.INT64, [1], value) for name, value in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    arguments = ["-b", 2, tmp_path / "m.onnx", "-o", tmp_path / "m.tflite", "--io-layout", "keep"]
    assert compile_("-S", "0-3,4-4,5-", *arguments) == 0
    told = ports(capsys.readouterr().out)
    assert [[p["name"] for p in part["input"]] for part in told.values()] == [["x"], ["a"], ["b"]]
    assert told[str(tmp_path / "m_5_5.tflite")]["input"][0]["shape"] == "(3, 8)"  # not as if 3 were a batch
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    values: Arrays = {"x": x}
    for file in ("m_0_3.tflite", "m_4_4.tflite", "m_5_5.tflite"):
        values = litert.run(tmp_path / file, values, xnnpack=True)
    np.testing.assert_allclose(values["y"], np.tanh(np.maximum(x, 0)).reshape(3, 8), rtol=1e-5)


def test_nnp_parts_are_nnp_files(data: Path, tmp_path: Path) -> None:
    """Of a network with loops: functions are numbered after the loops are expanded."""
    assert compile_("-S", "0-3,4-", data / "repeat_new_style.nnp", "-o", tmp_path / "m.nnp", "-q") == 0
    inputs, expected = golden_batch_of_one(data, "repeat_new_style")

    def run(path: Path, values: Arrays) -> Arrays:
        module = nncc.load(path)
        nncc.compile(module, "nnp-to-nn", batch=1)
        return module.evaluate({name: values[name] for name in module.main.input_names})

    values = chained(["m_0_3.nnp", "m_4_12.nnp"], run, tmp_path, inputs)
    np.testing.assert_allclose(values["y"], expected["y"], rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(shutil.which("make") is None or shutil.which("cc") is None, reason="needs make and a C compiler")
def test_c_parts_are_folders(data: Path, tmp_path: Path) -> None:
    arguments = ["--pipeline=nnp-to-c", "-S", "0-6,7-", data / "residual.nnp", "-o", tmp_path / "net"]
    assert compile_(*arguments) == 0
    for name in ("net_0_6", "net_7_22"):
        assert (tmp_path / name / f"{name}.h").exists()
        subprocess.run(["make", "-s", "check"], cwd=tmp_path / name, check=True, capture_output=True)
    assert not (tmp_path / "net").exists()


def test_the_map_of_the_parts(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_("-S", "0-6,7-", data / "residual.nnp", "-o", tmp_path / "m.onnx") == 0
    between = [
        {"name": "@runtime/ReLU_out", "shape": "(-1, 8, 10, 10)"},
        {"name": "@runtime/BatchNormalization_out_2", "shape": "(-1, 8, 10, 10)"},
    ]
    assert ports(capsys.readouterr().out) == {
        str(tmp_path / "m_0_6.onnx"): {"input": [{"name": "x", "shape": "(-1, 3, 10, 10)"}], "output": between},
        str(tmp_path / "m_7_22.onnx"): {"input": between, "output": [{"name": "y", "shape": "(-1, 5)"}]},
    }


def test_int8_parts_are_calibrated_on_the_data_of_the_model(data: Path, tmp_path: Path) -> None:
    digits = data.parent.parent / "examples/digits"
    report, samples = tmp_path / "report.json", digits / "representative.npz"
    arguments = ["--pipeline=nnp-to-tflite-int8", digits / "digits.nnp", "--dataset", samples, "--io-layout", "keep"]
    arguments += ["--io-type", "float32", "--report", report]
    assert compile_(*arguments, "-S", "0-3,4-", "-o", tmp_path / "d.tflite", "-q") == 0
    x = np.load(samples)["x"]
    whole = nncc.load(digits / "digits.nnp")
    nncc.compile(whole, "nnp-to-nn", batch=len(x))
    (expected,) = whole.evaluate({"x": x}).values()
    found = []
    for sample in x:
        values: Arrays = {"x": sample[None]}
        for file in ("d_0_3.tflite", "d_4_10.tflite"):
            values = litert.run(tmp_path / file, values, xnnpack=False)
        (output,) = values.values()
        found.append(output)
    error = np.concatenate(found) - expected
    assert 10 * np.log10((expected**2).sum() / (error**2).sum()) > 35
    parts = json.loads(report.read_text())["parts"]
    assert [part["facts"]["calibration_data"].endswith("representative.npz") for part in parts] == [True, True]


def test_each_part_has_dumps_of_its_own(data: Path, tmp_path: Path) -> None:
    arguments = ["-S", "0-6,7-", data / "residual.nnp", "-o", tmp_path / "m.onnx", "--dump-dir", tmp_path / "dumps"]
    assert compile_(*arguments) == 0
    folders = sorted(p.name for p in (tmp_path / "dumps").iterdir())
    assert folders == ["0_6", "7_22"]
    assert all(list((tmp_path / "dumps" / f).glob("*-lift-nnp.mlir")) for f in folders)


def functions(folder: Path, *lines: str) -> Path:
    path = folder / "functions.txt"
    path.write_text("\n".join(lines))
    return path


def test_unsupported_functions_are_in_no_part(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first function is unsupported, too: NNabla's converter writes it all the same."""
    lines = ["; what our board runs", "", "BatchNormalization, FLOAT32", "ReLU", "Add2", "AveragePooling", "Affine"]
    config = functions(tmp_path, *lines)
    assert compile_("-c", config, data / "residual.nnp", "-o", tmp_path / "m.onnx") == 0
    said = capsys.readouterr()
    assert "(Convolution)" in said.err
    graph_files = [Path(f).name for f in ports(said.out)]
    assert graph_files[0] != "m_0_0.onnx"
    assert sorted(graph_files) == sorted(p.name for p in tmp_path.glob("*.onnx"))
    assert all("Conv" not in {n.op_type for n in nodes(tmp_path / f)} for f in graph_files)


def nodes(path: Path) -> Sequence[object]:
    onnx = pytest.importorskip("onnx")
    return onnx.load(path).graph.node


def test_a_network_that_is_supported_stays_whole(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("Convolution", "BatchNormalization", "ReLU", "Add2", "AveragePooling", "Affine")
    assert compile_("-c", functions(tmp_path, *kinds), data / "residual.nnp", "-o", tmp_path / "m.onnx") == 0
    assert [p.name for p in tmp_path.glob("*.onnx")] == ["m.onnx"]
    assert capsys.readouterr().out == ""


def test_operators_of_onnx(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A function is supported if all operators that it becomes are: of opset 11, Relu is that of opset 6."""
    lines = ["Conv@opset_11", "Mul@11", "Add@11", "Relu@7", "Reshape@opset_11", "AveragePooling"]
    arguments = ["-d", "opset_11", data / "residual.nnp", "-o", tmp_path / "m.onnx"]
    assert compile_("-c", functions(tmp_path, *lines), *arguments) == 0
    said = capsys.readouterr()
    assert "functions 18, 22 (Affine)" in said.err
    assert [Path(f).name for f in ports(said.out)] == ["m_0_17.onnx", "m_19_21.onnx"]
    assert {n.op_type for n in nodes(tmp_path / "m_0_17.onnx")} >= {"Conv", "Relu"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-S", "0-2,x"], ["'x' is no range"]),
        (["-S", "0-5,5-,50-51"], ["0-5 and 5- overlap", "50-51 names a function", "numbered 0 to 22"]),
        (["-S", "0-1", "-c", "f.txt"], ["not allowed with"]),
        (["-c", "absent.txt"], ["absent.txt: error: cannot read"]),
    ],
)
def test_wrong_ranges(
    options: list[str], told: list[str], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = compile_(*options, data / "residual.nnp", "-o", tmp_path / "m.tflite")
    except SystemExit as exit:
        status = exit.code
    assert status == (1 if "absent.txt" in options else 2)
    said = capsys.readouterr().err
    for text in told:
        assert text in said
    assert not list(tmp_path.iterdir())


def test_wrong_lines_are_all_reported(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = functions(tmp_path, "Convolution", "Afine", "Conv@opset_11", "Relu@x")
    assert compile_("-c", config, data / "residual.nnp", "-o", tmp_path / "m.tflite") == 2
    said = capsys.readouterr().err
    assert "line 2: there is no function 'Afine'" in said and "Affine" in said
    assert "line 3: 'Conv@opset_11' is an operator of ONNX" in said
    assert "line 4: 'Relu@x' names no opset" in said


def test_several_executors_need_a_choice(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_("-S", "0-", data / "training.nnp", "-o", tmp_path / "m.tflite") == 2
    assert "choose one with -E N" in capsys.readouterr().err
    assert compile_("-S", "0-", "-E0", data / "training.nnp", "-o", tmp_path / "m.tflite") == 0


@pytest.mark.parametrize("output", ["m.tflite", "m"])
def test_all_parts_are_written_or_none(
    output: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The place of the second part is taken by something else."""
    taken = tmp_path / f"m_7_22{Path(output).suffix}"
    if taken.suffix:
        taken.mkdir()
    else:
        taken.write_text("")
    options = [] if taken.suffix else ["-O", "c"]
    assert compile_("-S", "0-6,7-", *options, data / "residual.nnp", "-o", tmp_path / output) == 1
    assert "error" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [taken]
