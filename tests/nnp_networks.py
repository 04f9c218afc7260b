"""Small nnp networks, made without a file: what the tests of the lift share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nncc.frontends.nnp.lift import LiftNnp
from nncc.ir import Location, Module, TensorType, Value
from nncc.ir.dialects import nnp
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, Array, Shape


class NetworkBuilder:
    """A module with one network and one executor; values are addressed by their names."""

    def __init__(self) -> None:
        self.module = Module()
        self.network = nnp.Network.create(Location.at("net.nnp", "net"), name="net")
        self.module.body.append(self.network)
        self.values: dict[str, Value] = {}
        self.generators: list[dict[str, Any]] = []
        self.inputs: list[str] = []
        self.calls = 0

    def input(self, name: str, shape: Shape, **attributes: Any) -> None:
        self.inputs.append(name)
        self._variable(name, shape, "Buffer", **attributes)

    def generated(self, name: str, shape: Shape, kind: str, multiplier: float) -> None:
        self.generators.append({"variable_name": name, "type": kind, "multiplier": multiplier})
        self._variable(name, shape, "Buffer")

    def parameter(self, name: str, array: Array | None, shape: Shape = ()) -> None:
        if array is None:
            self._variable(name, shape, "Parameter")
        else:
            stored = self.module.add_resource(name, np.asarray(array, np.float32))
            self._variable(name, array.shape, "Parameter", value=stored)

    def _variable(self, name: str, shape: Shape, kind: str, **attributes: Any) -> None:
        place = Location.at("net.nnp", "net", name)
        variable = nnp.Variable(
            result_types=[TensorType(tuple(shape), F32)], name=name, type=kind, location=place, **attributes
        )
        self.network.body.append(variable)
        self.values[name] = variable.results[0]
        self.values[name].name = name

    def call(self, kind: str, inputs: Sequence[str | None], outputs: Mapping[str, Shape], **arguments: Any) -> None:
        """A function; ``outputs`` are its results with the shapes that the file says."""
        name = f"{kind}_{self.calls}"
        function = nnp.FUNCTION_OPS[kind](
            *(None if i is None else self.values[i] for i in inputs),
            result_types=[TensorType(tuple(shape), F32) for shape in outputs.values()],
            name=name,
            location=Location.at("net.nnp", "net", name, self.calls),
            **arguments,
        )
        for output, result in zip(outputs, function.results, strict=True):
            self.values[output] = result
            declaration = nnp.Variable(result, name=output, type="Buffer", result_types=[])
            self.network.body.append(declaration)
        self.network.body.append(function)
        self.calls += 1

    def finish(self, *outputs: str) -> Module:
        entries = {"data_variable": self.inputs, "output_variable": outputs}
        self.module.body.append(
            nnp.Executor(
                name="runtime",
                network_name="net",
                generator_variable=tuple(self.generators),
                **{key: tuple({"variable_name": name} for name in names) for key, names in entries.items()},
            )
        )
        return self.module


def lift(module: Module, context: PassContext | None = None, **options: Any) -> Module:
    """The module, lifted."""
    LiftNnp(**options).run(module, context or PassContext())
    return module


def lift_call(
    kind: str,
    inputs: Sequence[Array | None],
    shapes: Shape | Sequence[Shape],
    parameters: Sequence[Array | None] | Mapping[int, Array] = (),
    context: PassContext | None = None,
    **arguments: Any,
) -> list[Array]:
    """What one function computes: its inputs are first those of the network, then parameters.

    A mapping puts parameters at places among the inputs.
    """
    net = NetworkBuilder()
    names: list[str | None] = []
    for i, array in enumerate(inputs):
        names.append(None if array is None else f"x{i}")
        if array is not None:
            net.input(f"x{i}", np.shape(array))
    if not isinstance(parameters, Mapping):
        parameters = {len(inputs) + i: a for i, a in enumerate(parameters) if a is not None}
    names += [None] * (max(parameters, default=-1) + 1 - len(names))
    for i, array in parameters.items():
        names[i] = f"w{i}"
        net.parameter(f"w{i}", np.asarray(array, np.float32))
    several = bool(shapes) and not isinstance(shapes[0], int)
    results = list(shapes) if several else [shapes]
    outputs = {f"y{i}": shape for i, shape in enumerate(results)}
    net.call(kind, names, outputs, **arguments)
    module = lift(net.finish(*outputs), context)
    given = {f"x{i}": np.asarray(a, np.float32) for i, a in enumerate(inputs) if a is not None}
    return list(evaluate(module.main, given).values())
