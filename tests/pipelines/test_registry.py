"""Passes are found where their names say, so that a compilation imports no more than it uses."""

import subprocess
import sys
from pathlib import Path

import pytest

from nncc.ir import UsageError
from nncc.pipelines import registry

# Only other pipelines need these.
UNUSED = ["nncc.passes.calibrate", "nncc.passes.quantization", "nncc.passes.quantize_int8", "nncc.backends.nnp"]
HEAVY = ["onnx", "onnxruntime", "rich", "tensorflow", "xdsl"]


def run(program: str) -> str:
    """What a program prints in an interpreter of its own; -I keeps the current folder off the path."""
    made = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_every_pass_is_found_by_its_name() -> None:
    names = [n for n, definition in registry.passes().items() if definition.__module__.startswith("nncc.")]
    assert {"lift-nnp", "canonicalize", "recognize-gelu", "expand-for-tfl", "lower-to-tfl"} <= set(names)
    searching = "registry.load_passes = lambda: None"  # what would import all
    program = f"from nncc.pipelines import registry; {searching}; [registry.find_pass(n) for n in {names!r}]"
    run(program)


def test_a_compilation_imports_what_it_uses(data: Path, tmp_path: Path) -> None:
    arguments = ["-q", str(data / "residual.nnp"), "-o", str(tmp_path / "m.tflite")]
    program = f"import sys; from nncc.tools.cli import main; main({arguments!r}); print(*sys.modules)"
    imported = set(run(program).split())
    assert "nncc.lowering.tfl.lower" in imported
    assert sorted(imported & {*UNUSED, *HEAVY}) == []


@pytest.mark.parametrize("name", ["lift-nothing", "lower-to-nothing", "recognize-nothing", "no.such", "", "registry"])
def test_what_is_no_pass_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"there is no pass '{name}'"):
        registry.find_pass(name)


@pytest.mark.parametrize(
    ("name", "format"),
    [("onnx", "onnx"), ("SAVED_MODEL", "saved-model"), ("TF_PB", "tf-pb"), ("tf-pb", "tf-pb"), ("CSRC", "c-nnablart")],
)
def test_targets_have_the_names_of_nnablas_converter_too(name: str, format: str) -> None:
    assert registry.target_of(Path("folder"), name).name == format


@pytest.mark.parametrize("name", ["NNP", "ONNX", "TF_PB", "TF_CKPT_V1", "TF_CKPT_V2", "SAVED_MODEL", "TFLITE"])
def test_sources_have_the_names_of_nnablas_converter_too(name: str) -> None:
    others = {"NNP": "nnp", "ONNX": "onnx", "TFLITE": "tflite"}
    assert registry.source_of([Path("m")], name).name == others.get(name, "tf")


def test_other_names_of_formats_are_refused() -> None:
    with pytest.raises(UsageError, match="there is no format 'KERAS' that can be written"):
        registry.target_of(Path("m"), "KERAS")
