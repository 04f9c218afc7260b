"""Loops over the steps of recurrent layers whose number of steps is open, or whose batch is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ir import Builder, Value
from .recurrence import Layer, joined, state_shape


class OpenTrips:
    """What goes into the trips and comes out of them; a layer that goes back gets its steps turned around."""

    def __init__(self, b: Builder, op: Layer) -> None:
        self.b, self.op = b, op

    def number(self) -> Value:
        """How many trips there are, a scalar of i64."""
        steps = self.op.x.tensor.dims[0]
        if isinstance(steps, int):
            return self.b.constant(np.array(steps, np.int64), name="trips")
        made: Value = self.b.nn.gather(self.b.nn.shape_of(self.op.x), self.b.constant(np.array(0, np.int64)), axis=0)
        return made

    def inputs(self, products: Value) -> Value:
        """What the input adds to the gates in each trip, (T, D, B, G * H); ``products`` are (T, B, D * G * H)."""
        b, op = self.b, self.op
        rows, count = op.gates * op.hidden, len(op.directions)
        parts = b.nn.split(products, axis=2, sizes=(rows,) * count) if count > 1 else [products]
        return self._turned([b.nn.reshape(part, shape=(0, 1, -1, rows)) for part in parts])

    def outputs(self, y: Value) -> Value:
        """The outputs of the trips, (T, D, B, H), as those of the steps."""
        if not any(self.op.directions):
            return y
        count = len(self.op.directions)
        return self._turned(self.b.nn.split(y, axis=1, sizes=(1,) * count) if count > 1 else [y])

    def _turned(self, parts: Sequence[Value]) -> Value:
        """(T, 1, B, ...) of each direction together, backwards along the time for those that go back."""
        pairs = zip(self.op.directions, parts, strict=True)
        return joined(self.b, [self.b.nn.reverse(p, axes=(0,)) if back else p for back, p in pairs], axis=1)

    def zeros(self) -> Value:
        """The state before the first step, (D, B, H)."""
        b = self.b
        zeros = np.zeros((len(self.op.directions), 1, self.op.hidden), self.op.x.tensor.storage.dtype)
        made: Value = b.nn.dynamic_broadcast_to(b.constant(zeros, name="zeros"), state_shape(b, self.op))
        return made
