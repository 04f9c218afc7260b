"""Dilated convolutions that TensorFlow wrote as convolutions of blocks."""

from pathlib import Path

import numpy as np
import pytest
from litert import assert_close, run
from tfl_cases import ints, real

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.ir import Function, Module, TensorType, as_dense
from nncc.ir.dialects import nn
from nncc.ir.dialects.tfl.constant import PseudoConst
from nncc.ir.dialects.tfl.segments import BatchToSpaceND, SpaceToBatchND
from nncc.ir.dialects.tfl.spatial import Conv2D
from nncc.ir.passes import PassContext
from nncc.ir.types import F32

X = real(1, 7, 8, 3)


def model(pads: np.ndarray, crops: np.ndarray, blocks: np.ndarray) -> Module:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(X.shape, F32))])
    module.body.append(function)

    def constant(array: np.ndarray):
        dense = as_dense(array)
        return block.append(PseudoConst(value=dense, result_types=[dense.type])).results[0]

    def typed(*shape: int) -> list[TensorType]:
        return [TensorType(shape, F32)]

    many = int(blocks.prod())
    small = [int((n + p.sum()) // k) for n, p, k in zip((7, 8), pads, blocks, strict=True)]
    large = [int((s - 2) * k - c.sum()) for s, k, c in zip(small, blocks, crops, strict=True)]
    cut = SpaceToBatchND(function.inputs[0], constant(blocks), constant(pads), result_types=typed(many, *small, 3))
    block.append(cut)
    conv = Conv2D(
        cut.results[0],
        constant(real(4, 3, 3, 3)),
        constant(real(4)),
        result_types=typed(many, small[0] - 2, small[1] - 2, 4),
        padding="VALID",
        fused_activation_function="RELU",
    )
    block.append(conv)
    joined = BatchToSpaceND(conv.results[0], constant(blocks), constant(crops), result_types=typed(1, *large, 4))
    function.set_outputs([("y", block.append(joined).results[0])])
    return module


@pytest.mark.parametrize(
    ("pads", "crops", "blocks"),
    [
        (ints([0, 1], [0, 0]), ints([0, 1], [0, 0]), ints(2, 2)),
        (ints([2, 3], [2, 2]), ints([0, 1], [0, 0]), ints(2, 2)),
        (ints([0, 2], [3, 3]), ints([0, 0], [1, 1]), ints(3, 2)),
    ],
)
def test_they_become_one_convolution(pads: np.ndarray, crops: np.ndarray, blocks: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(model(pads, crops, blocks), path)
    module = load(path)
    LiftTfl().run(module, PassContext())
    assert_close(module.evaluate({"x": X}), run(path, {"x": X}, xnnpack=False), "lifted")
    (conv,) = (op for op in module.main.body if isinstance(op, nn.Conv))
    assert conv.dilations == tuple(blocks)
    assert not any(isinstance(op, nn.Reshape) for op in module.main.body)
