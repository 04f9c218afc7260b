"""Constants, ranges, unit matrices, and random numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ....ir import DenseAttribute, Value
from ....ir.dialects.onnx import densify
from ....ir.types import F32, F64
from ...nodes import expect_affordable, expect_rank, refuse
from ...sizes import as_scalar, as_vector, cast, counting, length_of, unsqueeze
from .casts import element_of
from .registry import DYNAMIC, Lifter, lift, no_lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

no_lift(
    "gives other numbers at every run, and no standard says which for a seed",
    "make its output an input of the model",
    "Bernoulli",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
)


@lift("Constant")
def constant(b: Lifter, op: OnnxOp) -> Value:
    value = op.get("value")
    if isinstance(value, DenseAttribute):
        return b.nn.constant(value=value)
    sparse = op.get("sparse_value")
    if sparse is not None:
        expect_affordable(op, "a sparse tensor", math.prod(sparse["dims"]))
        return b.constant(densify(sparse), name="sparse_value")
    makers: dict[str, Any] = {
        "value_float": lambda v: np.float32(v),
        "value_floats": lambda v: np.array(v, np.float32),
        "value_int": lambda v: np.int64(v),
        "value_ints": lambda v: np.array(v, np.int64),
        "value_string": lambda v: np.array(v, object),
        "value_strings": lambda v: np.array(v, object),
    }
    for name, make in makers.items():
        given = op.get(name)
        if given is not None:
            return b.constant(make(given))
    raise refuse(op, "holds nothing")


@lift("ConstantOfShape")
def constant_of_shape(b: Lifter, op: OnnxOp, shape: Value) -> Value:
    value = op.get("value")
    one = b.constant(np.float32(0)) if value is None else as_scalar(b, b.nn.constant(value=value))
    dims = b.ints(op, "shape", shape)
    if dims is DYNAMIC or dims is None:
        return b.nn.fill(as_vector(b, shape), one)
    return b.nn.broadcast_to(one, shape=dims)


@lift("Range")
def range_operator(b: Lifter, op: OnnxOp, start: Value, limit: Value, delta: Value) -> Value:
    """From version 27 on half floats are counted in float32 (``stash_type`` 1)."""
    element = start.tensor.expressed
    ends = [as_scalar(b, v) for v in (start, limit, delta)]
    if op.get("stash_type") == 1 and element.is_float and element.bits < F32.bits:
        return b.nn.cast(b.nn.range(*(b.nn.cast(v, to=F32) for v in ends)), to=element)
    return b.nn.range(*ends)


@lift("EyeLike")
def eye_like(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """1 on the k-th diagonal of a matrix with the shape of x."""
    expect_rank(op, x, 2, 2)
    rows, columns = (unsqueeze(b, counting(b, length_of(b, x, axis)), [1 - axis]) for axis in (0, 1))
    on_diagonal = b.nn.equal(b.nn.add(rows, op.get("k")), columns)
    return b.nn.cast(on_diagonal, to=element_of(op, "dtype", x.tensor.expressed))


@lift("Dropout")
def dropout(
    b: Lifter, op: OnnxOp, x: Value, ratio: Value | None = None, training: Value | None = None
) -> tuple[Value, ...]:
    """x itself, and a mask of ones. In training mode, only with a seed: the numbers are those of numpy's RandomState.

    ONNX says no more of the numbers than that; these are what its own cases are made with.
    """
    if op.version < 7 and not op.get("is_test"):
        raise refuse(op, "is in training mode", "save the model for inference (is_test = 1)")
    mode = b.array(training)
    if training is None or (mode is not None and not mode.any()):
        return (x, _ones(b, op, x)) if len(op.results) > 1 else (x,)
    return _training_dropout(b, op, x, ratio, training)


def _ones(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """The mask of an inference, which has booleans from version 10 on."""
    one = np.array(True) if op.version >= 10 else np.array(1, x.tensor.expressed.dtype)
    return b.nn.fill(b.nn.shape_of(x), b.constant(one))


def _training_dropout(b: Lifter, op: OnnxOp, x: Value, ratio: Value | None, training: Value) -> tuple[Value, Value]:
    if op.get("seed") is None or not x.tensor.is_static:
        reason = "is in training mode, and gives other numbers at every run"
        raise refuse(op, reason, "set training_mode to false, or give a seed")
    expect_affordable(op, "a mask", x.tensor.size)
    uniform = np.random.RandomState(op.get("seed") % 2**32).uniform(0, 1.0, x.tensor.static_shape)
    drop = b.constant(np.float32(0.5)) if ratio is None else as_scalar(b, ratio)
    drop = b.nn.select(as_scalar(b, training), b.nn.cast(drop, to=F64), b.constant(np.float64(0), F64))
    mask = b.nn.greater_equal(b.constant(uniform, F64), drop)
    element = x.tensor.expressed
    scale = cast(b, b.nn.div(b.constant(np.float64(1), F64), b.nn.sub(b.constant(np.float64(1), F64), drop)), element)
    return b.nn.mul(b.nn.select(mask, x, b.constant(0.0, element)), scale), mask
