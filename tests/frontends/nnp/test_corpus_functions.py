"""Every function of the corpus, lifted and evaluated, against the numbers that NNabla computed.

``python tests/frontends/nnp/test_corpus_functions.py FOLDER..`` prints the state of every function type.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nncc.frontends.nnp import load
from nncc.frontends.nnp.lift import LiftNnp
from nncc.ir import CompileError
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext

REFUSED = {
    "BitShift": "unknown size",
    "BoolGather": "size depends on the data",
    "NmsDetection2d": "one after the other",
    "NonZero": "size depends on the data",
    "ONNXNonMaxSuppression": "one after the other",
    "PackPaddedSequence": "size depends on the data",
    "PadPackedSequence": "size depends on the data",
}
"""The types that may be refused in some case, and a part of the reason."""


def check(case: Path) -> tuple[str, str]:
    """Lift and evaluate one case: ("right", ""), or ("refused" or "wrong", why)."""
    golden = np.load(case.with_suffix(".npz"))
    meta = json.loads(str(golden["meta"]))
    module = load(case)
    try:
        LiftNnp().run(module, PassContext())
    except CompileError as error:
        return "refused", str(error)
    outputs = evaluate(module.main, {name: golden[f"in{i}"] for i, name in enumerate(meta["inputs"])})
    for i, name in enumerate(meta["outputs"]):
        expected, found = golden[f"out{i}"], outputs[name]
        if expected.shape != found.shape or found.dtype != np.float32:
            return "wrong", f"{name} is {found.dtype}{found.shape} instead of {expected.shape}"
        if not np.allclose(found, expected, rtol=1e-3, atol=1e-4, equal_nan=True):
            return "wrong", f"{name} differs by up to {np.nanmax(np.abs(found - expected)):.4g}, {meta['args']}"
    return "right", ""


def test_functions(corpus: Path) -> None:
    folders = sorted((corpus / "functions").glob("*"))
    if not folders:
        pytest.skip("the corpus has no folder of functions")
    faults = []
    for case in (case for folder in folders for case in sorted(folder.glob("*.nnp"))):
        state, why = check(case)
        kind = case.parent.name
        if state == "wrong" or (state == "refused" and REFUSED.get(kind, "\0") not in why):
            faults.append(f"{kind}/{case.stem} {state}: {why}")
    assert not faults, "\n".join(faults)


def report(folders: list[Path]) -> None:
    """Print a line for every type that is not right in all cases, and the totals."""
    states: dict[str, Counter[str]] = {}
    first: dict[str, str] = {}
    for case in (case for folder in folders for case in sorted(folder.glob("*/*.nnp"))):
        state, why = check(case)
        states.setdefault(case.parent.name, Counter())[state] += 1
        if state != "right":
            first.setdefault(case.parent.name, f"{case.stem}: {why}")
    for kind, why in sorted(first.items()):
        print(kind, dict(states[kind]), why)
    cases: Counter[str] = sum(states.values(), Counter())
    right = sum(set(s) == {"right"} for s in states.values())
    wrong = sum("wrong" in s for s in states.values())
    print(f"{right} of {len(states)} types right in all cases, {wrong} wrong in some; cases: {dict(cases)}")


if __name__ == "__main__":
    report([Path(folder) for folder in sys.argv[1:]])
