"""Operations on blocks, sequences and segments of tensors."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import INT, attribute, operand, result
from ...types import Array
from .base import TFLOp


class _BlockMove(TFLOp):
    def version(self) -> int:
        kind = self.storage_name(0)
        if kind == "i16":
            return 4
        return 3 if self.operands[0] is not None and self.operands[0].tensor.rank != 4 else 2 if kind == "i8" else 1


class SpaceToBatchND(_BlockMove, name="tfl.space_to_batch_nd", builtin="SPACE_TO_BATCH_ND", options="SpaceToBatchND"):
    """Zeros around (N, *space, C), then the position in each block as the slow part of the batch."""

    input = operand("(N, *space, C)")
    block_shape = operand("(n,) i32")
    paddings = operand("(n, 2) i32")
    output = result("(N * Π block, *(space / block), C)")

    def evaluate(self, input: Array, block_shape: Array, paddings: Array) -> Array:
        blocks = [int(b) for b in block_shape]
        rest = input.ndim - 1 - len(blocks)
        padded = np.pad(input, [(0, 0), *((int(b), int(e)) for b, e in paddings), *[(0, 0)] * rest])
        batch, *space = padded.shape[: 1 + len(blocks)]
        tail = padded.shape[1 + len(blocks) :]
        split = [n for s, b in zip(space, blocks, strict=True) for n in (s // b, b)]
        count = len(blocks)
        order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count + 1, 2)]
        moved: Array = padded.reshape(batch, *split, *tail).transpose(
            *order, *range(2 * count + 1, 2 * count + 1 + rest)
        )
        return moved.reshape(-1, *(s // b for s, b in zip(space, blocks, strict=True)), *tail)


class BatchToSpaceND(_BlockMove, name="tfl.batch_to_space_nd", builtin="BATCH_TO_SPACE_ND", options="BatchToSpaceND"):
    """The inverse of space_to_batch_nd: blocks made of parts of the batch, then ``crops`` cut off."""

    input = operand("(N * Π block, *space, C)")
    block_shape = operand("(n,) i32")
    crops = operand("(n, 2) i32")
    output = result("(N, *(space * block - crops), C)")

    def evaluate(self, input: Array, block_shape: Array, crops: Array) -> Any:
        blocks = [int(b) for b in block_shape]
        count = len(blocks)
        space, tail = input.shape[1 : 1 + count], input.shape[1 + count :]
        batch = input.shape[0] // int(np.prod(blocks))
        order = [count, *(i for n in range(count) for i in (count + 1 + n, n))]
        behind = range(2 * count + 1, 2 * count + 1 + len(tail))
        moved = input.reshape(*blocks, batch, *space, *tail).transpose(*order, *behind)
        whole = moved.reshape(batch, *(s * b for s, b in zip(space, blocks, strict=True)), *tail)
        kept = [slice(int(b), n - int(e)) for (b, e), n in zip(crops, whole.shape[1:], strict=False)]
        index = (slice(None), *kept)
        return whole[index]


class ReverseSequence(TFLOp, name="tfl.reverse_sequence", builtin="REVERSE_SEQUENCE", options="ReverseSequence"):
    """The first ``seq_lengths[b]`` elements along ``seq_dim`` in opposite order, for each b along ``batch_dim``."""

    input = operand()
    seq_lengths = operand("(batch,) i32 or i64")
    seq_dim = attribute(INT, default=0)
    batch_dim = attribute(INT, default=0)
    output = result()

    def evaluate(self, input: Array, seq_lengths: Array) -> Array:
        moved = np.moveaxis(input, (self.batch_dim, self.seq_dim), (0, 1))
        y: Array = moved.copy()
        for b, length in enumerate(seq_lengths):
            y[b, : int(length)] = moved[b, : int(length)][::-1]
        return np.moveaxis(y, (0, 1), (self.batch_dim, self.seq_dim))


class DynamicUpdateSlice(
    TFLOp, name="tfl.dynamic_update_slice", builtin="DYNAMIC_UPDATE_SLICE", options="DynamicUpdateSlice"
):
    """The operand with ``update`` written at ``start_indices``, moved so that it fits."""

    input = operand("what is written into")
    update = operand()
    start_indices = operand("(rank,) i32 or i64")
    output = result()

    def version(self) -> int:
        return 2 if self.storage_name(2) == "i64" else 1

    def evaluate(self, input: Array, update: Array, start_indices: Array) -> Array:
        y: Array = input.copy()
        sizes = zip(start_indices, input.shape, update.shape, strict=True)
        starts = [min(max(int(s), 0), n - m) for s, n, m in sizes]
        y[tuple(slice(s, s + m) for s, m in zip(starts, update.shape, strict=True))] = update
        return y


class EmbeddingLookup(TFLOp, name="tfl.embedding_lookup", builtin="EMBEDDING_LOOKUP"):
    """The rows of ``value`` that ``lookup`` names."""

    lookup = operand("(n,) i32")
    value = operand("(rows, ...)")
    output = result("(n, ...)")

    def evaluate(self, lookup: Array, value: Array) -> Any:
        return value[lookup]


class SegmentSum(TFLOp, name="tfl.segment_sum", builtin="SEGMENT_SUM", options="SegmentSum"):
    """The sums of the rows with equal (rising) segment ids."""

    input = operand("(rows, ...)")
    segment_ids = operand("(rows,) i32")
    output = result("(last id + 1, ...)")

    def evaluate(self, input: Array, segment_ids: Array) -> Array:
        y = np.zeros((int(segment_ids[-1]) + 1, *input.shape[1:]), input.dtype)
        np.add.at(y, segment_ids, input)
        return y


class UnsortedSegment(TFLOp):
    """Base of reductions of the rows with equal segment ids; negative ids are left out."""

    ufunc: ClassVar[Any]
    neutral: ClassVar[Any]
    input = operand("(*rows, ...)")
    segment_ids = operand("(*rows,) i32")
    num_segments = operand("() i32")
    output = result("(num_segments, ...)")

    def evaluate(self, input: Array, segment_ids: Array, num_segments: Array) -> Array:
        shape = input.shape[segment_ids.ndim :]
        start = type(self).neutral(input.dtype)
        y = np.full((int(num_segments.reshape(-1)[0]), *shape), start, input.dtype)
        ids, rows = segment_ids.reshape(-1), input.reshape(-1, *shape)
        type(self).ufunc.at(y, ids[ids >= 0], rows[ids >= 0])
        return y


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


def _unsorted(name: str, ufunc: Any, neutral: Callable[[np.dtype[Any]], Any]) -> None:
    """Define one of the reductions."""
    doc = f"The {name} of the rows with equal segment ids; negative ids are left out."
    body = {"__doc__": doc, "__module__": __name__, "ufunc": ufunc, "neutral": staticmethod(neutral)}
    keywords = {
        "name": f"tfl.unsorted_segment_{name}",
        "builtin": f"UNSORTED_SEGMENT_{name.upper()}",
        "options": f"UnsortedSegment{name.capitalize()}",
    }
    class_name = keywords["options"]
    types.new_class(class_name, (UnsortedSegment,), keywords, lambda namespace: namespace.update(body))


_unsorted("sum", np.add, lambda dtype: 0)
_unsorted("prod", np.multiply, lambda dtype: 1)
_unsorted("max", np.maximum, _lowest)
_unsorted("min", np.minimum, _highest)
