"""Passes on one line, ``a,b{x=1},(c,d)*``: what ``--passes`` takes and a pipeline prints as."""

from __future__ import annotations

import re

from ..ir.diagnostics import UsageError
from .pipeline import Group, PassStep, Pipeline, Step


def parse_pass_list(text: str) -> Pipeline:
    """The pipeline ``a,b{x=1,y=2},(c,d)*``; a group in brackets repeats. Raises UsageError."""
    steps, rest = _parse_steps(text.strip(), text)
    if rest:
        raise UsageError(f"passes '{text}': expected ',' or the end at '{rest}'")
    return Pipeline(name="--passes", steps=tuple(steps))


_NAME = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:\{([^{}]*)\})?\s*")


def _parse_steps(text: str, whole: str) -> tuple[list[Step], str]:
    steps: list[Step] = []
    while text and not text.startswith(")"):
        if text.startswith("("):
            inner, rest = _parse_steps(text[1:], whole)
            if not rest.startswith(")*"):
                raise UsageError(f"passes '{whole}': a group ends in ')*'")
            steps.append(Group(tuple(inner)))
            text = rest[2:].lstrip()
        else:
            match = _NAME.match(text)
            if match is None:
                raise UsageError(f"passes '{whole}': expected the name of a pass at '{text}'")
            steps.append(PassStep(match[1], _parse_options(match[2] or "", whole)))
            text = text[match.end() :]
        if text.startswith(","):
            text = text[1:].lstrip()
        elif text and not text.startswith(")"):
            break
    return steps, text


def _parse_options(text: str, whole: str) -> dict[str, str]:
    options = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"passes '{whole}': expected option=value, got '{part}'")
        options[key.strip()] = value.strip()
    return options
