"""NNB files on their way to other formats: the numbers stay, whatever is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nnb_networks import affine

from nncc.backends.nnb import save
from nncc.frontends.nnb import load
from nncc.pipelines import driver
from nncc.tools.cli import main

X, Y = np.array([[1, -3]], np.float32), [[-1.875, -2.625]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.nnb"
    save(affine(), path)
    return path


@pytest.mark.parametrize("pipeline", ["nnb-to-nn", "nnb-to-tflite", "nnb-to-c"])
def test_pipelines_keep_the_numbers(pipeline, file):
    module = load(file)
    driver.compile(module, pipeline)
    found = module.evaluate({"x0": X})
    np.testing.assert_allclose(found["y0"], Y, rtol=1e-6)


def test_the_runtime_is_imitated(file):
    np.testing.assert_allclose(load(file).evaluate({"x0": X})["y0"], Y, rtol=1e-6)


def test_int8(file, tmp_path):
    module = load(file)
    samples = np.random.default_rng(0).uniform(-3, 3, (64, 2)).astype(np.float32)
    driver.compile(module, "nnb-to-tflite-int8", dataset={"x0": samples}, io_type="float32")
    np.testing.assert_allclose(module.evaluate({"x0": X})["y0"], Y, atol=0.15)


@pytest.mark.parametrize("output", ["again.nnp", "again.onnx", "again.tflite", "again.nnb"])
def test_the_program_converts(output, file, tmp_path):
    assert main([str(file), "-o", str(tmp_path / output), "-q"]) == 0
    assert main(["compare", str(file), str(tmp_path / output)]) == 0


def test_versions_and_levels_of_the_command_line(file, tmp_path, capsys):
    target = tmp_path / "again.nnb"
    assert main([str(file), "-o", str(target), "-d", "nnb_3", "--api", "44", "-q"]) == 0
    assert np.fromfile(target, "<u4", 2).tolist() == [3, 44]
    assert main([str(file), "-o", str(target), "-d", "nnb_4", "-q"]) == 2
    assert "there is no NNB version 4" in capsys.readouterr().err


def test_options_of_another_format_are_refused_before_anything_is_read(tmp_path, capsys):
    assert main([str(tmp_path / "missing.nnb"), "-o", str(tmp_path / "m.onnx"), "--api", "1"]) == 2
    assert "format 'onnx' has no option api_level" in capsys.readouterr().err


def test_dump_and_run(file, tmp_path, capsys):
    assert main(["dump", str(file)]) == 0
    assert '"nnb.LeakyReLU"' in capsys.readouterr().out
    np.savez(tmp_path / "x.npz", x0=X)
    assert main(["run", str(file), "--inputs", str(tmp_path / "x.npz"), "-o", str(tmp_path / "y.npz")]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "y.npz")["y0"], Y, rtol=1e-6)


def test_a_broken_file_is_told_without_a_traceback(file, tmp_path, capsys):
    file.write_bytes(file.read_bytes()[:100])
    assert main([str(file), "-o", str(tmp_path / "again.onnx"), "-q"]) == 1
    error = capsys.readouterr().err
    assert "the file has 100 bytes, but the header says" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("source", ["nnp", "onnx"])
def test_networks_become_c_source_for_the_runtime(source, repository, tmp_path):
    digits = repository / "examples" / "digits" / "digits.nnp"
    model = tmp_path / f"digits.{source}"
    assert main([str(digits), "-o", str(model), "-q"]) == 0
    assert main([str(model), "-O", "c-nnablart", "-o", str(tmp_path / "out"), "-q"]) == 0
    text = next((tmp_path / "out").glob("*_inference.c")).read_text()
    assert "allocate_convolution_local_context" in text or "allocate_affine_local_context" in text
