"""Ports: what the source gives and takes, and what the function of a module does."""

import numpy as np
import pytest

from nncc.ir import Function, TensorType, VerifyError
from nncc.ir.layout import CHANNEL_LAST, PORT_LAYOUT
from nncc.ir.ports import PORT_ELEMENT, from_ports, port_permutation, source_type, to_ports
from nncc.ir.types import F32, I8, QuantizedType

KIND = QuantizedType(I8, F32, (0.25,), (-4,))


def identity(type: TensorType, *, channel_last: bool) -> Function:
    """A function that gives what it takes."""
    function, block = Function.create("main", [("x", type)])
    function.set_outputs([("y", block.args[0])])
    if channel_last:
        function.set_port_attribute("arg", 0, PORT_LAYOUT, CHANNEL_LAST)
        function.set_port_attribute("res", 0, PORT_LAYOUT, CHANNEL_LAST)
    return function


@pytest.mark.parametrize("element", [F32, KIND])
@pytest.mark.parametrize(("source", "port"), [((2, 3, 4, 5), (2, 4, 5, 3)), ((2, 3, 7), (2, 7, 3)), ((2, 3), (2, 3))])
def test_a_channel_last_port_takes_the_source_transposed(source: tuple, port: tuple, element: object) -> None:
    function = identity(TensorType(port, element), channel_last=True)
    assert source_type(function, "arg", 0) == source_type(function, "res", 0) == TensorType(source, F32)
    x = np.arange(np.prod(source), dtype=np.float32).reshape(source) / 4 % 20
    moved = to_ports(function, {"x": x, "unknown": x})
    assert list(moved) == ["x"] and moved["x"].shape == port
    np.testing.assert_array_equal(from_ports(function, {"y": moved["x"]})["y"], x)


def test_a_port_without_a_layout_is_as_in_the_source() -> None:
    function = identity(TensorType((2, 3, 4, 5), F32), channel_last=False)
    x = np.ones((2, 3, 4, 5), np.float32)
    assert port_permutation(function, "arg", 0) is None
    assert to_ports(function, {"x": x})["x"] is x
    assert from_ports(function, {"y": x})["y"] is x


def test_real_numbers_are_quantized_and_stored_integers_are_taken_as_they_are() -> None:
    function = identity(TensorType((1, 3), KIND), channel_last=False)
    real = np.array([[0.0, 1.0, -99.0]], np.float32)
    stored = to_ports(function, {"x": real})["x"]
    assert stored.dtype == np.int8 and stored.tolist() == [[-4, 0, -128]]
    assert to_ports(function, {"x": stored})["x"] is stored
    assert from_ports(function, {"y": stored})["y"].tolist() == [[0.0, 1.0, -31.0]]


def test_plain_integers_may_stand_for_real_numbers() -> None:
    function = identity(TensorType((3,), I8), channel_last=False)
    assert source_type(function, "arg", 0) == TensorType((3,), I8)
    for side in ("arg", "res"):
        function.set_port_attribute(side, 0, PORT_ELEMENT, KIND)
    assert source_type(function, "arg", 0) == source_type(function, "res", 0) == TensorType((3,), F32)
    x = np.array([0.0, 1.0, -2.5], np.float32)
    stored = to_ports(function, {"x": x})
    np.testing.assert_array_equal(stored["x"], np.array([-4, 0, -14], np.int8))
    np.testing.assert_array_equal(from_ports(function, {"y": stored["x"]})["y"], x)


def test_a_layout_that_nobody_knows_is_refused() -> None:
    function = identity(TensorType((1, 3), F32), channel_last=False)
    function.set_port_attribute("arg", 0, PORT_LAYOUT, "blocked")
    with pytest.raises(VerifyError, match="blocked"):
        to_ports(function, {"x": np.zeros((1, 3))})
