"""Calibration: the observers against plain numpy, and the pass on a small model."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.passes.calibrate import Calibrate
from nncc.passes.calibration import METHODS, make_observer
from nncc.passes.calibration.estimators import entropy_range, mse_range, percentile_range
from nncc.passes.calibration.histogram import HALF, LEAST_WIDTH, Histogram
from nncc.passes.quantization.parameters import activation_type
from nncc.passes.ranges import get_range

RNG = np.random.default_rng(11)
numbers = arrays.arrays(np.float32, st.integers(1, 50), elements=st.floats(-1e6, 1e6, width=32))


def histogram_of(*blocks: np.ndarray) -> Histogram:
    histogram = Histogram()
    for block in blocks:
        histogram.add(block)
    return histogram


@given(st.lists(numbers, min_size=1, max_size=6))
def test_a_histogram_does_not_depend_on_the_order(blocks: list[np.ndarray]) -> None:
    forward, backward = histogram_of(*blocks), histogram_of(*blocks[::-1])
    at_once = histogram_of(np.concatenate(blocks))
    for other in (backward, at_once):
        np.testing.assert_array_equal(forward.counts, other.counts)
        assert (forward.zeros, forward.width) == (other.zeros, other.width)
    assert forward.total == sum(b.size for b in blocks)


@given(st.lists(numbers, min_size=1, max_size=4))
def test_every_number_is_in_its_bin(blocks: list[np.ndarray]) -> None:
    histogram = histogram_of(*blocks)
    everything = np.concatenate(blocks).astype(np.float64)
    nonzero = everything[everything != 0]
    assert (histogram.low, histogram.high) == (everything.min(), everything.max())
    assert histogram.zeros == everything.size - nonzero.size
    if nonzero.size:
        expected = np.bincount((np.floor(nonzero / histogram.width) + HALF).astype(int), minlength=2 * HALF)
        np.testing.assert_array_equal(histogram.counts, expected)
        assert np.abs(nonzero).max() >= histogram.width * HALF / 4 or histogram.width == LEAST_WIDTH


def test_min_max() -> None:
    observer = make_observer("minmax", 99.0, 0.9)
    for block in ([1.0, 4.0], [-2.0, 0.5]):
        observer.add(np.array(block))
    assert observer.range() == (-2.0, 4.0)


def test_a_range_contains_zero() -> None:
    for method in METHODS:
        observer = make_observer(method, 99.0, 0.9)
        observer.add(RNG.uniform(3, 5, 1000))
        low, high = observer.range()
        assert low == 0 and 4.5 < high <= 5


def test_moving_average() -> None:
    observer = make_observer("moving_average", 99.0, 0.75)
    for block in ([-4.0, 4.0], [0.0, 8.0]):
        observer.add(np.array(block))
    assert observer.range() == (-3.0, 5.0)


@pytest.mark.parametrize("percentile", [99.0, 99.9, 100.0])
def test_percentile_agrees_with_numpy(percentile: float) -> None:
    samples = RNG.standard_normal(200_000)
    low, high = percentile_range(histogram_of(*np.split(samples, 10)), percentile)
    tolerance = 2 * histogram_of(samples).width
    assert high == pytest.approx(np.percentile(samples, percentile), abs=tolerance)
    assert low == pytest.approx(np.percentile(samples, 100 - percentile), abs=tolerance)


def mean_square_error(samples: np.ndarray, found: tuple[float, float]) -> float:
    kind = activation_type(found)
    return float(np.square(kind.dequantize(kind.quantize(samples)) - samples).mean())


@pytest.mark.parametrize("samples", [
    RNG.standard_normal(100_000),
    RNG.laplace(size=100_000),
    np.maximum(RNG.laplace(size=100_000), 0),
    np.append(RNG.uniform(0, 1, 100_000), 50.0),
    RNG.uniform(-1, 3, 100_000),
])  # fmt: skip
def test_the_mse_range_is_the_best_one(samples: np.ndarray) -> None:
    found = mse_range(histogram_of(samples))
    error = mean_square_error(samples, found)
    whole = (float(samples.min()), float(samples.max()))
    others = [(whole[0] * a, whole[1] * b) for a in np.linspace(0.05, 1, 30) for b in np.linspace(0.05, 1, 30)]
    assert error <= 1.03 * min(mean_square_error(samples, other) for other in others)
    assert error <= mean_square_error(samples, whole)


def test_entropy_cuts_off_outliers_and_keeps_what_has_none() -> None:
    outliers = np.append(RNG.standard_normal(100_000), [300.0, -250.0])
    low, high = entropy_range(histogram_of(outliers))
    assert 3 < high < 60 and -60 < low < -3  # 128 bins is the least that it looks at
    uniform = RNG.uniform(-1, 1, 100_000)
    low, high = entropy_range(histogram_of(uniform))
    assert high > 0.95 and low < -0.95


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 1e-30, -1e30, 2.0, 0.1])
def test_constant_values(method: str, value: float) -> None:
    observer = make_observer(method, 99.9, 0.9)
    observer.add(np.full(10, value))
    low, high = observer.range()
    assert low <= 0 <= high
    assert low == pytest.approx(min(value, 0), rel=1e-2) and high == pytest.approx(max(value, 0), rel=1e-2)


# The pass


def model() -> tuple[Module, Function]:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, 3), F32))])
    module.body.append(function)
    b = Builder(module, block)
    logarithm = b.nn.log(b.nn.sub(block.args[0], np.float32(1.0)))
    function.set_outputs([("y", b.nn.relu(block.args[0])), ("z", logarithm)])
    return module, function


def test_the_pass_notes_ranges() -> None:
    module, function = model()
    context = PassContext(dataset=np.array([[2, 3, 4], [5, 6, 9], [2, -7, 3], [2, 2, 2]], np.float32))
    assert Calibrate().run(module, context)
    relu, log = (v.defining_op for v in function.outputs)
    assert get_range(function, function.inputs[0]) == (-7.0, 9.0)
    assert get_range(function, relu.results[0]) == (0.0, 9.0)
    assert relu.attributes["nncc.ranges"] == ((0.0, 9.0),)
    assert get_range(function, log.operands[0]) == (-8.0, 8.0)
    assert get_range(function, log.results[0]) is None  # the logarithm of -8
    (warning,) = context.diagnostics.warnings
    assert "is NaN" in warning.message and "nn.log" in warning.message


def test_infinite_numbers_are_left_out() -> None:
    module, function = model()
    context = PassContext(dataset=np.array([[1, 2, 3], [1, 1, 5]], np.float32))
    Calibrate().run(module, context)
    log = function.outputs[1].defining_op
    assert get_range(function, log.results[0]) == (0.0, pytest.approx(math.log(4)))  # without the logarithms of 0
    (warning,) = context.diagnostics.warnings
    assert "infinite" in warning.message and "nn.log" in warning.message


def test_padding_with_minus_infinity_is_no_news() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, 2), F32))])
    module.body.append(function)
    padded = Builder(module, block).nn.pad(block.args[0], pads=(0, 1, 0, 1), value=-math.inf)
    function.set_outputs([("y", padded)])
    context = PassContext(dataset=np.array([[-1, 2]], np.float32))
    Calibrate().run(module, context)
    assert get_range(function, padded) == (-1.0, 2.0)
    assert not context.diagnostics.warnings


def test_samples_limits_what_is_read() -> None:
    module, function = model()
    Calibrate(samples=2).run(module, PassContext(dataset=np.array([[3] * 3, [4] * 3, [99] * 3], np.float32)))
    assert get_range(function, function.inputs[0]) == (0.0, 4.0)


def test_progress_is_reported() -> None:
    module, _ = model()
    seen = []
    Calibrate().run(module, PassContext(dataset=np.full((6, 3), 2, np.float32), progress=lambda *a: seen.append(a)))
    assert seen == [("calibrate", i, 3) for i in range(4)]


def test_without_data_it_warns_and_says_what_to_do() -> None:
    module, function = model()
    context = PassContext()
    Calibrate().run(module, context)
    low, high = get_range(function, function.inputs[0])
    assert low == 0 and 0.9 < high < 1
    assert any("--dataset" in w.remedy for w in context.diagnostics.warnings)


def test_a_dataset_of_the_pass(tmp_path) -> None:
    np.save(tmp_path / "data.npy", np.full((2, 3), 5, np.float32))
    module, function = model()
    Calibrate(dataset="data.npy").run(module, PassContext(base_folder=tmp_path))
    assert get_range(function, function.inputs[0]) == (0.0, 5.0)


def test_nan_in_the_data_is_an_error() -> None:
    module, _ = model()
    with pytest.raises(CompileError, match="NaN"):
        Calibrate().run(module, PassContext(dataset=np.full((2, 3), math.nan, np.float32)))


@pytest.mark.parametrize("options", [
    {"method": "maximum"}, {"percentile": 101.0}, {"percentile": 10.0}, {"momentum": 1.0}, {"samples": -1},
])  # fmt: skip
def test_wrong_options(options: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Calibrate(**options)
