"""Golden networks and functions, to nn, optimized, and to NNabla's functions again: the numbers are NNabla's still."""

import json
from pathlib import Path

import numpy as np
import pytest

import nncc
from nncc.ir import CompileError, Module
from nncc.ir.types import Array

GROUPS = {"in_": "out_", "in1_": "out1_"}
"""The prefixes of inputs and outputs in a file of golden values: one batch size each."""
REFUSED = {
    "BitShift": "unknown size",
    "BoolGather": "depends on the data",
    "NonZero": "depends on the data",
    "ONNXNonMaxSuppression": "depends on the data",
    "PackPaddedSequence": "depends on the data",
    "PadPackedSequence": "depends on the data",
}
"""The types of functions that may be refused, and a part of the reason."""


def through_nnp(path: Path) -> Module:
    """A network, optimized and lowered, as the nn dialect sees what is written. Raises CompileError."""
    module = nncc.load(path)
    nncc.compile(module, "nnp-to-nnp-optimized")
    nncc.compile(module, "lift-nnp")
    return module


def differs(found: Array, expected: Array) -> bool:
    return found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-3, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("folder", ["models", "nnc"])
def test_networks(corpus: Path, folder: str) -> None:
    """With an open batch: in both batch sizes."""
    faults = []
    for path in sorted((corpus / folder).glob("*.nnp")):
        module, golden = through_nnp(path), np.load(path.with_suffix(".npz"))
        for inputs, outputs in GROUPS.items():
            given = {n.removeprefix(inputs): golden[n] for n in golden.files if n.startswith(inputs)}
            found = module.evaluate(given) if given else {}
            wanted = [n for n in golden.files if n.startswith(outputs)]
            faults += [f"{path.stem}: {n}" for n in wanted if differs(found[n.removeprefix(outputs)], golden[n])]
    assert not faults


def test_functions(corpus: Path) -> None:
    """The first case of every third function type; benchmarks/nnabla_runs.py takes them all, in NNabla."""
    faults = []
    for folder in sorted((corpus / "functions").iterdir())[::3]:
        path = min(folder.glob("*.nnp"))
        golden = np.load(path.with_suffix(".npz"))
        meta = json.loads(str(golden["meta"]))
        try:
            module = through_nnp(path)
        except CompileError as error:
            if REFUSED.get(folder.name, "\0") not in str(error):
                faults.append(f"{folder.name}: {error}")
            continue
        found = module.evaluate({name: golden[f"in{i}"] for i, name in enumerate(meta["inputs"])})
        if any(differs(found[name], golden[f"out{i}"]) for i, name in enumerate(meta["outputs"])):
            faults.append(folder.name)
    assert not faults
