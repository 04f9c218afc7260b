"""Operators of onnxruntime (com.microsoft) that its optimizer puts in place of several of ONNX.

They have no schemas in onnx: their defaults, where a file leaves an attribute out, are those of onnxruntime's
documentation (ContribOperators.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....ir import Value
from ....ir.types import I32
from ...nodes import expect_rank, refuse
from ...sizes import broadcast, reshape, sizes_of
from .convolutions import convolve
from .linear_algebra import matmul
from .normalizations import normalized, root_mean_square, scaled
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

MICROSOFT = "com.microsoft"


def setting(op: OnnxOp, name: str, default: Any) -> Any:
    """An attribute of an operator without schema, or its default."""
    value = op.get(name)
    return default if value is None else value


# Activations


@lift("Gelu", domain=MICROSOFT)
def gelu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    return b.nn.gelu(x)


@lift("BiasGelu", domain=MICROSOFT)
def bias_gelu(b: Lifter, op: OnnxOp, x: Value, bias: Value) -> Value:
    return b.nn.gelu(b.nn.add(x, bias))


@lift("FastGelu", domain=MICROSOFT)
def fast_gelu(b: Lifter, op: OnnxOp, x: Value, bias: Value | None = None) -> Value:
    return b.nn.gelu(x if bias is None else b.nn.add(x, bias), approximate=True)


@lift("QuickGelu", domain=MICROSOFT)
def quick_gelu(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """x * sigmoid(alpha * x)"""
    return b.nn.mul(x, b.nn.sigmoid(b.nn.mul(x, setting(op, "alpha", 1.702))))


@lift("BiasSplitGelu", domain=MICROSOFT)
def bias_split_gelu(b: Lifter, op: OnnxOp, x: Value, bias: Value) -> Value:
    """The first half of the last dimension times the gelu of the second"""
    total = b.nn.add(x, bias)
    width = total.tensor.dims[-1]
    if not isinstance(width, int) or width % 2:
        raise refuse(op, f"needs an even last dimension, got {total.type}")
    left, right = b.nn.split(total, axis=-1, sizes=(width // 2, width // 2))
    return b.nn.mul(left, b.nn.gelu(right))


@lift("BiasAdd", domain=MICROSOFT)
def bias_add(b: Lifter, op: OnnxOp, x: Value, bias: Value, skip: Value) -> Value:
    return b.nn.add(b.nn.add(x, bias), skip)


def activated(b: Lifter, op: OnnxOp, y: Value, name: str, parameters: tuple[float, ...]) -> Value:
    """y behind the activation that a fused operator names; its parameters are those of the operator of that name."""
    if name in ("Relu", "Tanh", "Sigmoid") and not parameters:
        made: Value = {"Relu": b.nn.relu, "Tanh": b.nn.tanh, "Sigmoid": b.nn.sigmoid}[name](y)
        return made
    if name == "LeakyRelu" and len(parameters) == 1:
        return b.nn.leaky_relu(y, alpha=parameters[0])
    if name == "Clip" and len(parameters) == 2:
        return b.nn.clip(y, min=parameters[0], max=parameters[1])
    if name == "HardSigmoid" and len(parameters) == 2:
        return b.nn.hard_sigmoid(y, alpha=parameters[0], beta=parameters[1])
    raise refuse(op, f"has the activation '{name}' with the parameters {parameters}")


# Products


@lift("FusedConv", domain=MICROSOFT)
def fused_conv(
    b: Lifter, op: OnnxOp, x: Value, weight: Value, bias: Value | None = None, added: Value | None = None
) -> Value:
    """A convolution, a sum, an activation"""
    y = convolve(b, op, x, weight, bias)
    y = y if added is None else b.nn.add(y, added)
    name = op.get("activation")
    return activated(b, op, y, name, tuple(setting(op, "activation_params", ()))) if name else y


@lift("FusedMatMul", "TransposeMatMul", domain=MICROSOFT)
def fused_matmul(b: Lifter, op: OnnxOp, lhs: Value, rhs: Value) -> Value:
    """alpha * lhs * rhs; the last two dimensions may be swapped, and the first moved in front of the last, before."""
    lhs = _transposed(b, lhs, bool(op.get("transA")), bool(op.get("transBatchA")))
    rhs = _transposed(b, rhs, bool(op.get("transB")), bool(op.get("transBatchB")))
    y = matmul(b, op, lhs, rhs)
    alpha = setting(op, "alpha", 1.0)
    return y if alpha == 1 else b.nn.mul(y, alpha)


def _transposed(b: Lifter, x: Value, matrix: bool, batch: bool) -> Value:
    """transBatch moves (M, batch..., K) to (batch..., M, K); trans swaps the last two of that."""
    rank = x.tensor.rank
    if rank < 2:
        return x
    perm = [*range(1, rank - 1), 0, rank - 1] if batch else list(range(rank))
    if matrix:
        perm[-2:] = perm[:-3:-1]
    return x if perm == list(range(rank)) else b.nn.transpose(x, perm=tuple(perm))


@lift("FusedGemm", domain=MICROSOFT)
def fused_gemm(b: Lifter, op: OnnxOp, lhs: Value, rhs: Value, added: Value | None = None) -> Value:
    """activation(alpha * lhs * rhs + beta * added)"""
    y = b.nn.matmul(lhs, rhs, transpose_lhs=bool(op.get("transA")), transpose_rhs=bool(op.get("transB")))
    alpha, beta = setting(op, "alpha", 1.0), setting(op, "beta", 1.0)
    y = y if alpha == 1 else b.nn.mul(y, alpha)
    if added is not None and beta != 0:
        y = b.nn.add(y, added if beta == 1 else b.nn.mul(added, beta))
    name = op.get("activation")
    if not name:
        return y
    given = [op.get(f"activation_{p}") for p in ("alpha", "beta")]
    return activated(b, op, y, name, tuple(v for v in given if v is not None))


# Normalizations


@lift("SkipLayerNormalization", domain=MICROSOFT)
def skip_layer_normalization(
    b: Lifter, op: OnnxOp, x: Value, skip: Value, gamma: Value, beta: Value | None = None, bias: Value | None = None
) -> tuple[Value | None, ...]:
    """The layer normalization of x + skip + bias over the last axis, and that sum as fourth output"""
    total = _sum(b, x, skip, bias)
    axis = expect_rank(op, x, 2) - 1
    y = b.nn.layer_norm(total, gamma, beta, axes=(axis,), epsilon=setting(op, "epsilon", 1e-12))
    return y, None, None, total


@lift("SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_simplified(
    b: Lifter, op: OnnxOp, x: Value, skip: Value, gamma: Value, bias: Value | None = None
) -> tuple[Value | None, ...]:
    """(x + skip + bias) / its root mean square over the last axis * gamma, and that sum as fourth output"""
    total = _sum(b, x, skip, bias)
    axis = expect_rank(op, x, 2) - 1
    y = root_mean_square(b, total, (axis,), setting(op, "epsilon", 1e-12))
    return b.nn.mul(y, gamma), None, None, total


def _sum(b: Lifter, x: Value, skip: Value, bias: Value | None) -> Value:
    total = b.nn.add(x, skip)
    return total if bias is None else b.nn.add(total, bias)


@lift("SimplifiedLayerNormalization")
@lift("SimplifiedLayerNormalization", domain=MICROSOFT)
def simplified_layer_normalization(b: Lifter, op: OnnxOp, x: Value, scale: Value) -> tuple[Value | None, ...]:
    """x / its root mean square over the axes from ``axis`` on, times scale; onnxruntime has it in ONNX's own domain."""
    rank = expect_rank(op, x, 1)
    axis = setting(op, "axis", -1)
    axes = tuple(range(axis % rank, rank))
    return b.nn.mul(root_mean_square(b, x, axes, setting(op, "epsilon", 1e-5)), scale), None


