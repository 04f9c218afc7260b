"""Looking up and writing elements by indices that are themselves tensors."""

from __future__ import annotations

import numpy as np

from ...opdef import INT, attribute, operand, result
from ...types import Array, Shape, TensorType
from .base import INTEGER_ELEMENT, NNOp, unify_shapes


class IndexingOp(NNOp):
    """Base of the operations with an operand ``indices``; negative indices count from the end."""

    x = operand()
    indices = operand("integers")

    def check_indices(self) -> tuple[Shape, Shape] | None:
        """The shapes of x and indices; None where a rank is unknown. Raises VerifyError for indices of other types."""
        self.expect_element("indices", self.indices, INTEGER_ELEMENT)
        x, indices = self.x.tensor.shape, self.indices.tensor.shape
        return None if x is None or indices is None else (x, indices)

    def typed(self, shape: Shape | None) -> TensorType:
        """The type of a result with this shape and the elements of x."""
        return TensorType(shape, self.x.tensor.expressed)

    def check_batch(self, x: Shape, indices: Shape, batch_dims: int) -> Shape:
        """The shared leading dimensions. Raises VerifyError where they differ."""
        if not 0 <= batch_dims <= min(len(x), len(indices)):
            raise self.error(f"expected 'batch_dims' that x and indices have, got {batch_dims}")
        try:
            return unify_shapes(x[:batch_dims], indices[:batch_dims])
        except ValueError as error:
            raise self.error(
                f"expected x and indices to agree in {batch_dims} batch dimensions: {error} differ"
            ) from None


class Gather(IndexingOp, name="nn.gather"):
    """The slices of x at ``indices`` along ``axis``: output[..., i..., ...] = x[..., indices[i...], ...].

    The shape is x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1:]. The first ``batch_dims`` axes of both
    go together. An index that is out of range is an error. As Gather of ONNX, GATHER of TFLite.
    """

    axis = attribute(INT, "the axis of x, a negative one from the end", default=0)
    batch_dims = attribute(INT, "how many leading axes x and indices share", default=0)
    output = result()

    def infer(self) -> TensorType:
        shapes = self.check_indices()
        if shapes is None:
            return self.typed(None)
        x, indices = shapes
        axis = self.axis_in(self.axis, len(x))
        batch = self.check_batch(x, indices, self.batch_dims)
        if axis < self.batch_dims:
            raise self.error(f"expected 'axis' behind the {self.batch_dims} batch dimensions, got {self.axis}")
        return self.typed((*batch, *x[self.batch_dims : axis], *indices[self.batch_dims :], *x[axis + 1 :]))

    def evaluate(self, x: Array, indices: Array) -> Array:
        axis, batch_dims = self.axis % x.ndim, self.batch_dims
        if not batch_dims:
            return np.take(x, indices, axis)
        # move the batch axes' own coordinates in front, so that one advanced index does it all
        x = np.moveaxis(x, axis, batch_dims)
        extra = indices.ndim - batch_dims
        grid = [
            np.arange(n).reshape([-1 if i == b else 1 for i in range(batch_dims)] + [1] * extra)
            for b, n in enumerate(x.shape[:batch_dims])
        ]
        index = (*grid, indices)
        found = x[index]  # (batch..., indices..., the axes before axis..., those behind it...)
        sources = range(batch_dims + extra, axis + extra)
        return np.moveaxis(found, list(sources), list(range(batch_dims, axis)))
