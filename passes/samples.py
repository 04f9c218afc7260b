"""Arrays of samples that are read in slices: memory-mapped, or streamed from a compressed archive."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import attrs
import numpy as np

from ..ir import CompileError, Location
from ..ir.types import Array

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""A zip archive's local file header (APPNOTE 4.3.7); the last two fields are the lengths of name and extra field."""


@attrs.frozen
class Samples:
    """Samples along the first dimension. ``place`` names them in messages."""

    place: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def blocks(self, size: int) -> Iterator[Array]:
        """All samples in order, at most ``size`` at a time. Raises CompileError where reading fails."""
        raise NotImplementedError


@attrs.frozen(init=False)
class MemorySamples(Samples):
    """An array in memory, or memory-mapped."""

    array: Array

    def __init__(self, place: str, array: Array) -> None:
        self.__attrs_init__(place, array.shape, array.dtype, array)

    def blocks(self, size: int) -> Iterator[Array]:
        for start in range(0, self.shape[0], size):
            yield np.asarray(self.array[start : start + size])


@attrs.frozen
class StreamedSamples(Samples):
    """A C-ordered array at the place where ``open`` leaves the stream."""

    open: Callable[[], IO[bytes]]

    def blocks(self, size: int) -> Iterator[Array]:
        row = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        with self.open() as stream:
            for start in range(0, self.shape[0], size):
                count = min(size, self.shape[0] - start)
                try:
                    data = stream.read(count * row)
                except (OSError, zipfile.BadZipFile, EOFError, ValueError) as error:
                    raise _unreadable(self.place, error) from None
                if len(data) != count * row:
                    raise CompileError("ends too early", Location.at(self.place), "save the file again")
                yield np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])


@attrs.frozen
class ChainedSamples(Samples):
    """Several arrays, one after the other."""

    parts: Sequence[Samples]

    @classmethod
    def of(cls, place: str, parts: Sequence[Samples]) -> Samples:
        """Raises CompileError where the parts differ in the shape of a sample."""
        first = parts[0]
        for part in parts:
            if not part.shape or part.shape[1:] != first.shape[1:]:
                message = f"has shape {part.shape}, the file before it in the folder has {first.shape}"
                raise CompileError(message, Location.at(part.place), "let all have samples of one shape")
        if len(parts) == 1:
            return first
        total = sum(p.shape[0] for p in parts)
        return cls(place, (total, *first.shape[1:]), np.result_type(*(p.dtype for p in parts)), parts)

    def blocks(self, size: int) -> Iterator[Array]:
        for part in self.parts:
            yield from part.blocks(size)


@attrs.frozen
class UniformSamples(Samples):
    """Random numbers in [0, 1), the same ones every time; zeros where the elements are no real numbers."""

    seed: int

    def blocks(self, size: int) -> Iterator[Array]:
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.shape[0], size):
            shape = (min(size, self.shape[0] - start), *self.shape[1:])
            yield rng.random(shape).astype(self.dtype) if self.dtype.kind == "f" else np.zeros(shape, self.dtype)


def open_npy(path: Path) -> Samples:
    """The array of a ``.npy`` file, memory-mapped. Raises CompileError where the file is not one."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")  # never unpickles
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(str(path), error) from None
    return _with_samples(MemorySamples(str(path), array))


def open_npz(path: Path) -> dict[str, Samples]:
    """The arrays of a ``.npz`` file by name, none of them loaded. Raises CompileError where the file is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            found = {m.filename.removesuffix(".npy"): _open_member(path, archive, m) for m in members}
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(str(path), error) from None
    if not found:
        raise CompileError("holds no array", Location.at(str(path)), "save the samples with numpy.savez")
    return found


def _open_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Samples:
    place = f"{path}: '{member.filename.removesuffix('.npy')}'"
    try:
        with archive.open(member) as stream:
            shape, fortran, dtype = _read_npy_header(stream)
            header = stream.tell()
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise _unreadable(place, error) from None
    if dtype.hasobject:
        raise _unreadable(place, ValueError("it is pickled (elements of type object)"))
    if member.compress_type == zipfile.ZIP_STORED:
        order: Any = "F" if fortran else "C"
        try:
            offset = _data_offset(path, member) + header
            array = np.memmap(path, dtype, "r", offset, shape, order) if 0 not in shape else np.empty(shape, dtype)
        except (OSError, ValueError) as error:
            raise _unreadable(place, error) from None
        return _with_samples(MemorySamples(place, array))
    if fortran and len(shape) > 1:
        raise CompileError("is compressed and in Fortran order", Location.at(place), "save it in C order")
    return _with_samples(StreamedSamples(place, shape, dtype, lambda: _stream_at(path, member, header)))


def _read_npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, Fortran order and element type. Raises ValueError."""
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"version {version} of the .npy format is not known")
    return read(stream)


def _data_offset(path: Path, member: zipfile.ZipInfo) -> int:
    """Where a stored member's bytes begin in the archive. Raises ValueError where there is no member."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        fields = file.read(_LOCAL_HEADER.size)
    if len(fields) != _LOCAL_HEADER.size or fields[:4] != b"PK\3\4":
        raise ValueError("the archive is damaged")
    *_, name, extra = _LOCAL_HEADER.unpack(fields)
    return member.header_offset + _LOCAL_HEADER.size + int(name) + int(extra)


def _stream_at(path: Path, member: zipfile.ZipInfo, position: int) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:  # the file stays open as long as a member's stream is
        stream = archive.open(member)
    stream.seek(position)
    return stream


def _with_samples(samples: Samples) -> Samples:
    if not samples.shape:
        remedy = "give an array whose first dimension counts the samples"
        raise CompileError("is a single number", Location.at(samples.place), remedy)
    return samples


def _unreadable(place: str, error: Exception) -> CompileError:
    if isinstance(error, OSError) and error.strerror:
        return CompileError(f"cannot be read: {error.strerror}", Location.at(place), "check the path")
    pickled = "pickle" in str(error).lower() or "object" in str(error).lower()
    remedy = "save numbers only: numpy.save(path, numpy.asarray(data, 'float32'))" if pickled else "save the file again"
    return CompileError(f"cannot be read: {error}", Location.at(place), remedy)
