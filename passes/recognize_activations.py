# mypy: allow-untyped-defs, no-check-untyped-defs
"""``recognize-hard-sigmoid``, ``-hard-swish``, ``-swish``, ``-leaky-relu``, ``-gelu``, ``-softmax`` in arithmetic.

Why: targets have kernels for them, and lookup tables in 8 bits; spelled out they cost four to ten operations. The
patterns are in the spelling of :mod:`nncc.passes.normalize_arithmetic`, which the passes apply as well.

What they do not do: take a function for another one that is near it. The numbers of a pattern match within float32.
"""

from __future__ import annotations

import math

from ..ir.rewrite import Rewrite, known_array, rewrite
from ..ir.rewrite.matcher import TOLERANCE
from .canonicalize_arithmetic import combined
from .constants import float_constant
from .fold_scales_factor import constant_factor
from .normalize_arithmetic import NormalizingPass


class RecognizeHardSigmoid(NormalizingPass, name="recognize-hard-sigmoid"):
    """Recognize clip(a * x + b, 0, 1), however its numbers are spread.

    Given::

        %1 = "nn.add"(%x, %three) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %2 = "nn.clip"(%1) {min = 0.0, max = 6.0} : (tensor<4xf32>) -> tensor<4xf32>
        %3 = "nn.mul"(%2, %sixth) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>

    Result (numbers rounded)::

        %3 = "nn.hard_sigmoid"(%x) {alpha = 0.16666667, beta = 0.5} : (tensor<4xf32>) -> tensor<4xf32>
    """


@rewrite("recognize-hard-sigmoid", "recognize-hard-swish")
class HardSigmoid(Rewrite):
    """clip(x * a + b, 0, 1)   →   hard_sigmoid(x, a, b)"""

    def pattern(p, x):
        return p.clip(p.add(p.mul(x, p.number("a")), p.number("b")), 0.0, 1.0)

    def replacement(b_, x, a, b):
        return b_.nn.hard_sigmoid(x, alpha=a, beta=b)


@rewrite("recognize-hard-sigmoid", "recognize-hard-swish")
class ScaledHardSigmoid(Rewrite):
    """clip(x * a + b, 0, high) * c with high * c = 1   →   hard_sigmoid(x, a * c, b * c)"""

    def pattern(p, x):
        inner = p.one_of(p.mul(x, p.number("a")), x)
        high = p.attr("high")
        clipped = p.one_of(p.clip(p.add(inner, p.number("b")), 0.0, high), p.add(inner, p.number("b"), "relu6"))
        return p.mul(clipped, p.number("c"))

    def check(high, c):
        one = (6.0 if high is None else high) * c
        return None if math.isclose(one, 1.0, rel_tol=TOLERANCE) else f"the greatest result is {one}, not 1"

    def replacement(b_, x, a, b, c):
        return b_.nn.hard_sigmoid(x, alpha=c if a is None else a * c, beta=b * c)


class RecognizeHardSwish(NormalizingPass, name="recognize-hard-swish"):
    """Recognize x * clip(x + 3, 0, 6) / 6, however it is written.

    Given, where %2 is the hard sigmoid of %x with alpha = 1 / 6 and beta = 0.5 (recognized by this pass, too)::

        %3 = "nn.mul"(%x, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>

    Result::

        %3 = "nn.hard_swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    """


@rewrite("recognize-hard-swish")
class HardSwish(Rewrite):
    """x * hard_sigmoid(x)   →   hard_swish(x)"""

    def pattern(p, x):
        return p.mul(x, p.hard_sigmoid(x, 1 / 6, 0.5))

    def replacement(b, x):
        return b.nn.hard_swish(x)


@rewrite("recognize-hard-swish")
class HardSwishOfProduct(Rewrite):
    """x * clip(x + 3, 0, 6) * (1 / 6)   →   hard_swish(x)"""

    def pattern(p, x):
        clipped = p.one_of(p.clip(p.add(x, 3.0), 0.0, 6.0), p.add(x, 3.0, "relu6"))
        return p.mul(p.mul(x, clipped), 1 / 6)

    def replacement(b, x):
        return b.nn.hard_swish(x)


