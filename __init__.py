"""nncc compiles neural-network files from one format to another through a staged, MLIR-like IR.

    import nncc

    module = nncc.load("lenet.nnp")                            # the source dialect of the file
    result = nncc.compile(module, "nnp-to-tflite", batch=1)    # runs the passes on the module
    nncc.save(module, "lenet.tflite")

The parts of the compiler are in ``nncc.ir``, ``nncc.passes``, ... Importing ``nncc`` alone imports none of them.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_API = {
    "compile": "nncc.pipelines.driver",
    "load": "nncc.pipelines.driver",
    "save": "nncc.pipelines.driver",
    "Module": "nncc.ir",
    "NnccError": "nncc.ir",
}
__all__ = ["Module", "NnccError", "__version__", "compile", "load", "save"]


def __getattr__(name: str) -> Any:
    if name in _API:
        return getattr(importlib.import_module(_API[name]), name)
    raise AttributeError(f"module 'nncc' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API})
