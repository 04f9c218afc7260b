"""Lists of tensors (``TensorList``, of which Keras' recurrent layers are made): one tensor, its elements stacked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import I64, ElementType
from ...nodes import Node, refuse
from ...sizes import Size, as_scalar, as_vector, broadcast, cast, filled, reshape, size_vector, sizes_of, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.tf import TfOp

_SAME = "let all elements of a list have one shape, and say it (element_shape)"


@attrs.frozen
class TensorList:
    """A list: its ``stack`` is (length, ...element).

    A list that was reserved has none until its first element is set, which tells the shape; until then ``length`` is a
    scalar, and ``shape`` what was said of the elements, with None where nothing was.
    """

    element: ElementType
    stack: Value | None = None
    length: Value | None = None
    shape: tuple[int | None, ...] | None = None

    def filled(self, b: Lifter, op: Node, like: Sequence[Size] | None = None) -> Value:
        """The stack, of zeros where no element was set; ``like`` are the sizes of one. Raises CompileError."""
        if self.stack is not None:
            return self.stack
        assert self.length is not None
        sizes: Sequence[Size | None] | None = like if like is not None else self.shape
        if sizes is None or None in sizes:
            raise refuse(op, "takes a list whose elements have an unknown shape", _SAME)
        known = [size for size in sizes if size is not None]
        length = b.ints(self.length)
        zeros = filled(b, 0, (1,) * (len(known) + 1), self.element)
        if length is not None:
            return broadcast(b, zeros, [length[0], *known])
        return b.nn.dynamic_broadcast_to(zeros, size_vector(b, [as_vector(b, self.length), *known]))

    def zeros(self, b: Lifter) -> TensorList:
        """A list of the same form with zeros."""
        if self.stack is None:
            return self
        return attrs.evolve(self, stack=broadcast(b, filled(b, 0, (), self.element), sizes_of(self.stack)))


@attrs.frozen
class NewElement:
    """In the body of a loop, a list of which each trip sets the element that is its own: what this trip set."""

    item: Value | None = None


def expect_list(op: Node, value: object) -> TensorList:
    """The operand as a list. Raises CompileError where it is none."""
    if not isinstance(value, TensorList):
        raise refuse(op, "takes what is no list of tensors", "export the model again")
    return value


def _known_shape(b: Lifter, shape: Value) -> tuple[int | None, ...] | None:
    """What an operand ``element_shape`` says: a scalar or a negative number is what is not known."""
    numbers = b.array(shape)
    if numbers is None or numbers.ndim == 0:
        return None
    return tuple(int(n) if n >= 0 else None for n in numbers)


@lift("TensorListReserve")
def reserve(b: Lifter, op: TfOp, shape: Value, length: Value) -> TensorList:
    return TensorList(op.get("element_dtype"), None, cast(b, as_scalar(b, length), I64), _known_shape(b, shape))


@lift("EmptyTensorList")
def empty(b: Lifter, op: TfOp, shape: Value, most: Value) -> TensorList:
    return TensorList(op.get("element_dtype"), None, b.constant(0, I64), _known_shape(b, shape))


@lift("TensorListFromTensor")
def from_tensor(b: Lifter, op: TfOp, x: Value, shape: Value) -> TensorList:
    return TensorList(x.tensor.storage, x)


@lift("TensorListStack")
def stack(b: Lifter, op: TfOp, items: object, shape: Value) -> Value:
    return expect_list(op, items).filled(b, op)


@lift("TensorListGetItem")
def get_item(b: Lifter, op: TfOp, items: object, index: Value, shape: Value) -> Value:
    return b.nn.gather(expect_list(op, items).filled(b, op), as_scalar(b, index), axis=0)


@lift("TensorListGather")
def gather(b: Lifter, op: TfOp, items: object, indices: Value, shape: Value) -> Value:
    return b.nn.gather(expect_list(op, items).filled(b, op), indices, axis=0)


@lift("TensorListSetItem")
def set_item(b: Lifter, op: TfOp, items: object, index: Value, item: Value) -> TensorList | NewElement:
    if isinstance(items, NewElement):
        return NewElement(item)
    found = expect_list(op, items)
    whole = found.filled(b, op, sizes_of(item))
    if whole.tensor.dims[0] == 1 and b.ints(index) == (0,):
        return TensorList(found.element, unsqueeze(b, item, [0]))
    place = reshape(b, cast(b, index, I64), [1, 1])
    return TensorList(found.element, b.nn.scatter_nd(whole, place, unsqueeze(b, item, [0])))


@lift("TensorListPushBack")
def push_back(b: Lifter, op: TfOp, items: object, item: Value) -> TensorList:
    found = expect_list(op, items)
    last = unsqueeze(b, item, [0])
    if found.stack is None and b.ints(found.length) == (0,):
        return TensorList(found.element, last)
    return TensorList(found.element, b.nn.concat([found.filled(b, op, sizes_of(item)), last], axis=0))


@lift("TensorListPopBack")
def pop_back(b: Lifter, op: TfOp, items: object, shape: Value) -> tuple[TensorList, Value]:
    whole = expect_list(op, items).filled(b, op)
    rank = whole.tensor.rank
    kept = b.nn.slice(whole, starts=(0,) * rank, stops=(-1, *(2**31 - 1,) * (rank - 1)), steps=(1,) * rank)
    return TensorList(whole.tensor.storage, kept), b.nn.gather(whole, b.constant(np.int64(-1)), axis=0)


@lift("TensorListLength")
def length(b: Lifter, op: TfOp, items: object) -> Value:
    found = expect_list(op, items)
    number = found.length if found.stack is None else as_scalar(b, size_vector(b, sizes_of(found.stack)[:1]))
    assert number is not None
    return cast(b, number, op.results[0].tensor.storage)


@lift("TensorListConcat", "TensorListConcatV2")
def concat(b: Lifter, op: TfOp, items: object, *operands: Value) -> tuple[Value, None]:
    """The elements one behind the other, along their first axis."""
    whole = expect_list(op, items).filled(b, op)
    if whole.tensor.rank < 2:
        raise refuse(op, "joins elements without dimensions", "stack them")
    count, each, *others = sizes_of(whole)
    total = count * each if isinstance(count, int) and isinstance(each, int) else -1
    return reshape(b, whole, [total, *others]), None
