"""How factors move through operations: from the result up to operands, and from an operand down to results.

A factor of the result moves *up* where the same result comes from operands with factors; a factor of an operand moves
*down* where the operation on the bare operand gives the result up to a factor. Both tables say where that is exact
(but for rounding); what is in neither stops a factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..ir import Operation, TensorType, Value
from ..ir.dialects import nn
from ..ir.types import Dim, Shape
from .constants import float_constant, is_plain_float
from .fold_scales_factor import Factor, squeezed

Moved = list[tuple[int, Factor]]
"""Operands (or results) by number, each with its factor."""


def moves_up(op: Operation, factor: Factor) -> Iterable[Moved]:
    """The ways to have the factor of the only result at operands instead, each a list of operands."""
    if type(op) in _UNARY and _is_movable(op, factor):
        moved = _UNARY[type(op)](op, factor, True)
        if moved is not None:
            yield [(0, moved)]
    elif type(op) in _UP and _is_movable(op, factor):
        yield from _UP[type(op)](op, factor)


def moves_down(op: Operation, operand: int, factor: Factor) -> Moved | None:
    """The factors that results get when the operation works without a factor of one operand."""
    if type(op) in _UNARY and _is_movable(op, factor):
        moved = _UNARY[type(op)](op, factor, False) if operand == 0 else None
        return None if moved is None else [(0, moved)]
    if type(op) in _DOWN and _is_movable(op, factor):
        return _DOWN[type(op)](op, operand, factor)
    return None


def _is_movable(op: Operation, factor: Factor) -> bool:
    """Whether all ranks are known, all elements are plain floats, and a built-in activation lets the factor through."""
    tensors = [v.type for v in (*op.operands, *op.results) if v is not None]
    if not all(isinstance(t, TensorType) and t.shape is not None and is_plain_float(t) for t in tensors):
        return False
    activation = getattr(op, "activation", "none")
    return activation == "none" or (activation == "relu" and factor.keeps_zero)


# Operations of one tensor. The rules work in both directions: ``up`` from the result to x, else from x to the result.


def _unchanged(op: Operation, factor: Factor, up: bool) -> Factor | None:
    return factor


def _homogeneous(op: Operation, factor: Factor, up: bool) -> Factor | None:
    """f(s x) = s f(x) for positive s."""
    return factor if factor.keeps_zero else None


def _negated(op: Operation, factor: Factor, up: bool) -> Factor | None:
    return factor.with_array(-factor.array) if factor.is_shift else factor


def _reshape(op: nn.Reshape, factor: Factor, up: bool) -> Factor | None:
    before, after = op.x.tensor.dims, op.results[0].tensor.dims
    return reshaped(factor, after, before) if up else reshaped(factor, before, after)


def reshaped(factor: Factor, before: Shape, after: Shape) -> Factor | None:
    """The factor of a tensor of shape ``before`` for the same elements in shape ``after``."""
    groups = common_groups(before, after)
    if groups is None:
        return None
    full, shape = list(factor.array.shape), []
    for old, new in groups:
        varies = factor.varies_along(old)
        if varies and not all(isinstance(before[i], int) for i in old):
            return None
        for i in old if varies else ():
            full[i] = before[i]
        shape += [after[i] if varies else 1 for i in new]
    array = np.broadcast_to(factor.array, full).reshape(shape)
    return factor.with_array(squeezed(array))


def common_groups(before: Shape, after: Shape) -> list[tuple[range, range]] | None:
    """The runs of dimensions of two shapes that hold the same elements, as short as possible; None where unknown.

    A dimension that is not a number belongs to one of the same name, alone.
    """
    groups: list[tuple[range, range]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        left, right = i, j
        if not _starts_with_number(before, i) or not _starts_with_number(after, j):
            if i >= len(before) or j >= len(after) or before[i] is None or before[i] != after[j]:
                return None
            i, j = i + 1, j + 1
        else:
            run = _equal_runs(before, after, i, j)
            if run is None:
                return None
            i, j = run
        groups.append((range(left, i), range(right, j)))
    return groups


def _starts_with_number(shape: Shape, i: int) -> bool:
    return i >= len(shape) or isinstance(shape[i], int)


def _equal_runs(before: Shape, after: Shape, i: int, j: int) -> tuple[int, int] | None:
    """The ends of the shortest runs from i and j, not both empty, with the same number of elements."""
    a: Dim = 1
    b: Dim = 1
    start = (i, j)
    while (i, j) == start or a != b:
        if i < len(before) and (a <= b or j >= len(after)):  # type: ignore[operator]
            dim, i = before[i], i + 1
            if not isinstance(dim, int):
                return None
            a *= dim  # type: ignore[operator]
        elif j < len(after):
            dim, j = after[j], j + 1
            if not isinstance(dim, int):
                return None
            b *= dim  # type: ignore[operator]
        else:
            return None
    return i, j


def _transpose(op: nn.Transpose, factor: Factor, up: bool) -> Factor | None:
    return factor.with_array(np.transpose(factor.array, np.argsort(op.perm) if up else op.perm))


def _spatial(op: nn.PoolOp | nn.Resize) -> range:
    rank = len(op.x.tensor.dims)
    return range(1, rank - 1) if op.channel_last else range(2, rank)


def _max_pool(op: nn.MaxPool, factor: Factor, up: bool) -> Factor | None:
    return factor if factor.keeps_order and not factor.varies_along(_spatial(op)) else None


def _average_pool(op: nn.AveragePool, factor: Factor, up: bool) -> Factor | None:
    if factor.varies_along(_spatial(op)):
        return None
    counts_zeros = op.count_include_pad and any(op.pads)
    may_be_empty = any(
        max(b, e + o) >= k
        for b, e, o, k in zip(op.pads[: len(op.kernel)], op.pads[len(op.kernel) :], op.overhang, op.kernel, strict=True)
    )
    return None if factor.is_shift and (counts_zeros or may_be_empty) else factor


def _resize(op: nn.Resize, factor: Factor, up: bool) -> Factor | None:
    return None if factor.varies_along(_spatial(op)) else factor  # the weights of an interpolation add up to 1


def _pad(op: nn.Pad, factor: Factor, up: bool) -> Factor | None:
    if factor.varies_along([axis for axis, pair in enumerate(op.pairs) if any(pair)]):
        return None
    keeps_value = op.mode != "constant" or (op.value == 0 and not factor.is_shift)
    return factor if keeps_value else None


def _slice(op: nn.Slice, factor: Factor, up: bool) -> Factor | None:
    varying = [a for a, n in enumerate(factor.array.shape) if n != 1]
    index = tuple(s if a in varying else slice(None) for a, s in enumerate(op.slices))
    if not up:
        return factor.with_array(squeezed(factor.array[index]))
    x = op.x.tensor.dims
    takes_all = all(isinstance(x[a], int) and index[a].indices(x[a]) == (0, x[a], 1) for a in varying)  # type: ignore[arg-type]
    return factor if takes_all else None


def _reverse(op: nn.Reverse, factor: Factor, up: bool) -> Factor | None:
    return factor.with_array(np.flip(factor.array, op.axes))


def _channel_shuffle(op: nn.ChannelShuffle, factor: Factor, up: bool) -> Factor | None:
    shape = factor.array.shape
    axis = op.axis % len(shape)
    if shape[axis] == 1:
        return factor
    groups = shape[axis] // op.groups if up else op.groups  # dealing out over the other number takes it back
    split = factor.array.reshape([*shape[:axis], groups, -1, *shape[axis + 1 :]])
    return factor.with_array(split.swapaxes(axis, axis + 1).reshape(shape))


def _broadcast_to(op: nn.BroadcastTo, factor: Factor, up: bool) -> Factor | None:
    return factor.fitted(op.x.tensor.dims) if up else factor.broadcast(len(op.shape))


def _reduction(op: nn.ReduceOp, factor: Factor, up: bool) -> Factor | None:
    rank = len(op.x.tensor.dims)
    axes = sorted(a % rank for a in op.axes)
    if up and not op.keep_dims:
        factor = factor.with_array(np.expand_dims(factor.array, tuple(axes)))
    if factor.varies_along(axes):
        return None
    if isinstance(op, nn.ReduceSum) and factor.is_shift:
        return None
    if isinstance(op, nn.ReduceMax | nn.ReduceMin) and not factor.keeps_order:
        return None
    if not up and not op.keep_dims:
        return factor.with_array(factor.array.squeeze(tuple(axes)))
    return factor


_UNARY: dict[type[Operation], Callable[[Any, Factor, bool], Factor | None]] = {
    nn.Identity: _unchanged,
    nn.Neg: _negated,
    nn.Relu: _homogeneous,
    nn.LeakyRelu: _homogeneous,
    nn.Prelu: _homogeneous,
    nn.Abs: _homogeneous,
    nn.Reshape: _reshape,
    nn.Transpose: _transpose,
    nn.MaxPool: _max_pool,
    nn.AveragePool: _average_pool,
    nn.Resize: _resize,
    nn.Pad: _pad,
    nn.Slice: _slice,
    nn.Reverse: _reverse,
    nn.ChannelShuffle: _channel_shuffle,
    nn.BroadcastTo: _broadcast_to,
    **dict.fromkeys((nn.ReduceMean, nn.ReduceSum, nn.ReduceMax, nn.ReduceMin), _reduction),
}


# Operations of several tensors, upwards


def _fitted(factor: Factor, operand: Value) -> Factor | None:
    """The factor for an operand of an elementwise operation. A constant may be broadcast, if that wastes no memory."""
    dense = float_constant(operand)
    if dense is None:
        return factor.fitted(operand.tensor.dims)
    numbers = math.prod(np.broadcast_shapes(factor.array.shape, dense.type.static_shape))
    return factor if numbers <= max(factor.array.size, dense.type.size) else None


def _sum_up(op: nn.Add | nn.Sub, factor: Factor) -> Iterable[Moved]:
    left, right = _fitted(factor, op.lhs), _fitted(factor, op.rhs)
    if not factor.is_shift:
        if left is not None and right is not None:
            yield [(0, left), (1, right)]
        return
    if left is not None:
        yield [(0, left)]
    if right is not None:
        yield [(1, right.inverted() if isinstance(op, nn.Sub) else right)]


def _product_up(op: nn.Mul | nn.Div, factor: Factor) -> Iterable[Moved]:
    if factor.is_shift:
        return
    left, right = _fitted(factor, op.lhs), _fitted(factor, op.rhs)
    if left is not None:
        yield [(0, left)]
    if right is not None and isinstance(op, nn.Mul):
        yield [(1, right)]


def _extremum_up(op: nn.Maximum | nn.Minimum, factor: Factor) -> Iterable[Moved]:
    left, right = _fitted(factor, op.lhs), _fitted(factor, op.rhs)
    if factor.keeps_order and left is not None and right is not None:
        yield [(0, left), (1, right)]


def _concat_up(op: nn.Concat, factor: Factor) -> Iterable[Moved]:
    axis = op.axis % len(op.results[0].tensor.dims)
    sizes = [v.tensor.dims[axis] for v in op.inputs]
    if not factor.varies_along([axis]):
        yield [(i, factor) for i in range(len(sizes))]
    elif all(isinstance(s, int) for s in sizes):
        parts = np.split(factor.array, np.cumsum(sizes)[:-1], axis)  # type: ignore[arg-type]
        yield [(i, factor.with_array(squeezed(part))) for i, part in enumerate(parts)]


def _matmul_up(op: nn.Matmul, factor: Factor) -> Iterable[Moved]:
    """The rows of the product are those of lhs, its columns those of rhs."""
    if factor.is_shift:
        return
    for index, value, free, is_transposed in ((0, op.lhs, -1, op.transpose_lhs), (1, op.rhs, -2, op.transpose_rhs)):
        if not factor.varies_along([free]):
            array = factor.array.swapaxes(-1, -2) if is_transposed else factor.array
            fitted = factor.with_array(array).fitted(value.tensor.dims)
            if fitted is not None:
                yield [(index, fitted)]


_UP: dict[type[Operation], Callable[[Any, Factor], Iterable[Moved]]] = {
    nn.Add: _sum_up,
    nn.Sub: _sum_up,
    nn.Mul: _product_up,
    nn.Div: _product_up,
    nn.Maximum: _extremum_up,
    nn.Minimum: _extremum_up,
    nn.Concat: _concat_up,
    nn.Matmul: _matmul_up,
}


# Operations of several tensors, downwards


def _sum_down(op: nn.Add | nn.Sub, operand: int, factor: Factor) -> Moved | None:
    if not factor.is_shift:
        return None
    factor = factor.broadcast(len(op.results[0].tensor.dims))
    return [(0, factor.inverted() if operand == 1 and isinstance(op, nn.Sub) else factor)]


def _product_down(op: nn.Mul | nn.Div, operand: int, factor: Factor) -> Moved | None:
    if factor.is_shift or (isinstance(op, nn.Div) and operand == 1):
        return None
    return [(0, factor.broadcast(len(op.results[0].tensor.dims)))]


def _concat_down(op: nn.Concat, operand: int, factor: Factor) -> Moved | None:
    axis = op.axis % factor.array.ndim
    sizes = [d for v in op.inputs if isinstance(d := v.tensor.dims[axis], int)]
    if len(sizes) != len(op.inputs):
        return None
    others = np.full([1] * factor.array.ndim, factor.neutral)
    parts = [factor.array if i == operand else others for i in range(len(sizes))]
    shapes = [[s if a == axis else n for a, n in enumerate(factor.array.shape)] for s in sizes]
    full = [np.broadcast_to(part, shape) for part, shape in zip(parts, shapes, strict=True)]
    return [(0, factor.with_array(squeezed(np.concatenate(full, axis))))]


def _split_down(op: nn.Split, operand: int, factor: Factor) -> Moved | None:
    if not factor.varies_along([op.axis % factor.array.ndim]):
        return [(i, factor) for i in range(len(op.results))]
    parts = np.split(factor.array, np.cumsum(op.sizes)[:-1], op.axis)
    return [(i, factor.with_array(squeezed(part))) for i, part in enumerate(parts)]


def _matmul_down(op: nn.Matmul, operand: int, factor: Factor) -> Moved | None:
    if factor.is_shift:
        return None
    is_transposed = op.transpose_lhs if operand == 0 else op.transpose_rhs
    array = factor.array.swapaxes(-1, -2) if is_transposed else factor.array
    summed = -1 if operand == 0 else -2
    if array.shape[summed] != 1:
        return None
    return [(0, factor.with_array(array).broadcast(len(op.results[0].tensor.dims)))]


_DOWN: dict[type[Operation], Callable[[Any, int, Factor], Moved | None]] = {
    nn.Add: _sum_down,
    nn.Sub: _sum_down,
    nn.Mul: _product_down,
    nn.Div: _product_down,
    nn.Concat: _concat_down,
    nn.Split: _split_down,
    nn.Matmul: _matmul_down,
}
