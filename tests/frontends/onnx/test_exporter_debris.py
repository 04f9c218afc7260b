"""What exporters write around and instead of operations folds away, and onnxruntime's numbers stay."""

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from nncc.frontends.onnx import load
from nncc.ir import Trait
from nncc.pipelines import driver

OPEN = 2
"""What open dimensions are when the numbers are compared."""


class Converted:
    """A model in ONNX's own syntax, and what onnx-to-nn made of it."""

    def __init__(self, folder: Path, text: str, opset: int, domains: str = "", **parameters) -> None:
        self.model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}{domains}]> {text}')
        onnx.checker.check_model(self.model)
        path = folder / "model.onnx"
        onnx.save(self.model, path)
        self.module = load(path)
        driver.compile(self.module, "onnx-to-nn", **parameters)
        self.check_numbers(path)

    def check_numbers(self, path: Path) -> None:
        runtime = pytest.importorskip("onnxruntime")
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        rng = np.random.default_rng(0)
        inputs = {}
        for port in session.get_inputs():
            shape = [d if isinstance(d, int) else OPEN for d in port.shape]
            inputs[port.name] = rng.normal(size=shape).astype(np.float32)
        expected = session.run(None, inputs)
        for actual, wanted in zip(self.module.evaluate(inputs).values(), expected, strict=True):
            np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-5)

    @property
    def ops(self):
        """The operations, without constants and the return."""
        return [op for op in self.module.main.body if not {Trait.CONSTANT, Trait.TERMINATOR} & op.traits]

    @property
    def names(self):
        return [op.name.removeprefix("nn.") for op in self.ops]


@pytest.fixture
def convert(tmp_path: Path):
    return lambda text, opset=17, **parameters: Converted(tmp_path, text, opset, **parameters)


def graph(inputs: str, body: str, output: str = "float[D0,D1] y") -> str:
    """A graph; outputs with named dimensions are of any size."""
    return f"g ({inputs}) => ({output}) {{ {body} }}"


TENSOR = "float[N,6,8] x"
ANY3 = "float[A,B,C] y"
ANY4 = "float[A,B,C,D] y"
IMAGE = "float[N,4,6,8] x"

