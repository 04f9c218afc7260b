"""RNN, LSTM and GRU: the recurrent layers of nn where these can say it, else steps made of simpler operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import I64
from ...nodes import expect_rank, numbers, refuse
from ...sizes import broadcast, cast, filled, reshape, sizes_of, take
from .recurrent_cells import Activation, Cell, activations_of, run_steps
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_DEFAULTS = {"RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh")}
_ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1)}
"""Where the gates of nn's layers stand in ONNX: ONNX orders those of a GRU z, r, h and those of an LSTM i, o, f, c."""


@attrs.frozen
class Layer:
    """The operands of a node, time-major: x (T, B, I), weight (D, G*H, I), recurrent (D, G*H, H), states (D, B, H)."""

    op: OnnxOp
    kind: str
    x: Value
    weight: Value
    recurrent: Value
    bias: Value | None
    lengths: Value | None
    states: tuple[Value | None, ...]
    peepholes: Value | None
    hidden: int

    @property
    def direction(self) -> str:
        """forward, reverse or bidirectional."""
        return str(self.op.get("direction") or "forward")

    @property
    def directions(self) -> int:
        """The number of directions."""
        return 2 if self.direction == "bidirectional" else 1

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activations of all directions."""
        return activations_of(self.op, _DEFAULTS[self.kind], self.directions)

    def initial(self, b: Lifter, index: int) -> Value:
        """The initial state (D, B, H); zeros where it is left out."""
        given = self.states[index]
        if given is not None:
            return given
        zeros = filled(b, 0, (self.directions, 1, self.hidden), self.x.tensor.storage)
        return broadcast(b, zeros, [self.directions, sizes_of(self.x)[1], self.hidden])


@lift("RNN", "GRU", "LSTM")
def recurrent(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    weight: Value,
    recurrence: Value,
    bias: Value | None = None,
    lengths: Value | None = None,
    initial_h: Value | None = None,
    initial_c: Value | None = None,
    peepholes: Value | None = None,
) -> tuple[Value, ...]:
    """A layer over a sequence: all states (T, D, B, H), and the last one (D, B, H), of an LSTM also that of the cell.

    With layout 1 the batch is the first dimension of all these.
    """
    states = (initial_h, initial_c) if op.op_type == "LSTM" else (initial_h,)
    return run_layer(b, op, op.op_type, x, weight, recurrence, bias, lengths, states, peepholes)


def run_layer(
    b: Lifter,
    op: OnnxOp,
    kind: str,
    x: Value,
    weight: Value,
    recurrence: Value,
    bias: Value | None,
    lengths: Value | None,
    states: tuple[Value | None, ...],
    peepholes: Value | None,
) -> tuple[Value, ...]:
    """The outputs of an RNN, GRU or LSTM (``kind``) with the attributes of a node."""
    for value in (x, weight, recurrence):
        expect_rank(op, value, 3, 3)
    (hidden,) = numbers(op, recurrence.tensor.dims[2:], "the state")
    if op.get("hidden_size") not in (None, hidden):
        raise refuse(op, f"has hidden_size {op.get('hidden_size')} and recurrent weights {recurrence.type}")
    batch_first = bool(op.get("layout"))
    if batch_first:
        x = b.nn.transpose(x, perm=(1, 0, 2))
        states = tuple(None if s is None else b.nn.transpose(s, perm=(1, 0, 2)) for s in states)
    lengths = None if _all_whole(b, x, lengths) else lengths
    layer = Layer(op, kind, x, weight, recurrence, bias, lengths, states, peepholes, hidden)
    if layer.direction not in ("forward", "reverse", "bidirectional"):
        raise refuse(op, f"has the unknown direction '{layer.direction}'")
    found = _fused(b, layer) if _can_fuse(layer) else _stepwise(b, layer)
    if batch_first:
        y, *last = found
        return (b.nn.transpose(y, perm=(2, 0, 1, 3)), *(b.nn.transpose(s, perm=(1, 0, 2)) for s in last))
    return found


def _all_whole(b: Lifter, x: Value, lengths: Value | None) -> bool:
    """Whether the sequences are known to be as long as x."""
    array = b.array(lengths)
    return lengths is None or (array is not None and bool(np.all(array == x.tensor.dims[0])))


def _can_fuse(layer: Layer) -> bool:
    """Whether a layer of nn computes just this."""
    op = layer.op
    names = tuple(a.name for a in layer.activations)
    wanted = tuple(name.lower() for name in _DEFAULTS[layer.kind]) * layer.directions
    standard = names == wanted or (layer.kind == "RNN" and set(names) == {"relu"})
    return (
        standard
        and layer.lengths is None
        and layer.peepholes is None
        and op.get("clip") is None
        and not op.get("input_forget")
        and (layer.kind != "GRU" or bool(op.get("linear_before_reset")))
    )


def _fused(b: Lifter, layer: Layer) -> tuple[Value, ...]:
    order = _ORDER[layer.kind]
    gates, hidden = len(order), layer.hidden
    own: Value | None = None
    other: Value | None = None
    if layer.bias is not None:
        own = _reordered(b, take(b, layer.bias, 1, 0, gates * hidden), order, hidden)
        other = _reordered(b, take(b, layer.bias, 1, gates * hidden, 2 * gates * hidden), order, hidden)
    attributes = {"hidden": hidden, "direction": layer.direction}
    if layer.kind == "RNN":
        attributes["activation"] = layer.activations[0].name
    build = {"RNN": b.nn.rnn, "GRU": b.nn.gru, "LSTM": b.nn.lstm}[layer.kind]
    weights = (_reordered(b, w, order, hidden) for w in (layer.weight, layer.recurrent))
    found: tuple[Value, ...] = build(layer.x, *weights, own, other, *layer.states, **attributes)
    return found


def _reordered(b: Lifter, value: Value, order: Sequence[int], hidden: int) -> Value:
    """The gates, which stand behind each other along axis 1, in another order."""
    if list(order) == list(range(len(order))):
        return value
    return b.nn.concat([take(b, value, 1, i * hidden, (i + 1) * hidden) for i in order], axis=1)


def _stepwise(b: Lifter, layer: Layer) -> tuple[Value, ...]:
    """Every direction on its own, then side by side."""
    found = []
    for d in range(layer.directions):
        cell = _cell(b, layer, d)
        mask = None if layer.lengths is None else reshape(b, cast(b, layer.lengths, I64), [-1, 1])
        y, *last = run_steps(b, cell, d == 1 or layer.direction == "reverse", mask)
        steps, batch, hidden = sizes_of(y)
        found.append((reshape(b, y, [steps, 1, batch, hidden]), *last))
    if len(found) == 1:
        return found[0]
    return tuple(b.nn.concat(parts, axis=0 if i else 1) for i, parts in enumerate(zip(*found, strict=True)))


def _cell(b: Lifter, layer: Layer, d: int) -> Cell:
    """One direction: what x adds to the gates is computed for all steps at once."""
    op, gates, hidden = layer.op, _GATES[layer.kind], layer.hidden
    inputs = b.nn.matmul(layer.x, take(b, layer.weight, 0, d, d + 1), transpose_rhs=True)
    bias = None
    if layer.bias is not None:
        both = take(b, layer.bias, 0, d, d + 1)
        inputs = b.nn.add(inputs, take(b, both, 1, 0, gates * hidden))
        bias = take(b, both, 1, gates * hidden, 2 * gates * hidden)
    each = len(layer.activations) // layer.directions
    return Cell(
        kind=layer.kind,
        inputs=inputs,
        recurrent=take(b, layer.recurrent, 0, d, d + 1),
        bias=bias,
        peepholes=None if layer.peepholes is None else take(b, layer.peepholes, 0, d, d + 1),
        activations=layer.activations[d * each : (d + 1) * each],
        clip=op.get("clip"),
        hidden=hidden,
        reset_behind=bool(op.get("linear_before_reset")),
        input_forget=bool(op.get("input_forget")),
        initial=tuple(take(b, layer.initial(b, i), 0, d, d + 1) for i in range(len(layer.states))),
    )
