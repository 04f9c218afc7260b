"""Representative data: ``.npy``, ``.npz``, or a folder of them, read in slices.

The first dimension counts the samples; the rest is an input of the model in the source's layout. A file with one array
serves a model with one input; several inputs come by name: the members of an ``.npz``, or ``<input>.npy`` in a folder.
A folder may also hold many files of the same kind, which follow each other in the order of their names.
Pickled arrays are never loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ..ir import CompileError, Function, Location, TensorType, UsageError
from ..ir.ports import source_type, to_port
from ..ir.types import Array
from .samples import ChainedSamples, MemorySamples, Samples, UniformSamples, open_npy, open_npz

SYNTHETIC_SAMPLES = 16
FREE_BATCH = 8
"""How many samples go through the model at once where it does not say."""


@attrs.frozen
class Dataset:
    """Samples for the inputs of a model: by name, or one nameless array for a model with one input."""

    place: str
    arrays: Mapping[str, Samples]
    nameless: Samples | None = None
    is_synthetic: bool = False
    """Random numbers that stand in for missing data."""

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Dataset:
        """The data set of a file or folder. Raises CompileError where there is none or it cannot be read."""
        path = Path(path)
        if path.is_dir():
            return _open_folder(path)
        if path.suffix == ".npz":
            return cls(str(path), open_npz(path))
        if path.suffix == ".npy":
            return cls(str(path), {}, open_npy(path))
        if not path.exists():
            raise _error("there is no such file or folder", path, "name a .npy or .npz file or a folder of them")
        raise _error("is neither .npy, .npz nor a folder", path, "save the samples with numpy.save or numpy.savez")

    @classmethod
    def of(cls, data: Mapping[str, Array] | Array) -> Dataset:
        """A data set of arrays in memory: by input name, or one array for a model with one input."""
        if isinstance(data, Mapping):
            return cls("", {k: _in_memory(f"array '{k}'", v) for k, v in data.items()})
        return cls("", {}, _in_memory("array", data))

    @classmethod
    def given(cls, data: Any) -> Dataset:
        """What a user gives as representative data: a path, a dict of arrays, one array, or a data set as it is.

        Raises UsageError for anything else: a list may be meant as samples or as inputs.
        """
        if isinstance(data, Dataset):
            return data
        if isinstance(data, str | PathLike):
            return cls.open(data)
        if isinstance(data, Mapping | np.ndarray):
            return cls.of(data)
        raise UsageError(
            f"the dataset is of type '{type(data).__name__}'",
            remedy="give a path (.npy, .npz, a folder), a dict of numpy arrays by input name, or one numpy array for a "
            "model with one input (numpy.stack(samples)); the first dimension counts the samples",
        )

    @classmethod
    def synthetic(cls, function: Function, seed: int = 0, count: int = SYNTHETIC_SAMPLES) -> Dataset:
        """Random samples for every input: uniform in [0, 1), the usual range of images; zero for integers."""
        arrays: dict[str, Samples] = {}
        for i, name in enumerate(function.input_names):
            type = source_type(function, "arg", i)
            rows = tuple(d if isinstance(d, int) else 1 for d in type.dims[1:])
            samples = count * (_rows_at_once(type) or 1)
            arrays[name] = UniformSamples("synthetic", (samples, *rows), type.storage.dtype, seed + i)
        return cls("synthetic data", arrays, is_synthetic=True)

    def bind(self, function: Function, limit: int | None = None) -> BoundDataset:
        """The data set for the inputs of a function, at most ``limit`` samples of it.

        Raises CompileError, with all that is wrong, where an input has no data or data of another shape.
        """
        problems: list[CompileError] = []
        inputs: list[Samples] = []
        for i, name in enumerate(function.input_names):
            try:
                samples = self._for_input(name, len(function.input_names))
                _check(samples, name, source_type(function, "arg", i))
                inputs.append(samples)
            except CompileError as error:
                problems.append(error)
        if problems:
            raise CompileError.of([d for p in problems for d in p.diagnostics])
        return BoundDataset(function, inputs, _count_batches(function, inputs, limit))

    def _for_input(self, name: str, inputs: int) -> Samples:
        if name in self.arrays:
            return self.arrays[name]
        only = self.nameless if self.nameless is not None else _only_value(self.arrays)
        if only is not None and inputs == 1:
            return only
        have = f"it holds {sorted(self.arrays)}" if self.arrays else "it holds one nameless array"
        remedy = "save one array an input, under the input's name, with numpy.savez"
        raise _error(f"no samples for input '{name}': {have}", self.place, remedy)


def _in_memory(name: str, data: Any) -> Samples:
    try:
        array = np.asarray(data)
    except ValueError as error:  # nested lists of different lengths
        raise UsageError(f"the dataset's {name} is no array: {error}", remedy="give samples of one shape") from error
    return MemorySamples(name, array)


@attrs.frozen
class BoundDataset:
    """The batches that a function takes, and how many there are.

    A last batch that the samples do not fill is filled up with the first ones again.
    """

    function: Function
    inputs: Sequence[Samples]
    batches: int

    def __len__(self) -> int:
        return self.batches

    @property
    def samples(self) -> int:
        """How many different samples the batches hold."""
        sizes = _batch_sizes(self.function)
        return max((min(s.shape[0], self.batches * n) for s, n in zip(self.inputs, sizes, strict=True)), default=0)

    def __iter__(self) -> Iterator[dict[str, Array]]:
        """The inputs by name, as the function's ports take them. Raises CompileError for data that is not finite."""
        sizes = _batch_sizes(self.function)
        streams = [_endless(s, size) for s, size in zip(self.inputs, sizes, strict=True)]
        names = self.function.input_names
        types = [source_type(self.function, "arg", i) for i in range(len(names))]
        for arrays in islice(zip(*streams, strict=True), self.batches):
            yield {
                name: to_port(self.function, i, _batch(array.astype(type.storage.dtype, copy=False), type))
                for i, (name, type, array) in enumerate(zip(names, types, arrays, strict=True))
            }


