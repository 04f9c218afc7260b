"""RNN, LSTM and GRU: layers over a time-major sequence, each a recurrent operation of the nn dialect."""

from __future__ import annotations

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import END, expect_at_most, expect_rank, filled, numbers, reshape


@lift("RNN")
def rnn(
    b: Lifter, op: Call, x: Value, h: Value, weight_l0: Value, weight: Value | None, bias: Value | None
) -> tuple[Value, ...]:
    """h = act(W [x; h] + b)"""
    if op.nonlinearity not in ("tanh", "relu"):
        raise refuse(op, f"has the unknown nonlinearity '{op.nonlinearity}'")
    return _Stack(b, op, gates=1, activation={"activation": op.nonlinearity}).run(x, (h,), weight_l0, weight, bias)


@lift("LSTM")
def lstm(
    b: Lifter, op: Call, x: Value, h: Value, c: Value, weight_l0: Value, weight: Value | None, bias: Value | None
) -> tuple[Value, ...]:
    """Gates i, f, g, o: c = s(f) c + s(i) tanh(g), h = s(o) tanh(c); one bias a gate."""
    return _Stack(b, op, gates=4).run(x, (h, c), weight_l0, weight, bias)


@lift("GRU")
def gru(
    b: Lifter, op: Call, x: Value, h: Value, weight_l0: Value, weight: Value | None, bias: Value | None
) -> tuple[Value, ...]:
    """Gates r, z, n: h = (1 - z) n + z h with n = tanh(Wx + b2 + r (Wh + b3)); four rows of biases."""
    return _Stack(b, op, gates=3).run(x, (h,), weight_l0, weight, bias)


class _Stack:
    """The layers of one function. Weights are (D, G, H, I + H), those of an RNN (D, H, I + H); the first I columns are
    for the input. D is 2 for a bidirectional one: its second half runs backwards. States are (L, D, B, H)."""

    def __init__(self, b: Lifter, op: Call, gates: int, activation: dict[str, str] | None = None) -> None:
        self.b, self.op, self.gates, self.activation = b, op, gates, activation or {}
        self.directions = 2 if op.bidirectional else 1
        if op.training and op.dropout:
            b.warn(op, f"drops {op.dropout} of its values between layers; here it keeps all", "save it for inference")

    def run(
        self, x: Value, states: tuple[Value, ...], weight_l0: Value, weight: Value | None, bias: Value | None
    ) -> tuple[Value, ...]:
        b, op = self.b, self.op
        layers = op.num_layers
        expect_rank(op, x, 3)
        for state in states:
            expect_rank(op, state, 4)
        if layers < 1 or (layers > 1) != (weight is not None) or states[0].tensor.dims[:1] != (layers,):
            raise refuse(op, f"has {layers} layers, which its inputs do not fit")
        expect_at_most(op, "layers", layers, 256)
        ends: list[tuple[Value, ...]] = []
        for layer in range(layers):
            given = weight_l0 if layer == 0 else self._layer(weight, layer - 1)
            biases = None if bias is None else self._layer(bias, layer)
            initial = tuple(self._layer(state, layer) for state in states)
            y, *last = self._run_layer(x, given, biases, initial)
            ends.append(tuple(last))
            steps, directions, batch, hidden = y.tensor.dims
            (width,) = numbers(op, (hidden,), "the state")
            moved = y if directions == 1 else b.nn.transpose(y, perm=(0, 2, 1, 3))
            x = reshape(b, op, moved, (steps, batch, self.directions * width))
        return (x, *(self._stacked(parts) for parts in zip(*ends, strict=True)))

    def _run_layer(self, x: Value, weight: Value, bias: Value | None, initial: tuple[Value, ...]) -> tuple[Value, ...]:
        b, op, d, g = self.b, self.op, self.directions, self.gates
        (inputs,) = numbers(op, x.tensor.dims[2:], "the input")
        (hidden,) = numbers(op, initial[0].tensor.dims[2:], "the state")
        rows = reshape(b, op, weight, (d, g * hidden, inputs + hidden))
        bias_x, bias_h = self._biases(bias, hidden)
        made: tuple[Value, ...] = getattr(b.nn, op.function_type.name.lower())(
            x,
            self._part(rows, 2, 0, inputs),
            self._part(rows, 2, inputs, inputs + hidden),
            bias_x,
            bias_h,
            *initial,
            hidden=hidden,
            direction="bidirectional" if d == 2 else "forward",
            **self.activation,
        )
        return made

    def _biases(self, bias: Value | None, hidden: int) -> tuple[Value | None, Value | None]:
        """Those of the input and of the state. A GRU has its own bias for the state in n, and only there."""
        b, op, d, g = self.b, self.op, self.directions, self.gates
        if bias is None:
            return None, None
        if op.function_type.name != "GRU":
            return reshape(b, op, bias, (d, g * hidden)), None
        rows = reshape(b, op, bias, (d, 4 * hidden))
        of_state = self._part(rows, 1, 3 * hidden, 4 * hidden)
        return self._part(rows, 1, 0, 3 * hidden), b.nn.concat([filled(b, 0.0, (d, 2 * hidden)), of_state], axis=1)

    def _part(self, value: Value, axis: int, start: int, stop: int) -> Value:
        sizes = numbers(self.op, value.tensor.dims, "the parameters")
        starts, stops = [0] * len(sizes), list(sizes)
        starts[axis], stops[axis] = start, stop
        return self.b.nn.slice(value, starts=tuple(starts), stops=tuple(stops), steps=(1,) * len(sizes))

    def _layer(self, value: Value | None, index: int) -> Value:
        """One layer of what has all of them in its first dimension."""
        assert value is not None
        first, *rest = value.tensor.dims
        if first != 1:
            stops = (index + 1, *(END if not isinstance(n, int) else n for n in rest))
            value = self.b.nn.slice(
                value, starts=(index, *(0 for _ in rest)), stops=stops, steps=(1,) * value.tensor.rank
            )
        return reshape(self.b, self.op, value, rest)

    def _stacked(self, parts: tuple[Value, ...]) -> Value:
        layers = [reshape(self.b, self.op, part, (1, *part.tensor.dims)) for part in parts]
        return layers[0] if len(layers) == 1 else self.b.nn.concat(layers, axis=0)
