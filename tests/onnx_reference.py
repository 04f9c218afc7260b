"""Single ONNX operators executed by onnxruntime: an independent reference for what our operations mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest


def run_onnx(
    operator: str, operands: Sequence[np.ndarray | None], results: int = 1, opset: int = 20, **attributes: Any
) -> Any:
    """The result of an ONNX operator (a list for several) on arrays; None stands for an optional input left out."""
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    names = ["" if a is None else f"x{i}" for i, a in enumerate(operands)]
    given = {n: np.asarray(a) for n, a in zip(names, operands, strict=True) if a is not None}
    outputs = [f"y{i}" for i in range(results)]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, names, outputs, **attributes)],
        operator,
        [
            onnx.helper.make_tensor_value_info(n, onnx.helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in given.items()
        ],
        [onnx.ValueInfoProto(name=n) for n in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = session.run(None, given)
    return found if results > 1 else found[0]
