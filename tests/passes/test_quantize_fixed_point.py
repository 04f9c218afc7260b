"""Fixed point: where points stand, what kernels of the runtime need, what settings say, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncc.ir import Builder, CompileError, Function, Module, TensorType, UsageError, Value
from nncc.ir.dialects.nnb import NnbFunction, Parameter
from nncc.ir.dialects.nnb.elements import point_of
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I8, I16
from nncc.lowering.nnb.lower import LowerToNnb
from nncc.lowering.nnp.lower import LowerToNnp
from nncc.passes.fixed_point.positions import fitting_point
from nncc.passes.fixed_point.settings import VariableType, parse_type, read_settings
from nncc.passes.quantize_fixed_point import QuantizeFixedPoint

WEIGHT = np.array([[0.5, -0.25], [0.75, 0.125]], np.float32)
BIAS = np.array([3.0, -0.5], np.float32)


def network(build: Callable[[Builder, Value], Value], *shape: int) -> Module:
    """A network of the runtime with the input x and the output y."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), function.inputs[0]))])
    for step in (LowerToNnp(runtime="nnablart"), LowerToNnb()):
        step.run(module, PassContext())
    return module


def quantized(module: Module, x: Sequence[Any] | None = None, **options: Any) -> PassContext:
    """The module with the pass run on the samples x."""
    dataset = None if x is None else {"x": np.array(x, np.float32)}
    context = PassContext(dataset=dataset)
    QuantizeFixedPoint(**options).run(module, context)
    module.verify()
    return context


def points(module: Module) -> dict[str, int]:
    function = module.main
    values = [*function.inputs, *(r for op in function.body for r in op.results)]
    return {v.name or "": point_of(v.tensor.element)[1] for v in values}


def names(module: Module) -> list[str]:
    return [op.function_type.name for op in module.main.body if isinstance(op, NnbFunction)]


@pytest.mark.parametrize(
    ("low", "high", "bits", "point"),
    [(0, 0.5, 16, 15), (-1, 0.99, 16, 15), (0, 1.0, 16, 14), (-2, 1.9, 16, 14), (-3, 255, 16, 7), (0, 1e9, 16, 0)]
    + [(-128, 127, 8, 0), (-0.4, 0.4, 8, 7), (0, 127.4, 8, 0), (-4.0, 3.97, 8, 5)],
)
def test_the_point_stands_as_far_left_as_the_numbers_allow(low: float, high: float, bits: int, point: int) -> None:
    assert fitting_point(low, high, bits) == point


def test_results_share_the_point_of_their_bias_and_shift_right_alone() -> None:
    """x has 13 bits behind the point, the weight 15, the bias 13; the result goes to 4.5 and leaves 12."""
    module = network(lambda b, x: b.nn.affine(x, WEIGHT, BIAS), 1, 2)
    quantized(module, [[3.0, 0.0], [-1.0, 2.0]], types="FIXED16")
    found = points(module)
    assert found["x"] == 13
    assert found["y"] == 12
    biases = [op.output for op in module.main.body if isinstance(op, Parameter) and op.value.type.rank == 1]
    assert point_of(biases[0].tensor.element)[1] == 12


def test_a_result_has_no_more_bits_behind_the_point_than_the_operands_together() -> None:
    module = network(lambda b, x: b.nn.mul(x, b.nn.reshape(x, shape=(2, 1))), 1, 2)
    quantized(module, [[0.001, 0.002]], types="FIXED8")
    found = points(module)
    assert found["y"] <= found["x"] + found["x"]


def test_affine_is_computed_with_integers() -> None:
    """Products are summed exactly, shifted, cut towards zero and saturated; then the bias is added."""
    module = network(lambda b, x: b.nn.affine(x, WEIGHT, BIAS), 1, 2)
    quantized(module, [[3.0, 0.0], [-1.0, 2.0]], types="FIXED16")
    x = np.array([[-12345, 4321]], np.int16)
    weight = np.rint(WEIGHT * 2**15).astype(np.int64)
    exact = x.astype(np.int64) @ weight
    shifted = np.trunc(exact / 2.0 ** (13 + 15 - 12)).astype(np.int64)
    expected = shifted + np.rint(BIAS * 2**12).astype(np.int64)
    (found,) = module.evaluate({"x": x}).values()
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, expected)


