"""What an int8 model loses, as a ratio in dB."""

from typing import Any

import numpy as np
import pytest
from quantizing import find, names, quantize, weights

from nncc.ir import Builder, Value
from nncc.passes.quantization.compare import INFINITE, Noise


@pytest.mark.parametrize(("reference", "found", "decibels"), [
    ([1.0, 2.0], [1.0, 2.0], INFINITE),
    ([1.0, 0.0], [1.1, 0.0], 20.0),
    ([0.0, 0.0], [0.1, 0.0], -INFINITE),
    ([1.0, 2.0], [1.0, np.inf], -INFINITE),
    ([1.0, np.nan], [1.0, np.nan], -INFINITE),
])  # fmt: skip
def test_the_ratio_is_always_a_number(reference: list[float], found: list[float], decibels: float) -> None:
    noise = Noise()
    noise.add(np.array(reference, np.float32), np.array(found))
    assert noise.decibels == pytest.approx(decibels)


def test_tensors_of_other_sizes_have_nothing_in_common() -> None:
    noise = Noise()
    noise.add(np.full((3, 2), 2.0, np.float32), np.full((1, 2), 2.0, np.float32))
    assert (noise.signal, noise.noise, noise.other_sizes) == (24.0, 32.0, 1)
    noise.add(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))
    assert noise.other_sizes == 1


def rows_above(level: float) -> Any:
    """An affine of the rows of x that begin with more than a level."""

    def build(b: Builder, x: Value) -> Any:
        rows = b.nn.reshape(x, shape=(8, 4))
        first = b.nn.reshape(b.nn.slice(rows, starts=(0, 0), stops=(8, 1), steps=(1, 1)), shape=(8,))
        chosen = b.nn.compress(rows, b.nn.greater(first, np.float32(level)), axis=0)
        return b.nn.affine(chosen, weights(4, 3), weights(3))

    return build


def test_sizes_that_depend_on_data_may_differ() -> None:
    """0.001 is 0 in int8, so that fewer rows are found."""
    data = weights(32, 1, 32)
    data[:, :, ::4] = np.where(np.abs(data[:, :, ::4]) < 0.7, 0.001, data[:, :, ::4])
    function, context = quantize(rows_above(0.0), 1, 1, 32, data=data)
    assert "affine" in names(function)
    (warning,) = [w for w in context.diagnostics.warnings if "another size" in w.message]
    assert "output 'y0'" in warning.message and "32 of 32 batches" in warning.message
    assert context.facts["sqnr_db"] < 0


@pytest.mark.filterwarnings("error:Mean of empty slice")
def test_layers_without_numbers_are_not_refined() -> None:
    data = np.abs(weights(8, 1, 32)) + 0.2
    data[3] *= -1  # in one batch no row is left
    function, context = quantize(rows_above(0.0), 1, 1, 32, data=data)
    bias = find(function, "affine").operands[2]
    assert bias is not None and bias.defining_op is not None
    assert np.abs(bias.defining_op.value.real()).max() < 10
    assert context.facts["sqnr_db"] > 20
