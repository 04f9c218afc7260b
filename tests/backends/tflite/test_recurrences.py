"""Recurrent layers in LiteRT, with XNNPACK and without: loops for long sequences, steps in a row for short ones."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litert import Arrays, assert_close, op_names, open_model
from nn_samples import sample

import nncc
from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.numerics import signal_to_noise
from nncc.ir.types import F32

LAYERS = {"rnn": 1, "gru": 3, "lstm": 4}
"""The number of gates of each."""


def convert(module: Module, folder: Path, **parameters: object) -> Path:
    copy, path = module.clone_module(), folder / "model.tflite"
    nncc.compile(copy, "nn-to-tflite", **parameters)
    nncc.save(copy, path)
    return path


def check_invokes(path: Path, module: Module, samples: list[Arrays]) -> None:
    """One interpreter after the other input gives for each what it means alone."""
    for xnnpack in (True, False):
        runner = open_model(path, xnnpack).get_signature_runner("serving_default")
        for inputs in samples:
            assert_close(runner(**inputs), module.evaluate(inputs), f"XNNPACK: {xnnpack}")


@pytest.mark.parametrize("name", [f"nn.{n}" for n in LAYERS])
@pytest.mark.parametrize("steps", [0, None])
def test_random_layers(name: str, steps: int | None, tmp_path: Path) -> None:
    """As loops, with 0 for the longest that is unrolled, and step by step."""

    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name).filter(lambda s: s.operands[0].dtype == np.float32), st.integers(0, 3))
    def run(drawn, seed):
        module, inputs = drawn.module(constant=range(1, 5))
        rng = np.random.default_rng(seed)
        others = {n: rng.standard_normal(a.shape).astype(np.float32) for n, a in inputs.items()}
        check_invokes(convert(module, tmp_path, rnn_steps=steps), module, [inputs, others, inputs])

    run()


def layer(kind: str, shape: tuple[int, int, int], hidden: int, direction: str) -> Module:
    """A layer with random weights and all of its results."""
    rng, gates, module = np.random.default_rng(0), LAYERS[kind], Module()
    directions = 2 if direction == "bidirectional" else 1
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    weights = [
        rng.normal(0, 0.4, (directions, gates * hidden, *rest)).astype(np.float32)
        for rest in ((shape[-1],), (hidden,), (), ())
    ]
    build = getattr(Builder(module, block).nn, kind)
    results = build(function.inputs[0], *weights, hidden=hidden, direction=direction)
    function.set_outputs(list(zip("yhc", results, strict=False)))
    return module


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(("steps", "subgraphs"), [(40, 3), (90, 5)])
def test_a_long_sequence_is_a_loop(kind: str, direction: str, steps: int, subgraphs: int, tmp_path: Path) -> None:
    """Of chunks, which are loops, where it is very long."""
    module = layer(kind, (steps, 2, 5), 7, direction)
    path = convert(module, tmp_path)
    names = op_names(path)
    assert names.count("WHILE") == 1 and len(names) <= 8
    assert open_model(path, xnnpack=False)._interpreter.NumSubgraphs() == subgraphs
    rng = np.random.default_rng(1)
    samples = [{"x": rng.normal(0, 1, (steps, 2, 5)).astype(np.float32)} for _ in range(2)]
    check_invokes(path, module, [*samples, samples[0]])


def test_a_short_sequence_is_not(tmp_path: Path) -> None:
    assert "WHILE" not in op_names(convert(layer("lstm", (4, 1, 3), 5, "bidirectional"), tmp_path))


@pytest.mark.parametrize(("steps", "has_loop"), [(12, False), (130, True)])
def test_8_bits(steps: int, has_loop: bool, tmp_path: Path) -> None:
    """Up to 128 steps are 8-bit kernels; the loop over more stays in float between them. Both run."""
    module, rng = layer("lstm", (steps, 1, 8), 8, "bidirectional"), np.random.default_rng(2)
    samples = [{"x": rng.normal(0, 1, (steps, 1, 8)).astype(np.float32)} for _ in range(4)]
    expected = [module.evaluate(s) for s in samples]
    path, copy = tmp_path / "model.tflite", module.clone_module()
    nncc.compile(copy, "nn-to-tflite-int8", dataset={"x": np.concatenate([s["x"] for s in samples])}, io_type="float32")
    nncc.save(copy, path)
    assert ("WHILE" in op_names(path)) == has_loop
    for xnnpack in (True, False):
        runner = open_model(path, xnnpack).get_signature_runner("serving_default")
        found = [runner(**s)["y"] for s in (*samples, samples[0])]
        np.testing.assert_array_equal(found[0], found[-1])
        assert signal_to_noise(np.stack([e["y"] for e in expected]), np.stack(found[:-1])) > 25
