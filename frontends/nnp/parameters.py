"""Stored parameters, whichever file they come from, and the checks that all of them pass."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import attrs
import numpy as np

from ...ir import Diagnostics, Location
from ...ir.types import Array
from .archive import Member
from .hdf5 import read_hdf5

_CHUNK = 1 << 20


@attrs.frozen
class StoredParameter:
    """A parameter with its value: float32, in its shape. ``has_shape`` is false where the file left the shape out."""

    name: str
    array: Array
    need_grad: bool
    has_shape: bool
    location: Location


def from_messages(
    messages: Iterable[Any], data: Iterable[Array | None], location: Location, diagnostics: Diagnostics
) -> list[StoredParameter]:
    """The parameters of ``Parameter`` messages; ``data`` holds the numbers that do not stand in the message."""
    parameters = []
    for index, (message, numbers) in enumerate(zip(messages, data, strict=True)):
        place = _place(location, message.variable_name, index)
        array = np.array(message.data, np.float32) if numbers is None else numbers
        shape = tuple(message.shape.dim)
        if min(shape, default=0) < 0 or prod(shape) != array.size:
            dims = "×".join(map(str, shape)) or "a scalar"
            diagnostics.error(
                f"parameter '{message.variable_name}' has {array.size} values where its shape is {dims}",
                place,
                "the parameter file is damaged or cut off: export it again",
            )
            continue
        parameters.append(
            StoredParameter(
                message.variable_name, array.reshape(shape), message.need_grad, message.HasField("shape"), place
            )
        )
    return parameters


def from_hdf5(member: Member) -> list[StoredParameter]:
    """The parameters of an HDF5 file. Raises CompileError."""
    return [
        StoredParameter(d.name, d.array, d.need_grad, True, _place(member.location, d.name, i))
        for i, d in enumerate(read_hdf5(member.content, member.location))
    ]


def check_parameters(parameters: Iterable[StoredParameter], allow_nan: bool, diagnostics: Diagnostics) -> None:
    """Report names that are there twice and, unless allowed, values that are not numbers."""
    first: dict[str, StoredParameter] = {}
    for parameter in parameters:
        other = first.setdefault(parameter.name, parameter)
        if other is not parameter:
            diagnostics.error(
                f"parameter '{parameter.name}' is stored twice; the other is in {other.location}",
                parameter.location,
                "give only one of the two files, or remove one of the two",
            )
        if not allow_nan and (count := count_nan(parameter.array)):
            diagnostics.error(
                f"parameter '{parameter.name}' holds NaN in {count} of its {parameter.array.size} values",
                parameter.location,
                "the training diverged: export a sound state of it, or allow them with the option 'allow_nan'",
            )


def count_nan(array: Array) -> int:
    """How many elements are NaN. One pass without copies where there is none."""
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(array, dtype=np.float32)):
            return 0
    flat = array.reshape(-1)
    return sum(int(np.isnan(flat[i : i + _CHUNK]).sum()) for i in range(0, flat.size, _CHUNK))


def _place(location: Location, name: str, index: int) -> Location:
    origin = location.origins[0]
    return Location.at(origin.file, origin.scope, name, index)
