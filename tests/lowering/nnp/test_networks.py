"""What a lowered network is besides its functions: names, the batch size, parameters, the executor, refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nncc.frontends.nnp.lift import LiftNnp
from nncc.ir import Builder, CompileError, Function, Module, TensorType, UsageError, Value
from nncc.ir.dialects import nnp
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I1, I8, I32, I64, QuantizedType, Shape
from nncc.lowering.nnp.expand import ExpandForNnp
from nncc.lowering.nnp.lower import LowerToNnp
from nncc.passes.convert_nnp_version import ConvertNnpVersion
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_constants import FoldConstants

Build = Callable[..., Value]
RNG = np.random.default_rng(3)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def make(build: Build, *shapes: Shape, elements: Any = F32) -> Module:
    """A module whose function has inputs x0, x1, ... and the output y."""
    module = Module()
    types = [(f"x{i}", TensorType(shape, elements)) for i, shape in enumerate(shapes)]
    function, block = Function.create("main", types)
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), *function.inputs))])
    return module


def lower(module: Module) -> nnp.Network:
    for step in (ExpandForNnp(), LowerToNnp()):
        step.run(module, PassContext())
    (network,) = nnp.networks(module).values()
    return network


def lowered(build: Build, *shapes: Shape, elements: Any = F32) -> nnp.Network:
    return lower(make(build, *shapes, elements=elements))


def functions(network: nnp.Network) -> list[str]:
    return [f.function_type.name for f in network.functions]


def refusal(build: Build, *shapes: Shape, elements: Any = F32) -> str:
    with pytest.raises(CompileError) as caught:
        lowered(build, *shapes, elements=elements)
    return str(caught.value)


# Forms: the functions that operations become

CONV = real(4, 3, 3, 3)
FORMS: dict[str, tuple[Build, tuple[Shape, ...], list[str]]] = {
    "a convolution with its activation": (
        lambda b, x: b.nn.conv(x, CONV, real(4), pads=(1, 1, 1, 1), activation="relu6"),
        ((1, 3, 8, 8),),
        ["Convolution", "ReLU6"],
    ),
    "pads that differ are an operation": (
        lambda b, x: b.nn.conv(x, CONV, strides=(2, 2), pads=(0, 0, 1, 1)),
        ((1, 3, 8, 8),),
        ["Pad", "Convolution"],
    ),
    "one filter a channel is depthwise": (
        lambda b, x: b.nn.conv(x, real(6, 1, 3, 3), groups=3),
        ((1, 3, 8, 8),),
        ["DepthwiseConvolution"],
    ),
    "channels last are moved": (
        lambda b, x: b.nn.conv(x, CONV, channel_last=True),
        ((1, 8, 8, 3),),
        ["Transpose", "Convolution", "Transpose"],
    ),
    "one filter a channel is depthwise, transposed too": (
        lambda b, x: b.nn.conv_transpose(x, real(4, 1, 2, 2), groups=4, strides=(2, 2)),
        ((1, 4, 5, 5),),
        ["DepthwiseDeconvolution"],
    ),
    "an output that ends later is a part of a longer one": (
        lambda b, x: b.nn.conv_transpose(x, real(3, 2, 2, 2), pads=(0, 1, 1, 0)),
        ((1, 3, 5, 5),),
        ["Deconvolution", "Slice"],
    ),
    "windows that reach over the end": (
        lambda b, x: b.nn.max_pool(x, kernel=(2, 2), strides=(2, 2), overhang=(1, 1)),
        ((1, 3, 7, 7),),
        ["MaxPooling"],
    ),
    "windows beyond the end that NNabla has not": (
        lambda b, x: b.nn.max_pool(x, kernel=(3, 3), strides=(2, 2), pads=(0, 0, 3, 3)),
        ((1, 3, 8, 8),),
        ["Pad", "MaxPooling"],
    ),
    "a mean without pads": (
        lambda b, x: b.nn.average_pool(x, kernel=(3, 3), pads=(1, 1, 1, 1)),
        ((1, 3, 8, 8),),
        ["AveragePooling"],
    ),
    "the mean of each channel": (
        lambda b, x: b.nn.reduce_mean(x, axes=(2, 3)),
        ((1, 3, 8, 8),),
        ["GlobalAveragePooling"],
    ),
    "a product with a matrix": (lambda b, x: b.nn.matmul(x, real(4, 5)), ((2, 3, 4),), ["Affine"]),
    "a product of matrices": (lambda b, x, y: b.nn.matmul(x, y), ((2, 3, 4), (2, 4, 5)), ["BatchMatmul"]),
    "a number needs no tensor": (lambda b, x: b.nn.mul(b.nn.sub(x, 0.5), 2.0), ((2, 3),), ["AddScalar", "MulScalar"]),
    "a number before": (lambda b, x: b.nn.div(b.constant(1.0), x), ((2, 3),), ["RDivScalar"]),
    "ranks that differ": (lambda b, x, y: b.nn.add(x, y), ((2, 3), (3,)), ["Reshape", "Add2"]),
    "nearest neighbours": (
        lambda b, x: b.nn.resize(x, sizes=(8, 8), mode="nearest", coordinate="asymmetric", rounding="floor"),
        ((1, 3, 4, 4),),
        ["Interpolate"],
    ),
    "linear, half pixels": (
        lambda b, x: b.nn.resize(x, sizes=(8, 8), mode="linear"),
        ((1, 3, 4, 4),),
        ["Interpolate"],
    ),
    "cubic is a product with a matrix for each axis": (
        lambda b, x: b.nn.resize(x, sizes=(8, 8), mode="cubic"),
        ((1, 3, 4, 4),),
        ["Transpose", "Affine", "Transpose", "Affine"],
    ),
    "layer norm": (
        lambda b, x: b.nn.layer_norm(x, real(4), real(4), axes=(-1,)),
        ((2, 3, 4),),
        ["LayerNormalization"],
    ),
    "instance norm": (
        lambda b, x: b.nn.layer_norm(x, real(3, 1, 1), real(3, 1, 1), axes=(2, 3)),
        ((2, 3, 4, 4),),
        ["InstanceNormalization"],
    ),
    "local response": (
        lambda b, x: b.nn.lrn(x, size=3),
        ((1, 5, 4, 4),),
        ["Mul2", "Reshape", "AveragePooling", "Reshape", "MulScalar", "AddScalar", "PowScalar", "Mul2"],
    ),
    "weights of a recurrence side by side": (
        lambda b, x: b.nn.lstm(x, real(1, 8, 3), real(1, 8, 2), real(1, 8), hidden=2)[1],
        ((4, 1, 3),),
        ["LSTM", "Reshape"],
    ),
    "a slope a channel": (lambda b, x: b.nn.prelu(x, real(3, 1, 1)), ((1, 3, 4, 4),), ["PReLU"]),
    "the exact gelu": (
        lambda b, x: b.nn.gelu(x),
        ((2, 3),),
        ["MulScalar", "MulScalar", "Erf", "AddScalar", "Mul2"],
    ),
    "an activation with a name": (lambda b, x: b.nn.clip(x, min=-1.0, max=1.0), ((2, 3),), ["HardTanh"]),
    "the fraction of floats is cut off": (
        lambda b, x: b.nn.cast(b.nn.cast(x, to=I32), to=F32),
        ((2, 3),),
        ["Abs", "Floor", "Sign", "Mul2"],
    ),
    "a whole number has no fraction": (
        lambda b, x: b.nn.cast(b.nn.cast(b.nn.floor(x), to=I32), to=F32),
        ((2, 3),),
        ["Floor"],
    ),
    "an index that may be negative is brought to the front": (
        lambda b, x, i: b.nn.gather(x, b.nn.cast(b.nn.sub(i, 1.0), to=I32)),
        ((4, 3), (2,)),
        ["AddScalar", "Abs", "Floor", "Sign", "Mul2", "LessScalar", "AddScalar", "Where", "Gather"],
    ),
    "a table that is looked up": (
        lambda b, i: b.nn.gather(real(4, 3), b.nn.cast(b.nn.floor(b.nn.relu(i)), to=I64)),
        ((2,),),
        ["ReLU", "Floor", "LessScalar", "AddScalar", "Where", "Gather"],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str) -> None:
    build, shapes, expected = FORMS[name]
    module = make(build, *shapes)
    inputs = {f"x{i}": np.abs(real(*map(int, shape))) for i, shape in enumerate(shapes)}
    wanted = module.evaluate(inputs)["y"]
    network = lower(module)
    assert sorted(functions(network)) == sorted(expected)
    LiftNnp().run(module, PassContext())
    np.testing.assert_allclose(module.evaluate(inputs)["y"], wanted, rtol=1e-4, atol=1e-5)


# Names


def test_ports_and_weights_keep_their_names() -> None:
    def build(b: Builder, x: Value) -> Value:
        weight = b.create("nn.constant", value=b.module.add_resource("fc.weight", real(4, 5))).result
        return b.nn.affine(x, weight, real(5))

    module = make(build, (1, 4))
    network = lower(module)
    assert [v.label for v in network.variables if v.is_parameter] == ["fc.weight", "constant"]
    (executor,) = nnp.executors(module)
    assert executor.label == "exec_0"
    assert executor.network_name == network.label == "main"
    assert executor.variable_names("data_variable") == ["x0"]
    assert executor.variable_names("output_variable") == ["y"]
    assert executor.variable_names("parameter_variable") == ["fc.weight", "constant"]


def test_a_shared_weight_is_stored_once() -> None:
    def build(b: Builder, x: Value) -> Value:
        stored = b.module.add_resource("shared", real(4, 4))
        first, second = (b.create("nn.constant", value=stored).result for _ in range(2))
        return b.nn.affine(b.nn.affine(x, first), second)

    network = lowered(build, (1, 4))
    assert [v.label for v in network.variables if v.is_parameter] == ["shared"]


def test_names_of_parameters_are_paths() -> None:
    """As HDF5 wants them; NNabla too finds a parameter by the parts of its name."""

    def build(b: Builder, x: Value) -> Value:
        for name in ("/layer/weight", "layer", "layer//weight"):
            x = b.nn.affine(x, b.create("nn.constant", value=b.module.add_resource(name, real(4, 4))).result)
        return x

    network = lowered(build, (1, 4))
    assert [v.label for v in network.variables if v.is_parameter] == ["layer/weight", "layer_1", "layer/weight_1"]


def test_every_output_has_a_variable_of_its_own() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((2,), F32))])
    module.body.append(function)
    y = Builder(module, block).nn.relu(function.inputs[0])
    function.set_outputs([("y", y), ("z", y), ("w", function.inputs[0])])
    assert functions(lower(module)) == ["ReLU", "Identity", "Identity"]
    (executor,) = nnp.executors(module)
    assert executor.variable_names("output_variable") == ["y", "z", "w"]


def test_statistics_are_not_trained() -> None:
    module = make(lambda b, x: b.nn.batch_norm(x, real(3), real(3), real(3), np.ones(3, np.float32)), (1, 3, 4, 4))
    lower(module)
    trained = [p.need_grad for p in module.body if isinstance(p, nnp.Parameter)]
    assert sorted(trained) == [False, False, True, True]


# The batch size


@pytest.mark.parametrize("batch", ["batch_size", "N", None])
def test_the_batch_stays_open(batch: str | None) -> None:
    module = make(lambda b, x: b.nn.softmax(b.nn.reshape(x, shape=(0, -1))), (batch, 3, 4))
    network = lower(module)
    (reshape,) = (f for f in network.functions if f.function_type.name == "Reshape")
    assert reshape.attributes["shape"] == (-1, 12)
    assert [nnp.file_dims(v.variable.tensor) for v in network.variables] == [[-1, 3, 4], [-1, 12], [-1, 12]]
    LiftNnp().run(module, PassContext())
    for size in (1, 3):
        assert module.evaluate({"x0": real(size, 3, 4)})["y"].shape == (size, 12)


def test_states_take_their_batch_from_the_input() -> None:
    def build(b: Builder, x: Value) -> Value:
        y, _, _ = b.nn.lstm(b.nn.transpose(x, perm=(1, 0, 2)), real(1, 8, 3), real(1, 8, 2), hidden=2)
        return b.nn.transpose(y, perm=(2, 0, 1, 3))

    module = make(build, ("N", 5, 3))
    inputs = real(4, 5, 3)
    wanted = module.evaluate({"x0": inputs})["y"]
    assert "LSTM" in functions(lower(module))
    LiftNnp().run(module, PassContext())
    np.testing.assert_allclose(module.evaluate({"x0": inputs})["y"], wanted, rtol=1e-4, atol=1e-5)


def test_a_tensor_of_the_batch_size_is_filled() -> None:
    """PyTorch exports the initial states of a recurrence as ConstantOfShape(1, batch, hidden)."""

    def build(b: Builder, x: Value) -> Value:
        sizes = b.nn.slice(b.nn.shape_of(x), starts=(0,), stops=(1,), steps=(1,))
        shape = b.nn.concat([b.constant(np.array([1])), sizes, b.constant(np.array([2]))], axis=0)
        return b.nn.transpose(b.nn.fill(shape, b.constant(0.5)), perm=(1, 0, 2))

    module = make(build, ("batch", 3))
    for step in (ExpandForNnp(), EliminateDeadCode(), LowerToNnp(), LiftNnp()):
        step.run(module, PassContext())
    x = np.array([[1, 2, np.nan], [np.inf, 0, -np.inf]], np.float32)
    np.testing.assert_array_equal(module.evaluate({"x0": x})["y"], np.full((2, 1, 2), 0.5, np.float32))


def test_other_open_sizes_are_refused() -> None:
    reason = refusal(lambda b, x: b.nn.relu(x), ("N", 3, "H", "W"))
    assert "an NNP file holds no open size but that of the batch" in reason
    assert "--input-shape" in reason
    assert "are the open sizes A and B" in refusal(lambda b, x, y: b.nn.relu(x), ("A", 3), ("B", 3))
    assert "numbers and the batch size alone" in refusal(lambda b, x: b.nn.reshape(x, shape=(-1, 4)), ("N", 3, 4))


# Numbers that float32 does not hold


def test_large_integers_are_refused() -> None:
    def add(number: int) -> Build:
        return lambda b, x: b.nn.add(x, b.constant(np.array([number, 1, 2]), I64))

    assert functions(lowered(add(2**24), (3,), elements=I64)) == ["Add2"]
    assert "holds 16777217, and NNabla's float32 would change it" in refusal(add(2**24 + 1), (3,), elements=I64)


def test_integers_of_few_bits_wrap_around() -> None:
    module = make(lambda b, x, y: b.nn.mul(x, y), (3,), (3,), elements=I8)
    inputs = {"x0": np.array([100, -100, 7], np.int8), "x1": np.array([3, 3, -5], np.int8)}
    wanted = module.evaluate(inputs)["y"]
    lower(module)
    LiftNnp().run(module, PassContext())
    found = module.evaluate({n: a.astype(np.float32) for n, a in inputs.items()})["y"]
    np.testing.assert_array_equal(found, wanted)


def test_booleans_are_numbers() -> None:
    module = make(lambda b, x, y: b.nn.cast(b.nn.logical_and(x, y), to=F32), (3,), (3,), elements=I1)
    lower(module)
    LiftNnp().run(module, PassContext())
    inputs = {"x0": np.array([0, 1, 1], np.float32), "x1": np.array([1, 1, 0], np.float32)}
    np.testing.assert_array_equal(module.evaluate(inputs)["y"], [0, 1, 0])


@pytest.mark.parametrize("rounding", ["half_away", "half_even"])
@pytest.mark.parametrize("storage, expected", [("i8", ["QuantizeLinear", "DequantizeLinear"]), ("i16", None)])
def test_quantized_values_are_rounded(rounding: str, storage: str, expected: list[str] | None) -> None:
    from nncc.ir.types import ELEMENT_TYPES

    kind = QuantizedType(ELEMENT_TYPES[storage], F32, (0.5,), (3,))

    def build(b: Builder, x: Value) -> Value:
        return b.nn.dequantize(b.nn.quantize(x, to=TensorType((5,), kind), rounding=rounding))

    module = make(build, (5,))
    inputs = {"x0": np.array([0.25, 0.75, -0.25, 1e6, 0.3], np.float32)}
    wanted = module.evaluate(inputs)["y"]
    network = lower(module)
    assert expected is None or functions(network) == expected
    LiftNnp().run(module, PassContext())
    np.testing.assert_allclose(module.evaluate(inputs)["y"], wanted)


def test_numbers_beyond_what_max_starts_at_are_seen() -> None:
    """NNabla's Max starts at -1e8: rows of a mask may lie below. Its MaxPooling has no such limit."""
    mask = np.array([[-np.inf, -1e9], [0.0, -np.inf]], np.float32)
    network = lowered(lambda b, x: b.nn.reduce_max(b.nn.add(x, mask), axes=(1,)), (2, 2))
    assert "MaxPooling" in functions(network) and "Max" not in functions(network)
    assert "Max" in functions(lowered(lambda b, x: b.nn.reduce_max(b.nn.tanh(x), axes=(1,)), (2, 2)))


