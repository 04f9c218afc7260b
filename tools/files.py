"""Text files of the command line, with errors that name the file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..ir.diagnostics import CompileError
from ..ir.location import Location


def read_text(path: Path) -> str:
    """The text of a file. Raises CompileError."""
    place = Location.at(str(path))
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CompileError(f"cannot read: {error.strerror}", place, "check the path") from error
    except UnicodeDecodeError as error:
        raise CompileError(f"not UTF-8 text: {error}", place) from error


def write_text(path: Path, text: str) -> None:
    """Write a whole file or leave what was there. Raises CompileError."""
    try:
        handle, scratch = tempfile.mkstemp(prefix=".nncc-", dir=path.parent)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, path)
    except OSError as error:
        raise CompileError(f"cannot write: {error.strerror}", Location.at(str(path))) from error
