"""What an int8 model loses, as a ratio in dB."""

import numpy as np
import pytest

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
