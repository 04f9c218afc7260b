"""`equalize-channels`: the model stays the same, and its channels come to fill the same range."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, TensorType, Value
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.passes.calibrate import Calibrate
from nncc.passes.equalization.tracks import Tracks
from nncc.passes.equalize_channels import EqualizeChannels, can_equalize
from nncc.passes.quantize_int8 import QuantizeInt8
from nncc.passes.tune_int8 import TuneInt8, multiplications

RNG = np.random.default_rng(21)
SPREAD = np.geomspace(1, 12, 8).astype(np.float32)
Build = Callable[[Builder, Value], Any]


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same weights and data for a test, whatever ran before it."""
    global RNG
    RNG = np.random.default_rng(21)


def make(build: Build, *shape: int | str) -> tuple[Module, Function]:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), block.args[0]))])
    return module, function


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def uneven(b: Builder, x: Value, activation: str = "relu", **attributes: Any) -> Value:
    """A convolution whose eight output channels have very different ranges."""
    w = normal(8, x.tensor.static_shape[-1], 1, 1) * SPREAD.reshape(-1, 1, 1, 1)
    return b.nn.conv(x, w, normal(8) * SPREAD, channel_last=True, activation=activation, **attributes)


def last(b: Builder, x: Value, **attributes: Any) -> Value:
    return b.nn.conv(x, normal(5, x.tensor.static_shape[-1], 3, 3), normal(5), channel_last=True, **attributes)


def evenness(function: Function, data: np.ndarray) -> float:
    """How much wider the widest channel of what goes into the last operation is than the narrowest that is alive."""
    value = function.outputs[0].defining_op.operands[0]
    found: list[np.ndarray] = []
    for x in data:
        evaluate(function, {"x": x[None]}, lambda op, results: found.extend(results) if value in op.results else None)
    ranges = np.abs(np.concatenate(found)).max(axis=(0, 1, 2))
    return float(ranges.max() / ranges[ranges > 0].min())


def shuffle(b: Builder, x: Value) -> Value:
    n, h, w, c = x.tensor.static_shape
    return b.nn.reshape(
        b.nn.transpose(b.nn.reshape(x, shape=(n, h, w, 2, c // 2)), perm=(0, 1, 2, 4, 3)), shape=(n, h, w, c)
    )


def through_split(b: Builder, x: Value) -> Value:
    first, second = b.nn.split(shuffle(b, x), axis=3, sizes=(4, 4))
    return b.nn.concat([second, b.nn.relu(first)], axis=3)


def gated(b: Builder, x: Value) -> Value:
    mean = b.nn.reduce_mean(x, axes=(1, 2))
    return b.nn.mul(x, b.nn.sigmoid(b.nn.conv(mean, normal(8, 8, 1, 1), None, channel_last=True)))


BETWEEN: dict[str, Build] = {
    "nothing": lambda b, x: x,
    "relu": lambda b, x: b.nn.relu(x),
    "max pool": lambda b, x: b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2), channel_last=True),
    "average pool": lambda b, x: b.nn.average_pool(x, kernel=(2, 2), pads=(1, 1, 0, 0), channel_last=True),
    "padding": lambda b, x: b.nn.pad(x, pads=(0, 1, 1, 0, 0, 1, 1, 0)),
    "product": lambda b, x: b.nn.mul(x, np.float32(0.3)),
    "gate": gated,
    "shuffle": shuffle,
    "shuffle and split": through_split,
    "depthwise": lambda b, x: b.nn.conv(x, normal(8, 1, 3, 3), normal(8), groups=8, pads=(1,) * 4, channel_last=True),
    "residual": lambda b, x: b.nn.add(x, uneven(b, x)),
    "reversed": lambda b, x: b.nn.reverse(x, axes=(3,)),
}


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("activation", ["none", "relu"])
@pytest.mark.parametrize("between", list(BETWEEN))
def test_the_model_stays_the_same_and_its_channels_get_alike(between: str, activation: str, strength: float) -> None:
    module, function = make(lambda b, x: last(b, BETWEEN[between](b, uneven(b, x, activation))), 1, 8, 8, 3)
    data = normal(8, 8, 8, 3)
    before = [evaluate(function, {"x": x[None]})["y"] for x in data]
    spread = evenness(function, data)
    assert EqualizeChannels(strength=strength).run(module, PassContext(dataset=data))
    for op in module.walk():
        op.verify()
    for x, expected in zip(data, before, strict=True):
        got = evaluate(function, {"x": x[None]})["y"]
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-4 * np.abs(expected).max())
    if between != "gate":  # the gate makes channels uneven by itself
        assert evenness(function, data) < 0.8 * spread


