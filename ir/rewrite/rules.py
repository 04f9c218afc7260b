"""What the author of a rewrite writes: :class:`Rewrite` (two expressions) or :class:`OpRewrite` (a function of an op).

    @rewrite("recognize-hard-swish")
    class HardSwish(Rewrite):
        '''x * clip(x + 3, 0, 6) / 6   →   hard_swish(x)'''
        def pattern(p, x):      return p.div(p.mul(x, p.clip(p.add(x, 3.0), 0.0, 6.0)), 6.0)
        def replacement(b, x):  return b.nn.hard_swish(x)

The functions of a :class:`Rewrite` are called without an instance, so their files start with the line
``# mypy: allow-untyped-defs, no-check-untyped-defs``.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs

from ..core import Operation, Value
from .matcher import Match, Matcher, NearMiss
from .pattern import AnyValue, PatternBuilder, PatternError

if TYPE_CHECKING:
    from .rewriter import Rewriter

_REGISTRY: dict[str, list[type[Rule]]] = {}


class Rule:
    """Base of both kinds of rewrites."""

    def roots(self) -> tuple[type[Operation], ...]:
        """The classes of operations that this may start from."""
        raise NotImplementedError

    def apply(self, op: Operation, rw: Rewriter) -> bool:
        """Rewrite at ``op`` if it applies; True if anything changed."""
        raise NotImplementedError


class OpRewrite(Rule):
    """A rewrite that needs more than an expression.

    The annotation of ``op`` in ``match_and_rewrite(self, op: nn.Conv, rw: Rewriter) -> bool`` is the root: a class of
    operations, a base of several, or a union. It returns True if it changed anything; ``return rw.refuse(op, "why")``
    ends it and keeps the reason for whoever asks why nothing happened.
    """

    def match_and_rewrite(self, op: Any, rw: Rewriter) -> bool:
        raise NotImplementedError

    def roots(self) -> tuple[type[Operation], ...]:
        return _annotated_roots(type(self))

    def apply(self, op: Operation, rw: Rewriter) -> bool:
        return self.match_and_rewrite(op, rw)


def _annotated_roots(rule: type[OpRewrite]) -> tuple[type[Operation], ...]:
    names = {"Rewriter": Any}  # imported for type checking only, as a rule
    hint = typing.get_type_hints(rule.match_and_rewrite, localns=names).get("op")
    roots = typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) else (hint,)
    if not all(isinstance(r, type) and issubclass(r, Operation) for r in roots):
        raise PatternError(f"{rule.__name__}.match_and_rewrite: annotate 'op' with the operations that it starts from")
    return roots


class Rewrite(Rule):
    """A rewrite of one expression into another.

    * ``pattern(p, x, y, ...)`` gives the expression to find (see :class:`PatternBuilder`); its parameters are captures.
    * ``replacement(b, ...)`` builds what takes its place, with a :class:`nncc.ir.Builder`; it gives a value, or one for
      each result of the root. Its other parameters are captures by name, ``m`` is the :class:`Match` itself.
    * ``check(...)``, which may be left out, gives the reason for not rewriting, or None. Parameters as above.

    What is safe is checked for every match: operations inside the expression have no users outside it (else
    they would be computed twice; ``p.add(...).shared()`` allows it where that is wanted), they all stand in one
    block, none works on quantized values (their rounding is part of what they compute; ``allow_quantized = True``
    allows it), and what replaces a value has its type.
    """

    allow_quantized: ClassVar[bool] = False

    if TYPE_CHECKING:
        pattern: Any
        replacement: Any
        check: Any
    else:
        check = None

    def roots(self) -> tuple[type[Operation], ...]:
        return tuple(dict.fromkeys(p.definition for p in _traced(type(self)).matcher.roots))

    def apply(self, op: Operation, rw: Rewriter) -> bool:
        traced = _traced(type(self))
        match = traced.matcher.match(op, traced.check, rw.near_miss)
        if match is None:
            return False
        return rw.replace_match(match, lambda builder: traced.build(builder, match))


@attrs.frozen(eq=False)
class _Traced:
    """A rewrite whose pattern was called: the matcher and its functions, ready to be called with a match."""

    matcher: Matcher
    check: Callable[[Match], str | None] | None
    build: Callable[[Any, Match], Value | Sequence[Value]]


_TRACED: dict[type[Rewrite], _Traced] = {}
"""Patterns are traced when they are first applied: then the dialects that they speak of are there."""


def _traced(rule: type[Rewrite]) -> _Traced:
    if rule not in _TRACED:
        _TRACED[rule] = _trace(rule)
    return _TRACED[rule]


def _trace(rule: type[Rewrite]) -> _Traced:
    functions = {name: inspect.getattr_static(rule, name, None) for name in ("pattern", "replacement", "check")}
    try:
        captures = list(inspect.signature(functions["pattern"]).parameters)[1:]
        root = functions["pattern"](PatternBuilder(), *map(AnyValue, captures))
        matcher = Matcher(root, rule.allow_quantized)
        check = functions["check"]
        return _Traced(
            matcher,
            None if check is None else _with_captures(check, matcher.names, skip=0),
            _with_captures(functions["replacement"], matcher.names, skip=1),
        )
    except PatternError as error:
        raise PatternError(f"{rule.__name__}: {error}") from None


def _with_captures(function: Callable[..., Any], names: frozenset[str], skip: int) -> Callable[..., Any]:
    """``function`` called with ``skip`` arguments and a match: its other parameters are captures of the match."""
    wanted = list(inspect.signature(function).parameters)[skip:]
    unknown = [n for n in wanted if n != "m" and n not in names]
    if unknown:
        raise PatternError(f"{function.__name__} takes {unknown}, which the pattern does not capture")

    def call(*arguments: Any) -> Any:
        *first, match = arguments
        return function(*first, *(match if n == "m" else match.captures[n] for n in wanted))

    return call


_R = TypeVar("_R", bound="type[Rule]")


def rewrite(*pass_names: str) -> Callable[[_R], _R]:
    """Make a rewrite part of the passes of these names (see :class:`RewritePass`); they are tried in file order."""

    def register(rule: _R) -> _R:
        for name in pass_names:
            _REGISTRY.setdefault(name, []).append(rule)
        return rule

    return register


def registered_rewrites(pass_name: str) -> Sequence[type[Rule]]:
    """The rewrites of a pass, in the order in which they were defined."""
    return tuple(_REGISTRY.get(pass_name, ()))


def explain(rule: Rewrite | type[Rewrite], op: Operation) -> str:
    """Why a rewrite does not match at ``op``: the reason at which the best attempt ended; empty if it matches."""
    traced = _traced(rule if isinstance(rule, type) else type(rule))
    near = NearMiss()
    return "" if traced.matcher.match(op, traced.check, near) else near.reason
