"""C programs, compiled with all warnings as errors: their own tests pass, and so do they under the sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nncc.tools.cli import main

ROOT = Path(__file__).parents[3]
WARNINGS = "-std=c99 -Wall -Wextra -Werror -pedantic"

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def make(folder: Path, flags: str) -> str:
    done = subprocess.run(
        ["make", "-s", "-C", str(folder), "clean", "check", f"CFLAGS={WARNINGS} {flags}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_digits(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "digits"
    model = ROOT / "examples" / "digits" / "digits.nnp"
    assert main(["--pipeline=nnp-to-c", str(model), "-o", str(folder), "-q"]) == 0
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
    make(folder, "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    model = ROOT / "examples" / "digits" / "digits.nnp"
    assert main(["--pipeline=nnp-to-c", str(model), "-o", str(tmp_path / "out"), "-q"]) == 1
    assert "the output is a file" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"
