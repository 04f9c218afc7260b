"""What a rewrite changes the graph with: names, locations and types are kept, and the driver learns what changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import attrs

from ..builder import Builder
from ..core import Operation, Value
from ..diagnostics import CompileError
from ..location import Location
from ..module import Module
from ..opdef import Trait
from ..types import TensorType, merge_types
from .matcher import Match, NearMiss


@attrs.frozen
class Refusal:
    """A place where a rewrite might have applied, and why it did not."""

    rule: str
    op: str
    reason: str
    location: Location

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self.rule} at '{self.op}': {self.reason}"


class Rewriter:
    """Given to :meth:`OpRewrite.match_and_rewrite`; all changes to the graph go through it.

    ``pass_name`` goes into the locations of what is made. ``refusals`` is a list that collects reasons, or None.
    """

    def __init__(self, module: Module, pass_name: str | None = None, refusals: list[Refusal] | None = None) -> None:
        self.module, self.pass_name, self.refusals = module, pass_name, refusals
        self._refused: set[tuple[str, Operation, str]] = set()
        self.near_miss: NearMiss | None = None
        self.rule_name = ""
        self.touched: dict[Operation, None] = {}
        """Operations that are new, or whose operands or users changed: the driver looks at them again."""
        self.has_changed = False

    # Building

    def builder(self, op: Operation, replaced: Iterable[Operation] = ()) -> Builder:
        """A builder before ``op``; what it makes has the locations of ``op`` and of all that it stands for."""
        assert op.parent is not None
        location = Location.union([r.location for r in (*replaced, op)], self.pass_name)
        return _RecordingBuilder(self, op, location)

    # Changes

    def replace(self, op: Operation, values: Value | Sequence[Value], *, check_types: bool = True) -> bool:
        """Let the users of ``op`` take these values, one a result, and erase ``op``. Gives True.

        Raises CompileError where a type is not that of the result (``check_types=False``: when that is meant).
        """
        new = [values] if isinstance(values, Value) else list(values)
        if len(new) != len(op.results):
            raise self._broken(op, f"gave {len(new)} values for {len(op.results)} results")
        if any(old is value for old, value in zip(op.results, new, strict=True)):
            raise self._broken(op, "gave back what it was to replace")
        for old, value in zip(op.results, new, strict=True):
            reason = adapt_type(old, value) if check_types else None
            if reason is not None:
                raise self._broken(op, reason)
        for old, value in zip(op.results, new, strict=True):
            self.replace_uses(old, value)
        self.erase(op)
        return True

    def replace_uses(self, old: Value, new: Value) -> bool:
        """Let all users of one value take another. Gives True."""
        self._touch(*old.users)
        old.replace_all_uses_with(new)
        self.has_changed = True
        return True

    def set_operand(self, op: Operation, index: int, value: Value | None) -> bool:
        """Replace one operand. Gives True."""
        old = op.operands[index] if index < len(op.operands) else None
        op.set_operand(index, value)
        self._lost_use(old)
        return self.changed(op)

    def changed(self, op: Operation) -> bool:
        """Say that ``op`` was changed in place (attributes, types, regions). Gives True."""
        self._touch(op)
        for result in op.results:
            self._touch(*result.users)
        self.has_changed = True
        return True

    def erase(self, op: Operation) -> bool:
        """Erase an operation whose results are not used. Gives True."""
        inside = list(op.walk())
        operands = [v for inner in inside for v in inner.operands]
        op.erase()
        for inner in inside:  # whoever meets them later sees that they are gone
            inner.unlink()
        for value in operands:
            self._lost_use(value)
        self.has_changed = True
        return True

    def refuse(self, op: Operation, reason: str) -> bool:
        """Keep the reason why a rewrite does not apply here, once. Gives False."""
        if self.refusals is not None and (self.rule_name, op, reason) not in self._refused:
            self._refused.add((self.rule_name, op, reason))
            self.refusals.append(Refusal(self.rule_name, op.name, reason, op.location))
        return False

    # For expressions

    def replace_match(self, match: Match, build: Callable[[Builder], Value | Sequence[Value]]) -> bool:
        """Replace the root of a match by what ``build`` makes. Where the types do not fit, nothing changes."""
        root, resources = match.root, self.module.resources
        known, had_changed = len(resources), self.has_changed
        builder = _RecordingBuilder(self, root, self._fused(match))
        made = build(builder)
        new = [made] if isinstance(made, Value) else list(made)
        if len(new) != len(root.results):
            raise self._broken(root, f"gave {len(new)} values for {len(root.results)} results")
        reasons = [adapt_type(old, value) for old, value in zip(root.results, new, strict=True)]
        refused = next((r for r in reasons if r is not None), None)
        if refused is not None:
            for op in reversed(builder.made):
                op.erase()
                self.touched.pop(op, None)
            while len(resources) > known:
                resources.popitem()
            self.has_changed = had_changed
            return self.refuse(root, refused)
        return self.replace(root, new, check_types=False)

    def _fused(self, match: Match) -> Location:
        ops = [op for op in reversed(match.ops) if Trait.CONSTANT not in op.traits]
        return Location.union([op.location for op in ops], self.pass_name)

    # For the driver

    def _touch(self, *ops: Operation) -> None:
        self.touched.update(dict.fromkeys(ops))

    def _lost_use(self, value: Value | None) -> None:
        """The definition may be dead now, and the last user left may be the only one, as patterns ask for."""
        if value is None:
            return
        if value.defining_op is not None:
            self._touch(value.defining_op)
        if value.has_one_use:
            self._touch(*value.users)

    def _broken(self, op: Operation, reason: str) -> CompileError:
        return CompileError(f"rewrite {self.rule_name} at '{op.name}' {reason}", op.location, "please report this")


class _RecordingBuilder(Builder):
    """A builder that tells the rewriter what it makes."""

    def __init__(self, rewriter: Rewriter, anchor: Operation, location: Location) -> None:
        assert anchor.parent is not None
        super().__init__(rewriter.module, anchor.parent, anchor, location)
        self._rewriter = rewriter
        self.made: list[Operation] = []

    def insert(self, op: Operation) -> Operation:
        self.made.append(op)
        self._rewriter._touch(op)
        self._rewriter.has_changed = True
        return super().insert(op)


# Types


def adapt_type(old: Value, new: Value) -> str | None:
    """Whether ``new`` may take the place of ``old``: None, or the reason why not.

    A type that says more about the dimensions may; the result of an operation that says less takes over what was known.
    """
    if old.type == new.type:
        return None
    merged = None if _loses_symbol(old, new) else merge_types(old.type, new.type)
    if merged is None:
        return f"gave {new.type} for {old.type}"
    if merged == new.type:
        return None
    elsewhere = any(user is not old.defining_op for user in new.iter_users())
    if new.defining_op is not None and not elsewhere:
        new.type = merged
    elif _unknown_dims(new) > _unknown_dims(old):
        return f"gave {new.type} for {old.type}, which says more"
    return None


def _unknown_dims(value: Value) -> float:
    """How many dimensions have neither a number nor a name."""
    shape = value.type.shape if isinstance(value.type, TensorType) else ()
    return math.inf if shape is None else sum(dim is None for dim in shape)


def _loses_symbol(old: Value, new: Value) -> bool:
    """Whether a number is where a symbol was: that is no better knowledge, but a dimension of 1 that was broadcast."""
    shapes = [v.type.shape if isinstance(v.type, TensorType) else None for v in (old, new)]
    pairs = zip(*(shape or () for shape in shapes), strict=False)
    return any(isinstance(before, str) and isinstance(after, int) for before, after in pairs)
