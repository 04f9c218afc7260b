"""``loop-rnn``: recurrent layers as loops over their steps.

Why: a target without a recurrent operation, or whose one keeps state between calls, has loops. Written out, each step
has operations of its own, and runtimes pack the recurrent weights for each of them; a loop packs them once.

What it does not do: layers whose input has no known rank, or no elements, stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeAlias

import numpy as np

from ..ir import Block, Builder, Module, Region, TensorType, Value
from ..ir.passes import PassContext
from ..ir.rewrite import OpRewrite, RewritePass, Rewriter, Rule
from ..ir.types import I1, I32, I64, Array
from .open_recurrence import OpenTrips
from .recurrence import Layer, Weights, joined, states_before, step

Body: TypeAlias = Callable[[Value, Sequence[Value]], tuple[Sequence[Value], Value]]
"""What a trip does with its row of the inputs and the states: the next states, and what is stacked."""


class LoopRnn(RewritePass, name="loop-rnn"):
    """Turn nn.rnn, nn.gru and nn.lstm into an nn.loop, whose body is one step.

    Given::

        %y, %h = "nn.rnn"(%x, %w, %r) {hidden = 4} : (tensor<9x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>)
            -> (tensor<9x1x1x4xf32>, tensor<1x1x4xf32>)

    Result, where %wt and %rt are the transposed weights, %n is 9, %true is true and %zeros are the state before::

        %0 = "nn.affine"(%x, %wt) : (tensor<9x1x3xf32>, tensor<3x4xf32>) -> tensor<9x1x4xf32>
        %1 = reshape of %0 to 9x1x1x4
        %h, %y = "nn.loop"(%n, %true, %zeros) ({
        ^bb0(%t: tensor<i64>, %on: tensor<i1>, %before: tensor<1x1x4xf32>):
          %2 = "nn.gather"(%1, %t) {axis = 0} : (tensor<9x1x1x4xf32>, tensor<i64>) -> tensor<1x1x4xf32>
          %3 = "nn.affine"(%before, %rt) : (tensor<1x1x4xf32>, tensor<4x4xf32>) -> tensor<1x1x4xf32>
          %4 = "nn.add"(%2, %3) : (tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
          %5 = "nn.tanh"(%4) : (tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
          "nn.yield"(%on, %5, %5) : (tensor<i1>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> ()
        }) : (tensor<i64>, tensor<i1>, tensor<1x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<9x1x1x4xf32>)

    Both directions of a layer go through one loop: trip t is step t of the one and the t-th from the end of the other.
    From 64 steps on there are two loops, one over chunks of the sequence and one over the steps of a chunk.
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def rewrites(self, module: Module, context: PassContext) -> Iterable[Rule | type[Rule]]:
        return [LoopRecurrent]


class LoopRecurrent(OpRewrite):
    """rnn, gru, lstm   →   loop(step)"""

    def match_and_rewrite(self, op: Layer, rw: Rewriter) -> bool:
        if op.x.tensor.shape is None or 0 in op.x.tensor.shape:
            return rw.refuse(op, "the rank of its input is not known, or it is empty")
        b = rw.builder(op)
        weights = [Weights.of(b, op, d) for d in range(len(op.directions))]

        def one_step(here: Value, states: Sequence[Value]) -> tuple[Sequence[Value], Value]:
            new = step(b, op, here, _of_states(b, weights, states[0]), tuple(states))
            return new, new[0]

        if not op.x.tensor.is_static:
            trips = OpenTrips(b, op)
            first = [trips.zeros() if s is None else s for s in states_before(b, op)]
            last, y = _loop(b, trips.inputs(_products(b, op, weights)), first, one_step, trips.number())
            return rw.replace(op, (trips.outputs(y), *last))
        steps, batch, _ = op.x.tensor.static_shape
        # [t, d]: the step of direction d that trip t makes, which is also the trip that makes step t
        order = np.stack([np.arange(steps)[:: -1 if back else 1] for back in op.directions], axis=1)
        inputs = _inputs_of_trips(b, op, weights, order, batch)
        first = [_zeros(b, op, batch) if s is None else s for s in states_before(b, op)]

        def one_chunk(rows: Value, states: Sequence[Value]) -> tuple[Sequence[Value], Value]:
            return _loop(b, rows, states, one_step)

        length = _steps_in_a_chunk(steps)
        if length == steps:
            last, y = _loop(b, inputs, first, one_step)
        else:
            chunks = b.nn.reshape(inputs, shape=(-1, length, *inputs.tensor.static_shape[1:]))
            last, y = _loop(b, chunks, first, one_chunk)
            y = b.nn.reshape(y, shape=(steps, *y.tensor.static_shape[2:]))
        return rw.replace(op, (_in_order_of_time(b, op, y, order), *last))


def _steps_in_a_chunk(steps: int) -> int:
    """The greatest divisor up to the root of the steps; all of them where they are few, or have no such divisor.

    Loops of TFLite copy what they stack in each trip: with two loops inside each other, the copies are small.
    """
    if steps < _MANY_STEPS:
        return steps
    return next((n for n in range(math.isqrt(steps), 1, -1) if steps % n == 0), steps)


_MANY_STEPS = 64


def _loop(
    b: Builder, inputs: Value, first: Sequence[Value], body: Body, trips: Value | None = None
) -> tuple[Sequence[Value], Value]:
    """The states behind the last trip, and the stack of what all trips give, for a trip per row of the inputs.

    ``trips`` is their number, where the inputs do not say it.
    """
    block = Block.of([TensorType((), I64), TensorType((), I1), *(s.type for s in first)])
    trip, going, *states = block.args
    with b.inside(block):
        new, given = body(b.nn.gather(inputs, trip, axis=0), states)
        b.create("nn.yield", [going, *new, given])
    if trips is None:
        trips = b.constant(inputs.tensor.static_shape[0], I64, "trips")
    true = b.constant(np.array(True), name="true")
    *last, stack = b.create("nn.loop", trips, true, list(first), regions=[Region.of(block)]).results
    return last, stack


def _products(b: Builder, op: Layer, weights: Sequence[Weights]) -> Value:
    """What the input adds to the gates in each step, (T, B, D * G * H)."""
    matrix = joined(b, [w.matrix for w in weights], axis=1)
    biases = [w.bias for w in weights if w.bias is not None]
    made: Value = b.nn.affine(op.x, matrix, joined(b, biases, axis=0) if biases else None)
    return made


def _inputs_of_trips(b: Builder, op: Layer, weights: Sequence[Weights], order: Array, batch: int) -> Value:
    """What the input adds to the gates in each trip, (T, D, B, G * H)."""
    steps, directions = order.shape
    rows = op.gates * op.hidden
    product = _products(b, op, weights)
    made: Value
    if directions == 1 and not op.directions[0]:
        made = b.nn.reshape(product, shape=(steps, 1, batch, rows))
    else:
        places = (order[:, :, None] * batch + np.arange(batch)) * directions + np.arange(directions)[:, None]
        made = _rows(b, b.nn.reshape(product, shape=(steps * batch * directions, rows)), places)
    return made


def _of_states(b: Builder, weights: Sequence[Weights], h: Value) -> Value:
    """What the states of all directions add to the gates, (D, B, G * H)."""
    if len(weights) == 1:
        parts = [h]
    else:
        parts = b.nn.split(h, axis=0, sizes=(1,) * len(weights))
    found = [w.of_state(b, part) for w, part in zip(weights, parts, strict=True)]
    return joined(b, [v for v in found if v is not None], axis=0)


def _in_order_of_time(b: Builder, op: Layer, y: Value, order: Array) -> Value:
    """The outputs of the trips, (T, D, B, H), as those of the steps."""
    steps, directions = order.shape
    if not any(op.directions):
        return y
    _, _, batch, hidden = y.tensor.static_shape
    lines = b.nn.reshape(y, shape=(steps * directions, batch, hidden))
    return _rows(b, lines, order * directions + np.arange(directions))


def _rows(b: Builder, table: Value, places: Array) -> Value:
    made: Value = b.nn.gather(table, b.constant(places, I32, "places"), axis=0)
    return made


def _zeros(b: Builder, op: Layer, batch: int) -> Value:
    shape = (len(op.directions), batch, op.hidden)
    return b.constant(np.zeros(shape, op.x.tensor.storage.dtype), name="zeros")
