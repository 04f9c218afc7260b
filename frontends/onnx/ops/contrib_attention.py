"""Attention as onnxruntime's optimizer writes it (com.microsoft)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....ir import Value
from ....ir.types import I64
from ...nodes import expect_rank, numbers, refuse
from ...sizes import cast, counting, filled, length_of, reshape, sizes_of, take, unsqueeze
from .contrib import MICROSOFT, setting
from .linear_algebra import matmul
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_FILL = -10000.0
"""What is added to the scores of places that a mask hides, unless mask_filter_value says another number."""


@lift("Attention", domain=MICROSOFT)
def attention(
    b: Lifter,
    op: OnnxOp,
    x: Value,
    weights: Value,
    bias: Value | None = None,
    mask: Value | None = None,
    past: Value | None = None,
    added: Value | None = None,
    *others: Value | None,
) -> tuple[Value | None, ...]:
    """x (B, S, D) projected to queries, keys and values by one matrix (D, 3 * hidden), then attention.

    ``past`` and the second output hold keys and values (2, B, heads, T, d).
    """
    if any(v is not None for v in others) or op.get("do_rotary") or op.get("past_present_share_buffer"):
        raise refuse(op, "has a shared buffer of past keys, or rotary embeddings", "optimize the model without these")
    expect_rank(op, x, 3, 3)
    (width,) = numbers(op, weights.tensor.dims[1:], "the weights")
    parts = tuple(setting(op, "qkv_hidden_sizes", (width // 3,) * 3))
    if sum(parts) != width:
        raise refuse(op, f"has weights for {width} columns, and qkv_hidden_sizes {parts}")
    projected = matmul(b, op, x, weights)
    projected = projected if bias is None else b.nn.add(projected, bias)
    q, k, v = (split_heads(b, op, part) for part in b.nn.split(projected, axis=2, sizes=parts))
    if past is not None:
        expect_rank(op, past, 5, 5)
        old = [reshape(b, take(b, past, 0, i, i + 1), sizes_of(past)[1:]) for i in range(2)]
        k, v = (b.nn.concat([before, new], axis=2) for before, new in zip(old, (k, v), strict=True))
    present = b.nn.concat([unsqueeze(b, k, [0]), unsqueeze(b, v, [0])], axis=0) if _uses(op, 1) else None
    return attend(b, op, q, k, v, hidden(b, op, mask, k), added), present


@lift("MultiHeadAttention", domain=MICROSOFT)
def multi_head_attention(
    b: Lifter,
    op: OnnxOp,
    query: Value,
    key: Value | None = None,
    value: Value | None = None,
    bias: Value | None = None,
    mask: Value | None = None,
    added: Value | None = None,
    past_key: Value | None = None,
    past_value: Value | None = None,
    *others: Value | None,
) -> tuple[Value | None, ...]:
    """Attention of queries (B, S, D) with keys and values, (B, T, D) or as heads (B, heads, T, d)."""
    if key is None or value is None or any(v is not None for v in others):
        raise refuse(op, "has packed keys and values, or a shared buffer of them", "optimize the model without these")
    expect_rank(op, query, 3, 3)
    biases: Sequence[Value | None] = (None,) * 3
    if bias is not None:
        if key.tensor.rank != 3 or value.tensor.rank != 3:
            raise refuse(op, "has a bias of keys and values that are split into heads", "add the bias before")
        widths = tuple(numbers(op, v.tensor.dims[2:], "queries, keys and values")[0] for v in (query, key, value))
        biases = b.nn.split(bias, axis=0, sizes=widths)
    heads = []
    for part, shift in zip((query, key, value), biases, strict=True):
        if part.tensor.rank == 4:
            heads.append(part)  # an earlier node made heads of it, with its bias
        else:
            expect_rank(op, part, 3, 3)
            heads.append(split_heads(b, op, part if shift is None else b.nn.add(part, shift)))
    q, k, v = heads
    if past_key is not None and past_value is not None:
        k, v = b.nn.concat([past_key, k], axis=2), b.nn.concat([past_value, v], axis=2)
    return attend(b, op, q, k, v, hidden(b, op, mask, k), added), k, v


def _uses(op: OnnxOp, index: int) -> bool:
    return len(op.results) > index and op.results[index].has_uses


def split_heads(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """(B, S, heads * d) as (B, heads, S, d)."""
    count = int(op.get("num_heads"))
    (width,) = numbers(op, x.tensor.dims[2:], "the heads")
    if count < 1 or width % count:
        raise refuse(op, f"has {width} columns for {count} heads")
    heads = reshape(b, x, [*sizes_of(x)[:2], count, width // count])
    return b.nn.transpose(heads, perm=(0, 2, 1, 3))


def hidden(b: Lifter, op: OnnxOp, mask: Value | None, k: Value) -> Value | None:
    """What a mask of integers hides, so that it broadcasts to (B, heads, S, T); True there.

    (B,) are the lengths of the keys; (B, T), (B, S, T) and (B, 1, S, T) are 0 where something is hidden.
    """
    if mask is None:
        return None
    rank = mask.tensor.rank
    if rank == 1:
        if mask.tensor.dims[0] != k.tensor.dims[0]:
            raise refuse(op, f"has a mask of type {mask.type} for keys {k.type}", "give a mask of zeros and ones")
        places = counting(b, length_of(b, k, 2))
        return unsqueeze(b, b.nn.greater_equal(places, unsqueeze(b, cast(b, mask, I64), [1])), [1, 2])
    if rank > 4:
        raise refuse(op, f"has a mask of type {mask.type}")
    blank = b.nn.equal(mask, filled(b, 0, (), mask.tensor.storage))
    return unsqueeze(b, blank, {2: [1, 2], 3: [1], 4: []}[rank])


def attend(b: Lifter, op: OnnxOp, q: Value, k: Value, v: Value, mask: Value | None, added: Value | None) -> Value:
    """softmax(q k' * scale + what is added) v, from heads (B, heads, S, d) to (B, S, heads * d)."""
    (depth,) = numbers(op, q.tensor.dims[3:], "a head")
    scale = setting(op, "scale", 0.0) or 1 / math.sqrt(depth)
    scores = b.nn.mul(b.nn.matmul(q, k, transpose_rhs=True), scale)
    scores = scores if added is None else b.nn.add(scores, added)
    element = q.tensor.storage
    zero = filled(b, 0, (), element)
    if mask is not None:
        fill = filled(b, setting(op, "mask_filter_value", _FILL), (), element)
        scores = b.nn.add(scores, b.nn.select(mask, fill, zero))
    if op.get("unidirectional"):
        steps, total = length_of(b, q, 2), length_of(b, k, 2)
        rows = b.nn.add(counting(b, steps), b.nn.sub(total, steps))
        later = b.nn.greater(counting(b, total), unsqueeze(b, rows, [1]))
        lowest = filled(b, -math.inf, (), element)
        scores = b.nn.select(later, lowest, scores)
    y = b.nn.transpose(b.nn.matmul(b.nn.softmax(scores, axis=-1), v), perm=(0, 2, 1, 3))
    return reshape(b, y, [*sizes_of(y)[:2], math.prod(numbers(op, y.tensor.dims[2:], "the heads"))])


@lift("RotaryEmbedding", domain=MICROSOFT)
def rotary_embedding(b: Lifter, op: OnnxOp, x: Value, positions: Value, cosines: Value, sines: Value) -> Value:
    """Pairs of each head's first columns turned by the angle of their position; x is (B, S, D) or (B, heads, S, d).

    Positions are (B, S), or the one (1,) of the first step. Pairs are the halves, or neighbours if interleaved.
    """
    if setting(op, "scale", 1.0) != 1 or op.get("is_packed_batching"):
        raise refuse(op, "is scaled or of packed batches", "optimize the model without these")
    rank = expect_rank(op, x, 3, 4)
    (half,) = numbers(op, cosines.tensor.dims[1:], "the cosines")
    heads = x if rank == 4 else _heads_of(b, op, x, half)
    if positions.tensor.rank == 1:
        positions = unsqueeze(b, b.nn.add(counting(b, length_of(b, heads, 2)), positions), [0])
    cos, sin = (unsqueeze(b, b.nn.gather(table, positions, axis=0), [1]) for table in (cosines, sines))
    depth = numbers(op, heads.tensor.dims[3:], "a head")[0]
    turned, rest = take(b, heads, 3, 0, 2 * half), take(b, heads, 3, 2 * half, depth)
    sizes = sizes_of(turned)
    shape = [*sizes[:3], half, 2] if op.get("interleaved") else [*sizes[:3], 2, half]
    axis = 4 if op.get("interleaved") else 3
    pairs = reshape(b, turned, shape)
    left, right = (reshape(b, take(b, pairs, axis, i, i + 1), [*sizes[:3], half]) for i in range(2))
    parts = [
        unsqueeze(b, b.nn.sub(b.nn.mul(cos, left), b.nn.mul(sin, right)), [axis]),
        unsqueeze(b, b.nn.add(b.nn.mul(sin, left), b.nn.mul(cos, right)), [axis]),
    ]
    y = reshape(b, b.nn.concat(parts, axis=axis), sizes)
    y = b.nn.concat([y, rest], axis=3) if depth > 2 * half else y
    return y if rank == 4 else reshape(b, b.nn.transpose(y, perm=(0, 2, 1, 3)), sizes_of(x))


def _heads_of(b: Lifter, op: OnnxOp, x: Value, half: int) -> Value:
    """x (B, S, D) as heads: as many as the node says, else as the width of the tables gives."""
    if op.get("num_heads"):
        return split_heads(b, op, x)
    (width,) = numbers(op, x.tensor.dims[2:], "the heads")
    heads = reshape(b, x, [*sizes_of(x)[:2], width // (2 * half), 2 * half])
    return b.nn.transpose(heads, perm=(0, 2, 1, 3))
