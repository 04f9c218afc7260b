"""What arrives at the parts of a model, known from the functions before them: types, constants, representative data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from ..ir import CompileError, Module, Type, Value
from ..ir.module import constant_attribute
from ..ir.passes import PassContext
from ..ir.ports import source_type
from ..ir.splitting import Cut, FunctionGraph, Graph
from ..ir.types import Array
from . import registry
from .driver import compile
from .pipeline import PassStep, Pipeline, load_pipeline
from .preparation import without_preparation


def settle_inputs(graph: Graph, cuts: Sequence[Cut], batch: int | None) -> None:
    """Give the inputs of parts the types that they have in the whole model, and take constants out of them.

    Models of ONNX compute shapes: with the shapes of the model's inputs, what is reshaped by them has a shape that the
    part alone could not know, and the shapes themselves are constants. NNP files state all shapes.
    """
    if not isinstance(graph, FunctionGraph):
        return
    values = _inputs(cuts)
    try:
        lifted = _lift_before(graph, values, batch, PassContext())
    except CompileError:
        return  # what cannot be lifted may be in no part; what the file itself says of types remains
    types: dict[Value, Type] = {}
    constants: dict[Value, Array] = {}
    for index, (value, output) in enumerate(zip(values, lifted.main.outputs, strict=True)):
        type = source_type(lifted.main, "res", index)
        if type.shape is None or type.element != value.tensor.element:
            continue
        types[value] = type
        dense = constant_attribute(output)
        if dense is not None and value not in graph.inputs:
            constants[value] = dense.numpy()
    graph.settle(types, constants)


def part_data(graph: Graph, cuts: Sequence[Cut], batch: int | None, context: PassContext, folder: str) -> Any:
    """The representative data of a model as it arrives at the parts, by name, in files of ``folder``.

    The functions before the parts run in floats, with ``batch`` samples at a time. Raises CompileError where these
    functions cannot be run.
    """
    own = PassContext(dataset=context.dataset, progress=context.progress)
    _lift_before(graph, _inputs(cuts), batch, own, PassStep("propagate-dataset", {"folder": folder}))
    return own.dataset


def _inputs(cuts: Sequence[Cut]) -> list[Value]:
    return list(dict.fromkeys(value for cut in cuts for value in cut.inputs))


def _lift_before(
    graph: Graph, values: Sequence[Value], batch: int | None, context: PassContext, *more: PassStep
) -> Module:
    """A model in nn, after further steps, whose outputs are these values."""
    module = graph.extract(graph.until(values))
    dialects = module.dialects()
    names = [f"{f.name}-to-nn" for f in registry.sources().values() if f.dialect in dialects]
    known = [name for name in names if name in registry.pipeline_names()]
    if not known and dialects - {"nn"}:
        raise CompileError(
            f"the functions before the parts cannot be run in the dialect {', '.join(sorted(dialects))}",
            module.location,
            "split the model in the dialect of its source, or give no --dataset",
        )
    to_nn = without_preparation(load_pipeline(known[0])) if known else Pipeline("nn", ())
    given: dict[str, Any] = {"batch": batch} if "batch" in to_nn.parameters else {}
    compile(module, attrs.evolve(to_nn, steps=(*to_nn.steps, *more)), context=context, **given)
    return module
