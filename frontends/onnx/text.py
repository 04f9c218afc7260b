"""Models as text: in ONNX's own syntax, and in protobuf's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir import CompileError, Location

if TYPE_CHECKING:
    from onnx import ModelProto

_MOST_NESTED = 100
"""Brackets in brackets: the parsers are recursive, and not made for hostile text."""


def parse_text(content: memoryview, extension: str, place: Location) -> ModelProto:
    """The model of an ``.onnxtxt`` or ``.textproto`` file. Raises CompileError."""
    try:
        text = str(content, "utf-8")
    except UnicodeDecodeError as error:
        raise CompileError(f"byte {error.start} of the text is not UTF-8", place, "save it as UTF-8") from error
    _check_nesting(text, place)
    return _parse_onnx(text, place) if extension == ".onnxtxt" else _parse_proto(text, place)


def _check_nesting(text: str, place: Location) -> None:
    depth = 0
    for character in text:
        if character in "{[(<":
            depth += 1
            if depth > _MOST_NESTED:
                raise CompileError(f"brackets are nested more than {_MOST_NESTED} deep", place, "simplify the model")
        elif character in "}])>" and depth:
            depth -= 1


def _parse_onnx(text: str, place: Location) -> ModelProto:
    from onnx import parser

    try:
        return parser.parse_model(text)
    except parser.ParseError as error:
        raise CompileError(f"the text is no ONNX model: {error}", place, "correct the text") from error


def _parse_proto(text: str, place: Location) -> ModelProto:
    from google.protobuf import text_format
    from onnx import ModelProto

    model = ModelProto()
    try:
        text_format.Merge(text, model)
    except (text_format.ParseError, RecursionError) as error:
        raise CompileError(f"the text is no ONNX model: {error}", place, "correct the text") from error
    return model
