"""The parameters of a file as NNabla has them: real numbers, in NNabla's order."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

import attrs
import numpy as np

from ...ir import Attribute, CompileError, Module, TensorType, Value
from ...ir.dialects import nnb, nnp
from ...ir.dialects.nnp import Variable
from ...ir.types import F32, Array
from .calls import insert_call

BINARY = {
    "BinaryConnectAffine": "Affine",
    "BinaryConnectConvolution": "Convolution",
    "BinaryWeightAffine": "Affine",
    "BinaryWeightConvolution": "Convolution",
}
"""Functions with binary weights, and the function that the runtime computes with them."""


@attrs.define
class Weights:
    """Makes the parameters of a network: one for each way in which functions read the same data."""

    module: Module
    variables: dict[Hashable, Variable] = attrs.Factory(dict)

    def value(self, value: Value | None) -> Value | None:
        """What stands for a value in the network; data as it is stored."""
        parameter = value.defining_op if value is not None else None
        if not isinstance(parameter, nnb.Parameter):
            return value
        dense = parameter.value
        if dense.type.element == F32:
            return self._variable(parameter, dense.type, "", lambda: dense.numpy())
        return self._variable(parameter, dense.type, "", lambda: np.asarray(dense.real()))

    def of_affine(self, op: nnb.NnbFunction, index: int) -> Value:
        """A weight that lies as (out, in) in memory, as (in, out)."""
        value = op.operands[index]
        assert value is not None
        parameter = value.defining_op
        if isinstance(parameter, nnb.Parameter):
            return self._variable(parameter, value.tensor, "affine", lambda: _from_rows(parameter))
        return _transposed(op, value)

    def of_binary(self, op: nnb.NnbFunction) -> list[Value | None]:
        """The operands of the function with real weights: input, binary weights times their factors, bias."""
        kind = op.function_type.name
        x, _, binary, *rest = op.operands
        assert binary is not None
        parameter = binary.defining_op
        alpha = rest.pop(0) if kind.startswith("BinaryWeight") else None
        factors = alpha.defining_op if alpha is not None else None
        if not isinstance(parameter, nnb.Parameter) or not isinstance(factors, nnb.Parameter | None):
            raise CompileError(
                f"{kind} computes its binary weights or their factors", op.location, "take parameters for them"
            )
        is_affine = BINARY[kind] == "Affine"
        outputs = _outputs(binary.tensor, is_affine)
        if factors is not None and factors.value.type.size != outputs:
            raise CompileError(
                f"{kind} has {factors.value.type.size} factors for {outputs} outputs", op.location, "correct the file"
            )

        def load() -> Array:
            weight = _from_rows(parameter) if is_affine else np.asarray(parameter.value.real())
            return weight if factors is None else _scaled(weight, factors.value.real(), is_affine)

        how = f"{BINARY[kind]} {id(factors)}"
        weight = self._variable(parameter, binary.tensor, how, load)
        return [self.value(x), weight, *map(self.value, rest)]

    def _variable(self, parameter: nnb.Parameter, type: TensorType, how: str, load: Callable[[], Array]) -> Value:
        """The variable that holds a parameter as it is read in a way; ``load`` gives its elements."""
        key = (parameter, how)
        if key not in self.variables:
            name = parameter.results[0].name or "parameter"
            real = type.with_element(F32)
            value = self.module.add_resource(name, lambda: np.asarray(load(), np.float32), real)
            self.variables[key] = nnp.Variable(
                result_types=[real], name=name, type="Parameter", value=value, location=parameter.location
            )
        return self.variables[key].variable


def _from_rows(parameter: nnb.Parameter) -> Array:
    """Elements of (out, in) as (in, out), where the first dimension is the inputs."""
    stored = np.asarray(parameter.value.real())
    inputs = stored.shape[0] if stored.ndim else 1
    return stored.reshape(-1, inputs).T.reshape(stored.shape) if stored.size else stored


def _outputs(weight: TensorType, is_affine: bool) -> int:
    """How many outputs a weight makes: of affine ones all dimensions but the first, of convolutions the first."""
    first, *others = weight.static_shape or (1,)
    return math.prod(others) if is_affine else first


def _scaled(weight: Array, factors: Array, is_affine: bool) -> Array:
    """Weights times a factor for each output: behind the first dimension of affine ones, in that of convolutions."""
    along = weight.shape[1:] if is_affine else (-1, *(1 for _ in weight.shape[1:]))
    return (weight * factors.reshape(along)).reshape(weight.shape)


def _transposed(op: nnb.NnbFunction, value: Value) -> Value:
    """The functions that bring a weight that is computed from (out, in) to (in, out)."""
    shape = value.tensor.static_shape
    inputs = shape[0] if shape else 1
    rows = value.tensor.size // max(inputs, 1)
    steps: list[tuple[str, tuple[int, ...], dict[str, Attribute]]] = [
        ("Reshape", (rows, inputs), {"shape": (rows, inputs)}),
        ("Transpose", (inputs, rows), {"axes": (1, 0)}),
        ("Reshape", shape, {"shape": shape}),
    ]
    for kind, dims, arguments in steps:
        value = insert_call(op, kind, [value], [TensorType(dims, F32)], arguments).results[0]
    return value
