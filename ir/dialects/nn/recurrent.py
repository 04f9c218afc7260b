"""Recurrent layers over whole sequences, in time-major layout.

Gates stand behind each other in the weights, G of them: 1 for nn.rnn; r, z, n for nn.gru; i, f, g, o for nn.lstm.
A layer has D directions: 2 if it is bidirectional, else 1. A reverse direction reads x from its end; y[t] is always the
state behind reading x[t].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from ...core import Value
from ...opdef import INT, attribute, one_of, operand, result
from ...types import Array, Dim, TensorType, unify_dims
from .activation import sigmoid
from .base import FLOAT_ELEMENT, NNOp, widened

Step = Callable[[Array, Sequence[Array]], tuple[Array, ...]]


class RecurrentOp(NNOp):
    """Base of the recurrent layers: operands, attributes, checks, and the way through time."""

    x = operand("(T, B, I)")
    weight = operand("(D, G * H, I)")
    recurrent_weight = operand("(D, G * H, H)")
    bias = operand("(D, G * H)", optional=True)
    recurrent_bias = operand("(D, G * H)", optional=True)
    initial_h = operand("(D, B, H); zeros if left out", optional=True)
    hidden = attribute(INT, "H, the size of the state")
    direction = attribute(one_of("forward", "reverse", "bidirectional"), "the way through time", default="forward")
    y = result("(T, D, B, H): the state behind each step")
    h = result("(D, B, H): the state at the end")
    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1

    @property
    def directions(self) -> tuple[bool, ...]:
        """For each direction, whether it goes backwards."""
        return {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}[self.direction]

    @property
    def initial_states(self) -> tuple[Value | None, ...]:
        """The initial states: h, and c where there is one."""
        return (self.initial_h,)

    def infer(self) -> tuple[TensorType, ...]:
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        element = self.expect_same_element(self.operands)
        if self.hidden < 1:
            raise self.error(f"expected 'hidden' to be positive, got {self.hidden}")
        self.expect_rank("x", self.x, 3)
        time, batch, inputs = self.x.tensor.shape or (None, None, None)
        directions, rows = len(self.directions), self.gates * self.hidden
        self._expect_shape("weight", self.weight, (directions, rows, inputs))
        self._expect_shape("recurrent_weight", self.recurrent_weight, (directions, rows, self.hidden))
        self._expect_shape("bias", self.bias, (directions, rows))
        self._expect_shape("recurrent_bias", self.recurrent_bias, (directions, rows))
        for name, value in zip(("initial_h", "initial_c"), self.initial_states, strict=False):
            self._expect_shape(name, value, (directions, batch, self.hidden))
            if value is not None and value.tensor.shape is not None:
                batch = unify_dims(batch, value.tensor.dims[1])
        states = (TensorType((directions, batch, self.hidden), element),) * self.states
        return (TensorType((time, directions, batch, self.hidden), element), *states)

    def _expect_shape(self, name: str, value: Value | None, shape: tuple[Dim, ...]) -> None:
        if value is None:
            return
        self.expect_rank(name, value, len(shape))
        for axis, dim in enumerate(shape):
            self.expect_dim(name, value, axis, dim)

    def step(self, recurrent: Array, recurrent_bias: Array) -> Step:
        """One step for the matrix (H, G * H) of a direction: (what x adds to the gates, states) to the new states."""
        raise NotImplementedError

    def evaluate(
        self,
        x: Array,
        weight: Array,
        recurrent_weight: Array,
        bias: Array | None,
        recurrent_bias: Array | None,
        *initial: Array | None,
    ) -> tuple[Array, ...]:
        """The results for all directions; ``initial`` holds one array (or None) a state."""
        x, weight, recurrent_weight = widened(x), widened(weight), widened(recurrent_weight)
        time, batch = x.shape[:2]
        directions = len(self.directions)
        y = np.empty((time, directions, batch, self.hidden), x.dtype)
        last = [np.zeros((directions, batch, self.hidden), x.dtype) for _ in range(self.states)]
        for state, given in zip(last, initial, strict=True):
            if given is not None:
                state[:] = given
        for d, backwards in enumerate(self.directions):
            inputs = x.reshape(time * batch, -1) @ weight[d].T
            if bias is not None:
                inputs += bias[d]
            inputs = inputs.reshape(time, batch, -1)
            own = np.zeros(weight.shape[1], x.dtype) if recurrent_bias is None else recurrent_bias[d]
            step = self.step(np.ascontiguousarray(recurrent_weight[d].T), own)
            states: tuple[Array, ...] = tuple(state[d] for state in last)
            for t in reversed(range(time)) if backwards else range(time):
                states = step(inputs[t], states)
                y[t, d] = states[0]
            for state, final in zip(last, states, strict=True):
                state[d] = final
        return (y, *last)


class Rnn(RecurrentOp, name="nn.rnn"):
    """A simple recurrent layer: h = f(W x + b + R h + rb), with f tanh or relu.

    As RNN of ONNX, without sequence lengths and clipping.
    """

    activation = attribute(one_of("tanh", "relu"), "f", default="tanh")

    def step(self, recurrent: Array, recurrent_bias: Array) -> Step:
        def step(inputs: Array, states: Sequence[Array]) -> tuple[Array, ...]:
            total = inputs + states[0] @ recurrent + recurrent_bias
            return (np.tanh(total) if self.activation == "tanh" else np.maximum(total, 0),)

        return step


class Gru(RecurrentOp, name="nn.gru"):
    """A layer of gated recurrent units, with the reset gate behind the recurrent product.

    r = sigmoid(Wr x + br + Rr h + rbr), z = sigmoid(Wz x + bz + Rz h + rbz), n = tanh(Wn x + bn + r * (Rn h + rbn)),
    h = (1 - z) * n + z * h. Gates in the order r, z, n. As GRU of ONNX with linear_before_reset = 1, which orders
    its gates z, r, n.
    """

    gates = 3

    def step(self, recurrent: Array, recurrent_bias: Array) -> Step:
        size = self.hidden

        def step(inputs: Array, states: Sequence[Array]) -> tuple[Array, ...]:
            (h,) = states
            own = h @ recurrent + recurrent_bias
            both = sigmoid(inputs[:, : 2 * size] + own[:, : 2 * size])
            r, z = both[:, :size], both[:, size:]
            n = np.tanh(inputs[:, 2 * size :] + r * own[:, 2 * size :])
            return (n + z * (h - n),)

        return step


class Lstm(RecurrentOp, name="nn.lstm"):
    """A layer of long short-term memory.

    i, f, o = sigmoid(W x + b + R h + rb) and g = tanh(the same), each with rows of its own, in the order i, f, g, o;
    c = f * c + i * g; h = o * tanh(c). As LSTM of ONNX without peepholes, which orders its gates i, o, f, g.
    """

    initial_c = operand("(D, B, H); zeros if left out", optional=True)
    c = result("(D, B, H): the cell's state at the end")
    gates = 4
    states = 2

    @property
    def initial_states(self) -> tuple[Value | None, ...]:
        return (self.initial_h, self.initial_c)

    def step(self, recurrent: Array, recurrent_bias: Array) -> Step:
        size = self.hidden

        def step(inputs: Array, states: Sequence[Array]) -> tuple[Array, ...]:
            h, c = states
            total = inputs + h @ recurrent + recurrent_bias
            i, f = sigmoid(total[:, :size]), sigmoid(total[:, size : 2 * size])
            g, o = np.tanh(total[:, 2 * size : 3 * size]), sigmoid(total[:, 3 * size :])
            c = f * c + i * g
            return o * np.tanh(c), c

        return step
