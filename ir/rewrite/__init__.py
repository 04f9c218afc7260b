"""Rewriting: patterns as expressions, a matcher that backtracks, a worklist driver, and passes made of rewrites."""

from .driver import apply_rewrites, is_dead
from .matcher import Match, known_array, splat_number
from .pattern import Pattern, PatternBuilder, PatternError
from .rewrite_pass import RewritePass
from .rewriter import Refusal, Rewriter, adapt_type
from .rules import OpRewrite, Rewrite, Rule, explain, registered_rewrites, rewrite

__all__ = [
    "Match",
    "OpRewrite",
    "Pattern",
    "PatternBuilder",
    "PatternError",
    "Refusal",
    "Rewrite",
    "RewritePass",
    "Rewriter",
    "Rule",
    "adapt_type",
    "apply_rewrites",
    "explain",
    "is_dead",
    "known_array",
    "registered_rewrites",
    "rewrite",
    "splat_number",
]
