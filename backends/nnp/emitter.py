"""Writing NNP files."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import attrs

from ...ir import Module, UsageError
from .hdf5 import write_hdf5
from .messages import FileContent, NamedParameter, file_content
from .text import network_text, parameter_text
from .wire import binary_parameters

VERSION_FILE = ("nnp_version.txt", b"0.1\n")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of all members: equal models give equal files


@attrs.frozen
class _Options:
    """Where the parameters go: into a .protobuf member unless one of these says otherwise (the first that is set)."""

    exclude_parameter: bool
    parameter_nntxt: bool
    parameter_h5: bool


def save(
    module: Module,
    target: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,
    nnp_exclude_parameter: bool = False,
    nnp_parameter_nntxt: bool = False,
    nnp_parameter_h5: bool = False,
) -> None:
    """Write a module in the nnp dialect.

    ``target`` is a path or a binary file. ``format`` is ``nnp`` (an archive, or the same files in an existing folder)
    or ``nntxt`` (one text, with the parameters unless they are excluded); without it the path's extension decides.
    Parameters go into a ``.protobuf`` member of the archive, or with ``nnp_parameter_h5`` into an ``.h5`` one, with
    ``nnp_parameter_nntxt`` into the text, with ``nnp_exclude_parameter`` nowhere; of several, exclude comes before
    nntxt, and nntxt before h5.

    Raises CompileError for what an NNP file cannot hold, UsageError for a format that is none of NNP's, OSError.
    """
    kind = format or (Path(target).suffix.lower().lstrip(".") if isinstance(target, str | os.PathLike) else "nnp")
    if kind not in ("nnp", "nntxt", "prototxt"):
        raise UsageError(f"'{kind}' is not a format of NNP files", remedy="write a .nnp or a .nntxt file")
    content = file_content(module)
    options = _Options(nnp_exclude_parameter, nnp_parameter_nntxt or kind != "nnp", nnp_parameter_h5)
    if kind != "nnp":
        _write_text(content, options, target)
    elif isinstance(target, str | os.PathLike) and Path(target).is_dir():
        for name, pieces in _members(content, options):
            path = Path(target, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.writelines(pieces)
    else:
        _write_zip(content, options, target)


def _write_text(content: FileContent, options: _Options, target: str | os.PathLike[str] | BinaryIO) -> None:
    pieces = _text(content, options)
    if isinstance(target, str | os.PathLike):
        with Path(target).open("wb") as file:
            file.writelines(pieces)
    else:
        target.writelines(pieces)


def _write_zip(content: FileContent, options: _Options, target: str | os.PathLike[str] | BinaryIO) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, pieces in _members(content, options):
            with archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)


def _members(content: FileContent, options: _Options) -> Iterator[tuple[str, Iterable[bytes | memoryview]]]:
    """The members of an archive by name, each in pieces."""
    yield VERSION_FILE[0], [VERSION_FILE[1]]
    yield "network.nntxt", _text(content, options)
    if not (options.exclude_parameter or options.parameter_nntxt):
        if options.parameter_h5:
            yield "parameter.h5", _hdf5(content.parameters)
        else:
            yield "parameter.protobuf", binary_parameters(content.parameters)
    for path, dense in content.files.items():
        yield path, [dense.numpy().data]


def _text(content: FileContent, options: _Options) -> Iterator[bytes]:
    yield network_text(content.root)
    if options.parameter_nntxt and not options.exclude_parameter:
        for parameter in content.parameters:
            yield from parameter_text(parameter)


def _hdf5(parameters: list[NamedParameter]) -> Iterator[bytes]:
    """HDF5 is not written in order, so it takes a file of its own on the way."""
    with tempfile.TemporaryFile() as file:
        write_hdf5(parameters, file)
        file.seek(0)
        while piece := file.read(1 << 20):
            yield piece
