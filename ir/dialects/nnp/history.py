"""What earlier releases of NNabla 1 knew of the functions of 1.39: ``history.json``.

``functions`` lists by release what it added, ``ports`` the inputs and outputs that came later than their function,
``arguments`` the arguments that did, with what the function does without them. No function of these releases is gone.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import attrs

from ...diagnostics import UsageError
from .functions import FunctionOp

Release = tuple[int, ...]


@attrs.frozen
class History:
    """When functions, ports (function, port) and arguments (function, argument) came; those not listed were always."""

    releases: tuple[Release, ...]
    functions: dict[str, Release]
    ports: dict[tuple[str, str], Release]
    arguments: dict[tuple[str, str], tuple[Release, Any]]


@functools.cache
def history() -> History:
    """The table."""
    rows = json.loads(Path(__file__).with_name("history.json").read_text(encoding="utf-8"))
    return History(
        tuple(map(_release, rows["releases"])),
        {name: _release(since) for since, names in rows["functions"].items() for name in names},
        {(name, port): _release(since) for name, port, since in rows["ports"]},
        {(name, argument): (_release(since), without) for name, argument, since, without in rows["arguments"]},
    )


def _release(text: str) -> Release:
    return tuple(map(int, text.split(".")))


def release_of(text: str) -> Release | None:
    """The release that a text names (1.20.0, or 1.20); None where there is none."""
    parts = text.removeprefix("v").split(".")
    if not all(part.isdigit() for part in parts):
        return None
    found = tuple(map(int, parts)) + (0,) * (3 - len(parts))
    return found if found in history().releases else None


def expect_release(text: str, who: str) -> Release | None:
    """The release that an option names; None for the newest, where it is empty.

    Raises UsageError for any other text.
    """
    release = release_of(text) if text else None
    if text and release is None:
        first, *_, last = map(shown, history().releases)
        raise UsageError(
            f"{who}: there is no release '{text}' of NNabla", remedy=f"those from {first} to {last} are known"
        )
    return release


def shown(release: Release) -> str:
    """A release as text."""
    return ".".join(map(str, release))


def unknown_arguments(function: FunctionOp, release: Release) -> dict[str, Any]:
    """The arguments of a function that a release does not know, with what it does without them."""
    name = function.function_type.name
    entries = ((a, history().arguments.get((name, a))) for a in function.argument_names)
    return {a: entry[1] for a, entry in entries if entry is not None and entry[0] > release}


def misfit(function: FunctionOp, release: Release) -> str:
    """Why a release cannot run a function; empty where it can."""
    table, kind = history(), function.function_type
    since = table.functions.get(kind.name, (0,))
    if since > release:
        return f"came with NNabla {shown(since)}"
    for port, value in _ports(function):
        since = table.ports.get((kind.name, port), (0,))
        if value and since > release:
            return f"has '{port}' where it has it since NNabla {shown(since)}"
    for argument, without in unknown_arguments(function, release).items():
        if not _is_default(getattr(function, argument), without):
            since = table.arguments[kind.name, argument][0]
            return f"has the argument '{argument}', which NNabla knows since {shown(since)}"
    return ""


def _ports(function: FunctionOp) -> list[tuple[str, bool]]:
    """The inputs and outputs by name, and whether each is there."""
    kind = function.function_type
    if kind.is_variadic:
        return []
    given = list(function.operands) + [None] * len(kind.inputs)
    inputs = [(port.name, value is not None) for port, value in zip(kind.inputs, given, strict=False)]
    return inputs + [(port.name, i < len(function.results)) for i, port in enumerate(kind.outputs)]


def _is_default(value: Any, without: Any) -> bool:
    """Whether an argument says what the function does without it; a shape of one number everywhere is that number."""
    if isinstance(value, tuple):
        return all(v == without for v in value)
    return bool(value == without)
