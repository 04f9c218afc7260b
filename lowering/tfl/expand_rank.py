"""Tensors with more dimensions than TFLite's kernels take: neighbours that an operation treats alike become one.

The reshapes around cost nothing: no element moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...ir import Builder, Value
from ...ir.dialects import nn
from ..expansion import reshaped, static_dims
from .expansion import expands

BROADCAST_RANK = 6
"""What kernels of two operands take where shapes differ (and XNNPACK in any case)."""
SLICE_RANK = 5
"""What SLICE, STRIDED_SLICE and PAD take."""
TRANSPOSE_RANK = 6
MATMUL_RANK = 5
_LOWER_BROADCAST = {"nn.pow": 4, "nn.mod": 4, "nn.floor_div": 4, "nn.squared_difference": 4, "nn.prelu": 4}
_LOWER_BROADCAST |= {f"nn.{c}": 4 for c in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")}
_LOWER_BROADCAST |= {f"nn.{c}": 4 for c in ("logical_and", "logical_or", "bitwise_xor", "bit_shift")}
_LOWER_BROADCAST |= {"nn.select": 5, "nn.sub": 5, "nn.div": 5, "nn.maximum": 5, "nn.minimum": 5}

_Groups = list[list[int]]
"""Neighbouring dimensions that become one."""


def grouped(rank: int, joins: Callable[[int], bool]) -> _Groups:
    """Groups of dimensions; ``joins(i)`` says whether dimension i belongs to the group of dimension i - 1."""
    groups: _Groups = []
    for i in range(rank):
        if groups and joins(i):
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def merged(shape: Sequence[int], groups: _Groups) -> list[int]:
    """The shape with each group as one dimension."""
    return [math.prod(shape[i] for i in group) for group in groups]


@expands(
    *("add", "sub", "mul", "div", "pow", "mod", "floor_div", "maximum", "minimum", "squared_difference", "prelu"),
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"),
    *("bitwise_xor", "bit_shift", "select"),
)
def broadcasting(b: Builder, op: nn.BinaryOp) -> Value | None:
    """Dimensions along which every operand either has all elements or one."""
    shape = op.results[0].tensor
    operands = [v for v in op.operands if v is not None]
    limit = _LOWER_BROADCAST.get(op.name, BROADCAST_RANK)
    differs = any(v.tensor.shape != shape.shape for v in operands)
    if not shape.is_static or shape.rank <= (limit if differs else BROADCAST_RANK):
        return None
    full = [(1,) * (shape.rank - v.tensor.rank) + v.tensor.static_shape for v in operands]
    out = shape.static_shape

    def joins(i: int) -> bool:
        return all((s[i] != out[i]) == (s[i - 1] != out[i - 1]) for s in full)

    groups = grouped(shape.rank, joins)
    if len(groups) > limit:
        return None
    parts = [reshaped(b, reshaped(b, v, s), merged(s, groups)) for v, s in zip(operands, full, strict=True)]
    attributes = {k: v for k, v in op.attributes.items() if k != "activation"}
    return reshaped(b, b.create(op.name, *parts, **attributes).result, out)


@expands(
    *("abs", "cast", "ceil", "clip", "cos", "elu", "exp", "floor", "gelu", "hard_swish", "leaky_relu", "log", "neg"),
    *("reciprocal", "relu", "round", "rsqrt", "sigmoid", "sign", "sin", "sqrt", "square", "tanh", "logical_not"),
)
def unary(b: Builder, op: nn.UnaryOp) -> Value | None:
    """All dimensions."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= BROADCAST_RANK:
        return None
    return reshaped(b, b.create(op.name, reshaped(b, op.x, (math.prod(shape),)), **op.attributes).result, shape)


