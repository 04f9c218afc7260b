"""Reading a model: ``load`` is what the rest of nncc calls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...ir import CompileError, Diagnostics, Location, Module, UsageError
from ..files import map_file
from ..input_shapes import override_shapes
from .flatbuffer import IDENTIFIER, Content, Malformed
from .importer import import_module

_AGAIN = "copy or export the file again"


def load(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    input_shape: Mapping[str, Sequence[int | str | None]] | Sequence[str] | str | None = None,
    signature: str | None = None,
    diagnostics: Diagnostics | None = None,
) -> Module:
    """A model in the tfl dialect, with everything that its file holds.

    ``paths`` is one ``.tflite`` file. The main function is the subgraph of the ``signature``, the first of the file
    unless one is named; subgraphs of other signatures are further functions, those of IF and WHILE are regions. Ports
    have the names of the signature, else those of their tensors. ``input_shape`` gives inputs other shapes:
    ``{"x": (1, 224, 224, 3)}``, or texts ``"x=1,224,224,3"``. Weights are views of the mapped file; sparse ones
    become dense, and DENSIFY is gone.

    Raises CompileError with everything that is wrong with the file, UsageError for signatures and inputs that are not
    there.
    """
    problems = Diagnostics()
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if len(listed) != 1:
        raise UsageError(f"a TFLite model is one file, got {len(listed)}", remedy="give the .tflite file alone")
    path = Path(listed[0])
    place = Location.at(str(path))
    try:
        content = Content(map_file(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(f"the file cannot be read: {reason}", place, "check the path and its permissions") from error
    if bytes(content.bytes[4:8]) != IDENTIFIER:
        found = bytes(content.bytes[4:8])
        raise CompileError(f"the file is no TFLite model: it is marked {found!r}, not {IDENTIFIER!r}", place, _AGAIN)
    try:
        module = import_module(content, str(path), signature, problems)
    except Malformed as error:
        raise CompileError(f"the file is truncated or damaged: {error}", place, _AGAIN) from error
    problems.raise_if_errors()
    if input_shape is not None:
        override_shapes(module, input_shape)
    if diagnostics is not None:
        diagnostics.items += problems.items
    return module
