"""``unroll-rnn``: recurrent layers over a known number of steps, written out step by step.

Why: targets without a recurrent operation, and those whose one keeps state between calls, have all of the parts:
affine, split, sigmoid, tanh, multiplication, addition. What the gates get from the input is one product for all steps.

What it does not do: sequences whose length is not known stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..ir import Builder, Module, Value
from ..ir.dialects import nn
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule

States = tuple[Value | None, ...]
"""The states before a step, (1, B, H) each; None stands for zeros."""


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

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return [UnrollRecurrent]


class UnrollRecurrent(OpRewrite):
    """rnn, gru, lstm   →   what each step does"""

    def match_and_rewrite(self, op: nn.Rnn | nn.Gru | nn.Lstm, rw: Rewriter) -> bool:
        x = op.x.tensor.shape
        steps = x[0] if x is not None else None
        if not isinstance(steps, int) or steps == 0:
            return rw.refuse(op, "the number of steps is not known, or is 0")
        b = rw.builder(op)
        runs = [_Direction(b, op, d).run(steps, backwards) for d, backwards in enumerate(op.directions)]
        y = _joined(b, [_with_direction(b, op, states) for states, _ in runs], axis=1)
        ends = (_joined(b, list(parts), axis=0) for parts in zip(*(last for _, last in runs), strict=True))
        return rw.replace(op, (y, *ends))


def _with_direction(b: Builder, op: nn.RecurrentOp, states: Sequence[Value]) -> Value:
    """The states of all steps as (T, 1, B, H)."""
    joined = _joined(b, states, axis=0)
    made: Value = b.nn.reshape(joined, shape=(len(states), 1, -1, op.hidden))
    return made


def _joined(b: Builder, parts: Sequence[Value], axis: int) -> Value:
    made: Value = parts[0] if len(parts) == 1 else b.nn.concat(parts, axis=axis)
    return made


class _Direction:
    """One direction of a layer: its weights, as matrices that states are multiplied with, and its way through time."""

    def __init__(self, b: Builder, op: nn.Rnn | nn.Gru | nn.Lstm, index: int) -> None:
        self.b, self.op, self.index = b, op, index
        self.matrix = self._matrix(op.weight)
        self.recurrent_matrix = self._matrix(op.recurrent_weight)
        bias: Value | None = op.bias
        own: Value | None = op.recurrent_bias
        self.bias = None if bias is None else self._vector(bias)
        self.own_bias = None if own is None else self._vector(own)
        if not isinstance(op, nn.Gru):  # there alone it matters which product the bias is added to
            self.bias, self.own_bias = self._sum(self.bias, self.own_bias), None

    def run(self, steps: int, backwards: bool) -> tuple[list[Value], tuple[Value, ...]]:
        """The state h behind each step, in the order of time, and all states at the end, (1, B, H) each."""
        inputs = self.b.nn.affine(self.op.x, self.matrix, self.bias)
        pieces = [inputs] if steps == 1 else self.b.nn.split(inputs, axis=0, sizes=(1,) * steps)
        states: States = tuple(None if s is None else self._of_direction(s) for s in self.op.initial_states)
        outputs: dict[int, Value] = {}
        for t in reversed(range(steps)) if backwards else range(steps):
            made = self.step(pieces[t], states)
            outputs[t], states = made[0], made
        return [outputs[t] for t in range(steps)], made

    def step(self, inputs: Value, states: States) -> tuple[Value, ...]:
        """The states behind a step, for what its input adds to the gates, (1, B, G * H), and the states before it."""
        if isinstance(self.op, nn.Gru):
            return self._gru(inputs, states)
        if isinstance(self.op, nn.Lstm):
            return self._lstm(inputs, states)
        total = self._added(inputs, self._recurrent(states[0]))
        return (self.b.nn.tanh(total) if self.op.activation == "tanh" else self.b.nn.relu(total),)

    def _lstm(self, inputs: Value, states: States) -> tuple[Value, ...]:
        b, (h, c) = self.b.nn, states
        i, f, g, o = self._gates(self._added(inputs, self._recurrent(h)), (1, 1, 1, 1))
        new = b.mul(b.sigmoid(i), b.tanh(g))
        if c is not None:
            new = b.add(b.mul(b.sigmoid(f), c), new)
        return b.mul(b.sigmoid(o), b.tanh(new)), new

    def _gru(self, inputs: Value, states: States) -> tuple[Value, ...]:
        """h = n + z * (h - n), which is (1 - z) * n + z * h."""
        b, h = self.b.nn, states[0]
        own = self._recurrent(h)
        gates, candidate = self._gates(inputs, (2, 1))
        if own is not None:
            own_gates, own_candidate = self._gates(own, (2, 1))
            gates = b.add(gates, own_gates)
        r, z = self._gates(b.sigmoid(gates), (1, 1))
        n = b.tanh(candidate if own is None else b.add(candidate, b.mul(r, own_candidate)))
        return (b.sub(n, b.mul(z, n)) if h is None else b.add(n, b.mul(z, b.sub(h, n))),)

    def _recurrent(self, h: Value | None) -> Value | None:
        """What the state adds to the gates; None where that is nothing."""
        if h is None:
            return self.own_bias
        made: Value = self.b.nn.affine(h, self.recurrent_matrix, self.own_bias)
        return made

    def _gates(self, value: Value, counts: Sequence[int]) -> tuple[Value, ...]:
        """The gates, cut into groups of so many."""
        made: tuple[Value, ...] = self.b.nn.split(value, axis=-1, sizes=tuple(n * self.op.hidden for n in counts))
        return made

    def _sum(self, a: Value | None, other: Value | None) -> Value | None:
        return other if a is None else self._added(a, other)

    def _added(self, a: Value, other: Value | None) -> Value:
        made: Value = a if other is None else self.b.nn.add(a, other)
        return made

    # This direction's part of the operands

    def _of_direction(self, value: Value) -> Value:
        """The part of this direction, still with its first axis (of length 1)."""
        count, rank = len(self.op.directions), value.tensor.rank
        if count == 1:
            return value
        starts, stops = (self.index, *[0] * (rank - 1)), (self.index + 1, *[_TO_THE_END] * (rank - 1))
        made: Value = self.b.nn.slice(value, starts=starts, stops=stops, steps=(1,) * rank)
        return made

    def _matrix(self, weight: Value) -> Value:
        """(D, rows, columns) to (columns, rows) of this direction."""
        rows = self.op.gates * self.op.hidden
        matrix = self.b.nn.reshape(self._of_direction(weight), shape=(rows, -1))
        made: Value = self.b.nn.transpose(matrix, perm=(1, 0))
        return made

    def _vector(self, bias: Value) -> Value:
        """(D, rows) to (rows,) of this direction."""
        made: Value = self.b.nn.reshape(self._of_direction(bias), shape=(self.op.gates * self.op.hidden,))
        return made


_TO_THE_END = 2**31 - 1
