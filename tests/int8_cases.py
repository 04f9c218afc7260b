"""Operations on 8-bit integers, each in a module of its own: what tests of their kernels run in several ways."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from nncc.ir import Builder, Function, Module, Operation, QuantizedType, TensorType, Value, as_dense, lookup_op
from nncc.ir.dialects.tfl.quantization import INT8_RULES, int8_rule
from nncc.ir.types import F32, I1, I8, I32, I64

X = QuantizedType(I8, F32, (0.05,), (3,))
Y = QuantizedType(I8, F32, (0.04,), (-7,))
Z = QuantizedType(I8, F32, (0.3,), (5,))
POSITIVE = QuantizedType(I8, F32, (0.02,), (-128,))
IMAGE = (2, 4, 4, 6)
RNG = np.random.default_rng(5)

Kind = Any  # an element type, quantized or not


@attrs.frozen
class Case:
    """One operation: shapes and element types of operands and results, constants, attributes."""

    name: str
    operands: Sequence[tuple[tuple[int, ...], Kind]]
    results: Sequence[tuple[tuple[int, ...], Kind]]
    attributes: dict[str, Any] = attrs.Factory(dict)
    constants: Sequence[np.ndarray] = ()

    def build(self) -> tuple[Module, Operation]:
        module = Module()
        types = [TensorType(s, k) for s, k in self.operands]
        function, block = Function.create("main", [(f"x{i}", t) for i, t in enumerate(types)])
        module.body.append(function)
        b = Builder(module, block)
        constants = [b.constant(c) for c in self.constants]
        op = made(b, self.name, [*function.inputs, *constants], self.results, **self.attributes)
        function.set_outputs([(f"y{i}", r) for i, r in enumerate(op.results)])
        return module, op


def made(b: Builder, name: str, operands: Sequence[Value], results: Sequence[Any], **attributes: Any) -> Operation:
    """An nn operation whose results have types of ours: inference knows real ones alone."""
    definition = lookup_op(f"nn.{name}")
    assert definition is not None
    return b.insert(definition(*operands, result_types=[TensorType(s, k) for s, k in results], **attributes))


def unary(name: str, result: Kind = Z, operand: Kind = X, shape: tuple[int, ...] = IMAGE, **attributes: Any) -> Case:
    return Case(name, [(shape, operand)], [(shape, result)], attributes)


def binary(name: str, shape: tuple[int, ...], other: tuple[int, ...], same: bool = False, result: Any = Z) -> Case:
    kinds = (X, X, X) if same else (X, Y, result)
    out = np.broadcast_shapes(shape, other)
    return Case(name, [(shape, kinds[0]), (other, kinds[1])], [(out, kinds[2])])


def move(name: str, x: tuple[int, ...], y: tuple[int, ...], *constants: Any, **attributes: Any) -> Case:
    return Case(name, [(x, X)], [(y, X)], attributes, [np.array(c, np.int32) for c in constants])


def activations() -> list[Case]:
    fixed = {"sigmoid": (1 / 256, -128), "tanh": (1 / 128, 0), "softmax": (1 / 256, -128), "log_softmax": (1 / 16, 127)}
    cases = [unary(n, QuantizedType(I8, F32, (s,), (z,))) for n, (s, z) in fixed.items()]
    cases += [unary(n, fixed_type(n), shape=(2, 3, 2, 2, 6)) for n in fixed]
    cases += [unary(n) for n in ("abs", "neg", "square", "exp", "relu", "elu", "gelu", "hard_swish")]
    cases += [unary(n, operand=POSITIVE) for n in ("log", "rsqrt")]
    cases += [unary("leaky_relu", alpha=0.1)]
    cases += [unary("clip", min=low, max=high) for low, high in ((0.0, 6.0), (-1.0, 1.0), (0.0, 1.0), (-2.0, 1.5))]
    cases += [unary("clip", min=7.0, max=9.0)]  # beyond what the operand's type holds
    return cases


def fixed_type(name: str) -> QuantizedType:
    rule = INT8_RULES[f"nn.{name}"]
    assert rule.fixed_output is not None
    scale, zero = rule.fixed_output
    return QuantizedType(I8, F32, (scale,), (zero,))


def arithmetic() -> list[Case]:
    shapes = [((2, 4, 6), (2, 4, 6)), (IMAGE, (6,)), (IMAGE, (1, 1, 1, 1)), ((2, 3, 2, 2, 6), (6,))]
    deep = [*shapes, ((2, 3, 1, 2, 2, 6), (1, 2, 1, 1, 6))]
    cases = [binary(n, *s) for n in ("add", "sub", "mul", "squared_difference") for s in deep]
    cases += [binary(n, *s, same=True) for n in ("maximum", "minimum") for s in shapes]
    cases += [binary("prelu", IMAGE, s) for s in ((6,), (1, 1, 6))]
    comparisons = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
    cases += [binary(n, *s, result=I1) for n in comparisons for s in shapes[:3]]
    for shape in ((2, 4, 6), (2, 3, 2, 2, 6)):
        cases.append(Case("select", [(shape, I1), (shape, X), ((1,), X)], [(shape, X)]))
    for shape, other in (((4, 6), (6, 5)), ((2, 4, 6), (2, 6, 5)), ((2, 3, 4, 6), (6, 5)), ((2, 2, 3, 4, 6),) * 2):
        turned = shape == other
        out = (*shape[:-1], 4 if turned else 5)
        cases.append(Case("matmul", [(shape, X), (other, Y)], [(out, Z)], {"transpose_rhs": turned}))
    return cases


def reductions() -> list[Case]:
    cases = []
    for name in ("reduce_mean", "reduce_sum", "reduce_max", "reduce_min"):
        kind = X if INT8_RULES[f"nn.{name}"].same_scale else Z
        for keep, out in ((True, (2, 1, 1, 6)), (False, (2, 6))):
            cases.append(Case(name, [(IMAGE, X)], [(out, kind)], {"axes": (1, 2), "keep_dims": keep}))
    cases += [Case(n, [(IMAGE, X)], [((2, 4, 4, 1), I64)], {"axis": 3}) for n in ("argmax", "argmin")]
    cases.append(Case("top_k", [(IMAGE, X)], [((2, 4, 4, 3), X), ((2, 4, 4, 3), I32)], {"k": 3}))
    return cases


def movements() -> list[Case]:
    cases = []
    for shape in ((2, 3, 4), IMAGE, (2, 3, 2, 2, 6)):
        rank = len(shape)
        ones, pads = (1,) * rank, (1,) * rank + (2,) * rank
        longer = tuple(d + 3 for d in shape)
        cases += [
            move("reshape", shape, (int(np.prod(shape)),), shape=(-1,)),
            move("transpose", shape, shape[::-1], perm=tuple(range(rank))[::-1]),
            move("slice", shape, (1, *shape[1:]), starts=(1, *(0,) * (rank - 1)), stops=shape, steps=ones),
            move("slice", shape, shape, starts=(-1, *(0,) * (rank - 1)), stops=(-9, *shape[1:]), steps=(-1, *ones[1:])),
            move("pad", shape, longer, pads=pads),
            move("pad", shape, longer, pads=pads, value=-1.0),
            move("pad", shape, longer, pads=pads, value=-np.inf),
            move("pad", shape, tuple(d + 1 for d in shape), pads=ones + (0,) * rank, mode="reflect"),
            move("tile", shape, tuple(d * 2 for d in shape), reps=(2,) * rank),
            move("broadcast_to", (1, *shape[1:]), shape, shape=shape),
            move("reverse", shape, shape, axes=(1,)),
            move("gather", shape, (shape[0], 2, 3, *shape[2:]), [[0, 1, 1], [2, 0, 1]], axis=1),
            move("gather_nd", shape, (2, *shape[2:]), [[0, 1], [1, 0]]),
            Case("concat", [(shape, X), (shape, X)], [((shape[0] * 2, *shape[1:]), X)], {"axis": 0}),
        ]
        half, rest = (*shape[:-1], shape[-1] // 2), (*shape[:-1], shape[-1] - 1)
        cases.append(Case("split", [(shape, X)], [(half, X)] * 2, {"axis": -1, "sizes": (half[-1],) * 2}))
        sizes = {"axis": -1, "sizes": (1, rest[-1])}
        cases.append(Case("split", [(shape, X)], [((*shape[:-1], 1), X), (rest, X)], sizes))
    return cases


def images() -> list[Case]:
    last = {"channel_last": True}
    cases = [
        move("depth_to_space", (2, 4, 4, 8), (2, 8, 8, 2), block=2, **last),
        move("space_to_depth", (2, 4, 4, 8), (2, 2, 2, 32), block=2, **last),
        move("max_pool", IMAGE, (2, 2, 2, 6), kernel=(2, 2), strides=(2, 2), **last),
        move("average_pool", IMAGE, (2, 2, 2, 6), kernel=(2, 2), strides=(2, 2), **last),
        move("average_pool", IMAGE, (2, 2, 2, 6), kernel=(3, 3), strides=(2, 2), pads=(0, 0, 1, 1), **last),
        move("average_pool", IMAGE, (2, 1, 1, 6), kernel=(4, 4), **last),
    ]
    ways = [("linear", c, "floor") for c in ("half_pixel", "align_corners", "asymmetric")]
    ways += [("nearest", "asymmetric", "floor"), ("nearest", "tf_half_pixel_for_nn", "floor")]
    ways += [("nearest", "align_corners", "round_prefer_ceil")]
    for mode, coordinate, rounding in ways:
        for size in ((8, 8), (7, 3)):
            options = {"mode": mode, "coordinate": coordinate, "rounding": rounding, **last}
            cases.append(move("resize", IMAGE, (2, *size, 6), sizes=size, **options))
    return cases


def values(function: Function) -> dict[str, np.ndarray]:
    """Random stored numbers for all inputs."""
    found = {}
    for name, value in zip(function.input_names, function.inputs, strict=True):
        type = value.tensor
        shape = type.static_shape
        found[name] = (
            RNG.random(shape) < 0.5 if type.storage.is_bool else RNG.integers(-128, 128, shape).astype(np.int8)
        )
    return found


# Weights


def weights(shape: tuple[int, ...], axis: int) -> tuple[np.ndarray, QuantizedType]:
    scales = tuple(map(float, RNG.random(shape[axis]) * 0.01 + 0.005))
    kind = QuantizedType(I8, F32, scales, (0,) * len(scales), axis)
    return RNG.integers(-127, 128, shape).astype(np.int8), kind


def weighted(
    name: str, x: tuple[int, ...], weight: tuple[int, ...], y: tuple[int, ...], bias: bool, **attributes: Any
) -> Module:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(x, X))])
    module.body.append(function)
    b = Builder(module, block)
    axis = INT8_RULES[f"nn.{name}"].weight_axis
    assert axis is not None
    array, kind = weights(weight, axis)
    result = attributes.pop("result", Z)

    def constant(array: np.ndarray, kind: QuantizedType) -> Value:
        type = TensorType(array.shape, kind)
        return made(b, "constant", [], [(array.shape, kind)], value=as_dense(array, type)).results[0]

    operands = [*function.inputs, constant(array, kind)]
    if bias:
        scales = tuple(X.scale * s for s in kind.scales)
        bias_kind = QuantizedType(I32, F32, scales, (0,) * len(scales), 0)
        operands.append(constant(RNG.integers(-200, 200, y[-1]).astype(np.int32), bias_kind))
    op = made(b, name, operands, [(y, result)], **attributes)
    assert not isinstance(int8_rule(op), str)
    function.set_outputs([("y", op.results[0])])
    return module


def weight_cases() -> dict[str, Callable[[bool], Module]]:
    last = {"channel_last": True}
    zero_based = QuantizedType(I8, F32, (0.3,), (-128,))
    image, same = (2, 8, 8, 8), {"pads": (1, 1, 1, 1), **last}
    half = {"strides": (2, 2), **last}
    ends = {"pads": (0, 0, 1, 1), "activation": "relu", "result": zero_based, **half}
    wide = {"pads": (2, 2, 2, 2), "dilations": (2, 2), **last}
    inner = {"pads": (1, 1, 1, 1), **half}
    given: dict[str, tuple[Any, ...]] = {
        "conv": ("conv", (2, 8, 8, 3), (8, 3, 3, 3), (2, 6, 6, 8), last),
        "conv, SAME, relu": ("conv", (2, 8, 8, 3), (8, 3, 3, 3), (2, 4, 4, 8), ends),
        "conv, dilations": ("conv", image, (12, 8, 3, 3), (2, 8, 8, 12), wide),
        "conv, groups": ("conv", image, (12, 2, 3, 3), (2, 8, 8, 12), {"groups": 4, **same}),
        "depthwise": ("conv", image, (8, 1, 3, 3), image, {"groups": 8, **same}),
        "depthwise, twice": ("conv", image, (16, 1, 3, 3), (2, 8, 8, 16), {"groups": 8, **same}),
        "depthwise, dilations": ("conv", image, (8, 1, 3, 3), image, {"groups": 8, **wide}),
        "conv_transpose": ("conv_transpose", (2, 4, 4, 8), (8, 6, 4, 4), (2, 8, 8, 6), inner),
        "conv_transpose, VALID": ("conv_transpose", (2, 4, 4, 8), (8, 6, 3, 3), (2, 9, 9, 6), half),
        "affine": ("affine", (5, 12), (12, 7), (5, 7), {}),
        "affine, 3-D": ("affine", (2, 5, 12), (12, 7), (2, 5, 7), {}),
        "affine, 4-D": ("affine", (2, 5, 2, 12), (12, 7), (2, 5, 2, 7), {}),
    }
    return {
        key: lambda bias, g=(name, x, w, y, a): weighted(*g[:4], bias=bias, **dict(g[4]))
        for key, (name, x, w, y, a) in given.items()
    }
