"""IR text as a file format: any stage can be written, read, edited and fed back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..ir import CompileError, Location, Module, UsageError


def load(paths: Sequence[Path]) -> Module:
    """The module in a ``.mlir`` file; weights in the file of the same name with ``.npz`` beside it are taken in."""
    from ..ir.constants_file import load_constants
    from ..ir.parser import parse_module

    if len(paths) != 1:
        raise UsageError(f"IR text is one file, got {len(paths)}")
    (path,) = paths
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CompileError(f"not UTF-8 text: {error}", Location.at(str(path)), "is this an IR dump?") from error
    module = parse_module(text, str(path))
    beside = path.with_suffix(".npz")
    if beside.exists():
        load_constants(module, beside)
    return module


def save(module: Module, path: Path, constants: str = "file") -> None:
    """Write a module as text; ``constants``: ``file`` (a .npz beside it), ``inline`` or ``elide``."""
    from ..ir.constants_file import save_constants
    from ..ir.printer import print_module

    choices = ("file", "inline", "elide")
    if constants not in choices:
        raise UsageError(f"constants cannot be '{constants}'", remedy=f"choose of {', '.join(choices)}")
    text = print_module(module, constants="inline" if constants == "inline" else "elide")
    path.write_text(text, encoding="utf-8")
    if constants == "file":
        save_constants(module, path.with_suffix(".npz"))
