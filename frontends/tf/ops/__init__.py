"""The lifts of TensorFlow's operators, one module a family. Importing this package registers all that they hold."""

import importlib
import pkgutil

from .registry import LIFTS, REFUSALS, Lifter, refusal, refusing

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["LIFTS", "REFUSALS", "Lifter", "refusal", "refusing"]
