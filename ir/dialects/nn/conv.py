"""Convolution and its transpose."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...core import Value
from ...opdef import BOOL, INT, attribute, operand, result
from ...types import Array, Dim, Shape, TensorType
from .activation import activation_field, apply_activation
from .base import FLOAT_ELEMENT, NUMBER_ELEMENT, NNOp, widened
from .convolution_kernels import convolve, convolve_transposed
from .window import SpatialInts, Window, channel_axis, check_window, layout_shape, spatial_axes


class ConvolutionOp(NNOp):
    """Base of the convolutions: operands, attributes and checks that both have.

    Spatial dimensions are any number from one up; ``weight`` has one layout whatever that of x.
    """

    x = operand("(N, C, *L), with channel_last (N, *L, C)")
    weight = operand("static; (O, C / groups, *k) of a convolution, (C, O / groups, *k) of a transposed one")
    bias = operand("(O,)", optional=True)
    strides = SpatialInts("the steps of the window", 1)
    pads = SpatialInts("zeros around x (begin..., end...)", 0, 2)
    dilations = SpatialInts("the distances between the kernel's elements", 1)
    groups = attribute(INT, "into how many groups channels are split, each convolved alone", default=1)
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    activation = activation_field()
    output = result("(N, O, *L'), with channel_last (N, *L', O)")
    accepts: ClassVar[str] = FLOAT_ELEMENT

    @property
    def spatial_rank(self) -> int:
        """The number of spatial dimensions."""
        shape = self.weight.tensor.shape
        return max(0, len(shape if shape is not None else self.x.tensor.shape or ()) - 2)

    @property
    def kernel(self) -> tuple[int, ...]:
        """The spatial lengths of the kernel. Raises ValueError where the weight's shape is not static."""
        return self.weight.tensor.static_shape[2:]

    @property
    def window(self) -> Window:
        """Kernel, strides, pads and dilations together. Raises ValueError where the weight's shape is not static."""
        return Window.of(self.kernel, self.strides, self.pads, self.dilations)

    def check(self) -> None:
        """Raises VerifyError where weight, attributes and x do not fit each other."""
        for name in ("x", "weight"):
            self.expect_element(name, getattr(self, name), self.accepts)
        self.expect_same_element([self.x, self.weight, self.bias])
        weight = self.weight.tensor
        if not weight.is_static or weight.rank < 3:
            raise self.error(f"expected 'weight' with a static shape of rank 3 or more, got {weight}")
        self.expect_rank("x", self.x, weight.rank)
        if self.groups < 1:
            raise self.error(f"expected 'groups' to be positive, got {self.groups}")
        check_window(self, self.window)

    def check_bias(self, outputs: int) -> None:
        """Raises VerifyError unless the bias, if there is one, has one number an output channel."""
        bias: Value | None = self.bias
        if bias is not None:
            self.expect_rank("bias", bias, 1)
            self.expect_dim("bias", bias, 0, outputs)

    def result_type(self, outputs: int, spatial: Shape) -> TensorType:
        """The type of the result with these channels and lengths."""
        batch = self.x.tensor.dims[0]
        return TensorType(layout_shape(batch, outputs, spatial, self.channel_last), self.x.tensor.expressed)

    def lengths(self) -> Shape:
        """The spatial lengths of x."""
        x = self.x.tensor.dims
        return tuple(x[a] for a in spatial_axes(len(x), self.channel_last))

    def finish(self, y: Array, bias: Array | None) -> Array:
        """y with bias and activation."""
        if bias is not None:
            y += bias if self.channel_last else bias.reshape(-1, *[1] * (y.ndim - 2))
        return apply_activation(y, self.activation)


class Conv(ConvolutionOp, name="nn.conv"):
    """Convolution (in the sense of neural networks: the kernel is not mirrored).

    output[n, o, p] = bias[o] + sum over c, k of x[n, c, p * strides + k * dilations - pads] * weight[o, c, k],
    with zero outside of x; weight is (O, C / groups, *k). The lengths are
    L' = floor((L + pad_begin + pad_end - dilation * (k - 1) - 1) / stride) + 1. With groups, output channel o sees the
    C / groups input channels of its group. Depthwise convolution is groups = C. As Conv of ONNX; of integers as
    ConvInteger, once these are centred and as wide as their sums.
    """

    accepts = NUMBER_ELEMENT

    def infer(self) -> TensorType:
        self.check()
        outputs, per_group = self.weight.tensor.static_shape[:2]
        if outputs % self.groups:
            raise self.error(f"expected 'groups' to divide the {outputs} output channels, got {self.groups}")
        self.check_bias(outputs)
        if self.x.tensor.shape is None:
            return TensorType(None, self.x.tensor.expressed)
        self.expect_dim("x", self.x, channel_axis(self.x.tensor.rank, self.channel_last), per_group * self.groups)
        try:
            return self.result_type(outputs, self.window.output(self.lengths()))
        except ValueError as error:
            raise self.error(f"expected windows that fit into {self.x.type}: {error}") from None

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        if x.dtype.kind in "iu":  # in doubles, which hold the sums exactly, and which BLAS knows
            wide, factors = x.astype(np.float64), weight.astype(np.float64)
            sums = convolve(wide, factors, self.window, self.groups, self.channel_last)
            return self.finish(sums.astype(x.dtype), bias)
        y = convolve(widened(x), widened(weight), self.window, self.groups, self.channel_last)
        return self.finish(y, bias)


class ConvTranspose(ConvolutionOp, name="nn.conv_transpose"):
    """Transposed convolution, also named deconvolution: each element of x adds a copy of the kernel to the output.

    x[n, c, p] * weight[c, o, k] is added to output[n, o, p * strides + k * dilations - pads]; then bias[o].
    The weight is (C, O / groups, *k). The lengths are
    L' = stride * (L - 1) + dilation * (k - 1) + 1 - pad_begin - pad_end + output_padding: here pads cut off, and
    output_padding lengthens the end. With groups, input channel c reaches the O / groups output channels of its group.
    As ConvTranspose of ONNX.
    """

    output_padding = SpatialInts("what the output is longer at its end", 0)

    def infer(self) -> TensorType:
        self.check()
        self.expect_length("output_padding", self.output_padding, self.spatial_rank, 0)
        inputs, per_group = self.weight.tensor.static_shape[:2]
        if inputs % self.groups:
            raise self.error(f"expected 'groups' to divide the {inputs} input channels, got {self.groups}")
        self.check_bias(per_group * self.groups)
        if self.x.tensor.shape is None:
            return TensorType(None, self.x.tensor.expressed)
        self.expect_dim("x", self.x, channel_axis(self.x.tensor.rank, self.channel_last), inputs)
        return self.result_type(per_group * self.groups, tuple(map(self._length, range(self.spatial_rank))))

    def _length(self, i: int) -> Dim:
        window = self.window
        length, stride = self.lengths()[i], window.strides[i]
        added = window.extents[i] - window.pads_begin[i] - window.pads_end[i] + self.output_padding[i]
        if not isinstance(length, int):
            return length if stride == 1 and added == 1 else None
        found: int = stride * (length - 1) + added
        if found < 1:
            raise self.error(f"expected 'pads' that leave something of spatial dimension {i}, got {self.pads}")
        return found

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        y = convolve_transposed(
            widened(x), widened(weight), self.window, self.groups, self.output_padding, self.channel_last
        )
        return self.finish(y, bias)