def shuffle_first(b: Builder, x: Value) -> Value:
    split = b.nn.reshape(x, shape=(0, 2, 4, 8, 8))
    return b.nn.reshape(b.nn.transpose(split, perm=(0, 2, 1, 3, 4)), shape=(0, 8, 8, 8))


CHANNEL_FIRST: dict[str, Build] = {
    "nothing": lambda b, x: x,
    "max pool": lambda b, x: b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2)),
    "padding": lambda b, x: b.nn.pad(x, pads=(0, 0, 1, 1, 0, 0, 1, 1)),
    "shuffle": shuffle_first,
    "mean": lambda b, x: b.nn.reduce_mean(x, axes=(2, 3)),
    "residual": lambda b, x: b.nn.add(x, uneven_first(b, x)),
}


def uneven_first(b: Builder, x: Value) -> Value:
    w = normal(8, x.tensor.dims[1], 1, 1) * SPREAD.reshape(-1, 1, 1, 1)
    return b.nn.conv(x, w, normal(8) * SPREAD, activation="relu")


@pytest.mark.parametrize("between", list(CHANNEL_FIRST))
def test_channels_first_and_an_open_batch(between: str) -> None:
    def build(b: Builder, x: Value) -> Value:
        return b.nn.conv(CHANNEL_FIRST[between](b, uneven_first(b, x)), normal(5, 8, 1, 1), normal(5))

    def spread() -> float:
        seen: list[np.ndarray] = []
        value = function.outputs[0].defining_op.operands[0]
        evaluate(function, {"x": data}, lambda op, results: seen.extend(results) if value in op.results else None)
        ranges = np.abs(seen[0]).max(axis=(0, 2, 3))
        return float(ranges.max() / ranges[ranges > 0].min())

    module, function = make(build, "N", 3, 8, 8)
    data = normal(8, 3, 8, 8)
    before, uneven = evaluate(function, {"x": data})["y"], spread()
    assert EqualizeChannels(strength=1.0).run(module, PassContext(dataset=data))
    np.testing.assert_allclose(
        evaluate(function, {"x": data})["y"], before, rtol=2e-4, atol=2e-4 * np.abs(before).max()
    )
    assert spread() < 0.8 * uneven


PINNED: dict[str, Build] = {
    "hard_swish": lambda b, x: b.nn.hard_swish(x),
    "sigmoid": lambda b, x: b.nn.sigmoid(x),
    "added constant": lambda b, x: b.nn.add(x, normal(8)),
    "channels added up": lambda b, x: b.nn.reduce_sum(x, axes=(3,)),
    "softmax": lambda b, x: b.nn.softmax(x),
    "mixed with places": lambda b, x: b.nn.reshape(x, shape=(1, 8, 16, 4)),
}


@pytest.mark.parametrize("between", list(PINNED))
def test_what_is_not_homogeneous_pins_its_channels(between: str) -> None:
    module, function = make(lambda b, x: last(b, PINNED[between](b, uneven(b, x)), pads=(1,) * 4), 1, 8, 8, 3)
    assert not can_equalize(function)
    text = str(module)
    assert not EqualizeChannels().run(module, PassContext(dataset=normal(8, 8, 8, 3)))
    assert str(module) == text


def test_inputs_and_outputs_stay_as_they_are() -> None:
    _, function = make(uneven, 1, 8, 8, 3)
    assert not can_equalize(function)


def test_zeros_around_an_image_forbid_shifts_but_not_scales() -> None:
    _, function = make(lambda b, x: last(b, uneven(b, x, "none"), pads=(1,) * 4), 1, 8, 8, 3)
    result = next(op for op in function.body if op.name == "nn.conv").results[0]
    assert Tracks.of(function, shifts=False).free(result).all()
    assert not Tracks.of(function, shifts=True).free(result).any()


def test_shifts_centre_channels() -> None:
    def build(b: Builder, x: Value) -> Value:
        first = b.nn.conv(x, normal(8, 3, 1, 1), np.full(8, 50, np.float32), channel_last=True)
        return last(b, first)

    module, function = make(build, 1, 8, 8, 3)
    data = normal(8, 8, 8, 3)
    EqualizeChannels(strength=0.0).run(module, PassContext(dataset=data))
    found: list[np.ndarray] = []
    evaluate(function, {"x": data[:1]}, lambda op, results: found.extend(results) if op.name == "nn.conv" else None)
    assert np.abs(found[0]).max() < 20


def test_few_numbers_change_nothing() -> None:
    module, _ = make(lambda b, x: last(b, uneven(b, x)), 1, 4, 4, 3)
    assert not EqualizeChannels().run(module, PassContext(dataset=normal(8, 4, 4, 3)))  # 8 * 16 < 256


