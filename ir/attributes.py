"""Attributes: what an operation knows at compile time.

Attributes are plain immutable Python values where Python has them (bool, int, float, str, tuple, dict with string
keys), types, symbol references, and dense arrays: small ones inline (:class:`DenseElements`), weights by reference to a
shared :class:`Resource` (:class:`DenseResource`). A dict is never changed once it is an attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeAlias

import attrs
import numpy as np

from .types import Array, QuantizedType, TensorType, Type, element

INLINE_ELEMENTS = 16
"""Arrays up to this many elements stand in the text itself."""


@attrs.frozen
class SymbolRef:
    """A reference to something named, ``@main``."""

    name: str


class DenseAttribute:
    """An array with its type. ``numpy()`` gives the stored elements: integers where the type is quantized."""

    __slots__ = ()
    type: TensorType

    def numpy(self) -> Array:
        raise NotImplementedError

    def read(self) -> Array:
        """The same as ``numpy()`` for those who need it once: an array that has to be made is not kept."""
        return self.numpy()

    def real(self) -> Array:
        """The numbers that the elements stand for: dequantized where the type is quantized."""
        stored = self.numpy()
        return self.type.element.dequantize(stored) if isinstance(self.type.element, QuantizedType) else stored


@attrs.frozen(eq=False)
class DenseElements(DenseAttribute):
    """A small array that is written inline: ``dense<[1.0, 2.0]> : tensor<2xf32>``."""

    array: Array
    type: TensorType

    def numpy(self) -> Array:
        return self.array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DenseElements) and attribute_key(self) == attribute_key(other)

    def __hash__(self) -> int:
        return hash(attribute_key(self))


@attrs.define(eq=False)
class Resource:
    """A weight: its key in the text (a bare identifier), the name it had in the source, and its array.

    The array is loaded at first use and shared by all that refer to it; it must not be written to.
    """

    key: str
    name: str
    _load: Callable[[], Array] | None = None
    _array: Array | None = None

    @property
    def is_elided(self) -> bool:
        """True where the text that was parsed did not contain the data."""
        return self._array is None and self._load is None

    def fill(self, load: Callable[[], Array]) -> None:
        """Give its data to a resource that was elided. Raises ValueError where it has data already."""
        if not self.is_elided:
            raise ValueError(f"resource '{self.key}' has its data already")
        self._load = load

    def numpy(self) -> Array:
        """The array. Raises ValueError where the data was left out of the text that this was parsed from."""
        if self._array is None:
            if self._load is None:
                raise ValueError(f"resource '{self.key}' has no data: it was elided from the text")
            self._array = self._load()
            self._load = None
        return self._array

    def read(self) -> Array:
        """The array for those who need it once: if it has to be loaded, it is not kept. Raises ValueError."""
        return self._load() if self._array is None and self._load is not None else self.numpy()


@attrs.frozen
class DenseResource(DenseAttribute):
    """A reference to a shared array: ``dense_resource<conv1_W> : tensor<16x1x5x5xf32>``."""

    resource: Resource
    type: TensorType

    def numpy(self) -> Array:
        return self.resource.numpy()

    def read(self) -> Array:
        return self.resource.read()


Attribute: TypeAlias = Any
"""bool | int | float | str | tuple | dict | Type | SymbolRef | DenseAttribute (see the module's description)."""


def as_attribute(value: Any) -> Attribute:
    """The attribute for a Python value: lists become tuples, numpy scalars Python numbers, arrays dense elements.

    Raises TypeError for what has no textual form.
    """
    if isinstance(value, bool | int | float | str | Type | SymbolRef | DenseAttribute):
        return value
    if isinstance(value, list | tuple):
        return tuple(as_attribute(v) for v in value)
    if isinstance(value, Mapping):
        return {str(k): as_attribute(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return as_dense(value)
    raise TypeError(f"{type(value).__name__} cannot be an attribute: {value!r}")


def as_dense(array: Array, type: TensorType | None = None) -> DenseElements:
    """An inline dense attribute; its type is the array's unless given."""
    array = np.asarray(array)
    return DenseElements(array, type or TensorType(tuple(map(int, array.shape)), element(array.dtype)))


def attribute_key(value: Attribute) -> Hashable:
    """A hashable stand-in: two attributes are the same exactly if their keys are equal (1, 1.0 and true differ)."""
    if isinstance(value, DenseElements):
        array = value.array  # the bytes of an array of strings are addresses
        return (DenseElements, value.type, tuple(array.flat) if array.dtype == object else array.tobytes())
    if isinstance(value, DenseResource):
        return (DenseResource, value.type, id(value.resource))
    if isinstance(value, tuple):
        return tuple(attribute_key(v) for v in value)
    if isinstance(value, dict):
        return (dict, tuple(sorted((k, attribute_key(v)) for k, v in value.items())))
    if isinstance(value, float):
        return (float, value.hex())  # tells 0.0 from -0.0, and lets NaN equal itself
    return (type(value), value)
