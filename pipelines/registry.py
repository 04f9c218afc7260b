"""What exists: file formats, passes and pipelines, those of nncc and those of plugins.

A plugin is a module that is named on the command line (``--plugin my.module``), or by an entry point of the group
``nncc.plugins``. Importing it registers what it adds: passes and operations by defining their classes, formats with
:func:`register_source` and :func:`register_target`, folders of pipelines with :func:`register_pipelines`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs

from ..ir.diagnostics import UsageError
from ..ir.passes import Pass, lookup_pass, registered_passes

PLUGIN_GROUP = "nncc.plugins"


@attrs.frozen
class Format:
    """A file format on one side of the compiler.

    ``module`` is imported when the format is used. Of a source it has ``load(paths, **options) -> Module``, of a target
    ``save(module, path, **options)``; ``dialect`` is what the one gives and the other takes.
    """

    name: str
    dialect: str
    extensions: tuple[str, ...]
    module: str
    description: str
    options: tuple[str, ...] = ()
    """The options of the command line that ``load`` or ``save`` takes, by their Python names."""
    is_folder: bool = False
    """Whether ``save`` makes a folder; its files replace those of the same names in one that exists."""
    reads_folders: bool = False
    """Whether ``load`` takes a folder."""
    alone: tuple[str, ...] = ()
    """Extensions of files that are a model only if given alone: other formats have them for parts of one."""
    aliases: tuple[str, ...] = ()
    """Further names on the command line: those of NNabla's converter. ``TF_PB`` is read as ``tf-pb``."""

    def check_options(self, given: Iterable[str]) -> None:
        """Raises UsageError where the format has no option of one of these names."""
        unknown = sorted(set(given) - set(self.options))
        if unknown:
            known = ", ".join(self.options) or "it has none"
            raise UsageError(f"format '{self.name}' has no option {', '.join(unknown)}", remedy=f"its own: {known}")

    def function(self, name: str) -> Callable[..., Any]:
        """``load`` or ``save``."""
        found: Callable[..., Any] = getattr(importlib.import_module(self.module), name)
        return found


_SOURCES: dict[str, Format] = {}
_TARGETS: dict[str, Format] = {}
_PIPELINE_FOLDERS: list[Path] = [Path(__file__).parent]


def register_source(format: Format) -> None:
    """Add a format that can be read."""
    _SOURCES[format.name] = format


def register_target(format: Format) -> None:
    """Add a format that can be written."""
    _TARGETS[format.name] = format


def register_pipelines(folder: Path) -> None:
    """Add a folder of ``<name>.yaml`` files; its pipelines are found before those of nncc."""
    _PIPELINE_FOLDERS.insert(0, folder)


register_source(
    Format(
        "nnp",
        "nnp",
        (".nnp", ".nntxt", ".prototxt", ".protobuf", ".h5"),
        "nncc.frontends.nnp",
        "NNabla: an archive, or any mix of its parts",
        ("executor", "network", "seed", "allow_nan", "diagnostics"),
    )
)
register_source(
    Format(
        "onnx",
        "onnx",
        (".onnx", ".onnxtxt", ".textproto"),
        "nncc.frontends.onnx",
        "ONNX: a binary file, or a text of either syntax",
        ("input_shape", "outputs", "diagnostics"),
    )
)
register_source(
    Format(
        "tflite",
        "tfl",
        (".tflite",),
        "nncc.frontends.tflite",
        "TensorFlow Lite (LiteRT)",
        ("input_shape", "signature", "diagnostics"),
    )
)
register_source(
    Format(
        "tf",
        "tf",
        (".pb", ".keras", ".meta", ".index", ".ckpt"),
        "nncc.frontends.tf",
        "TensorFlow: a frozen graph, a SavedModel, a checkpoint, or a Keras model",
        ("signature", "inputs", "outputs", "input_shape", "diagnostics"),
        reads_folders=True,
        alone=(".h5",),
        aliases=("tf-pb", "saved-model", "tf-ckpt-v1", "tf-ckpt-v2"),
    )
)
register_source(Format("nnb", "nnb", (".nnb",), "nncc.frontends.nnb", "networks of nnabla-c-runtime", ("diagnostics",)))
register_source(Format("mlir", "", (".mlir",), "nncc.pipelines.ir_text", "nncc's IR as text, of any stage"))
register_target(
    Format(
        "nnp",
        "nnp",
        (".nnp", ".nntxt"),
        "nncc.backends.nnp",
        "NNabla",
        ("nnp_parameter_h5", "nnp_parameter_nntxt", "nnp_exclude_parameter"),
    )
)
register_target(Format("onnx", "onnx", (".onnx",), "nncc.backends.onnx", "ONNX", ("ir_version", "external_data")))
register_target(Format("tflite", "tfl", (".tflite",), "nncc.backends.tflite", "TensorFlow Lite (LiteRT)"))
register_target(
    Format("nnb", "nnb", (".nnb",), "nncc.backends.nnb", "networks of nnabla-c-runtime", ("nnb_version", "api_level"))
)
register_target(
    Format(
        "c",
        "c",
        (),
        "nncc.backends.c",
        "C source with no library but libc and libm",
        ("external_data",),
        is_folder=True,
    )
)
register_target(Format("tf-pb", "tf", (".pb",), "nncc.backends.tf.frozen", "TensorFlow: a frozen graph"))
register_target(
    Format("saved-model", "tf", (), "nncc.backends.tf.saved_model", "TensorFlow: a SavedModel", is_folder=True)
)
register_target(
    Format(
        "c-nnablart",
        "nnb",
        (),
        "nncc.backends.c_nnablart",
        "C source for nnabla-c-runtime",
        is_folder=True,
        aliases=("csrc",),
    )
)
register_target(
    Format("mlir", "", (".mlir",), "nncc.pipelines.ir_text", "nncc's IR as text, of any stage", ("constants",))
)


