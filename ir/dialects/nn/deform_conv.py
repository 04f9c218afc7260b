"""Convolution whose kernels look at places that are computed."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import BOOL, INT, attribute, operand, result
from ...types import Array, TensorType, unify_dims
from .base import FLOAT_ELEMENT, NNOp, widened
from .sampling import mixed_at
from .window import SpatialInts, Window, channel_axis, check_window, layout_shape, spatial_axes


class DeformConv(NNOp, name="nn.deform_conv"):
    """Convolution with an offset for each place of the kernel at each place of the result. As DeformConv of ONNX.

    output[n, o, p] = bias[o] + sum over c, k of weight[o, c, k] * mask[n, g(c), k, p]
    * x[n, c, p * strides + k * dilations - pads + offset[n, g(c), k, :, p]], where x is interpolated linearly, with
    zeros outside, and g(c) is the offset group of channel c: one of ``offset_groups`` equal runs of channels.
    """

    x = operand("(N, C, H, W), with channel_last (N, H, W, C)")
    weight = operand("static; (O, C / groups, kH, kW)")
    offset = operand("(N, offset_groups * kH * kW * 2, H', W'): the groups, the kernel, then (rows, columns)")
    bias = operand("(O,)", optional=True)
    mask = operand("(N, offset_groups * kH * kW, H', W'); ones if left out", optional=True)
    strides = SpatialInts("the steps of the window", 1)
    pads = SpatialInts("zeros around x (begin..., end...)", 0, 2)
    dilations = SpatialInts("the distances between the kernel's elements", 1)
    groups = attribute(INT, "into how many groups channels are split, each convolved alone", default=1)
    offset_groups = attribute(INT, "into how many groups channels are split, each with its offsets", default=1)
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    output = result("(N, O, H', W'), with channel_last (N, H', W', O)")

    @property
    def spatial_rank(self) -> int:
        """The number of spatial dimensions."""
        return 2

    @property
    def window(self) -> Window:
        """Kernel, strides, pads and dilations together. Raises ValueError where the weight's shape is not static."""
        return Window.of(self.weight.tensor.static_shape[2:], self.strides, self.pads, self.dilations)

    def infer(self) -> TensorType:
        bias: Value | None = self.bias
        mask: Value | None = self.mask
        self.expect_element("x", self.x, FLOAT_ELEMENT)
        element = self.expect_same_element([self.x, self.weight, self.offset, bias, mask])
        if not self.weight.tensor.is_static or self.weight.tensor.rank != 4:
            raise self.error(f"expected 'weight' with a static shape of rank 4, got {self.weight.type}")
        check_window(self, self.window)
        outputs, per_group, *kernel = self.weight.tensor.static_shape
        if self.groups < 1 or outputs % self.groups:
            raise self.error(f"expected 'groups' to divide the {outputs} output channels, got {self.groups}")
        if self.offset_groups < 1 or (per_group * self.groups) % self.offset_groups:
            raise self.error(f"expected 'offset_groups' to divide the channels, got {self.offset_groups}")
        if bias is not None:
            self.expect_rank("bias", bias, 1)
            self.expect_dim("bias", bias, 0, outputs)
        places = self.offset_groups * int(np.prod(kernel))
        shape = self._shape(outputs, per_group * self.groups)
        for name, value, channels in (("offset", self.offset, 2 * places), ("mask", mask, places)):
            if value is not None:
                self.expect_rank(name, value, 4)
                for axis, dim in enumerate((shape[0], channels, *shape[2:])):
                    self.expect_dim(name, value, axis, dim)
        if self.offset.tensor.shape is not None:
            given = self.offset.tensor.dims
            shape = (unify_dims(shape[0], given[0]), outputs, *map(unify_dims, shape[2:], given[2:]))
        return TensorType(layout_shape(shape[0], outputs, shape[2:], self.channel_last), element)

    def _shape(self, outputs: int, channels: int) -> tuple[int | str | None, ...]:
        """The shape of the result, channels first, as x and the weight give it."""
        self.expect_rank("x", self.x, 4)
        if self.x.tensor.shape is None:
            return (None, outputs, None, None)
        dims = self.x.tensor.dims
        self.expect_dim("x", self.x, channel_axis(4, self.channel_last), channels)
        lengths = tuple(dims[a] for a in spatial_axes(4, self.channel_last))
        try:
            return (dims[0], outputs, *self.window.output(lengths))
        except ValueError as error:
            raise self.error(f"expected windows that fit into {self.x.type}: {error}") from None

    def evaluate(self, x: Array, weight: Array, offset: Array, bias: Array | None, mask: Array | None) -> Array:
        y = self._convolved(np.moveaxis(x, -1, 1) if self.channel_last else x, weight, offset, mask)
        y = y if bias is None else y + bias.reshape(-1, 1, 1)
        return np.moveaxis(y, 1, -1) if self.channel_last else y

    def _convolved(self, x: Array, weight: Array, offset: Array, mask: Array | None) -> Array:
        """The result without bias, channels first."""
        x, weight, offset = widened(x), widened(weight), widened(offset)
        batch, channels = x.shape[:2]
        outputs, per_group, *kernel = weight.shape
        counts = offset.shape[2:]
        places = int(np.prod(kernel))
        offset = offset.reshape(batch, self.offset_groups, places, 2, *counts)
        ones = np.ones((batch, self.offset_groups, places, *counts), x.dtype)
        factors = ones if mask is None else widened(mask).reshape(ones.shape)
        columns = np.empty((batch, channels, places, int(np.prod(counts))), x.dtype)
        size = channels // self.offset_groups
        for g in range(self.offset_groups):
            run = slice(g * size, (g + 1) * size)
            found = mixed_at(x[:, run], self._taps(offset[:, g], x.shape[2:], kernel))
            columns[:, run] = found.reshape(batch, size, places, -1) * factors[:, g].reshape(batch, 1, places, -1)
        matrix = weight.reshape(self.groups, outputs // self.groups, -1)
        y: Array = matrix @ columns.reshape(batch, self.groups, per_group * places, -1)
        return y.reshape(batch, outputs, *counts)

    def _taps(self, offset: Array, lengths: tuple[int, ...], kernel: list[int]) -> list[list[tuple[Array, Array]]]:
        """For each axis the neighbours (indices, weights), each (N, kernel * places), that an offset group looks at."""
        found = []
        positions = np.indices(kernel).reshape(2, -1)
        for axis, length in enumerate(lengths):
            shape = [1, 1, 1]
            shape[1 + axis] = -1
            steps = np.arange(offset.shape[3 + axis]) * self.strides[axis] - self.pads[axis]
            start = positions[axis].reshape(-1, 1, 1) * self.dilations[axis] + steps.reshape(shape)
            places = (start + offset[:, :, axis].astype(np.float64)).reshape(len(offset), -1)
            base = np.floor(places)
            found.append([_tap(base, 1 - (places - base), length), _tap(base + 1, places - base, length)])
        return found


def _tap(index: Array, weight: Array, length: int) -> tuple[Array, Array]:
    """Indices that are inside, and weights of zero for those that were not."""
    inside = (index >= 0) & (index < length)
    return np.clip(index, 0, length - 1).astype(np.intp), np.where(inside, weight, 0)