@rewrite("recognize-hard-swish")
class MultipleOfHardSwish(Rewrite):
    """x * clip(x + 3, 0, 6) * c   →   hard_swish(x) * (6 * c): the sixth is part of a scale that follows"""

    def pattern(p, x):
        clipped = p.one_of(p.clip(p.add(x, 3.0), 0.0, 6.0), p.add(x, 3.0, "relu6"))
        return p.mul(p.mul(x, clipped), p.constant("c"))

    def check(c):
        return None if float_constant(c) is not None else "the scale is not one of floats"

    def replacement(b, x, c):
        return b.nn.mul(b.nn.hard_swish(x), combined(lambda scale: 6.0 * scale, c))


@rewrite("recognize-hard-swish")
class HardSwishOfSixth(Rewrite):
    """(x * (1 / 6)) * clip(x + 3, 0, 6) where the first product has other users   →   hard_swish(x)"""

    def pattern(p, x):
        return p.mul(p.mul(x, 1 / 6).shared(), p.clip(p.add(x, 3.0), 0.0, 6.0))

    def replacement(b, x):
        return b.nn.hard_swish(x)


class RecognizeSwish(NormalizingPass, name="recognize-swish"):
    """Recognize sigmoid(x) in 1 / (1 + exp(-x)), and swish(x) in x * sigmoid(x).

    Given::

        %1 = "nn.sigmoid"(%x) : (tensor<4xf32>) -> tensor<4xf32>
        %2 = "nn.mul"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>

    Result::

        %2 = "nn.swish"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    """


@rewrite("recognize-swish")
class Sigmoid(Rewrite):
    """1 / (1 + exp(-x))   →   sigmoid(x)"""

    def pattern(p, x):
        minus_x = p.one_of(p.neg(x), p.mul(x, -1.0))
        below = p.add(p.exp(minus_x), 1.0)
        return p.one_of(p.div(1.0, below), p.reciprocal(below))

    def replacement(b, x):
        return b.nn.sigmoid(x)


@rewrite("recognize-swish")
class Swish(Rewrite):
    """x * sigmoid(x)   →   swish(x)"""

    def pattern(p, x):
        return p.mul(x, p.sigmoid(x))

    def replacement(b, x):
        return b.nn.swish(x)


class RecognizeLeakyRelu(NormalizingPass, name="recognize-leaky-relu"):
    """Recognize max(x, a * x), and what a parametric rectifier is written as, relu(x) + slope * relu(-x).

    Given::

        %1 = "nn.mul"(%x, %a) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %2 = "nn.maximum"(%x, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>

    Result, where %a is 0.1::

        %2 = "nn.leaky_relu"(%x) {alpha = 0.1} : (tensor<4xf32>) -> tensor<4xf32>
    """


@rewrite("recognize-leaky-relu")
class LeakyRelu(Rewrite):
    """max(x, x * a) with a in 0 .. 1   →   leaky_relu(x, a)"""

    def pattern(p, x):
        return p.maximum(x, p.mul(x, p.number("a")))

    def check(x, a):
        if not x.tensor.expressed.is_float:
            return "x has no floats"
        return None if 0 <= a <= 1 else f"the slope is {a}"

    def replacement(b, x, a):
        return b.nn.leaky_relu(x, alpha=a)


@rewrite("recognize-leaky-relu")
class Prelu(Rewrite):
    """relu(x) - slope * relu(-x)   →   prelu(x, slope)"""

    def pattern(p, x):
        below = p.relu(p.neg(x))
        minus = p.add(p.relu(x), p.mul(below, p.constant("minus_slope")))
        return p.one_of(minus, p.sub(p.relu(x), p.mul(below, p.constant("slope"))))

    def check(x, slope, minus_slope):
        if not x.tensor.expressed.is_float:
            return "x has no floats"
        fits = constant_factor(slope or minus_slope, x.tensor.shape, is_shift=False) is not None
        return None if fits else "the slope does not broadcast to x"

    def replacement(b, x, slope, minus_slope):
        return b.nn.prelu(x, slope if minus_slope is None else b.constant(-known_array(minus_slope)))


