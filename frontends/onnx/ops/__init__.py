"""The lifts of ONNX operators, one module a family. Importing this package registers all that its modules hold."""

import importlib
import pkgutil

from .registry import ABSENT, DYNAMIC, LIFTS, REFUSALS, Absent, Lifter

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["ABSENT", "DYNAMIC", "LIFTS", "REFUSALS", "Absent", "Lifter"]
