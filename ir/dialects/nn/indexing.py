"""Looking up and writing elements by indices that are themselves tensors."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import INT, attribute, one_of, operand, result
from ...types import F32, Array, Shape, TensorType, unify_shapes
from .base import INTEGER_ELEMENT, NUMBER_ELEMENT, NNOp


class IndexingOp(NNOp):
    """Base of the operations with an operand ``indices``; negative indices count from the end."""

    x = operand()
    indices = operand("integers")

    def check_indices(self) -> tuple[Shape, Shape] | None:
        """The shapes of x and indices; None where a rank is unknown. Raises VerifyError for indices of other types."""
        self.expect_element("indices", self.indices, INTEGER_ELEMENT)
        x, indices = self.x.tensor.shape, self.indices.tensor.shape
        return None if x is None or indices is None else (x, indices)

    def check_updates(self, updates: Value, reduction: str) -> None:
        """Raises VerifyError unless updates are elements like those of x, and numbers if they are computed with."""
        self.expect_same_element([self.x, updates])
        if reduction != "none":
            self.expect_element("x", self.x, NUMBER_ELEMENT)

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

    def vector_length(self, x: Shape, indices: Shape, batch_dims: int) -> int:
        """The length of the index vectors, the last axis of indices. Raises VerifyError where it does not fit x."""
        length = indices[-1] if indices else None
        if not isinstance(length, int) or length > len(x) - batch_dims:
            raise self.error(f"expected indices of vectors that {self.x.type} has axes for, got {self.indices.type}")
        return length


def fits_inside(indices: Shape, x: Shape, axis: int) -> bool:
    """Whether indices have the rank of x and, as far as it is known, are nowhere longer except along an axis."""
    return len(x) == len(indices) and all(
        i == axis or not (isinstance(n, int) and isinstance(d, int)) or n <= d
        for i, (d, n) in enumerate(zip(x, indices, strict=True))
    )


REDUCTIONS: dict[str, np.ufunc | None] = {
    "none": None,
    "add": np.add,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
}
"""How what is scattered is combined with what is there; "none" replaces it."""


def _grid(lengths: tuple[int, ...], extra: int) -> list[Array]:
    """The coordinates of the batch axes, to be indexed with together with indices of ``extra`` further axes."""
    rank = len(lengths) + extra
    return [np.arange(n).reshape([-1 if i == b else 1 for i in range(rank)]) for b, n in enumerate(lengths)]


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
        index = (*_grid(x.shape[:batch_dims], extra), indices)
        found = x[index]  # (batch..., indices..., the axes before axis..., those behind it...)
        sources = range(batch_dims + extra, axis + extra)
        return np.moveaxis(found, list(sources), list(range(batch_dims, axis)))


class GatherElements(IndexingOp, name="nn.gather_elements"):
    """One element of x for each index: output[i, j, ...] = x[indices[i, j, ...], j, ...] for axis 0, and so on.

    Indices have the rank of x and are nowhere longer, except along the axis. As GatherElements of ONNX.
    """

    axis = attribute(INT, "the axis of x that is indexed, a negative one from the end", default=0)
    output = result("the shape of indices")

    def infer(self) -> TensorType:
        shapes = self.check_indices()
        if shapes is None:
            return self.typed(self.indices.tensor.shape)
        x, indices = shapes
        axis = self.axis_in(self.axis, len(x))
        if not fits_inside(indices, x, axis):
            raise self.error(f"expected indices within the shape of x, got {self.indices.type} for {self.x.type}")
        return self.typed(indices)

    def evaluate(self, x: Array, indices: Array) -> Array:
        axis = self.axis % x.ndim
        inside = tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(indices.shape))
        return np.take_along_axis(x[inside], indices, axis)


class GatherNd(IndexingOp, name="nn.gather_nd"):
    """The slices of x at index vectors: output[b..., i..., ...] = x[b..., *indices[b..., i..., :], ...].

    The last axis of indices holds the vectors; the first ``batch_dims`` axes of both go together. The shape is
    indices.shape[:-1] + x.shape[batch_dims + length of a vector:]. As GatherND of ONNX, GATHER_ND of TFLite.
    """

    batch_dims = attribute(INT, "how many leading axes x and indices share", default=0)
    output = result()

    def infer(self) -> TensorType:
        shapes = self.check_indices()
        if shapes is None:
            return self.typed(None)
        x, indices = shapes
        batch = self.check_batch(x, indices[:-1], self.batch_dims)
        length = self.vector_length(x, indices, self.batch_dims)
        return self.typed((*batch, *indices[self.batch_dims : -1], *x[self.batch_dims + length :]))

    def evaluate(self, x: Array, indices: Array) -> Array:
        middle = indices.ndim - 1 - self.batch_dims
        index = (*_grid(x.shape[: self.batch_dims], middle), *np.moveaxis(indices, -1, 0))
        found: Array = x[index]
        return found


class ScatterNd(IndexingOp, name="nn.scatter_nd"):
    """A copy of x in which the slices at index vectors are replaced: output[*indices[i..., :]] = updates[i...].

    With another ``reduction`` they are combined with what is there. Where vectors are equal and the reduction is none,
    the last one counts. As ScatterND of ONNX.
    """

    updates = operand("indices.shape[:-1] + x.shape[length of a vector:]")
    reduction = attribute(one_of(*REDUCTIONS), "how to combine", default="none")
    output = result("the type of x")

    def infer(self) -> TensorType:
        self.check_updates(self.updates, self.reduction)
        shapes = self.check_indices()
        updates = self.updates.tensor.shape
        if shapes is not None and updates is not None:
            x, indices = shapes
            length = self.vector_length(x, indices, 0)
            try:
                unify_shapes((*indices[:-1], *x[length:]), updates)
            except ValueError as error:
                raise self.error(
                    f"expected 'updates' to fit {self.x.type} and {self.indices.type}: {error} differ"
                ) from None
        return self.typed(self.x.tensor.shape)

    def evaluate(self, x: Array, indices: Array, updates: Array) -> Array:
        return scattered(x, tuple(np.moveaxis(indices, -1, 0)), updates, self.reduction)


def scattered(x: Array, index: tuple[Array, ...], updates: Array, reduction: str) -> Array:
    """A copy of x with updates at an index of arrays, combined with what is there as :data:`REDUCTIONS` says."""
    y: Array = x.copy()
    combine = REDUCTIONS[reduction]
    if combine is None:
        y[index] = updates
    else:
        combine.at(y, index, updates)
    return y


class ScatterElements(IndexingOp, name="nn.scatter_elements"):
    """A copy of x in which single elements are replaced: output[indices[i, j, ...], j, ...] = updates[i, j, ...].

    That is for axis 0, and so on. With another ``reduction`` they are combined with what is there. Where places are
    equal and the reduction is none, the last one counts. As ScatterElements of ONNX.
    """

    updates = operand("the shape of indices")
    axis = attribute(INT, "the axis of x that is indexed, a negative one from the end", default=0)
    reduction = attribute(one_of(*REDUCTIONS), "how to combine", default="none")
    output = result("the type of x")

    def infer(self) -> TensorType:
        self.check_updates(self.updates, self.reduction)
        shapes = self.check_indices()
        if shapes is not None:
            x, indices = shapes
            axis = self.axis_in(self.axis, len(x))
            if not fits_inside(indices, x, axis):
                raise self.error(f"expected indices within the shape of x, got {self.indices.type} for {self.x.type}")
        updates, indices_shape = self.updates.tensor.shape, self.indices.tensor.shape
        if updates is not None and indices_shape is not None:
            try:
                unify_shapes(updates, indices_shape)
            except ValueError as error:
                raise self.error(f"expected 'updates' of the shape of {self.indices.type}: {error} differ") from None
        return self.typed(self.x.tensor.shape)

    def evaluate(self, x: Array, indices: Array, updates: Array) -> Array:
        places: list[Array] = list(np.indices(indices.shape, sparse=True))
        places[self.axis % x.ndim] = indices
        return scattered(x, tuple(places), updates, self.reduction)


class OneHot(NNOp, name="nn.one_hot"):
    """1.0 at the place that an index names along a new axis of length ``depth``, 0.0 elsewhere (f32).

    An index that is out of range (negative ones are) gives zeros alone. As tf.one_hot.
    """

    indices = operand("integers")
    depth = attribute(INT, "the length of the new axis")
    axis = attribute(INT, "where the new axis stands in the result, negative from the end", default=-1)
    output = result()

    def infer(self) -> TensorType:
        self.expect_element("indices", self.indices, INTEGER_ELEMENT)
        if self.depth < 0:
            raise self.error(f"expected 'depth' not to be negative, got {self.depth}")
        shape = self.indices.tensor.shape
        if shape is None:
            return TensorType(None, F32)
        axis = self.axis_in(self.axis, len(shape) + 1)
        return TensorType((*shape[:axis], self.depth, *shape[axis:]), F32)

    def evaluate(self, indices: Array) -> Array:
        return one_hot(indices, self.depth, self.axis)


def one_hot(indices: Array, depth: int, axis: int) -> Array:
    """1.0 at the indices along a new axis of length ``depth``, 0.0 elsewhere."""
    axis %= indices.ndim + 1
    places = np.arange(depth).reshape([-1 if i == axis else 1 for i in range(indices.ndim + 1)])
    hits: Array = np.expand_dims(indices, axis) == places
    return hits.astype(np.float32)
