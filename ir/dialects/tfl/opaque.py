"""What has no meaning here, and can be kept: variables, custom operators, builtin ones without a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...attributes import Attribute
from ...core import Operation, Region, UnregisteredOp, Value
from ...location import UNKNOWN, Location
from ...opdef import result, variadic, variadic_results
from ...types import Type
from .base import OPTIONS, TFLOp, is_reserved


class Variable(TFLOp, name="tfl.variable"):
    """A tensor that keeps what operations write into it from one run to the next: zeros at first. No operation."""

    traits = frozenset()
    output = result()

    def version(self) -> int:
        return 1


class OpaqueOp(UnregisteredOp, TFLOp, takes_any="tfl"):
    """An operator that the dialect does not define; ``tfl.custom`` is one that TFLite itself does not define.

    ``tfl.svdf`` is the builtin operator SVDF. Its attributes are the fields of the options table that ``tfl.options``
    names, in so far as they differ from the schema's defaults. ``tfl.custom`` has ``custom_code``, the operator's
    name, and ``custom_options``, bytes.
    """

    traits = frozenset()
    inputs = variadic()
    outputs = variadic_results()

    def __init__(
        self,
        name: str,
        operands: Sequence[Value | None] = (),
        result_types: Sequence[Type] = (),
        attributes: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
        location: Location = UNKNOWN,
    ) -> None:
        Operation.__init__(self, operands, result_types, attributes, regions, location)
        self.name = name

    @property
    def builtin(self) -> str:  # type: ignore[override]  # of each operation, not of the class
        return self.name.partition(".")[2].upper()

    @property
    def op_type(self) -> str:
        return str(self.attributes.get("custom_code") or self.builtin)

    @property
    def options(self) -> str:  # type: ignore[override]
        return str(self.attributes.get(OPTIONS, ""))

    def schema_options(self) -> dict[str, Any]:
        named = {} if self.name == "tfl.custom" else self.attributes
        return {name: value for name, value in named.items() if not is_reserved(name)}
