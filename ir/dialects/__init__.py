"""The dialects: one module or package each, imported when an operation of it is first looked up."""

from __future__ import annotations

import functools
import importlib

_MODULES = {"builtin": "nncc.ir.module", "func": "nncc.ir.module"}


@functools.cache
def load_dialect(name: str) -> bool:
    """Import the module that defines a dialect's operations; False for a dialect that nobody defines."""
    module = _MODULES.get(name, f"{__name__}.{name}")
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return False
    return True
