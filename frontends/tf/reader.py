"""Reading a model: ``load`` is what the rest of nncc calls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...ir import CompileError, Diagnostics, Location, Module, UsageError
from ..input_shapes import override_shapes
from .checkpoint import freeze_checkpoint
from .frozen import Graph, parse_graph, read_frozen
from .importer import import_graph
from .interface import Interface
from .keras_file import freeze_keras
from .saved_model import freeze_saved_model


def load(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    signature: str | None = None,
    inputs: Sequence[str] | str | None = None,
    outputs: Sequence[str] | str | None = None,
    input_shape: Mapping[str, Sequence[int | str | None]] | Sequence[str] | str | None = None,
    diagnostics: Diagnostics | None = None,
) -> Module:
    """A model in the tf dialect: the graph that leads to the outputs, with its variables as constants.

    ``paths`` is one of: a frozen graph (``.pb``), the folder of a SavedModel, a checkpoint (``m.ckpt``, ``m.ckpt.meta``
    or ``m.ckpt.index``), a file of Keras (``.keras``, ``.h5``). ``signature`` chooses one of a SavedModel. ``inputs``
    and ``outputs`` name tensors of a graph, which become the ports: a checkpoint needs them, a frozen graph has
    placeholders and what nothing takes unless they are given. ``input_shape`` gives inputs other shapes.

    Only a frozen graph is read without TensorFlow. Raises CompileError with what is wrong with the file, UsageError for
    ports and signatures that are not there.
    """
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if len(listed) != 1:
        raise UsageError(f"a TensorFlow model is one file or folder, got {len(listed)}", remedy="give it alone")
    path = Path(listed[0])
    graph, interface = _read(path, signature, inputs, outputs)
    module = Module()
    try:
        import_graph(graph, str(path), interface, module)
    except ValueError as error:
        raise CompileError(f"the graph cannot be read: {error}", Location.at(str(path)), "export it again") from error
    if input_shape is not None:
        override_shapes(module, input_shape)
    return module


def _read(
    path: Path, signature: str | None, inputs: Sequence[str] | str | None, outputs: Sequence[str] | str | None
) -> tuple[Graph, Interface]:
    """The graph of a model, its variables frozen, and its ports."""
    kind = kind_of(path)
    if signature is not None and kind != "SavedModel":
        raise UsageError(f"a {kind} has no signatures", Location.at(str(path)), "leave out --signature")
    if kind == "frozen graph":
        return read_frozen(path), Interface.of(inputs, outputs)
    if kind == "checkpoint":
        data, interface = freeze_checkpoint(path, inputs, outputs)
    elif inputs is not None or outputs is not None:
        raise UsageError(
            f"a {kind} has inputs and outputs of its own", Location.at(str(path)), "leave out --inputs and --outputs"
        )
    elif kind == "SavedModel":
        data, interface = freeze_saved_model(path, signature)
    else:
        data, interface = freeze_keras(path)
    return parse_graph(memoryview(data), Location.at(str(path))), interface


def kind_of(path: Path) -> str:
    """What a path is: its name says it. Raises UsageError."""
    if path.is_dir() or path.name == "saved_model.pb":
        return "SavedModel"
    suffix = path.suffix.lower()
    if suffix == ".pb":
        return "frozen graph"
    if suffix in (".keras", ".h5"):
        return "Keras model"
    if suffix in (".meta", ".index", ".ckpt") or ".ckpt" in path.name:
        return "checkpoint"
    raise UsageError(f"'{path}' is no file of TensorFlow", remedy="give .pb, .keras, .h5, .ckpt.meta, or a SavedModel")
