"""The pass ``expand-loop-control``: the loops of NNP networks, unrolled. See :mod:`.loop_expansion` for how."""

from __future__ import annotations

from typing import Any

import attrs

from ..ir import Diagnostics, Module
from ..ir.dialects import nnp
from ..ir.dialects.nnp.table import LOOP_TYPES
from ..ir.passes import Pass, PassContext, option
from .loop_expansion import LoopExpansion, Loops

Renames = dict[str, list[str]]
"""The names of the copies, for the name of every variable in a loop."""


@attrs.define
class ExpandLoopControl(Pass, name="expand-loop-control"):
    """Unroll the loops of NNP networks: RepeatStart, RepeatEnd, RecurrentInput, RecurrentOutput and Delay.

    Every function and variable in loop R with T rounds is there T times, named as NNabla's loader does: ``v_R[i]``, or
    with ``{R}`` in the name ``a[i]/affine/W``; stored parameters are found by these names. RecurrentInput becomes
    Split, RecurrentOutput Stack; the others become wires, or an Identity where an executor, an optimizer or a monitor
    names what they make. Entries of those that name a variable in a loop name its copies instead.

        %r = "nnp.RecurrentInput"(%x) {recurrent_param = {axis = 1, ...}}       %r:2 = "nnp.Split"(%x) {axis = 1}
        %d = "nnp.Delay"(%h, %init)                                       →     %h0 = "nnp.Add2"(%r#0, %init)
        %h = "nnp.Add2"(%r, %d)                                                 %h1 = "nnp.Add2"(%r#1, %h0)
        %o = "nnp.RecurrentOutput"(%h)                                          %o = "nnp.Stack"(%h0, %h1) {axis = 1}

    Networks without loops are left alone. Functions come in an order in which they can be computed.
    """

    consumes = frozenset({"nnp"})

    max_functions: int = option(1_000_000, "refuse networks that would have more functions than this")

    def run(self, module: Module, context: PassContext) -> bool:
        problems = Diagnostics()
        stored = nnp.stored_values(module)
        for network in nnp.networks(module).values():
            if not _has_loops(network):
                continue
            observed = _observed_names(module, network)
            loops = Loops.of(network, self.max_functions, problems)
            if loops is None:
                continue
            expansion = LoopExpansion(network, loops, stored, observed, problems, self.name)
            expanded = expansion.run()
            if expanded is None:
                continue
            module.body.insert_before(network, expanded)
            network.erase()
            _rename(module, expanded.label, expansion.renames)
            self.counts["networks"] += 1
            self.counts["functions"] += len(expanded.functions)
        problems.raise_if_errors()
        return self.counts["networks"] > 0


def _has_loops(network: nnp.Network) -> bool:
    return (
        bool(network.repeat_info)
        or any(f.repeat_id or f.function_type.name in LOOP_TYPES for f in network.functions)
        or any(v.repeat_id for v in network.variables)
    )


def _users(module: Module, network: str) -> list[nnp.MessageOp]:
    return [
        op
        for op in module.body
        if isinstance(op, nnp.Executor | nnp.Optimizer | nnp.Monitor)
        and op.attributes.get("network_name", "") == network
    ]


def _observed_names(module: Module, network: nnp.Network) -> set[str]:
    """The variables that executors, optimizers and monitors name."""
    return {
        entry.get("variable_name", "")
        for op in _users(module, network.label)
        for key, entries in op.attributes.items()
        if key.endswith("_variable")
        for entry in entries
    }


def _rename(module: Module, network: str, renames: Renames) -> None:
    """Let the lists of executors, optimizers and monitors name the copies of what was in a loop."""
    for op in _users(module, network):
        for key, entries in op.attributes.items():
            if key.endswith("_variable"):
                op.attributes[key] = tuple(copy for entry in entries for copy in _copies(entry, renames))


def _copies(entry: dict[str, Any], renames: Renames) -> list[dict[str, Any]]:
    name = entry.get("variable_name", "")
    return [{**entry, "variable_name": copy} for copy in renames[name]] if name in renames else [entry]
