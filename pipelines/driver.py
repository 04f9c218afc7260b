"""Compiles: reads a model, runs a pipeline on it, writes the result. The Python API, and what the program drives."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs

from ..ir import CompileError, Function, Location, Module, Trait, UsageError
from ..ir.instruments import Instrument, PassRecord
from ..ir.pass_manager import PassManager
from ..ir.passes import PassContext
from . import registry
from .output import make_files
from .pass_list import parse_pass_list
from .pipeline import Pipeline, is_pipeline, load_pipeline

PathLike = str | os.PathLike[str]


def load(
    paths: PathLike | Sequence[PathLike], format: str | None = None, context: PassContext | None = None, **options: Any
) -> Module:
    """Read a model into its source dialect.

    ``paths`` is a file, or the parts of one model (``net.nntxt``, ``params.h5``); the format is that of the extensions
    unless named. Further options are the format's own. Warnings go to ``context.diagnostics``. Raises CompileError.
    """
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = [Path(p) for p in listed]
    for path in files:
        if not path.exists():
            raise CompileError("no such file", Location.at(str(path)), "check the path")
    source = registry.source_of(files, format)
    source.check_options(options)
    if context is not None and "diagnostics" in source.options:
        options["diagnostics"] = context.diagnostics
    module: Module = source.function("load")(files, **options)
    return module


def save(module: Module, path: PathLike, format: str | None = None, **options: Any) -> list[Path]:
    """Write a module that is in the dialect of a target format; what was written, the main file first.

    All files are made in a temporary folder beside the target and moved in place at the end: an error leaves what was
    there untouched. Raises CompileError, and UsageError for an unknown format or option.
    """
    (written,) = save_all({Path(path): module}, format, **options)
    return written


def save_all(modules: Mapping[Path, Module], format: str | None = None, **options: Any) -> list[list[Path]]:
    """:func:`save` for several modules: all of them are made before the first is moved in place."""
    with ExitStack() as stack:
        made = [stack.enter_context(make_files(path, module, format, options)) for path, module in modules.items()]
        return [files.move() for files in made]


@attrs.frozen
class Compilation:
    """What a compilation did: the passes that ran, and what was found on the way."""

    pipeline: Pipeline
    parameters: Mapping[str, Any]
    records: Sequence[PassRecord]
    context: PassContext

    @property
    def warnings(self) -> list[str]:
        return list(dict.fromkeys(map(str, self.context.diagnostics.warnings)))


def compile(
    module: Module,
    pipeline: str | Pipeline,
    *,
    dataset: Any = None,
    context: PassContext | None = None,
    instruments: Sequence[Instrument] = (),
    **parameters: Any,
) -> Compilation:
    """Run the passes of a pipeline on a module, in place.

    ``pipeline`` is a name, the path of a YAML file, or passes on one line (``"canonicalize,fold-batch-norm"``);
    ``parameters`` are the pipeline's own (``batch=4``); ``dataset`` is representative data for calibration: a path
    (.npy, .npz, a folder), a dict of numpy arrays by input, or one array for a model with one input.
    Raises UsageError before anything runs (about a dataset: when the first pass asks for it), CompileError after.
    """
    chosen = find_pipeline(pipeline) if isinstance(pipeline, str) else pipeline
    context = context or PassContext()
    if dataset is not None:
        context.dataset = dataset
    records = PassManager(chosen.instantiate(parameters), instruments).run(module, context)
    return Compilation(chosen, {**chosen.parameters, **parameters}, records, context)


def find_pipeline(text: str) -> Pipeline:
    """A pipeline by name, by file, or written on one line. Raises UsageError."""
    if any(c in text for c in ",{("):
        return parse_pass_list(text)
    is_pass = not is_pipeline(text) and text in registry.passes()
    return parse_pass_list(text) if is_pass else load_pipeline(text)


def pipeline_for(source: str, target: str) -> Pipeline:
    """The pipeline that leads from one format to the other. Raises UsageError where there is none."""
    name = f"{source}-to-{target}"
    if name not in registry.pipeline_names():
        ways = [n for n in registry.pipeline_names() if n.startswith(f"{source}-to-")]
        raise UsageError(
            f"there is no pipeline from '{source}' to '{target}'",
            remedy=f"from '{source}' there are: {', '.join(ways) or 'none'}; or name passes with --passes",
        )
    return load_pipeline(name)


def count_ops(module: Module) -> Counter[str]:
    """How often each operation stands in the functions or networks of a module, without constants and variables."""
    counts: Counter[str] = Counter()
    for holder in module.body:
        if not isinstance(holder, Function) and Trait.GRAPH_REGION not in holder.traits:
            continue
        for op in holder.walk():
            is_data = bool({Trait.CONSTANT, Trait.TERMINATOR} & op.traits) or op.name == "nnp.variable"
            if op is not holder and not is_data:
                counts[op.name] += 1
    return counts


def tensor_names(module: Module) -> dict[str, list[str]]:
    """For each named tensor of a compiled module, the places of the source that it comes from."""
    names: dict[str, list[str]] = {}
    for function in module.functions:
        for op in function.walk():
            for value in op.results:
                if value.name and op.location:
                    names[value.name] = [str(origin) for origin in op.location.origins]
    return names
