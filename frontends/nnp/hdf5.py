"""Parameters in HDF5: one dataset a parameter, its path is the name, its attributes are ``index`` and ``need_grad``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...ir import CompileError, Location
from ...ir.types import Array
from ..limits import unpacked_limit

if TYPE_CHECKING:
    import h5py

_REMEDY = "write the parameters again with NNabla"


@attrs.frozen
class Dataset:
    """One parameter of an HDF5 file."""

    name: str
    array: Array
    index: int | None
    need_grad: bool


class _View(io.RawIOBase):
    """A file object over bytes in memory, without a copy of them."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._position = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._content)}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        part = self._content[self._position : self._position + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def read_hdf5(content: memoryview, location: Location) -> list[Dataset]:
    """The parameters in the order of ``index`` (of their paths where no dataset has one).

    Contiguous datasets, which NNabla writes, are views of ``content``. Raises CompileError for what is no such file,
    and for datasets that are no arrays of numbers or keep their data in other files.
    """
    import h5py

    found: list[Dataset] = []
    room = unpacked_limit(len(content))
    try:
        with h5py.File(_View(content), "r") as file:
            zero_copy = content if file.userblock_size == 0 else None
            paths: list[str] = []
            file.visit(paths.append)
            for path in paths:
                if not isinstance(path, str):
                    raise CompileError(f"the name {path!r} is not UTF-8", location, _REMEDY)
                entry = file[path]
                if isinstance(entry, h5py.Dataset):
                    found.append(_read(path, entry, zero_copy, room, location))
                    room -= found[-1].array.nbytes
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise CompileError(
            f"the file is not sound HDF5: {error}", location, "it may be truncated: copy or export it again"
        ) from error
    indexed = sum(dataset.index is not None for dataset in found)
    if indexed not in (0, len(found)):
        bare = next(d.name for d in found if d.index is None)
        raise CompileError(f"dataset '{bare}' has no attribute 'index' where others have one", location, _REMEDY)
    return sorted(found, key=lambda d: (d.index or 0, d.name))


def _read(path: str, dataset: h5py.Dataset, content: memoryview | None, room: int, location: Location) -> Dataset:
    if dataset.dtype.kind not in "fiu" or dataset.shape is None:
        raise CompileError(f"dataset '{path}' holds {dataset.dtype}, not numbers", location, _REMEDY)
    if dataset.external or dataset.is_virtual:
        raise CompileError(f"dataset '{path}' keeps its data in another file", location, _REMEDY)
    if dataset.nbytes > room:
        raise CompileError(f"dataset '{path}' claims {dataset.nbytes} bytes, too much for the file", location, _REMEDY)
    index = dataset.attrs.get("index")
    need_grad = dataset.attrs.get("need_grad", False)
    if np.ndim(index if index is not None else 0) or np.ndim(need_grad):
        raise CompileError(f"the attributes of dataset '{path}' are arrays, not single values", location, _REMEDY)
    array = _array(dataset, content).astype(np.float32, copy=False)
    return Dataset(path, array, None if index is None else int(index), bool(need_grad))


def _array(dataset: h5py.Dataset, content: memoryview | None) -> Array:
    start = dataset.id.get_offset()  # None unless the data is one run of bytes
    if content is None or start is None or start + dataset.nbytes > len(content):
        return np.asarray(dataset[()])
    return np.frombuffer(content, dataset.dtype, dataset.size, start).reshape(dataset.shape)
