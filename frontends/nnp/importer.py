"""From the members of a model to a module in the nnp dialect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from ...ir import CompileError, Diagnostics, Location, Module, Operation, Origin
from ...ir.dialects import nnp
from ...ir.dialects.nnp.messages import from_message, is_repeated
from ...ir.dialects.nnp.schema import message_class
from .archive import Kind, Member
from .functions import unknown_types
from .networks import import_network
from .parameters import StoredParameter, check_parameters, from_hdf5, from_messages
from .text import parse_text
from .wire import parse_binary


@attrs.define
class Content:
    """All that the members of a model say: messages in the order of the members, and parameters."""

    messages: list[tuple[Any, Location]] = attrs.Factory(list)
    parameters: list[StoredParameter] = attrs.Factory(list)
    files: list[Member] = attrs.Factory(list)


def read_members(members: Iterable[Member], diagnostics: Diagnostics) -> Content:
    """Parse every member; what cannot be parsed is reported."""
    content = Content()
    for member in members:
        try:
            _read_member(member, content, diagnostics)
        except CompileError as error:
            diagnostics.add(error)
    return content


def _read_member(member: Member, content: Content, diagnostics: Diagnostics) -> None:
    if member.kind is Kind.OPTIMIZER:
        content.files.append(member)
        return
    if member.kind is Kind.HDF5:
        content.parameters += from_hdf5(member)
        return
    parse = parse_text if member.kind is Kind.TEXT else parse_binary
    message, data = parse(member.content, member.location)
    content.parameters += from_messages(message.parameter, data, member.location, diagnostics)
    message.ClearField("parameter")
    content.messages.append((message, member.location))


def import_module(content: Content, allow_nan: bool, diagnostics: Diagnostics) -> Module:
    """The module of what the members say. Faults are reported; the result is worth nothing where there are any."""
    check_parameters(content.parameters, allow_nan, diagnostics)
    _check_networks(content, diagnostics)
    root = message_class()()
    module = Module()
    parameters = [_parameter(module, parameter) for parameter in content.parameters]
    values = {op.variable_name: op.value for op in parameters}
    networks: list[nnp.Network] = []
    for message, location in content.messages:
        file = location.origins[0].file
        networks += [import_network(network, file, values, diagnostics) for network in message.network]
        message.ClearField("network")
        root.MergeFrom(message)
    if root.version:
        module.set_attribute(nnp.VERSION, root.version)
    places = [location for _, location in content.messages] + [p.location for p in content.parameters]
    module.location = Location(tuple(dict.fromkeys(Origin(place.origins[0].file) for place in places)))
    for op in (
        *_messages(root, ("global_config", "training_config"), module.location),
        *networks,
        *parameters,
        *_messages(root, ("dataset", "optimizer", "monitor", "executor"), module.location),
        *(_file(module, member) for member in content.files),
    ):
        module.body.append(op)
    return module


def _check_networks(content: Content, diagnostics: Diagnostics) -> None:
    """What concerns several networks: names that are there twice, and unknown function types, all at once."""
    first: dict[str, Location] = {}
    for message, location in content.messages:
        diagnostics.items += unknown_types(message, location)
        for network in message.network:
            if network.name in first:
                diagnostics.error(
                    f"the network '{network.name}' is there twice; the other is in {first[network.name]}",
                    location,
                    "give only one of the two files, or rename one of the two",
                )
            first.setdefault(network.name, location)


def _parameter(module: Module, parameter: StoredParameter) -> nnp.Parameter:
    return nnp.Parameter(
        variable_name=parameter.name,
        need_grad=parameter.need_grad,
        value=module.add_resource(parameter.name, parameter.array),
        no_shape=not parameter.has_shape,
        location=parameter.location,
    )


def _messages(root: Any, fields: Sequence[str], location: Location) -> Iterator[Operation]:
    for field in fields:
        repeated = is_repeated(root.DESCRIPTOR.fields_by_name[field])
        messages = getattr(root, field) if repeated else [getattr(root, field)] if root.HasField(field) else []
        for message in messages:
            yield nnp.MESSAGE_OPS[field](location=location, **from_message(message))


def _file(module: Module, member: Member) -> nnp.StoredFile:
    content = module.add_resource(member.path, np.frombuffer(member.content, np.uint8))
    return nnp.StoredFile(path=member.path, content=content, location=member.location)