# name: (opset, text, what is left)
DEBRIS = {
    "identities and dropout": (
        17,
        graph(TENSOR, "a = Identity(x) b = Dropout(a) c = Relu(b) y = Identity(c)", ANY3),
        ["relu"],
    ),
    "casts there and back": (17, graph(TENSOR, "a = Cast<to = 11>(x) b = Cast<to = 1>(a) y = Relu(b)", ANY3), ["relu"]),
    "squeeze behind unsqueeze": (
        17,
        graph(
            TENSOR,
            """i = Constant<value = int64[1] {1}>() a = Unsqueeze(x, i) b = Squeeze(a, i) y = Tanh(b)""",
            ANY3,
        ),
        ["tanh"],
    ),
    "slices of everything": (
        17,
        graph(
            TENSOR,
            """s = Constant<value = int64[1] {0}>() e = Constant<value = int64[1] {9223372036854775807}>()
            a = Constant<value = int64[1] {1}>() b = Slice(x, s, e, a) c = Slice(b, s, e, s) y = Tanh(c)""",
            ANY3,
        ),
        ["tanh"],
    ),
    "view(x.size(0), -1)": (
        17,
        graph(
            TENSOR,
            """s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i) a = Constant<value = int64[1] {0}>()
            u = Unsqueeze(n, a) r = Constant<value = int64[1] {-1}>() t = Concat<axis = 0>(u, r) y = Reshape(x, t)""",
        ),
        ["reshape"],
    ),
    "a view of the shape that it has": (
        17,
        graph(
            TENSOR,
            """s = Shape(x) i = Constant<value = int64 {0}>() n = Gather(s, i) a = Constant<value = int64[1] {0}>()
            u = Unsqueeze(n, a) r = Constant<value = int64[2] {6, 8}>() t = Concat<axis = 0>(u, r)
            v = Reshape(x, t) y = Tanh(v)""",
            ANY3,
        ),
        ["tanh"],
    ),
    "x.expand_as, with its -1": (
        17,
        graph(
            "float[N,1,8] x, float[N,6,8] z",
            """s = Shape(z) n = Shape(s) f = ConstantOfShape<value = int64[1] {1}>(n) m = Constant<value = int64 {-1}>()
            k = Mul(f, m) q = Equal(s, k) w = Where(q, f, s) e = Expand(x, w) y = Add(e, z)""",
            ANY3,
        ),
        ["add"],
    ),
    "a bias that MatMul lacks": (
        17,
        graph(
            TENSOR,
            """w = Constant<value = float[8,2] {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7}>()
            b = Constant<value = float[2] {1,2}>() m = MatMul(x, w) y = Add(b, m)""",
            ANY3,
        ),
        ["affine"],
    ),
    "Gemm with a transposed weight": (
        13,
        graph(
            "float[N,3] x",
            "w = Constant<value = float[2,3] {1,2,3,4,5,6}>() b = Constant<value = float[2] {1,2}>()"
            "y = Gemm<transB = 1>(x, w, b)",
        ),
        ["affine"],
    ),
    "channel-last convolutions of tf2onnx": (
        13,
        graph(
            "float[N,6,8,2] x",
            """w = Constant<value = float[2,2,1,1] {1,2,3,4}>()
            a = Transpose<perm = [0,3,1,2]>(x) b = Conv(a, w) c = Transpose<perm = [0,2,3,1]>(b) d = Relu(c)
            e = Transpose<perm = [0,3,1,2]>(d) f = Conv(e, w) y = Transpose<perm = [0,2,3,1]>(f)""",
            ANY4,
        ),
        ["transpose", "conv", "conv", "transpose"],
    ),
    "batch norm behind a convolution": (
        15,
        graph(
            IMAGE,
            """w = Constant<value = float[2,4,1,1] {1,2,3,4,5,6,7,8}>() s = Constant<value = float[2] {1,2}>()
            v = Constant<value = float[2] {3,4}>() c = Conv(x, w) b = BatchNormalization(c, s, s, v, v) y = Relu(b)""",
            ANY4,
        ),
        ["conv"],
    ),
    "F.pad of PyTorch": (
        17,
        graph(
            TENSOR,
            """p = Constant<value = int64[2] {1, 2}>() l = Constant<value = int64[1] {4}>()
            z = ConstantOfShape<value = int64[1] {0}>(l) c = Concat<axis = 0>(p, z)
            t = Constant<value = int64[2] {-1, 2}>() r = Reshape(c, t) s = Constant<value = int64[1] {-1}>()
            e = Constant<value = int64[1] {-9223372036854775807}>() a = Constant<value = int64[1] {0}>()
            b = Slice(r, s, e, a, s) d = Transpose<perm = [1, 0]>(b) f = Reshape(d, s) g = Cast<to = 7>(f)
            y = Pad(x, g)""",
            ANY3,
        ),
        ["pad"],
    ),
    "interpolate by computed sizes": (
        13,
        graph(
            "float[1,4,6,8] x",
            """s = Shape(x) a = Constant<value = int64[1] {2}>() e = Constant<value = int64[1] {4}>() h = Slice(s, a, e)
            f = Cast<to = 1>(h) k = Constant<value = float {2.0}>() m = Mul(f, k) g = Cast<to = 1>(m) o = Floor(g)
            i = Cast<to = 7>(o) z = Constant<value = int64[1] {0}>() n = Slice(s, z, a) q = Concat<axis = 0>(n, i)
            y = Resize<mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor">
                (x, , , q)""",
            ANY4,
        ),
        ["resize"],
    ),
    "anchors by ranges": (
        17,
        graph(
            "float[1,2,6] x",
            """s = Shape(x) i = Constant<value = int64 {2}>() n = Gather(s, i) z = Constant<value = int64 {0}>()
            o = Constant<value = int64 {1}>() r = Range(z, n, o) f = Cast<to = 1>(r) y = Add(x, f)""",
            ANY3,
        ),
        ["add"],
    ),
}


@pytest.mark.parametrize("name", DEBRIS)
def test_debris_folds_away(convert, name):
    opset, text, left = DEBRIS[name]
    assert convert(text, opset).names == left


