"""Which functions of a model convert, each tried as a model of its own."""

from __future__ import annotations

from typing import Any

import attrs

from ..ir import CompileError, Module, Operation
from ..ir.diagnostics import Diagnostic
from ..ir.passes import PassContext
from ..ir.splitting import Graph
from .driver import compile
from .pipeline import Pipeline
from .preparation import without_preparation


@attrs.frozen
class Trial:
    """One function, converted alone: what it has become, or what keeps it from that."""

    function: Operation
    module: Module
    problems: tuple[Diagnostic, ...] = ()


def try_function(graph: Graph, function: Operation, pipeline: Pipeline, **parameters: Any) -> Trial:
    """Convert one function of a prepared model, with the inputs that it has there; constants stay constants."""
    context = PassContext()
    module = graph.extract(graph.alone(function))
    try:
        compile(module, without_preparation(pipeline), context=context, **parameters)
        context.diagnostics.raise_if_errors()
    except CompileError as error:
        return Trial(function, module, error.diagnostics)
    return Trial(function, module)
