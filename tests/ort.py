"""Running ONNX files in onnxruntime, behind onnx's own checks, and lowering single modules for that."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nncc.backends.onnx import save
from nncc.ir import Module
from nncc.ir.passes import PassContext
from nncc.lowering.onnx.expand import ExpandForOnnx
from nncc.lowering.onnx.lower import LowerToOnnx
from nncc.passes.fold_constants import FoldConstants

Array = np.ndarray
Arrays = Mapping[str, Array]


@functools.cache
def _runtime() -> Any:
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    return onnxruntime


def check(path: Path) -> Any:
    """The model in a file, for which onnx's checker and its strict shape inference find no fault."""
    import onnx

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    return model


def session(path: Path, optimized: Path | None = None) -> Any:
    """An onnxruntime session; with ``optimized`` the graph that really runs is written there."""
    options = _runtime().SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    return _runtime().InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(path: Path, inputs: Arrays) -> dict[str, Array]:
    """The outputs by name."""
    runtime = session(path)
    names = [o.name for o in runtime.get_outputs()]
    wanted = {i.name: inputs[i.name] for i in runtime.get_inputs()}
    return dict(zip(names, runtime.run(names, wanted), strict=True))


def lower(module: Module, opset: str | int) -> Module:
    """A copy of a module in nn, lowered by the fewest passes."""
    copy = module.clone_module()
    for step in (ExpandForOnnx(opset=str(opset)), FoldConstants(), LowerToOnnx(opset=str(opset))):
        step.run(copy, PassContext())
    return copy


def convert(module: Module, opset: str | int, folder: Path) -> Path:
    """The file that a module in nn becomes, with its faults looked for."""
    path = folder / "m.onnx"
    save(lower(module, opset), path)
    check(path)
    return path


def op_types(model: Any) -> Counter[str]:
    """How often each operator stands in a graph."""
    return Counter(node.op_type for node in model.graph.node)


def assert_close(got: Arrays, expected: Arrays, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """Same names, shapes and element types, and close numbers."""
    assert list(got) == list(expected)
    for name, value in expected.items():
        assert got[name].shape == value.shape, name
        assert got[name].dtype == value.dtype, name
        np.testing.assert_allclose(
            got[name].astype(np.float64), value.astype(np.float64), rtol, atol, equal_nan=True, err_msg=name
        )
