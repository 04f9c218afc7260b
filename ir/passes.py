"""Passes: a named step that rewrites a module.

    @attrs.define
    class FoldBatchNorm(Pass, name="fold-batch-norm"):
        '''What it does, why, what it does not do, with a before and an after in IR text.'''

        consumes = frozenset({"nn"})
        into: str = option("all", "what to fold into: all, convolution, affine")

        def run(self, module: Module, context: PassContext) -> bool: ...

Options are attrs fields, read alike from YAML (``fold-batch-norm: {into: affine}``), from text
(``fold-batch-norm{into=affine}``) and from Python.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import attrs
import numpy as np

from .diagnostics import Diagnostics, UsageError
from .module import Module

_PASSES: dict[str, type[Pass]] = {}


def option(default: Any, help: str) -> Any:
    """A field of a pass that users may set."""
    return attrs.field(default=default, metadata={"help": help}, kw_only=True)


@attrs.define
class PassContext:
    """What passes share in one compilation."""

    diagnostics: Diagnostics = attrs.Factory(Diagnostics)
    dataset: Any = None
    """The representative data for calibration, or None (what users may give: nncc.passes.dataset)."""
    progress: Any = None
    """A callable (what, done, total) that shows progress, or None."""
    base_folder: Path = attrs.Factory(Path)
    """Relative paths in options are relative to this folder."""
    facts: dict[str, Any] = attrs.Factory(dict)
    """What a pass leaves for later ones and for the report, by key (calibration ranges, tensor names, ...)."""

    refusals: list[Any] | None = None
    """Where rewrites put their reasons for not applying (:class:`nncc.ir.rewrite.Refusal`); None: nobody asks."""

    def report_progress(self, what: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(what, done, total)

    def rng(self, seed: int) -> np.random.Generator:
        """The one way to random numbers: always seeded."""
        return np.random.default_rng(seed)


@attrs.define
class Pass:
    """Base of all passes; see the module's description.

    ``consumes`` and ``produces`` are dialects: ``consumes={"nn"}, produces={"tfl"}`` is a lowering; a pass with an
    empty ``consumes`` works on any dialect, one with an empty ``produces`` leaves the dialect as it is.
    """

    name: ClassVar[str] = ""
    consumes: ClassVar[frozenset[str]] = frozenset()
    produces: ClassVar[frozenset[str]] = frozenset()
    keeps_numbers: ClassVar[bool] = True
    """Whether the outputs must be the same before and after (a quantization changes them)."""
    keeps_ports: ClassVar[bool] = True
    """Whether inputs and outputs stay as the source sees them (:mod:`nncc.ir.ports`); dimensions may become known."""

    counts: Counter[str] = attrs.field(factory=Counter, init=False, eq=False, repr=False)
    """What was done and how often, for the report: ``self.counts["folded"] += 1``."""

    def __init_subclass__(cls, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = name or vars(cls).get("name", "")  # attrs makes a slotted class a second time, from its dictionary
        if name:
            cls.name = name
            _PASSES[name] = cls

    def run(self, module: Module, context: PassContext) -> bool:
        """Rewrite the module; True if anything changed. Valid IR in, valid IR out."""
        raise NotImplementedError

    @classmethod
    def options(cls) -> list[attrs.Attribute[Any]]:
        """The fields that users may set."""
        return [f for f in attrs.fields(cls) if "help" in f.metadata]

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]


def registered_passes() -> dict[str, type[Pass]]:
    """All passes whose modules are imported, by name (:mod:`nncc.pipelines.registry` imports all that exist)."""
    return dict(sorted(_PASSES.items()))


def lookup_pass(name: str) -> type[Pass]:
    """The pass of a name. Raises UsageError, with the nearest names, where there is none."""
    if name not in _PASSES:
        import difflib

        near = difflib.get_close_matches(name, _PASSES, 3)
        remedy = f"did you mean {' or '.join(near)}?" if near else "'nncc passes' lists them all"
        raise UsageError(f"there is no pass '{name}'", remedy=remedy)
    return _PASSES[name]
