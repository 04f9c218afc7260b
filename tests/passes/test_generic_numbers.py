"""Random networks: every generic pass, and all of them together, keeps the numbers and leaves valid IR."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import nn_modules

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.interpreter import evaluate
from nncc.ir.numerics import random_inputs, relative_difference
from nncc.ir.pass_manager import PassManager, Repeat
from nncc.ir.passes import PassContext, lookup_pass
from nncc.ir.printer import print_module
from nncc.ir.types import F32, F64, I32
from nncc.ir.verifier import verify_module
from nncc.passes import (  # noqa: F401 (imported to be registered)
    canonicalize,
    eliminate_common_subexpressions,
    eliminate_dead_code,
    fix_batch_size,
    fold_constants,
    infer_types,
)

GENERIC = [
    "canonicalize",
    "fold-constants",
    "eliminate-common-subexpressions",
    "eliminate-dead-code",
    "infer-types",
    "fix-batch-size",
]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -4.0, 3.0, 0.1]
UNARY = ["neg", "abs", "relu", "square", "identity", "logical", "cast", "clip", "sigmoid"]
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "pow"]
MOVES = ["reshape", "transpose", "slice", "concat", "split", "pad", "broadcast", "tile", "reverse", "reduce"]


@st.composite
def plain_modules(draw, most=12):
    """Chains of what canonicalize knows: neutral elements, constants, limits, movements, shared and unused results."""
    module = Module()
    type = TensorType(tuple(draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))), F32)
    function, block = Function.create("main", [("x", type), ("z", type)])
    module.body.append(function)
    b = Builder(module, block)
    values = list(function.inputs)
    for _ in range(draw(st.integers(1, most))):
        x = draw(st.sampled_from(values[-3:]) | st.sampled_from(values))
        kind = draw(st.sampled_from(["unary", "binary", "constant", "move", "fold"]))
        if kind == "unary":
            made = _unary(draw, b, x)
        elif kind == "binary":
            others = [v for v in values if v.tensor.shape == x.tensor.shape]
            made = b.create(f"nn.{draw(st.sampled_from(BINARY[:3]))}", x, draw(st.sampled_from(others))).result
        elif kind == "constant":
            operands = [x, _number(draw, x)]
            name = draw(st.sampled_from(BINARY))
            swap = draw(st.booleans()) and name not in ("div", "pow")
            made = b.create(f"nn.{name}", *(operands[::-1] if swap else operands)).result
        elif kind == "fold":
            made = _unary(draw, b, b.constant(_number(draw, x)))
        else:
            made = _move(draw, b, x if x.tensor.rank else function.inputs[0])
        values.append(made)
    outputs = [values[-1], draw(st.sampled_from(values))]
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
    verify_module(module)
    return module


def _number(draw, x):
    shape = draw(st.sampled_from([(), (1,), x.tensor.static_shape[-1:], x.tensor.static_shape]))
    if draw(st.booleans()):
        return np.full(shape, draw(st.sampled_from(NUMBERS)), np.float32)
    return np.random.default_rng(draw(st.integers(0, 99))).choice(NUMBERS, shape).astype(np.float32).reshape(shape)


def _unary(draw, b, x):
    name = draw(st.sampled_from(UNARY))
    if name == "clip":
        low, high = sorted(draw(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 6.0, float("inf")]), min_size=2, max_size=2)))
        return b.nn.clip(x, min=low, max=high)
    if name == "logical":
        condition = b.nn.less(x, np.float32(0.5))
        condition = b.nn.logical_not(condition) if draw(st.booleans()) else condition
        return b.nn.select(condition, x, b.constant(np.float32(1)))
    if name == "cast":
        return b.nn.cast(b.nn.cast(x, to=draw(st.sampled_from([F32, F64, I32]))), to=F32)
    return b.create(f"nn.{name}", x).result


def _move(draw, b, x):
    shape, rank = x.tensor.static_shape, x.tensor.rank
    name = draw(st.sampled_from(MOVES))
    axis = draw(st.integers(0, rank - 1))
    if name == "reshape":
        return b.nn.reshape(x, shape=draw(st.sampled_from([shape, (-1,), (1, *shape), shape[::-1], (*shape, 1)])))
    if name == "transpose":
        return b.nn.transpose(x, perm=tuple(draw(st.permutations(range(rank)))))
    if name == "slice":
        starts = tuple(draw(st.integers(0, d - 1)) if i == axis else 0 for i, d in enumerate(shape))
        return b.nn.slice(x, starts=starts, stops=shape, steps=(1,) * rank)
    if name == "concat":
        return b.nn.concat([x, x] if draw(st.booleans()) and x.tensor.size < 200 else [x], axis=axis)
    if name == "split":
        cut = draw(st.integers(0, shape[axis] - 1))
        made = b.create("nn.split", x, axis=axis, sizes=(cut, shape[axis] - cut) if cut else (shape[axis],)).results
        return b.nn.concat(list(made), axis=axis) if draw(st.booleans()) else made[-1]
    if name == "pad":
        pads = tuple(draw(st.lists(st.integers(0, 1), min_size=2 * rank, max_size=2 * rank)))
        value = draw(st.sampled_from([0.0, 1.0]))
        return b.nn.pad(x, pads=pads if x.tensor.size < 200 else (0,) * (2 * rank), value=value)
    if name == "broadcast":
        target = tuple(2 if d == 1 and i == axis else d for i, d in enumerate(shape))
        return b.nn.broadcast_to(x, shape=target)
    if name == "tile":
        return b.nn.tile(x, reps=tuple(2 if i == axis and d == 1 else 1 for i, d in enumerate(shape)))
    if name == "reverse":
        return b.nn.reverse(x, axes=(axis,))
    kind = draw(st.sampled_from(["sum", "mean", "max", "prod"]))
    axes = draw(st.sampled_from([(), (axis,)]))
    keep = rank < 2 or draw(st.booleans())
    return b.create(f"nn.reduce_{kind}", x, axes=axes, keep_dims=keep).result


def inputs_of(module):
    types = {n: v.tensor for n, v in zip(module.main.input_names, module.main.inputs, strict=True)}
    return random_inputs(types, 5)


def check(module, passes):
    """Passes keep the numbers, leave valid IR, say whether they changed anything, and settle."""
    inputs = inputs_of(module)
    before = evaluate(module.main, inputs)
    for name in passes:
        text = print_module(module, locations=False)
        changed = lookup_pass(name)().run(module, PassContext())
        verify_module(module)
        assert changed == (print_module(module, locations=False) != text)
        assert not lookup_pass(name)().run(module, PassContext())
    for name, after in evaluate(module.main, inputs).items():
        assert after.dtype == before[name].dtype
        assert relative_difference(before[name], after) < 1e-5


@pytest.mark.parametrize("name", GENERIC)
@settings(max_examples=40, deadline=None)
@given(module=plain_modules())
def test_one_pass_on_plain_operations(name, module):
    check(module, [name])


@pytest.mark.parametrize("name", GENERIC)
@settings(max_examples=15, deadline=None)
@given(module=nn_modules())
def test_one_pass_on_networks(name, module):
    check(module, [name])


@settings(max_examples=60, deadline=None)
@given(module=plain_modules())
def test_all_together(module):
    inputs = inputs_of(module)
    before = evaluate(module.main, inputs)
    passes = [lookup_pass(name)() for name in GENERIC]
    context = PassContext()
    PassManager([Repeat(passes)]).run(module, context)
    assert not context.diagnostics.warnings
    for name, after in evaluate(module.main, inputs).items():
        assert relative_difference(before[name], after) < 1e-5
