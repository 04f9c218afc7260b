"""Compiling a model in parts: ranges of its functions, each through the same pipeline to a file of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

import attrs

from ..ir import CompileError, Diagnostics, Module, Type, UsageError
from ..ir.dialects import nnp
from ..ir.instruments import Instrument
from ..ir.passes import PassContext
from ..ir.splitting import Cut, Graph, Range, graph_of
from . import registry
from .driver import Compilation, compile
from .pipeline import Group, PassStep, Pipeline, Step, load_pipeline

NUMBERED_AFTER = ("select-executor", "expand-loop-control")
"""What an NNP model goes through before its functions have the numbers that users see."""
INITIALIZATION = "initialize-parameters"
"""What must see the whole network: one sequence of random numbers makes the values of all parameters."""

_CALIBRATING = frozenset({"calibrate", "tune-int8"})


@attrs.frozen
class Part:
    """A part of a model, compiled: its functions, the ports that it had before, and what has become of it."""

    range: Range
    inputs: Sequence[tuple[str, Type]]
    outputs: Sequence[tuple[str, Type]]
    module: Module
    compilation: Compilation


def numbered_graph(module: Module, context: PassContext, pipeline: Pipeline | None = None) -> Graph:
    """Bring a model into the form in which its functions are numbered; then its graph.

    ``pipeline`` is what the parts will go through. Raises UsageError where the file has several executors.
    """
    listed = nnp.executors(module)
    if len(listed) > 1:
        there = ", ".join(f"{i} ('{e.label}')" for i, e in enumerate(listed))
        raise UsageError("the file has several executors", module.location, f"choose one with -E N: {there}")
    if any(isinstance(op, nnp.Network) for op in module.body):
        of_pipeline = pipeline.steps if pipeline else ()
        values = [s for s in of_pipeline if isinstance(s, PassStep) and s.name == INITIALIZATION]
        steps = (*map(PassStep, NUMBERED_AFTER), *values)
        compile(module, Pipeline("before the split", steps), context=context)
    return graph_of(module)


def compile_parts(
    graph: Graph,
    pipeline: Pipeline,
    ranges: Sequence[Range],
    context: PassContext,
    instruments: Sequence[Instrument] = (),
    **parameters: Any,
) -> list[Part]:
    """Compile the functions of each range, as :func:`numbered_graph` numbers them, with a pipeline from its lift on.

    Representative data of the whole model is run through the functions before each part. Raises CompileError with the
    problems of all parts.
    """
    problems = Diagnostics()
    cuts = _cuts(graph, ranges)
    rest = without_preparation(pipeline)
    parts = []
    with tempfile.TemporaryDirectory(prefix="nncc-") as folder:
        data = context.dataset
        if data is not None and any(map(_calibrates, rest.steps)):
            data = _data_at(cuts, graph, {**rest.parameters, **parameters}.get("batch"), context, folder)
        for range, cut in zip(ranges, cuts, strict=True):
            own = attrs.evolve(context, dataset=data, facts={})
            inputs, outputs = ([(graph.name(v), v.type) for v in side] for side in (cut.inputs, cut.outputs))
            module = graph.extract(cut)
            try:
                done = compile(module, rest, context=own, instruments=instruments, **parameters)
            except CompileError as error:
                problems.add(error)
            else:
                parts.append(Part(range, inputs, outputs, module, done))
    problems.raise_if_errors()
    return parts


def without_preparation(pipeline: Pipeline) -> Pipeline:
    """What is left of a pipeline for models that have been prepared: parts of one that was."""
    done = {*NUMBERED_AFTER, INITIALIZATION}
    steps = tuple(s for s in pipeline.steps if not (isinstance(s, PassStep) and s.name in done))
    return attrs.evolve(pipeline, steps=steps)


def _calibrates(step: Step) -> bool:
    """Whether a step of a pipeline looks at representative data."""
    return any(map(_calibrates, step.steps)) if isinstance(step, Group) else step.name in _CALIBRATING


def _data_at(cuts: Sequence[Cut], graph: Graph, batch: int | None, context: PassContext, folder: str) -> Any:
    """The representative data as it arrives at the parts, by name, in files of ``folder``.

    The functions before the parts run in floats, with ``batch`` samples at a time. Raises CompileError where these
    functions cannot be run.
    """
    values = list(dict.fromkeys(v for cut in cuts for v in cut.inputs))
    module = graph.extract(graph.until(values))
    dialects = module.dialects()
    names = [f"{f.name}-to-nn" for f in registry.sources().values() if f.dialect in dialects]
    known = [name for name in names if name in registry.pipeline_files()]
    if not known and dialects - {"nn"}:
        raise CompileError(
            f"representative data cannot be run through a model in the dialect {', '.join(sorted(dialects))}",
            module.location,
            "split the model in the dialect of its source, or give no --dataset",
        )
    to_nn = without_preparation(load_pipeline(known[0])) if known else Pipeline("nn", ())
    given: dict[str, Any] = {"batch": batch} if "batch" in to_nn.parameters else {}
    run = PassStep("propagate-dataset", {"folder": folder})
    own = PassContext(dataset=context.dataset, progress=context.progress)
    compile(module, attrs.evolve(to_nn, steps=(*to_nn.steps, run)), context=own, **given)
    return own.dataset


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
