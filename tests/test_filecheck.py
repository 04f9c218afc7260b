"""Runs the files of tests/filecheck: what a pass makes of a text, in the way of MLIR's own tests.

The line ``// RUN: nncc opt ... %s | filecheck %s`` at the top of a file is run inside this process, which takes
milliseconds where `lit tests/filecheck` starts two programs a file.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from nncc.pipelines import registry
from nncc.tools.cli import main

FOLDER = Path(__file__).parent / "filecheck"
FILES = sorted(FOLDER.glob("*.mlir"))
RUN = re.compile(r"^// RUN: (.*)$", re.MULTILINE)


def run(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the RUN lines of a file; what went wrong, or an empty text."""
    lines = RUN.findall(file.read_text(encoding="utf-8"))
    assert lines, f"{file.name} has no RUN line"
    places = {"%s": shlex.quote(str(file)), "%S": shlex.quote(str(file.parent))}
    lines = [re.sub("%[sS]", lambda found: places[found[0]], line) for line in lines]
    return next(filter(None, (run_line(line, capsys) for line in lines)), "")


def run_line(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    command, _, check = line.partition(" | ")
    program, *arguments = shlex.split(command)
    assert program == "nncc"
    status = main(arguments)
    output, errors = capsys.readouterr()
    if status:
        return f"nncc ended with status {status}\n{errors}"
    if not check:
        return ""
    return "" if matches(output, shlex.split(check)) else f"{capsys.readouterr().err}\nin this output:\n{output}"


def matches(output: str, command: list[str]) -> bool:
    """Whether the text passes ``filecheck FILE``, run as a library."""
    from filecheck.finput import FInput
    from filecheck.matcher import Matcher
    from filecheck.options import parse_argv_options
    from filecheck.parser import Parser

    assert command[0] == "filecheck"
    options = parse_argv_options(command)
    return Matcher(options, FInput("-", output), Parser.from_opts(options)).run() == 0


@pytest.mark.parametrize("file", FILES, ids=[f.stem for f in FILES])
def test_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("filecheck")
    fault = run(file, capsys)
    assert not fault, fault


def test_every_pass_has_a_file() -> None:
    own = {name for name, kind in registry.passes().items() if kind.__module__.startswith("nncc.")}
    assert own - {f.stem for f in FILES} == set()


FUNCTION = """
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32> EXPECTED
  "func.return"(%0) : (tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"} : () -> ()
"""


@pytest.mark.parametrize(
    ("head", "expected", "fault"),
    [
        ("// RUN: nncc opt %s | filecheck %s\n// CHECK: nn.exp", "", ""),
        ("// RUN: nncc opt %s | filecheck %s\n// CHECK: nn.log", "", 'Couldn\'t match "nn.log"'),
        ("// RUN: nncc opt %s | filecheck %s", "", "No check strings found"),
        ("// RUN: nncc opt --passes=lift-nnp %s", "", "ended with status 2"),
        ("// RUN: nncc opt --verify-diagnostics %s", "// expected-error {{bad}}", "expected error did not come: bad"),
    ],
)
def test_the_checks_can_fail(head: str, expected: str, fault: str, tmp_path: Path, capsys) -> None:
    pytest.importorskip("filecheck")
    file = tmp_path / "case.mlir"
    file.write_text(f"{head}\n{FUNCTION.replace('EXPECTED', expected)}")
    said = run(file, capsys)
    assert fault in said
    assert bool(said) == bool(fault)
