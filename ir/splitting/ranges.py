"""Ranges of functions as users write them: ``3-70,71-``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ..diagnostics import UsageError

Range = tuple[int, int]
"""The numbers of the first and the last function, both in the range."""

_RANGE = re.compile(r"\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)
_FORM = "write FIRST-LAST, FIRST- or -LAST, with commas between ranges: 0-2,3-"


def parse_ranges(text: str, count: int) -> Sequence[Range]:
    """The ranges of a text, for a model of ``count`` functions. Raises UsageError with everything that is wrong."""
    problems: list[UsageError] = []
    found: list[tuple[str, Range]] = []
    for part in text.split(","):
        try:
            found.append((part.strip(), _parse(part, count)))
        except UsageError as error:
            problems.append(error)
    ordered = sorted(found, key=lambda pair: pair[1])
    for (one, (_, last)), (other, (first, _)) in itertools.pairwise(ordered):
        if first <= last:
            problems.append(
                UsageError(f"--split: the ranges {one} and {other} overlap", remedy="end one before the other begins")
            )
    if problems:
        raise UsageError.of([d for p in problems for d in p.diagnostics])
    return [pair[1] for pair in found]


def _parse(text: str, count: int) -> Range:
    match = _RANGE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise UsageError(f"--split: '{text.strip()}' is no range", remedy=_FORM)
    first, last = int(match[1] or 0), int(match[2] or count - 1)
    if first >= count or last >= count:
        there = f"they are numbered 0 to {count - 1}" if count else "it has none"
        raise UsageError(
            f"--split: the range {text.strip()} names a function that the model does not have",
            remedy=f"{there}: 'nncc dump -F' lists them",
        )
    if first > last:
        raise UsageError(f"--split: the range {text.strip()} ends before it begins", remedy=_FORM)
    return first, last
