# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-layer-norm``: a normalization by the tensor's own statistics, written as arithmetic.

Why: targets that have it compute it in one go; for the others it is written out again in their own best way. With
scale and shift in place it is one value to quantize around, not six.

How: first the bare normalization, in the spelling of :mod:`nncc.passes.normalize_arithmetic`; then constants that its
result is multiplied by and shifted by become its scale and bias.
"""

from __future__ import annotations

from ..ir.dialects import nn
from ..ir.rewrite import OpRewrite, Rewrite, Rewriter, rewrite
from .fold_scales_factor import constant_factor
from .normalize_arithmetic import NormalizingPass


class RecognizeLayerNorm(NormalizingPass, name="recognize-layer-norm"):
    """Recognize (x - mean) / sqrt(variance + epsilon) * scale + bias.

    Given, with %c = %x - mean(%x) and %epsilon = 2^-10::

        %1 = "nn.square"(%c) : (tensor<1x4xf32>) -> tensor<1x4xf32>
        %2 = "nn.reduce_mean"(%1) {axes = [1]} : (tensor<1x4xf32>) -> tensor<1x1xf32>
        %3 = "nn.add"(%2, %epsilon) : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
        %4 = "nn.rsqrt"(%3) : (tensor<1x1xf32>) -> tensor<1x1xf32>
        %5 = "nn.mul"(%c, %4) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
        %6 = "nn.mul"(%5, %scale) : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>

    Result::

        %6 = "nn.layer_norm"(%x, %scale) {axes = [1], epsilon = 0.0009765625}
            : (tensor<1x4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
    """


def _mean_and_root(p, x):
    """The mean of x, and 1 / its deviation."""
    mean = p.reduce_mean(x, p.attr("axes"), True)
    centred = p.sub(x, mean)
    squares = p.one_of(p.square(centred), p.squared_difference(x, mean))
    difference = p.sub(p.reduce_mean(p.square(x), p.attr("axes"), True), p.square(mean))
    variance = p.one_of(p.reduce_mean(squares, p.attr("axes"), True), difference, p.relu(difference))
    return mean, p.rsqrt(p.add(variance, p.number("epsilon")))


@rewrite("recognize-layer-norm")
class LayerNorm(Rewrite):
    """(x - mean(x)) * rsqrt(variance(x) + epsilon)   →   layer_norm(x)"""

    def pattern(p, x):
        mean, root = _mean_and_root(p, x)
        return p.mul(p.sub(x, mean), root)

    def replacement(b, x, axes, epsilon):
        return b.nn.layer_norm(x, axes=axes, epsilon=epsilon)


@rewrite("recognize-layer-norm")
class ScaledLayerNorm(Rewrite):
    """(x - mean(x)) * (rsqrt(variance(x) + epsilon) * scale)   →   layer_norm(x) * scale"""

    def pattern(p, x):
        mean, root = _mean_and_root(p, x)
        return p.mul(p.sub(x, mean), p.mul(root, p.constant("scale")))

    def replacement(b, x, scale, axes, epsilon):
        return b.nn.mul(b.nn.layer_norm(x, axes=axes, epsilon=epsilon), scale)


@rewrite("recognize-layer-norm")
class ShiftedLayerNorm(Rewrite):
    """x * r + (bias - mean(x) * r), r = rsqrt(variance(x) + epsilon) * scale   →   layer_norm(x) * scale + bias"""

    def pattern(p, x):
        mean, root = _mean_and_root(p, x)
        scaled = p.one_of(p.mul(root, p.constant("scale")), root)
        return p.add(p.mul(x, scaled), p.sub(p.constant("bias"), p.mul(mean, scaled)))

    def replacement(b, x, scale, bias, axes, epsilon):
        norm = b.nn.layer_norm(x, axes=axes, epsilon=epsilon)
        return b.nn.add(norm if scale is None else b.nn.mul(norm, scale), bias)


@rewrite("recognize-layer-norm")
class ScaleOfLayerNorm(OpRewrite):
    """layer_norm(x) * c   →   layer_norm(x, scale=c)"""

    def match_and_rewrite(self, op: nn.Mul, rw: Rewriter) -> bool:
        found = _layer_norm_and_constant(op)
        if found is None:
            return False
        norm, c = found
        if norm.scale is not None or norm.bias is not None:
            return rw.refuse(op, "the normalization has a scale or bias")
        made = rw.builder(op, [norm]).nn.layer_norm(norm.x, c, axes=norm.axes, epsilon=norm.epsilon)
        return rw.replace(op, made)


@rewrite("recognize-layer-norm")
class BiasOfLayerNorm(OpRewrite):
    """layer_norm(x, scale) + c   →   layer_norm(x, scale, bias=c)"""

    def match_and_rewrite(self, op: nn.Add, rw: Rewriter) -> bool:
        found = _layer_norm_and_constant(op)
        if found is None:
            return False
        norm, c = found
        if norm.bias is not None:
            return rw.refuse(op, "the normalization has a bias")
        made = rw.builder(op, [norm]).nn.layer_norm(norm.x, norm.scale, c, axes=norm.axes, epsilon=norm.epsilon)
        return rw.replace(op, made)


def _layer_norm_and_constant(op):
    """The layer normalization that only ``op`` uses and the constant that it is combined with; else None."""
    if op.activation != "none":
        return None
    for norm, constant in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        found = norm.defining_op
        if not isinstance(found, nn.LayerNorm) or not norm.has_one_use or found.parent is not op.parent:
            continue
        if constant_factor(constant, norm.tensor.shape, is_shift=False) is not None:
            return found, constant
    return None
