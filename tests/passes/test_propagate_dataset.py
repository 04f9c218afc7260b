"""Data that a model has been run on, as data for what follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.passes.propagate_dataset import PropagateDataset

DATA = np.arange(20, dtype=np.float32).reshape(5, 4) - 10


def model() -> Module:
    """On two samples at once: the relu, its sum over all, and the input as it is."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, 4), F32))])
    module.body.append(function)
    b = Builder(module, block)
    y = b.nn.relu(block.args[0])
    total = b.nn.reduce_sum(y, axes=(0, 1), keep_dims=False)
    function.set_outputs([("y", y), ("total", total), ("same", block.args[0])])
    return module


@pytest.mark.parametrize("in_files", [False, True])
def test_outputs_become_the_data(in_files: bool, tmp_path: Path) -> None:
    context = PassContext(dataset={"x": DATA})
    PropagateDataset(folder=str(tmp_path) if in_files else "").run(model(), context)
    found = {name: np.concatenate(list(s.blocks(2))) for name, s in context.dataset.arrays.items()}
    filled = np.concatenate([DATA, DATA[:1]])  # three batches
    np.testing.assert_array_equal(found["y"], np.maximum(filled, 0))
    np.testing.assert_array_equal(found["total"], np.maximum(filled, 0).reshape(3, 8).sum(axis=1))
    np.testing.assert_array_equal(found["same"], filled)
    assert len(list(tmp_path.iterdir())) == (3 if in_files else 0)


def test_shapes_that_depend_on_the_data_are_refused() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, 4), F32))])
    module.body.append(function)
    b = Builder(module, block)
    function.set_outputs([("y", b.nn.non_zero(block.args[0]))])
    data = np.array([[1, 0, 0, 0], [1, 1, 0, 0]], np.float32)
    with pytest.raises(CompileError, match="the shape of 'y' depends on the data"):
        PropagateDataset().run(module, PassContext(dataset={"x": data}))
