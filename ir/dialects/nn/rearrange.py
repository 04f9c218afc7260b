"""Rearrangements with names of their own: between depth and space, among channels, triangles, the shape as a tensor."""

from __future__ import annotations

import numpy as np

from ...opdef import BOOL, INT, attribute, one_of, operand, result
from ...types import I64, Array, Dim, TensorType
from .base import NNOp
from .movement import MovementOp
from .window import channel_axis, layout_shape, spatial_axes


class BlockOp(MovementOp):
    """Base of the moves between channels and blocks of block x block places in an image.

    x is (N, C, H, W), with ``channel_last`` (N, H, W, C). ``mode`` says how the number of a channel is made of a place
    (row, column) in a block and the channel c of the side that has fewer, C: "dcr" is
    (row * block + column) * C + c, "crd" is c * block^2 + row * block + column.
    """

    block = attribute(INT, "the length of a block's side")
    mode = attribute(one_of("dcr", "crd"), "the order of channels", default="dcr")
    channel_last = attribute(BOOL, "whether x and the result have their channels last", default=False)
    output = result()

    def verify_op(self) -> None:
        self.expect_rank("x", self.x, 4)
        if self.block < 1:
            raise self.error(f"expected 'block' to be positive, got {self.block}")

    def infer(self) -> TensorType:
        self.verify_op()
        x = self.x.tensor
        if x.shape is None:
            return self.typed((None,) * 4)
        channels = x.dims[channel_axis(4, self.channel_last)]
        height, width = (x.dims[a] for a in spatial_axes(4, self.channel_last))
        depth, space = self.factors()
        spatial = (self._scaled(height, space), self._scaled(width, space))
        return self.typed(layout_shape(x.dims[0], self._scaled(channels, depth), spatial, self.channel_last))

    def factors(self) -> tuple[int, int]:
        """What channels and lengths are multiplied by, or divided by where it is negative."""
        raise NotImplementedError

    def _scaled(self, dim: Dim, factor: int) -> Dim:
        if abs(factor) == 1:
            return dim
        if not isinstance(dim, int):
            return None
        if factor < 0 and dim % -factor:
            raise self.error(f"expected dimensions that blocks of {self.block} divide, got {self.x.type}")
        return dim * factor if factor > 0 else dim // -factor


class DepthToSpace(BlockOp, name="nn.depth_to_space"):
    """(N, block^2 * C, H, W) to (N, C, block * H, block * W): groups of channels become blocks of the image.

    Channel (row * block + column) * C + c ("dcr") or c * block^2 + row * block + column ("crd") becomes the place
    (row, column) in each block of channel c. As DepthToSpace of ONNX; DEPTH_TO_SPACE of TFLite is dcr.
    """

    def factors(self) -> tuple[int, int]:
        return -(self.block**2), self.block

    def evaluate(self, x: Array) -> Array:
        b = self.block
        first = np.moveaxis(x, -1, 1) if self.channel_last else x
        n, c, h, w = first.shape
        split = (n, b, b, c // b**2, h, w) if self.mode == "dcr" else (n, c // b**2, b, b, h, w)
        order = (0, 3, 4, 1, 5, 2) if self.mode == "dcr" else (0, 1, 4, 2, 5, 3)
        y = first.reshape(split).transpose(order).reshape(n, c // b**2, h * b, w * b)
        return np.moveaxis(y, 1, -1) if self.channel_last else y


class SpaceToDepth(BlockOp, name="nn.space_to_depth"):
    """(N, C, block * H, block * W) to (N, block^2 * C, H, W): blocks of the image become groups of channels.

    The inverse of nn.depth_to_space with the same ``mode``. As SpaceToDepth of ONNX and SPACE_TO_DEPTH of TFLite with
    mode dcr.
    """

    def factors(self) -> tuple[int, int]:
        return self.block**2, -self.block

    def evaluate(self, x: Array) -> Array:
        b = self.block
        first = np.moveaxis(x, -1, 1) if self.channel_last else x
        n, c, h, w = first.shape
        order = (0, 3, 5, 1, 2, 4) if self.mode == "dcr" else (0, 1, 3, 5, 2, 4)
        blocks = first.reshape(n, c, h // b, b, w // b, b).transpose(order)
        y = blocks.reshape(n, c * b**2, h // b, w // b)
        return np.moveaxis(y, 1, -1) if self.channel_last else y


class ChannelShuffle(MovementOp, name="nn.channel_shuffle"):
    """Channels dealt out over groups: output channel c * groups + g is channel g * (C / groups) + c of x.

    The same as reshape to (groups, C / groups), transpose, reshape (Zhang et al., "ShuffleNet").
    """

    groups = attribute(INT, "the number of groups")
    axis = attribute(INT, "the axis of the channels", default=1)
    output = result("the type of x")

    def infer(self) -> TensorType:
        shape = self.x.tensor.shape
        if shape is not None:
            channels = shape[self.axis_in(self.axis, len(shape))]
            if self.groups < 1 or (isinstance(channels, int) and channels % self.groups):
                raise self.error(f"expected 'groups' to divide the channels of {self.x.type}, got {self.groups}")
        return self.typed(shape)

    def evaluate(self, x: Array) -> Array:
        axis = self.axis % x.ndim
        groups: Array = x.reshape(*x.shape[:axis], self.groups, -1, *x.shape[axis + 1 :])
        dealt: Array = groups.swapaxes(axis, axis + 1).reshape(x.shape)
        return dealt


class Trilu(MovementOp, name="nn.trilu"):
    """The matrices in the last two axes, with zeros below (``upper``) or above (not upper) the k-th diagonal.

    Diagonal 0 is the main one, positive ones lie above it. As Trilu of ONNX.
    """

    upper = attribute(BOOL, "whether what lies above is kept, or what lies below", default=True)
    k = attribute(INT, "the number of the diagonal", default=0)
    output = result("the type of x")

    def infer(self) -> TensorType:
        shape = self.x.tensor.shape
        if shape is not None and len(shape) < 2:
            raise self.error(f"expected 'x' of rank 2 or more, got {self.x.type}")
        return self.typed(shape)

    def evaluate(self, x: Array) -> Array:
        return triangle(x, self.upper, self.k)


def triangle(x: Array, upper: bool, k: int) -> Array:
    """The upper or lower triangle of each matrix in the last two axes, from diagonal k."""
    k = max(min(k, x.shape[-1] + 1), -x.shape[-2] - 1)  # beyond, numpy's arithmetic overflows
    return np.triu(x, k) if upper else np.tril(x, k)


class ShapeOf(NNOp, name="nn.shape_of"):
    """The dimensions of x, as a vector of i64"""

    x = operand()
    output = result("(rank,)")

    def infer(self) -> TensorType:
        shape = self.x.tensor.shape
        return TensorType((None if shape is None else len(shape),), I64)

    def evaluate(self, x: Array) -> Array:
        return np.array(x.shape, np.int64)
