"""Weights beside the text: an uncompressed ``.npz`` whose members are the resources, by their keys in the text."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .diagnostics import CompileError, Diagnostics
from .location import Location
from .module import Module
from .printer import resource_data, resources_in_text
from .types import Array, TensorType


def save_constants(module: Module, path: Path) -> None:
    """Write the data of all resources that the module's operations refer to; ``numpy.load`` reads the file.

    Raises CompileError for a resource without data, or with strings.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for key, dense in resources_in_text(module).items():
            array = resource_data(key, dense).astype(dense.type.storage.dtype, copy=False)
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array.view(_file_dtype(dense.type)), allow_pickle=False)


def load_constants(module: Module, path: Path) -> None:
    """Give the elided resources of a module their data; it is read when it is first needed.

    Shapes and element types are compared at once. Raises CompileError, with all that is missing or different, and where
    the file cannot be read.
    """
    found = Diagnostics()
    place = Location.at(str(path))
    wanted = {key: dense for key, dense in resources_in_text(module).items() if dense.resource.is_elided}
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            for key, dense in wanted.items():
                if f"{key}.npy" not in members:
                    found.error(f"there is no data for the resource '{key}'", place)
                    continue
                fault = _header_fault(archive, key, dense.type)
                if fault:
                    found.error(f"the data of the resource '{key}' {fault}", place)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise CompileError(f"cannot read the constants: {error}", place) from error
    found.raise_if_errors()
    for key, dense in wanted.items():
        dense.resource.fill(partial(_read, path, key, dense.type))


def _header_fault(archive: zipfile.ZipFile, key: str, type: TensorType) -> str:
    """What is wrong with an array, judged by its header."""
    with archive.open(f"{key}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    if shape != type.shape:
        return f"has the shape {shape}, expected {type}"
    if dtype != _file_dtype(type):
        return f"has elements of type {dtype}, expected {type}"
    return ""


def _file_dtype(type: TensorType) -> np.dtype[Any]:
    """How elements are stored: numpy's format has no bfloat16 and its like, so these go as integers of their size."""
    dtype = type.storage.dtype
    return dtype if dtype.isbuiltin == 1 else np.dtype(f"u{dtype.itemsize}")


def _read(path: Path, key: str, type: TensorType) -> Array:
    with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as member:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
    if array.shape != type.shape or array.dtype != _file_dtype(type):
        raise CompileError(f"the data of the resource '{key}' has changed", Location.at(str(path)))
    return array.view(type.storage.dtype)
