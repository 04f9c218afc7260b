"""The pass ``split-network``. See :mod:`nncc.ir.splitting` for how."""

from __future__ import annotations

import attrs

from ..ir import Module, UsageError
from ..ir.passes import Pass, PassContext, option
from ..ir.splitting import graph_of, parse_ranges


@attrs.define
class SplitNetwork(Pass, name="split-network"):
    """Keep the functions of one range, as a model of its own: ``nncc --split`` runs it for each part.

    Functions are numbered as ``nncc dump -F`` lists them. What the range takes from outside becomes an input, under the
    name of the value: from whatever function, so connections that skip the range's beginning come in, too. What later
    functions or the model's outputs need becomes an output. Parameters, and what follows from constants alone, are in
    every part that needs them. Functions that no output depends on are left out.

        "nnp.network"() ({                                           "nnp.network"() ({
          %h = "nnp.Affine"(%x, %W) {...}       {range = 1-1}          %h = "nnp.variable"() {name = "h", ...}
          %s = "nnp.Tanh"(%h)                         →                %s = "nnp.Tanh"(%h)
          %y = "nnp.Add2"(%s, %h)                                    })
        })                                                           "nnp.executor"() {data_variable = [{... "h"}], ...}

    Works on any dialect; an NNP model must have one executor and no loops (``select-executor``,
    ``expand-loop-control``). Raises UsageError for a range that is not there.
    """

    keeps_numbers = False  # it is another model
    keeps_ports = False

    range: str = option("0-", "the functions to keep: FIRST-LAST, both included; FIRST- to the end")

    def run(self, module: Module, context: PassContext) -> bool:
        graph = graph_of(module)
        ranges = parse_ranges(self.range, len(graph.functions))
        if len(ranges) != 1:
            raise UsageError(f"split-network takes one range, got {self.range}", remedy="nncc --split takes several")
        part = graph.extract(graph.cut(*ranges[0]))
        self.counts["functions kept"] = ranges[0][1] - ranges[0][0] + 1
        _become(module, part)
        return True


def _become(module: Module, other: Module) -> None:
    """Let a module hold what another holds, which is empty then."""
    for op in module.body:
        op.drop_references()
        op.unlink()
    for op in other.body:
        op.unlink()
        module.body.append(op)
    module.attributes, module.resources = other.attributes, other.resources
