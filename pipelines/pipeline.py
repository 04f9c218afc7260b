"""Pipelines: a source format, a list of passes with options, a target format; written in YAML or on one line.

    name: nnp-to-tflite
    description: NNabla networks to TensorFlow Lite, float32
    frontend: nnp
    backend: tflite
    parameters:                      # what a user may set, with the defaults; passes take them as $name
      batch: 1
    passes:
      - lift-nnp
      - fix-batch-size: {batch: $batch}
      - include: nn-optimize         # another file: a list of passes; its parameters are also those of this one
      - repeat: [canonicalize, fold-constants]

A pipeline is checked whole before any input is read: names, options and their types, and the dialects that each pass
takes and leaves.

From every source to every target there is a pipeline without a file of its own: ``<source>-to-nn`` and then
``nn-to-<target>`` (``tf-to-c``, ``tflite-to-onnx-int8``). ``title`` says what the one reads or the other makes, and
``with`` gives other defaults to parameters of the other half, where it has them. A file for the pair comes first.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from ..ir import pass_manager
from ..ir.diagnostics import Diagnostics, UsageError
from ..ir.location import Location
from . import registry
from .options import make_pass

MOST_INCLUDES = 32


@attrs.frozen
class PassStep:
    """One pass with the options as they were written; an option's text may be ``$parameter``."""

    name: str
    options: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen
class Group:
    """Steps that run again until none of them changes anything."""

    steps: tuple[Step, ...]


Step = PassStep | Group


@attrs.frozen
class Half:
    """What the halves of pipelines, from a source to nn or from there to a target, say of themselves."""

    title: str
    """What it reads or makes."""
    notes: str = ""
    others: Mapping[str, Any] = attrs.field(factory=dict)
    """Defaults for the parameters of the other half: the key ``with``."""


@attrs.frozen
class Pipeline:
    """A pipeline as it was written, with its includes in place."""

    name: str
    steps: tuple[Step, ...]
    frontend: str | None = None
    backend: str | None = None
    description: str = ""
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    source: str = ""
    """The file that it was read from, for messages."""
    half: Half | None = None
    """What it is to the pipelines that it is a half of."""

    def instantiate(self, values: Mapping[str, Any] | None = None) -> list[pass_manager.Step]:
        """The passes, made with their options.

        ``values`` replaces defaults of the parameters. Raises UsageError with everything that is wrong.
        """
        given = dict(values or {})
        diagnostics = Diagnostics()
        where = Location.at(self.source or self.name)
        for key in given:
            if key not in self.parameters:
                known = ", ".join(self.parameters) or "it has none"
                near = difflib.get_close_matches(key, self.parameters, 1)
                hint = f"did you mean {near[0]}? " if near else ""
                diagnostics.error(f"pipeline '{self.name}' has no parameter '{key}'", where, f"{hint}its own: {known}")
        bound = {**self.parameters, **given}
        made = _instantiate(self.steps, bound, where, diagnostics)
        if diagnostics.errors:
            raise UsageError.of(diagnostics.errors)
        return made

    def as_text(self, values: Mapping[str, Any] | None = None) -> str:
        """The passes on one line, for ``--passes``: ``a,b{x=1},(c,d)*``."""
        return _text(self.steps, {**self.parameters, **(values or {})})


def _instantiate(
    steps: Sequence[Step], bound: Mapping[str, Any], where: Location, diagnostics: Diagnostics
) -> list[pass_manager.Step]:
    made: list[pass_manager.Step] = []
    for step in steps:
        if isinstance(step, Group):
            made.append(pass_manager.Repeat(_instantiate(step.steps, bound, where, diagnostics)))
            continue
        try:
            options = {key: _resolve(value, bound, step.name) for key, value in step.options.items()}
            made.append(make_pass(step.name, options))
        except UsageError as error:
            for d in error.diagnostics:
                diagnostics.error(d.message, where, d.remedy)
    return made


def _resolve(value: Any, bound: Mapping[str, Any], name: str) -> Any:
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    if value[1:] not in bound:
        raise UsageError(
            f"pass '{name}' takes '{value}', which is no parameter of the pipeline",
            remedy=f"give it a default under 'parameters'; there are: {', '.join(bound) or 'none'}",
        )
    return bound[value[1:]]


def _text(steps: Sequence[Step], bound: Mapping[str, Any]) -> str:
    parts = []
    for step in steps:
        if isinstance(step, Group):
            parts.append(f"({_text(step.steps, bound)})*")
            continue
        options = {k: _resolve(v, bound, step.name) for k, v in step.options.items()}
        shown = ",".join(f"{k}={_option_text(v)}" for k, v in options.items())
        parts.append(f"{step.name}{{{shown}}}" if shown else step.name)
    return ",".join(parts)