def _batch(rows: Array, type: TensorType) -> Array:
    """The rows as an input takes them: one number for a scalar."""
    return rows if type.rank else rows.reshape(())


def _rows_at_once(type: TensorType) -> int | None:
    """The batch of an input; None where it is not a number."""
    first = type.dims[0] if type.rank else 1
    return first if isinstance(first, int) else None


def _batch_sizes(function: Function) -> list[int]:
    types = [source_type(function, "arg", i) for i in range(len(function.inputs))]
    return [_rows_at_once(t) or FREE_BATCH for t in types]


def _count_batches(function: Function, inputs: Sequence[Samples], limit: int | None) -> int:
    """How many batches the samples make, the same number for every input."""
    sizes = _batch_sizes(function)
    counts = [-(-samples.shape[0] // size) for samples, size in zip(inputs, sizes, strict=True)]
    if len(set(counts)) > 1:
        told = ", ".join(f"'{n}' {s.shape[0]}" for n, s in zip(function.input_names, inputs, strict=True))
        raise _error(f"the inputs have different numbers of samples: {told}", inputs[0].place, "give equally many")
    if not counts:
        return 1  # a function without inputs is its own sample
    most = counts[0] if limit is None else -(-limit // max(sizes))
    return min(counts[0], max(most, 1))


def _endless(samples: Samples, size: int) -> Iterator[Array]:
    """Batches of exactly ``size`` samples; after the last sample comes the first."""
    parts: list[Array] = []
    have = 0
    while True:
        for block in samples.blocks(size):
            _check_finite(block, samples)
            while len(block):
                take = block[: size - have]
                parts.append(take)
                have += len(take)
                block = block[len(take) :]
                if have == size:
                    yield parts[0] if len(parts) == 1 else np.concatenate(parts)
                    parts, have = [], 0


def _check_finite(block: Array, samples: Samples) -> None:
    if np.issubdtype(block.dtype, np.floating) and not np.isfinite(block).all():
        raise _error("holds NaN or infinite numbers", samples.place, "remove those samples")


def _check(samples: Samples, name: str, type: TensorType) -> None:
    """Refuse data that does not fit an input; a layout is never guessed."""
    if samples.dtype.kind not in "fiub":
        raise _error(f"has elements of type {samples.dtype}", samples.place, "save real numbers")
    row = type.dims[1:]
    if samples.shape[:1] == (0,):
        raise _error("holds no samples", samples.place, "calibration needs at least one")
    if len(samples.shape) == len(row) + 1 and _fits(samples.shape[1:], row):
        return
    wanted = ", ".join(["samples", *(str(d) if d is not None else "?" for d in row)])
    remedy = "reshape it"
    if len(samples.shape) == len(row) + 1 >= 3 and _fits(_channels_second(samples.shape)[1:], row):
        remedy = "it looks channel-last: save numpy.moveaxis(data, -1, 1)"
    elif _fits(samples.shape, row):
        remedy = "it looks like one sample: save data[None]"
    raise _error(f"has shape {samples.shape}, but input '{name}' takes ({wanted})", samples.place, remedy)


def _fits(shape: tuple[int, ...], wanted: tuple[int | str | None, ...]) -> bool:
    same_rank = len(shape) == len(wanted)
    return same_rank and all(not isinstance(w, int) or s == w for s, w in zip(shape, wanted, strict=True))


def _channels_second(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], shape[-1], *shape[1:-1])


def _open_folder(folder: Path) -> Dataset:
    files = sorted(p for p in folder.iterdir() if p.suffix in (".npy", ".npz") and p.is_file())
    if not files:
        raise _error("holds no .npy or .npz file", folder, "save the samples there with numpy.save")
    kinds = {p.suffix for p in files}
    if len(kinds) > 1:
        raise _error("holds both .npy and .npz files", folder, "keep one kind: which to take would be a guess")
    if kinds == {".npz"}:
        return _chain_npz(folder, [open_npz(p) for p in files])
    arrays = {p.stem: open_npy(p) for p in files}
    return Dataset(str(folder), arrays, _one_after_the_other(str(folder), list(arrays.values())))


def _chain_npz(folder: Path, files: list[dict[str, Samples]]) -> Dataset:
    names = set.intersection(*(set(f) for f in files))
    arrays = {n: ChainedSamples.of(f"{folder}: '{n}'", [f[n] for f in files]) for n in sorted(names)}
    return Dataset(str(folder), arrays)


def _one_after_the_other(place: str, arrays: list[Samples]) -> Samples | None:
    """The arrays of a folder as one, where their shapes allow that."""
    same = len({a.shape[1:] for a in arrays}) == 1 and all(a.shape for a in arrays)
    return ChainedSamples.of(place, arrays) if same else None


def _only_value(arrays: Mapping[str, Samples]) -> Samples | None:
    return next(iter(arrays.values())) if len(arrays) == 1 else None


def _error(message: str, place: str | Path, remedy: str) -> CompileError:
    return CompileError(message, Location.at(str(place)), remedy)
