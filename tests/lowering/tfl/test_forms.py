"""What operations become: the forms that runtimes are fast with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litert import assert_close, check, lower

from nncc.ir import Builder, CompileError, DenseResource, Function, Module, QuantizedType, TensorType, as_dense
from nncc.ir.location import Location
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I8, I32
from nncc.lowering.tfl.expand import ExpandForTfl
from nncc.lowering.tfl.lower import LowerToTfl

RNG = np.random.default_rng(7)
Build = Callable[[Builder, Any], Any]


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def make(shape: tuple[int, ...], build: Build) -> Module:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), function.inputs[0]))])
    return module


def names(module: Module) -> list[str]:
    """The operations of the main function without constants."""
    ops = [op.name.partition(".")[2] for op in module.main.body]
    return [n for n in ops if n not in ("pseudo_const", "constant", "return")]


def ops_of(shape: tuple[int, ...], build: Build, optimize: bool = True) -> list[str]:
    """The tfl operations for a network, whose numbers must be kept."""
    module = make(shape, build)
    inputs = {"x": real(*shape)}
    lowered = lower(module, optimize)
    assert_close(lowered.evaluate(inputs), module.evaluate(inputs), "tfl stage")
    return names(lowered)


LAST = {"channel_last": True}
IMAGE = (1, 8, 8, 4)


def conv(b: Builder, x: Any, outputs: int = 6, kernel: int = 3, **attributes: Any) -> Any:
    channels = x.type.dims[-1] // attributes.get("groups", 1)
    return b.nn.conv(x, real(outputs, channels, kernel, kernel), real(outputs), **LAST, **attributes)


FORMS: dict[str, tuple[tuple[int, ...], Build, list[str]]] = {
    "a digit network is six operations": (
        (1, 28, 28, 1),
        lambda b, x: b.nn.affine(
            b.nn.relu(
                b.nn.affine(
                    b.nn.reshape(
                        b.nn.max_pool(
                            b.nn.relu(
                                conv(b, b.nn.max_pool(b.nn.relu(conv(b, x)), kernel=(2, 2), strides=(2, 2), **LAST))
                            ),
                            kernel=(2, 2),
                            strides=(2, 2),
                            **LAST,
                        ),
                        shape=(1, -1),
                    ),
                    real(150, 20),
                    real(20),
                )
            ),
            real(20, 10),
            real(10),
        ),
        ["conv_2d", "max_pool_2d", "conv_2d", "max_pool_2d", "fully_connected", "fully_connected"],
    ),
    "padding SAME needs no operation": (IMAGE, lambda b, x: conv(b, x, pads=(1, 1, 1, 1)), ["conv_2d"]),
    "SAME with a step": (IMAGE, lambda b, x: conv(b, x, pads=(0, 0, 1, 1), strides=(2, 2)), ["conv_2d"]),
    "other pads are one operation": (
        IMAGE,
        lambda b, x: conv(b, x, pads=(1, 1, 1, 1), strides=(2, 2)),
        ["pad", "conv_2d"],
    ),
    "a pad before a convolution becomes SAME": (
        IMAGE,
        lambda b, x: conv(b, b.nn.pad(x, pads=(0, 1, 1, 0, 0, 1, 1, 0))),
        ["conv_2d"],
    ),
    "two pads become one": (
        IMAGE,
        lambda b, x: conv(b, b.nn.pad(x, pads=(0, 1, 2, 0, 0, 1, 2, 0)), pads=(1, 1, 1, 1)),
        ["pad", "conv_2d"],
    ),
    "depthwise": (IMAGE, lambda b, x: conv(b, x, 8, groups=4), ["depthwise_conv_2d"]),
    "groups": (IMAGE, lambda b, x: conv(b, x, 8, groups=2), ["conv_2d"]),
    "hard_swish is one operation": (IMAGE, lambda b, x: b.nn.hard_swish(x), ["hard_swish"]),
    "hard_sigmoid goes into its convolution": (
        IMAGE,
        lambda b, x: conv(b, b.nn.hard_sigmoid(conv(b, x)), kernel=1),
        ["conv_2d", "conv_2d"],
    ),
    "activations are fused": (IMAGE, lambda b, x: b.nn.clip(conv(b, x), min=0.0, max=6.0), ["conv_2d"]),
    "a matrix product with a constant": (
        (2, 5, 6),
        lambda b, x: b.nn.matmul(x, real(4, 6), transpose_rhs=True),
        ["fully_connected"],
    ),
    "upsampling by SAME": (
        IMAGE,
        lambda b, x: b.nn.conv_transpose(x, real(4, 3, 4, 4), strides=(2, 2), pads=(1, 1, 1, 1), **LAST),
        ["transpose_conv"],
    ),
    "upsampling with output_padding": (
        IMAGE,
        lambda b, x: b.nn.conv_transpose(
            x, real(4, 3, 3, 3), strides=(2, 2), pads=(1, 1, 1, 1), output_padding=(1, 1), **LAST
        ),
        ["transpose_conv", "slice"],
    ),
    "depthwise upsampling is dense": (
        IMAGE,
        lambda b, x: b.nn.conv_transpose(x, real(4, 1, 2, 2), groups=4, strides=(2, 2), **LAST),
        ["transpose_conv"],
    ),
    "a transpose of single elements is a reshape": (
        IMAGE,
        lambda b, x: b.nn.transpose(
            b.nn.slice(x, starts=(0,) * 4, stops=(1, 1, 3, 1), steps=(1,) * 4), perm=(0, 3, 2, 1)
        ),
        ["slice", "reshape"],
    ),
    "a shuffle has one transpose": (
        IMAGE,
        lambda b, x: b.nn.channel_shuffle(x, groups=2, axis=3),
        ["reshape", "transpose", "reshape"],
    ),
    "means over pads": (
        IMAGE,
        lambda b, x: b.nn.average_pool(
            x, kernel=(3, 3), pads=(1, 1, 1, 1), strides=(2, 2), count_include_pad=True, **LAST
        ),
        ["pad", "average_pool_2d"],
    ),
    "means without pads": (
        IMAGE,
        lambda b, x: b.nn.average_pool(x, kernel=(3, 3), pads=(1, 1, 1, 1), strides=(2, 2), **LAST),
        ["pad", "average_pool_2d", "mul"],
    ),
    "pads of what is not negative are zeros": (
        IMAGE,
        lambda b, x: b.nn.max_pool(b.nn.relu(x), kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), **LAST),
        ["relu", "pad", "max_pool_2d"],
    ),
    "pads of anything are minus infinity": (
        IMAGE,
        lambda b, x: b.nn.max_pool(x, kernel=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), **LAST),
        ["padv2", "max_pool_2d"],
    ),
    "bilinear with half pixels": (
        IMAGE,
        lambda b, x: b.nn.resize(x, sizes=(16, 16), mode="linear", **LAST),
        ["resize_bilinear"],
    ),
    "repeated elements": (
        IMAGE,
        lambda b, x: b.nn.resize(x, sizes=(16, 16), mode="nearest", coordinate="asymmetric", rounding="floor", **LAST),
        ["resize_nearest_neighbor"],
    ),
    "one spatial dimension": (
        (2, 9, 4),
        lambda b, x: b.nn.conv(x, real(5, 4, 3), channel_last=True),
        ["reshape", "conv_2d", "reshape"],
    ),
    "a range that TFLite has not": (
        (2, 3),
        lambda b, x: b.nn.clip(x, min=-2.0, max=0.5),
        ["maximum", "minimum"],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    shape, build, wanted = FORMS[name]
    assert ops_of(shape, build) == wanted


def test_a_symbol_where_a_number_is_needed_is_refused() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2, "N", 4, 4), F32))])
    module.body.append(function)
    b = Builder(module, block)
    function.set_outputs([("y", b.nn.lrn(function.inputs[0], size=3, axis=1))])
    with pytest.raises(CompileError, match=r"'nn.lrn': .* has no number for axis 1"):
        ExpandForTfl().run(module, PassContext())


def test_the_example_of_the_pass() -> None:
    module = make((1, 8, 8, 3), lambda b, x: conv(b, x, 4, pads=(1, 1, 1, 1), strides=(2, 2)))
    assert ExpandForTfl().run(module, PassContext())
    assert names(module) == ["pad", "conv"]
    pad = next(op for op in module.main.body if op.name == "nn.pad")
    assert pad.attributes["pads"] == (0, 1, 1, 0, 0, 1, 1, 0)
    assert not ExpandForTfl().run(module, PassContext())


def test_a_rewritten_activation_is_an_operation_again() -> None:
    module = make((2, 9, 4), lambda b, x: b.nn.conv(x, real(5, 4, 3), channel_last=True, activation="relu6"))
    ExpandForTfl().run(module, PassContext())
    assert names(module) == ["reshape", "conv", "reshape", "clip"]


def test_weights_are_not_loaded() -> None:
    loaded = []

    def load() -> np.ndarray:
        loaded.append(True)
        return real(6, 4, 3, 3)

    def build(b: Builder, x: Any) -> Any:
        weight = b.module.add_resource("w", load, TensorType((6, 4, 3, 3), F32))
        return b.nn.conv(x, b.nn.constant(value=weight), pads=(1, 1, 1, 1), **LAST)

    module = make(IMAGE, build)
    ExpandForTfl().run(module, PassContext())
    LowerToTfl().run(module, PassContext())
    (op,) = [op for op in module.main.body if op.name == "tfl.conv_2d"]
    weight = op.operands[1].defining_op.attributes["value"]
    assert not loaded
    assert isinstance(weight, DenseResource)
    assert weight.type == TensorType((6, 3, 3, 4), F32)
    assert weight.numpy().shape == (6, 3, 3, 4) and loaded == [True]


@pytest.mark.parametrize(
    ("op", "shape", "wanted", "axis"),
    [
        ("conv", (8, 4, 3, 3), (8, 3, 3, 4), 0),
        ("depthwise", (8, 1, 3, 3), (1, 3, 3, 8), 3),
        ("conv_transpose", (4, 8, 3, 3), (8, 3, 3, 4), 0),
        ("affine", (4, 8), (8, 4), 0),
    ],
)
def test_scales_stay_with_their_channels(op: str, shape: tuple[int, ...], wanted: tuple[int, ...], axis: int) -> None:
    scales = tuple(float(n) / 64 for n in range(1, 9))
    kind = QuantizedType(I8, F32, scales, (0,) * 8, shape.index(8))
    activation = QuantizedType(I8, F32, (0.5,), (1,))
    module = Module()
    function, block = Function.create("main", [("x", TensorType(IMAGE, activation))])
    module.body.append(function)
    b = Builder(module, block)
    weight = b.nn.constant(value=as_dense(RNG.integers(-127, 128, shape).astype(np.int8), TensorType(shape, kind)))
    result = {"conv": (1, 6, 6, 8), "depthwise": (1, 6, 6, 8), "conv_transpose": (1, 10, 10, 8), "affine": (1, 8, 8, 8)}
    options = {} if op == "affine" else {**LAST, "groups": 4 if op == "depthwise" else 1}
    name = "conv" if op == "depthwise" else op
    made = b.create(
        f"nn.{name}", function.inputs[0], weight, result_types=[TensorType(result[op], activation)], **options
    )
    function.set_outputs([("y", made.result)])
    LowerToTfl().run(module, PassContext())
    lowered = function.outputs[0].defining_op
    constants = [v for v in lowered.operands if v.defining_op is not None]
    filter, bias = (v for v in constants if isinstance(v.tensor.element, QuantizedType))
    assert filter.tensor.shape == wanted
    assert filter.tensor.element == QuantizedType(I8, F32, scales, (0,) * 8, axis)
    assert bias.tensor.element == QuantizedType(I32, F32, tuple(0.5 * s for s in scales), (0,) * 8, 0)


def test_everything_that_tflite_has_not_is_reported_at_once() -> None:
    def build(b: Builder, x: Any) -> Any:
        first = b.nn.cast(x, to=I32)
        with b.at(Location.at("net.nnp", "main", "left", 1)):
            left = b.nn.bitwise_and(first, first)
        with b.at(Location.at("net.nnp", "main", "right", 2)):
            right = b.nn.bitwise_or(left, first)
        return right

    module = make((2, 3), build)
    with pytest.raises(CompileError) as caught:
        lower(module)
    assert [str(d.location) for d in caught.value.diagnostics] == [
        "net.nnp: 'main': 'left' (#1)",
        "net.nnp: 'main': 'right' (#2)",
    ]
    assert all(d.remedy for d in caught.value.diagnostics)


@pytest.mark.parametrize(
    ("build", "message", "remedy"),
    [
        (lambda b, x: b.nn.max_pool(x, kernel=(2, 2)), "channel-first", "channel-last"),
        (lambda b, x: conv(b, x, pads=(2, 2, 0, 0)), "neither SAME nor VALID", "expand-for-tfl"),
        (lambda b, x: b.nn.softmax(x, axis=1), "along axis 1", "expand-for-tfl"),
        (lambda b, x: b.nn.softplus(x), "no operation for 'nn.softplus'", "expand-for-tfl"),
    ],
    ids=["layout", "pads", "axis", "function"],
)
def test_the_remedy_names_the_pass(build: Build, message: str, remedy: str) -> None:
    module = make(IMAGE, build)
    with pytest.raises(CompileError) as caught:
        LowerToTfl().run(module, PassContext())
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert remedy in found.remedy


def test_products_of_integers_are_computed_in_floats(tmp_path: Path) -> None:
    """ConvInteger and MatMulInteger of ONNX."""

    def build(b: Builder, x: Any) -> Any:
        steps = b.nn.cast(b.nn.mul(x, 50.0), to=I32)
        weight = RNG.integers(-128, 128, (6, 4, 3, 3)).astype(np.int32)
        y = b.nn.reshape(b.nn.conv(steps, b.constant(weight), strides=(2, 2), **LAST), shape=(9, 6))
        return b.nn.cast(b.nn.matmul(y, b.constant(RNG.integers(-9, 9, (6, 5)).astype(np.int32))), to=F32)

    check(make(IMAGE, build), {"x": real(*IMAGE)}, tmp_path)
