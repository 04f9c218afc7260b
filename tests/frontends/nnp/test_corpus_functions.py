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
from nncc.ir import CompileError, Module
from nncc.ir.dialects import nnp
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext

REFUSED = {"BitShift": "unknown size"}
"""The types that may be refused in some case, and a part of the reason."""


def check(case: Path, open_batch: bool = False) -> tuple[str, str]:
    """Lift and evaluate one case: ("right", ""), or ("refused" or "wrong", why).

    With ``open_batch``, a first dimension that all inputs and outputs share is the symbolic batch size.
    """
    golden = np.load(case.with_suffix(".npz"))
    meta = json.loads(str(golden["meta"]))
    module = load(case)
    if open_batch:
        make_batch_open(module)
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


def make_batch_open(module: Module) -> None:
    """Let the first dimension of all buffers be the batch size, if they agree in it."""
    (network,) = nnp.networks(module).values()
    buffers = [v.variable for v in network.variables if not v.is_parameter]
    if len({v.tensor.dims[:1] for v in buffers}) == 1 and all(v.tensor.rank for v in buffers):
        for value in buffers:
            value.type = value.tensor.with_shape((nnp.BATCH, *value.tensor.dims[1:]))


def cases_of(corpus: Path) -> list[Path]:
    found = sorted((corpus / "functions").glob("*/*.nnp"))
    if not found:
        pytest.skip("the corpus has no folder of functions")
    return found


def test_functions(corpus: Path) -> None:
    faults = []
    for case in cases_of(corpus):
        state, why = check(case)
        kind = case.parent.name
        if state == "wrong" or (state == "refused" and REFUSED.get(kind, "\0") not in why):
            faults.append(f"{kind}/{case.stem} {state}: {why}")
    assert not faults, "\n".join(faults)


def test_functions_of_an_open_batch_are_right_or_refused(corpus: Path) -> None:
    states = {case: check(case, open_batch=True) for case in cases_of(corpus)}
    assert not [f"{case.parent.name}/{case.stem}: {why}" for case, (state, why) in states.items() if state == "wrong"]
    right = sum(state == "right" for state, _ in states.values())
    assert right > 0.9 * len(states)


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
