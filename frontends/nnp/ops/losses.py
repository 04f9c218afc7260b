"""Losses and measures of training networks; all element by element, without a mean over the batch."""

from __future__ import annotations

from ....ir import Value
from .registry import Call, Lifter, lift, refuse
from .shapes import as_float, as_index, axes_of, axis_of, base_axis_of, numbers, product, reshape

_TINY = 1.1754943508222875e-38
"""The smallest normal float32: NNabla takes logarithms of nothing smaller."""


@lift("SquaredError")
def squared_error(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    return b.nn.squared_difference(x0, x1)


@lift("AbsoluteError")
def absolute_error(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    return b.nn.abs(b.nn.sub(x0, x1))


@lift("HuberLoss")
def huber_loss(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    """d^2 where abs(d) < delta, else delta (2 abs(d) - delta): twice what is usual."""
    size = b.nn.abs(b.nn.sub(x0, x1))
    linear = b.nn.mul(b.nn.sub(b.nn.mul(size, 2.0), op.delta), op.delta)
    return b.nn.select(b.nn.less(size, op.delta), b.nn.square(size), linear)


@lift("EpsilonInsensitiveLoss")
def epsilon_insensitive_loss(b: Lifter, op: Call, x0: Value, x1: Value) -> Value:
    """abs(d) - epsilon, and 0 where abs(d) is less."""
    return b.nn.maximum(b.nn.sub(b.nn.abs(b.nn.sub(x0, x1)), op.epsilon), 0.0)


@lift("SigmoidCrossEntropy")
def sigmoid_cross_entropy(b: Lifter, op: Call, x: Value, target: Value) -> Value:
    """-(t log s(x) + (1 - t) log(1 - s(x))) = log(1 + exp(x)) - x t; the targets are integers."""
    return b.nn.sub(b.nn.softplus(x), b.nn.mul(x, as_float(b, as_index(b, target))))


@lift("BinaryCrossEntropy")
def binary_cross_entropy(b: Lifter, op: Call, x: Value, target: Value) -> Value:
    """-(t log x + (1 - t) log(1 - x)), logarithms being kept finite."""
    yes = b.nn.mul(target, _finite_log(b, x))
    no = b.nn.mul(b.nn.sub(b.constant(1.0), target), _finite_log(b, b.nn.sub(b.constant(1.0), x)))
    return b.nn.neg(b.nn.add(yes, no))


def _finite_log(b: Lifter, x: Value) -> Value:
    return b.nn.log(b.nn.maximum(x, _TINY))


@lift("SoftmaxCrossEntropy")
def softmax_cross_entropy(b: Lifter, op: Call, x: Value, label: Value) -> Value:
    axis = axis_of(op, op.axis, x.tensor.rank)
    return _loss_at(b, op, b.nn.log_softmax(x, axis=axis), label, axis)


@lift("CategoricalCrossEntropy")
def categorical_cross_entropy(b: Lifter, op: Call, x: Value, label: Value) -> Value:
    """-log of the probability at the label."""
    return _loss_at(b, op, _finite_log(b, x), label, axis_of(op, op.axis, x.tensor.rank))


def _loss_at(b: Lifter, op: Call, log: Value, label: Value, axis: int) -> Value:
    """-log at the label; 0 where the label is negative."""
    loss = b.nn.neg(_at_label(b, op, log, b.nn.maximum(label, 0.0), axis))
    return b.nn.select(b.nn.less_equal(label, -1.0), b.constant(0.0), loss)


def _at_label(b: Lifter, op: Call, x: Value, label: Value, axis: int) -> Value:
    """The elements of x at the labels: an integer for every place besides the axis, where it has size 1."""
    if label.tensor.rank != x.tensor.rank:
        raise refuse(op, f"has labels of type {label.type} for {x.type}")
    return b.nn.gather_elements(x, as_index(b, label), axis=axis)


@lift("KLMultinomial")
def kl_multinomial(b: Lifter, op: Call, p: Value, q: Value) -> Value:
    """sum of p log((p + 1e-8) / (q + 1e-8)) over what is behind base_axis, as one column."""
    base = base_axis_of(op, p.tensor.rank)
    logs = (b.nn.log(b.nn.add(v, 1e-8)) for v in (p, q))
    terms = b.nn.mul(p, b.nn.sub(*logs))
    total = b.nn.reduce_sum(terms, axes=tuple(range(base, p.tensor.rank)), keep_dims=False)
    return reshape(b, op, total, (*p.tensor.dims[:base], 1))


@lift("BinaryError")
def binary_error(b: Lifter, op: Call, x: Value, target: Value) -> Value:
    """1 where x and the target lie on different sides of 0.5."""
    sides = (b.nn.greater_equal(v, 0.5) for v in (x, target))
    return as_float(b, b.nn.logical_xor(*sides))


@lift("TopNError")
def top_n_error(b: Lifter, op: Call, x: Value, label: Value) -> Value:
    """1 where n or more other elements along the axis are as large as the one at the label, or larger."""
    axis = axis_of(op, op.axis, x.tensor.rank)
    above = as_float(b, b.nn.greater_equal(x, _at_label(b, op, x, label, axis)))
    count = b.nn.reduce_sum(above, axes=(axis,), keep_dims=True)
    return as_float(b, b.nn.greater(count, float(op.n)))


@lift("ConfusionMatrix")
def confusion_matrix(b: Lifter, op: Call, x: Value, label: Value) -> Value:
    """How often class i (rows: the label) was taken for class j (columns: the largest of x along the axis)."""
    axis = axis_of(op, op.axis, x.tensor.rank)
    if label.tensor.rank != x.tensor.rank or not x.tensor.rank:
        raise refuse(op, f"has labels of type {label.type} for {x.type}")
    (classes,) = numbers(op, x.tensor.dims[axis : axis + 1], "the axis")
    guess = b.nn.argmax(x, axis=axis, keep_dims=False)
    rows = b.nn.one_hot(reshape(b, op, as_index(b, label), (product(label.tensor.dims),)), depth=classes)
    columns = b.nn.one_hot(reshape(b, op, guess, (product(guess.tensor.dims),)), depth=classes)
    return b.nn.matmul(rows, columns, transpose_lhs=True)


@lift("VATNoise")
def vat_noise(b: Lifter, op: Call, x: Value, w: Value) -> Value:
    """eps * x / sqrt(sum of x^2 over the dimensions behind base_axis + 1e-8)"""
    base = base_axis_of(op, x.tensor.rank)
    axes = axes_of(op, range(base, x.tensor.rank), x.tensor.rank)
    total = b.nn.reduce_sum(b.nn.square(x), axes=axes, keep_dims=True)
    return b.nn.mul(b.nn.mul(x, b.nn.rsqrt(b.nn.add(total, 1e-8))), op.eps)
