"""Every rule of canonicalize: what it makes of which expression, and that the numbers stay."""

import math

import numpy as np
import pytest

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext
from nncc.ir.rewrite import registered_rewrites
from nncc.ir.types import F32, F64, I1, I32, I64
from nncc.ir.verifier import verify_module
from nncc.passes.canonicalize import Canonicalize

F = np.float32


def program(build, inputs):
    """A module with inputs of the given types, whose outputs are what ``build`` gives."""
    module = Module()
    function, block = Function.create("main", list(inputs.items()))
    module.body.append(function)
    outputs = build(Builder(module, block).nn, *function.inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    function.set_outputs([(f"y{i}", v) for i, v in enumerate(outputs)])
    verify_module(module)
    return module


def text(module):
    """The operations as short text, constants left out: ``add clip{max=6.0}``."""
    shown = []
    for op in module.main.body:
        if op.name not in ("nn.constant", "func.return"):
            attributes = ",".join(f"{k}={v}" for k, v in sorted(op.attributes.items()))
            shown.append(op.name.removeprefix("nn.") + (f"{{{attributes}}}" if attributes else ""))
    return " ".join(shown)


def arrays_for(module, seed):
    rng = np.random.default_rng(seed)
    made = {}
    for name, value in zip(module.main.input_names, module.main.inputs, strict=True):
        shape = [d if isinstance(d, int) else 3 for d in value.tensor.dims]
        made[name] = np.asarray(rng.normal(0, 3, shape) * (rng.random(shape) > 0.1)).astype(value.tensor.storage.dtype)
    return made


def canonical(module):
    """Run the pass, twice; check that it settles, that the IR stays valid and that the numbers stay."""
    inputs = arrays_for(module, 1)
    before = evaluate(module.main, inputs)
    changed = Canonicalize().run(module, PassContext())
    verify_module(module)
    for name, after in evaluate(module.main, inputs).items():
        np.testing.assert_allclose(after, before[name], rtol=3e-7, atol=1e-7)
        assert after.dtype == before[name].dtype and after.shape == before[name].shape
    assert not Canonicalize().run(module, PassContext())
    return changed


def f32(*shape):
    return TensorType(shape, F32)


X = f32(2, 3)
IMAGE = f32(1, 2, 3, 4)
C = F([1, 2, 3])

CASES = {
    # neutral elements
    "x + 0": (lambda nn, x: nn.exp(nn.add(x, 0.0)), "exp"),
    "0 + x": (lambda nn, x: nn.exp(nn.add(F([0, 0, 0]), x)), "exp"),
    "x - 0": (lambda nn, x: nn.exp(nn.sub(x, 0.0)), "exp"),
    "0 - x": (lambda nn, x: nn.sub(F(0), x), "neg"),
    "x * 1": (lambda nn, x: nn.exp(nn.mul(x, 1.0)), "exp"),
    "x * -1": (lambda nn, x: nn.mul(x, -1.0), "neg"),
    "x / 1": (lambda nn, x: nn.exp(nn.div(x, 1.0)), "exp"),
    "x + 0 that widens": (lambda nn, x: nn.add(x, np.zeros((4, 2, 3), F)), "add"),
    "x + 0 with an activation": (lambda nn, x: nn.add(x, 0.0, activation="relu"), "add{activation=relu}"),
    # signs
    "-(-x)": (lambda nn, x: nn.exp(nn.neg(nn.neg(x))), "exp"),
    "-(x - exp x)": (lambda nn, x: nn.neg(nn.sub(x, nn.exp(x))), "exp sub"),
    "x + (-exp x)": (lambda nn, x: nn.add(nn.neg(nn.exp(x)), x), "exp sub"),
    "x - (-exp x)": (lambda nn, x: nn.sub(x, nn.neg(nn.exp(x))), "exp add"),
    "|-x|": (lambda nn, x: nn.abs(nn.neg(x)), "abs"),
    "||x||": (lambda nn, x: nn.abs(nn.abs(x)), "abs"),
    "square(-x)": (lambda nn, x: nn.square(nn.neg(x)), "square"),
    # constants
    "c + x": (lambda nn, x: nn.add(C, x), "add"),
    "x - c": (lambda nn, x: nn.sub(x, C), "add"),
    "c - x": (lambda nn, x: nn.sub(C, x), "sub"),
    "x / 4": (lambda nn, x: nn.div(x, F([4, 0.5, -2])), "mul"),
    "x / 3": (lambda nn, x: nn.div(x, 3.0), "div"),
    "x / 2^-130 would be infinite": (lambda nn, x: nn.div(x, 2.0**-130), "div"),
    "x / 2^127 would be subnormal": (lambda nn, x: nn.div(x, 2.0**127), "div"),
    "x + c + c": (lambda nn, x: nn.add(nn.add(x, C), 2.5), "add"),
    "x - c + c": (lambda nn, x: nn.exp(nn.add(nn.sub(x, C), C)), "exp"),
    "x + c + c that would widen": (lambda nn, x: nn.add(nn.add(x, C), F([[1], [2]])), "add add"),
    "rounding by a big number stays": (lambda nn, x: nn.sub(nn.add(x, 1.5 * 2**23), 1.5 * 2**23), "add add"),
    "x * c * c": (lambda nn, x: nn.mul(3.0, nn.mul(x, C)), "mul"),
    "x * 1e30 * 1e-30": (lambda nn, x: nn.exp(nn.mul(nn.mul(x, 2.0**100), 2.0**-100)), "exp"),
    "x * 1e-30 * 1e-30 would be 0": (lambda nn, x: nn.mul(nn.mul(x, 1e-30), 1e-30), "mul mul"),
    "-x * c": (lambda nn, x: nn.mul(nn.neg(x), C), "mul"),
    "-(x * c)": (lambda nn, x: nn.neg(nn.mul(x, C)), "mul"),
    # powers
    "x ^ 2": (lambda nn, x: nn.pow(x, 2.0), "square"),
    "x ^ 1": (lambda nn, x: nn.exp(nn.pow(x, 1.0)), "exp"),
    "|x| ^ 0.5": (lambda nn, x: nn.pow(nn.abs(x), 0.5), "abs sqrt"),
    "e^x ^ -0.5": (lambda nn, x: nn.pow(nn.exp(x), -0.5), "exp rsqrt"),
    "e^x ^ -1": (lambda nn, x: nn.pow(nn.exp(x), -1.0), "exp reciprocal"),
    "x ^ 3": (lambda nn, x: nn.pow(x, 3.0), "pow"),
    "x * x": (lambda nn, x: nn.mul(x, x), "square"),
    "1 / e^x": (lambda nn, x: nn.div(1.0, nn.exp(x)), "exp reciprocal"),
    "1 / sqrt e^x": (lambda nn, x: nn.div(1.0, nn.sqrt(nn.exp(x))), "exp rsqrt"),
    # choices and types
    "not not": (lambda nn, x: nn.logical_not(nn.logical_not(nn.less(x, 0.0))), "less"),
    "select by not": (lambda nn, x: nn.select(nn.logical_not(nn.less(x, 0.0)), x, F(1)), "less select"),
    "select of the same": (lambda nn, x: nn.exp(nn.select(nn.less(x, 0.0), x, x)), "exp"),
    "select by true": (lambda nn, x: nn.select(np.ones((2, 3), bool), nn.exp(x), x), "exp"),
    "select by false": (lambda nn, x: nn.exp(nn.select(np.array(False), 1.0, x)), "exp"),
    "cast to the same": (lambda nn, x: nn.exp(nn.cast(x, to=F32)), "exp"),
    "cast wider and back": (lambda nn, x: nn.exp(nn.cast(nn.cast(x, to=F64), to=F32)), "exp"),
    "cast by a narrower type": (lambda nn, x: nn.cast(nn.cast(x, to=I32), to=F32), "cast{to=i32} cast{to=f32}"),
    "booleans as numbers": (lambda nn, x: nn.cast(nn.cast(nn.less(x, 0.0), to=F32), to=I1), "less"),
    "identity": (lambda nn, x: nn.exp(nn.identity(x)), "exp"),
    "identity as output of an input": (lambda nn, x: nn.identity(x), "identity"),
    "identity as second output": (lambda nn, x: (y := nn.exp(x), nn.identity(y)), "exp identity"),
    # ranges
    "min(max(x, 0), 6)": (lambda nn, x: nn.minimum(nn.maximum(x, 0.0), 6.0), "clip{max=6.0,min=0.0}"),
    "max(x, 0)": (lambda nn, x: nn.maximum(0.0, x), "relu"),
    "max(x, c) of many": (lambda nn, x: nn.maximum(x, C), "maximum"),
    "clip from 0": (lambda nn, x: nn.clip(x, min=0.0), "relu"),
    "clip to nothing": (lambda nn, x: nn.exp(nn.clip(x)), "exp"),
    "relu relu": (lambda nn, x: nn.relu(nn.relu(x)), "relu"),
    "clip relu": (lambda nn, x: nn.clip(nn.relu(x), max=1.0), "clip{max=1.0,min=0.0}"),
    "clip clip": (lambda nn, x: nn.clip(nn.clip(x, min=-1.0, max=2.0), min=0.5, max=4.0), "clip{max=2.0,min=0.5}"),
    "clip clip apart": (lambda nn, x: nn.clip(nn.clip(x, max=0.0), min=2.0, max=4.0), "clip{max=2.0,min=2.0}"),
    "clip below relu": (lambda nn, x: nn.relu(nn.clip(x, max=-1.0)), "clip{max=0.0,min=0.0}"),
    # movements of nothing
    "reshape to the same": (lambda nn, x: nn.exp(nn.reshape(x, shape=(2, -1))), "exp"),
    "transpose in order": (lambda nn, x: nn.exp(nn.transpose(x, perm=(0, 1))), "exp"),
    "slice of everything": (
        lambda nn, x: nn.exp(nn.slice(x, starts=(0, 0), stops=(2, 2**31), steps=(1, 1))),
        "exp",
    ),
    "slice of a slice": (
        lambda nn, x: nn.slice(
            nn.slice(x, starts=(0, 1), stops=(2, 3), steps=(1, 1)), starts=(1, -1), stops=(2, -3), steps=(1, -1)
        ),
        "slice{starts=(1, 2),steps=(1, -1),stops=(2, 0)}",
    ),
    "slice backwards": (
        lambda nn, x: nn.slice(x, starts=(0, -1), stops=(2, -4), steps=(1, -1)),
        "slice{starts=(0, -1),steps=(1, -1),stops=(2, -4)}",
    ),
    "concat of one": (lambda nn, x: nn.exp(nn.concat([x], axis=0)), "exp"),
    "split into one": (lambda nn, x: nn.exp(nn.split(x, axis=1, sizes=(3,))), "exp"),
    "pad by nothing": (lambda nn, x: nn.exp(nn.pad(x, pads=(0, 0, 0, 0), mode="edge")), "exp"),
    "broadcast to the same": (lambda nn, x: nn.exp(nn.broadcast_to(x, shape=(-1, 3))), "exp"),
    "tile once": (lambda nn, x: nn.exp(nn.tile(x, reps=(1, 1))), "exp"),
    "sum over nothing": (lambda nn, x: nn.exp(nn.reduce_sum(x, axes=())), "exp"),
    # two in a row
    "reshape reshape": (lambda nn, x: nn.reshape(nn.reshape(x, shape=(6,)), shape=(3, -1)), "reshape{shape=(3, 2)}"),
    "reshape there and back": (lambda nn, x: nn.exp(nn.reshape(nn.reshape(x, shape=(6,)), shape=(2, 3))), "exp"),
    "transpose there and back": (
        lambda nn, x: nn.exp(nn.transpose(nn.transpose(x, perm=(1, 0)), perm=(1, 0))),
        "exp",
    ),
    "pad pad": (
        lambda nn, x: nn.pad(nn.pad(x, pads=(1, 0, 0, 2), value=3.0), pads=(1, 1, 1, 1), value=3.0),
        "pad{pads=(2, 1, 1, 3),value=3.0}",
    ),
    "pad pad of what was cut": (
        lambda nn, x: nn.pad(nn.pad(x, pads=(0, -1, 0, 0)), pads=(0, 1, 0, 0)),
        "pad{pads=(0, -1, 0, 0)} pad{pads=(0, 1, 0, 0)}",
    ),
    "pad pad with other numbers": (
        lambda nn, x: nn.pad(nn.pad(x, pads=(1, 0, 0, 2)), pads=(1, 1, 1, 1), value=3.0),
        "pad{pads=(1, 0, 0, 2)} pad{pads=(1, 1, 1, 1),value=3.0}",
    ),
    "concat concat": (
        lambda nn, x: nn.concat([nn.concat([x, nn.exp(x)], axis=1), x], axis=-1),
        "exp concat{axis=-1}",
    ),
    "nest of concats": (
        lambda nn, x: nn.concat([x, nn.concat([nn.exp(x), nn.concat([x, nn.tanh(x)], axis=1)], axis=-1), x], axis=1),
        "exp tanh concat{axis=1}",
    ),
    "concat of the same concat twice": (
        lambda nn, x: nn.concat([y := nn.concat([x, nn.exp(x)], axis=1), y], axis=1),
        "exp concat{axis=1} concat{axis=1}",
    ),
    "concat of concat along another axis": (
        lambda nn, x: nn.concat([nn.concat([x, x], axis=0), nn.concat([x, x], axis=0)], axis=1),
        "concat{axis=0} concat{axis=0} concat{axis=1}",
    ),
    "concat of split": (
        lambda nn, x: nn.exp(nn.concat(list(nn.split(x, axis=1, sizes=(1, 2))), axis=-1)),
        "exp",
    ),
    "concat of split in another order": (
        lambda nn, x: nn.concat(list(nn.split(x, axis=1, sizes=(1, 2)))[::-1], axis=1),
        "split{axis=1,sizes=(1, 2)} concat{axis=1}",
    ),
    # broadcasting
    "broadcast by the user": (
        lambda nn, x: nn.add(x, nn.broadcast_to(nn.reduce_sum(x, axes=(1,)), shape=(2, 3))),
        "reduce_sum{axes=(1,)} add",
    ),
    "tile by the user": (
        lambda nn, x: nn.mul(nn.tile(nn.reduce_sum(x, axes=(1,)), reps=(1, 3)), x),
        "reduce_sum{axes=(1,)} mul",
    ),
    "broadcast that both need": (
        lambda nn, x: nn.add(nn.broadcast_to(nn.exp(x), shape=(4, 2, 3)), 1.0),
        "exp broadcast_to{shape=(4, 2, 3)} add",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name):
    build, expected = CASES[name]
    module = program(build, {"x": X})
    canonical(module)
    assert text(module) == expected


IMAGES = {
    "transpose transpose": (
        lambda nn, x: nn.transpose(nn.transpose(x, perm=(0, 2, 3, 1)), perm=(3, 1, 0, 2)),
        "transpose{perm=(1, 2, 0, 3)}",
    ),
    "pixels as rows": (
        lambda nn, x: nn.transpose(nn.reshape(nn.transpose(x, perm=(0, 3, 1, 2)), shape=(1, 4, 6)), perm=(0, 2, 1)),
        "reshape{shape=(1, 6, 4)}",
    ),
    "transpose merge transpose": (
        lambda nn, x: nn.transpose(nn.reshape(nn.transpose(x, perm=(0, 1, 3, 2)), shape=(1, 2, 12)), perm=(0, 2, 1)),
        "transpose{perm=(0, 3, 2, 1)} reshape{shape=(1, 12, 2)}",
    ),
    "reverse along an axis of 1": (lambda nn, x: nn.exp(nn.reverse(x, axes=(0,))), "exp"),
    "reverse": (lambda nn, x: nn.reverse(x, axes=(1,)), "reverse{axes=(1,)}"),
    "axes put back behind a sum": (
        lambda nn, x: nn.reshape(nn.reduce_sum(x, axes=(2, 3), keep_dims=False), shape=(1, 2, 1, 1)),
        "reduce_sum{axes=(2, 3)}",
    ),
    "mean over an axis of 1": (lambda nn, x: nn.exp(nn.reduce_mean(x, axes=(0,))), "exp"),
    "maximum without an axis of 1": (
        lambda nn, x: nn.reduce_max(x, axes=(0,), keep_dims=False),
        "reshape{shape=(2, 3, 4)}",
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_rule_on_images(name):
    build, expected = IMAGES[name]
    module = program(build, {"x": IMAGE})
    canonical(module)
    assert text(module) == expected


def test_open_dimensions_are_respected():
    open_batch = {"x": TensorType(("N", 3), F32)}
    module = program(lambda nn, x: nn.exp(nn.reshape(nn.reshape(x, shape=(-1, 3, 1)), shape=(0, 3))), open_batch)
    canonical(module)
    assert text(module) == "exp"

    module = program(lambda nn, x: nn.slice(x, starts=(0, 0), stops=(2, 3), steps=(1, 1)), open_batch)
    assert not canonical(module)

    def all_of_it(nn, x):
        return nn.exp(nn.slice(x, starts=(0, 0), stops=(2**31 - 1, 3), steps=(1, 1)))

    module = program(all_of_it, open_batch)
    canonical(module)
    assert text(module) == "exp"


def test_inner_results_that_others_need_stay():
    def build(nn, x):
        turned = nn.transpose(x, perm=(1, 0))
        return nn.exp(nn.transpose(turned, perm=(1, 0))), turned

    module = program(build, {"x": X})
    canonical(module)
    assert text(module) == "transpose{perm=(1, 0)} exp"


def test_integers_wrap_around_as_before():
    integers = {"x": TensorType((2, 3), I32)}
    module = program(lambda nn, x: nn.sub(nn.add(x, np.int32(2**31 - 1)), np.int32(-5)), integers)
    canonical(module)
    assert text(module) == "add"
    module = program(lambda nn, x: nn.div(x, np.int32(2)), integers)
    assert not canonical(module)
    module = program(lambda nn, x: nn.maximum(x, np.int32(0)), integers)
    assert not canonical(module)


def test_doubles_do_not_hold_all_long_integers():
    integers = {"x": TensorType((2, 3), I64)}
    assert not canonical(program(lambda nn, x: nn.cast(nn.cast(x, to=F64), to=I64), integers))
    module = program(lambda nn, x: nn.cast(nn.cast(x, to=I64), to=I32), {"x": TensorType((2, 3), I32)})
    canonical(module)
    assert text(module) == ""


def test_nan_and_infinity_behave_as_before():
    module = program(lambda nn, x: nn.minimum(nn.maximum(x, -math.inf), 1.0), {"x": f32(3)})
    inputs = {"x": F([math.nan, math.inf, -math.inf])}
    before = evaluate(module.main, inputs)["y0"]
    canonical(module)
    assert text(module) == "clip{max=1.0}"
    np.testing.assert_array_equal(evaluate(module.main, inputs)["y0"], before)


def test_every_rule_has_been_seen_at_work():
    seen: set[str] = set()
    for type, cases in ((X, CASES), (IMAGE, IMAGES)):
        for build, _ in cases.values():
            canonicalize = Canonicalize()
            canonicalize.run(program(build, {"x": type}), PassContext())
            seen.update(canonicalize.counts)
    rules = {rule for rule in registered_rewrites("canonicalize") if not rule.__module__.endswith("control")}
    assert {rule.__name__ for rule in rules} == seen
