"""Each lift against LiteRT: a file with one operator, run by both on the same numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litert import assert_close, run
from tfl_cases import CASES, Case, ints, real, scalar

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.frontends.tflite.ops import LIFTS, REFUSALS
from nncc.ir.dialects.tfl.schema import numbers
from nncc.ir.passes import PassContext

F, I32, I64, BOOL = np.float32, np.int32, np.int64, np.bool_
X = real(2, 3, 4)
POSITIVE = np.abs(X) + 0.1
FLAGS, OTHER = X > 0, real(2, 3, 4) > 0
IMAGE, VOLUME = real(2, 7, 6, 4), real(1, 5, 4, 6, 2)
NUMBERS = np.array([[7, -7, 3], [-3, 8, 0]], np.int32)
DIVISORS = np.array([[2, 2, -2], [2, -3, 5]], np.int32)


def conv(**options: Any) -> dict[str, Any]:
    return {"stride_h": 1, "stride_w": 1, "padding": "SAME", **options}


def pool(padding: str, **more: Any) -> dict[str, Any]:
    return {"padding": padding, "stride_h": 2, "stride_w": 1, "filter_height": 3, "filter_width": 2, **more}


def unary(name: str, x: np.ndarray = X) -> Case:
    return Case(name, [x], [(x.shape, x.dtype)])


def binary(name: str, x: np.ndarray, y: np.ndarray, result: Any = None, **options: Any) -> Case:
    shape = np.broadcast_shapes(x.shape, y.shape)
    return Case(name, [x, y], [(shape, result or x.dtype)], options)


def boxes() -> np.ndarray:
    corners = np.random.default_rng(7).random((9, 2)).astype(F)
    return np.concatenate([corners, corners + 0.4], 1)


ELEMENTWISE = [
    *map(
        unary, ("abs", "ceil", "cos", "exp", "floor", "hard_swish", "logistic", "neg", "relu", "round", "sign", "sin")
    ),
    *map(unary, ("square", "tanh", "elu", "relu6", "relu_0_to_1", "relu_n1_to_1")),
    *(unary(name, POSITIVE) for name in ("log", "sqrt", "rsqrt")),
    unary("logical_not", FLAGS),
    Case("gelu", [X], [(X.shape, F)], {"approximate": True}),
    Case("gelu", [X], [(X.shape, F)]),
    Case("leaky_relu", [X], [(X.shape, F)], {"alpha": 0.3}),
    Case("prelu", [IMAGE], [(IMAGE.shape, F)], {}, [real(1, 1, 4)]),
    binary("add", X, real(3, 1), fused_activation_function="RELU6"),
    binary("sub", X, real(4), fused_activation_function="RELU_N1_TO_1"),
    binary("mul", X, X, fused_activation_function="RELU"),
    binary("div", X, POSITIVE),
    binary("div", NUMBERS, DIVISORS),
    binary("floor_div", NUMBERS, DIVISORS),
    binary("floor_mod", NUMBERS, DIVISORS),
    binary("floor_mod", X, POSITIVE),
    *(binary(name, X, real(2, 3, 4)) for name in ("maximum", "minimum", "squared_difference", "atan2")),
    binary("pow", POSITIVE, X),
    *(
        binary(name, NUMBERS, np.array([7, 8, 0], np.int32), BOOL)
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    ),
    binary("logical_and", FLAGS, OTHER),
    binary("logical_or", FLAGS, OTHER),
    binary("bitwise_xor", NUMBERS, DIVISORS),
    binary("right_shift", np.array([-9, 8, 100], np.int32), np.array([1, 2, 3], np.int32)),
    Case("select_v2", [FLAGS, X, real(4)], [(X.shape, F)]),
    Case("cast", [X * 5], [(X.shape, I32)]),
    Case("cast", [FLAGS], [(X.shape, F)]),
]
LAYERS = [
    Case("conv_2d", [IMAGE], [((2, 4, 3, 5), F)], conv(stride_h=2, stride_w=2), [real(5, 3, 3, 4), real(5)]),
    Case(
        "conv_2d", [IMAGE], [((2, 3, 4, 5), F)], conv(padding="VALID", dilation_h_factor=2), [real(5, 3, 3, 4), real(5)]
    ),
    Case("conv_2d", [IMAGE], [((2, 7, 6, 6), F)], conv(fused_activation_function="RELU6"), [real(6, 3, 3, 2), real(6)]),
    Case(
        "depthwise_conv_2d",
        [IMAGE],
        [((2, 4, 3, 8), F)],
        conv(stride_h=2, stride_w=2, depth_multiplier=2),
        [real(1, 3, 3, 8), real(8)],
    ),
    Case("conv_3d", [VOLUME], [((1, 3, 4, 6, 3), F)], conv(stride_d=2), [real(3, 3, 3, 2, 3), real(3)]),
    Case(
        "transpose_conv",
        [real(1, 4, 5, 3)],
        [((1, 8, 10, 2), F)],
        conv(stride_h=2, stride_w=2),
        [ints(1, 8, 10, 2), real(2, 3, 3, 3)],
        True,
    ),
    Case(
        "transpose_conv",
        [real(1, 4, 5, 3)],
        [((1, 10, 11, 2), F)],
        conv(stride_h=2, stride_w=2, padding="VALID"),
        [ints(1, 10, 11, 2), real(2, 3, 3, 3)],
        True,
    ),
    *(Case(f"{kind}_pool_2d", [IMAGE], [((2, 4, 6, 4), F)], pool("SAME")) for kind in ("max", "average", "l2")),
    Case("max_pool_2d", [IMAGE], [((2, 3, 5, 4), F)], pool("VALID", fused_activation_function="RELU")),
    Case("fully_connected", [real(4, 6)], [((4, 5), F)], {}, [real(5, 6), real(5)]),
    Case("fully_connected", [X], [((2, 3, 5), F)], {"keep_num_dims": True}, [real(5, 4), real(5)]),
    Case("batch_matmul", [X, real(2, 4, 5)], [((2, 3, 5), F)]),
    Case("batch_matmul", [X, real(2, 3, 5)], [((2, 4, 5), F)], {"adj_x": True}),
    Case("log_softmax", [X], [(X.shape, F)]),
    Case(
        "local_response_normalization",
        [IMAGE],
        [(IMAGE.shape, F)],
        {"radius": 1, "bias": 2.0, "alpha": 0.5, "beta": 0.75},
    ),
    *(
        Case(f"resize_{kind}", [IMAGE], [((2, 9, 11, 4), F)], {option: True} if option else {}, [ints(9, 11)])
        for kind in ("bilinear", "nearest_neighbor")
        for option in ("", "align_corners", "half_pixel_centers")
    ),
    Case("depth_to_space", [IMAGE], [((2, 14, 12, 1), F)], {"block_size": 2}),
    Case("space_to_depth", [real(1, 4, 6, 3)], [((1, 2, 3, 12), F)], {"block_size": 2}),
]
MOVEMENT = [
    Case("reshape", [X], [((6, 4), F)], {}, [ints(-1, 4)]),
    Case("transpose", [X], [((4, 2, 3), F)], {}, [ints(2, 0, 1)]),
    Case("split_v", [X], [((2, 3, 1), F), ((2, 3, 3), F)], {}, [ints(1, -1), scalar(2)]),
    Case("pad", [X], [((3, 3, 6), F)], {}, [ints([1, 0], [0, 0], [0, 2])]),
    Case("padv2", [X], [((3, 3, 6), F)], {}, [ints([1, 0], [0, 0], [0, 2]), F(-3.0)]),
    Case("mirror_pad", [X], [((2, 5, 6), F)], {}, [ints([0, 0], [1, 1], [2, 0])]),
    Case("tile", [X], [((2, 6, 4), F)], {}, [ints(1, 2, 1)]),
    Case("broadcast_to", [real(3, 1)], [((2, 3, 4), F)], {}, [ints(2, 3, 4)]),
    Case("reverse_v2", [X], [(X.shape, F)], {}, [ints(1)]),
    Case("slice", [X, ints(0, 1, 1)], [((2, 2, 2), F)], {}, [ints(2, 2, 2)]),
    Case("strided_slice", [X], [((2, 3, 2), F)], {"ellipsis_mask": 1}, [ints(0, 3), ints(0, 0), ints(1, -2)]),
    Case(
        "strided_slice",
        [X],
        [((1, 2, 3, 4), F)],
        {"new_axis_mask": 1, "begin_mask": 2, "end_mask": 2},
        [ints(0, 0), ints(1, 0), ints(1, 1)],
    ),
    Case(
        "strided_slice",
        [X],
        [((2, 3), F)],
        {"shrink_axis_mask": 4, "begin_mask": 3, "end_mask": 3},
        [ints(0, 0, -1), ints(0, 0, 0), ints(1, 1, 1)],
    ),
    Case("strided_slice", [X, ints(1, 1, 0)], [((1, 2, 4), F)], {"end_mask": 4}, [ints(2, 3, 1), ints(1, 1, 1)]),
    Case("gather", [X], [((2, 2, 4), F)], {"axis": 1}, [ints(2, 0)]),
    Case("gather_nd", [X], [((2, 4), F)], {}, [ints([1, 2], [0, 1])]),
    Case("where", [FLAGS], [((int(FLAGS.sum()), 3), I64)]),
    Case("one_hot", [ints(0, 5, -1)], [((3, 4), F)], {}, [scalar(4), F(1.0), F(0.0)]),
]
AXES = [
    *(
        Case(name, [X], [((2, 4), F)], {}, [ints(1)])
        for name in ("mean", "sum", "reduce_max", "reduce_min", "reduce_prod")
    ),
    Case("mean", [IMAGE], [((2, 1, 1, 4), F)], {"keep_dims": True}, [ints(1, 2)]),
    Case("arg_max", [X], [((2, 4), I64)], {}, [scalar(1)]),
    Case("arg_min", [X], [((2, 3), I32)], {}, [scalar(-1)]),
    Case("topk_v2", [X], [((2, 3, 2), F), ((2, 3, 2), I32)], {}, [scalar(2)]),
    Case(
        "unique",
        [ints(3, 1, 3, 2)],
        [((3,), I32), ((4,), I32)],
        {"tfl.options": "Unique", "idx_out_type": numbers("TensorType")["INT32"]},
    ),
    Case("bucketize", [X], [(X.shape, I32)], {"tfl.options": "Bucketize", "boundaries": (-1.0, 0.0, 0.5)}),
    Case("fake_quant", [X], [(X.shape, F)], {"tfl.options": "FakeQuant", "num_bits": 8, "min": -1.0, "max": 1.5}),
    Case(
        "non_max_suppression_v4",
        [boxes(), real(9)],
        [((4,), I32), ((), I32)],
        {"tfl.options": "NonMaxSuppressionV4"},
        [scalar(4), F(0.3), F(-0.5)],
    ),
    Case(
        "non_max_suppression_v5",
        [boxes(), real(9)],
        [((4,), I32), ((4,), F), ((), I32)],
        {"tfl.options": "NonMaxSuppressionV5"},
        [scalar(4), F(0.3), F(-0.5), F(0.0)],
    ),
]


def lifted(path: Path) -> Any:
    module = load(path)
    LiftTfl().run(module, PassContext())
    module.verify()
    return module


@pytest.mark.parametrize("case", [*CASES, *ELEMENTWISE, *LAYERS, *MOVEMENT, *AXES], ids=lambda c: c.name)
def test_numbers(case: Case, tmp_path: Path) -> None:
    module, inputs = case.build()
    path = tmp_path / "model.tflite"
    save(module, path)
    wanted = run(path, inputs, xnnpack=False)
    assert_close(lifted(path).evaluate(inputs), wanted, case.name)


def test_every_operator_is_lifted_or_refused_with_a_reason() -> None:
    by_importer: Sequence[str] = ("CUSTOM", "DENSIFY")
    assert set(numbers("BuiltinOperator")) == {*LIFTS, *REFUSALS, *by_importer}
    assert all(reason and remedy for reason, remedy in REFUSALS.values())
