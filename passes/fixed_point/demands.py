"""What the kernels of nnabla-c-runtime demand of the points of their variables, found in what they compute.

The kernels for integers shift results by the bits that they have more than the result, never the other way; add a bias
as it is (they would divide one of another point in its place, again in every run); and bring operands of a sum to one
point in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...ir import Value
from ...ir.dialects.nnb import NnbFunction
from ...ir.dialects.nnb.kernels import FIXED
from ...ir.dialects.nnb.kernels.fixed import scalar_point
from .positions import Positions, fitting_point
from .settings import VariableType

_Demand = Callable[[Positions, Any, int], None]
"""Tells the positions what an operation needs; its variables have that many bits."""
_DEMANDS: dict[str, _Demand] = {}


def demand(positions: Positions, op: NnbFunction, bits: int) -> None:
    """Tell the positions what a function needs that is computed with integers of so many bits."""
    _DEMANDS[op.function_type.name](positions, op, bits)


def is_computed_with_integers(op: NnbFunction, types: dict[Value, VariableType]) -> bool:
    """Whether the runtime chooses a kernel for integers: all variables have one width."""
    codes = {types[v].code for v in (*op.operands, *op.results) if v is not None}
    return op.function_type.name in FIXED and len(codes) == 1 and all(types[v].is_fixed for v in op.results)


def needs_one_type(op: NnbFunction) -> bool:
    """Whether the runtime takes variables for what they are not: Convolution looks at the type of its result alone."""
    return op.function_type.name == "Convolution"


def _demands(*names: str) -> Callable[[_Demand], _Demand]:
    def register(rule: _Demand) -> _Demand:
        _DEMANDS.update(dict.fromkeys(names, rule))
        return rule

    return register


@_demands("Affine", "Convolution", "DepthwiseConvolution")
def _layer(positions: Positions, op: Any, bits: int) -> None:
    x, weight, *bias = (v for v in op.operands if v is not None)
    positions.bound(op, op.results[0], (x, weight))
    if bias:
        positions.join(op, bias[0], op.results[0])


@_demands("Add2", "Sub2")
def _sum(positions: Positions, op: Any, bits: int) -> None:
    """The sum saturates at the point of the operands: more bits behind that of the result would hold nothing."""
    positions.join(op, *op.operands, *op.results)


@_demands("ReLU", "Reshape", "Transpose", "MaxPooling", "AveragePooling", "SumPooling")
def _move(positions: Positions, op: Any, bits: int) -> None:
    positions.join(op, op.operands[0], op.results[0])


@_demands("AddScalar")
def _add_scalar(positions: Positions, op: Any, bits: int) -> None:
    """A number that the point of x leaves no place for would be cut to a whole one."""
    positions.join(op, op.operands[0], op.results[0])
    positions.at_most(op, op.results[0], fitting_point(-abs(op.val), abs(op.val), bits))


@_demands("MulScalar")
def _multiply_scalar(positions: Positions, op: Any, bits: int) -> None:
    positions.bound(op, op.results[0], op.operands, scalar_point(op.val, bits))


@_demands("Mul2")
def _multiply(positions: Positions, op: Any, bits: int) -> None:
    positions.bound(op, op.results[0], op.operands)
