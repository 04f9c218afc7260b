"""The inputs, outputs, functions and values of a model, a line each, in the layout of NNabla's ``dump``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ..ir import Module, Operation, Value
    from ..ir.passes import PassContext
    from ..ir.splitting import Graph


@attrs.frozen
class Listed:
    """What can be run in a file: an executor with its network, or the graph of a format that has just one."""

    kind: str
    number: int
    name: str
    graph: Graph


def listed_graphs(module: Module, context: PassContext, first: int = 0) -> list[Listed]:
    """All that can be run in a module, with the functions numbered as ``--split`` counts them.

    ``first`` is the number of the first executor, where some of the file are left out.
    """
    from ..ir.dialects import nnp
    from ..passes.select_executor import SelectExecutor
    from ..pipelines.preparation import numbered_graph

    executors = nnp.executors(module)
    if not executors:
        graph = numbered_graph(module, context)
        return [Listed("Graph", 0, str(module.attributes.get("onnx.graph_name", "")), graph)]
    found = []
    for number, executor in enumerate(executors):
        alone = module.clone_module()
        SelectExecutor(executor=number).run(alone, context)
        found.append(Listed("Executor", first + number, executor.label, numbered_graph(alone, context)))
    return found


def list_graph(listed: Listed, functions: bool, variables: bool, limit: int | None) -> Iterator[str]:
    """The lines of one graph; of each list at most ``limit`` items, and how many more there are."""
    graph = listed.graph
    head = f"  {listed.kind:<9}[{listed.number}]:"
    yield f"{head} {listed.name}".rstrip()
    for side, values in (("(In) Data     ", graph.inputs), ("(Out)Output   ", graph.outputs)):
        lines = (f"variable[{i}]: Name:{graph.name(v):<30} Shape:{_shape(v)}" for i, v in enumerate(values))
        yield from _limited(f"{head}  {side}", lines, len(values), limit)
    if functions or variables:
        blocks = (list(_function(graph, i, f, variables)) for i, f in enumerate(graph.functions))
        for number, block in enumerate(blocks):
            if number == limit:
                yield f"{head}   ... {len(graph.functions) - number} more"
                return
            yield from (f"{head}   Function[{number:^5}]: {line}" for line in block)


def _function(graph: Graph, number: int, function: Operation, variables: bool) -> Iterator[str]:
    yield f"Type: {graph.kind(function):<20} Name: {graph.label(function)}".rstrip()
    if variables:
        for what, values in ((" Input", graph.ports(function)), ("Output", function.results)):
            for i, value in enumerate(values):
                yield f" {what}{i}: Name: {graph.name(value):<20} Shape: {_shape(value)}"


def list_variable(graphs: Sequence[Listed], name: str) -> list[str]:
    """The line of each value of a name. Raises CompileError where there is none."""
    from ..ir.diagnostics import CompileError

    named = [(listed.graph.name(v), v) for listed in graphs for v in _values(listed.graph)]
    found = dict.fromkeys(f"Variable Name: {name:<20} Shape: {_shape(v)}" for n, v in named if n == name)
    if not found:
        near = difflib.get_close_matches(name, [n for n, _ in named], 3)
        remedy = f"did you mean {' or '.join(map(repr, near))}?" if near else "'nncc dump -V' lists all names"
        raise CompileError(f"there is no variable '{name}'", remedy=remedy)
    return list(found)


def _values(graph: Graph) -> Iterable[Value]:
    yield from graph.inputs
    for function in graph.functions:
        yield from graph.ports(function)
        yield from function.results


def _limited(head: str, lines: Iterable[str], count: int, limit: int | None) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == limit:
            yield f"{head}... {count - number} more"
            return
        yield head + line


def _shape(value: Value) -> str:
    """The dimensions, -1 for one that is open, and the type of the elements where it is not f32."""
    from ..ir import TensorType

    type = value.type
    if not isinstance(type, TensorType) or type.shape is None:
        return str(type)
    kind = "" if str(type.element) == "f32" else f" {type.element}"
    return f"{[d if isinstance(d, int) else -1 for d in type.dims]}{kind}"
