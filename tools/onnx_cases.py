"""Runs ONNX's own cases through nncc and writes down what is right, and what is refused for which reason.

    python -m nncc.tools.onnx_cases docs/onnx-cases.json

The cases are those that the installed onnx generates, and its runner judges them (``onnx.backend.test``). A case is
right or refused; anything else is a fault of nncc. The reference page of ONNX's operators is made from the file.
"""

from __future__ import annotations

import json
import re
import sys
import unittest
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import onnx
from onnx.backend.test import BackendTest
from onnx.backend.test.loader import load_model_tests

from ..ir import CompileError
from ..ir.dialects.onnx import Schema
from .onnx_backend import NnccBackend, Prepared

TOLERANCES = {
    # the transform is made in double precision, the expected one was not: zeros differ by rounding
    "test_dft_inverse": {"atol": 1e-6},
    "test_dft_inverse_opset19": {"atol": 1e-6},
    # one step of float16, which is a little more than the relative tolerance
    "test_attention_4d_causal_fp16": {"rtol": 2**-9},
    "test_attention_4d_causal_fp16_expanded": {"rtol": 2**-9},
}
"""Cases whose expected numbers are less exact than the runner's tolerance (relative 1e-3, absolute 1e-7)."""
_CATEGORIES = ("NodeModel", "SimpleModel", "PyTorchConvertedModel", "PyTorchOperatorModel")
"""The kinds of cases that come with the package; others have to be downloaded."""


@attrs.frozen
class Outcomes:
    """What became of each case: ``right``, ``refused`` with the reason, or ``wrong`` with what happened."""

    right: list[str]
    refused: dict[str, str]
    wrong: dict[str, str]


def run_cases(prepare: Callable[[Any], Any] = Prepared, only: Callable[[str], bool] = lambda name: True) -> Outcomes:
    """Run the cases whose names ``only`` accepts; ``prepare`` makes of a model what runs it.

    Refused is a case for which it raises CompileError.
    """

    class Judged(NnccBackend):
        @classmethod
        def prepare(cls, model: Any, device: str = "CPU", **options: Any) -> Any:
            try:
                return prepare(model)
            except CompileError as error:
                raise unittest.SkipTest("; ".join(reasons(error))) from error

    result = unittest.TestResult()
    names = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, of the arithmetic that the cases are about
        runner = BackendTest(Judged, __name__, test_kwargs=TOLERANCES)
        for category in _CATEGORIES:
            kind = runner.test_cases[f"OnnxBackend{category}Test"]
            for method in unittest.defaultTestLoader.getTestCaseNames(kind):
                name = method.removesuffix("_cpu")
                if name != method and only(name):
                    names.append(name)
                    kind(method).run(result)
    refused = {_name(test): reason for test, reason in result.skipped}
    wrong = {_name(test): trace.strip().splitlines()[-1] for test, trace in result.failures + result.errors}
    return Outcomes([n for n in names if n not in refused and n not in wrong], refused, wrong)


def _name(test: unittest.TestCase) -> str:
    return test.id().rpartition(".")[2].removesuffix("_cpu")


def reasons(error: CompileError) -> list[str]:
    """What an error says, without places and the name of the pass."""
    return list(dict.fromkeys(re.sub(r"^in pass '[\w-]+': ", "", d.message) for d in error.diagnostics))


# What is written down

_MODELS = "models of several operators"


def record(outcomes: Outcomes) -> dict[str, Any]:
    """The outcomes by operator, with the versions of each and how it is lifted; counts of what is right."""
    owners = _operators_of_cases()
    right = Counter(owners.get(name, _MODELS) for name in outcomes.right)
    refused: dict[str, dict[str, str]] = {}
    for name, reason in sorted(outcomes.refused.items()):
        refused.setdefault(owners.get(name, _MODELS), {})[name] = reason
    rows = {
        name: {**facts, "right": right[name], "refused": refused.get(name, {})} for name, facts in _operators().items()
    }
    rows[_MODELS] = {"right": right[_MODELS], "refused": refused.get(_MODELS, {})}
    return {"onnx": onnx.__version__, "cases": len(outcomes.right) + len(outcomes.refused), "operators": rows}


def _operators() -> dict[str, dict[str, Any]]:
    """Every operator that onnx has a schema of: its versions, and how nncc takes it in."""
    from ..frontends.onnx.ops import LIFTS, REFUSALS

    found: dict[str, dict[str, Any]] = {}
    schemas: list[Schema] = list(onnx.defs.get_all_schemas_with_history())
    schemas.sort(key=lambda s: (s.domain, s.name, s.since_version))
    for schema in schemas:
        key = (schema.domain, schema.name)
        facts = found.setdefault(_qualified(*key), {"versions": [], "lifted": "no"})
        facts["versions"].append(schema.since_version)
        if key in LIFTS:
            facts["lifted"] = "yes"
        elif schema.has_function or schema.has_context_dependent_function:
            facts["lifted"] = "by its function body"
        elif key in REFUSALS:
            facts["reason"], facts["remedy"] = REFUSALS[key]
    return found


def _operators_of_cases() -> dict[str, str]:
    """The operator that each case of one node is about; the expanded form of a case is about the same one."""
    graphs = {case.name: case.model.graph for case in load_model_tests(kind="node") if case.model is not None}
    single = {name: _qualified(n.domain, n.op_type) for name, graph in graphs.items() for n in graph.node[:1]}
    return {name: single.get(name.partition("_expanded")[0], operator) for name, operator in single.items()}


def _qualified(domain: str, name: str) -> str:
    return f"{domain}.{name}" if domain not in ("", "ai.onnx") else name


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m nncc.tools.onnx_cases FILE", file=sys.stderr)
        return 2
    outcomes = run_cases()
    for name, happened in outcomes.wrong.items():
        print(f"{name}: {happened}", file=sys.stderr)
    text = json.dumps(record(outcomes), indent=1)
    Path(arguments[0]).write_text(text + "\n", encoding="utf-8")
    print(f"{len(outcomes.right)} right, {len(outcomes.refused)} refused, {len(outcomes.wrong)} wrong")
    return 1 if outcomes.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
