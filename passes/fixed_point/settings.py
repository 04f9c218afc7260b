"""The types that a user gives to variables: one for all, and others by name in a file.

functions:
  Convolution:
    implement: 0
variables:
  x: FIXED8_6
  conv1/W: FIXED8
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import attrs

from ...ir import Diagnostics, UsageError
from ...ir.dialects.nnb.elements import FIXED8, FIXED16, FLOAT32, POINTS, SIGN

CODES = {"FLOAT32": FLOAT32, "FIXED16": FIXED16, "FIXED8": FIXED8, "SIGN": SIGN}
_SECTIONS = ("functions", "variables")


@attrs.frozen
class VariableType:
    """A type by its number in files; for integers the number of bits behind the point, None where it is to be found."""

    code: int
    point: int | None = None

    @property
    def is_fixed(self) -> bool:
        return self.code in POINTS

    @property
    def bits(self) -> int:
        return POINTS[self.code] + 1

    def __str__(self) -> str:
        name = next(n for n, code in CODES.items() if code == self.code)
        return name if self.point is None else f"{name}_{self.point}"


def parse_type(text: str, what: str) -> VariableType:
    """FLOAT32, FIXED16, FIXED16_7, FIXED8, FIXED8_3 or SIGN. Raises UsageError for anything else."""
    match = re.fullmatch(r"(FLOAT32|FIXED16|FIXED8|SIGN)(?:_(\d+))?", text)
    found = VariableType(CODES[match[1]], None if match[2] is None else int(match[2])) if match else None
    if found is None or (found.point is not None and not found.is_fixed):
        raise UsageError(f"{what}: there is no type '{text}'", remedy="FLOAT32, FIXED16[_n], FIXED8[_n] or SIGN")
    if found.point is not None and found.point > POINTS[found.code]:
        most = POINTS[found.code]
        raise UsageError(f"{what}: {text} has more than {most} bits behind the point", remedy=f"give 0 to {most}")
    return found


@attrs.frozen
class Settings:
    """The types by variable and the implementations by function; ``default`` is the type of other variables."""

    default: VariableType
    variables: Mapping[str, VariableType] = attrs.Factory(dict)
    implementations: Mapping[str, int] = attrs.Factory(dict)

    def type_of(self, name: str) -> VariableType:
        return self.variables.get(name, self.default)


def read_settings(path: Path, default: VariableType) -> Settings:
    """The settings in a YAML file. Raises UsageError that lists all that is wrong in it."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the settings '{path}': {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings '{path}' are no YAML: {error}") from error
    content = {} if content is None else content
    if not isinstance(content, dict) or not all(isinstance(content.get(s) or {}, dict) for s in _SECTIONS):
        raise UsageError(f"the settings '{path}' are no map of functions and variables", remedy="see nncc nnb-template")
    problems = Diagnostics()
    for section in content:
        if section not in _SECTIONS:
            problems.error(f"the settings '{path}' have no section '{section}'", remedy=" or ".join(_SECTIONS))
    variables = _each(content.get("variables"), lambda name, v: parse_type(str(v), f"variable '{name}'"), problems)
    implementations = _each(content.get("functions"), _implementation, problems)
    if problems.errors:
        raise UsageError.of(problems.errors)
    return Settings(default, variables, implementations)


def _each(entries: Mapping[Any, Any] | None, read: Any, problems: Diagnostics) -> dict[str, Any]:
    found = {}
    for name, value in (entries or {}).items():
        try:
            found[str(name)] = read(name, value)
        except UsageError as error:
            problems.add(error)
    return found


def _implementation(name: str, value: Any) -> int:
    number = value.get("implement", 0) if isinstance(value, dict) else None
    if not isinstance(number, int) or not 0 <= number < 1 << 16:
        raise UsageError(f"function '{name}': expected 'implement' with a number from 0 to 65535, got {value!r}")
    return number


def check_names(settings: Settings, functions: Collection[str], variables: Collection[str]) -> None:
    """Raises UsageError where the settings name what the network has not, with the names that are near."""
    problems = Diagnostics()
    for what, named, there in (
        ("function", settings.implementations, functions),
        ("variable", settings.variables, variables),
    ):
        for name in named:
            if name not in there:
                near = difflib.get_close_matches(name, list(there), 3, 0.4)
                remedy = f"near it: {', '.join(near)}" if near else "'nncc nnb-template' lists all names"
                problems.error(f"the network has no {what} '{name}'", remedy=remedy)
    if problems.errors:
        raise UsageError.of(problems.errors)
