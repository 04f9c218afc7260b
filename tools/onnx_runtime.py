"""ONNX files run with onnxruntime."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..ir import CompileError, Location
from ..ir.types import Array
from ..pipelines import driver
from .arrays import inputs_of, random_inputs

_LEAST_SEVERITY = 3  # errors alone: warnings are about how it will run, not what it gives


def is_installed() -> bool:
    return importlib.util.find_spec("onnxruntime") is not None


class OnnxRuntimeModel:
    """An ONNX file, run with onnxruntime on the CPU. The file is read by nncc too, which says what is wrong with it."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.place = Location.at(str(path))
        self.function = driver.load(path).main
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LEAST_SEVERITY
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has its own kinds, which share no base
            raise CompileError(f"onnxruntime cannot run it: {error}", self.place, "run it as IR text") from error

    def random_inputs(self, seed: int, batch: int | None = None) -> dict[str, Array]:
        return random_inputs(self.function, seed, batch)

    def run(self, inputs: Mapping[str, Array] | None, seed: int = 0, batch: int | None = None) -> dict[str, Array]:
        given = self.random_inputs(seed, batch) if inputs is None else inputs_of(self.function, inputs)
        names = [port.name for port in self.session.get_outputs()]
        try:
            values: list[Any] = self.session.run(names, given)
        except Exception as error:
            raise CompileError(f"onnxruntime cannot run it on these inputs: {error}", self.place) from error
        for name, value in zip(names, values, strict=True):
            if not isinstance(value, np.ndarray):
                raise CompileError(f"the output '{name}' is no tensor, but {type(value).__name__}", self.place)
        return dict(zip(names, values, strict=True))
