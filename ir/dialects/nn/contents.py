"""What is known of the elements of small tensors before anything runs: shapes are computed by operations, too.

An exporter writes the target of a reshape as shape_of, gather, mul, concat. Of such a vector some elements are numbers,
some are symbolic dimensions of an input (their names), and nothing is known of the others.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from ...core import Operation, OpResult, Value
from ...diagnostics import NnccError
from ...interpreter import evaluate_op
from ...module import constant_attribute
from ...opdef import Op, Trait
from ...types import Array, ElementType, TensorType
from .binary import (
    Add,
    Div,
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Maximum,
    Minimum,
    Mul,
    NotEqual,
    Select,
    Sub,
)
from .casting import Cast
from .conv import ConvolutionOp
from .indexing import Gather
from .linear import Affine
from .movement import BroadcastTo, Concat, Reshape, Reverse, Slice, Split, Tile, Transpose
from .normalization import BatchNorm, LayerNorm
from .pool import PoolOp
from .quantization import Dequantize, FakeQuantize, Quantize, StorageCast
from .rearrange import BlockOp, ShapeOf
from .reduce import Cumsum, LogSoftmax, ReduceOp, ReduceProd, ReduceSum, Softmax
from .unary import Identity

MOST_ELEMENTS = 1024
"""Bigger tensors are data, not shapes."""
_RESIZE = "nn.resize"  # its module asks for contents, so that its class cannot be seen from here
MOST_OPERATIONS = 1024
"""How many operations one question may look at: whoever asks for each of a chain must not become quadratic."""


@attrs.frozen
class OpenDim:
    """The dimension of a value of which nothing else is known, so that equal ones are seen to be equal.

    Made with :func:`dim_of`, which gives equal dimensions that stand beside each other the same value and axis.
    """

    value: Value = attrs.field(eq=id)
    axis: int


def dim_of(value: Value, axis: int) -> int | str | OpenDim:
    """A dimension of a ranked value; one that is open is that of the value that it comes from."""
    dim = value.tensor.dims[axis]
    if dim is not None:
        return dim
    for _ in range(MOST_OPERATIONS):
        source = _same_dim(value, axis)
        if source is None:
            break
        value, axis = source
    dim = value.tensor.dims[axis]  # less may be known of a result than of its operand
    return OpenDim(value, axis) if dim is None else dim


def _same_dim(value: Value, axis: int) -> tuple[Value, int] | None:
    """The value and axis that an open dimension is handed on from; None where it is the operation's own."""
    op = value.defining_op
    if isinstance(op, Transpose):
        return op.x, op.perm[axis]
    if isinstance(op, Concat):
        return None if op.axis % value.tensor.rank == axis else (op.inputs[0], axis)
    if isinstance(op, Reshape) and op.shape[axis] == 0:
        return op.x, axis
    if axis == 0 and isinstance(op, ConvolutionOp | PoolOp | BlockOp):
        return op.x, 0
    if axis == 0 and op is not None and op.name == _RESIZE:
        image = op.operands[0]
        return None if image is None else (image, 0)
    if isinstance(op, ReduceOp) and op.keep_dims:
        return op.x, axis
    if isinstance(op, Affine) and axis < value.tensor.rank - 1:
        return op.x, axis
    if isinstance(op, _KEEP_SHAPE):
        return op.x, axis
    if op is not None and Trait.ELEMENTWISE in op.traits:
        return _broadcast_from(op, value.tensor.rank, axis)
    return None


def _broadcast_from(op: Operation, rank: int, axis: int) -> tuple[Value, int] | None:
    """The only operand whose dimension is not 1 there."""
    shapes = [(v, v.tensor.shape) for v in op.operands if v is not None]
    if any(shape is None for _, shape in shapes):
        return None
    from_end = rank - axis
    found = {v: len(s) - from_end for v, s in shapes if s is not None and len(s) >= from_end and s[-from_end] != 1}
    return next(iter(found.items())) if len(found) == 1 else None


def known_elements(value: Value) -> Array | None:
    """What is known of the elements of a small tensor: an object array of its shape, or None if that is not known.

    An element is a number (a bool of a boolean tensor, a float of a float tensor), a symbol (str), or None. Symbols
    stand for dimensions: they are not negative.
    """
    found = traced_elements(value)
    if found is None or not any(isinstance(e, OpenDim) for e in found.flat):
        return found
    return _objects([None if isinstance(e, OpenDim) else e for e in found.flat], found.shape)


