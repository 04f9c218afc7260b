"""The pass ``select-executor``."""

from __future__ import annotations

import attrs

from ..ir.dialects.nnp.selection import select_executor
from ..ir.module import Module
from ..ir.passes import Pass, PassContext, option


@attrs.define
class SelectExecutor(Pass, name="select-executor"):
    """Keep one executor of an NNP file and the network that it runs.

    Other networks and executors go, and so do optimizers and monitors; parameters, data sets and settings stay. Loops
    of networks that nobody asked for then need no expansion.

        "nnp.network"() ({...}) {name = "Main"}                      "nnp.network"() ({...}) {name = "MainRuntime"}
        "nnp.network"() ({...}) {name = "MainRuntime"}          →
        "nnp.executor"() {network_name = "MainRuntime"}              "nnp.executor"() {network_name = "MainRuntime"}

    Raises UsageError for an executor or a network that is not there.
    """

    consumes = frozenset({"nnp"})

    executor: int | None = option(None, "index of the executor, negative from the end; the first one unless given")
    network: str = option("", "name of the network, instead of that of an executor")

    def run(self, module: Module, context: PassContext) -> bool:
        before = len(module.body)
        select_executor(module, self.executor, self.network or None, context.diagnostics)
        self.counts["removed"] = max(0, before - len(module.body))
        return len(module.body) != before
