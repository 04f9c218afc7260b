"""What inference says of results whose shape is an operand, where the elements of the operand are known in part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncc.ir import Block, Builder, Module, TensorType, Value, VerifyError
from nncc.ir.types import F32, I64, Dim

S = tuple[Dim, ...]


def program(*shapes: S | None) -> tuple[Builder, list[Value]]:
    block = Block.of([TensorType(shape, F32) for shape in shapes])
    return Builder(Module(), block), list(block.args)


def vector(b: Builder, *elements: int | tuple[Value, int] | None) -> Value:
    """Integers: numbers, (value, axis) for a dimension of a value, None for one that is not known."""
    parts = []
    for element in elements:
        if element is None:
            unknown = b.nn.non_zero(b.constant(np.ones(3, np.float32)))
            parts.append(b.nn.slice(b.nn.shape_of(unknown), starts=(0,), stops=(1,), steps=(1,)))
        elif isinstance(element, int):
            parts.append(b.constant(np.array([element])))
        else:
            value, axis = element
            parts.append(b.nn.slice(b.nn.shape_of(value), starts=(axis,), stops=(axis + 1,), steps=(1,)))
    return b.nn.concat(parts, axis=0) if parts else b.constant(np.zeros(0, np.int64))


X: Any = "x"
"""Stands for the first operand in what follows: (X, i) is its dimension i."""


def infer(shape: S | None, name: str, operands: list[tuple | None], **attributes: Any) -> list[S | None]:
    b, (x,) = program(shape)
    vectors = [
        None if o is None else vector(b, *((x, e[1]) if isinstance(e, tuple) else e for e in o)) for o in operands
    ]
    return [r.tensor.shape for r in b.create(name, x, *vectors, **attributes).results]


@pytest.mark.parametrize(
    ("shape", "target", "expected"),
    [
        (("N", 3, 4), ((X, 0), 12), ("N", 12)),
        (("N", 3, 4), ((X, 0), -1), ("N", 12)),
        (("N", 3, "T"), (-1, (X, 2), 3), ("N", "T", 3)),
        (("N", 3, "T"), ((X, 0), -1), ("N", None)),
        (("N", 3, 4), (None, 12), ("N", 12)),
        (("N", 3, 4), (None, None), (None, None)),
        (("N", 3, "T"), (0, None, 0), ("N", 3, "T")),
        ((2, 3, 4), (None, 6), (4, 6)),
        (None, ((5), -1, 0), (5, None, None)),
    ],
)
def test_reshape(shape: S | None, target: tuple, expected: S) -> None:
    assert infer(shape, "nn.dynamic_reshape", [target]) == [expected]


@pytest.mark.parametrize(
    ("name", "shape", "operands", "attributes", "expected"),
    [
        ("broadcast_to", ("N", 1), [((X, 0), 7)], {}, ("N", 7)),
        ("broadcast_to", (1, 4), [(3, None, 1)], {}, (3, None, 4)),
        ("broadcast_to", (5,), [(None,)], {}, (5,)),
        ("tile", ("N", 2), [(1, 3)], {}, ("N", 6)),
        ("tile", (1, 2), [((X, 0), None)], {}, (1, None)),
        ("squeeze", ("N", 1, 3), [(-2,)], {}, ("N", 3)),
        ("squeeze", ("N", 1, 3), [(None,)], {}, (None, None)),
        ("squeeze", (1, 2, 1), [None], {}, (2,)),
        ("unsqueeze", ("N", 3), [(0, -1)], {}, (1, "N", 3, 1)),
        ("unsqueeze", ("N", 3), [(None,)], {}, (None, None, None)),
        ("slice", ("N", 10), [(2,), (8,), (1,), (3,)], {}, ("N", 2)),
        ("slice", ("N", 10), [(0,), ((X, 0),)], {}, ("N", 10)),
        ("slice", ("N", 10), [(None,), (4,), (-1,)], {}, ("N", None)),
        ("slice", ("N", 10), [(0,), (4,), (None,)], {}, (None, None)),
        ("pad", ("N", 10), [(1, 2), None, (1,)], {}, ("N", 13)),
        ("pad", ("N", 10), [(0, -3, 0, 1)], {}, ("N", 8)),
        ("pad", ("N", 10), [(0, None, 0, 1)], {}, ("N", None)),
        ("reduce", ("N", 3, 4), [(1,)], {"kind": "sum", "keep_dims": False}, ("N", 4)),
        ("reduce", ("N", 3, 4), [()], {"kind": "max"}, (1, 1, 1)),
        ("reduce", ("N", 3, 4), [()], {"kind": "max", "empty_is_none": True}, ("N", 3, 4)),
        ("reduce", ("N", 3, 4), [(None,)], {"kind": "min", "keep_dims": False}, (None, None)),
        ("reduce", ("N", 3, 4), [(None,)], {"kind": "min"}, (None, None, None)),
        ("cumsum", ("N", 3), [(None,)], {}, ("N", 3)),
        ("trilu", ("N", 3), [(None,)], {}, ("N", 3)),
        ("resize", ("N", 3, "H", 4), [None, None, (8, (X, 2))], {"axes": (3, 2)}, ("N", 3, "H", 8)),
    ],
)
def test_others(name: str, shape: S, operands: list, attributes: dict, expected: S) -> None:
    assert infer(shape, f"nn.dynamic_{name}", operands, **attributes) == [expected]


def test_pieces_and_the_greatest() -> None:
    assert infer(("N", 10), "nn.dynamic_split", [(4, None)], axis=1) == [("N", 4), ("N", 6)]
    assert infer(("N", 10), "nn.dynamic_split", [(None, None)], axis=1) == [("N", None), ("N", None)]
    assert infer(("N", 10), "nn.dynamic_top_k", [((X, 0),)]) == [("N", "N"), ("N", "N")]
    assert infer(("N", 10), "nn.dynamic_top_k", [(None,)]) == [("N", None), ("N", None)]


def test_resize_by_scales() -> None:
    b, (x,) = program(("N", 3, "H", 10))
    y = b.nn.dynamic_resize(x, None, b.constant(np.array([1, 1, 2, 0.7], np.float32)), None)
    assert y.tensor.shape == ("N", 3, None, 7)


def test_ranges_and_fills() -> None:
    b, (x,) = program(("N", 3))
    size = vector(b, (x, 0))
    zero, one = (b.constant(np.array(n)) for n in (0, 1))
    assert b.nn.range(zero, b.nn.reshape(size, shape=()), one).tensor == TensorType(("N",), I64)
    assert b.nn.range(one, b.nn.reshape(size, shape=()), one).tensor == TensorType((None,), I64)
    assert b.nn.range(*(b.constant(np.float32(n)) for n in (1, 2, 0.3))).tensor == TensorType((4,), F32)
    assert b.nn.fill(vector(b, (x, 0), 4, None), b.constant(np.float32(1))).tensor == TensorType(("N", 4, None), F32)


@pytest.mark.parametrize(
    ("name", "operands", "attributes", "message"),
    [
        ("reshape", [(5, -1)], {}, "expected 'shape' to hold the elements of tensor<3x4xf32>"),
        ("reshape", [(5, None)], {}, "expected 'shape' to hold the elements of tensor<3x4xf32>"),
        ("reshape", [(2, 2)], {}, "expected 'shape' to hold the elements"),
        ("reshape", [(0, 0, 0)], {}, "to copy dimensions that tensor<3x4xf32> has"),
        ("reshape", [(-1, -1)], {}, "at most one -1"),
        ("broadcast_to", [(3, 5)], {}, "expected 'shape' that tensor<3x4xf32> broadcasts with"),
        ("tile", [(1, -1)], {}, "expected 'reps' of one number an axis"),
        ("squeeze", [(0,)], {}, "expected dimension 0 of 'x' to be 1"),
        ("unsqueeze", [(0, 0)], {}, "expected 'axes' to name each axis once"),
        ("slice", [(0,), (1, 2)], {}, "expected operands of one length"),
        ("slice", [(0,), (1,), (0,), (0,)], {}, "expected no zero in 'steps'"),
        ("slice", [(0, 0, 0), (1, 1, 1)], {}, "expected at most 2 numbers in 'starts'"),
        ("pad", [(1, 2)], {}, "expected 'pads' of two numbers for each of the axes"),
        ("split", [(1, 2)], {"axis": 1}, "expected dimension 1 of 'x' to be 3"),
        ("reduce", [(2,)], {"kind": "sum"}, "expected 'axes' to be in -2 .. 1"),
        ("top_k", [(5,)], {}, "expected 'k' to be at most the length of axis 1"),
        ("top_k", [(1, 1)], {}, "expected dimension 0 of 'k' to be 1"),
        ("cumsum", [(2,)], {}, "expected 'axis' to be in -2 .. 1"),
        ("resize", [None, None, None], {}, "expected one of the operands 'scales' and 'sizes'"),
        ("resize", [None, None, (1,)], {}, "expected dimension 0 of 'sizes' to be 2"),
        ("resize", [None, None, (1, 1)], {"coordinate": "tf_crop_and_resize"}, "expected operand 'roi'"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, operands: list, attributes: dict, message: str) -> None:
    with pytest.raises(VerifyError, match=message.replace("(", r"\(")):
        infer((3, 4), f"nn.dynamic_{name}", operands, **attributes)
