"""Models of one ONNX node: what lifting them computes, and what onnxruntime says about it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncc.frontends.onnx import load
from nncc.frontends.onnx.lift import LiftOnnx
from nncc.ir import Module
from nncc.ir.passes import PassContext

Array = np.ndarray


def lifted(model: Any, context: PassContext | None = None) -> Module:
    """The model in the nn dialect. Raises CompileError where it cannot be lifted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(model.SerializeToString())
        module = load(path)
        LiftOnnx().run(module, context or PassContext())
        return module


def node_model(
    operator: str,
    operands: Sequence[Array | None],
    *,
    opset: int,
    results: int = 1,
    domain: str = "",
    constants: Sequence[int] = (),
    open_dims: Sequence[int] = (),
    **attributes: Any,
) -> Any:
    """A model of one node on inputs x0, x1, ...; the operands named in ``constants`` are initializers.

    ``open_dims`` are the dimensions of x0 that are symbols. An attribute that is None is not set.
    """
    onnx = pytest.importorskip("onnx")
    names = ["" if a is None else f"x{i}" for i, a in enumerate(operands)]
    given = {i: np.asarray(a) for i, a in enumerate(operands) if a is not None}
    attributes = {key: value for key, value in attributes.items() if value is not None}
    outputs = [f"y{i}" for i in range(results)]
    inputs = []
    for i, array in given.items():
        if i not in constants:
            shape = [f"d{d}" if i == 0 and d in open_dims else n for d, n in enumerate(array.shape)]
            kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            inputs.append(onnx.helper.make_tensor_value_info(names[i], kind, shape))
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, names, outputs, domain=domain, **attributes)],
        operator,
        inputs,
        [onnx.ValueInfoProto(name=n) for n in outputs],
        [onnx.numpy_helper.from_array(given[i], names[i]) for i in constants],
    )
    imports = [onnx.helper.make_opsetid("", opset)]
    if domain:
        imports.append(onnx.helper.make_opsetid(domain, 1))
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)


def evaluated(model: Any, operands: Sequence[Array | None]) -> list[Array]:
    """The outputs of the lifted model."""
    module = lifted(model)
    arrays = {f"x{i}": np.asarray(a) for i, a in enumerate(operands) if a is not None}
    found = module.evaluate({name: arrays[name] for name in module.main.input_names})
    return [found[f"y{i}"] for i in range(len(found))]


def in_onnxruntime(model: Any, operands: Sequence[Array | None]) -> list[Array]:
    """The outputs that onnxruntime gives; skips the test where it is not installed."""
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    arrays = {f"x{i}": np.asarray(a) for i, a in enumerate(operands) if a is not None}
    found: list[Array] = session.run(None, {port.name: arrays[port.name] for port in session.get_inputs()})
    return found


def judge(
    operator: str,
    operands: Sequence[Array | None],
    *,
    expected: Sequence[Array] | None = None,
    tolerance: float = 1e-5,
    steps: int = 0,
    **how: Any,
) -> None:
    """The lifted node computes what onnxruntime does, or what is ``expected`` where that is given.

    Other arguments go to :func:`node_model`. Numbers may differ by the tolerance, relative to the largest; integers by
    ``steps``.
    """
    model = node_model(operator, operands, **how)
    if expected is None:
        expected = in_onnxruntime(model, operands)
    found = evaluated(model, operands)
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.shape == theirs.shape
        if theirs.dtype.kind in "biu" and not steps:
            np.testing.assert_array_equal(mine, theirs)
        elif theirs.dtype.kind in "iu":
            assert np.abs(mine.astype(np.int64) - theirs.astype(np.int64)).max(initial=0) <= steps
        else:
            finite = np.abs(theirs[np.isfinite(theirs)].astype(np.float64))
            reach = tolerance * max(1.0, finite.max(initial=0.0))
            np.testing.assert_allclose(mine.astype(np.float64), theirs.astype(np.float64), rtol=tolerance, atol=reach)


def numbers(*shape: int, seed: int = 0) -> Array:
    """Random float32 numbers, the same at every run."""
    return np.random.default_rng((seed, *shape)).standard_normal(shape, np.float32)