def sources() -> dict[str, Format]:
    """The formats that can be read, by name."""
    return dict(_SOURCES)


def targets() -> dict[str, Format]:
    """The formats that can be written, by name."""
    return dict(_TARGETS)


def source_of(paths: Iterable[Path], name: str | None = None) -> Format:
    """The source format of the given name, else the one that the extensions say. Raises UsageError."""
    return _format(_SOURCES, list(paths), name, "read")


def target_of(path: Path, name: str | None = None) -> Format:
    """The target format of the given name, else the one that the extension says. Raises UsageError."""
    return _format(_TARGETS, [path], name, "written")


def _format(table: dict[str, Format], paths: list[Path], name: str | None, verb: str) -> Format:
    known = "; ".join(f"{f.name} ({' '.join(f.extensions)})" for f in table.values())
    if name is not None:
        plain = name.lower().replace("_", "-")
        named = next((f for f in table.values() if plain in (f.name, *f.aliases)), None)
        if named is None:
            raise UsageError(f"there is no format '{name}' that can be {verb}", remedy=f"these can be: {known}")
        return named
    if verb == "read" and len(paths) == 1:
        for format in table.values():
            if _is_alone(format, paths[0]):
                return format
    for path in paths:
        for format in table.values():
            if path.suffix.lower() in format.extensions:
                return format
    shown = ", ".join(str(p) for p in paths)
    reason = f"the extension of '{shown}' does not say a format that can be {verb}"
    raise UsageError(reason, remedy=f"name it with {'-I' if verb == 'read' else '-O'}; known: {known}")


def _is_alone(format: Format, path: Path) -> bool:
    """Whether a path is a model of a format where no other is given."""
    return path.suffix.lower() in format.alone or (format.reads_folders and path.is_dir())


# Passes and plugins

_HOMES = (
    ("lift-tfl", "nncc.frontends.tflite.lift"),  # the dialect has another name than the format
    ("lift-", "nncc.frontends.{}.lift"),
    ("lower-to-", "nncc.lowering.{}.lower"),
    ("expand-for-", "nncc.lowering.{}.expand"),
)
"""The modules of passes whose names begin so, by what follows; all others are in ``nncc.passes``."""


def find_pass(name: str) -> type[Pass]:
    """The pass of a name. Raises UsageError, with the nearest names, where there is none.

    It is looked for where its name says: a pipeline imports the passes that it is made of, and no others.
    """
    load_plugins()
    for module in _homes(name):
        _import_if_there(module)
    if name not in registered_passes():
        load_passes()
    return lookup_pass(name)


def _homes(name: str) -> list[str]:
    """The modules that may define a pass: that of its name, else those of its family, which has the first word."""
    word = name.replace("-", "_")
    for beginning, module in _HOMES:
        if name.startswith(beginning):
            return [module.format(word[len(beginning) :])]
    package = importlib.import_module("nncc.passes")
    modules = [found.name for found in pkgutil.iter_modules(package.__path__)]
    family = word.partition("_")[0]
    found = [word] if word in modules else [m for m in modules if m.startswith(f"{family}_")]
    return [f"nncc.passes.{m}" for m in found]


def _import_if_there(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise


@functools.cache
def load_passes() -> None:
    """Import every module of nncc that may define passes, and the plugins that are installed."""
    for package in ("nncc.passes", "nncc.frontends", "nncc.lowering"):
        _import_all(package)
    load_plugins()


@functools.cache
def load_plugins() -> None:
    """Import the plugins that are installed."""
    for entry in importlib.metadata.entry_points(group=PLUGIN_GROUP):
        entry.load()


def _import_all(package: str) -> None:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, f"{package}."):
        importlib.import_module(found.name)


def load_plugin(name: str) -> None:
    """Import a plugin. Raises UsageError where there is no such module."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise UsageError(f"plugin '{name}' needs the module '{error.name}', which is not installed") from error
        raise UsageError(f"there is no plugin module '{name}'", remedy="is its folder on PYTHONPATH?") from error


def passes() -> dict[str, type[Pass]]:
    """Every pass that exists, by name."""
    load_passes()
    return registered_passes()


# Pipelines


def pipeline_files() -> dict[str, Path]:
    """The YAML files of all named pipelines and pass lists, by name."""
    found: dict[str, Path] = {}
    for folder in _PIPELINE_FOLDERS:
        for path in sorted(folder.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def pipeline_pairs() -> dict[str, tuple[Path, Path]]:
    """The pipelines through nn that have no file of their own, by name: the files of their two halves.

    Halves are ``<source>-to-nn`` and ``nn-to-<target>``, where the target is a format, maybe in 8 bits.
    """
    files = pipeline_files()
    kinds = (f"{name}{suffix}" for name in _TARGETS for suffix in ("", "-int8"))
    ends = {kind: files[f"nn-to-{kind}"] for kind in kinds if f"nn-to-{kind}" in files}
    beginnings = {name: files[f"{name}-to-nn"] for name in _SOURCES if f"{name}-to-nn" in files}
    pairs = {f"{s}-to-{t}": (first, second) for s, first in beginnings.items() for t, second in ends.items()}
    return {name: halves for name, halves in pairs.items() if name not in files}


def pipeline_names() -> list[str]:
    """The names of all pipelines and pass lists."""
    return sorted([*pipeline_files(), *pipeline_pairs()])
