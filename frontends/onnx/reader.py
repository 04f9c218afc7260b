"""Reading a model: ``load`` is what the rest of nncc calls."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ir import CompileError, Diagnostics, Location, Module, UsageError
from ...ir.dialects.onnx.inference import infer_types
from ...ir.dialects.onnx.wire import PATHS
from ...ir.wire import LightModel, Malformed, Tokens, take_out
from ..files import map_file
from ..input_shapes import override_shapes
from .external import ExternalFiles, TensorReader
from .importer import import_module
from .overrides import cut
from .strings import check_strings

if TYPE_CHECKING:
    from onnx import ModelProto

_AGAIN = "copy or export the file again"


def load(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    input_shape: Mapping[str, Sequence[int | str | None]] | Sequence[str] | str | None = None,
    outputs: Sequence[str] | str | None = None,
    diagnostics: Diagnostics | None = None,
) -> Module:
    """A model in the onnx dialect, with everything that its file holds.

    ``paths`` is one file: ``.onnx``, or a text, ``.onnxtxt`` in ONNX's own syntax or ``.textproto`` in protobuf's.
    ``input_shape`` gives inputs other shapes: ``{"x": (1, 3, "h", "w")}``, or texts ``"x=1,3,h,w"``. ``outputs`` cuts
    the graph: its outputs become these tensors, and what they do not need is left out. Weights are views of the mapped
    file, and of the files of external data, which must lie in the folder of the model or below. Functions of the model
    are expanded.

    Raises CompileError with everything that is wrong with the file, UsageError for inputs and tensors that are not
    there.
    """
    problems = Diagnostics()
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if len(listed) != 1:
        raise UsageError(f"an ONNX model is one file, got {len(listed)}", remedy="give the .onnx file alone")
    path = Path(listed[0])
    light, model = _read(path)
    module = Module()
    import_module(model, str(path), TensorReader(module, light, ExternalFiles(path.parent)), problems)
    if outputs is not None:
        cut(module, [outputs] if isinstance(outputs, str) else outputs)
    if input_shape is not None:
        override_shapes(module, input_shape)
    infer_types(module, problems)
    problems.raise_if_errors()
    if diagnostics is not None:
        diagnostics.items += problems.items
    return module


def _read(path: Path) -> tuple[LightModel, ModelProto]:
    place = Location.at(str(path))
    try:
        content = map_file(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CompileError(f"the file cannot be read: {reason}", place, "check the path and its permissions") from error
    if not content:
        raise CompileError("the file is empty", place, _AGAIN)
    if path.suffix.lower() == ".onnx":
        light, model = _parse(content, place)
    else:
        light, model = LightModel(b"", Tokens(), []), _parse_text(content, path, place)
    if not model.HasField("graph"):
        raise CompileError("the file holds no graph: it is no ONNX model", place, "give an .onnx file")
    check_strings(model, place)
    return light, model


def _parse(content: memoryview, place: Location) -> tuple[LightModel, ModelProto]:
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        light = take_out(content, PATHS)
        model = ModelProto()
        model.ParseFromString(light.message)
    except (Malformed, DecodeError) as error:
        raise CompileError(f"the file is truncated, damaged, or no ONNX model: {error}", place, _AGAIN) from error
    light.message = b""
    return light, model


def _parse_text(content: memoryview, path: Path, place: Location) -> Any:
    from .text import parse_text

    return parse_text(content, path.suffix.lower(), place)
