"""resolve-shapes: whatever is made static gives the same numbers, and what exporters write becomes static."""

import nn_samples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, TensorType, element
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, F64, I64
from nncc.ir.verifier import verify_module
from nncc.passes.resolve_shapes import ResolveShapes
from nncc.passes.resolve_shapes_rules import RULES

DATA = {"nn.fill": 1, "nn.dynamic_one_hot": 0}
"""The operand that is data; of all others the first."""


def resolved(module):
    """The names of what is left but constants, after checking that the numbers stay."""
    return [op.name for op in module.main.body if op.name not in ("nn.constant", "func.return")]


def run(module):
    ResolveShapes().run(module, PassContext())
    verify_module(module)
    return module


def dynamic(dims):
    """A module with a function of one input x, its builder, and x."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(dims, F32))])
    module.body.append(function)
    return module, Builder(module, block), function.inputs[0]


@pytest.mark.parametrize("name", sorted(RULES))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_static_sibling_gives_the_same(name, data):
    """Every operation that has a rule, with constants for all operands but the data."""
    sample = data.draw(nn_samples.sample(name))
    place = DATA.get(name, 0)
    array = sample.operands[place]
    module = Module()
    function, block = Function.create("main", [("x", TensorType(array.shape, element(array.dtype)))])
    module.body.append(function)
    b = Builder(module, block)
    values = [None if a is None else b.constant(a, element(a.dtype)) for a in sample.operands]
    values[place] = function.inputs[0]
    op = b.create(name, *values, **sample.attributes)
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(op.results)])
    expected = module.evaluate({"x": array})
    run(module)
    is_special = sample.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch"
    is_special |= sample.attributes.get("coordinate") == "tf_crop_and_resize"
    if (
        not is_special
        and all(v.tensor.is_static and 0 not in v.tensor.static_shape for v in function.outputs)
        and array.size
    ):
        assert name not in resolved(module)
    for output, numbers in module.evaluate({"x": array}).items():
        np.testing.assert_allclose(numbers, expected[output], rtol=1e-6, atol=1e-6)


def first(b, shape, count):
    return b.nn.slice(shape, starts=(0,), stops=(count,), steps=(1,))


def heads(b, x):
    shape = b.nn.concat([first(b, b.nn.shape_of(x), 2), b.constant([4, 2], I64)], axis=0)
    return b.nn.transpose(b.nn.dynamic_reshape(x, shape), perm=(0, 2, 1, 3))


def flattened(b, x):
    shape = b.nn.concat([first(b, b.nn.shape_of(x), 1), b.constant([-1], I64)], axis=0)
    return b.nn.dynamic_reshape(x, shape)


def padded_with_rows(b, x):
    """A row of zeros for each sample, in front: ConstantOfShape, Concat."""
    shape = b.nn.concat([first(b, b.nn.shape_of(x), 1), b.constant([1, 8], I64)], axis=0)
    return b.nn.concat([b.nn.fill(shape, b.constant([0.0])), x], axis=1)


def expanded(b, x):
    return b.nn.dynamic_broadcast_to(b.nn.reduce_max(x, axes=(1,)), b.nn.shape_of(x))


def last_half(b, x):
    length = b.nn.gather(b.nn.shape_of(x), b.constant([2], I64))
    half = b.nn.div(length, b.constant([2], I64))
    return b.nn.dynamic_slice(x, half, length, b.constant([2], I64))


CASES = {
    "heads": (heads, ["reshape", "transpose"]),
    "flattened": (flattened, ["reshape"]),
    "last half": (last_half, ["slice"]),
}


@pytest.mark.parametrize(("build", "expected"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("dims", [("N", "M", 8), (None, None, 8), (2, 5, 8)], ids=str)
def test_what_exporters_write(build, expected, dims):
    module, b, x = dynamic(dims)
    module.main.set_outputs([("y", build(b, x))])
    array = np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)
    before = module.evaluate({"x": array})["y"]
    names = [n.removeprefix("nn.") for n in resolved(run(module))]
    assert [n for n in names if n not in ("shape_of", "slice", "concat", "gather") or n in expected][-1] == expected[-1]
    assert not any(n.startswith("dynamic") for n in names)
    np.testing.assert_array_equal(module.evaluate({"x": array})["y"], before)


@pytest.mark.parametrize("build", [padded_with_rows, expanded])
def test_what_an_attribute_cannot_say_stays(build):
    """An open length that x does not have at its place is computed where the model runs."""
    module, b, x = dynamic(("N", "M", 8))
    module.main.set_outputs([("y", build(b, x))])
    array = np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)
    before = module.evaluate({"x": array})["y"]
    names = resolved(run(module))
    assert "nn.fill" in names or "nn.dynamic_broadcast_to" in names
    np.testing.assert_array_equal(module.evaluate({"x": array})["y"], before)


def test_work_is_linear():
    """A long chain of reshapes, each to a shape computed of the one before."""
    module, b, x = dynamic(("N", 4, 2))
    for i in range(2000):
        shape = b.nn.concat([first(b, b.nn.shape_of(x), 1), b.constant([2, 4] if i % 2 else [4, 2], I64)], axis=0)
        x = b.nn.dynamic_reshape(x, shape)
    module.main.set_outputs([("y", x)])
    assert resolved(run(module)).count("nn.reshape") == 2000


def test_known_elements_keep_their_type():
    module, b, x = dynamic((2, 0))
    wide = b.nn.exp(b.nn.cast(x, to=F64))
    module.main.set_outputs([("y", wide)])
    run(module)
    assert module.main.outputs[0].tensor == TensorType((2, 0), F64)
