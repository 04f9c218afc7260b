"""Reading NNB files: ``load`` is what the rest of nncc calls."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...ir import CompileError, Diagnostics, Location, Module, UsageError
from ..files import map_file
from .image import AGAIN, Image
from .importer import import_module


def load(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], *, diagnostics: Diagnostics | None = None
) -> Module:
    """A network in the nnb dialect. Inputs are named ``x0``, ``x1``, ..., outputs ``y0``, ...: the file has no names.

    ``paths`` is one file. Parameters are views of the mapped file.

    Raises CompileError with what is wrong with the file.
    """
    problems = Diagnostics()
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if len(listed) != 1:
        raise UsageError(f"an NNB model is one file, got {len(listed)}", remedy="give the .nnb file alone")
    path = Path(listed[0])
    place = Location.at(str(path))
    try:
        content = map_file(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(f"the file cannot be read: {reason}", place, "check the path and its permissions") from error
    if not content:
        raise CompileError("the file is empty", place, AGAIN)
    module = import_module(Image.open(content, place, problems), problems)
    problems.raise_if_errors()
    if diagnostics is not None:
        diagnostics.items += problems.items
    return module
