"""channel-last: equal numbers, valid types, and no transpose that the network does not need."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, Op, TensorType, Value
from nncc.ir.layout import CHANNEL_LAST, PORT_LAYOUT, moves_only_units, to_last
from nncc.ir.passes import PassContext
from nncc.ir.ports import from_ports, to_ports
from nncc.ir.types import F32
from nncc.passes.channel_last import ChannelLast
from nncc.passes.layout.reshapes import is_free
from nncc.passes.layout.solver import LayoutProblem

RNG = np.random.default_rng(7)
Outputs = dict[str, Value]


def weights(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def build(network: Callable[..., Outputs], shapes: list[tuple]) -> Module:
    module = Module()
    inputs = [(f"x{i}", TensorType(shape, F32)) for i, shape in enumerate(shapes)]
    function, block = Function.create("main", inputs)
    module.body.append(function)
    outputs = network(Builder(module, block), *block.args)
    function.set_outputs(list(outputs.items()))
    return module


def convert(module: Module, io: str) -> ChannelLast:
    """Run the pass and check what must hold for any network: types fit, numbers stay."""
    function = module.main
    inputs = {
        name: weights(*(d if isinstance(d, int) else 2 for d in value.tensor.dims))
        for name, value in zip(function.input_names, function.inputs, strict=True)
    }
    before = module.evaluate(inputs)
    step = ChannelLast(io=io)
    step.run(module, PassContext())
    for op in module.walk():
        if isinstance(op, Op) and op.results and op.is_inferable():
            assert [str(t) for t in op.inferred_types()] == [str(r.type) for r in op.results], op.name
    after = from_ports(function, module.evaluate(to_ports(function, inputs)))
    for name, array in before.items():
        np.testing.assert_allclose(after[name], array, rtol=1e-4, atol=1e-4)
    return step


def kinds(module: Module) -> list[str]:
    names = [op.name.removeprefix("nn.") for op in module.main.body]
    return [n for n in names if n not in ("constant", "func.return")]


def lenet(b, x):
    y = b.nn.max_pool(b.nn.conv(x, weights(4, 1, 3, 3), weights(4)), kernel=(2, 2), strides=(2, 2))
    y = b.nn.relu(b.nn.affine(b.nn.relu(b.nn.reshape(y, shape=(-1, 36))), weights(36, 5), weights(5)))
    return {"y": y}


def squeeze_excite(b, x):
    y = b.nn.conv(x, weights(6, 3, 3, 3), pads=(1, 1, 1, 1))
    s = b.nn.reduce_mean(y, axes=(2, 3), keep_dims=False)
    s = b.nn.sigmoid(b.nn.affine(s, weights(6, 6), weights(6)))
    y = b.nn.mul(y, b.nn.reshape(s, shape=(-1, 6, 1, 1)))
    y = b.nn.add(y, weights(6, 1, 1))
    y = b.nn.concat([y, b.nn.max_pool(y, kernel=(3, 3), strides=(1, 1), pads=(1, 1, 1, 1))], axis=1)
    return {"y": b.nn.softmax(b.nn.slice(y, starts=(0, 2, 0, 1), stops=(9, 9, 7, 8), steps=(1, 1, 2, 1)), axis=1)}


def patch_embedding(b, x):
    y = b.nn.conv(x, weights(8, 3, 4, 4), strides=(4, 4))
    y = b.nn.transpose(b.nn.reshape(y, shape=(-1, 8, 4)), perm=(0, 2, 1))
    return {"y": b.nn.affine(y, weights(8, 5))}


def decoder(b, x):
    y = b.nn.relu(b.nn.mul(b.nn.affine(x, weights(7, 32), weights(32)), weights(32)))
    return {"y": b.nn.conv(b.nn.reshape(y, shape=(-1, 2, 4, 4)), weights(3, 2, 3, 3))}


def written_channel_last(b, x):
    y = b.nn.conv(b.nn.transpose(x, perm=(0, 3, 1, 2)), weights(4, 3, 3, 3))
    return {"y": b.nn.transpose(y, perm=(0, 2, 3, 1))}


def sequence(b, x):
    y = b.nn.conv(x, weights(4, 3, 3))
    return {"y": b.nn.reduce_max(y, axes=(1,), keep_dims=False)}


def group_norm(b, x):
    """The channels split into groups, which are moved to the end, normalized and moved back."""
    y = b.nn.conv(x, weights(6, 3, 3, 3))
    y = b.nn.transpose(b.nn.reshape(y, shape=(-1, 2, 3, 6, 6)), perm=(0, 2, 3, 4, 1))
    y = b.nn.transpose(b.nn.layer_norm(y, axes=(1, 2, 3)), perm=(0, 4, 1, 2, 3))
    return {"y": b.nn.mul(b.nn.reshape(y, shape=(-1, 6, 6, 6)), weights(6, 1, 1))}


NETWORKS = [
    (lenet, (2, 1, 8, 8)),
    (lenet, ("N", 1, 8, 8)),
    (squeeze_excite, (2, 3, 8, 8)),
    (squeeze_excite, ("N", 3, 8, 8)),
    (patch_embedding, (2, 3, 8, 8)),
    (decoder, (2, 7)),
    (written_channel_last, (1, 8, 8, 3)),
    (sequence, (2, 3, 9)),
    (group_norm, (2, 3, 8, 8)),
    (group_norm, ("N", 3, 8, 8)),
]


@pytest.mark.parametrize(("network", "shape"), NETWORKS)
def test_no_transpose_is_left_with_channel_last_ports(network, shape):
    module = build(network, [shape])
    step = convert(module, "channel_last")
    assert step.counts["transposes"] == 0
    identity = [op for op in module.main.body if op.name == "nn.transpose" and op.perm != tuple(range(len(op.perm)))]
    assert not identity


@pytest.mark.parametrize(("network", "shape"), NETWORKS)
def test_ports_are_kept_when_asked(network, shape):
    module = build(network, [shape])
    types = [str(v.type) for v in (*module.main.inputs, *module.main.outputs)]
    convert(module, "keep")
    assert [str(v.type) for v in (*module.main.inputs, *module.main.outputs)] == types


def test_ports_say_that_they_changed():
    module = build(squeeze_excite, [(1, 3, 8, 8)])
    convert(module, "channel_last")
    assert module.main.port_attribute("arg", 0, PORT_LAYOUT) == CHANNEL_LAST
    assert module.main.port_attribute("res", 0, PORT_LAYOUT) == CHANNEL_LAST
    assert module.main.inputs[0].tensor.dims == (1, 8, 8, 3)


def test_network_without_spatial_operations_is_left_alone():
    module = build(lambda b, x: {"y": b.nn.relu(x)}, [(1, 3, 4, 4)])
    assert not ChannelLast().run(module, PassContext())
    assert module.main.inputs[0].tensor.dims == (1, 3, 4, 4)


def test_unit_dimensions_move_by_a_reshape():
    module = build(lambda b, x: {"y": b.nn.conv(x, weights(2, 1, 3, 3))}, [(1, 1, 5, 5)])
    convert(module, "keep")
    assert kinds(module) == ["reshape", "conv", "transpose"]


def test_one_transpose_serves_all_users():
    def network(b, x):
        y = b.nn.conv(x, weights(4, 3, 3, 3))
        z = b.nn.add(y, b.nn.matmul(y, weights(6, 6)))
        return {"y": b.nn.conv(z, weights(4, 4, 3, 3))}

    module = build(network, [(1, 3, 8, 8)])
    assert convert(module, "channel_last").counts["transposes"] == 2


def test_shared_weights_are_permuted_for_their_flatten_only():
    """An affine whose weight serves a flattened image and a plain vector: only the first permutes its rows."""

    def network(b, x, v):
        w = b.constant(weights(18, 5))
        y = b.nn.reshape(b.nn.conv(x, weights(2, 1, 3, 3)), shape=(1, 18))
        return {"y": b.nn.affine(y, w), "z": b.nn.affine(v, w)}

    module = build(network, [(1, 1, 5, 5), (1, 18)])
    assert convert(module, "channel_last").counts["permutations absorbed"] == 1


def test_flatten_that_is_an_output_keeps_its_order():
    def network(b, x):
        y = b.nn.reshape(b.nn.conv(x, weights(2, 1, 3, 3)), shape=(1, 18))
        return {"y": b.nn.affine(y, weights(18, 5)), "features": y}

    module = build(network, [(1, 1, 5, 5)])
    assert convert(module, "channel_last").counts["transposes"] == 1


@pytest.mark.parametrize("io", ["channel_last", "keep"])
@pytest.mark.parametrize("length", [4, 5])
def test_images_without_a_batch_keep_their_order(io, length):
    def network(b, x):
        y = b.nn.conv(b.nn.reshape(x, shape=(1, 3, length)), weights(length - 1, 3, 2))
        return {"y": b.nn.reshape(y, shape=(length - 1, length - 1))}

    convert(build(network, [(3, length)]), io)


def test_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="io is channel_last or keep, got 'nhwc'"):
        ChannelLast(io="nhwc")


# The parts


@given(st.data())
def test_cut_is_as_cheap_as_trying_all(data):
    count = data.draw(st.integers(2, 6))
    problem = LayoutProblem()
    variables = [problem.variable(data.draw(st.sampled_from([None, None, True, False]))) for _ in range(count)]
    costs = []
    for v in variables:
        last, cost = data.draw(st.booleans()), data.draw(st.integers(0, 5))
        problem.cost(v, last, cost)
        costs.append(lambda s, v=v, last=last, cost=cost: cost * (s[v] == last))
    for _ in range(data.draw(st.integers(0, 6))):
        made = data.draw(st.sampled_from(variables))
        users = data.draw(st.lists(st.sampled_from(variables), min_size=1, max_size=3, unique=True))
        cost = data.draw(st.integers(1, 9))
        problem.cost_of_conversion(made, users, cost)
        costs.append(lambda s, m=made, u=users, c=cost: c * any(s[x] != s[m] for x in u))
    fixed = dict(problem.fixed)

    def price(choice):
        return sum(cost(choice) for cost in costs)

    solved = problem.solve()[:count]
    assert all(solved[v] == value for v, value in fixed.items() if v < count)
    options = (
        [bool(number >> v & 1) for v in range(count)]
        for number in range(2**count)
        if all(bool(number >> v & 1) == value for v, value in fixed.items() if v < count)
    )
    assert price(solved) == min(map(price, options))


def test_a_channel_last_line_stays_as_it_is():
    """A convolution over a line, as tf2onnx writes it: the channels are moved to the front, of an axis of 1, too."""

    def network(b: Builder, x: Value) -> Outputs:
        line = b.nn.layer_norm(b.nn.exp(x), axes=(2,))
        image = b.nn.transpose(b.nn.reshape(line, shape=(1, 16, 6, 1)), perm=(0, 2, 1, 3))
        return {"y": b.nn.reduce_max(b.nn.conv(image, weights(4, 6, 5, 1)), axes=(2, 3))}

    module = build(network, [(1, 16, 6)])
    convert(module, "keep")
    for op in module.main.body:
        if op.name == "nn.transpose":
            assert moves_only_units(op.x.tensor.dims, op.perm)


def test_a_wish_to_differ_is_refused():
    problem = LayoutProblem()
    with pytest.raises(ValueError, match="favour differing layouts"):
        problem.cost_pair(problem.variable(), problem.variable(), 5, 0, 0, 5)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_free_reshapes_are_those_that_move_nothing(dims, data):
    """Against the elements themselves: the reshape of the permuted array is the permuted reshape."""
    atoms = [d for d in dims if d > 1]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(atoms)), max_size=4)) | {0, len(atoms)})
    after = [int(np.prod(atoms[a:b])) for a, b in itertools.pairwise(cuts)] or [1]
    first, second = data.draw(st.booleans()), data.draw(st.booleans())
    x = np.arange(int(np.prod(dims))).reshape(dims)
    y = x.reshape(after)
    left = np.moveaxis(x, 1, -1) if first and x.ndim > 2 else x
    right = np.moveaxis(y, 1, -1) if second and y.ndim > 2 else y
    orders = [to_last(len(d)) if last else tuple(range(len(d))) for d, last in ((dims, first), (after, second))]
    assert is_free(dims, after, *orders) == bool((left.reshape(-1) == right.reshape(-1)).all())
