"""The choice of one executor, and with it of the network that a conversion is about."""

from __future__ import annotations

import difflib

from ...diagnostics import CompileError, Diagnostics, UsageError
from ...module import Module
from .ops import Executor, Monitor, Network, Optimizer, executors, networks

_CHECKED = ("data_variable", "generator_variable", "output_variable")


def select_executor(
    module: Module, index: int | None = None, network: str | None = None, diagnostics: Diagnostics | None = None
) -> Executor:
    """Reduce a module to one executor and its network; parameters, data sets and settings stay.

    Without index and name it is the first executor, with a name the first one that runs that network. A network that no
    executor runs gets one, with a warning: what nothing makes goes in, what nothing takes comes out.

    Raises UsageError for an index or a name that is not there, CompileError for an executor that does not fit its
    network.
    """
    chosen = _choose(module, index, network, diagnostics or Diagnostics())
    kept = networks(module).get(chosen.network_name)
    if kept is None:
        raise CompileError(
            f"executor '{chosen.label}' runs the network '{chosen.network_name}', which is not there",
            chosen.location,
            _instead(chosen.network_name, list(networks(module))),
        )
    _check_variables(chosen, kept)
    for op in module.body:
        if isinstance(op, Network | Executor | Optimizer | Monitor) and op not in (kept, chosen):
            op.erase()
    return chosen


def _choose(module: Module, index: int | None, network: str | None, diagnostics: Diagnostics) -> Executor:
    listed = executors(module)
    if index is not None:
        if not -len(listed) <= index < len(listed):
            there = ", ".join(f"{i} ('{e.label}')" for i, e in enumerate(listed)) or "none"
            raise UsageError(
                f"there is no executor {index}", module.location, f"the executors of the file are: {there}"
            )
        if network is not None and listed[index].network_name != network:
            raise UsageError(
                f"executor {index} runs the network '{listed[index].network_name}', not '{network}'",
                module.location,
                "give only one of the two options",
            )
        return listed[index]
    if network is None and listed:
        return listed[0]
    found = networks(module)
    if network is None:
        if len(found) != 1:
            raise CompileError(
                f"there is no executor, and {len(found)} networks to choose from",
                module.location,
                f"choose one by name: {', '.join(found)}" if found else "give the file that holds the network",
            )
        (network,) = found
    if network not in found:
        raise UsageError(f"there is no network '{network}'", module.location, _instead(network, list(found)))
    return next((e for e in listed if e.network_name == network), None) or _made_up(module, found[network], diagnostics)


def _made_up(module: Module, network: Network, diagnostics: Diagnostics) -> Executor:
    variables = network.variables
    inputs = [v.label for v in variables if v.made is None and v.variable.has_uses and not v.is_parameter]
    outputs = [v.label for v in variables if v.made is not None and v.variable.has_one_use]
    executor = Executor(
        name=network.label,
        network_name=network.label,
        data_variable=tuple({"variable_name": name, "data_name": name} for name in inputs),
        output_variable=tuple({"variable_name": name, "data_name": name} for name in outputs),
        location=network.location,
    )
    diagnostics.warning(
        f"no executor runs the network '{network.label}': its inputs are taken to be {inputs}, its outputs {outputs}",
        network.location,
        "add an executor to the file if that is not what you want",
    )
    module.body.append(executor)
    return executor


def _check_variables(executor: Executor, network: Network) -> None:
    there = {variable.label for variable in network.variables}
    problems = Diagnostics()
    for entries in _CHECKED:
        for name in executor.variable_names(entries):
            if name not in there:
                problems.error(
                    f"executor '{executor.label}' names the {entries} '{name}', which its network has not",
                    executor.location,
                    _instead(name, sorted(there)),
                )
    problems.raise_if_errors()


def _instead(name: str, there: list[str]) -> str:
    near = difflib.get_close_matches(name, there, 3)
    listed = near or there[:10]
    return f"did you mean {' or '.join(map(repr, listed))}?" if listed else "the file holds none"
