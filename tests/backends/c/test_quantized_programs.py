"""A network as an 8-bit program in C gives what its 8-bit TensorFlow Lite model gives in LiteRT's reference kernels."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_programs import WARNINGS, make
from litert import open_model, run_reference

from nncc.tools.cli import main


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
@pytest.mark.parametrize("io_type", ["int8", "float32"])
def test_equal_to_tflite(io_type: str, data: Path, tmp_path: Path) -> None:
    model = data / "hard_swish_squeeze_excite.nnp"
    rng = np.random.default_rng(3)
    np.savez(tmp_path / "samples.npz", x=rng.standard_normal((8, 3, 12, 12)).astype(np.float32))
    options = ["--dataset", str(tmp_path / "samples.npz"), "--io-type", io_type, "-q"]
    folder, path = tmp_path / "net", tmp_path / "net.tflite"
    assert main(["--pipeline=nnp-to-c-int8", str(model), "-o", str(folder), *options]) == 0
    assert main(["--pipeline=nnp-to-tflite-int8", str(model), "-o", str(path), *options]) == 0

    check_program(folder, path, rng, io_type)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_a_tflite_model_as_it_is(data: Path, tmp_path: Path) -> None:
    folder, path = tmp_path / "net", tmp_path / "net.tflite"
    assert main(["--pipeline=nnp-to-tflite-int8", str(data / "residual.nnp"), "-o", str(path), "-q"]) == 0
    assert main(["--pipeline=tflite-to-c-as-is", str(path), "-o", str(folder), "-q"]) == 0
    check_program(folder, path, np.random.default_rng(3), "int8")


def check_program(folder: Path, path: Path, rng: np.random.Generator, io_type: str) -> None:
    """A program passes its own test, and gives what LiteRT gives for the file."""
    make(folder, "-O2")
    shape = open_model(path, xnnpack=False).get_input_details()[0]["shape"]
    sources = ["net_example.c", "net.c", "net_weights.c"]
    subprocess.run(["gcc", *WARNINGS.split(), "-O2", "-o", "example", *sources, "-lm"], cwd=folder, check=True)
    for _ in range(3):
        x = rng.standard_normal(shape).astype(np.float32)
        x = x if io_type == "float32" else rng.integers(-128, 128, x.shape).astype(np.int8)
        x.tofile(folder / "x.bin")
        subprocess.run(["./example", "x.bin", "y"], cwd=folder, check=True)
        for number, want in enumerate(run_reference(path, {"x": x}).values()):
            got = np.fromfile(folder / f"y_{number}.bin", want.dtype)
            np.testing.assert_array_equal(got, want.reshape(-1))
