"""The program: what users type, what they get, and what they are told when it goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nncc.tools.cli import main

RESIDUAL = "residual.nnp"


@pytest.fixture
def lit(tmp_path: Path, data: Path):
    """Runs a TFLite file with LiteRT on the golden inputs of a network; gives outputs and golden outputs."""

    def run(model: Path, golden: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        outputs = tmp_path / "outputs.npz"
        arrays = np.load(data / f"{golden}.npz")
        inputs = {k.removeprefix("in_"): arrays[k] for k in arrays if k.startswith("in_")}
        np.savez(tmp_path / "inputs.npz", **inputs)
        assert main(["run", str(model), "-i", str(tmp_path / "inputs.npz"), "-o", str(outputs)]) == 0
        return dict(np.load(outputs)), {k.removeprefix("out_"): arrays[k] for k in arrays if k.startswith("out_")}

    return run


def compile_(*arguments: object) -> int:
    return main([str(a) for a in arguments])


def test_the_pair_of_names_chooses(data: Path, tmp_path: Path, lit) -> None:
    model = tmp_path / "m.tflite"
    assert compile_(data / RESIDUAL, "-o", model, "--io-layout", "keep") == 0
    got, golden = lit(model, "residual")
    for name, array in golden.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-3, atol=1e-4)
    assert json.loads((tmp_path / "m.json").read_text())["inputs"]["x"]["transpose"] is False


def test_image_ports_become_channel_last_and_the_side_file_says_so(data: Path, tmp_path: Path) -> None:
    assert compile_(data / RESIDUAL, "-o", tmp_path / "m.tflite") == 0
    said = json.loads((tmp_path / "m.json").read_text())
    assert said["inputs"]["x"] == {"transpose": True, "base_axis": 1}


def test_main_job_with_data(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = data.parent.parent
    digits = repository / "examples/digits"
    model, report = tmp_path / "d.tflite", tmp_path / "report.json"
    arguments = ["--pipeline=nnp-to-tflite-int8", digits / "digits.nnp", "--dataset", digits / "representative.npz"]
    assert compile_(*arguments, "-o", model, "--report", report) == 0
    said = capsys.readouterr().err
    assert "wrote" in said and "INT8 against float:" in said
    found = json.loads(report.read_text())
    assert found["pipeline"] == "nnp-to-tflite-int8"
    assert any(p["name"] == "quantize-int8" and p["changed"] for p in found["passes"])
    assert found["tensors"]
    assert found["outputs"][0]["bytes"] == model.stat().st_size


def test_without_data_it_runs_and_warns(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_("--pipeline=nnp-to-tflite-int8", data / RESIDUAL, "-o", tmp_path / "m.tflite") == 0
    assert "--dataset" in capsys.readouterr().err


def test_output_is_named_as_the_input(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert compile_("--pipeline=nnp-to-tflite", data / RESIDUAL) == 0
    assert (tmp_path / "residual.tflite").exists()


def test_dumps_are_numbered_and_feed_back(data: Path, tmp_path: Path) -> None:
    dumps = tmp_path / "dumps"
    arguments = [data / RESIDUAL, "-o", tmp_path / "m.tflite", "--dump-ir=after-all", "--dump-dir", dumps]
    assert compile_(*arguments) == 0
    files = sorted(dumps.glob("*.mlir"))
    assert any(f.name.endswith("-lift-nnp.mlir") for f in files)
    for file in files:
        assert compile_("opt", file, "-o", tmp_path / "again.mlir") == 0
        assert (tmp_path / "again.mlir").read_text() == file.read_text()


def test_text_with_weights_compiles_on(data: Path, tmp_path: Path, lit) -> None:
    """A pipeline cut in two, with the IR text between the halves."""
    stage, model = tmp_path / "stage.mlir", tmp_path / "m.tflite"
    assert compile_("--pipeline=nnp-to-nn", data / RESIDUAL, "-o", stage) == 0
    passes = "channel-last{io=keep},expand-for-tfl,canonicalize,lower-to-tfl"
    assert compile_(f"--passes={passes}", stage, "-o", model) == 0
    got, golden = lit(model, "residual")
    for name, array in golden.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-3, atol=1e-4)


def test_numerics_are_verified(data: Path, tmp_path: Path) -> None:
    assert compile_(data / RESIDUAL, "-o", tmp_path / "m.tflite", "--verify-numerics") == 0


def test_a_plugin_adds_a_pass(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = data.parent.parent / "examples/plugin"
    monkeypatch.syspath_prepend(str(plugin))
    arguments = ["--plugin", "halve_weights", f"--pipeline={plugin / 'halved.yaml'}", data / RESIDUAL]
    assert compile_(*arguments, "-o", tmp_path / "m.tflite") == 0


@pytest.mark.parametrize("layout", ["keep", "channel_last"])
def test_compare(layout: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_(data / RESIDUAL, "-o", tmp_path / "m.tflite", "--io-layout", layout, "-q") == 0
    assert compile_("compare", data / RESIDUAL, tmp_path / "m.tflite") == 0
    assert "the outputs agree" in capsys.readouterr().out
    assert compile_("compare", data / "unet.nnp", tmp_path / "m.tflite") == 1


def test_tflite_files_as_sources(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "source.tflite"
    assert compile_(data / RESIDUAL, "-o", source, "--io-layout", "keep", "-q") == 0
    for target in ("m.onnx", "m.nnp", "m.tflite"):
        assert compile_(source, "-o", tmp_path / target, "-q") == 0
        assert compile_("compare", source, tmp_path / target) == 0
    assert compile_("support", source, "--target", "nnp") == 0
    assert "converts to nnp" in capsys.readouterr().out
    assert compile_(source, "-o", tmp_path / "m.onnx", "--signature", "other") == 2
    assert "it has: 'serving_default'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["passes"], ["pipelines"], ["ops"], ["support"], ["passes", "channel-last"],
                                     ["pipelines", "nnp-to-tflite-int8"], ["ops", "nn.conv"]])  # fmt: skip
def test_listings(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0
    assert len(capsys.readouterr().out.splitlines()) > 3


# What goes wrong


def cut(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes()[:-200])
    return target


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["no.nnp", "-o", "m.tflite"], 1, "no.nnp: error: no such file"),
        (["RESIDUAL", "-o", "m.xyz"], 2, "does not say a format"),
        (["RESIDUAL"], 2, "there is no output"),
        (["RESIDUAL", "--pipeline=nnp-to-tflit", "-o", "m.tflite"], 2, "did you mean nnp-to-tflite"),
        (["RESIDUAL", "--passes=lower-to-tfl", "-o", "m.tflite"], 2, "pass 'lower-to-tfl' works on nn"),
        (["RESIDUAL", "-o", "m.nnp", "-b", "2"], 2, "does not take -b"),
        (["RESIDUAL", "-o", "nowhere/m.tflite"], 1, "the folder 'nowhere' does not exist"),
        (["RESIDUAL", "-o", "."], 2, "does not say a format"),
        (["RESIDUAL", "-o", "m.tflite", "-E", "7"], 2, "executor"),
        (["RESIDUAL", "-o", "m.tflite", "--set", "speed=3"], 2, "has no parameter 'speed'"),
        (["RESIDUAL", "-o", "m.tflite", "--dump-ir=sometimes"], 2, "does not say when to dump"),
        (["RESIDUAL", "-o", "m.tflite", "--plugin", "no_such_plugin"], 2, "there is no plugin module"),
        (["CUT", "-o", "m.tflite"], 1, "cut.nnp"),
        (["--pipeline=nnp-to-tflite-int8", "RESIDUAL", "-o", "m.tflite", "--dataset", "no.npz"], 1, "no.npz"),
    ],
)
def test_errors(
    arguments: list[str], status: int, message: str, data: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.tflite").write_bytes(b"what was there")
    (tmp_path / "m.nnp").write_bytes(b"what was there")
    cut(data / RESIDUAL, tmp_path / "cut.nnp")
    named = {"RESIDUAL": str(data / RESIDUAL), "CUT": "cut.nnp"}
    assert main([named.get(a, a) for a in arguments]) == status
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert (tmp_path / "m.tflite").read_bytes() == b"what was there"
    assert (tmp_path / "m.nnp").read_bytes() == b"what was there"
    assert not list(tmp_path.glob(".nncc-*"))


def test_wrong_usage_is_status_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--no-such-option"])
    assert caught.value.code == 2


def test_all_unsupported_functions_at_once(data: Path, tmp_path: Path, capsys) -> None:
    source = tmp_path / "odd.nntxt"
    with zipfile.ZipFile(data / RESIDUAL) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".nntxt"))
        text = archive.read(name).decode()
        parameters = next(n for n in archive.namelist() if "parameter" in n)
        (tmp_path / Path(parameters).name).write_bytes(archive.read(parameters))
    source.write_text(text.replace('type: "ReLU"', 'type: "NoSuchFunction"').replace('"Add2"', '"NorThis"'))
    status = compile_(source, tmp_path / Path(parameters).name, "-o", tmp_path / "m.tflite")
    said = capsys.readouterr().err
    assert status == 1
    assert "'NoSuchFunction'" in said and "'NorThis'" in said
    assert said.count("remedy:") == 2


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody may write to: Linux's /proc")
def test_unwritable_folder(data: Path, capsys) -> None:
    assert compile_(data / RESIDUAL, "-o", "/proc/m.tflite") == 1
    said = capsys.readouterr().err
    assert "/proc/m.tflite" in said and "cannot write" in said and "remedy:" in said


def test_help_is_quick_and_imports_no_numpy() -> None:
    script = (
        "import sys; from nncc.tools.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'yaml', 'rich', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("word", "opset"),
    [(None, 26), ("opset_13", 13), ("9", 9), ("opset_snpe", 6), ("opset_6x", 6), ("opset_tensorrt", 11)],
)
def test_the_opset_of_onnx(word: str | None, opset: int, data: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    chosen = [] if word is None else ["-d", word]
    assert compile_(data / RESIDUAL, "-o", tmp_path / "m.onnx", "-b", 1, *chosen) == 0
    model = onnx.load(tmp_path / "m.onnx")
    assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
    assert model.ir_version >= 4
    onnx.checker.check_model(model, full_check=True)


def test_an_opset_that_is_not_written(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No other is taken instead."""
    assert compile_(data / RESIDUAL, "-o", tmp_path / "m.onnx", "-d", "opset_5") == 2
    assert "opset 5 is not written: give one from 7 to 26" in capsys.readouterr().err
    assert not (tmp_path / "m.onnx").exists()
