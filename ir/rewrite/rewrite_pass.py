"""A pass that is a set of rewrites.

    class RecognizeHardSwish(RewritePass, name="recognize-hard-swish"):
        '''What it recognizes, with a before and an after in IR text.'''

All rewrites registered with ``@rewrite("recognize-hard-swish")`` belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..module import Module
from ..passes import Pass, PassContext
from .driver import apply_rewrites
from .rules import Rule, registered_rewrites


class RewritePass(Pass):
    """Base of such passes."""

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        """The rewrites; a pass with options overrides this to choose some or to hand the options on."""
        return registered_rewrites(self.name)

    def run(self, module: Module, context: PassContext) -> bool:
        return apply_rewrites(
            module,
            self.rewrites(module, context),
            pass_name=self.name,
            counts=self.counts,
            refusals=context.refusals,
        )
