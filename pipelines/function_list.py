"""Lists of the functions that a target supports, and the parts of a model that they leave.

One name a line: ``Affine`` (of ONNX and other sources the operator), or ``Conv@opset_11``, an operator that ONNX
output may hold. Lines that begin with ``;`` are comments; what stands behind a comma is for other programs.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import attrs

from ..ir import CompileError, Location, Module, Operation, UsageError
from ..ir.diagnostics import Diagnostic, Severity
from ..ir.passes import PassContext
from ..ir.splitting import Graph, Range
from .function_trials import try_function
from .pipeline import Pipeline


@attrs.frozen
class FunctionList:
    """What a target supports: functions of the source by name, and operators of ONNX as of an opset."""

    path: Path
    names: frozenset[str]
    operators: frozenset[tuple[str, int]]
    """Name and the version in which the operator got the meaning that it has in the opset of the line."""


def read_function_list(path: Path, text: str, graph: Graph, target: str) -> FunctionList:
    """The list in a text, for a model and the dialect of its target. Raises UsageError with all wrong lines."""
    known = {*graph.known_kinds(), *map(graph.kind, graph.functions)}
    names: set[str] = set()
    operators: set[tuple[str, int]] = set()
    problems: list[Diagnostic] = []
    place = Location.at(str(path))
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition(",")[0].strip()
        try:
            if not name or name.startswith(";"):
                continue
            if "@" in name:
                operators.add(_operator(name, target))
            elif name in known:
                names.add(name)
            else:
                near = difflib.get_close_matches(name, known, 3)
                remedy = f"did you mean {' or '.join(near)}?" if near else "'nncc ops' and 'nncc support' list names"
                raise UsageError(f"there is no function '{name}'", remedy=remedy)
        except UsageError as error:
            (found,) = error.diagnostics
            problems.append(attrs.evolve(found, message=f"line {number}: {found.message}", location=place))
    if not problems and not names | {name for name, _ in operators}:
        problems = [Diagnostic(Severity.ERROR, "the list is empty", place, "name a function a line")]
    if problems:
        raise UsageError.of(problems)
    return FunctionList(path, frozenset(names), frozenset(operators))


def _operator(text: str, target: str) -> tuple[str, int]:
    """An operator of a line ``Name@opset_N`` or ``Name@N``. Raises UsageError."""
    from ..ir.dialects.onnx import find_schema

    name, _, opset = text.partition("@")
    digits = opset.removeprefix("opset_")
    if not digits.isdecimal():
        raise UsageError(f"'{text}' names no opset", remedy=f"write {name}@opset_N")
    if target != "onnx":
        raise UsageError(f"'{text}' is an operator of ONNX, which is not written here", remedy="name functions instead")
    domain, _, own = name.rpartition(".")
    schema = find_schema(own, domain, int(digits))
    if schema is None:
        raise UsageError(f"opset {digits} has no operator '{name}'", remedy="correct the name or the opset")
    return name, int(schema.since_version)


def supported_ranges(
    graph: Graph, listed: FunctionList, pipeline: Pipeline, context: PassContext, **parameters: Any
) -> Sequence[Range]:
    """The longest ranges of functions that are supported; of none that no output depends on.

    A function is supported if its name is listed, or every operator of ONNX that it becomes. Raises CompileError where
    nothing is left; what is in no part is a warning.
    """
    lacking = [
        number
        for number, f in enumerate(graph.functions)
        if graph.matters(f) and not _is_supported(graph, f, listed, pipeline, parameters)
    ]
    ends = [-1, *lacking, len(graph.functions)]
    runs = [(before + 1, after - 1) for before, after in itertools.pairwise(ends)]
    ranges = [(a, b) for a, b in runs if any(map(graph.matters, graph.functions[a : b + 1]))]
    kinds = ", ".join(dict.fromkeys(graph.kind(graph.functions[n]) for n in lacking))
    place, remedy = Location.at(str(listed.path)), "add them to the list if the target supports them"
    if not ranges:
        raise CompileError(f"no function of the model is supported: {kinds}", place, remedy)
    if lacking:
        numbers = ", ".join(map(str, lacking))
        context.diagnostics.warning(f"not supported, so in no part: functions {numbers} ({kinds})", place, remedy)
    return ranges


def _is_supported(
    graph: Graph, function: Operation, listed: FunctionList, pipeline: Pipeline, parameters: dict[str, Any]
) -> bool:
    if graph.kind(function) in listed.names:
        return True
    if not listed.operators:
        return False
    trial = try_function(graph, function, pipeline, **parameters)
    return not trial.problems and _operators(trial.module) <= listed.operators


def _operators(module: Module) -> set[tuple[str, int]]:
    from ..ir.dialects.onnx import OnnxOp

    nodes: Iterable[Operation] = module.walk()
    return {(op.name.partition(".")[2], op.version) for op in nodes if isinstance(op, OnnxOp)}
