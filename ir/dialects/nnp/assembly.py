"""From a function whose body is made of NNabla's functions to a network, its parameters and an executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...core import Value
from ...location import Location
from ...module import Function, Module, Return
from ...names import Names
from ...types import F32
from .functions import FunctionOp
from .ops import VERSION, Executor, Network, Parameter, Variable

EXECUTOR = "exec_0"
"""The name that NNabla's own importers give to the one executor that they make."""
FIRST_RELEASE = "0.1"
"""The version of the file format: there is no other."""
_SCALES = frozenset({"beta", "gamma"})
"""Inputs of normalizations that training changes, beside those that NNabla's table says are parameters."""


def assemble(module: Module, function: Function, parameters: Iterable[Variable], network_name: str) -> Network:
    """Replace a function by a network of the name, parameters, and an executor with the function's ports.

    The function takes and gives values of float32, and no output is an input, a parameter or another output.
    ``parameters`` are variables with values, which stand nowhere yet; those that no function takes are left out.
    """
    network = Network.create(function.location, name=network_name, batch_size=1)
    names = Names()
    inputs = [
        _declare_input(network, value, names.free(name), function.location)
        for name, value in zip(function.input_names, function.inputs, strict=True)
    ]
    _name_results(function, names)
    for argument, variable in zip(function.inputs, inputs, strict=True):
        argument.replace_all_uses_with(variable.variable)
    outputs = list(function.outputs)
    function.terminator.erase()
    used = [v for v in parameters if v.variable.has_uses]
    folders = {folder for variable in used for folder in _folders(_path(variable.label))}
    for variable in used:
        variable.set_attribute("name", names.free(_path(variable.label), folders))
        variable.variable.name = variable.label
        network.body.append(variable)
    functions = list(function.body)
    for call in functions:
        for result in call.results:
            network.body.append(_declare_result(result, call.location))
    for call in functions:
        call.unlink()
        network.body.append(call)
    function.erase()
    module.attributes.clear()
    module.set_attribute(VERSION, FIRST_RELEASE)
    module.body.append(network)
    for variable in used:
        module.body.append(_stored(variable))
    module.body.append(_executor(network_name, inputs, outputs, used, network.location))
    return network


def _declare_input(network: Network, value: Value, name: str, location: Location) -> Variable:
    type = value.tensor.with_element(F32)
    variable = Variable(result_types=[type], name=name, type="Buffer", location=location)
    variable.variable.name = name
    return network.body.append(variable)


def _declare_result(value: Value, location: Location) -> Variable:
    assert value.name is not None
    return Variable(value, result_types=[], name=value.name, type="Buffer", location=location)


def _name_results(function: Function, names: Names) -> None:
    """Give every function and every value a name of its own: outputs theirs first, then those of the source."""
    for name, value in zip(function.output_names, function.outputs, strict=True):
        value.name = names.free(name)
    named = set(function.outputs)
    calls = Names()
    for call in function.body:
        if isinstance(call, Return):
            continue
        call.attributes["name"] = calls.free(_source_name(call.location, str(call.attributes["name"])))
        for result in call.results:
            if result not in named:
                result.name = names.free(result.name or f"{call.attributes['name']}_Output")


def _source_name(location: Location, function: str) -> str:
    """What the source calls a function: of several that became one, the one that is named after its type."""
    names = [origin.name for origin in location.origins if origin.name]
    return next((n for n in names if n.startswith(function)), names[0] if names else function)


def _path(name: str) -> str:
    """The name of a parameter as NNabla has it: a path without empty parts, as the parts are groups in HDF5."""
    return "/".join(part for part in name.split("/") if part not in ("", ".")) or "parameter"


def _folders(path: str) -> Iterator[str]:
    """What stands before each slash: no parameter can have such a name."""
    parts = path.split("/")
    return ("/".join(parts[:i]) for i in range(1, len(parts)))


def _stored(variable: Variable) -> Parameter:
    assert variable.value is not None
    return Parameter(
        variable_name=variable.label,
        need_grad=_is_trained(variable),
        value=variable.value,
        location=variable.location,
    )


def _is_trained(variable: Variable) -> bool:
    """Whether some function takes the parameter as a weight, and not as a statistic or a constant of a formula."""
    for use in variable.variable.uses:
        if isinstance(use.op, FunctionOp) and not use.op.function_type.is_variadic:
            port = use.op.function_type.inputs[use.operand_index]
            if port.parameter or port.name in _SCALES:
                return True
    return False


def _executor(
    network_name: str,
    inputs: Iterable[Variable],
    outputs: Iterable[Value],
    parameters: Iterable[Variable],
    location: Location,
) -> Executor:
    def ports(names: Iterable[str]) -> tuple[dict[str, str], ...]:
        return tuple({"variable_name": name, "data_name": name} for name in names)

    return Executor(
        name=EXECUTOR,
        network_name=network_name,
        data_variable=ports(v.label for v in inputs),
        output_variable=ports(v.name or "" for v in outputs),
        parameter_variable=tuple({"variable_name": v.label} for v in parameters),
        location=location,
    )
