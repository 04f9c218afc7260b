"""Parameters in HDF5, as NNabla writes them."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from ...ir import CompileError
from .messages import NamedParameter


def write_hdf5(parameters: list[NamedParameter], file: BinaryIO) -> None:
    """One dataset a parameter, with ``index`` and ``need_grad``. Raises CompileError for names that do not fit."""
    import h5py

    _check_names(parameters)
    with h5py.File(file, "w") as target:
        for index, parameter in enumerate(parameters):
            array = parameter.value.numpy()
            dataset = target.create_dataset(parameter.name, data=array, dtype=np.dtype("<f4"))
            dataset.attrs["index"] = np.int64(index)
            dataset.attrs["need_grad"] = np.bool_(parameter.need_grad)


def _check_names(parameters: list[NamedParameter]) -> None:
    """A name is a path: its parts are not empty, and no path is a folder of another."""
    names = {parameter.name for parameter in parameters}
    for parameter in parameters:
        parts = parameter.name.split("/")
        folders = {"/".join(parts[:i]) for i in range(1, len(parts))}
        reason = ""
        if any(part in ("", ".") for part in parts) or "\0" in parameter.name:
            reason = "is no path of HDF5"
        elif folders & names:
            reason = f"goes through the parameter '{min(folders & names)}'"
        if reason:
            raise CompileError(
                f"the name of parameter '{parameter.name}' {reason}",
                parameter.location,
                "write the parameters as protobuf (without nnp_parameter_h5)",
            )
