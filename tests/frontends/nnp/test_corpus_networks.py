"""The networks of the corpus, lifted with a symbolic batch size and evaluated, against NNabla's numbers."""

from pathlib import Path

import numpy as np
import pytest

from nncc.frontends.nnp import load
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext, lookup_pass
from nncc.pipelines.registry import load_passes

GROUPS = {"in_": "out_", "in1_": "out1_"}
"""The prefixes of inputs and outputs in a file of golden values: one batch size each."""


@pytest.mark.parametrize("folder", ["models", "nnc"])
def test_networks(corpus: Path, folder: str) -> None:
    load_passes()
    networks = sorted((corpus / folder).glob("*.nnp"))
    if not networks:
        pytest.skip(f"the corpus has no folder {folder}")
    faults = [f"{path.stem}: {fault}" for path in networks for fault in differences(path)]
    assert not faults, "\n".join(faults)


def differences(path: Path) -> list[str]:
    """What differs from the golden values, in any of the batch sizes."""
    module, context = load(path), PassContext()
    for name in ("expand-loop-control", "lift-nnp"):
        lookup_pass(name)().run(module, context)
    golden = np.load(path.with_suffix(".npz"))
    faults = []
    for inputs, outputs in GROUPS.items():
        given = {n.removeprefix(inputs): golden[n] for n in golden.files if n.startswith(inputs)}
        found = evaluate(module.main, given) if given else {}
        for name in (n for n in golden.files if n.startswith(outputs)):
            expected, made = golden[name], found[name.removeprefix(outputs)]
            if made.shape != expected.shape or not np.allclose(made, expected, rtol=1e-3, atol=1e-4):
                faults.append(f"{name}: shape {made.shape}, expected {expected.shape}, or other numbers")
    return faults
