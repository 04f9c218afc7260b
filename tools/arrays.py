"""Arrays of the command line: inputs read from files, outputs written to them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..ir import CompileError, Function, Location
from ..ir.ports import source_type
from ..ir.types import Array


def read_arrays(path: str | Path) -> dict[str, Array]:
    """The arrays of a ``.npz`` by name, or of a ``.npy`` under the name "". Pickled arrays are refused."""
    place = Location.at(str(path))
    try:
        loaded = np.load(path, allow_pickle=False)
        return {k: loaded[k] for k in loaded} if isinstance(loaded, np.lib.npyio.NpzFile) else {"": loaded}
    except FileNotFoundError:
        raise CompileError("no such file", place) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CompileError(f"cannot be read as arrays: {error}", place, "save them with numpy.savez") from error


def inputs_of(function: Function, given: Mapping[str, Array]) -> dict[str, Array]:
    """Given arrays as the function's inputs: by name; a nameless one, or one of another name, for the only input."""
    names = function.input_names
    if len(names) == 1 and names[0] not in given and len(given) == 1:
        return {names[0]: next(iter(given.values()))}
    return {name: given[name] for name in names if name in given}


def random_inputs(function: Function, seed: int, batch: int | None = None) -> dict[str, Array]:
    """Seeded random arrays for all inputs, as the source has them: uniform in [0, 1); open dimensions are ``batch``."""
    rng = np.random.default_rng(seed)
    made = {}
    for index, name in enumerate(function.input_names):
        type = source_type(function, "arg", index)
        if type.shape is None or type.expressed.name == "!nncc.string":
            raise CompileError(f"nothing can be made up for input '{name}' of type {type}", remedy="give --inputs")
        shape = [d if isinstance(d, int) else batch or 1 for d in type.dims]
        made[name] = rng.random(shape).astype(type.expressed.dtype)
    return made


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays: one file for all (``.npz``), or the only one as ``.npy``. Raises CompileError."""
    try:
        if path.suffix == ".npy":
            if len(arrays) != 1:
                raise CompileError(f"{len(arrays)} arrays do not fit into a .npy", Location.at(str(path)), "use .npz")
            np.save(path, next(iter(arrays.values())))
        else:
            np.savez(path, **arrays)  # type: ignore[arg-type]  # numpy's stubs know no keyword arrays
    except OSError as error:
        raise CompileError(f"cannot write: {error.strerror}", Location.at(str(path))) from error
