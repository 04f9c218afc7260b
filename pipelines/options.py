"""Options of passes: from text or YAML to typed values, and passes written on one line."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from ..ir.diagnostics import UsageError
from ..ir.passes import Pass
from . import registry


def make_pass(name: str, options: Mapping[str, Any]) -> Pass:
    """The pass of a name with its options. Raises UsageError where the name, an option or a value is wrong."""
    definition = registry.find_pass(name)
    fields = {f.name: f for f in definition.options()}
    hints = typing.get_type_hints(definition)
    values = {}
    for key, value in options.items():
        field = key.replace("-", "_")
        if field not in fields:
            near = difflib.get_close_matches(field, fields, 1)
            own = ", ".join(fields) or "it has none"
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"pass '{name}' has no option '{key}'", remedy=f"{hint}its own: {own}")
        values[field] = _typed(value, hints[field], f"option '{key}' of pass '{name}'")
    try:
        return definition(**values)
    except (ValueError, TypeError) as error:  # an attrs validator of the pass says what it wants
        raise UsageError(f"pass '{name}': {error}", remedy=f"'nncc passes {name}' tells what it takes") from error


def _typed(value: Any, hint: Any, what: str) -> Any:
    """``value`` as the type of the field says; text, as the command line gives it, is read. Raises UsageError."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        choices = typing.get_args(hint)
        if type(None) in choices and (value is None or value == "null"):
            return None
        for choice in choices:
            if choice is not type(None):
                try:
                    return _typed(value, choice, what)
                except UsageError:
                    continue
        raise _wrong(what, hint, value)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [v for v in re.split(r"[;\s]+", str(value)) if v]
        return tuple(_typed(v, typing.get_args(hint)[0], what) for v in items)
    if origin is Mapping:
        pairs = value.items() if isinstance(value, Mapping) else _read_pairs(value, hint, what)
        key_hint, value_hint = typing.get_args(hint)
        return {_typed(k, key_hint, what): _typed(v, value_hint, what) for k, v in pairs}
    if hint is Any or (isinstance(hint, type) and type(value) is hint):
        return value
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(value, str) and hint in (int, float, bool):
        return _read_text(value, hint, what)
    raise _wrong(what, hint, value)


def _read_text(text: str, hint: type, what: str) -> Any:
    if hint is bool:
        words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
        if text.lower() in words:
            return words[text.lower()]
        raise _wrong(what, hint, text)
    try:
        return hint(text)
    except ValueError:
        raise _wrong(what, hint, text) from None


def _read_pairs(text: Any, hint: Any, what: str) -> list[list[str]]:
    """``T:7;U:8``"""
    pairs = [pair.split(":", 1) for pair in re.split(r"[;\s]+", str(text)) if pair]
    if not isinstance(text, str) or not all(len(pair) == 2 for pair in pairs):
        raise _wrong(what, hint, text)
    return pairs


def _wrong(what: str, hint: Any, value: Any) -> UsageError:
    return UsageError(f"{what}: expected {type_text(hint)}, got {value!r}", remedy="'nncc passes' lists all options")


def type_text(hint: Any) -> str:
    """A type as users read it: ``int``, ``int | None``, ``Mapping[str, int]``."""
    plain = typing.get_origin(hint) is None and isinstance(hint, type)
    return hint.__name__ if plain else re.sub(r"\b(typing|collections\.abc)\.", "", str(hint))
