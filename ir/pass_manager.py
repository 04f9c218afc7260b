"""Runs passes in order, checks what holds between them, and lets instruments watch.

    manager = PassManager([ExpandLoopControl(), LiftNnp(), Repeat([Canonicalize(), FoldConstants()])])
    manager.check_flow({"nnp"})            # before the input is read
    records = manager.run(module, context)

What must hold behind every pass (valid IR, the same ports) is checked by instruments that are always there; dumps and
the comparison of numbers are instruments too (:mod:`nncc.ir.instruments`, :mod:`nncc.ir.numerics`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from .diagnostics import CompileError, NnccError, UsageError
from .instruments import CheckDialects, CheckPorts, Instrument, PassRecord, VerifyModule
from .module import Module
from .passes import Pass, PassContext


@attrs.define
class Repeat:
    """Passes that run again and again until a round changes nothing, at most ``limit`` times."""

    passes: Sequence[Step]
    limit: int = 10


Step = Pass | Repeat


class PassManager:
    """Runs ``passes``. ``instruments`` are called in their order, behind the checks that are always made."""

    def __init__(self, passes: Iterable[Step], instruments: Iterable[Instrument] = (), *, verify: bool = True) -> None:
        self.passes = list(passes)
        always: list[Instrument] = [VerifyModule(), CheckDialects(), CheckPorts()] if verify else []
        self.instruments = [*always, *instruments]
        self.records: list[PassRecord] = []

    def check_flow(self, dialects: Iterable[str]) -> frozenset[str]:
        """The dialects that a module of ``dialects`` has at the end.

        Raises UsageError, for all passes at once, where one gets a dialect that it does not work on.
        """
        flow, problems = frozenset(dialects), []
        for step in flatten(self.passes):
            if not step.consumes <= flow:
                wanted, got = ", ".join(sorted(step.consumes)), ", ".join(sorted(flow)) or "nothing"
                problems.append(f"pass '{step.name}' works on {wanted}, but what comes to it is {got}")
            if step.produces:
                flow = (flow - step.consumes) | step.produces
        if problems:
            raise UsageError("; ".join(problems), remedy="add the pass that makes that dialect before it, or drop it")
        return flow

    def run(self, module: Module, context: PassContext | None = None) -> list[PassRecord]:
        """Run all passes on the module; the records of those that ran.

        Raises UsageError for a wrong flow of dialects, and CompileError, which names the pass, where one fails.
        """
        context = context or PassContext()
        self.records = []
        dialects = module.dialects()
        if dialects:  # without operations there is nothing that a pass could not work on
            self.check_flow(dialects)
        for instrument in self.instruments:
            instrument.begin(module, context)
        self._run_all(self.passes, module, context)
        return self.records

    def _run_all(self, steps: Sequence[Step], module: Module, context: PassContext) -> bool:
        changed = False
        for step in steps:
            ran = self._repeat(step, module, context) if isinstance(step, Repeat) else self._one(step, module, context)
            changed = ran or changed
        return changed

    def _repeat(self, group: Repeat, module: Module, context: PassContext) -> bool:
        for round in range(group.limit):
            first = len(self.records)
            if not self._run_all(group.passes, module, context):
                return round > 0
        names = ", ".join(dict.fromkeys(r.name for r in self.records[first:] if r.changed))
        context.diagnostics.warning(f"passes still change the model after {group.limit} rounds: {names}")
        return True

    def _one(self, step: Pass, module: Module, context: PassContext) -> bool:
        before = self.records[-1].ops_after if self.records else count_ops(module)
        record = PassRecord(len(self.records) + 1, step.name, before, before)
        self.records.append(record)
        for instrument in self.instruments:
            instrument.before_pass(step, record, module, context)
        counted = step.counts.copy()
        try:
            with named_errors(step.name):
                start = time.perf_counter()
                record.changed = step.run(module, context)
                record.seconds = time.perf_counter() - start
                record.counts = dict(step.counts - counted)
                if record.changed:
                    record.ops_after = count_ops(module)
                context.diagnostics.raise_if_errors()
                for instrument in self.instruments:
                    instrument.after_pass(step, record, module, context)
        except NnccError:
            for instrument in self.instruments:
                instrument.pass_failed(step, record, module, context)
            raise
        return record.changed


def flatten(steps: Iterable[Step]) -> Iterator[Pass]:
    """The passes in the order in which they run, each group once."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from flatten(step.passes)
        else:
            yield step


def count_ops(module: Module) -> int:
    """The operations of a module, the module left out."""
    return sum(1 for _ in module.walk()) - 1


@contextmanager
def named_errors(pass_name: str) -> Iterator[None]:
    """Put the name of a pass into what is raised; what is no error of ours becomes one (``from`` the original)."""
    try:
        yield
    except NnccError as error:
        error.diagnostics = tuple(
            attrs.evolve(d, message=f"in pass '{pass_name}': {d.message}") for d in error.diagnostics
        )
        raise
    except Exception as error:
        message = f"in pass '{pass_name}': {type(error).__name__}: {error}"
        raise CompileError(message, remedy="this is a fault of nncc: please report it (--debug shows where)") from error