def _option_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ";".join(f"{key}:{_option_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ";".join(map(_option_text, value))
    return "null" if value is None else str(value)


# Reading


def is_pipeline(name: str) -> bool:
    """Whether this names a pipeline, or the file of one."""
    return _is_path(name) or name in registry.pipeline_names()


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name


def load_pipeline(name: str) -> Pipeline:
    """A pipeline by its name, or from a user's own ``.yaml`` file. Raises UsageError."""
    if _is_path(name):
        return _read(Path(name))
    files = registry.pipeline_files()
    if name in files:
        return _read(files[name])
    halves = registry.pipeline_pairs().get(name)
    if halves is None:
        near = difflib.get_close_matches(name, registry.pipeline_names(), 3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "'nncc pipelines' lists them all"
        raise UsageError(f"there is no pipeline '{name}'", remedy=remedy)
    return _joined(name, *map(_read, halves))


def _joined(name: str, first: Pipeline, second: Pipeline) -> Pipeline:
    """The pipeline that takes the way to nn, and then on to a target."""
    parameters = {**second.parameters, **first.parameters}
    one, other = (p.half or Half(p.name) for p in (first, second))
    parameters |= {key: value for key, value in other.others.items() if key in first.parameters}
    parameters |= {key: value for key, value in one.others.items() if key in second.parameters}
    return Pipeline(
        name=name,
        steps=(*first.steps, *second.steps),
        frontend=first.frontend,
        backend=second.backend,
        description=_description(f"{one.title} to {other.title}.", other.notes, one.notes),
        parameters=parameters,
        source=f"{first.source}, {second.source}",
    )


def _description(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _read(path: Path) -> Pipeline:
    data = _yaml(path)
    where = Location.at(str(path))
    if not isinstance(data, dict):
        raise UsageError("expected a mapping with 'passes'", where, "see docs/pipelines.md")
    known = {"name", "title", "description", "frontend", "backend", "parameters", "with", "passes"}
    unknown = sorted(set(map(str, data)) - known)
    if unknown:
        raise UsageError(f"unknown keys {unknown}", where, f"known: {', '.join(sorted(known))}")
    for key in ("frontend", "backend"):
        table = registry.sources() if key == "frontend" else registry.targets()
        if data.get(key) is not None and str(data[key]) not in table:
            raise UsageError(f"{key} '{data[key]}' does not exist", where, f"known: {', '.join(table)}")
    parameters, others = (_defaults(data, key, where) for key in ("parameters", "with"))
    description, half = str(data.get("description", "")).strip(), None
    if "title" in data:
        half = Half(str(data["title"]), description, others)
        ends = f"{half.title} to nn." if data.get("frontend") else f"nn to {half.title}."
        description = _description(ends, description)
    inherited: dict[str, Any] = {}
    steps = _steps(data.get("passes") or [], path, 0, inherited)
    return Pipeline(
        name=str(data.get("name", path.stem)),
        steps=steps,
        frontend=data.get("frontend"),
        backend=data.get("backend"),
        description=description,
        parameters={**inherited, **parameters},
        source=str(path),
        half=half,
    )


def _defaults(data: Mapping[str, Any], key: str, where: Location) -> dict[str, Any]:
    """The names and values under a key."""
    found = data.get(key) or {}
    if not isinstance(found, dict):
        remedy = f"write them as '{key}: {{batch: 1}}'"
        raise UsageError(f"expected '{key}' to be a mapping of names to defaults", where, remedy)
    return found


def _yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "check the path, or choose one of those that 'nncc pipelines' lists"
        raise UsageError(f"cannot read the pipeline: {error.strerror}", Location.at(str(path)), remedy) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise UsageError(f"not valid YAML: {reason}", Location.at(str(path)), "see docs/pipelines.md") from error


def _steps(items: Any, path: Path, depth: int, inherited: dict[str, Any]) -> tuple[Step, ...]:
    """The steps of a list; ``inherited`` gets the parameters of the files that it includes, with their defaults."""
    where = Location.at(str(path))
    if depth > MOST_INCLUDES:
        raise UsageError("the pipelines include each other", where, "take one of the includes out")
    if not isinstance(items, list):
        raise UsageError("expected 'passes' to be a list", where, "write each pass on a line of its own, behind '- '")
    steps: list[Step] = []
    for item in items:
        if isinstance(item, str):
            steps.append(PassStep(item))
        elif not isinstance(item, dict) or len(item) != 1:
            forms = "'name', 'name: {options}', 'include: name' or 'repeat: [...]'"
            raise UsageError(f"expected a pass, got {item!r}", where, f"write it as {forms}")
        else:
            ((key, value),) = item.items()
            steps.extend(_keyed_step(str(key), value, path, depth, inherited))
    return tuple(steps)


def _keyed_step(key: str, value: Any, path: Path, depth: int, inherited: dict[str, Any]) -> Sequence[Step]:
    if key == "include":
        included = _include(str(value), path)
        data = _yaml(included)
        items = data.get("passes") if isinstance(data, dict) else data
        steps = _steps(items or [], included, depth + 1, inherited)
        own = data.get("parameters") if isinstance(data, dict) else None
        inherited.update(own if isinstance(own, dict) else {})
        return steps
    if key == "repeat":
        return [Group(_steps(value, path, depth + 1, inherited))]
    if value is not None and not isinstance(value, dict):
        where, remedy = Location.at(str(path)), f"write them as '{key}: {{option: value}}'"
        raise UsageError(f"expected the options of '{key}' to be a mapping, got {value!r}", where, remedy)
    return [PassStep(key, {str(k): v for k, v in (value or {}).items()})]


def _include(name: str, path: Path) -> Path:
    """A file beside the one that includes it, else a named list."""
    if name.endswith((".yaml", ".yml")):
        return path.parent / name
    beside = path.parent / f"{name}.yaml"
    files = registry.pipeline_files()
    if beside.exists():
        return beside
    if name in files:
        return files[name]
    remedy = f"there are: {', '.join(registry.pipeline_files())}"
    raise UsageError(f"there is no list of passes '{name}' to include", Location.at(str(path)), remedy)
