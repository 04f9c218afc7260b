"""``convert-nnp-version``: a network for an earlier release of NNabla.

A file says nothing of releases: text with an argument that a release does not know is not read by it, and a function
that it does not have is not run.
"""

from __future__ import annotations

import attrs

from ..ir import Module
from ..ir.dialects import nnp
from ..ir.dialects.nnp.history import expect_release, misfit, shown, unknown_arguments
from ..ir.passes import Pass, PassContext, option


@attrs.define
class ConvertNnpVersion(Pass, name="convert-nnp-version"):
    """Check that an earlier release of NNabla has all functions of the networks, and leave out arguments that it lacks.

    An argument is left out where the release does without it what it asks for. All functions that the release does not
    have, or not with these inputs, outputs or arguments, are errors.

        "nnp.SoftPlus"(%x) {beta = 1.0}      for 1.19.0      "nnp.SoftPlus"(%x)
    """

    consumes = frozenset({"nnp"})

    version: str = option("", "the release of NNabla that has to read the file, e.g. 1.20.0; the newest unless given")

    def __attrs_post_init__(self) -> None:
        expect_release(self.version, self.name)

    def run(self, module: Module, context: PassContext) -> bool:
        release = expect_release(self.version, self.name)
        if release is None:
            return False
        for function in (f for network in nnp.networks(module).values() for f in network.functions):
            reason = misfit(function, release)
            if reason:
                context.diagnostics.error(
                    f"NNabla {shown(release)} cannot run '{function.label}': {function.function_type.name} {reason}",
                    function.location,
                    "write the file for that release or a later one, or replace the function",
                )
            for argument in unknown_arguments(function, release):
                self.counts["arguments"] += function.attributes.pop(argument, None) is not None
        context.diagnostics.raise_if_errors()
        return self.counts["arguments"] > 0