# The functions that operators have names for, as exporters spell them out.
NUMBERS = """one = Constant<value = float {1}>() half = Constant<value = float {0.5}>()
two = Constant<value = float {2}>() three = Constant<value = float {3}>() zero = Constant<value = float {0}>()
six = Constant<value = float {6}>() root2 = Constant<value = float {1.4142135}>()
eps = Constant<value = float {0.00001}>() """
SPELLINGS = {
    "layer norm of PyTorch": (
        """m = ReduceMean<axes = [-1]>(x) c = Sub(x, m) p = Pow(c, two) v = ReduceMean<axes = [-1]>(p) e = Add(v, eps)
        r = Sqrt(e) n = Div(c, r) s = Constant<value = float[8] {1,2,3,4,5,6,7,8}>() t = Mul(n, s) y = Add(t, s)""",
        ["layer_norm"],
    ),
    "layer norm of tf2onnx": (
        """eighth = Constant<value = float {0.125}>() a = Constant<value = int64[1] {2}>()
        u = ReduceSum<keepdims = 0>(x, a) m = Mul(u, eighth) q = Mul(x, x) w = ReduceSum<keepdims = 0>(q, a)
        k = Mul(w, eighth) l = Mul(m, m) v = Sub(k, l) d = Unsqueeze(v, a) e = Add(d, eps) r = Sqrt(e) i = Reciprocal(r)
        s = Constant<value = float[8] {1,2,3,4,5,6,7,8}>() g = Mul(i, s) b = Unsqueeze(m, a) c = Sub(x, b)
        t = Mul(c, g) y = Add(t, s)""",
        ["layer_norm"],
    ),
    "gelu": ("d = Div(x, root2) e = Erf(d) a = Add(e, one) m = Mul(x, a) y = Mul(m, half)", ["gelu"]),
    "gelu with half of x": ("d = Div(x, root2) e = Erf(d) a = Add(e, one) h = Mul(x, half) y = Mul(h, a)", ["gelu"]),
    "gelu by tanh": (
        """p = Pow(x, three) k = Constant<value = float {0.044715}>() q = Mul(k, p) a = Add(x, q)
        r = Constant<value = float {0.7978846}>() s = Mul(r, a) t = Tanh(s) u = Add(t, one) h = Mul(half, x)
        y = Mul(h, u)""",
        ["gelu"],
    ),
    "softmax": (
        """a = Constant<value = int64[1] {2}>() m = ReduceMax<axes = [2]>(x) c = Sub(x, m) e = Exp(c)
        s = ReduceSum(e, a) y = Div(e, s)""",
        ["softmax"],
    ),
    "softmax of tf2onnx": (
        """a = Constant<value = int64[1] {2}>() m = ReduceMax<axes = [2], keepdims = 0>(x) u = Unsqueeze(m, a)
        c = Sub(x, u) e = Exp(c) s = ReduceSum<keepdims = 0>(e, a) v = Unsqueeze(s, a) y = Div(e, v)""",
        ["softmax"],
    ),
    "hard swish": ("a = Add(x, three) c = Clip(a, zero, six) m = Mul(x, c) y = Div(m, six)", ["hard_swish"]),
    "hard swish by hard sigmoid": ("h = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x) y = Mul(x, h)", ["hard_swish"]),
    "hard sigmoid": ("a = Add(x, three) c = Clip(a, zero, six) y = Div(c, six)", ["hard_sigmoid"]),
    "SiLU": ("s = Sigmoid(x) y = Mul(x, s)", ["swish"]),
    "SiLU of tf2onnx": ("n = Neg(x) e = Exp(n) a = Add(e, one) r = Reciprocal(a) y = Mul(r, x)", ["swish"]),
    "Mish": ("s = Softplus(x) t = Tanh(s) y = Mul(x, t)", ["softplus", "tanh", "mul"]),
    "leaky relu": ("k = Constant<value = float {0.1}>() m = Mul(x, k) y = Max(x, m)", ["leaky_relu"]),
    "relu6": ("y = Clip(x, zero, six)", ["clip"]),
    "L2 norm": (
        "a = Constant<value = int64[1] {2}>() q = Mul(x, x) s = ReduceSum(q, a) r = Sqrt(s) y = Div(x, r)",
        ["square", "reduce_sum", "rsqrt", "mul"],
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("dims", ["N,6", "1,6"])
def test_functions_are_recognized(convert, name, dims):
    body, left = SPELLINGS[name]
    assert convert(graph(f"float[{dims},8] x", NUMBERS + body, ANY3)).names == left


def test_attention_heads_are_static_for_open_batch_and_length(convert):
    """x.view(n, s, 2, 4).transpose(1, 2), and back, as PyTorch traces them."""
    size = "g{i} = Constant<value = int64 {{{i}}}>() d{i} = Gather(s, g{i}) u{i} = Unsqueeze(d{i}, a)"
    body = f"""s = Shape(x) a = Constant<value = int64[1] {{0}}>() {size.format(i=0)} {size.format(i=1)}
    h = Constant<value = int64[2] {{2, 4}}>() t = Concat<axis = 0>(u0, u1, h) r = Reshape(x, t)
    p = Transpose<perm = [0, 2, 1, 3]>(r) e = Softmax<axis = -1>(p) q = Transpose<perm = [0, 2, 1, 3]>(e)
    w = Constant<value = int64[1] {{8}}>() v = Concat<axis = 0>(u0, u1, w) y = Reshape(q, v)"""
    found = convert(graph("float[N,S,8] x", body, ANY3))
    assert not {"shape_of", "dynamic_reshape", "gather", "concat"} & set(found.names)


def test_a_batch_that_is_given_is_fixed(convert):
    found = convert(graph("float[N,3] x", "y = Relu(x)"), batch=OPEN)
    assert found.module.main.inputs[0].tensor.static_shape == (OPEN, 3)
