"""Tensors of many dimensions: kernels take four to six, the rest is merged away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litert import check

from nncc.ir import Builder, Function, Module, TensorType, element

SHAPE = (2, 3, 1, 2, 2, 3, 2)
RANK = len(SHAPE)
RNG = np.random.default_rng(11)


def make(build: Callable[..., Any], *arrays: np.ndarray) -> tuple[Module, dict[str, np.ndarray]]:
    module = Module()
    inputs = {f"x{i}": a for i, a in enumerate(arrays)}
    types = [(name, TensorType(a.shape, element(a.dtype))) for name, a in inputs.items()]
    function, block = Function.create("main", types)
    module.body.append(function)
    made = build(Builder(module, block), *function.inputs)
    outputs = made if isinstance(made, tuple) else (made,)
    function.set_outputs([(f"y{i}", v) for i, v in enumerate(outputs)])
    return module, inputs


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


X = real(*SHAPE)
FULL = (0,) * RANK
ONES = (1,) * RANK
CASES: dict[str, Callable[[Builder, Any], Any]] = {
    "reshape": lambda b, x: b.nn.reshape(x, shape=(6, -1)),
    "relu": lambda b, x: b.nn.relu(x),
    "add": lambda b, x: b.nn.add(x, real(*SHAPE)),
    "add, a row": lambda b, x: b.nn.add(x, real(2)),
    "mul, a middle": lambda b, x: b.nn.mul(x, real(1, 3, 1, 1, 1, 1, 1)),
    "sub, both ends": lambda b, x: b.nn.sub(x, real(2, 1, 1, 1, 1, 3, 2)),
    "maximum": lambda b, x: b.nn.maximum(x, real(2, 3, 1, 1, 1, 1, 1)),
    "less": lambda b, x: b.nn.less(x, real(3, 2)),
    "select": lambda b, x: b.nn.select(b.nn.less(x, 0.0), x, real(3, 1)),
    "prelu": lambda b, x: b.nn.prelu(x, np.full(2, 0.25, np.float32) * real(2)),
    "squared_difference": lambda b, x: b.nn.squared_difference(x, real(2)),
    "transpose": lambda b, x: b.nn.transpose(x, perm=(4, 5, 6, 0, 1, 2, 3)),
    "transpose, neighbours": lambda b, x: b.nn.transpose(x, perm=(5, 6, 3, 4, 0, 1, 2)),
    "slice": lambda b, x: b.nn.slice(x, starts=(0, 1, 0, 0, 0, 0, 0), stops=SHAPE, steps=ONES),
    "slice, backwards": lambda b, x: b.nn.slice(
        x, starts=(0, -1, 0, 0, 0, 0, 0), stops=(2, -9, *SHAPE[2:]), steps=(1, -1, 1, 1, 1, 1, 1)
    ),
    "pad": lambda b, x: b.nn.pad(x, pads=(0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0)),
    "pad, mirrored": lambda b, x: b.nn.pad(x, pads=(0, 1, *FULL[2:], *FULL), mode="reflect"),
    "concat": lambda b, x: b.nn.concat([x, x], axis=3),
    "split": lambda b, x: b.nn.split(x, axis=5, sizes=(1, 2)),
    "split, equal": lambda b, x: b.nn.split(x, axis=1, sizes=(1, 1, 1)),
    "cumsum": lambda b, x: b.nn.cumsum(x, axis=4),
    "reverse": lambda b, x: b.nn.reverse(x, axes=(0, 5)),
    "softmax": lambda b, x: b.nn.softmax(x, axis=-1),
    "softmax, inside": lambda b, x: b.nn.softmax(x, axis=1),
    "log_softmax": lambda b, x: b.nn.log_softmax(x, axis=5),
    "reduce_mean": lambda b, x: b.nn.reduce_mean(x, axes=(1, 5)),
    "reduce_max": lambda b, x: b.nn.reduce_max(x, axes=(6,), keep_dims=False),
    "argmax": lambda b, x: b.nn.argmax(x, axis=5),
    "matmul": lambda b, x: b.nn.matmul(x, real(*SHAPE[:-2], 2, 3)),
    "matmul, one matrix": lambda b, x: b.nn.matmul(x, real(2, 3)),
    "matmul, broadcast": lambda b, x: b.nn.matmul(x, real(3, 1, 2, 2, 2, 3)),
    "affine": lambda b, x: b.nn.affine(x, real(2, 3), real(3)),
    "gather": lambda b, x: b.nn.gather(x, np.array([2, 0], np.int32), axis=5),
    "layer_norm": lambda b, x: b.nn.layer_norm(x, real(3, 2), real(3, 2), axes=(5, 6)),
    "channel_shuffle": lambda b, x: b.nn.channel_shuffle(x, groups=2, axis=3),
    "tile": lambda b, x: b.nn.tile(x, reps=(1, 2, 1, 1, 1, 1, 2)),
    "broadcast_to": lambda b, x: b.nn.broadcast_to(x, shape=(2, 3, 4, 2, 2, 3, 2)),
    "trilu": lambda b, x: b.nn.trilu(x, upper=False),
    "top_k": lambda b, x: b.nn.top_k(x, k=2, axis=5),
}


@pytest.mark.parametrize("name", CASES)
def test_seven_dimensions(name: str, tmp_path: Path) -> None:
    module, inputs = make(CASES[name], X)
    check(module, inputs, tmp_path)


@pytest.mark.parametrize("name", ["add, a row", "transpose", "slice", "pad", "softmax", "concat", "matmul", "less"])
def test_six_dimensions(name: str, tmp_path: Path) -> None:
    module, inputs = make(lambda b, x: CASES[name](b, b.nn.reshape(b.nn.relu(x), shape=SHAPE)), real(2, 3, 1, 2, 2, 6))
    check(module, inputs, tmp_path)
