"""Output files: made in a scratch folder, and moved in place when all of them are there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from ..ir import CompileError, Location, Module, UsageError
from . import registry


@attrs.frozen
class MadeFiles:
    """The files of an output, made in a scratch folder; the main one moves in place last."""

    target: Path
    folder: Path
    files: Sequence[Path]

    def move(self) -> list[Path]:
        """What was written, the main file first. Raises CompileError."""
        try:
            for path in self.files:
                os.replace(path, self.folder / path.name)
        except OSError as error:
            raise _write_error(self.target, error) from error
        return [self.folder / p.name for p in (self.files if self.folder == self.target else reversed(self.files))]


@contextmanager
def make_files(target: Path, module: Module, format: str | None, options: Mapping[str, Any]) -> Iterator[MadeFiles]:
    """The files of one output, in a scratch folder beside the target; in it where it is a folder, which is made.

    Nothing of it stays unless the files are moved. Raises CompileError, and UsageError for an unknown format or option.
    """
    backend = registry.target_of(target, format)
    backend.check_options(options)
    wrong = sorted(module.dialects() - {backend.dialect}) if backend.dialect else []
    if wrong:
        raise UsageError(
            f"format '{backend.name}' is written from dialect '{backend.dialect}', the module has {', '.join(wrong)}",
            remedy="run a pipeline that lowers to it first: nncc.compile(module, pipeline)",
        )
    _check_target(target, backend.is_folder, Location.at(str(target)))
    folder = target if backend.is_folder else target.parent
    is_new = not folder.exists()
    try:
        if backend.is_folder:
            target.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".nncc-", dir=folder))
    except OSError as error:
        remedy = "choose another output"
        raise CompileError(f"cannot write there: {error.strerror}", Location.at(str(target)), remedy) from error
    try:
        made = scratch / (target.resolve() if backend.is_folder else target).name
        backend.function("save")(module, made, **options)
        files = sorted((made if backend.is_folder else scratch).iterdir(), key=lambda p: (p == made, p))
        yield MadeFiles(target, folder, files)
    except OSError as error:
        raise _write_error(target, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if is_new and not any(folder.iterdir()):
            folder.rmdir()


def _write_error(target: Path, error: OSError) -> CompileError:
    place, remedy = Location.at(str(target)), "choose another output"
    return CompileError(f"cannot write: {error.strerror or error}", place, remedy)


def _check_target(target: Path, is_folder: bool, place: Location) -> None:
    """Raises CompileError where there is something else in the target's place, or no place for it."""
    if is_folder:
        if target.exists() and not target.is_dir():
            raise CompileError("the output is a file", place, "give the name of a folder")
        return
    if not target.parent.is_dir():
        raise CompileError(f"the folder '{target.parent}' does not exist", place, "make it, or choose another output")
    if target.is_dir():
        raise CompileError("the output is a folder", place, "give the name of a file")