# Sorting


def test_equal_elements_keep_their_order() -> None:
    """NNabla's own Sort does not, for more than 16 elements: here the second one of the lowering puts them right."""
    module = make(lambda b, x: b.nn.cast(b.nn.top_k(x, k=30)[1], to=F32), (1, 40))
    network = lower(module)
    assert functions(network).count("Sort") == 2
    x = np.repeat(np.arange(10.0, dtype=np.float32), 4)[None]
    LiftNnp().run(module, PassContext())
    wanted = np.argsort(-x[0], kind="stable")[:30]
    np.testing.assert_array_equal(module.evaluate({"x0": x})["y"][0], wanted)


def test_scattering_does_not_write_into_what_others_read() -> None:
    """NNabla's ScatterNd writes into its third input."""
    places = np.array([[0], [2]], np.int64)
    network = lowered(lambda b, x: b.nn.add(b.nn.scatter_nd(x, places, np.ones(2, np.float32)), x), (3,))
    (scatter,) = (f for f in network.functions if f.function_type.name == "ScatterNd")
    target = scatter.operands[2]
    assert target is not None and target.defining_op is not None
    assert [f for f in target.users if isinstance(f, nnp.FunctionOp)] == [scatter]


# Earlier releases


LATER: dict[str, tuple[Build, tuple[Shape, ...]]] = {
    "1.37.0": (lambda b, x: b.nn.trilu(b.nn.einsum([x, x], equation="ab,cb->ac"), k=1), ((3, 4),)),
    "1.30.0": (lambda b, x: b.nn.gelu(x), ((2, 3),)),
    "1.18.0": (lambda b, x: b.nn.cumsum(b.nn.cumprod(x, axis=0), axis=1, exclusive=True, reverse=True), ((3, 4),)),
    "1.16.0": (lambda b, x: b.nn.layer_norm(x, real(4), real(4), axes=(-1,)), ((2, 3, 4),)),
    "1.12.0": (lambda b, x: b.nn.gather(x, b.constant(np.array([[2, 0]])), axis=1), ((2, 3, 4),)),
    "1.8.0": (
        lambda b, x: b.nn.conv_transpose(
            b.nn.resize(x, sizes=(8, 8), mode="linear"), real(3, 2, 2, 2), strides=(2, 2), output_padding=(1, 1)
        ),
        ((1, 3, 4, 4),),
    ),
    "1.4.0": (lambda b, x: b.nn.det(x), ((2, 3, 3),)),
}


@pytest.mark.parametrize("version", LATER)
def test_what_a_release_lacks_is_made_of_what_it_has(version: str) -> None:
    build, shapes = LATER[version]
    module = make(build, *shapes)
    inputs = {f"x{i}": real(*map(int, shape)) for i, shape in enumerate(shapes)}
    wanted = module.evaluate(inputs)["y"]
    newest = module.clone_module()
    for step in (ExpandForNnp(version=version), FoldConstants(), LowerToNnp(), ConvertNnpVersion(version=version)):
        step.run(module, PassContext())
    LiftNnp().run(module, PassContext())
    np.testing.assert_allclose(module.evaluate(inputs)["y"], wanted, rtol=1e-4, atol=1e-5)
    lower(newest)
    with pytest.raises(CompileError, match=f"NNabla {version} cannot run"):
        ConvertNnpVersion(version=version).run(newest, PassContext())


def test_releases_that_never_were_are_refused() -> None:
    for step in (ExpandForNnp, ConvertNnpVersion):
        with pytest.raises(UsageError, match=r"there is no release '1\.99' of NNabla"):
            step(version="1.99")
