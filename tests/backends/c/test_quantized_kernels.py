"""Kernels of 8-bit integers give what TensorFlow Lite's reference kernels give, bit by bit.

What the c dialect says is compared with LiteRT, and programs in C, which their own tests compare with the c dialect.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from c_programs import check, make
from int8_cases import (
    Case,
    activations,
    arithmetic,
    images,
    made,
    move,
    movements,
    reductions,
    values,
    weight_cases,
)
from litert import run, run_reference

from nncc.backends.tflite import save
from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.passes import PassContext
from nncc.lowering.c.lower import LowerToC
from nncc.lowering.tfl.lower import LowerToTfl

SANITIZED = "-O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
NO_REFERENCE = {"elu", "tile", "depth_to_space", "reduce_sum"}
"""Operations that LiteRT's reference kernels do not have; that of SUM reads signed integers as unsigned ones."""


def combined(cases: Sequence[Case]) -> Module:
    """One module with all of the operations side by side."""
    module = Module()
    ports = [(f"x{n}_{i}", TensorType(s, k)) for n, case in enumerate(cases) for i, (s, k) in enumerate(case.operands)]
    function, block = Function.create("main", ports)
    module.body.append(function)
    b, inputs, outputs = Builder(module, block), iter(function.inputs), []
    for n, case in enumerate(cases):
        operands = [next(inputs) for _ in case.operands] + [b.constant(c) for c in case.constants]
        op = made(b, case.name, operands, case.results, **case.attributes)
        outputs += [(f"y{n}_{i}_{case.name}", r) for i, r in enumerate(op.results)]
    function.set_outputs(outputs)
    return module


def compiled(module: Module, folder: Path) -> tuple[Module, Path]:
    """The module in the c dialect, and the file for LiteRT."""
    LowerToTfl().run(module, PassContext())
    path = folder / "model.tflite"
    save(module, path)
    LowerToC().run(module, PassContext())
    module.verify()
    return module, path


def positive(inputs: dict[str, np.ndarray], cases: Sequence[Case]) -> dict[str, np.ndarray]:
    """Inputs that rsqrt takes: LiteRT refuses negative numbers."""
    for n, case in enumerate(cases):
        if case.name == "rsqrt":
            zero_point = case.operands[0][1].zero_point
            inputs[f"x{n}_0"] = np.maximum(inputs[f"x{n}_0"], zero_point)
    return inputs


GROUPS = {
    "activations": activations(),
    "arithmetic": arithmetic(),
    "reductions": reductions(),
    "movements": movements(),
    "images": [
        *images(),
        move(
            "average_pool",
            (1, 5, 5, 3),
            (1, 3, 3, 3),
            kernel=(3, 3),
            strides=(2, 2),
            pads=(1, 1) * 2,
            channel_last=True,
        ),
    ],
}


@pytest.mark.parametrize("group", GROUPS)
def test_equal_to_reference_kernels(group: str, tmp_path: Path) -> None:
    cases = [c for c in GROUPS[group] if c.name not in NO_REFERENCE]
    module, path = compiled(combined(cases), tmp_path)
    inputs = positive(values(module.main), cases)
    got, wanted = module.evaluate(inputs), run_reference(path, inputs)
    for name, want in wanted.items():
        np.testing.assert_array_equal(got[name], want, err_msg=name)


def test_equal_to_the_only_kernels(tmp_path: Path) -> None:
    cases = [c for group in GROUPS.values() for c in group if c.name in NO_REFERENCE]
    assert {c.name for c in cases} == NO_REFERENCE
    module, path = compiled(combined(cases), tmp_path)
    inputs = values(module.main)
    got, wanted = module.evaluate(inputs), run(path, inputs, xnnpack=False)
    for name, want in wanted.items():
        np.testing.assert_array_equal(got[name], want, err_msg=name)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", weight_cases())
def test_weights_by_channel(case: str, bias: bool, tmp_path: Path) -> None:
    module, path = compiled(weight_cases()[case](bias), tmp_path)
    inputs = values(module.main)
    np.testing.assert_array_equal(module.evaluate(inputs)["y"], run_reference(path, inputs)["y"])


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_programs(tmp_path: Path) -> None:
    """One program with each kernel, optimized and under the sanitizers; these take long to optimize."""
    firsts = {c.name: c for group in GROUPS.values() for c in reversed(group)}
    module, _ = compiled(combined([*firsts.values(), *(c for c in GROUPS["images"] if c.name == "resize")]), tmp_path)
    check(module, tmp_path / "program", "-O2")
    make(tmp_path / "program", SANITIZED)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
@pytest.mark.parametrize("case", ["conv, SAME, relu", "conv, groups", "depthwise", "conv_transpose", "affine, 4-D"])
def test_programs_with_weights(case: str, tmp_path: Path) -> None:
    module, _ = compiled(weight_cases()[case](True), tmp_path)
    check(module, tmp_path / "program", "-O2")
    make(tmp_path / "program", SANITIZED)
