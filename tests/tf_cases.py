"""Single operators of TensorFlow with their operands. What TensorFlow gives for them is in data/tf_cases.npz."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from nncc.ir import Builder, Function, Module, TensorType, Value, element, lookup_op
from nncc.ir.types import F32, I32, I64, Dim

Array = np.ndarray


@attrs.frozen
class Case:
    """An operator with its operands in order: inputs (``In``) and constants (arrays, numbers, lists of integers)."""

    op: str
    operands: Sequence[Any]
    attributes: dict[str, Any] = attrs.Factory(dict)
    note: str = ""
    tolerance: float = 1e-5

    @property
    def name(self) -> str:
        return f"{self.op} {self.note}".strip()

    @property
    def inputs(self) -> dict[str, Array]:
        given = [operand.array for operand in self.operands if isinstance(operand, In)]
        return {f"x{i}": array for i, array in enumerate(given)}

    def build(self) -> Module:
        """A module in the tf dialect of this one operation; its outputs are y0, y1, ..."""
        module = Module()
        given = [operand for operand in self.operands if isinstance(operand, In)]
        function, block = Function.create("main", [(f"x{i}", operand.type) for i, operand in enumerate(given)])
        module.body.append(function)
        b = Builder(module, block)
        arguments = iter(function.inputs)
        operands: list[Value] = []
        for number, operand in enumerate(self.operands):
            if isinstance(operand, In):
                operands.append(next(arguments))
            else:
                array = np.asarray(operand, None if isinstance(operand, np.ndarray | np.generic) else _dtype(operand))
                operands.append(b.tf.Const(value=module.constant(array, f"c{number}"), node_name=f"c{number}"))
        definition = lookup_op(f"tf.{self.op}")
        assert definition is not None
        op = b.insert(definition(operands, node_name="op", **self.attributes))
        outputs = [b.tf.Identity(result, node_name=f"y{i}") for i, result in enumerate(op.results)]
        function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
        return module


@attrs.frozen
class In:
    """An input; ``open`` are the dimensions that its type does not say."""

    array: Array
    open: Sequence[int] = ()

    @property
    def type(self) -> TensorType:
        dims: list[Dim] = [None if i in self.open else d for i, d in enumerate(self.array.shape)]
        return TensorType(tuple(dims), element(self.array.dtype))


def _dtype(value: Any) -> type[np.generic]:
    return np.float32 if isinstance(value, float) else np.int32


def real(*shape: int, scale: float = 1.0) -> Array:
    """Numbers that are the same in each run, and others for each shape."""
    seed = zlib.crc32(repr(shape).encode())
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def ints(low: int, high: int, *shape: int, dtype: Any = np.int32) -> Array:
    seed = zlib.crc32(repr((low, high, shape)).encode())
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def vector(*numbers: float, dtype: Any = np.float32) -> Array:
    return np.array(numbers, dtype)


IMAGE = real(2, 7, 9, 4)
ALL_OPEN = (0, 1, 2)
BOXES = np.sort(np.random.default_rng(3).random((6, 2, 2)), axis=1).reshape(6, 4).astype(np.float32)
SCORES = np.random.default_rng(4).random(6).astype(np.float32)
CROPS = (np.random.default_rng(5).random((5, 4)) * 1.4 - 0.2).astype(np.float32)


def convolutions() -> list[Case]:
    found = []
    for padding in ("SAME", "VALID"):
        for stride, dilation in ((1, 1), (2, 1), (1, 2)):
            how = {"padding": padding, "strides": (1, stride, stride, 1), "dilations": (1, dilation, dilation, 1)}
            note = f"{padding} {stride} {dilation}"
            found.append(Case("Conv2D", [In(IMAGE), real(3, 3, 4, 6)], how, note))
            found.append(Case("DepthwiseConv2dNative", [In(IMAGE), real(3, 3, 4, 2)], how, note))
        for stride, kernel in ((1, 3), (2, 2), (2, 3), (3, 2)):
            lengths = [n * stride if padding == "SAME" else (n - 1) * stride + kernel for n in (7, 9)]
            how = {"padding": padding, "strides": (1, stride, stride, 1)}
            operands = [[2, *lengths, 5], real(kernel, kernel, 5, 4), In(IMAGE)]
            found.append(Case("Conv2DBackpropInput", operands, how, f"{padding} {stride} {kernel}"))
    same = {"padding": "SAME", "strides": (1, 2, 2, 1)}
    one = {"padding": "SAME", "strides": (1, 1, 1, 1)}
    explicit = {"padding": "EXPLICIT", "explicit_paddings": (0, 0, 1, 2, 0, 1, 0, 0), "strides": (1, 1, 1, 1)}
    fused = {"num_args": 1, "fused_ops": ("BiasAdd", "Relu6"), **same}
    cubes = {"padding": "SAME", "strides": (1, 2, 1, 2, 1)}
    return [
        *found,
        Case("Conv3DBackpropInputV2", [[1, 6, 5, 7, 2], real(3, 2, 3, 2, 4), In(real(1, 3, 5, 4, 4))], cubes),
        Case("Conv2D", [In(IMAGE), real(3, 3, 2, 6)], one, "groups"),
        Case("Conv2D", [In(IMAGE), real(3, 3, 4, 6)], explicit, "explicit"),
        Case("Conv2D", [In(IMAGE, ALL_OPEN), real(3, 3, 4, 6)], same, "open"),
        Case("_FusedConv2D", [In(IMAGE), real(3, 3, 4, 6), real(6)], fused),
        Case("Conv2DBackpropInput", [[2, 13, 17, 5], real(3, 3, 5, 4), In(IMAGE)], same, "odd"),
        Case("Conv2DBackpropInput", [[2, 14, 18, 5], real(3, 3, 5, 4), In(IMAGE, (0,))], same, "open batch"),
        Case("Conv3D", [In(real(1, 5, 6, 7, 4)), real(3, 2, 3, 4, 6)], {"padding": "SAME", "strides": (1, 2, 1, 2, 1)}),
        Case(
            "Dilation2D",
            [In(IMAGE), real(3, 2, 4)],
            {"strides": (1, 2, 1, 1), "rates": (1, 1, 2, 1), "padding": "SAME"},
        ),
        Case(
            "ExtractImagePatches",
            [In(IMAGE)],
            {"ksizes": (1, 3, 2, 1), "strides": (1, 2, 1, 1), "rates": (1, 1, 2, 1), "padding": "SAME"},
        ),
    ]


def pools() -> list[Case]:
    found = []
    for op in ("MaxPool", "AvgPool"):
        for padding, kernel, stride in (("SAME", 2, 2), ("SAME", 3, 2), ("VALID", 3, 1), ("SAME", 3, 1)):
            how = {"ksize": (1, kernel, kernel, 1), "strides": (1, stride, stride, 1), "padding": padding}
            found.append(Case(op, [In(IMAGE)], how, f"{padding} {kernel} {stride}"))
        how = {"ksize": (1, 3, 3, 1), "strides": (1, 2, 2, 1), "padding": "SAME"}
        found.append(Case(op, [In(IMAGE, ALL_OPEN)], how, "open"))
        cubes = {"ksize": (1, 2, 3, 2, 1), "strides": (1, 2, 2, 1, 1), "padding": "SAME"}
        found.append(Case(f"{op}3D", [In(real(1, 5, 6, 7, 3))], cubes))
    two = {"ksize": (1, 2, 2, 1), "strides": (1, 2, 2, 1), "padding": "SAME"}
    return [
        *found,
        Case("MaxPoolV2", [In(IMAGE), [1, 2, 2, 1], [1, 2, 2, 1]], {"padding": "SAME"}),
        Case("MaxPoolWithArgmax", [In(IMAGE)], two),
        Case("MaxPoolWithArgmax", [In(IMAGE)], {**two, "include_batch_in_index": True}, "with batch"),
    ]


def normalizations() -> list[Case]:
    statistics = [real(4), real(4, scale=2), real(4, scale=3), np.abs(real(4))]
    return [
        Case("FusedBatchNorm", [In(IMAGE), *statistics], {"is_training": False, "epsilon": 0.001}),
        Case("FusedBatchNormV2", [In(IMAGE), *statistics], {"is_training": False, "epsilon": 0.001, "U": F32}),
        Case("FusedBatchNormV3", [In(IMAGE), *statistics], {"is_training": False, "epsilon": 0.001, "U": F32}),
        Case("BiasAdd", [In(IMAGE), real(4)]),
        Case("BiasAdd", [In(IMAGE), real(7)], {"data_format": "NCHW"}, "NCHW"),
        Case("LRN", [In(IMAGE)], {"depth_radius": 2, "bias": 1.5, "alpha": 0.3, "beta": 0.6}),
        Case("L2Loss", [In(IMAGE)]),
    ]


UNARY = {
    **dict.fromkeys(
        ("Abs", "Asinh", "Atan", "Ceil", "Cos", "Cosh", "Erf", "Erfc", "Exp", "Expm1", "Floor"), real(3, 5)
    ),
    **dict.fromkeys(("Inv", "Neg", "Reciprocal", "Relu", "Relu6", "Elu", "Selu", "LeakyRelu"), real(3, 5, scale=5)),
    **dict.fromkeys(
        ("Floor", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Square", "Tan", "Tanh"), real(3, 5)
    ),
    **dict.fromkeys(("Log", "Log1p", "Sqrt", "Rsqrt", "Acosh"), np.abs(real(3, 5)) + 1),
    **dict.fromkeys(("Acos", "Asin", "Atanh"), np.tanh(real(3, 5))),
    **dict.fromkeys(("Round", "Rint"), vector(0.5, 1.5, 2.5, -0.5, -1.5, 0.7)),
    **dict.fromkeys(("IsInf", "IsNan", "IsFinite"), vector(1, np.inf, -np.inf, np.nan)),
    **dict.fromkeys(("Softmax", "LogSoftmax"), real(3, 5)),
    "Invert": ints(-9, 9, 7),
    "LogicalNot": real(7) > 0,
}
REAL_BINARY = (
    *("Add", "AddV2", "Atan2", "Equal", "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Less", "LessEqual"),
    *("Maximum", "Minimum", "Mul", "NotEqual", "RealDiv", "SquaredDifference", "Sub", "TruncateMod"),
)
INT_BINARY = (
    *("AddV2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "FloorDiv", "FloorMod", "Mod", "Mul"),
    *("Maximum", "TruncateDiv"),
)


def elementwise() -> list[Case]:
    zeros = [In(vector(0, 1, 2, 0, 3)), In(vector(0, 0, 2, 3, 0.5))]
    return [
        *(Case(op, [In(x)]) for op, x in UNARY.items()),
        Case("Expm1", [In(vector(1e-7, -3e-6))], {}, "small", 1e-10),
        *(Case(op, [In(real(3, 5)), In(real(5))]) for op in REAL_BINARY),
        *(Case(op, [In(ints(-9, 9, 3, 5)), In(ints(1, 9, 5))], {}, "integers") for op in INT_BINARY),
        *(Case(op, zeros) for op in ("DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Xlog1py")),
        *(Case(op, [In(real(3, 5) > 0), In(real(5) > 0)]) for op in ("LogicalAnd", "LogicalOr")),
        Case("Pow", [In(np.abs(real(3, 5))), In(real(5))]),
        Case("AddN", [In(real(3)), In(real(3)), real(3)]),
        Case("ClipByValue", [In(real(9)), -0.5, 0.7]),
        Case("ClipByValue", [In(ints(-9, 9, 9)), -2, 3], {}, "integers"),
        Case("LeftShift", [In(ints(0, 9, 5)), In(ints(0, 5, 5))]),
        Case("RightShift", [In(ints(-50, 50, 5)), In(ints(0, 5, 5))]),
        Case("ApproximateEqual", [In(real(9)), In(real(9, scale=1.2))], {"tolerance": 0.2}),
        Case("Select", [In(vector(1, 0, 1) > 0), In(real(3, 4)), In(real(3, 4, scale=2))], {}, "slices"),
        Case("Select", [In(real(3, 4) > 0), In(real(3, 4)), In(real(3, 4, scale=2))]),
        Case("SelectV2", [In(real(3, 1) > 0), In(real(3, 4)), In(real(4))]),
        Case("Cast", [In(real(7, scale=5))], {"DstT": I32}),
        Case("Cast", [In(ints(-9, 9, 7))], {"DstT": F32}, "to float"),
        Case("Bitcast", [In(real(7))], {"type": I32}),
        Case("Bucketize", [In(vector(-2, -1, -0.5, 0, 0.5, 2))], {"boundaries": (-1.0, 0.0, 0.5)}),
        *quantizations(),
    ]


def quantizations() -> list[Case]:
    x = [In(real(50, 3, scale=2))]
    limits = [vector(-0.7, -1, 0), vector(1.3, 2, 3)]
    return [
        Case("FakeQuantWithMinMaxArgs", x, {"min": -1.0, "max": 2.0}),
        Case("FakeQuantWithMinMaxArgs", x, {"min": -1.1, "max": 2.0, "num_bits": 4, "narrow_range": True}, "narrow"),
        Case("FakeQuantWithMinMaxArgs", x, {"min": -2.0, "max": 2.0}, "zero between two numbers"),
        Case("FakeQuantWithMinMaxVars", [*x, -0.7, 1.3]),
        Case("FakeQuantWithMinMaxVarsPerChannel", [*x, *limits]),
    ]


def reductions() -> list[Case]:
    found = []
    for op in ("Sum", "Mean", "Prod", "Max", "Min"):
        found.append(Case(op, [In(real(2, 3, 4)), [1, 2]], {"keep_dims": True}, "keep"))
        found.append(Case(op, [In(real(2, 3, 4)), -1]))
        found.append(Case(op, [In(real(2, 3, 4)), np.array([], np.int32)], {}, "no axes"))
    for op in ("Cumsum", "Cumprod"):
        for exclusive, reverse in ((False, False), (True, False), (True, True)):
            how = {"exclusive": exclusive, "reverse": reverse}
            found.append(Case(op, [In(real(3, 5)), 1], how, f"{exclusive} {reverse}"))
    return [
        *found,
        Case("Mean", [In(ints(-9, 9, 3, 5)), 1], {}, "integers"),
        Case("All", [In(real(5, 2) > 0), [1]]),
        Case("Any", [In(real(5, 2) > 0), [1]]),
        Case("EuclideanNorm", [In(real(5, 2)), [1]]),
        Case("ArgMax", [In(real(5, 7)), -1], {"output_type": I32}),
        Case("ArgMin", [In(real(5, 7)), 0], {"output_type": I64}),
        Case("TopKV2", [In(real(5, 7)), 3]),
        Case("TopKV2", [In(real(5, 7)), In(np.array(2, np.int32))], {}, "dynamic"),
        Case("NthElement", [In(real(5, 7)), 2]),
        Case("NthElement", [In(real(5, 7)), 2], {"reverse": True}, "reverse"),
    ]


def shapes() -> list[Case]:
    matrix = In(real(2, 3), (0,))
    indices = In(ints(-1, 5, 2, 3))
    return [
        Case("Shape", [matrix], {"out_type": I32}),
        Case("Size", [matrix], {"out_type": I64}),
        Case("ShapeN", [matrix, In(real(4))], {"out_type": I64}),
        Case("Rank", [matrix]),
        Case("Diag", [In(real(3))]),
        Case("Range", [1, In(np.array(9, np.int32)), 2]),
        Case("LinSpace", [In(np.array(1, np.float32)), 3.0, 7]),
        Case("Fill", [[2, 3], In(np.array(3, np.float32))]),
        Case("Fill", [In(vector(2, 5, dtype=np.int32)), In(np.array(3, np.float32))], {}, "dynamic"),
        Case("ZerosLike", [matrix]),
        Case("OnesLike", [matrix]),
        Case("BroadcastTo", [In(real(2, 1)), [4, 2, 3]]),
        Case("BroadcastTo", [In(real(2, 1)), In(vector(4, 2, 3, dtype=np.int32))], {}, "dynamic"),
        Case("BroadcastArgs", [In(vector(2, 1, dtype=np.int32)), In(vector(4, 1, 3, dtype=np.int32))]),
        *(Case("OneHot", [indices, 4, 2.0, -1.0], {"axis": axis}, str(axis)) for axis in (-1, 0, 1)),
        Case("OneHot", [indices, 4, 3, 1], {}, "integers"),
        *(
            Case("MatrixBandPart", [In(real(2, 4, 5)), low, high], {}, f"{low} {high}")
            for low, high in ((0, -1), (-1, 0), (1, 1), (2, 0))
        ),
        Case("InvertPermutation", [In(vector(2, 0, 1, 3, dtype=np.int32))]),
        Case("MatrixDiag", [In(real(2, 3))]),
    ]


def movements() -> list[Case]:
    x = In(real(3, 5))
    one = In(vector(1, dtype=np.int32))
    return [
        Case("Reshape", [In(real(2, 6)), [3, -1]]),
        Case("Reshape", [In(real(2, 6)), In(vector(3, 4, dtype=np.int32))], {}, "dynamic"),
        Case("Transpose", [In(real(2, 3, 4)), [2, 0, 1]]),
        Case("ConcatV2", [In(real(2, 3)), In(real(2, 4)), -1], {"N": 2}),
        Case("Concat", [1, In(real(2, 3)), In(real(2, 4))]),
        Case("Pack", [In(real(2, 3)), In(real(2, 3, scale=2))], {"axis": -1}),
        Case("Unpack", [In(real(2, 3, 4))], {"num": 3, "axis": 1}),
        Case("Split", [1, In(real(2, 6))], {"num_split": 3}),
        Case("Split", [0, In(real(4, 6), (0,))], {"num_split": 2}, "open"),
        Case("SplitV", [In(real(2, 6)), [1, -1, 2], 1], {"num_split": 3}),
        Case("SplitV", [In(real(4, 6), (0,)), [1, -1], 0], {"num_split": 2}, "open"),
        Case("Squeeze", [In(real(2, 1, 3, 1))]),
        Case("Squeeze", [In(real(2, 1, 3, 1))], {"squeeze_dims": (-1,)}, "axes"),
        Case("ExpandDims", [In(real(2, 3)), -2]),
        Case("Tile", [In(real(2, 3)), [2, 3]]),
        Case("ReverseV2", [In(real(2, 3)), [-1]]),
        Case("Reverse", [In(real(2, 3)), np.array([True, False])]),
        Case("Identity", [x]),
        Case("IdentityN", [x, In(real(2))]),
        Case("EnsureShape", [x], {"shape": (-1, 5)}),
        *(Case(op, [x]) for op in ("StopGradient", "PreventGradient", "Snapshot")),
        Case("CheckNumerics", [x], {"message": ""}),
        Case("PlaceholderWithDefault", [real(2, 3)], {"shape": (2, 3)}),
        Case("Roll", [x, [1, -2], [0, 1]]),
        Case("ReverseSequence", [In(real(3, 5, 2)), In(vector(2, 5, 0, dtype=np.int32))], {"seq_dim": 1}),
        Case("Slice", [x, [0, 1], [2, -1]]),
        Case("Slice", [x, In(vector(1, 2, dtype=np.int32)), In(vector(2, -1, dtype=np.int32))], {}, "dynamic"),
        Case("StridedSlice", [x, [1, 0], [3, 5], [1, 2]], {}, "plain"),
        Case("StridedSlice", [x, [0, -3], [0, -1], [-1, 1]], {"begin_mask": 1, "end_mask": 1}, "backwards"),
        Case("StridedSlice", [x, [-1, 2], [0, 3], [1, 1]], {"shrink_axis_mask": 3}, "places"),
        Case("StridedSlice", [x, [0, 0, 1], [0, 0, 9], [1, 1, 1]], {"new_axis_mask": 2, "end_mask": 1}, "new axis"),
        Case("StridedSlice", [x, [0, 1], [0, 2], [1, 1]], {"ellipsis_mask": 1, "shrink_axis_mask": 2}, "ellipsis"),
        Case("StridedSlice", [x, one, In(vector(3, dtype=np.int32)), [1]], {"shrink_axis_mask": 1}, "computed place"),
        Case("StridedSlice", [x, one, In(vector(3, dtype=np.int32)), [1]], {}, "computed range"),
        Case("Pad", [x, [[1, 2], [0, 1]]]),
        Case("PadV2", [x, [[1, 2], [0, 1]], 7.0]),
        Case("Pad", [x, In(vector(2, 1, 0, 2, dtype=np.int32).reshape(2, 2))], {}, "dynamic"),
        Case("MirrorPad", [x, [[1, 2], [2, 1]]], {"mode": "REFLECT"}, "reflect"),
        Case("MirrorPad", [x, [[1, 2], [2, 1]]], {"mode": "SYMMETRIC"}, "symmetric"),
        Case("DepthToSpace", [In(real(2, 3, 4, 8))], {"block_size": 2}),
        Case("SpaceToDepth", [In(real(2, 4, 6, 3))], {"block_size": 2}),
        Case("SpaceToBatchND", [In(real(2, 5, 7, 3)), [2, 3], [[1, 0], [0, 2]]]),
        Case("SpaceToBatchND", [In(real(2, 5, 7), (0,)), [2], [[1, 0]]], {}, "open"),
        Case("BatchToSpaceND", [In(real(12, 3, 3, 3)), [2, 3], [[1, 0], [0, 2]]]),
        Case("SpaceToBatch", [In(real(2, 5, 7, 3)), [[1, 0], [0, 1]]], {"block_size": 2}),
        Case("BatchToSpace", [In(real(8, 3, 4, 3)), [[1, 0], [0, 1]]], {"block_size": 2}),
        Case("BatchToSpaceND", [In(real(8, 3, 4, 3), (0,)), [2, 2], [[0, 0], [0, 1]]], {}, "open"),
    ]


def products() -> list[Case]:
    return [
        Case("MatMul", [In(real(4, 3)), In(real(5, 4))], {"transpose_a": True, "transpose_b": True}),
        Case("_FusedMatMul", [In(real(4, 3)), real(3, 5), real(5)], {"num_args": 1, "fused_ops": ("BiasAdd", "Relu")}),
        Case("BatchMatMul", [In(real(2, 3, 4)), In(real(2, 4, 5))]),
        Case("BatchMatMulV2", [In(real(2, 1, 3, 4)), In(real(5, 6, 4))], {"adj_y": True}),
        Case("BatchMatMulV3", [In(ints(-9, 9, 3, 4)), In(ints(-9, 9, 4, 2))], {"Tout": I32}),
        Case("Einsum", [In(real(2, 3, 4)), In(real(4, 2, 3))], {"equation": "abc,cde->abde"}),
        Case("Einsum", [In(real(2, 3, 4)), In(real(4, 2))], {"equation": "...ij,jk->...ik"}, "ellipsis"),
        Case("MatrixInverse", [In(real(2, 3, 3))], {}, "", 1e-4),
        Case("MatrixInverse", [In(real(2, 3, 3))], {"adjoint": True}, "adjoint", 1e-4),
        Case("MatrixDeterminant", [In(real(2, 3, 3))]),
    ]


def indices() -> list[Case]:
    places = In(np.array([[1], [3], [4]], np.int32))
    suppression = [In(BOXES), In(SCORES), 4, 0.3, 0.1]
    return [
        Case("GatherV2", [In(real(3, 5, 2)), In(np.array([[0, 4], [2, 2]], np.int32)), 1]),
        Case("GatherV2", [In(real(3, 5, 4)), In(ints(0, 4, 3, 2)), 2], {"batch_dims": 1}, "batch"),
        Case("Gather", [In(real(3, 5)), In(np.array([[0, 2]], np.int32))]),
        Case("GatherNd", [In(real(3, 5, 2)), In(np.array([[0, 4], [2, 2]], np.int32))]),
        Case("ScatterNd", [In(np.array([[1], [3], [1]], np.int32)), In(real(3)), [6]]),
        *(
            Case(f"TensorScatter{name}", [In(real(6, 2)), places, In(real(3, 2))])
            for name in ("Update", "Add", "Sub", "Max", "Min")
        ),
        Case("UnsortedSegmentSum", [In(real(5, 2)), In(vector(1, 3, 1, -1, 0, dtype=np.int32)), 4]),
        Case("SegmentSum", [In(real(5, 2)), vector(0, 0, 1, 3, 3, dtype=np.int32)]),
        Case("Where", [In(real(4, 3) > 0)]),
        Case("UniqueV2", [In(np.array([[1, 2], [3, 4], [1, 2]], np.int32)), [0]]),
        Case("UniqueWithCounts", [In(vector(3, 1, 3, 2, 1, dtype=np.int32))]),
        Case("Unique", [In(vector(3, 1, 3, 2, 1, dtype=np.int32))]),
        Case("NonMaxSuppressionV2", suppression[:4]),
        Case("NonMaxSuppressionV3", suppression),
        Case("NonMaxSuppressionV4", suppression),
        Case("NonMaxSuppressionV5", [*suppression, 0.0]),
    ]


def images() -> list[Case]:
    found = []
    for op, tolerance in (("ResizeBilinear", 1e-5), ("ResizeNearestNeighbor", 0.0), ("ResizeBicubic", 2e-5)):
        for align, half in ((False, False), (True, False), (False, True)):
            for size in ([14, 18], [5, 4], [10, 7]):
                how = {"align_corners": align, "half_pixel_centers": half}
                found.append(Case(op, [In(IMAGE), size], how, f"{align} {half} {size}", tolerance))
    antialias = {"antialias": True}
    scale = [4, 5], vector(4 / 7, 5 / 9), vector(0, 0)
    crops = [In(IMAGE), In(CROPS), In(vector(0, 1, 1, 0, 0, dtype=np.int32))]
    computed = [In(IMAGE, ALL_OPEN), In(vector(9, 12, dtype=np.int32))]
    return [
        *found,
        Case("ResizeBilinear", computed, {"half_pixel_centers": True}, "open"),
        Case("ResizeArea", [In(real(1, 6, 8, 2)), [3, 2]]),
        Case("ScaleAndTranslate", [In(IMAGE), *scale], {"kernel_type": "triangle", **antialias}, "triangle"),
        Case("ScaleAndTranslate", [In(IMAGE), *scale], {"kernel_type": "keyscubic", **antialias}, "cubic"),
        *(
            Case("CropAndResize", [*crops, [3, 4]], {"method": method, "extrapolation_value": 0.5}, method)
            for method in ("bilinear", "nearest")
        ),
        Case("CropAndResize", [*crops, [1, 1]], {}, "one place"),
    ]


FAMILIES = (
    *(convolutions, pools, normalizations, elementwise, reductions, shapes, movements, products, indices, images),
)
CASES = {case.name: case for family in FAMILIES for case in family()}
