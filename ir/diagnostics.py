"""Errors and warnings as users read them: place, reason, remedy; all of them at once.

Code that meets a problem reports it to a :class:`Diagnostics` and goes on where it can; at the end of the stage
``raise_if_errors`` ends the compilation with everything that was found.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TypeVar

import attrs

from .location import UNKNOWN, Location

_Error = TypeVar("_Error", bound="NnccError")


class Severity(enum.Enum):
    """How bad a diagnostic is."""

    WARNING = "warning"
    ERROR = "error"


@attrs.frozen
class Diagnostic:
    """One message: where it is (``location``), what is wrong (``message``), and what to do (``remedy``)."""

    severity: Severity
    message: str
    location: Location = UNKNOWN
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        remedy = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.severity.value}: {self.message}{remedy}"


class NnccError(Exception):
    """Base of all errors that are the user's business. ``exit_status`` is what the program ends with."""

    exit_status = 1

    def __init__(self, message: str, location: Location = UNKNOWN, remedy: str = "") -> None:
        super().__init__(message)
        self.diagnostics: tuple[Diagnostic, ...] = (Diagnostic(Severity.ERROR, message, location, remedy),)

    @classmethod
    def of(cls: type[_Error], diagnostics: Sequence[Diagnostic]) -> _Error:
        """One error out of many diagnostics."""
        error = cls(diagnostics[0].message)
        error.diagnostics = tuple(diagnostics)
        return error

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))


class CompileError(NnccError):
    """The model could not be read, converted or written."""


class VerifyError(CompileError):
    """The IR breaks a rule of an operation or of SSA; worded as in MLIR: ``'nn.conv' op expected ...``."""


class UsageError(NnccError):
    """The command line, a pipeline file or an option is wrong."""

    exit_status = 2


@attrs.define
class Diagnostics:
    """Collects what is found in one compilation."""

    items: list[Diagnostic] = attrs.Factory(list)

    def error(self, message: str, location: Location = UNKNOWN, remedy: str = "") -> None:
        self.items.append(Diagnostic(Severity.ERROR, message, location, remedy))

    def warning(self, message: str, location: Location = UNKNOWN, remedy: str = "") -> None:
        self.items.append(Diagnostic(Severity.WARNING, message, location, remedy))

    def add(self, error: NnccError) -> None:
        """Keep the diagnostics of an error that was raised below."""
        self.items.extend(error.diagnostics)

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.items if d.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Diagnostic]:
        return [d for d in self.items if d.severity is Severity.WARNING]

    def raise_if_errors(self) -> None:
        """Raises CompileError with every error that was reported."""
        if self.errors:
            raise CompileError.of(self.errors)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)
