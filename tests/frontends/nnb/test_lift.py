"""What networks of NNB files compute, as NNabla's functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nnb_networks import affine, written

from nncc.frontends.nnb import load
from nncc.ir import CompileError, Function, Module, TensorType
from nncc.ir.attributes import as_dense
from nncc.ir.dialects import nnb, nnp
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, Array
from nncc.ir.verifier import verify_module
from nncc.pipelines import driver
from nncc.pipelines.pass_list import parse_pass_list

RNG = np.random.default_rng(0)


def random(*shape: int) -> Array:
    return RNG.standard_normal(shape).astype(np.float32)


def lifted(module: Module, context: PassContext | None = None) -> Module:
    driver.compile(module, parse_pass_list("lift-nnb"), context=context)
    verify_module(module)
    return module


def evaluate(module: Module, *inputs: Array) -> Array:
    """The first output."""
    driver.compile(lifted(module), parse_pass_list("lift-nnp"))
    results = module.evaluate(dict(zip(module.main.input_names, inputs, strict=True)))
    return next(iter(results.values()))


def one(kind: str, output: tuple[int, ...], *operands: Array | tuple[int, ...] | nnb.Parameter, **arguments) -> Module:
    """A network of one function: arrays are parameters, shapes are inputs."""
    shapes = [o for o in operands if isinstance(o, tuple)]
    function, block = Function.create("main", [(f"x{i}", TensorType(s, F32)) for i, s in enumerate(shapes)])
    inputs = iter(block.args)
    values = []
    for operand in operands:
        if isinstance(operand, tuple):
            values.append(next(inputs))
        else:
            made = operand if isinstance(operand, nnb.Parameter) else nnb.Parameter(value=as_dense(operand))
            values.append(block.append(made).results[0])
    result_types = [TensorType(output, F32)]
    op = nnb.FUNCTION_OPS[kind](*values, result_types=result_types, buffers=(len(shapes),), **arguments)
    function.set_outputs([("y", block.append(op).results[0])])
    module = Module()
    module.body.append(function)
    return module


def test_affine_of_stored_rows():
    x = np.array([[1, -3]], np.float32)
    np.testing.assert_allclose(evaluate(affine(), x), [[-1.875, -2.625]])


def test_affine_of_a_weight_with_several_dimensions():
    x, weight = random(2, 6), random(6, 2, 5)
    stored = weight.reshape(6, 10).T.reshape(6, 2, 5)
    found = evaluate(one("Affine", (2, 2, 5), (2, 6), stored, base_axis=1), x)
    np.testing.assert_allclose(found, np.tensordot(x, weight, 1), rtol=1e-5)


def test_affine_of_a_weight_that_is_computed():
    x, weight = random(2, 3), random(3, 4)
    stored = weight.T.reshape(3, 4)
    found = evaluate(one("Affine", (2, 4), (2, 3), (3, 4), base_axis=1), x, stored)
    np.testing.assert_allclose(found, x @ weight, rtol=1e-5)


def test_binary_connect_computes_with_the_binary_weight():
    x, signs, bias = random(2, 3), np.sign(random(3, 4)), random(4)
    stored = nnb.Parameter(value=as_dense(signs.T.reshape(3, 4)), sign=True)
    module = one("BinaryConnectAffine", (2, 4), (2, 3), random(3, 4), stored, bias, base_axis=1)
    assert "Affine" in [op.function_type.name for op in nnp.networks(lifted(module.clone_module()))["main"].functions]
    np.testing.assert_allclose(evaluate(module, x), x @ signs + bias, rtol=1e-5)


def test_binary_weight_multiplies_each_output_by_its_factor():
    x, signs, alpha, bias = random(2, 3), np.sign(random(3, 4)), random(4), random(4)
    stored = signs.T.reshape(3, 4)
    module = one("BinaryWeightAffine", (2, 4), (2, 3), random(3, 4), stored, alpha, bias, base_axis=1)
    np.testing.assert_allclose(evaluate(module, x), x @ signs * alpha + bias, rtol=1e-5)


def test_binary_weights_of_a_convolution():
    x, signs, alpha = random(1, 2, 3, 3), np.sign(random(4, 2, 1, 1)), random(4)
    settings = {"base_axis": 1, "pad": (0, 0), "stride": (1, 1), "dilation": (1, 1), "group": 1}
    module = one("BinaryWeightConvolution", (1, 4, 3, 3), (1, 2, 3, 3), random(4, 2, 1, 1), signs, alpha, **settings)
    expected = np.einsum("nchw,oc->nohw", x, signs[:, :, 0, 0] * alpha[:, None])
    np.testing.assert_allclose(evaluate(module, x), expected, rtol=1e-5, atol=1e-6)


def test_factors_that_do_not_fit_are_refused():
    module = one("BinaryWeightAffine", (2, 4), (2, 3), random(3, 4), random(3, 4), random(5), base_axis=1)
    with pytest.raises(CompileError, match="has 5 factors for 4 outputs"):
        lifted(module)


def test_binary_weights_that_are_computed_are_refused():
    module = one("BinaryConnectAffine", (2, 4), (2, 3), (3, 4), (3, 4), base_axis=1)
    with pytest.raises(CompileError, match="computes its binary weights"):
        lifted(module)


def test_a_parameter_read_in_two_ways_is_two_parameters():
    """A shared weight lies transposed for Affine; Add2 reads it as it lies."""
    stored, x = random(3, 3), random(3, 3)
    module = one("Affine", (3, 3), (3, 3), stored, base_axis=1)
    (weight, first) = (op for op in module.main.body if op is not module.main.terminator)
    second = nnb.FUNCTION_OPS["Add2"](
        first.results[0], weight.results[0], result_types=[TensorType((3, 3), F32)], buffers=(0,)
    )
    module.main.body.insert_before(module.main.terminator, second)
    module.main.set_outputs([("y", second.results[0])])
    np.testing.assert_allclose(evaluate(module, x), x @ stored.T + stored, rtol=1e-5)


def test_fixed_point_results_are_told():
    module = affine("%h) {alpha", "%h) {implement = 0, alpha")
    type = TensorType((1, 2), nnb.fixed_point(nnb.FIXED16, 4))
    for op in module.main.body:
        if isinstance(op, nnb.NnbFunction):
            op.results[0].type = type
    context = PassContext()
    lifted(module, context)
    assert "2 of 2 results are in fixed point" in str(context.diagnostics.warnings[0])


def test_outputs_that_are_inputs_or_parameters_are_copied():
    module = affine()
    main = module.main
    weight = main.body.first_op.results[0]
    main.set_outputs([("a", main.inputs[0]), ("b", weight), ("c", weight)])
    driver.compile(lifted(module), parse_pass_list("lift-nnp"))
    found = module.evaluate({"arg0": np.array([[1, 2]], np.float32)})
    np.testing.assert_array_equal(found["a"], [[1, 2]])
    np.testing.assert_array_equal(found["b"], found["c"])


def test_networks_of_the_file_in_another_format(tmp_path: Path):
    """nnb to nnp and back to numbers: what another reader computes is the same."""
    written(affine(), tmp_path)
    module = load(tmp_path / "net.nnb")
    driver.compile(module, parse_pass_list("lift-nnb"))
    driver.save(module, tmp_path / "net.nnp")
    again = driver.load(tmp_path / "net.nnp")
    driver.compile(again, parse_pass_list("lift-nnp"))
    found = again.evaluate({"x0": np.array([[1, -3]], np.float32)})
    np.testing.assert_allclose(found["y0"], [[-1.875, -2.625]])
