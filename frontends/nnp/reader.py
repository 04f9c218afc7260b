"""Reading a model: ``load`` is what the rest of nncc calls."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...ir import Diagnostics, Module, UsageError
from ...ir.dialects import nnp
from ...ir.dialects.nnp.selection import select_executor
from .archive import open_members
from .importer import import_module, read_members


def load(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    executor: int | None = None,
    network: str | None = None,
    seed: int | None = None,
    allow_nan: bool = False,
    max_unpacked: int | None = None,
    diagnostics: Diagnostics | None = None,
) -> Module:
    """A model in the nnp dialect, with everything that its files hold.

    ``paths`` are an ``.nnp`` archive or folder, or any mix of ``.nnp``, ``.nntxt``, ``.prototxt``, ``.protobuf`` and
    ``.h5`` files that are one model together; they are merged in the given order. ``executor`` (an index, negative from
    the end) and ``network`` (a name) reduce the module to that executor and its network, see ``select_executor``.
    ``seed`` is what ``initialize-parameters`` starts from if it has to make up values. ``max_unpacked`` is the limit in
    bytes for what the compressed members of one archive may unpack to. Weights are views of the mapped files. Warnings
    go to ``diagnostics``.

    Raises CompileError with everything that is wrong with the files, UsageError for an executor or a network that is
    not there.
    """
    found = Diagnostics() if diagnostics is None else diagnostics
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not listed:
        raise UsageError("no file is given", remedy="give an .nnp file, or the .nntxt and .h5 files of one model")
    content = read_members(open_members([Path(p) for p in listed], found, max_unpacked), found)
    found.raise_if_errors()
    module = import_module(content, allow_nan, found)
    found.raise_if_errors()
    if executor is not None or network is not None:
        select_executor(module, executor, network, found)
    if seed is not None:
        module.set_attribute(nnp.SEED, seed)
    return module