def traced_elements(value: Value) -> Array | None:
    """As :func:`known_elements`, but an element that is a dimension without a symbol is an :class:`OpenDim`."""
    known: dict[Value, Array | None] = {}
    waiting, asked = [value], 1
    while waiting:
        current = waiting[-1]
        operands = [v for v in _operands_to_ask(current) if v not in known] if current not in known else []
        if operands and asked < MOST_OPERATIONS:
            waiting += operands
            asked += len(operands)
        else:
            waiting.pop()
            if current not in known:
                known[current] = _elements(current, known)
    return known[value]


def _is_small(value: Value) -> bool:
    """Whether the tensor is one that is looked at: of numbers, few and of a known number."""
    type = value.type
    return (
        isinstance(type, TensorType)
        and isinstance(type.element, ElementType)
        and (type.element.is_integer or type.element.is_bool or type.element.is_float)
        and type.is_static
        and type.size <= MOST_ELEMENTS
    )


def _operands_to_ask(value: Value) -> list[Value]:
    """What the elements of a value depend on, as far as it is looked at."""
    op = value.defining_op
    if op is None or isinstance(op, ShapeOf) or Trait.PURE not in op.traits or not _is_small(value):
        return []
    return [v for v in op.operands if v is not None and _is_small(v)]


def _elements(value: Value, known: dict[Value, Array | None]) -> Array | None:
    """The elements, those of all operands being in ``known``, unless there were too many."""
    if not _is_small(value):
        return None
    shape = value.tensor.static_shape
    op = value.defining_op
    found: Array | None = None
    if isinstance(op, Op) and not op.regions and Trait.PURE in op.traits:
        found = _constant(value) if Trait.CONSTANT in op.traits else _computed(op, value, known)
    if found is None or found.shape != shape:
        return _objects([None] * value.tensor.size, shape)
    return found if _all_numbers(found) else _without_overflow(found, value.tensor.storage)


def _constant(value: Value) -> Array | None:
    dense = constant_attribute(value)
    try:
        return None if dense is None else _as_objects(dense.numpy())
    except NnccError:
        return None  # its data was left out of the text


def _computed(op: Op, value: Value, known: dict[Value, Array | None]) -> Array | None:
    if isinstance(op, ShapeOf):
        dims = op.x.tensor.dims
        return _objects([dim_of(op.x, i) for i in range(len(dims))], (len(dims),))
    given = [None if v is None else known.get(v) for v in op.operands]
    if all(v is None or (e is not None and _all_numbers(e)) for v, e in zip(op.operands, given, strict=True)):
        return _evaluated(op, value, given)
    rule = _RULES.get(type(op))
    if rule is None or any(e is None for e in given):
        return None
    try:
        results = rule(op, *given)
    except (IndexError, ValueError):
        return None  # sizes that contradict each other: whoever verifies the operation says so
    found: Array | None = results[_index(value)] if isinstance(results, tuple) else results
    return found


def _evaluated(op: Op, value: Value, given: list[Array | None]) -> Array | None:
    """The result of an operation all of whose operands are numbers, exactly. Loops may take any time: they are left."""
    if op.regions or not op.is_evaluable() or not all(map(_is_small, op.results)):
        return None
    pairs = zip(op.operands, given, strict=True)
    arrays = [None if v is None or e is None else e.astype(v.tensor.storage.dtype) for v, e in pairs]
    try:
        return _as_objects(evaluate_op(op, arrays)[_index(value)])
    except NnccError:
        return None  # it is told when the model runs, or by the pass that folds constants


def _index(value: Value) -> int:
    """Which result of its operation a value is."""
    assert isinstance(value, OpResult)
    return value.index


def _all_numbers(elements: Array) -> bool:
    return all(isinstance(e, bool | int | float) for e in elements.flat)


def _without_overflow(elements: Array, type: ElementType) -> Array:
    """The elements without numbers that would wrap around in their type."""
    if not type.is_integer:
        return elements
    low, high = type.limits
    fitting = [None if _is_number(e) and not low <= e <= high else e for e in elements.flat]
    return _objects(fitting, elements.shape)


def _as_objects(array: Array) -> Array:
    return _objects(array.reshape(-1).tolist(), array.shape)


def _objects(elements: list[Any], shape: tuple[int, ...]) -> Array:
    made = np.empty(len(elements), object)
    made[:] = elements
    return made.reshape(shape)


_KEEP_SHAPE = (
    *(Cast, Quantize, Dequantize, StorageCast, FakeQuantize),
    *(BatchNorm, LayerNorm, Softmax, LogSoftmax, Cumsum, Reverse),
)
"""Operations whose result has the shape of x."""

