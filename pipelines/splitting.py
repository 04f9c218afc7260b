"""Compiling a model in parts: ranges of its functions, each through the same pipeline to a file of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ..ir import CompileError, Diagnostics, Module, Type
from ..ir.instruments import Instrument
from ..ir.passes import PassContext
from ..ir.splitting import Cut, Graph, Range
from .driver import Compilation, compile
from .part_inputs import part_data, settle_inputs
from .pipeline import Group, Pipeline, Step
from .preparation import without_preparation

_CALIBRATING = frozenset({"calibrate", "tune-int8"})


@attrs.frozen
class Part:
    """A part of a model, compiled: its functions, the ports that it had before, and what has become of it."""

    range: Range
    inputs: Sequence[tuple[str, Type]]
    outputs: Sequence[tuple[str, Type]]
    module: Module
    compilation: Compilation


def compile_parts(
    graph: Graph,
    pipeline: Pipeline,
    ranges: Sequence[Range],
    context: PassContext,
    instruments: Callable[[Range], Sequence[Instrument]] = lambda _: (),
    **parameters: Any,
) -> list[Part]:
    """Compile the functions of each range of a graph that :func:`numbered_graph` made; the graph is used up.

    Each part goes through the pipeline from its lift on; ``parameters`` are the pipeline's own, ``instruments`` makes
    what watches the passes of a part. Representative data of the whole model is run through the functions before each
    part. Raises CompileError with the problems of all parts.
    """
    rest = without_preparation(pipeline)
    batch = {**rest.parameters, **parameters}.get("batch")
    settle_inputs(graph, _cuts(graph, ranges), batch)
    cuts = _cuts(graph, ranges)
    problems = Diagnostics()
    parts = []
    with tempfile.TemporaryDirectory(prefix="nncc-") as folder:
        data = context.dataset
        if data is not None and any(map(_calibrates, rest.steps)):
            data = part_data(graph, cuts, batch, context, folder)
        for range, cut in zip(ranges, cuts, strict=True):
            own = attrs.evolve(context, dataset=data, facts={})
            inputs, outputs = ([(graph.name(v), v.type) for v in side] for side in (cut.inputs, cut.outputs))
            module = graph.extract(cut)
            try:
                done = compile(module, rest, context=own, instruments=instruments(range), **parameters)
            except CompileError as error:
                problems.add(error)
            else:
                parts.append(Part(range, inputs, outputs, module, done))
    problems.raise_if_errors()
    return parts


def _calibrates(step: Step) -> bool:
    """Whether a step of a pipeline looks at representative data."""
    return any(map(_calibrates, step.steps)) if isinstance(step, Group) else step.name in _CALIBRATING


def _cuts(graph: Graph, ranges: Sequence[Range]) -> list[Cut]:
    problems = Diagnostics()
    found = []
    for first, last in ranges:
        try:
            found.append(graph.cut(first, last))
        except CompileError as error:
            problems.add(error)
    problems.raise_if_errors()
    return found