def test_what_is_written_as_a_float_is_cut_towards_zero() -> None:
    module = network(lambda b, x: b.nn.tanh(x), 1, 2)
    quantized(module, [[0.5, -1.5]], types="FIXED8_6")
    (found,) = module.evaluate({"x": np.array([[40, -90]], np.int8)}).values()
    np.testing.assert_array_equal(found, np.trunc(np.tanh(np.array([[40, -90]]) / 64) * 64))


def test_convolutions_without_bias_get_one_of_zeros() -> None:
    """The kernel for integers reads the shape of a bias that is not there."""
    kernel = np.ones((3, 2, 1, 1), np.float32)
    module = network(lambda b, x: b.nn.conv(x, kernel), 1, 2, 4, 4)
    quantized(module, np.ones((1, 2, 4, 4)), types="FIXED16")
    (conv,) = [op for op in module.main.body if isinstance(op, NnbFunction)]
    bias = conv.operands[2]
    assert bias is not None and isinstance(bias.defining_op, Parameter)
    np.testing.assert_array_equal(bias.defining_op.value.read(), np.zeros(3))
    assert bias.tensor.element == conv.results[0].tensor.element


@pytest.mark.parametrize(
    ("build", "kinds"),
    [
        (lambda b, x: b.nn.div(x, b.nn.exp(x)), ["Exp", "Identity", "Div2"]),
        (lambda b, x: b.nn.mul(x, 1e6), ["Identity", "MulScalar"]),
        (lambda b, x: b.nn.add(x, -40000.0), ["Identity", "AddScalar"]),
    ],
)
def test_what_integers_would_get_wrong_is_computed_with_floats(build: Any, kinds: list[str]) -> None:
    module = network(build, 1, 2)
    quantized(module, [[0.5, -1.5]], types="FIXED16")
    assert names(module) == kinds
    (copy,) = [op for op in module.main.body if op.name == "nnb.Identity"]
    assert copy.results[0].tensor.element == F32