# Rules for elements that are not all numbers

_Rule = Callable[..., Any]


def _move(op: Op, *elements: Array) -> Any:
    """Operations that only move elements do so with any."""
    return op.run(elements) if len(op.results) > 1 else op.run(elements)[0]


def _gather(op: Gather, x: Array, indices: Array) -> Array | None:
    if not _all_numbers(indices):
        return None
    found = op.evaluate(x, indices.astype(np.int64))
    return found if isinstance(found, np.ndarray) else _objects([found], ())  # numpy takes one element out of its array


def _keep(op: Op, x: Array) -> Array:
    return x


def _cast(op: Cast, x: Array) -> Array | None:
    """Sizes fit into 32 bits; in a smaller type they might wrap around, in a float be rounded."""
    source, target = op.x.tensor.storage, op.result.tensor.storage
    return x if source.is_integer and target.is_integer and target.bits >= 32 else None


def _each(function: Callable[..., Any]) -> _Rule:
    """A rule that works on each element alone, with broadcasting. Floats are left out: they would be rounded."""

    def rule(op: Op, *elements: Array) -> Array | None:
        if getattr(op, "activation", "none") != "none" or any(v and v.tensor.storage.is_float for v in op.operands):
            return None
        shape = np.broadcast_shapes(*(e.shape for e in elements))
        columns = [np.broadcast_to(e, shape).flat for e in elements]
        return _objects([function(*row) for row in zip(*columns, strict=True)], shape)

    return rule


def _add(a: Any, b: Any) -> Any:
    if _is_number(a) and _is_number(b):
        return a + b
    return b if a == 0 else a if b == 0 else None


def _sub(a: Any, b: Any) -> Any:
    if _is_number(a) and _is_number(b):
        return a - b
    return a if b == 0 else 0 if a is not None and a == b else None


def _mul(a: Any, b: Any) -> Any:
    if _is_number(a) and _is_number(b):
        return a * b
    return b if a == 1 else a if b == 1 else 0 if a == 0 or b == 0 else None


def _div(a: Any, b: Any) -> Any:
    if _is_number(a) and _is_number(b) and b != 0:
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a if b == 1 else None


def _same(a: Any, b: Any) -> Any:
    """The larger or smaller of two that are the same."""
    return a if a == b else None


def _select(condition: Any, x: Any, y: Any) -> Any:
    return (x if condition else y) if _is_number(condition) else _same(x, y)


def _compare(function: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    """A comparison; a size that is not known compares with itself, and with what is negative."""

    def rule(a: Any, b: Any) -> bool | None:
        if a is None or b is None:
            return None
        if a == b:
            return function(0, 0)
        if _is_number(a) and _is_number(b):
            return function(a, b)
        if _is_number(a) and a < 0:
            return function(-1, 0)
        if _is_number(b) and b < 0:
            return function(0, -1)
        return None

    return rule


def _is_number(element: Any) -> bool:
    return isinstance(element, bool | int | float)


def _along(function: Callable[[Any, Any], Any]) -> _Rule:
    """A reduction with a function of two elements."""

    def rule(op: ReduceOp, x: Array) -> Array | None:
        axes = sorted({a % x.ndim for a in op.axes})
        if not x.size or op.x.tensor.storage.is_float:
            return None
        rows = np.moveaxis(x, axes, range(len(axes))).reshape(math.prod(x.shape[a] for a in axes), -1)
        totals = [functools.reduce(function, column) for column in rows.T]
        return _objects(totals, op.output.tensor.static_shape)

    return rule


_RULES: dict[type[Op], _Rule] = {
    **dict.fromkeys((Reshape, Transpose, Slice, Tile, BroadcastTo, Reverse, Split, Concat), _move),
    Gather: _gather,
    Identity: _keep,
    Cast: _cast,
    Add: _each(_add),
    Sub: _each(_sub),
    Mul: _each(_mul),
    Div: _each(_div),
    Maximum: _each(_same),
    Minimum: _each(_same),
    Select: _each(_select),
    Equal: _each(_compare(lambda a, b: a == b)),
    NotEqual: _each(_compare(lambda a, b: a != b)),
    Less: _each(_compare(lambda a, b: a < b)),
    LessEqual: _each(_compare(lambda a, b: a <= b)),
    Greater: _each(_compare(lambda a, b: a > b)),
    GreaterEqual: _each(_compare(lambda a, b: a >= b)),
    ReduceSum: _along(_add),
    ReduceProd: _along(_mul),
}
