"""Applies rewrites to a module until none applies any more.

A worklist holds the operations to look at: at first all, then whatever a rewrite touched. When it runs empty after a
change, one more sweep over the module looks for patterns that a change far below their root has completed; the result
is a fixed point of all rules. Work is linear in the operations and the changes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from ..core import Operation
from ..diagnostics import CompileError
from ..module import Module
from ..opdef import Trait
from .matcher import NearMiss
from .rewriter import Refusal, Rewriter
from .rules import Rewrite, Rule

REWRITES_PER_OP = 16
"""More rewrites than this for each operation, on average, and rules are undoing each other's work."""
SPARE_REWRITES = 1000
_SUSPECTS = 100
"""So many rewrites beyond the limit are watched to name the rules that loop."""


def apply_rewrites(
    module: Module,
    rewrites: Iterable[Rule | type[Rule]],
    *,
    pass_name: str | None = None,
    counts: Counter[str] | None = None,
    refusals: list[Refusal] | None = None,
    root: Operation | None = None,
) -> bool:
    """Apply rewrites to all operations inside ``root`` (the module) to a fixed point; True if anything changed.

    Rules are tried in the given order; ``counts`` gets their names. Pure operations that lose their users are erased.
    Raises CompileError that names the rules where they do not come to an end.
    """
    rules = [rule() if isinstance(rule, type) else rule for rule in rewrites]
    return _Driver(module, rules, pass_name, counts, refusals).run(root or module)


class _Driver:
    def __init__(
        self,
        module: Module,
        rules: Sequence[Rule],
        pass_name: str | None,
        counts: Counter[str] | None,
        refusals: list[Refusal] | None,
    ) -> None:
        self.rules = [(rule, rule.roots()) for rule in rules]
        self.by_class: dict[type[Operation], list[Rule]] = {}
        self.rewriter = Rewriter(module, pass_name, refusals)
        self.counts = counts if counts is not None else Counter()
        self.worklist: deque[Operation] = deque()
        self.waiting: set[Operation] = set()
        self.limit = 0
        self.applied = 0
        self.suspects: Counter[str] = Counter()

    def run(self, root: Operation) -> bool:
        changed = False
        while self.sweep(root):
            changed = True
        return changed

    def sweep(self, root: Operation) -> bool:
        for op in root.walk():
            if op is not root:
                self.push(op)
        self.limit = max(self.limit, SPARE_REWRITES + REWRITES_PER_OP * len(self.worklist))
        changed = False
        while self.worklist:
            op = self.worklist.popleft()
            self.waiting.discard(op)
            if op.parent is not None and self.visit(op):  # without a parent it was erased while it waited
                changed = True
        return changed

    def push(self, op: Operation) -> None:
        if op not in self.waiting:
            self.waiting.add(op)
            self.worklist.append(op)

    def visit(self, op: Operation) -> bool:
        if is_dead(op):
            self.rewriter.erase(op)
            self.requeue()
            return True
        for rule in self.rules_for(type(op)):
            if self.apply(rule, op):
                self.requeue()
                return True
        return False

    def rules_for(self, kind: type[Operation]) -> list[Rule]:
        found = self.by_class.get(kind)
        if found is None:
            found = self.by_class[kind] = [rule for rule, roots in self.rules if issubclass(kind, roots)]
        return found

    def apply(self, rule: Rule, op: Operation) -> bool:
        rewriter = self.rewriter
        rewriter.rule_name, rewriter.has_changed = type(rule).__name__, False
        wants_reasons = rewriter.refusals is not None and isinstance(rule, Rewrite)
        near = rewriter.near_miss = NearMiss() if wants_reasons else None
        location = op.location  # op may be gone behind this
        try:
            applied = rule.apply(op, rewriter)
        except CompileError as error:
            raise _in_rule(error, rewriter.rule_name, op) from error
        if not applied:
            if rewriter.has_changed:
                raise CompileError(f"rewrite {rewriter.rule_name} changed '{op.name}' and denied it", location)
            if near is not None and near.matched > 1:  # the root alone matches anywhere
                rewriter.refuse(op, near.reason)
            return False
        if not rewriter.has_changed:
            rewriter.changed(op)
        self.count(rewriter.rule_name, op.name, str(location))
        return True

    def count(self, rule: str, op_name: str, place: str) -> None:
        self.counts[rule] += 1
        self.applied += 1
        if self.applied > self.limit:
            self.suspects[rule] += 1
            if self.applied > self.limit + _SUSPECTS:
                named = " and ".join(sorted(name for name, n in self.suspects.items() if n > 1))
                raise CompileError(
                    f"rewriting does not end: {named} applied again and again, last at '{op_name}' ({place})",
                    remedy="please report this: the rules undo each other's work",
                )

    def requeue(self) -> None:
        """Look again at what was touched."""
        for op in self.rewriter.touched:
            if op.parent is not None:
                self.push(op)
        self.rewriter.touched.clear()


def is_dead(op: Operation) -> bool:
    """Whether an operation has no effect and nobody takes its results."""
    return not op.has_uses and bool(op.results) and Trait.PURE in op.traits


def _in_rule(error: CompileError, rule: str, op: Operation) -> CompileError:
    """The error with the rule that met it: without that nobody knows why the operation was made."""
    (first, *_) = error.diagnostics
    if rule in first.message:
        return error
    message = f"{first.message} (in rewrite {rule} of '{op.name}')"
    return CompileError(message, first.location or op.location, first.remedy)
