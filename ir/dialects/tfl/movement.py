"""Operations that move elements: shapes, slices, joins, padding, gathering."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...module import constant_array
from ...opdef import BOOL, INT, INTS, attribute, one_of, operand, result, variadic, variadic_results
from ...types import Array
from .base import ACTIVATION, TFLOp, activate, axes_of

_MOVE = {"i8": 2, "i16": 3}


class Reshape(TFLOp, name="tfl.reshape", builtin="RESHAPE", options="Reshape"):
    """The same elements in another shape; one dimension of ``shape`` may be -1."""

    input = operand()
    shape = operand("(rank,) i32")
    output = result()

    def schema_options(self) -> dict[str, Any]:
        shape = constant_array(self.shape)
        return {} if shape is None else {"new_shape": tuple(int(n) for n in shape.reshape(-1))}

    def evaluate(self, input: Array, shape: Array) -> Array:
        return input.reshape([int(n) for n in shape])


class Transpose(
    TFLOp, name="tfl.transpose", builtin="TRANSPOSE", options="Transpose", versions={"i8": 2, "i1": 3, "i16": 5}
):
    """Dimension i of the result is dimension perm[i] of the input."""

    input = operand()
    perm = operand("(rank,) i32")
    output = result()

    def version(self) -> int:
        rank = self.input.tensor.rank
        return max(super().version(), 6 if rank > 5 else 4 if rank > 4 else 1)

    def evaluate(self, input: Array, perm: Array) -> Any:
        return input.transpose([int(p) for p in perm])


class Squeeze(TFLOp, name="tfl.squeeze", builtin="SQUEEZE", options="Squeeze"):
    """Without dimensions of one element: those listed, or all."""

    input = operand()
    squeeze_dims = attribute(INTS, default=())
    output = result()

    def evaluate(self, input: Array) -> Array:
        return np.squeeze(input, axes_of(self.squeeze_dims, input.ndim) or None)


class ExpandDims(TFLOp, name="tfl.expand_dims", builtin="EXPAND_DIMS", options="ExpandDims"):
    """A new dimension of one element at an axis."""

    input = operand()
    dim = operand("() i32")
    output = result()

    def evaluate(self, input: Array, dim: Array) -> Array:
        return np.expand_dims(input, int(dim.reshape(-1)[0]))


class Concatenation(TFLOp, name="tfl.concatenation", builtin="CONCATENATION", options="Concatenation", versions=_MOVE):
    """The operands one behind the other along an axis."""

    values = variadic()
    axis = attribute(INT, default=0)
    fused_activation_function = attribute(ACTIVATION, default="NONE")
    output = result()

    def evaluate(self, values: list[Array]) -> Array:
        return activate(np.concatenate(values, self.axis), self.fused_activation_function)


class Pack(TFLOp, name="tfl.pack", builtin="PACK", options="Pack", versions=_MOVE):
    """The operands along a new axis."""

    values = variadic()
    axis = attribute(INT, default=0)
    output = result()

    def schema_options(self) -> dict[str, Any]:
        return {"axis": self.axis, "values_count": len(self.operands)}

    def evaluate(self, values: list[Array]) -> Array:
        return np.stack(values, self.axis)


class Unpack(
    TFLOp, name="tfl.unpack", builtin="UNPACK", options="Unpack", versions={"i8": 2, "ui8": 2, "i1": 3, "i16": 4}
):
    """The parts along an axis, without it."""

    input = operand()
    axis = attribute(INT, default=0)
    outputs = variadic_results()

    def schema_options(self) -> dict[str, Any]:
        return {"axis": self.axis, "num": len(self.results)}

    def evaluate(self, input: Array) -> tuple[Array, ...]:
        return tuple(np.moveaxis(input, self.axis, 0))


class Split(TFLOp, name="tfl.split", builtin="SPLIT", options="Split", versions={"i8": 2, "i32": 3, "i16": 4}):
    """Equal parts along an axis."""

    typed_by = 1
    split_dim = operand("() i32")
    value = operand()
    outputs = variadic_results()

    def schema_options(self) -> dict[str, Any]:
        return {"num_splits": len(self.results)}

    def evaluate(self, split_dim: Array, value: Array) -> tuple[Array, ...]:
        return tuple(np.split(value, len(self.results), int(split_dim.reshape(-1)[0])))


class SplitV(TFLOp, name="tfl.split_v", builtin="SPLIT_V", options="SplitV", versions={"i8": 2}):
    """Parts of given sizes along an axis."""

    value = operand()
    size_splits = operand("(n,) i32")
    split_dim = operand("() i32")
    outputs = variadic_results()

    def schema_options(self) -> dict[str, Any]:
        return {"num_splits": len(self.results)}

    def evaluate(self, value: Array, size_splits: Array, split_dim: Array) -> tuple[Array, ...]:
        return tuple(np.split(value, np.cumsum(size_splits)[:-1], int(split_dim.reshape(-1)[0])))


class Slice(TFLOp, name="tfl.slice", builtin="SLICE", options="Slice", versions={"i8": 2, "i16": 4}):
    """``size`` elements from ``begin`` in every dimension; a size of -1 takes the rest."""

    input = operand()
    begin = operand("(rank,) i32")
    size = operand("(rank,) i32")
    output = result()

    def version(self) -> int:
        return max(super().version(), 5 if self.input.tensor.rank > 4 else 1)

    def evaluate(self, input: Array, begin: Array, size: Array) -> Any:
        stops = [None if n == -1 else int(b + n) for b, n in zip(begin, size, strict=True)]
        return input[tuple(slice(int(b), e) for b, e in zip(begin, stops, strict=True))]


class StridedSlice(
    TFLOp, name="tfl.strided_slice", builtin="STRIDED_SLICE", options="StridedSlice", versions={"i8": 2, "i1": 3}
):
    """begin : end : strides in every dimension, as Python slices.

    The masks have a bit a dimension: begin and end ignored, a dimension taken away (shrink_axis).
    """

    input = operand()
    begin = operand("(rank,) i32")
    end = operand("(rank,) i32")
    strides = operand("(rank,) i32")
    begin_mask = attribute(INT, default=0)
    end_mask = attribute(INT, default=0)
    ellipsis_mask = attribute(INT, default=0)
    new_axis_mask = attribute(INT, default=0)
    shrink_axis_mask = attribute(INT, default=0)
    offset = attribute(BOOL, default=False)
    output = result()

    def version(self) -> int:
        if self.offset:
            return 8
        if self.ellipsis_mask or self.new_axis_mask:
            return 6
        return max(super().version(), 4 if self.input.tensor.rank > 4 else 1)

    def evaluate(self, input: Array, begin: Array, end: Array, strides: Array) -> Any:
        index: list[Any] = []
        for i, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
            bit = 1 << i
            if self.ellipsis_mask & bit:
                index.append(Ellipsis)
            elif self.new_axis_mask & bit:
                index.append(None)
            elif self.shrink_axis_mask & bit:
                index.append(int(first))
            else:
                stop = int(first + last) if self.offset else int(last)
                start = None if self.begin_mask & bit else int(first)
                index.append(slice(start, None if self.end_mask & bit else stop, int(step)))
        return input[tuple(index)]


class Pad(TFLOp, name="tfl.pad", builtin="PAD", options="Pad", versions={"i8": 2, "i16": 3, "i1": 5}):
    """Zeros around: ``paddings`` holds how many before and behind, a row a dimension."""

    input = operand()
    paddings = operand("(rank, 2) i32")
    output = result()

    def version(self) -> int:
        return max(super().version(), 4 if self.input.tensor.rank > 4 else 1)

    def evaluate(self, input: Array, paddings: Array) -> Array:
        return np.pad(input, [(int(b), int(e)) for b, e in paddings])


class PadV2(TFLOp, name="tfl.padv2", builtin="PADV2", options="PadV2", versions=Pad.versions):
    """A constant around: ``paddings`` holds how often before and behind, a row a dimension."""

    input = operand()
    paddings = operand("(rank, 2) i32")
    constant_values = operand("()")
    output = result()

    def version(self) -> int:
        return max(super().version(), 4 if self.input.tensor.rank > 4 else 1)

    def evaluate(self, input: Array, paddings: Array, constant_values: Array) -> Array:
        amounts = [(int(b), int(e)) for b, e in paddings]
        return np.pad(input, amounts, constant_values=constant_values.reshape(-1)[0])


class MirrorPad(TFLOp, name="tfl.mirror_pad", builtin="MIRROR_PAD", options="MirrorPad", versions=_MOVE):
    """The edge mirrored outwards, without the outermost element (REFLECT) or with it (SYMMETRIC)."""

    input = operand()
    paddings = operand("(rank, 2) i32")
    mode = attribute(one_of("REFLECT", "SYMMETRIC"), default="REFLECT")
    output = result()

    def evaluate(self, input: Array, paddings: Array) -> Array:
        amounts = [(int(b), int(e)) for b, e in paddings]
        return np.pad(input, amounts, mode="reflect" if self.mode == "REFLECT" else "symmetric")


class Tile(TFLOp, name="tfl.tile", builtin="TILE", options="Tile", versions={"i8": 3}):
    """The input repeated along every axis."""

    input = operand()
    multiples = operand("(rank,) i32")
    output = result()

    def evaluate(self, input: Array, multiples: Array) -> Array:
        return np.tile(input, [int(n) for n in multiples])


class BroadcastTo(TFLOp, name="tfl.broadcast_to", builtin="BROADCAST_TO", options="BroadcastTo"):
    """The input broadcast to a shape."""

    input = operand()
    shape = operand("(rank,) i32")
    output = result()

    def version(self) -> int:
        return 3 if self.storage_name(0) in ("i8", "i16") else 2

    def evaluate(self, input: Array, shape: Array) -> Array:
        return np.broadcast_to(input, [int(n) for n in shape])


class ReverseV2(TFLOp, name="tfl.reverse_v2", builtin="REVERSE_V2", options="ReverseV2", versions={"i8": 3, "i1": 2}):
    """The elements along an axis in opposite order."""

    input = operand()
    axis = operand("(1,) i32")
    output = result()

    def evaluate(self, input: Array, axis: Array) -> Array:
        return np.flip(input, axes_of(axis, input.ndim))


class Gather(TFLOp, name="tfl.gather", builtin="GATHER", options="Gather", versions={"i8": 2, "i1": 3, "i16": 4}):
    """The slices of an axis that the indices name; the first ``batch_dims`` dimensions of both go together."""

    params = operand()
    indices = operand("i32 or i64")
    axis = attribute(INT, default=0)
    batch_dims = attribute(INT, default=0)
    output = result()

    def version(self) -> int:
        return 5 if self.batch_dims else super().version()

    def evaluate(self, params: Array, indices: Array) -> Any:
        return _gather(params, indices, self.axis % params.ndim, self.batch_dims)


def _gather(params: Array, indices: Array, axis: int, batch_dims: int) -> Array:
    if not batch_dims:
        return np.take(params, indices, axis)
    parts = [_gather(p, i, axis - 1, batch_dims - 1) for p, i in zip(params, indices, strict=True)]
    return np.stack(parts)


class GatherNd(TFLOp, name="tfl.gather_nd", builtin="GATHER_ND", options="GatherNd", versions={"i16": 3, "i1": 5}):
    """The slices that the index vectors (along the last axis of ``indices``) point at."""

    params = operand()
    indices = operand("i32 or i64")
    output = result()

    def evaluate(self, params: Array, indices: Array) -> Any:
        return params[tuple(np.moveaxis(indices, -1, 0))]


class ScatterNd(TFLOp, name="tfl.scatter_nd", builtin="SCATTER_ND", options="ScatterNd"):
    """Zeros of a shape, with the updates added where the index vectors point."""

    indices = operand("i32")
    updates = operand()
    shape = operand("(rank,) i32")
    output = result()

    def evaluate(self, indices: Array, updates: Array, shape: Array) -> Array:
        y = np.zeros([int(n) for n in shape], updates.dtype)
        np.add.at(y, tuple(np.moveaxis(indices, -1, 0)), updates)
        return y


class Where(TFLOp, name="tfl.where", builtin="WHERE", options="Where"):
    """The index vectors of the elements that are not zero, in row-major order."""

    condition = operand()
    output = result("(n, rank) i64")

    def version(self) -> int:
        return 1 if self.storage_name(0) == "i1" else 2

    def evaluate(self, condition: Array) -> Array:
        return np.argwhere(condition).astype(np.int64)


class OneHot(TFLOp, name="tfl.one_hot", builtin="ONE_HOT", options="OneHot"):
    """``on_value`` at the place that an index names along a new axis, ``off_value`` elsewhere."""

    indices = operand("i32 or i64")
    depth = operand("() i32")
    on_value = operand("()")
    off_value = operand("()")
    axis = attribute(INT, default=-1)
    output = result()

    def evaluate(self, indices: Array, depth: Array, on_value: Array, off_value: Array) -> Any:
        axis = self.axis % (indices.ndim + 1)
        count = int(depth.reshape(-1)[0])
        places = np.arange(count).reshape([-1 if i == axis else 1 for i in range(indices.ndim + 1)])
        hot = np.expand_dims(indices, axis) == places
        return np.where(hot, on_value.reshape(-1)[0], off_value.reshape(-1)[0])


class Shape(TFLOp, name="tfl.shape", builtin="SHAPE", options="Shape"):
    """The shape as a vector."""

    input = operand()
    output = result("(rank,) i32 or i64")

    def schema_options(self) -> dict[str, Any]:
        return {"out_type": self.output_type.storage}

    def evaluate(self, input: Array) -> Array:
        return np.asarray(input.shape, self.output_type.storage.dtype)
