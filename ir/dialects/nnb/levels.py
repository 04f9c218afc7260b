"""API levels: which functions, with which arguments, a runtime knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...diagnostics import Diagnostics, UsageError, VerifyError
from .functions import NnbFunction
from .table import RUNTIME_LEVEL, nnb_types


def newest_level() -> int:
    """The level of the newest signature of all."""
    return max(s.level for kind in nnb_types().values() for s in kind.signatures)


def known_level(level: int) -> int:
    """A level that a user chose: -1 is the newest one. Raises UsageError for one that there is not."""
    newest = newest_level()
    if level == -1:
        return newest
    if not 0 <= level <= newest:
        raise UsageError(
            f"there is no API level {level}",
            remedy=f"choose one from 0 to {newest}; the published runtime reads files up to {RUNTIME_LEVEL}",
        )
    return level


def has_all(level: int, functions: Iterable[NnbFunction]) -> bool:
    """Whether there is such a level, and it has every function with all its arguments."""
    return 0 <= level <= newest_level() and not any(_fault(op, level) for op in functions)


def lowest_level(functions: Sequence[NnbFunction]) -> int:
    """The lowest level that has every function with all its arguments: the oldest runtimes read such a file.

    Raises CompileError where no level has all.
    """
    levels = sorted({1, *(s.level for op in functions for s in op.nnb_type.signatures)})
    for level in levels:
        if has_all(level, functions):
            return level
    problems = Diagnostics()
    for op in functions:
        fault = _fault(op, levels[-1])
        if fault is not None:
            problems.add(fault)
    problems.raise_if_errors()
    raise AssertionError("the newest level has no fault")


def _fault(op: NnbFunction, level: int) -> VerifyError | None:
    try:
        op.signature(level)
    except VerifyError as error:
        return error
    return None
