"""The graph of a model in the nnp dialect: the network of its only executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core import Operation, Value
from ..diagnostics import CompileError
from ..dialects import nnp
from ..dialects.nnp.table import LOOP_TYPES
from ..module import Module
from .graph import Cut, Graph

_LISTS_OF_VARIABLES = ("generator_variable", "loss_variable", "parameter_variable")


class NetworkGraph(Graph):
    """The functions of a network, numbered as NNabla's converter does it; variables are the values.

    Parameters and generated inputs belong to every part that takes them. Raises CompileError for a model of several
    executors or networks, or with loops.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.executor, self.network = _only_executor(module)
        self._declared = nnp.variables_by_value(self.network)
        self._position = {value: i for i, value in enumerate(self._declared)}
        self._parameters = {op.variable_name: op for op in module.body if isinstance(op, nnp.Parameter)}
        by_name = {v.label: v.variable for v in self.network.variables}
        super().__init__(
            nnp.numbered_order(self.network),
            (by_name[name] for name in self.executor.variable_names("data_variable")),
            (by_name[name] for name in self.executor.variable_names("output_variable")),
        )

    def name(self, value: Value) -> str:
        return self._declared[value].label

    def label(self, function: Operation) -> str:
        return str(function.attributes.get("name", ""))

    def known_kinds(self) -> Iterable[str]:
        return nnp.function_types()

    def extract(self, cut: Cut) -> Module:
        made = Module(self.module.location, **self.module.attributes)
        network = nnp.Network.create(self.network.location, **self.network.attributes)
        names = self._fill(network, cut)
        kept = [op for op in self.module.body if isinstance(op, nnp.GlobalConfig | nnp.TrainingConfig | nnp.Dataset)]
        parameters = [self._parameters[name] for name in names if name in self._parameters]
        for op in [*(k.clone() for k in kept), network, *(p.clone() for p in parameters), self._run(cut, names)]:
            made.body.append(op)
        made.resources = dict(self.module.resources)
        made.drop_unused_resources()
        return made

    def _fill(self, network: nnp.Network, cut: Cut) -> list[str]:
        """Copy the functions of a cut, and the variables that they touch, into a network; gives their names."""
        taken = [v for f in cut.functions for v in f.operands if v is not None]
        made = {v for f in cut.functions for v in f.results}
        touched = sorted({*taken, *made, *cut.inputs, *cut.outputs}, key=self._position.__getitem__)
        own = {v: _variable(self._declared[v], None) for v in touched if v not in made}
        copies = {value: variable.variable for value, variable in own.items()}
        functions = [f.clone(copies) for f in cut.functions]
        for value in touched:
            network.body.append(own[value] if value in own else _variable(self._declared[value], copies[value]))
        for function in functions:
            network.body.append(function)
        return [self.name(v) for v in touched]

    def _run(self, cut: Cut, names: Sequence[str]) -> nnp.Executor:
        """The executor of a part: what its entries say of the ports of the model stays."""
        attributes = dict(self.executor.attributes)
        touched = set(names)
        for key in _LISTS_OF_VARIABLES:
            if key in attributes:
                attributes[key] = tuple(e for e in attributes[key] if e.get("variable_name") in touched)
        for key, values in (("data_variable", cut.inputs), ("output_variable", cut.outputs)):
            entries: dict[str, Mapping[str, Any]] = {e.get("variable_name", ""): e for e in attributes.get(key, ())}
            attributes[key] = tuple(
                entries.get(n, {"variable_name": n, "data_name": n}) for n in map(self.name, values)
            )
        return nnp.Executor(location=self.executor.location, **attributes)


def _variable(declaration: nnp.Variable, made: Value | None) -> nnp.Variable:
    """A declaration again: of what a function makes, or of a value of its own."""
    types = [] if made is not None else [declaration.variable.type]
    operands = [] if made is None else [made]
    variable = nnp.Variable(*operands, result_types=types, location=declaration.location, **declaration.attributes)
    variable.variable.name = declaration.variable.name
    return variable


def _only_executor(module: Module) -> tuple[nnp.Executor, nnp.Network]:
    executors, networks = nnp.executors(module), nnp.networks(module)
    if len(executors) != 1 or list(networks) != [executors[0].network_name]:
        raise CompileError(
            f"there are {len(executors)} executors and {len(networks)} networks; only one network can be split",
            module.location,
            "choose one: -E N, or the pass select-executor",
        )
    network = networks[executors[0].network_name]
    loop = next((f for f in network.functions if f.function_type.name in LOOP_TYPES), None)
    if loop is not None:
        raise CompileError(
            f"the network has loops ({loop.function_type.name})", loop.location, "run expand-loop-control before"
        )
    return executors[0], network
