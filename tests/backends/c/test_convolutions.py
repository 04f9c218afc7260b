"""Kernels of convolutions give what the dialect says: all cases in one program."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from c_programs import SANITIZED, check, make

from nncc.ir import Builder, Function, Module, TensorType, Value
from nncc.ir.dialects.c import Constant
from nncc.ir.dialects.c.packed import SPEEDS, DepthwiseConv, PackedConv, block_width, pack_outputs, tile_height
from nncc.ir.types import F32

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")

# (x, outputs, kernel, strides, dilations, pads, groups)
CONVOLUTIONS: list[tuple[tuple[int, ...], int, tuple[int, ...], tuple[int, ...], tuple[int, ...], Any, int]] = [
    ((1, 9, 9, 3), 40, (3, 3), (1, 1), (1, 1), (1, 1), 1),  # a block of outputs that is partly empty
    ((2, 5, 7, 4), 64, (3, 2), (2, 1), (1, 2), (2, 0), 1),
    ((1, 6, 6, 8), 24, (2, 2), (1, 1), (1, 1), (0, 0), 4),  # groups of 6 outputs
    ((1, 5, 5, 6), 12, (3, 3), (1, 1), (1, 1), (1, 1), 6),  # two outputs a channel
    ((3, 4, 5, 17), 33, (1, 1), (1, 1), (1, 1), (0, 0), 1),  # a product of matrices, with a tile that is partly empty
    ((1, 7, 7, 16), 16, (1, 1), (2, 2), (1, 1), (0, 0), 1),
    ((1, 40, 40, 2), 32, (7, 7), (1, 1), (1, 1), (3, 3), 1),  # many chunks of pointers
    ((1, 300, 1, 400), 8, (1, 1), (1, 1), (1, 1), (0, 0), 1),  # two chunks of rows
    ((2, 11, 3), 10, (4,), (3,), (1,), (1,), 1),
    ((1, 4, 4, 4, 3), 20, (2, 3, 2), (1, 2, 1), (1, 1, 2), (0, 1, 1), 1),
    ((5, 21), 10, (), (), (), (), 1),
    ((1, 64), 1, (), (), (), (), 1),
]
DEPTHWISE: list[tuple[tuple[int, ...], tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]] = [
    ((1, 9, 9, 40), (3, 3), (1, 1), (1, 1), (1, 1)),
    ((2, 8, 11, 3), (3, 5), (2, 2), (1, 1), (1, 2)),
    ((1, 12, 12, 32), (3, 3), (1, 1), (3, 2), (3, 2)),
    ((1, 5, 3, 16), (5, 3), (1, 1), (1, 1), (0, 0)),  # one place, narrower than a tile
]


def window(x: tuple[int, ...], kernel: Any, strides: Any, dilations: Any, pads: Any) -> dict[str, Any]:
    """The attributes of a window that is padded alike on both sides, and how many places it has on each axis."""
    rows = zip(x[1:-1], kernel, strides, dilations, pads, strict=True)
    counts = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, d, p in rows)
    return {"counts": counts, "strides": strides, "dilations": dilations, "pads": pads}


def constant(b: Builder, array: np.ndarray) -> Value:
    return b.insert(Constant(value=b.module.constant(array.astype(np.float32), "w"))).result


def packed(b: Builder, x: Value, rng: np.random.Generator, case: Any) -> Value:
    shape, outputs, kernel, strides, dilations, pads, groups = case
    moves = window(shape, kernel, strides, dilations, pads)
    result = (shape[0], *moves.pop("counts"), outputs)
    width = block_width(outputs // groups, math.prod(result[:-1]))
    weight = rng.standard_normal((outputs, *kernel, shape[-1] // groups))
    weight, bias = (pack_outputs(a, groups, width) for a in (weight, rng.standard_normal(outputs)))
    return b.insert(
        PackedConv(
            x,
            constant(b, weight),
            constant(b, bias),
            outputs=outputs // groups,
            lower=0.0,
            result_types=[TensorType(result, F32)],
            **moves,
        )
    ).result


def depthwise(b: Builder, x: Value, rng: np.random.Generator, case: Any) -> Value:
    shape, kernel, *moves = case
    attributes = window(shape, kernel, *moves)
    result = (shape[0], *attributes.pop("counts"), shape[-1])
    weight = constant(b, rng.standard_normal((*kernel, shape[-1])))
    type = TensorType(result, F32)
    return b.insert(DepthwiseConv(x, weight, None, upper=1.0, result_types=[type], **attributes)).result


def test_convolutions(tmp_path: Path) -> None:
    module, rng = Module(), np.random.default_rng(0)
    cases = [*((packed, c) for c in CONVOLUTIONS), *((depthwise, c) for c in DEPTHWISE)]
    types = [(f"x{i}", TensorType(case[0], F32)) for i, (_, case) in enumerate(cases)]
    function, block = Function.create("main", types)
    module.body.append(function)
    b = Builder(module, block)
    made = [make_one(b, x, rng, case) for (make_one, case), x in zip(cases, function.inputs, strict=True)]
    function.set_outputs([(f"y{i}", y) for i, y in enumerate(made)])
    said = check(module, tmp_path / "all", SANITIZED)
    assert said.count("largest difference") == len(cases)
    make(tmp_path / "all", "-O3 -ffp-contract=fast", "gcc -fopenmp")  # threads share the work


def test_tiles() -> None:
    """Each width has a height for any number of places; few outputs get no wide block, few places no tall tile."""
    assert all(tile_height(width, places) in SPEEDS[width] for width in SPEEDS for places in range(1, 50))
    assert [block_width(n, 1000) for n in (4, 8, 16, 24, 32, 96)] == [8, 8, 16, 32, 32, 32]
    assert tile_height(32, 1) == 1
    assert tile_height(32, 1000) == 8