@pytest.mark.parametrize("options", [{"strength": 1.5}, {"samples": -1}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        EqualizeChannels(**options)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([*BETWEEN, *PINNED][:-1]), max_size=5), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_random_chains_keep_their_numbers(names: list[str], strength: float, seed: int) -> None:
    global RNG
    RNG = np.random.default_rng(seed)

    def build(b: Builder, x: Value) -> Value:
        for name in names:
            x = (
                {**BETWEEN, **PINNED}[name](b, x if x.tensor.shape[-1] == 8 else uneven(b, x))
                if name != "flattened"
                else x
            )
            if x.tensor.static_shape[1] < 3:
                break
        return last(b, x, pads=(1,) * 4)

    module, function = make(build, 1, 16, 16, 8)
    data = normal(2, 16, 16, 8)
    expected = evaluate(function, {"x": data[:1]})["y"]
    EqualizeChannels(strength=strength).run(module, PassContext(dataset=data))
    got = evaluate(function, {"x": data[:1]})["y"]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


# What it is for


def quantized(build: Build, data: np.ndarray, strength: float) -> float:
    global RNG
    RNG = np.random.default_rng(4)
    module, _ = make(build, 1, *data.shape[1:])
    context = PassContext(dataset=data)
    if strength:
        EqualizeChannels(strength=strength).run(module, context)
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    return context.facts["sqnr_db"]


def chain(b: Builder, x: Value) -> Value:
    for _ in range(3):
        x = b.nn.conv(uneven(b, x), normal(8, 1, 3, 3), normal(8), groups=8, channel_last=True)
    return last(b, x)


def test_int8_loses_less() -> None:
    data = np.random.default_rng(8).standard_normal((16, 12, 12, 3)).astype(np.float32)
    assert quantized(chain, data, 0.7) > quantized(chain, data, 0) + 3


# tune-int8


def tune(data: Any, **options: Any) -> tuple[Function, PassContext, TuneInt8]:
    module, function = make(chain, 1, 12, 12, 3)
    context, tuned = PassContext(dataset=data), TuneInt8(**options)
    tuned.run(module, context)
    return function, context, tuned


def test_tuning_takes_the_best_setting_and_tells_calibrate() -> None:
    data = normal(16, 12, 12, 3)
    function, context, _ = tune(data, strengths=(0.0, 0.7), good_enough=200.0)
    trials = context.facts["int8_trials"]
    assert [(t["strength"], t["method"]) for t in trials] == [(s, m) for s in (0.0, 0.7) for m in ("minmax", "mse")]
    best = max(trials, key=lambda t: t["sqnr_db"])
    assert best["strength"] == 0.7
    assert function.attributes["nncc.calibration"] == best["method"]
    calibrate = Calibrate(method="auto")
    module = function.parent_op
    calibrate.run(module, context)
    assert calibrate.chosen == best["method"]
    QuantizeInt8().run(module, context)
    assert "nncc.calibration" not in function.attributes
    assert context.facts["sqnr_db"] == pytest.approx(best["sqnr_db"], abs=0.01)


def test_the_search_ends_at_what_is_good_enough() -> None:
    function, _, tuned = tune(normal(4, 12, 12, 3), method="entropy", good_enough=5.0)
    assert tuned.counts["trials"] == 1
    assert function.attributes["nncc.calibration"] == "entropy"


def test_large_models_are_not_tried() -> None:
    _, context, tuned = tune(normal(4, 12, 12, 3), effort=1e-6)
    assert "int8_trials" not in context.facts and tuned.counts["too large for trials"] == 1


def test_without_data_nothing_is_tuned() -> None:
    function, context, _ = tune(None)
    assert "nncc.calibration" not in function.attributes
    assert not context.diagnostics.warnings  # calibrate warns


def test_multiplications() -> None:
    def build(b: Builder, x: Value) -> Value:
        x = b.nn.conv(x, normal(8, 3, 3, 3), None, channel_last=True)  # 6 * 6 * 8 outputs of 27 products
        x = b.nn.conv(x, normal(8, 1, 3, 3), None, groups=8, channel_last=True)  # 4 * 4 * 8 outputs of 9
        x = b.nn.conv_transpose(x, normal(8, 5, 2, 2), None, channel_last=True)  # 4 * 4 * 8 inputs in 20
        return b.nn.affine(b.nn.reshape(x, shape=(1, 125)), normal(125, 10))

    assert multiplications(make(build, 1, 8, 8, 3)[1]) == 288 * 27 + 128 * 9 + 128 * 20 + 1250


@pytest.mark.parametrize("options", [{"strengths": (2.0,)}, {"strengths": ()}, {"method": "best"}])
def test_wrong_options_of_tuning(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        TuneInt8(**options)
