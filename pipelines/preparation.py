"""What a model goes through before its functions have the numbers by which it is split."""

from __future__ import annotations

import attrs

from ..ir import Module, UsageError
from ..ir.dialects import nnp
from ..ir.passes import PassContext
from ..ir.splitting import Graph, graph_of
from .driver import compile
from .pipeline import PassStep, Pipeline

NUMBERED_AFTER = ("select-executor", "expand-loop-control")
"""What an NNP model goes through before its functions have the numbers that users see."""
INITIALIZATION = "initialize-parameters"
"""What must see the whole network: one sequence of random numbers makes the values of all parameters."""


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


def without_preparation(pipeline: Pipeline) -> Pipeline:
    """What is left of a pipeline for models that have been prepared: parts of one that was."""
    done = {*NUMBERED_AFTER, INITIALIZATION}
    steps = tuple(s for s in pipeline.steps if not (isinstance(s, PassStep) and s.name in done))
    return attrs.evolve(pipeline, steps=steps)