@expands("transpose")
def transpose(b: Builder, op: nn.Transpose) -> Value | None:
    """Dimensions that stay neighbours."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= TRANSPOSE_RANK:
        return None
    groups = grouped(len(shape), lambda i: op.perm[i] == op.perm[i - 1] + 1)  # of the result
    order = sorted(range(len(groups)), key=lambda g: op.perm[groups[g][0]])
    sources = [[op.perm[i] for i in groups[g]] for g in order]
    if len(groups) > TRANSPOSE_RANK or len(groups) == len(shape):
        return None
    y = b.nn.transpose(reshaped(b, op.x, merged(shape, sources)), perm=[order.index(g) for g in range(len(groups))])
    return reshaped(b, y, op.output.tensor.static_shape)


@expands("slice")
def slice_(b: Builder, op: nn.Slice) -> Value | None:
    """Dimensions that are kept whole."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= SLICE_RANK:
        return None
    whole = [range(*s.indices(d)) == range(d) for s, d in zip(op.slices, shape, strict=True)]
    groups = grouped(len(shape), lambda i: whole[i] and whole[i - 1])
    if len(groups) > SLICE_RANK:
        return None
    lengths = merged(shape, groups)
    pieces = [
        slice(0, n, 1) if whole[group[0]] else op.slices[group[0]] for n, group in zip(lengths, groups, strict=True)
    ]
    y = b.nn.slice(
        reshaped(b, op.x, lengths),
        starts=[p.start for p in pieces],
        stops=[p.stop for p in pieces],
        steps=[p.step for p in pieces],
    )
    return reshaped(b, y, op.output.tensor.static_shape)


@expands("pad")
def pad(b: Builder, op: nn.Pad) -> Value | None:
    """Dimensions that nothing is added to."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= SLICE_RANK:
        return None
    whole = [not any(pair) for pair in op.pairs]
    groups = grouped(len(shape), lambda i: whole[i] and whole[i - 1])
    if len(groups) > SLICE_RANK:
        return None
    pairs = [op.pairs[group[0]] for group in groups]
    pads = [*(p[0] for p in pairs), *(p[1] for p in pairs)]
    y = b.nn.pad(reshaped(b, op.x, merged(shape, groups)), pads=pads, mode=op.mode, value=op.value)
    return reshaped(b, y, op.output.tensor.static_shape)


@expands("matmul")
def matmul(b: Builder, op: nn.Matmul) -> Value | None:
    """Leading dimensions, once both operands have the same."""
    if not op.output.tensor.is_static or op.output.tensor.rank <= MATMUL_RANK:
        return None
    lead = op.output.tensor.static_shape[:-2]
    sides = []
    for value in (op.lhs, op.rhs):
        matrix = value.tensor.static_shape[-2:]
        whole = value if value.tensor.shape == (*lead, *matrix) else b.nn.broadcast_to(value, shape=(*lead, *matrix))
        sides.append(reshaped(b, whole, (math.prod(lead), *matrix)))
    y = b.nn.matmul(*sides, transpose_lhs=op.transpose_lhs, transpose_rhs=op.transpose_rhs)
    return reshaped(b, y, op.output.tensor.static_shape)


@expands("affine")
def affine(b: Builder, op: nn.Affine) -> Value | None:
    """All dimensions but the last."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= BROADCAST_RANK:
        return None
    flat = reshaped(b, op.x, (math.prod(shape[:-1]), shape[-1]))
    return reshaped(b, b.nn.affine(flat, op.weight, op.bias), op.output.tensor.static_shape)


@expands("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod")
def reduction(b: Builder, op: nn.ReduceOp) -> Value | None:
    """Neighbours that are all reduced, or all kept."""
    shape = static_dims(op.x)
    if shape is None or len(shape) <= BROADCAST_RANK:
        return None
    axes = {a % len(shape) for a in op.axes}
    groups = grouped(len(shape), lambda i: (i in axes) == (i - 1 in axes))
    if len(groups) > BROADCAST_RANK:
        return None
    reduced = [g for g, group in enumerate(groups) if group[0] in axes]
    y = b.create(op.name, reshaped(b, op.x, merged(shape, groups)), axes=reduced, keep_dims=False).result
    return reshaped(b, y, op.output.tensor.static_shape)


@expands("concat", "split", "cumsum", "reverse", "softmax", "log_softmax")
def one_axis(b: Builder, op: nn.Concat | nn.Split) -> Value | Sequence[Value] | None:
    """What works along one axis: all dimensions before it, and all behind it."""
    operands = [v for v in op.operands if v is not None]
    shapes = [static_dims(v) for v in operands]
    if any(s is None for s in shapes) or operands[0].tensor.rank <= BROADCAST_RANK:
        return None
    attributes = dict(op.attributes)
    axes = attributes.get("axes") or (attributes.get("axis", -1),)
    if len(axes) != 1:
        return None
    axis = axes[0] % operands[0].tensor.rank
    attributes.update({"axes": (1,)} if "axes" in attributes else {"axis": 1})
    parts = [reshaped(b, v, _around(v.tensor.static_shape, axis)) for v in operands]
    made = b.create(op.name, *parts, **attributes).results
    return [reshaped(b, y, old.tensor.static_shape) for y, old in zip(made, op.results, strict=True)]


def _around(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
