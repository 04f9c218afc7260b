"""From a module in the nnp dialect to the messages of a file, and the list of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...ir import DenseAttribute, Diagnostics, Location, Module, Value
from ...ir.dialects import nnp
from ...ir.dialects.nnp.messages import to_message
from ...ir.dialects.nnp.schema import message_class
from ...ir.types import F32

# What an operation holds beside the fields of its message.
_VARIABLE_EXTRAS = {"value", "no_shape"}
_FUNCTION_EXTRAS = {"no_param"}


@attrs.frozen
class NamedParameter:
    """A parameter to write."""

    name: str
    value: DenseAttribute
    need_grad: bool
    has_shape: bool
    location: Location


@attrs.frozen
class FileContent:
    """What a file is made of: the root message without parameters, the parameters, and members kept as they are."""

    root: Any
    parameters: list[NamedParameter]
    files: dict[str, DenseAttribute]


def file_content(module: Module) -> FileContent:
    """The content of the file that a module stands for. Raises CompileError with everything that a file cannot hold."""
    problems = Diagnostics()
    root = message_class()()
    if nnp.VERSION in module.attributes:
        root.version = module.attributes[nnp.VERSION]
    files: dict[str, DenseAttribute] = {}
    for op in module.body:
        try:
            if isinstance(op, nnp.Network):
                _network(op, root.network.add(), problems)
            elif isinstance(op, nnp.MessageOp):
                field = getattr(root, op.field)
                message = field.add() if hasattr(field, "add") else field
                message.SetInParent()
                to_message(op.attributes, message)
            elif isinstance(op, nnp.StoredFile):
                files[op.path] = op.content
            elif not isinstance(op, nnp.Parameter):
                problems.error(
                    f"'{op.name}' cannot stand in an NNP file", op.location, "lower the module to the nnp dialect first"
                )
        except ValueError as error:
            problems.error(f"cannot be written: {error}", op.location, "correct the attribute")
    parameters = _parameters(module, problems)
    problems.raise_if_errors()
    return FileContent(root, parameters, files)


def _network(network: nnp.Network, message: Any, problems: Diagnostics) -> None:
    to_message(network.attributes, message)
    names: dict[Value, str] = {}
    for variable in network.variables:
        try:
            names[variable.variable] = variable.label
            _variable(variable, message.variable.add())
        except ValueError as error:
            problems.error(f"variable '{variable.label}' cannot be written: {error}", variable.location, "fix its type")
    for function in network.functions:
        try:
            _function(function, message.function.add(), names)
        except KeyError:
            problems.error(
                f"function '{function.label}' takes or makes a value without name",
                function.location,
                "declare every value of the network by an 'nnp.variable'",
            )
        except ValueError as error:
            problems.error(f"function '{function.label}' cannot be written: {error}", function.location, "correct it")


def _variable(variable: nnp.Variable, message: Any) -> None:
    type = variable.variable.tensor
    if type.element != F32:
        raise ValueError(f"its elements are {type.element}; NNP files hold f32")
    to_message({k: v for k, v in variable.attributes.items() if k not in _VARIABLE_EXTRAS}, message)
    _set_shape(message, nnp.file_dims(type), not variable.no_shape)


def _function(function: nnp.FunctionOp, message: Any, names: Mapping[Value, str]) -> None:
    kind = function.function_type
    arguments = {k: v for k, v in function.attributes.items() if k in function.argument_names}
    own = {k: v for k, v in function.attributes.items() if k not in arguments and k not in _FUNCTION_EXTRAS}
    to_message(own, message)
    message.type = kind.name
    message.input.extend(names[v] for v in function.operands if v is not None)
    message.output.extend(names[v] for v in function.results)
    if kind.param is not None and not function.no_param:
        param = getattr(message, kind.param)
        param.SetInParent()
        to_message(arguments, param)


def _set_shape(message: Any, dims: list[int], present: bool) -> None:
    if present:
        message.shape.SetInParent()
        message.shape.dim.extend(dims)


def _parameters(module: Module, problems: Diagnostics) -> list[NamedParameter]:
    """The stored parameters, then those that only variables hold, each once."""
    found: dict[str, NamedParameter] = {}
    for op in module.body:
        if isinstance(op, nnp.Parameter):
            parameter = NamedParameter(op.variable_name, op.value, op.need_grad, not op.no_shape, op.location)
            _add(found, parameter, problems)
    for network in nnp.networks(module).values():
        for variable in network.variables:
            if variable.value is not None:
                parameter = NamedParameter(variable.label, variable.value, True, True, variable.location)
                _add(found, parameter, problems)
    return list(found.values())


def _add(found: dict[str, NamedParameter], parameter: NamedParameter, problems: Diagnostics) -> None:
    """Keep a parameter, or see that it is the one that is there."""
    other = found.setdefault(parameter.name, parameter)
    if parameter.value.type.element != F32:
        problems.error(
            f"parameter '{parameter.name}' has elements of type {parameter.value.type.element}",
            parameter.location,
            "NNP files hold f32",
        )
    if other.value != parameter.value:
        problems.error(
            f"there are two different values of parameter '{parameter.name}'",
            parameter.location,
            "rename one of the variables: networks of a file share their parameters by name",
        )
