"""Expected errors and warnings of IR text, as MLIR's tools write them.

// expected-error@below {{'nn.conv' op expected}}
"nn.conv"(...)                       // expected-warning {{on the line of the comment}}

Behind ``expected-error`` and ``expected-warning`` stand ``@above``, ``@below``, ``@+N``, ``@-N`` or, for a diagnostic
without a line, ``@unknown``; the braces hold a part of its message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from ..ir.diagnostics import Diagnostic, Severity
from ..ir.location import Location

_COMMENT = re.compile(r"//\s*expected-(error|warning)(?:@(above|below|unknown|[+-]\d+))?\s*\{\{(.*?)\}\}")
_OFFSETS = {"": "0", "above": "-1", "below": "+1"}


@attrs.frozen
class Expected:
    """A diagnostic that a comment announces: on ``line``, or None where it has no line."""

    severity: Severity
    line: int | None
    text: str
    comment_line: int

    def fits(self, found: Diagnostic) -> bool:
        return self.severity is found.severity and self.line == _line(found) and self.text in found.message


def expected_diagnostics(text: str) -> list[Expected]:
    """What the comments of a text announce, in their order."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for severity, place, part in _COMMENT.findall(line):
            at = None if place == "unknown" else number + int(_OFFSETS.get(place, place))
            found.append(Expected(Severity(severity), at, part, number))
    return found


def mismatches(text: str, file: str, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """An error for each announced diagnostic that was not found, and for each that was found unannounced."""
    missing = expected_diagnostics(text)
    problems = []
    for found in dict.fromkeys(diagnostics):
        match = next((e for e in missing if e.fits(found)), None)
        if match is not None:
            missing.remove(match)
        else:
            message = f"unexpected {found.severity.value}: {found.message}"
            problems.append(attrs.evolve(found, severity=Severity.ERROR, message=message))
    for expected in missing:
        message = f"the expected {expected.severity.value} did not come: {expected.text}"
        problems.append(Diagnostic(Severity.ERROR, message, Location.at(file, index=expected.comment_line)))
    return problems


def _line(diagnostic: Diagnostic) -> int | None:
    """The line of IR text that a diagnostic points to."""
    for origin in diagnostic.location.origins[:1]:
        if not origin.scope and not origin.name:
            return origin.index
    return None
