"""What is known of the elements of small tensors is true, and as much as exporters' shape computations need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.dialects.nn.contents import MOST_OPERATIONS, dim_of, known_elements, traced_elements
from nncc.ir.types import F32, I32, I64

DIMS = ("N", None, 6, 1, "M")
SIZES = (2, 3, 6, 1, 5)


def started(dims=DIMS):
    """A builder in a function of one image, and that image."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(dims, F32))])
    module.body.append(function)
    return Builder(module, block), function.inputs[0]


def known(value):
    return known_elements(value).tolist()


def vector(b, *numbers, dtype=I64):
    return b.constant(np.array(numbers), dtype)


def piece(b, x, start, stop):
    return b.nn.slice(x, starts=(start,), stops=(stop,), steps=(1,))


CASES = {
    "dimensions": (lambda b, x: b.nn.shape_of(x), list(DIMS)),
    "constants": (lambda b, x: vector(b, 3, -1), [3, -1]),
    "gather": (lambda b, x: b.nn.gather(b.nn.shape_of(x), vector(b, 2, 0)), [6, "N"]),
    "gather of one": (lambda b, x: b.nn.gather(b.nn.shape_of(x), b.constant(4, I64)), "M"),
    "slice and concat": (
        lambda b, x: b.nn.concat([piece(b, b.nn.shape_of(x), 0, 2), vector(b, 12, 64)], axis=0),
        ["N", None, 12, 64],
    ),
    "there and back": (
        lambda b, x: b.nn.reshape(
            b.nn.reshape(b.nn.gather(b.nn.shape_of(x), b.constant(0, I64)), shape=(1,)), shape=()
        ),
        "N",
    ),
    "cast": (lambda b, x: b.nn.cast(b.nn.cast(b.nn.shape_of(x), to=I32), to=I64), list(DIMS)),
    "a cast that may round": (lambda b, x: b.nn.cast(b.nn.cast(b.nn.shape_of(x), to=F32), to=I64), [None] * 5),
    "neutral elements": (lambda b, x: b.nn.mul(b.nn.add(b.nn.shape_of(x), 0), 1), list(DIMS)),
    "numbers among others": (lambda b, x: b.nn.div(b.nn.mul(b.nn.shape_of(x), 4), 3), [None, None, 8, 1, None]),
    "a quotient is cut": (lambda b, x: b.nn.div(b.nn.mul(b.nn.shape_of(x), -3), 4), [None, None, -4, 0, None]),
    "what is left of itself": (lambda b, x: b.nn.sub(b.nn.shape_of(x), b.nn.shape_of(x)), [0] * 5),
    "no negative dimension": (
        lambda b, x: b.nn.select(b.nn.equal(b.nn.shape_of(x), -1), vector(b, 0, 0, 0, 0, 0), b.nn.shape_of(x)),
        list(DIMS),
    ),
    "product of one unknown": (
        lambda b, x: b.nn.reduce_prod(b.nn.gather(b.nn.shape_of(x), vector(b, 0, 3)), axes=(0,)),
        ["N"],
    ),
    "product of numbers": (
        lambda b, x: b.nn.reduce_prod(piece(b, b.nn.shape_of(x), 2, 4), axes=(0,), keep_dims=False),
        6,
    ),
    "overflow": (lambda b, x: b.nn.mul(b.nn.cast(b.nn.shape_of(x), to=I32), 2**30), [None, None, None, 2**30, None]),
    "scales": (lambda b, x: b.nn.div(b.nn.cast(piece(b, b.nn.shape_of(x), 2, 4), to=F32), 4.0), [1.5, 0.25]),
}


@pytest.mark.parametrize(("build", "expected"), CASES.values(), ids=CASES)
def test_elements_of_shape_computations(build, expected):
    assert known(build(*started())) == expected


def test_data_is_not_looked_at():
    b, x = started((2, 2000))
    assert known_elements(x) is None
    assert known(b.nn.gather(b.nn.cast(x, to=I64), b.constant([0], I64), axis=1)) == [[None], [None]]


def test_open_dimensions_are_told_apart():
    b, x = started((None, None))
    shape = traced_elements(b.nn.concat([b.nn.shape_of(x), b.nn.shape_of(x)], axis=0)).tolist()
    assert shape[0] == shape[2] != shape[1] == shape[3]
    assert known(b.nn.equal(b.nn.shape_of(x), b.nn.shape_of(x))) == [True, True]