def test_signs_are_parameters_of_one_and_minus_one(tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    module = network(lambda b, x: b.nn.mul(x, np.array([[1, -1]], np.float32)), 1, 2)
    (name,) = [op.output.name for op in module.main.body if isinstance(op, Parameter)]
    settings.write_text(f"variables: {{{name}: SIGN}}")
    quantized(module, settings=str(settings))
    (parameter,) = [op for op in module.main.body if isinstance(op, Parameter)]
    assert parameter.sign
    assert parameter.signs().tolist() == [[True, False]]


def test_settings_name_variables_and_functions(tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text("functions: {Affine: {implement: 7}}\nvariables: {x: FIXED16_4, y: FIXED8_3}")
    module = network(lambda b, x: b.nn.affine(x, WEIGHT), 1, 2)
    quantized(module, settings=str(settings))
    assert module.main.inputs[0].tensor.storage == I16
    assert module.main.outputs[0].tensor.storage == I8
    assert points(module)["x"] == 4
    (affine,) = [op for op in module.main.body if isinstance(op, NnbFunction)]
    assert affine.implement == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variables: {xx: FIXED8_3}", "no variable 'xx'.*\n.*near it: x"),
        ("functions: {Afine: {implement: 1}}", "no function 'Afine'.*\n.*near it: Affine"),
        ("variables: {x: FLOAT16}", "no type 'FLOAT16'"),
        ("variables: {x: FIXED16_16}", "more than 15 bits"),
        ("variables: {x: FLOAT32_3}", "no type 'FLOAT32_3'"),
        ("functions: {Affine: {implement: many}}", "expected 'implement' with a number"),
        ("layers: {}", "no section 'layers'"),
        ("- 1", "no map"),
        ("a: [", "no YAML"),
    ],
)
def test_settings_that_are_wrong(text: str, message: str, tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text(text)
    module = network(lambda b, x: b.nn.affine(x, WEIGHT), 1, 2)
    with pytest.raises(UsageError, match=message):
        quantized(module, settings=str(settings))


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the settings"):
        read_settings(tmp_path / "none.yaml", VariableType(0))


def test_points_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text("variables: {x: FIXED16_4, y: FIXED16_5}")
    with pytest.raises(CompileError, match="need one place of the point"):
        quantized(network(lambda b, x: b.nn.relu(x), 1, 2), settings=str(settings))


def convolution(b: Builder, x: Value) -> Value:
    return b.nn.conv(x, np.ones((3, 2, 1, 1), np.float32), np.full(3, 0.5, np.float32))


def test_convolutions_are_computed_in_the_type_of_their_weight(tmp_path: Path) -> None:
    """The runtime looks at the type of the result alone, and would read floats as integers."""
    settings = tmp_path / "s.yaml"
    settings.write_text("variables: {x: FLOAT32, y: FLOAT32}")
    module = network(convolution, 1, 2, 4, 4)
    x = np.full((1, 2, 4, 4), 0.25, np.float32)
    quantized(module, x, settings=str(settings), types="FIXED16")
    assert names(module) == ["Identity", "Convolution", "Identity"]
    (conv,) = [op for op in module.main.body if op.name == "nnb.Convolution"]
    assert {v.tensor.storage for v in (*conv.operands, *conv.results) if v is not None} == {I16}
    np.testing.assert_allclose(module.evaluate({"x": x})["y"], 1.0, atol=1e-3)


def test_convolutions_of_mixed_parameters_are_refused(tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    module = network(convolution, 1, 2, 4, 4)
    weight = next(op.output.name for op in module.main.body if isinstance(op, Parameter) and op.value.type.rank == 4)
    settings.write_text(f"variables: {{{weight}: FIXED8}}")
    with pytest.raises(CompileError, match="needs one type for weight and bias"):
        quantized(module, settings=str(settings))


def test_only_parameters_are_signs() -> None:
    with pytest.raises(CompileError, match="'x' is no parameter"):
        quantized(network(lambda b, x: b.nn.relu(x), 1, 2), types="SIGN")


def test_numbers_that_saturate_are_told() -> None:
    context = quantized(network(lambda b, x: b.nn.relu(x), 1, 2), [[3.0, 9.0]], types="FIXED8_6")
    assert "saturate" not in str(context.diagnostics.warnings)  # no ranges were asked for
    context = quantized(network(lambda b, x: b.nn.mul(x, 1000.0), 1, 2), [[3.0, 900.0]], types="FIXED16")
    assert "saturate" in str(context.diagnostics.warnings)


def test_missing_data_is_told() -> None:
    context = quantized(network(lambda b, x: b.nn.relu(x), 1, 2), types="FIXED16")
    assert "no representative data" in str(context.diagnostics.warnings)


def test_fixed_point_is_close_to_floats() -> None:
    rng = np.random.default_rng(0)
    kernel, weight = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(64, 5))

    def build(b: Builder, x: Value) -> Value:
        y = b.nn.relu(b.nn.conv(x, kernel.astype(np.float32), pads=(1, 1, 1, 1)))
        y = b.nn.max_pool(y, kernel=(2, 2), strides=(2, 2))
        y = b.nn.affine(b.nn.reshape(y, shape=(1, 64)), weight.astype(np.float32))
        return b.nn.softmax(y, axis=1)

    data = rng.normal(size=(20, 2, 8, 8))
    context = quantized(network(build, 1, 2, 8, 8), data, types="FIXED16")
    assert context.facts["sqnr_db"] > 40


@pytest.mark.parametrize("text", ["FLOAT32", "FIXED16", "FIXED16_7", "FIXED8_0", "SIGN"])
def test_types_as_text(text: str) -> None:
    assert str(parse_type(text, "")) == text
