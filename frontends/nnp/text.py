"""Networks and parameters in protobuf's text format."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from ...ir import CompileError, Location
from ...ir.dialects.nnp.schema import message_class
from ...ir.types import Array
from .functions import unknown_types

# A parameter as every writer lays it out, and a looser look at where any parameter may begin.
_PARAMETER = re.compile(
    r'^parameter \{\n  variable_name: "(?:[^"\\\n]|\\.)*"\n(?:  shape \{\n(?:    dim: \d+\n)*  \}\n)?'
    r"(?P<data>(?:  data: [-+.\deE]+\n)+)(?:  need_grad: \w+\n)?\}",
    re.MULTILINE,
)
_MAYBE_PARAMETER = re.compile(r"\bparameter\s*[:{<]")


def parse_text(content: memoryview, location: Location) -> tuple[Any, list[Array | None]]:
    """The root message of a text, and for each of its parameters the data (None: it stands in the message).

    Raises CompileError with line and column, or with all unknown function types at once.
    """
    try:
        text = str(content, "utf-8")
    except UnicodeDecodeError as error:
        line = bytes(content[: error.start]).count(b"\n") + 1
        raise CompileError(
            f"line {line}: byte {error.start} is not UTF-8", location, "save the file as UTF-8 text, or export it again"
        ) from error
    text, data = _take_data(text)
    message = _merge(text, location)
    return message, data or [None] * len(message.parameter)


def _take_data(text: str) -> tuple[str, list[Array | None]]:
    """Cut the numbers of parameters out of the text: the parser makes an object of each, numpy doesn't.

    Only where every parameter has the layout that writers give it, so that numbers and parameters correspond.
    """
    spans = [match.span("data") for match in _PARAMETER.finditer(text)]
    if len(spans) != len(_MAYBE_PARAMETER.findall(text)):
        return text, []
    pieces: list[str] = []
    data: list[Array | None] = []
    end = 0
    for start, stop in spans:
        lines = text[start:stop]
        values = _numbers(lines)
        if values is None:
            return text, []
        data.append(values)
        pieces += [text[end:start], "\n" * len(values)]  # the lines of what follows keep their numbers
        end = stop
    return "".join([*pieces, text[end:]]), data


def _numbers(lines: str) -> Array | None:
    """The numbers of ``data:`` lines; None where one of them is no number (the parser says which)."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's way to say that it stopped early
        try:
            values = np.fromstring(lines.replace("data:", ""), np.float64, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
    return values.astype(np.float32) if len(values) == lines.count("\n") else None


def _merge(text: str, location: Location) -> Any:
    from google.protobuf import text_format

    message = message_class()()
    try:
        text_format.Merge(text, message)
    except text_format.ParseError as error:
        unknown = _unknown_types(text, location)
        if unknown is not None:
            raise unknown from error
        place = f"line {error.GetLine()}, column {error.GetColumn()}: " if error.GetLine() else ""
        reason = str(error).split(" : ", 1)[-1]
        raise CompileError(
            f"{place}the text is not a sound NNP network: {reason}",
            location,
            "correct the line, or export the file again",
        ) from error
    except RecursionError as error:
        raise CompileError("messages are nested too deeply", location, "export the file again") from error
    return message


def _unknown_types(text: str, location: Location) -> CompileError | None:
    """All function types that nncc does not know, where that is why the text cannot be parsed."""
    from google.protobuf import text_format

    message = message_class()()
    try:
        text_format.Merge(text, message, allow_unknown_field=True)
    except (text_format.ParseError, RecursionError):
        return None
    problems = unknown_types(message, location)
    return CompileError.of(problems) if problems else None
