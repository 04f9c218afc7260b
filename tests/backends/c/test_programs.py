"""C programs, compiled with all warnings as errors: their own tests pass, and so do they under the sanitizers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from c_programs import SANITIZED, check, make

from nncc.backends.c import save
from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.dialects.c import Constant
from nncc.ir.dialects.c.elementwise import Unary
from nncc.ir.dialects.c.indexing import Gather
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I32
from nncc.passes.plan_memory import PlanMemory
from nncc.tools.cli import main

ROOT = Path(__file__).parents[3]
MODEL = str(ROOT / "examples" / "digits" / "digits.nnp")

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def test_digits(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "digits"
    assert main(["--pipeline=nnp-to-c", MODEL, "-o", str(folder), "-q"]) == 0
    assert {p.name for p in folder.iterdir()} == {
        "Makefile",
        "digits.c",
        "digits.h",
        "digits_example.c",
        "digits_test.c",
        "digits_weights.c",
        "digits_weights.h",
    }
    assert "largest difference" in make(folder, "-O2")
    make(folder, SANITIZED)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    assert main(["--pipeline=nnp-to-c", MODEL, "-o", str(tmp_path / "out"), "-q"]) == 1
    assert "the output is a file" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_file_in_the_place_of_a_folder_above(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    assert main(["--pipeline=nnp-to-c", MODEL, "-o", str(tmp_path / "out" / "digits"), "-q"]) == 1
    assert "cannot write there: Not a directory" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_weights_in_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    assert main(["--pipeline=nnp-to-c", MODEL, "-o", str(folder), "--external-data", "-q"]) == 0
    assert not (folder / "digits_weights.c").exists()
    make(folder, SANITIZED)
    weights = folder / "digits_weights.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(AssertionError):  # it is read whole, or the model does not run
        make(folder, "-O0")


def program(shape: tuple[int, ...], element: object = F32) -> tuple[Module, Function, Builder]:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, element))])  # type: ignore[arg-type]
    module.body.append(function)
    return module, function, Builder(module, block)


def test_inputs_that_are_out_of_range(tmp_path: Path) -> None:
    """Of the inputs that are tried, a table with one row has but one index; one without rows has none."""
    for size, said in ((1, "largest difference"), (0, "")):
        module, function, b = program((3,), I32)
        table = b.insert(Constant(value=module.constant(np.ones((size, 2), np.float32), "table"))).result
        of = {"batch": 1, "outer": 1, "size": size, "inner": 2}
        y = b.insert(Gather(table, function.inputs[0], **of, result_types=[TensorType((3, 2), F32)])).result
        function.set_outputs([("y", y)])
        assert said in check(module, tmp_path / f"rows{size}", "-O1")


def test_tensors_that_are_too_large(tmp_path: Path) -> None:
    """Nothing of that size is made to find out."""
    module, function, b = program((1 << 16, 1 << 15))
    y = b.insert(Unary(function.inputs[0], function="abs", result_types=[function.inputs[0].type])).result
    function.set_outputs([("y", y)])
    PlanMemory().run(module, PassContext())
    with pytest.raises(CompileError, match="kernels count in 32 bits") as error:
        save(module, tmp_path / "large")
    assert "split the network" in str(error.value)
    assert not (tmp_path / "large").exists()
