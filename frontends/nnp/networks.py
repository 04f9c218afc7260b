"""Networks: from messages to operations, with every check that a network must pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ...ir import Attribute, DenseAttribute, Diagnostics, Location, TensorType, Value
from ...ir.dialects import nnp
from ...ir.dialects.nnp.messages import from_message

_REMEDY = "correct the network, or export it again"


def import_network(
    message: Any, file: str, stored: Mapping[str, DenseAttribute], diagnostics: Diagnostics
) -> nnp.Network:
    """The operation for one message ``Network``; ``stored`` are the parameters by name.

    All faults are reported; the result is worth nothing where there are any.
    """
    return _NetworkImport(message, file, stored, diagnostics).run()


@attrs.define
class _NetworkImport:
    """The state of one import: types and values of the variables by name."""

    message: Any
    file: str
    stored: Mapping[str, DenseAttribute]
    diagnostics: Diagnostics
    types: dict[str, TensorType] = attrs.Factory(dict)
    values: dict[str, Value] = attrs.Factory(dict)

    def run(self) -> nnp.Network:
        before = len(self.diagnostics.errors)
        fields = from_message(self.message, without=("variable", "function"))
        network = nnp.Network.create(Location.at(self.file, self.message.name), **fields)
        self._read_types()
        # Functions first, without operands: one may take what a later one makes.
        functions = [self._function(message, index) for index, message in enumerate(self.message.function)]
        for message in self.message.variable:
            if message.name in self.types:
                network.body.append(self._variable(message))
        for message, function in zip(self.message.function, functions, strict=True):
            if function is not None:
                self._connect(message, function)
                network.body.append(function)
        if len(self.diagnostics.errors) == before:
            self._check_cycles(network)
        return network

    def _error(self, message: str, name: str, index: int | None = None, remedy: str = _REMEDY) -> None:
        self.diagnostics.error(message, Location.at(self.file, self.message.name, name, index), remedy)

    def _read_types(self) -> None:
        for variable in self.message.variable:
            name = variable.name
            if name in self.types:
                self._error(f"the variable '{name}' is there twice", name)
                continue
            if variable.type not in ("Buffer", "Parameter"):
                self._error(f"the variable '{name}' has the type '{variable.type}', not Buffer or Parameter", name)
            try:
                self.types[name] = nnp.variable_type(variable.shape.dim)
            except ValueError as error:
                self._error(f"the variable '{name}' has no sound shape: {error}", name)

    def _function(self, message: Any, index: int) -> nnp.FunctionOp | None:
        """The operation without operands; its results become the values of its outputs."""
        kind = nnp.function_types().get(message.type)
        if kind is None:
            return None  # reported for all networks at once
        attributes = self._arguments(message, kind, index)
        outputs = [name for name in message.output if name in self.types]
        for name in message.output:
            if name not in self.types:
                self._error(
                    f"the output '{name}' of '{message.name}' is no variable of the network", message.name, index
                )
        function = nnp.FUNCTION_OPS[message.type](
            result_types=[self.types[name] for name in outputs],
            location=Location.at(self.file, self.message.name, message.name, index),
            **attributes,
        )
        for name, result in zip(outputs, function.results, strict=True):
            if name in self.values:
                self._error(f"the variable '{name}' is made twice; '{message.name}' is the second", message.name, index)
            self.values.setdefault(name, result)
            result.name = name
        return function

    def _arguments(self, message: Any, kind: nnp.FunctionType, index: int) -> dict[str, Attribute]:
        given = message.WhichOneof("parameter")
        attributes = {"name": message.name} | from_message(message, without=("type", "input", "output", given or ""))
        if given is not None and given != kind.param:
            self._error(f"'{message.name}' of type {kind.name} has the arguments '{given}'", message.name, index)
        elif given is not None:
            attributes |= from_message(getattr(message, given))
        elif kind.param is not None:
            attributes["no_param"] = True
        return attributes

    def _variable(self, message: Any) -> nnp.Variable:
        attributes = from_message(message, without=("shape",))
        attributes.setdefault("name", "")
        type = self.types[message.name]
        stored = self.stored.get(message.name)
        if stored is not None and message.type == "Parameter" and not message.repeat_id:
            if stored.type == type:
                attributes["value"] = stored
            else:
                self._error(
                    f"parameter '{message.name}' has the shape {_dims(stored.type)}, its variable {_dims(type)}",
                    message.name,
                    remedy="give the parameters that were saved with this network",
                )
        made = self.values.get(message.name)
        variable = nnp.Variable(
            *([] if made is None else [made]),
            result_types=[type] if made is None else [],
            location=Location.at(self.file, self.message.name, message.name),
            no_shape=not message.HasField("shape"),
            **attributes,
        )
        if made is None:
            variable.variable.name = message.name
            self.values[message.name] = variable.variable
        return variable

    def _connect(self, message: Any, function: nnp.FunctionOp) -> None:
        index = function.location.origins[0].index
        unknown = [name for name in message.input if name not in self.values]
        for name in unknown:
            self._error(f"the input '{name}' of '{message.name}' is no variable of the network", message.name, index)
        if unknown:
            return
        try:
            inputs = [self.values[name] for name in message.input]
            function.set_operands(nnp.place_inputs(function.function_type, function.attributes, inputs))
        except ValueError as error:
            self._error(f"'{message.name}' has a wrong number of inputs: {error}", message.name, index)
        else:
            self._check_results(function, index)

    def _check_results(self, function: nnp.FunctionOp, index: int | None) -> None:
        fault = function.result_count_fault()
        if fault:
            self._error(f"'{function.label}' has a wrong number of outputs: {fault}", function.label, index)

    def _check_cycles(self, network: nnp.Network) -> None:
        try:
            nnp.forward_order(network)
        except nnp.CycleError as error:
            first = error.functions[0]
            self.diagnostics.error(
                f"the network is cyclic, so it cannot be computed: {error}",
                first.location,
                "remove the cycle; only RepeatStart and Delay may take a value of the round before",
            )


def _dims(type: TensorType) -> str:
    return "(" + ", ".join(map(str, nnp.file_dims(type))) + ")"