@lift("EmbedLayerNormalization", domain=MICROSOFT)
def embed_layer_normalization(
    b: Lifter,
    op: OnnxOp,
    words: Value,
    segments: Value | None,
    word_table: Value,
    position_table: Value,
    segment_table: Value | None = None,
    gamma: Value | None = None,
    beta: Value | None = None,
    mask: Value | None = None,
    positions: Value | None = None,
) -> tuple[Value | None, ...]:
    """The layer normalization of the sum of three embeddings; also the lengths of the sequences, and that sum"""
    length = expect_rank(op, words, 2, 2) - 1
    if gamma is None:
        raise refuse(op, "has no gamma")
    total = b.nn.gather(word_table, words, axis=0)
    if positions is not None:
        total = b.nn.add(total, b.nn.gather(position_table, positions, axis=0))
    else:
        steps = words.tensor.dims[length]
        if not isinstance(steps, int):
            raise refuse(op, "numbers positions of an open length", "give the inputs fixed sizes")
        first = b.nn.slice(position_table, starts=(0, 0), stops=(steps, 2**31 - 1), steps=(1, 1))
        total = b.nn.add(total, reshape(b, first, [1, *sizes_of(first)]))
    if segments is not None and segment_table is not None:
        total = b.nn.add(total, b.nn.gather(segment_table, segments, axis=0))
    y = scaled(b, normalized(b, total, (2,), setting(op, "epsilon", 1e-12)), gamma, beta)
    if mask is None:
        return y, broadcast(b, b.constant(np.zeros(1), I32), sizes_of(words)[:1]), total
    return y, b.nn.reduce_sum(mask, axes=(1,), keep_dims=False), total
