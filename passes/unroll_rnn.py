"""``unroll-rnn``: recurrent layers over a few steps, written out step by step.

Why: targets without a recurrent operation, and those whose one keeps state between calls, have all of the parts:
affine, split, sigmoid, tanh, multiplication, addition. What the gates get from the input is one product for all steps.

What it does not do: sequences whose length is not known, or is more than ``longest``, stay as they are: `loop-rnn`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import attrs

from ..ir import Builder, Module, Value
from ..ir.passes import PassContext, option
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule
from .recurrence import Layer, States, Weights, joined, of_direction, states_before, step


@attrs.define
class UnrollRnn(RewritePass, name="unroll-rnn"):
    """Write nn.rnn, nn.gru and nn.lstm out as affine, split, sigmoid, tanh, mul and add for each step.

    Given, for two steps::

        %y, %h = "nn.rnn"(%x, %w, %r) {hidden = 4} : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>)
            -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>)

    Result, where %wt and %rt are the transposed weights of the direction::

        %0 = "nn.affine"(%x, %wt) : (tensor<2x1x3xf32>, tensor<3x4xf32>) -> tensor<2x1x4xf32>
        %1:2 = "nn.split"(%0) {axis = 0, sizes = [1, 1]} : (tensor<2x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>)
        %2 = "nn.tanh"(%1#0) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
        %3 = "nn.affine"(%2, %rt) : (tensor<1x1x4xf32>, tensor<4x4xf32>) -> tensor<1x1x4xf32>
        %4 = "nn.add"(%1#1, %3) : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
        %h = "nn.tanh"(%4) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
        %y = concat of %2 and %h along the time, reshaped
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    longest: int | None = option(None, "layers with more steps stay; null: all of a known number of steps are unrolled")

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return [UnrollRecurrent(self.longest)]


@attrs.frozen
class UnrollRecurrent(OpRewrite):
    """rnn, gru, lstm   →   what each step does"""

    longest: int | None = None

    def match_and_rewrite(self, op: Layer, rw: Rewriter) -> bool:
        x = op.x.tensor.shape
        steps = x[0] if x is not None else None
        if not isinstance(steps, int) or steps == 0:
            return rw.refuse(op, "the number of steps is not known, or is 0")
        if self.longest is not None and steps > self.longest:
            return rw.refuse(op, f"has {steps} steps, which is more than {self.longest}")
        b = rw.builder(op)
        before = states_before(b, op)
        runs = [_run(b, op, d, steps, backwards, before) for d, backwards in enumerate(op.directions)]
        y = joined(b, [_with_direction(b, op, states) for states, _ in runs], axis=1)
        ends = (joined(b, list(parts), axis=0) for parts in zip(*(last for _, last in runs), strict=True))
        return rw.replace(op, (y, *ends))


def _run(
    b: Builder, op: Layer, index: int, steps: int, backwards: bool, before: States
) -> tuple[list[Value], tuple[Value, ...]]:
    """The state h behind each step of a direction, in the order of time, and all states at the end, (1, B, H) each."""
    weights = Weights.of(b, op, index)
    inputs = b.nn.affine(op.x, weights.matrix, weights.bias)
    pieces = [inputs] if steps == 1 else b.nn.split(inputs, axis=0, sizes=(1,) * steps)
    states: States = tuple(None if s is None else of_direction(b, op, s, index) for s in before)
    outputs: dict[int, Value] = {}
    for t in reversed(range(steps)) if backwards else range(steps):
        made = step(b, op, pieces[t], weights.of_state(b, states[0]), states)
        outputs[t], states = made[0], made
    return [outputs[t] for t in range(steps)], made


def _with_direction(b: Builder, op: Layer, states: Sequence[Value]) -> Value:
    """The states of all steps as (T, 1, B, H)."""
    made: Value = b.nn.reshape(joined(b, states, axis=0), shape=(len(states), 1, -1, op.hidden))
    return made
