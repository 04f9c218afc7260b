"""Every operator that has a lift gives what TensorFlow gives: its numbers are in data/tf_cases.npz."""

import functools
from pathlib import Path

import numpy as np
import pytest
from tf_cases import CASES

from nncc.backends.tf import frozen
from nncc.frontends.tf import load
from nncc.frontends.tf.lift import LiftTf
from nncc.frontends.tf.ops import LIFTS
from nncc.ir.passes import PassContext

ELSEWHERE = frozenset(
    {
        *("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile"),  # test_control.py
        *(name for name in LIFTS if name.startswith(("TensorList", "EmptyTensorList"))),
        *("_FusedBatchNormEx", "_FusedDepthwiseConv2dNative"),  # TensorFlow runs them on other devices
        *("BatchNormWithGlobalNormalization", "BiasAddV1", "TopK"),  # TensorFlow runs them in old graphs alone
        *(
            "ConjugateTranspose",
            "Print",
            "SegmentSumV2",
            "UniqueWithCountsV2",
        ),  # as others
    }
)


def test_every_lift_has_a_case() -> None:
    assert {case.op for case in CASES.values()} | ELSEWHERE == set(LIFTS)


@functools.cache
def golden(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_tensorflow(data: Path, tmp_path: Path, name: str) -> None:
    """Through a file: written, read, lifted, computed."""
    case = CASES[name]
    frozen.save(case.build(), tmp_path / "case.pb")
    module = load(tmp_path / "case.pb", outputs=[f"y{i}" for i in range(outputs_of(data, name))])
    LiftTf().run(module, PassContext())
    found = module.evaluate(case.inputs)
    for number, (key, array) in enumerate(found.items()):
        expected = golden(data / "tf_cases.npz")[f"{name}/{number}"]
        assert key == f"y{number}"
        assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(array, expected, case.tolerance, case.tolerance)


def outputs_of(data: Path, name: str) -> int:
    """How many outputs of a case an inference needs: the others of a batch normalization are for training."""
    count = sum(key.rpartition("/")[0] == name for key in golden(data / "tf_cases.npz"))
    return 1 if name.startswith("FusedBatchNorm") else count
