"""Convolutions with dilations as TensorFlow writes them: between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND.

    blocks = SPACE_TO_BATCH_ND(x, [b, b], pads)
    y = CONV_2D(blocks, w, bias)                         padding VALID, strides 1
    z = BATCH_TO_SPACE_ND(y, [b, b], crops)

becomes

    z = CONV_2D(PAD(x, pads), w, bias)                   padding VALID, strides 1, dilations b; then the crops, if any

Every block holds each b-th element, so that the kernel reaches the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir import Block, Operation, TensorType, Value, constant_array
from ...ir.attributes import as_dense
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.dialects.tfl.movement import Pad, StridedSlice
from ...ir.dialects.tfl.segments import BatchToSpaceND, SpaceToBatchND
from ...ir.dialects.tfl.spatial import Conv2D, DepthwiseConv2D
from ...ir.types import Array, Dim


def fuse_dilations(block: Block) -> int:
    """Rewrite the convolutions of a block; how many there were."""
    found = [op for op in block if isinstance(op, BatchToSpaceND) and _is_dilated(op)]
    for op in found:
        _fuse(op)
    return len(found)


def _is_dilated(last: BatchToSpaceND) -> bool:
    conv: Any = last.input.defining_op
    if not isinstance(conv, Conv2D | DepthwiseConv2D) or not last.input.has_one_use:
        return False
    first = conv.input.defining_op
    if not isinstance(first, SpaceToBatchND) or conv.padding != "VALID":
        return False
    blocks, again = constant_array(first.block_shape), constant_array(last.block_shape)
    known = [_pairs(first.paddings), _pairs(last.crops), blocks, again]
    if any(k is None for k in known) or conv.strides != (1, 1) or conv.dilations != (1, 1):
        return False
    assert blocks is not None and again is not None
    return blocks.shape == (2,) and np.array_equal(blocks, again) and first.input.tensor.rank == 4


def _pairs(value: Value) -> Array | None:
    array = constant_array(value)
    return array if array is not None and array.shape == (2, 2) else None


def _fuse(last: BatchToSpaceND) -> None:
    conv: Any = last.input.defining_op
    first: Any = conv.input.defining_op
    pads, crops, blocks = _pairs(first.paddings), _pairs(last.crops), constant_array(first.block_shape)
    assert pads is not None and crops is not None and blocks is not None
    x = first.input
    if pads.any():
        rows = np.concatenate([np.zeros((1, 2)), pads, np.zeros((1, 2))]).astype(np.int32)
        x = _insert(last, Pad(x, _constant(last, rows), result_types=[_open(x.tensor)])).results[0]
    wide = conv.clone()
    wide.set_operand(0, x)
    wide.dilation_h_factor, wide.dilation_w_factor = (int(n) for n in blocks)
    result = _insert(last, wide).results[0]
    result.type = _open(last.output.tensor)
    if crops.any():
        begin = _constant(last, np.array([0, crops[0, 0], crops[1, 0], 0], np.int32))
        end = _constant(last, np.array([0, *(-int(c) for c in crops[:, 1]), 0], np.int32))
        ends = 0b1001 | (0b0010 if not crops[0, 1] else 0) | (0b0100 if not crops[1, 1] else 0)
        steps = _constant(last, np.ones(4, np.int32))
        types = [last.output.type]
        cut = StridedSlice(result, begin, end, steps, result_types=types, begin_mask=0b1001, end_mask=ends)
        result = _insert(last, cut).results[0]
    result.type = last.output.type
    last.output.replace_all_uses_with(result)
    result.name = last.output.name
    last.erase()


def _open(type: TensorType) -> TensorType:
    """A type of which the spatial lengths are left to inference."""
    dims: tuple[Dim, ...] = (type.dims[0], None, None, type.dims[3])
    return type.with_shape(dims)


def _constant(before: Operation, array: Array) -> Value:
    dense = as_dense(array)
    return _insert(before, PseudoConst(value=dense, result_types=[dense.type])).results[0]


def _insert(before: Operation, op: Operation) -> Operation:
    assert before.parent is not None
    op.location = before.location
    return before.parent.insert_before(before, op)
