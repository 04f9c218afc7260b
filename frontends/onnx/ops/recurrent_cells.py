"""One direction of a recurrent layer, step by step: for what the layers of nn do not have.

These are other activations, clipping, peepholes, sequences of several lengths, and the reset gate of a GRU in front of
the recurrent product. All tensors of a step have a first dimension of 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ....ir import Block, Region, Value
from ....ir.types import I1, I64, TensorType
from ...nodes import refuse
from ...sizes import filled, reshape, size_vector, sizes_of, take
from .registry import Lifter

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

UNROLLED_STEPS = 128
"""Sequences up to this length become that many copies of a step, which every target can run; others a loop."""

_ALPHA_BETA = {
    "relu": (None, None),
    "tanh": (None, None),
    "sigmoid": (None, None),
    "softsign": (None, None),
    "softplus": (None, None),
    "leakyrelu": (0.01, None),
    "thresholdedrelu": (1.0, None),
    "elu": (1.0, None),
    "hardsigmoid": (0.2, 0.5),
}
"""The activations, with the defaults of their parameters: those of the operators of these names."""
_WITHOUT_DEFAULTS = ("affine", "scaledtanh")
"""Activations that have both parameters, but no operator whose defaults they could have."""


@attrs.frozen
class Activation:
    """A function of a recurrent layer, in lower case, with its parameters where it has any."""

    name: str
    alpha: float | None = None
    beta: float | None = None


@attrs.frozen
class Cell:
    """One direction: ``inputs`` (T, B, G*H) is what x adds to the gates, in the order of ONNX; states are (1, B, H)."""

    kind: str
    inputs: Value
    recurrent: Value
    bias: Value | None
    peepholes: Value | None
    activations: tuple[Activation, ...]
    clip: float | None
    hidden: int
    reset_behind: bool
    input_forget: bool
    initial: tuple[Value, ...]

    def gate(self, b: Lifter, value: Value, index: int) -> Value:
        """One of the gates, or of the peepholes, which stand behind each other in the last dimension."""
        return take(b, value, value.tensor.rank - 1, index * self.hidden, (index + 1) * self.hidden)

    def activate(self, b: Lifter, index: int, x: Value) -> Value:
        """An activation, of x clipped."""
        clipped = x if self.clip is None else b.nn.clip(x, min=-self.clip, max=self.clip)
        return apply(b, self.activations[index], clipped)


def activations_of(op: OnnxOp, defaults: tuple[str, ...], directions: int) -> tuple[Activation, ...]:
    """The activations of all directions. Parameters are dealt out to those that have any, in order."""
    # the default of the schema is for two directions, whatever the attribute direction says
    names = op.attributes.get("activations") or defaults * directions
    if len(names) != len(defaults) * directions:
        raise refuse(op, f"has {len(names)} activations for {directions} directions of {len(defaults)} each")
    alphas, betas = list(op.get("activation_alpha") or ()), list(op.get("activation_beta") or ())
    found = []
    for given in names:
        name = given.lower()
        if name not in _ALPHA_BETA and name not in _WITHOUT_DEFAULTS:
            raise refuse(op, f"has the unknown activation '{given}'")
        if name in _WITHOUT_DEFAULTS and not (alphas and betas):
            raise refuse(op, f"has the activation '{given}' without alpha and beta", "set activation_alpha and _beta")
        alpha, beta = _ALPHA_BETA.get(name, (1.0, 1.0))
        alpha = alphas.pop(0) if alpha is not None and alphas else alpha
        beta = betas.pop(0) if beta is not None and betas else beta
        found.append(Activation(name, alpha, beta))
    return tuple(found)


def apply(b: Lifter, activation: Activation, x: Value) -> Value:
    """The activation of x."""
    name, alpha, beta = activation.name, activation.alpha, activation.beta
    if name == "affine":
        return b.nn.add(b.nn.mul(x, alpha), beta)
    if name == "scaledtanh":
        return b.nn.mul(b.nn.tanh(b.nn.mul(x, beta)), alpha)
    if name == "thresholdedrelu":
        return b.nn.select(b.nn.greater(x, alpha), x, filled(b, 0, (), x.tensor.storage))
    if name == "hardsigmoid":
        return b.nn.hard_sigmoid(x, alpha=alpha, beta=beta)
    if name == "elu":
        return b.nn.elu(x, alpha=alpha)
    if name == "leakyrelu":
        return b.nn.leaky_relu(x, alpha=alpha)
    simple = {
        "relu": b.nn.relu,
        "tanh": b.nn.tanh,
        "sigmoid": b.nn.sigmoid,
        "softsign": b.nn.softsign,
        "softplus": b.nn.softplus,
    }
    y: Value = simple[name](x)
    return y


def _rnn_step(b: Lifter, cell: Cell, inputs: Value, states: tuple[Value, ...]) -> tuple[Value, ...]:
    """h = f(W x + b + R h + rb)"""
    return (cell.activate(b, 0, b.nn.add(inputs, _recurrent(b, cell, states[0]))),)


def _gru_step(b: Lifter, cell: Cell, inputs: Value, states: tuple[Value, ...]) -> tuple[Value, ...]:
    """z and r = f(W x + b + R h + rb); n = g(W x + b + R (r * h) + rb), or with r * (R h + rb); h = (1 - z) n + z h"""
    (h,) = states
    size = cell.hidden
    if cell.reset_behind:
        own = _recurrent(b, cell, h)
        both = b.nn.add(take(b, inputs, 2, 0, 2 * size), take(b, own, 2, 0, 2 * size))
    else:
        own = b.nn.matmul(h, take(b, cell.recurrent, 1, 0, 2 * size), transpose_rhs=True)
        own = own if cell.bias is None else b.nn.add(own, take(b, cell.bias, 1, 0, 2 * size))
        both = b.nn.add(take(b, inputs, 2, 0, 2 * size), own)
    gates = cell.activate(b, 0, both)
    z, r = cell.gate(b, gates, 0), cell.gate(b, gates, 1)
    if cell.reset_behind:
        other = b.nn.mul(r, cell.gate(b, own, 2))
    else:
        other = b.nn.matmul(b.nn.mul(r, h), take(b, cell.recurrent, 1, 2 * size, 3 * size), transpose_rhs=True)
        other = other if cell.bias is None else b.nn.add(other, cell.gate(b, cell.bias, 2))
    n = cell.activate(b, 1, b.nn.add(cell.gate(b, inputs, 2), other))
    return (b.nn.add(b.nn.mul(b.nn.sub(filled(b, 1, (), z.tensor.storage), z), n), b.nn.mul(z, h)),)


def _lstm_step(b: Lifter, cell: Cell, inputs: Value, states: tuple[Value, ...]) -> tuple[Value, ...]:
    """i, o, f = f(W x + b + R h + rb + P c), n = g(the same without P); c = f * c + i * n; h = o * h(c)

    The output gate looks at the new c. With input_forget, f is 1 - i.
    """
    h, c = states
    total = b.nn.add(inputs, _recurrent(b, cell, h))
    i, o, f, n = (cell.gate(b, total, k) for k in range(4))
    i = cell.activate(b, 0, _peep(b, cell, i, 0, c))
    if cell.input_forget:
        f = b.nn.sub(filled(b, 1, (), i.tensor.storage), i)
    else:
        f = cell.activate(b, 0, _peep(b, cell, f, 2, c))
    c = b.nn.add(b.nn.mul(f, c), b.nn.mul(i, cell.activate(b, 1, n)))
    o = cell.activate(b, 0, _peep(b, cell, o, 1, c))
    return b.nn.mul(o, apply(b, cell.activations[2], c)), c


def _peep(b: Lifter, cell: Cell, gate: Value, index: int, c: Value) -> Value:
    """A gate that looks at the state of the cell."""
    return gate if cell.peepholes is None else b.nn.add(gate, b.nn.mul(cell.gate(b, cell.peepholes, index), c))


def _recurrent(b: Lifter, cell: Cell, h: Value) -> Value:
    product = b.nn.matmul(h, cell.recurrent, transpose_rhs=True)
    return product if cell.bias is None else b.nn.add(product, cell.bias)


_STEPS = {"RNN": _rnn_step, "GRU": _gru_step, "LSTM": _lstm_step}


def run_steps(b: Lifter, cell: Cell, backwards: bool, lengths: Value | None) -> tuple[Value, ...]:
    """All states (T, B, H), then the last ones (1, B, H).

    ``lengths`` (B, 1) says how long each sequence is: behind its end its states stay, and the output is 0.
    """
    steps = cell.inputs.tensor.dims[0]
    if not isinstance(steps, int) or steps > UNROLLED_STEPS or steps == 0:
        return _looped(b, cell, backwards, lengths)
    states = cell.initial
    outputs: list[Value] = []
    for t in reversed(range(steps)) if backwards else range(steps):
        output, states = _masked_step(b, cell, take(b, cell.inputs, 0, t, t + 1), states, b.constant(t, I64), lengths)
        outputs.append(output)
    if backwards:
        outputs.reverse()
    return (b.nn.concat(outputs, axis=0) if len(outputs) > 1 else outputs[0], *states)


def _masked_step(
    b: Lifter, cell: Cell, inputs: Value, states: tuple[Value, ...], t: Value, lengths: Value | None
) -> tuple[Value, tuple[Value, ...]]:
    new = _STEPS[cell.kind](b, cell, inputs, states)
    if lengths is None:
        return new[0], new
    inside = b.nn.less(t, lengths)
    output = b.nn.select(inside, new[0], filled(b, 0, (), new[0].tensor.storage))
    return output, tuple(b.nn.select(inside, n, old) for n, old in zip(new, states, strict=True))


def _looped(b: Lifter, cell: Cell, backwards: bool, lengths: Value | None) -> tuple[Value, ...]:
    """The steps as a loop; backwards, the sequence is turned around before it, and the outputs behind it."""
    inputs = b.nn.reverse(cell.inputs, axes=(0,)) if backwards else cell.inputs
    trips = b.nn.reshape(size_vector(b, sizes_of(inputs)[:1]), shape=())
    block = Block.of([TensorType((), I64), TensorType((), I1), *(s.type for s in cell.initial)])
    trip, going, *states = block.args
    with b.inside(block):
        t = b.nn.sub(b.nn.sub(trips, 1), trip) if backwards else trip
        here = b.nn.gather(inputs, b.nn.reshape(trip, shape=(1,)), axis=0)
        output, new = _masked_step(b, cell, here, tuple(states), t, lengths)
        b.create("nn.yield", [going, *new, output])
    loop = b.create("nn.loop", trips, b.constant(True), list(cell.initial), regions=[Region.of(block)])
    *last, stacked = loop.results
    sizes = sizes_of(stacked)
    y = reshape(b, stacked, [sizes[0], *sizes[2:]])
    return (b.nn.reverse(y, axes=(0,)) if backwards else y, *last)
