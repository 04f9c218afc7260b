"""Checks of the functions of a file that concern all networks at once."""

from __future__ import annotations

from typing import Any

from ...ir import Diagnostic, Location, Severity
from ...ir.dialects.nnp.table import function_types


def unknown_types(message: Any, location: Location) -> list[Diagnostic]:
    """One diagnostic for every function type that NNabla 1.39 does not have, at its first function."""
    known = function_types()
    first: dict[str, Location] = {}
    count: dict[str, int] = {}
    file = location.origins[0].file
    for network in message.network:
        for index, function in enumerate(network.function):
            if function.type not in known:
                first.setdefault(function.type, Location.at(file, network.name, function.name, index))
                count[function.type] = count.get(function.type, 0) + 1
    return [
        Diagnostic(
            Severity.ERROR,
            f"the function type '{name}' is not known (used {count[name]} {'time' if count[name] == 1 else 'times'})",
            place,
            "replace it by functions of NNabla 1.39, or write a plugin that adds it",
        )
        for name, place in first.items()
    ]
