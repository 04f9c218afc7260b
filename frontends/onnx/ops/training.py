"""One step of an optimizer, for any number of tensors: the operators of ai.onnx.preview.training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ...nodes import refuse
from ...sizes import cast
from .registry import Lifter, lift, no_lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_DOMAIN = "ai.onnx.preview.training"

no_lift("needs the derivatives of the graph", "compute the gradients in the model", "Gradient", domain=_DOMAIN)


def _each(op: OnnxOp, tensors: Sequence[Value], kinds: int, step: Callable[..., Sequence[Value]]) -> tuple[Value, ...]:
    """The results of ``step`` for each optimized tensor.

    The tensors stand by kind: all that are optimized, all gradients, all of each state; so do the results.
    """
    count, rest = divmod(len(tensors), kinds)
    if rest:
        raise refuse(op, f"has {len(tensors)} tensors, expected {kinds} for each that is optimized")
    made = [step(*(tensors[kind * count + i] for kind in range(kinds))) for i in range(count)]
    return tuple(value for kind in zip(*made, strict=True) for value in kind)


def _regularized(b: Lifter, op: OnnxOp, x: Value, gradient: Value) -> Value:
    return b.nn.add(b.nn.mul(x, op.get("norm_coefficient") or 0.0), gradient)


@lift("Adagrad", domain=_DOMAIN)
def adagrad(b: Lifter, op: OnnxOp, rate: Value, count: Value, *tensors: Value) -> tuple[Value, ...]:
    """X - R / (1 + T decay) G / (sqrt(H) + epsilon), where H is the sum of the squares of all gradients G."""
    nn = b.nn

    def step(x: Value, gradient: Value, squares: Value) -> tuple[Value, Value]:
        element = x.tensor.expressed
        slowed = nn.add(nn.mul(cast(b, count, element), op.get("decay_factor") or 0.0), 1.0)
        gradient = _regularized(b, op, x, gradient)
        squares = nn.add(squares, nn.square(gradient))
        direction = nn.div(gradient, nn.add(nn.sqrt(squares), op.get("epsilon")))
        return nn.sub(x, nn.mul(nn.div(cast(b, rate, element), slowed), direction)), squares

    return _each(op, tensors, 3, step)


@lift("Adam", domain=_DOMAIN)
def adam(b: Lifter, op: OnnxOp, rate: Value, count: Value, *tensors: Value) -> tuple[Value, ...]:
    """X - R' V / (sqrt(H) + epsilon), V and H being moving averages of the gradients and of their squares.

    For T > 0, R' is R sqrt(1 - beta^T) / (1 - alpha^T), which corrects the averages' beginning at zero.
    """
    if "epsilon" not in op.attributes:
        raise refuse(op, "has no epsilon, for which ONNX's releases take different numbers", "give it as an attribute")
    nn, alpha, beta = b.nn, op.get("alpha"), op.get("beta")

    def step(x: Value, gradient: Value, average: Value, squares: Value) -> tuple[Value, Value, Value]:
        element = x.tensor.expressed
        gradient = _regularized(b, op, x, gradient)
        average = nn.add(nn.mul(average, alpha), nn.mul(gradient, 1 - alpha))
        squares = nn.add(nn.mul(squares, beta), nn.mul(nn.square(gradient), 1 - beta))
        times, first = cast(b, count, element), cast(b, rate, element)
        left = [nn.sub(b.constant(1.0, element), nn.pow(b.constant(base, element), times)) for base in (alpha, beta)]
        corrected = nn.div(nn.mul(first, nn.sqrt(left[1])), left[0])
        speed = nn.select(nn.greater(times, 0.0), corrected, first)
        moved = nn.sub(x, nn.div(nn.mul(average, speed), nn.add(nn.sqrt(squares), op.get("epsilon"))))
        return nn.mul(moved, 1 - (op.get("norm_coefficient_post") or 0.0)), average, squares

    return _each(op, tensors, 4, step)


@lift("Momentum", domain=_DOMAIN)
def momentum(b: Lifter, op: OnnxOp, rate: Value, count: Value, *tensors: Value) -> tuple[Value, ...]:
    """X - R V, V being alpha V + beta G (G in the first step); Nesterov's: X - R (G + alpha V)."""
    nn, alpha, mode = b.nn, op.get("alpha"), op.get("mode")
    if mode not in ("nesterov", "standard"):
        raise refuse(op, f"has the mode '{mode}'")

    def step(x: Value, gradient: Value, velocity: Value) -> tuple[Value, Value]:
        element = x.tensor.expressed
        gradient = _regularized(b, op, x, gradient)
        share = nn.select(nn.greater(count, 0), b.constant(op.get("beta"), element), b.constant(1.0, element))
        velocity = nn.add(nn.mul(velocity, alpha), nn.mul(gradient, share))
        direction = velocity if mode == "standard" else nn.add(gradient, nn.mul(velocity, alpha))
        return nn.sub(x, nn.mul(direction, cast(b, rate, element))), velocity

    return _each(op, tensors, 3, step)
