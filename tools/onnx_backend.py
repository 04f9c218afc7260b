"""nncc as a backend of ONNX: models are lifted to the nn dialect and run by the interpreter.

    from nncc.tools.onnx_backend import NnccBackend

    outputs = NnccBackend.prepare(model).run(inputs)

This is the meaning that nncc gives a model, for checking it; it is not fast.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper
from onnx.backend.base import Backend, BackendRep

from ..frontends.onnx import load
from ..ir import Module
from ..ir.interpreter import evaluate
from ..ir.types import Array
from ..pipelines import driver
from ..pipelines.pipeline import Pipeline


@functools.cache
def _lift() -> Pipeline:
    return driver.find_pipeline("lift-onnx")


class Prepared(BackendRep):
    """A model that was lifted, ready to be run any number of times."""

    def __init__(self, model: ModelProto) -> None:
        # large weights are read when they are needed, so the file lives as long as this
        self._file = tempfile.NamedTemporaryFile(prefix="nncc-", suffix=".onnx")  # noqa: SIM115
        self._file.write(model.SerializeToString())
        self._file.flush()
        self.module: Module = load(self._file.name)
        driver.compile(self.module, _lift())

    def run(self, inputs: Any, **options: Any) -> tuple[Array, ...]:
        """The outputs for the inputs: an array for each in order, a mapping by name, or one array.

        Raises CompileError where the model cannot be run on them.
        """
        return tuple(evaluate(self.module.main, by_name(self.module.main.input_names, inputs)).values())


def by_name(names: Sequence[str], inputs: Any) -> Mapping[str, Array]:
    """Inputs as the interface of ONNX takes them (in order, by name, or only one) by name."""
    if isinstance(inputs, Mapping):
        return {str(name): np.asarray(array) for name, array in inputs.items()}
    listed = list(inputs) if isinstance(inputs, Sequence) and not isinstance(inputs, str) else [inputs]
    return {name: np.asarray(array) for name, array in zip(names, listed, strict=False)}


class NnccBackend(Backend):
    """The interface that ``onnx.backend.base`` describes; one device, the CPU."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **options: Any) -> Prepared:
        """Lift a model. Raises CompileError that lists what cannot be lifted."""
        return Prepared(model)

    @classmethod
    def run_node(
        cls, node: NodeProto, inputs: Any, device: str = "CPU", outputs_info: Any = None, **options: Any
    ) -> tuple[Array, ...]:
        """The outputs of one node, in the newest opset."""
        given = [name for name in node.input if name]
        arrays = by_name(given, inputs)
        graph = helper.make_graph(
            [node],
            node.op_type,
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
                for name, a in arrays.items()
            ],
            [helper.make_empty_tensor_value_info(name) for name in node.output if name],
        )
        return cls.prepare(helper.make_model(graph), device).run(arrays)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"
