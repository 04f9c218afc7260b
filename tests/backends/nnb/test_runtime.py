"""What nnabla-c-runtime itself computes, where NNABLART names its program: the numbers of our evaluation."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nncc.backends.nnb import save
from nncc.ir import Builder, Function, Module, QuantizedType, TensorType
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, Array
from nncc.pipelines import driver

PROGRAM = os.environ.get("NNABLART", "")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="NNABLART does not name the program of nnabla-c-runtime")
RNG = np.random.default_rng(5)


def made() -> Module:
    """A network of what the runtime has, and of what it has not: choices, products of matrices, sorting."""
    kernel, weight = RNG.normal(size=(4, 2, 3, 3)), RNG.normal(size=(16, 16))
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, 2, 8, 8), F32))])
    module.body.append(function)
    b = Builder(module, block)
    y = b.nn.relu(b.nn.conv(function.inputs[0], kernel.astype(np.float32), pads=(1, 1, 1, 1)))
    y = b.nn.reshape(b.nn.average_pool(y, kernel=(2, 2), strides=(2, 2)), shape=(1, 4, 16))
    y = b.nn.softmax(b.nn.matmul(y, y, transpose_rhs=True), axis=2)
    y = b.nn.matmul(
        y, b.nn.reshape(b.nn.affine(b.nn.reshape(y, shape=(1, 16)), weight.astype(np.float32)), shape=(1, 4, 4))
    )
    y = b.nn.select(b.nn.greater(y, np.float32(0)), b.nn.sqrt(y), b.nn.floor(y))
    values, _ = b.nn.sort(y, axis=2)
    function.set_outputs([("y", values)])
    return module


def run(path: Path, x: Array, dtype: np.dtype) -> Array:
    x.tofile(path.with_suffix(".in"))
    command = [PROGRAM, "infer", str(path), str(path.with_suffix(".in")), str(path.with_suffix(""))]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return np.fromfile(f"{path.with_suffix('')}_0.bin", dtype)


@pytest.mark.parametrize("types", ["FLOAT32", "FIXED16", "FIXED8"])
def test_evaluation_is_what_the_runtime_computes(types: str, tmp_path: Path) -> None:
    module, data = made(), RNG.normal(size=(8, 2, 8, 8)).astype(np.float32)
    driver.compile(module, "nn-to-nnb", context=PassContext(dataset={"x": data}), types=types)
    path = tmp_path / "net.nnb"
    save(module, path)
    (source,), (output,) = module.main.inputs, module.main.outputs
    kind = source.tensor.element
    x = kind.quantize(data[:1]) if isinstance(kind, QuantizedType) else data[:1]
    expected = module.evaluate({"x": x})["y"].reshape(-1)
    found = run(path, x, output.tensor.storage.dtype)
    if types == "FLOAT32":
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose(found, expected, atol=1)
