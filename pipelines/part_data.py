"""Representative data for the parts of a model: what their inputs are when the model runs on its own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ..ir import CompileError, Function, Module
from ..ir.interpreter import evaluate
from ..ir.passes import PassContext
from ..ir.types import Array
from ..passes.calibrate import find_dataset
from ..passes.dataset import BoundDataset, Dataset
from ..passes.samples import open_npy
from ..passes.splitting import Cut, Graph
from . import registry
from .driver import compile
from .pipeline import Group, Pipeline, Step, load_pipeline

_CALIBRATING = frozenset({"calibrate", "tune-int8"})


def needs_data(pipeline: Pipeline) -> bool:
    """Whether a pipeline looks at representative data."""
    return any(_calibrates(step) for step in pipeline.steps)


def _calibrates(step: Step) -> bool:
    return any(map(_calibrates, step.steps)) if isinstance(step, Group) else step.name in _CALIBRATING


def part_datasets(
    graph: Graph,
    cuts: Sequence[Cut],
    prepared: Callable[[Pipeline], Pipeline],
    batch: int | None,
    context: PassContext,
    folder: Path,
) -> list[Dataset]:
    """The data of the whole model as each part gets it, in files of ``folder``: memory does not grow with the samples.

    The functions before the parts run in floats, with ``batch`` samples at a time. ``prepared`` takes out of a pipeline
    what the model has been through. Raises CompileError where these functions cannot be run.
    """
    values = list(dict.fromkeys(v for cut in cuts for v in cut.inputs))
    module = graph.extract(graph.until(values))
    _to_nn(module, prepared, batch)
    data = find_dataset(module.main, context)
    files = _record(module.main, data.bind(module.main), folder, context)
    return [
        attrs.evolve(data, arrays={name: open_npy(files[name]) for name in map(graph.name, cut.inputs)}, nameless=None)
        for cut in cuts
    ]


def _to_nn(module: Module, prepared: Callable[[Pipeline], Pipeline], batch: int | None) -> None:
    """Bring a model from its source dialect to nn, which can be run."""
    dialects = module.dialects()
    if dialects <= {"nn"}:
        return
    names = [f"{f.name}-to-nn" for f in registry.sources().values() if f.dialect in dialects]
    known = [name for name in names if name in registry.pipeline_files()]
    if not known:
        raise CompileError(
            f"representative data cannot be run through a model in the dialect {', '.join(sorted(dialects))}",
            module.location,
            "split the model as NNP or ONNX, or give no --dataset",
        )
    pipeline = load_pipeline(known[0])
    given: dict[str, Any] = {"batch": batch} if "batch" in pipeline.parameters else {}
    compile(module, prepared(pipeline), context=PassContext(), **given)


def _record(function: Function, batches: BoundDataset, folder: Path, context: PassContext) -> dict[str, Path]:
    """Run a function on all batches; the file of each output by name, samples along the first dimension."""
    files = {name: folder / f"{i}.npy" for i, name in enumerate(function.output_names)}
    arrays: dict[str, Array] = {}
    for done, inputs in enumerate(batches):
        context.report_progress("data of the parts", done, len(batches))
        for name, output in evaluate(function, inputs).items():
            rows = np.atleast_1d(output)
            if name not in arrays:
                shape = (len(batches) * rows.shape[0], *rows.shape[1:])
                arrays[name] = np.lib.format.open_memmap(files[name], "w+", rows.dtype, shape)
            place = arrays[name][done * rows.shape[0] : (done + 1) * rows.shape[0]]
            if place.shape != rows.shape:
                raise CompileError(
                    f"the shape of '{name}' depends on the data, so no part can be calibrated on it",
                    function.location,
                    "split elsewhere, or give no --dataset",
                )
            place[...] = rows
    context.report_progress("data of the parts", len(batches), len(batches))
    return files
