"""Generators of elementwise operations, constants and conversions between types."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from nncc.ir import Op, TensorType, element
from nncc.ir.dialects.nn.binary import BinaryOp
from nncc.ir.dialects.nn.unary import UnaryOp
from nncc.ir.opdef import registered_ops

from .draw import (
    ACTIVATION,
    ANY,
    DTYPES,
    GENERATORS,
    Draw,
    array,
    generator,
    parameter_shape,
    quantized_element,
    shapes,
)

_UNARY_ATTRIBUTES: dict[str, dict[str, st.SearchStrategy]] = {
    "nn.round": {"mode": st.sampled_from(["half_even", "half_away"])},
    "nn.clip": {"min": st.sampled_from([-np.inf, -1.0, 0.0]), "max": st.sampled_from([0.5, 6.0, np.inf])},
    "nn.gelu": {"approximate": st.booleans()},
    "nn.hard_sigmoid": {"alpha": st.floats(0.1, 1.0), "beta": st.floats(0.0, 1.0)},
    "nn.elu": {"alpha": st.floats(0.1, 2.0)},
    "nn.leaky_relu": {"alpha": st.floats(0.0, 0.5)},
}
_BINARY_ATTRIBUTES = {
    "nn.mod": {"sign": st.sampled_from(["divisor", "dividend"])},
    "nn.bit_shift": {"direction": st.sampled_from(["left", "right"])},
}


def _elementwise(definition: type[Op]) -> None:
    name = definition.name

    def unary(draw: Draw) -> Any:
        dtype = draw(st.sampled_from(DTYPES[definition.accepts]))
        attributes = {k: draw(v) for k, v in _UNARY_ATTRIBUTES.get(name, {}).items()}
        return [array(draw, draw(shapes()), dtype)], attributes

    def binary(draw: Draw) -> Any:
        dtype = draw(st.sampled_from(DTYPES[definition.accepts]))
        pair = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4)).input_shapes
        attributes = {k: draw(v) for k, v in _BINARY_ATTRIBUTES.get(name, {}).items()}
        if "activation" in definition.attribute_fields:
            attributes["activation"] = draw(ACTIVATION)
        return [array(draw, s, dtype) for s in pair], attributes

    GENERATORS[name] = unary if issubclass(definition, UnaryOp) else binary


for _definition in registered_ops("nn"):
    if issubclass(_definition, UnaryOp | BinaryOp):
        _elementwise(_definition)


@generator("constant")
def _constant(draw: Draw) -> Any:
    return [], {"value": array(draw, draw(shapes()), draw(st.sampled_from(ANY)))}


@generator("identity", "shape_of")
def _any(draw: Draw) -> Any:
    return [array(draw, draw(shapes()), draw(st.sampled_from(ANY)))], {}


@generator("cast")
def _cast(draw: Draw) -> Any:
    x = array(draw, draw(shapes()), draw(st.sampled_from(ANY)))
    return [x], {"to": element(draw(st.sampled_from(ANY)))}


@generator("bitcast")
def _bitcast(draw: Draw) -> Any:
    dtypes = draw(st.sampled_from([(np.float32, np.int32), (np.float64, np.int64), (np.int8, np.bool_), (np.float16,)]))
    x = array(draw, draw(shapes()), draw(st.sampled_from(dtypes)))
    return [x], {"to": element(draw(st.sampled_from(dtypes)))}


@generator("select")
def _select(draw: Draw) -> Any:
    condition, *others = draw(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4)).input_shapes
    dtype = draw(st.sampled_from(ANY))
    return [array(draw, condition, np.bool_), *(array(draw, s, dtype) for s in others)], {}


@generator("prelu")
def _prelu(draw: Draw) -> Any:
    shape = draw(shapes())
    return [array(draw, shape), array(draw, parameter_shape(draw, shape))], {}


@generator("quantize")
def _quantize(draw: Draw) -> Any:
    shape = draw(shapes())
    rounding = draw(st.sampled_from(["half_away", "half_even"]))
    return [array(draw, shape)], {"to": TensorType(shape, quantized_element(draw, shape)), "rounding": rounding}


@generator("dequantize")
def _dequantize(draw: Draw) -> Any:
    return [array(draw, draw(shapes()), np.int8)], {}  # sample() makes its element type quantized


@generator("storage_cast")
def _storage_cast(draw: Draw) -> Any:
    shape = draw(shapes())
    return [array(draw, shape, np.int8)], {"to": quantized_element(draw, shape)}


@generator("fake_quantize")
def _fake_quantize(draw: Draw) -> Any:
    shape = draw(shapes())
    rounding = draw(st.sampled_from(["half_away", "half_even"]))
    return [array(draw, shape)], {"grid": quantized_element(draw, shape), "rounding": rounding}
