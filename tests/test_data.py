"""The networks of tests/data and examples/digits are what their descriptions say."""

from pathlib import Path

import numpy as np
import pytest

NAMES = sorted(file.stem for file in (Path(__file__).parent / "data").glob("*.nnp"))


@pytest.mark.parametrize("name", NAMES)
def test_golden_values_are_complete(data: Path, name: str) -> None:
    """Every set of values has inputs and outputs of the stated batch size, finite and not constant."""
    with np.load(data / f"{name}.npz") as golden:
        values = {key: golden[key] for key in golden.files}
    for given, computed, size in (("in_", "out_", "batch"), ("in1_", "out1_", "batch1"), ("rep_", "repout_", None)):
        inputs = [key for key in values if key.startswith(given)]
        outputs = [key for key in values if key.startswith(computed)]
        if size is None and not inputs:
            continue
        assert inputs
        assert outputs
        for key in inputs + outputs:
            assert values[key].dtype == np.float32
            assert len(values[key]) == (16 if size is None else values[size])
            assert np.isfinite(values[key]).all()
            assert values[key].std() > 0.01


def test_both_styles_of_a_repeat_hold_the_same_numbers(data: Path) -> None:
    with np.load(data / "repeat_new_style.npz") as new, np.load(data / "repeat_old_style.npz") as old:
        assert new.files == old.files
        assert all(np.array_equal(new[key], old[key]) for key in new.files)


def test_digits_come_with_labelled_images(repository: Path) -> None:
    folder = repository / "examples" / "digits"
    with np.load(folder / "representative.npz") as representative:
        assert representative.files == ["x"]
        assert representative["x"].shape == (100, 1, 8, 8)
        training = {image.tobytes() for image in representative["x"]}
    with np.load(folder / "test_inputs.npz") as test:
        assert test["x"].shape == (32, 1, 8, 8)
        assert (test["y"].argmax(axis=1) == test["label"]).sum() >= 31
        assert training.isdisjoint(image.tobytes() for image in test["x"])
