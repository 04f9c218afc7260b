"""Every operation of the int8 table has the kernel that the table says, in LiteRT with XNNPACK and without."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from int8_cases import (
    Case,
    Z,
    activations,
    arithmetic,
    binary,
    fixed_type,
    images,
    movements,
    reductions,
    unary,
    values,
    weight_cases,
)
from litert import run

from nncc.backends.tflite import save
from nncc.ir import Module, QuantizedType, lookup_op
from nncc.ir.dialects.tfl.quantization import INT8_RULES, int8_rule
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I8, I32
from nncc.lowering.tfl.lower import LowerToTfl

TOLERANCE = 1
"""Kernels compute with fixed-point factors: they may round another way than exact arithmetic."""

CASES = [*activations(), *arithmetic(), *reductions(), *movements(), *images()]


def assert_runs(module: Module, folder: Path) -> None:
    """LiteRT gives what the interpreter gives for the nn module, up to a step of the scale."""
    inputs = values(module.main)
    wanted = module.evaluate(inputs)
    LowerToTfl().run(module, PassContext())
    path = folder / "model.tflite"
    save(module, path)
    tolerance = max(TOLERANCE, math.ceil(1.5 * _coarsest_step(module)))
    for name, staged in module.evaluate(inputs).items():
        assert np.abs(staged.astype(int) - wanted[name].astype(int)).max() <= tolerance, f"{name} in the tfl stage"
    for xnnpack in (True, False):
        for name, got in run(path, inputs, xnnpack).items():
            want = wanted[name]
            assert (got.shape, got.dtype) == (want.shape, want.dtype)
            off = np.abs(got.astype(int) - want.astype(int)).max()
            assert off <= (tolerance if want.dtype == np.int8 else 0), f"{name} is {off} off, XNNPACK: {xnnpack}"


def _coarsest_step(module: Module) -> float:
    """How many steps of a result one step is of what a kernel gives before it is quantized anew; 0 where none is."""
    again = (op for op in module.main.body if op.name == "tfl.quantize")
    kinds = ((op.operands[0].tensor.element, op.results[0].tensor.element) for op in again)
    return max((a.scale / b.scale for a, b in kinds if isinstance(a, QuantizedType)), default=0.0)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name}-{'x'.join(map(str, c.operands[0][0]))}")
def test_kernel(case: Case, tmp_path: Path) -> None:
    module, op = case.build()
    assert not isinstance(int8_rule(op), str), "the table refuses it"
    assert_runs(module, tmp_path)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", weight_cases().items(), ids=lambda c: c[0])
def test_weights_by_channel(case: tuple[str, Callable[[bool], Module]], bias: bool, tmp_path: Path) -> None:
    assert_runs(case[1](bias), tmp_path)


def test_every_rule_is_tried() -> None:
    tried = {f"nn.{c.name}" for c in CASES} | {"nn.conv", "nn.conv_transpose", "nn.affine"}
    assert set(INT8_RULES) == tried


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (unary("sin"), "no int8 kernel"),
        (unary("softmax", fixed_type("softmax"), axis=1), "along the last axis"),
        (binary("prelu", (2, 3, 2, 2, 6), (6,)), "at most 4 dimensions, this has 5"),
        (unary("relu", I32, I32), "not real numbers"),
    ],
    ids=lambda c: getattr(c, "name", ""),
)
def test_what_stays_float(case: Case, reason: str) -> None:
    _, op = case.build()
    rule = int8_rule(op)
    assert isinstance(rule, str)
    assert reason in rule


WIDE = QuantizedType(I8, F32, (7.84,), (3,))


@pytest.mark.parametrize("scale", [4.0, 1.0, 0.1, 0.02, 0.004])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "neg", "hard_swish", "relu", "leaky_relu", "prelu"])
def test_results_far_beyond_their_range_saturate(name: str, scale: float, tmp_path: Path) -> None:
    """The kernels of some operations overflow there, or refuse the model."""
    fine = QuantizedType(I8, F32, (scale,), (5,))
    shape = (2, 64, 16)  # so many that the ends of the ranges are among them
    other = [(shape, Z)] if lookup_op(f"nn.{name}").operand_fields[1:] else []
    module, _ = Case(name, [(shape, WIDE), *other], [(shape, fine)]).build()
    assert_runs(module, tmp_path)


@pytest.mark.parametrize("scale", [0.1, 0.02, 0.004])
def test_squares_far_beyond_their_range_saturate(scale: float, tmp_path: Path) -> None:
    """With larger scales some results are within the range, and off by the rounding of a coarser first step."""
    assert_runs(unary("square", QuantizedType(I8, F32, (scale,), (5,)), WIDE, shape=(2, 64, 16)).build()[0], tmp_path)
