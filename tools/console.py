"""What the program shows on the terminal: warnings, progress, and the summary at the end. All of it on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..ir.diagnostics import Diagnostics
from ..ir.passes import PassContext

Progress = Callable[[str, int, int], None]


def show_warnings(diagnostics: Diagnostics, quiet: bool) -> None:
    """Print every warning once."""
    if not quiet:
        for text in dict.fromkeys(map(str, diagnostics.warnings)):
            print(text, file=sys.stderr)


def show_refusals(context: PassContext) -> None:
    """Print, for --why, the rewrites that nearly matched, each with its reason."""
    for refusal in dict.fromkeys(map(str, context.refusals or ())):
        print(refusal, file=sys.stderr)


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """A callable (what, done, total) that draws a bar, where stderr is a terminal; None elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = int(bars.add_task(what, total=total))
            bars.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # a TaskID is an int

        yield show


def size_text(size: int) -> str:
    """A number of bytes for people."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{size} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"