class RecognizeGelu(NormalizingPass, name="recognize-gelu"):
    """Recognize the Gaussian error linear unit, by the error function or by tanh.

    Given::

        %1 = "nn.mul"(%x, %root_half) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %2 = "nn.erf"(%1) : (tensor<4xf32>) -> tensor<4xf32>
        %3 = "nn.add"(%2, %one) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
        %4 = "nn.mul"(%x, %3) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
        %5 = "nn.mul"(%4, %half) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>

    Result::

        %5 = "nn.gelu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    """


def _half_of_product(p, x, function):
    """x * (1 + function) / 2 with the half outside, or inside."""
    return p.one_of(
        p.mul(p.mul(x, p.add(function, 1.0)), 0.5),
        p.mul(x, p.mul(p.add(function, 1.0), 0.5)),
        p.mul(x, p.add(p.mul(function, 0.5), 0.5)),
    )


@rewrite("recognize-gelu")
class Gelu(Rewrite):
    """x * (1 + erf(x / sqrt(2))) / 2   →   gelu(x)"""

    def pattern(p, x):
        return _half_of_product(p, x, p.erf(p.mul(x, math.sqrt(0.5))))

    def replacement(b, x):
        return b.nn.gelu(x)


@rewrite("recognize-gelu")
class TanhGelu(Rewrite):
    """x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2   →   gelu(x) {approximate}"""

    def pattern(p, x):
        root, cubic = math.sqrt(2 / math.pi), 0.044715
        cube = p.one_of(p.pow(x, 3.0), p.mul(x, p.square(x)))
        inner = p.one_of(
            p.mul(p.add(x, p.mul(cube, cubic)), root),
            p.mul(p.mul(x, p.add(p.mul(p.square(x), cubic), 1.0)), root),
            p.mul(x, p.add(p.mul(p.square(x), cubic * root), root)),
        )
        return _half_of_product(p, x, p.tanh(inner))

    def replacement(b, x):
        return b.nn.gelu(x, approximate=True)


class RecognizeSoftmax(NormalizingPass, name="recognize-softmax"):
    """Recognize exp(x) / sum(exp(x)) along one axis, with or without the maximum subtracted before.

    Given::

        %1 = "nn.exp"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
        %2 = "nn.reduce_sum"(%1) {axes = [1]} : (tensor<1x4xf32>) -> tensor<1x1xf32>
        %3 = "nn.div"(%1, %2) : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>

    Result::

        %3 = "nn.softmax"(%x) {axis = 1} : (tensor<1x4xf32>) -> tensor<1x4xf32>
    """


@rewrite("recognize-softmax")
class Softmax(Rewrite):
    """exp(x - max(x)) / sum(exp(x - max(x)))   →   softmax(x)"""

    def pattern(p, x):
        centred = p.one_of(p.sub(x, p.reduce_max(x, p.attr("max_axes"), True)), x)
        power = p.exp(centred)
        return p.div(power, p.reduce_sum(power, p.attr("axes"), True))

    def check(axes, max_axes, x):
        if len(axes) != 1:
            return f"the sum is over {len(axes)} axes"
        same = max_axes is None or (len(max_axes) == 1 and _from_end(max_axes[0], x) == _from_end(axes[0], x))
        return None if same else "maximum and sum are over different axes"

    def replacement(b, x, axes):
        return b.nn.softmax(x, axis=axes[0])


def _from_end(axis, x):
    """The axis counted from the end; as it is where the rank is not known."""
    shape = x.tensor.shape
    return axis if shape is None else axis % len(shape) - len(shape)