HANDED_ON = {
    "elementwise": lambda b, x: b.nn.mul(b.nn.relu(x), np.ones((1, 4, 1, 1), np.float32)),
    "transposed there and back": lambda b, x: b.nn.transpose(b.nn.transpose(x, perm=(0, 2, 3, 1)), perm=(0, 3, 1, 2)),
    "batch norm": lambda b, x: b.nn.batch_norm(x, *[np.ones(4, np.float32)] * 4),
    "reduction": lambda b, x: b.nn.reduce_max(x, axes=(1,)),
    "concat": lambda b, x: b.nn.concat([x, b.nn.exp(x)], axis=1),
}


@pytest.mark.parametrize("build", HANDED_ON.values(), ids=HANDED_ON)
def test_open_dimensions_are_those_of_where_they_come_from(build):
    b, x = started((None, 4, None, 6))
    y = build(b, x)
    assert [dim_of(y, axis) for axis in (0, 2)] == [dim_of(x, axis) for axis in (0, 2)]


def test_a_convolution_hands_on_its_batch_alone():
    b, x = started((None, 4, None, None))
    y = b.nn.conv(x, np.ones((4, 4, 3, 3), np.float32))
    assert dim_of(y, 0) == dim_of(x, 0)
    assert dim_of(y, 2) != dim_of(x, 2)


def test_what_two_open_dimensions_broadcast_to_is_neither():
    b, x = started((None, None))
    y = b.nn.add(x, b.nn.transpose(x, perm=(1, 0)))
    assert dim_of(y, 0) not in (dim_of(x, 0), dim_of(x, 1))


def test_a_long_chain_is_given_up():
    b, x = started()
    value = b.nn.shape_of(x)
    for _ in range(3 * MOST_OPERATIONS):
        value = b.nn.reverse(value, axes=(0,))
    assert known(value) == [None] * 5


BINARY = ("add", "sub", "mul", "maximum", "minimum", "floor_div", "mod", "div")
COMPARISONS = ("equal", "less", "greater_equal", "not_equal", "greater", "less_equal")


@st.composite
def shape_computations(draw):
    """A program on vectors of five integers, as a function of a builder and an image."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(("binary", "select", "gather", "join", "reduce")), st.integers(0, 99)), max_size=8
        )
    )
    numbers = draw(st.lists(st.integers(-3, 7), min_size=5, max_size=5))
    return steps, numbers


def compute(b, x, steps, numbers):
    values = [b.nn.shape_of(x), vector(b, *numbers), vector(b, 1, 0, -1, 1, 2)]
    for kind, choice in steps:
        lhs, rhs = values[choice % len(values)], values[choice // 7 % len(values)]
        if kind == "binary":
            name = BINARY[choice % len(BINARY)]
            rhs = (
                b.nn.select(b.nn.equal(rhs, 0), vector(b, 1, 1, 1, 1, 1), rhs) if "d" in name and name != "add" else rhs
            )
            values.append(getattr(b.nn, name)(lhs, rhs))
        elif kind == "select":
            values.append(b.nn.select(getattr(b.nn, COMPARISONS[choice % len(COMPARISONS)])(lhs, rhs), rhs, lhs))
        elif kind == "gather":
            values.append(b.nn.gather(lhs, vector(b, *((choice + i * i) % 5 for i in range(5)))))
        elif kind == "join":
            values.append(b.nn.concat([piece(b, lhs, 0, choice % 5), piece(b, rhs, choice % 5, 5)], axis=0))
        else:
            reduction = b.nn.reduce_prod if choice % 2 else b.nn.reduce_sum
            values.append(b.nn.add(reduction(piece(b, lhs, 2, 4), axes=(0,)), b.nn.mul(rhs, 0)))
    return values


@settings(max_examples=100, deadline=None)
@given(shape_computations())
def test_what_is_known_is_true(program):
    """The same program on an image of known size gives the numbers."""
    (b, x), (c, y) = started(), started(SIZES)
    sizes = dict(zip(DIMS, SIZES, strict=True))
    for value, exact in zip(compute(b, x, *program), compute(c, y, *program), strict=True):
        actual = known(exact)
        assert None not in actual
        for element, number in zip(known(value), actual, strict=True):
            assert element is None or sizes.get(element, element) == number
