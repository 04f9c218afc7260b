"""The files of a model: ``.nnp`` archives, and ``.nntxt``, ``.prototxt``, ``.protobuf``, ``.h5`` files.

Nothing is unpacked to the disk. A member that is stored without compression, as NNabla writes them, is a view of the
mapped file: weights that nothing reads are never loaded.
"""

from __future__ import annotations

import enum
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from ...ir import CompileError, Diagnostics, Location
from ..files import map_file
from ..limits import unpacked_limit

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, then the lengths of the name and of the extra field
# What zipfile raises for one byte or another that is wrong.
_ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, LookupError, ValueError, OSError)
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


class Kind(enum.Enum):
    """What a file or a member holds, by its extension."""

    TEXT = "protobuf text"
    BINARY = "protobuf"
    HDF5 = "HDF5"
    OPTIMIZER = "solver state"


_KINDS = {
    ".nntxt": Kind.TEXT,
    ".prototxt": Kind.TEXT,
    ".protobuf": Kind.BINARY,
    ".h5": Kind.HDF5,
    ".optimizer": Kind.OPTIMIZER,
}
EXTENSIONS = (".nnp", ".nntxt", ".prototxt", ".protobuf", ".h5")
"""What a user may give."""


@attrs.frozen
class Member:
    """One file of a model; ``content`` is read-only and lives as long as something refers to it."""

    kind: Kind
    path: str
    location: Location
    content: memoryview


def open_members(paths: Sequence[Path], diagnostics: Diagnostics, max_unpacked: int | None = None) -> list[Member]:
    """Every member that nncc reads, in the order given; inside an archive networks stand before parameters.

    ``max_unpacked`` is the limit in bytes for what the compressed members of one archive may unpack to. What cannot be
    read is reported; members of other kinds are left out with a warning.
    """
    members: list[Member] = []
    for path in paths:
        try:
            members += _open(path, diagnostics, max_unpacked)
        except CompileError as error:
            diagnostics.add(error)
    return members


def _open(path: Path, diagnostics: Diagnostics, max_unpacked: int | None) -> list[Member]:
    location = Location.at(str(path))
    extension = path.suffix.lower()
    try:
        if extension == ".nnp":
            found = _folder_members(path) if path.is_dir() else _zip_members(path, max_unpacked)
            return _known(list(found), location, diagnostics)
        if extension not in EXTENSIONS:
            raise CompileError(
                f"the extension '{extension}' is not one of NNabla's files",
                location,
                f"give {', '.join(EXTENSIONS)} files",
            )
        return [Member(_KINDS[extension], path.name, location, map_file(path))]
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(
            f"the file cannot be read: {reason}", location, "check the path and its permissions"
        ) from error


def _known(found: list[tuple[str, memoryview]], location: Location, diagnostics: Diagnostics) -> list[Member]:
    file = location.origins[0].file
    members = []
    for name, content in found:
        kind = _KINDS.get(os.path.splitext(name)[1].lower())
        if kind is not None:
            members.append(Member(kind, name, Location.at(file, name), content))
        elif os.path.basename(name) != "nnp_version.txt":
            diagnostics.warning(f"the member '{name}' is ignored: it is of no kind that NNP files hold", location)
    if not any(m.kind in (Kind.TEXT, Kind.BINARY, Kind.HDF5) for m in members):
        raise CompileError(
            "the file holds no network and no parameters",
            location,
            "an .nnp file needs a .nntxt, .prototxt, .protobuf or .h5 member",
        )
    return sorted(members, key=lambda m: m.kind is not Kind.TEXT)


def _folder_members(folder: Path) -> Iterator[tuple[str, memoryview]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.relative_to(folder).as_posix(), map_file(path)


def _zip_members(path: Path, max_unpacked: int | None) -> Iterator[tuple[str, memoryview]]:
    location = Location.at(str(path))
    whole = map_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_directory(entries, len(whole), location, max_unpacked)
            for entry in entries:
                yield entry.filename, _unpack(archive, entry, whole, location)
    except _ZIP_FAULTS as error:
        reason = str(error) or type(error).__name__
        raise CompileError(
            f"the file is not a whole zip archive: {reason}",
            location,
            "it may be truncated: copy or export the file again",
        ) from error


def _check_directory(entries: list[zipfile.ZipInfo], size: int, location: Location, max_unpacked: int | None) -> None:
    """Refuse what a sound writer never makes, before anything is unpacked."""
    remedy = "export the file again, or repack it with plain names"
    names: set[str] = set()
    for entry in entries:
        if _NO_NAME.search(entry.filename):
            raise CompileError(
                f"the member {entry.filename!r} has a name that leads out of the archive", location, remedy
            )
        if entry.filename in names:
            raise CompileError(f"the member {entry.filename!r} is there twice", location, remedy)
        if entry.flag_bits & 1:
            raise CompileError(f"the member {entry.filename!r} is encrypted", location, "decrypt the archive first")
        names.add(entry.filename)
    limit = unpacked_limit(size) if max_unpacked is None else max_unpacked
    unpacked = sum(entry.file_size for entry in entries if entry.compress_type != zipfile.ZIP_STORED)
    stored = sum(entry.file_size for entry in entries if entry.compress_type == zipfile.ZIP_STORED)
    if stored > size:
        raise CompileError(
            f"the file claims members of {stored} bytes in a file of {size}", location, "export the file again"
        )
    if unpacked > limit:
        raise CompileError(
            f"the file would unpack to {unpacked} bytes, more than the limit of {limit}",
            location,
            "if the file is to be trusted, repack it without compression or raise 'max_unpacked'",
        )


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, whole: memoryview, location: Location) -> memoryview:
    if entry.compress_type != zipfile.ZIP_STORED:
        return memoryview(archive.read(entry))
    archive.open(entry).close()  # compares the local header with the directory
    _, name_length, extra_length = _LOCAL_HEADER.unpack_from(whole, entry.header_offset)
    start = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    content = whole[start : start + entry.file_size]
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise CompileError(
            f"the member '{entry.filename}' is damaged: its checksum is wrong",
            location,
            "copy or export the file again",
        )
    return content
