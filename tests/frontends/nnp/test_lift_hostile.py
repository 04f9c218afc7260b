"""Functions with arguments and shapes that make no sense: they are lifted or refused, and nothing else happens."""

import random
from typing import Any

import pytest
from nnp_networks import NetworkBuilder, lift

from nncc.frontends.nnp.ops import LIFTS
from nncc.ir import CompileError
from nncc.ir.dialects.nnp import FUNCTION_OPS
from nncc.ir.opdef import BOOL, FLOAT, FLOATS, INT, STRING
from nncc.ir.types import Dim

SEEDS = range(8)


def any_argument(kind: object, random: random.Random) -> Any:
    if kind is BOOL:
        return random.random() < 0.5
    if kind is STRING:
        return random.choice(["", "x", "linear", "nearest", "reflect", "constant", "tanh", "hanning", "ij,jk->ik"])
    if kind is FLOAT:
        return random.choice([0.0, -1.0, 0.5, 2.0, 1e30, float("inf"), float("nan")])
    if kind is INT:
        return random.choice([0, 1, 2, 3, -1, -2, 7, 2**31])
    one = FLOAT if kind is FLOATS else INT
    return tuple(any_argument(one, random) for _ in range(random.randint(0, 5)))


def any_shape(random: random.Random) -> tuple[Dim, ...]:
    shape: list[Dim] = [random.choice([1, 2, 3, 4, 6]) for _ in range(random.randint(0, 5))]
    if shape and random.random() < 0.2:
        shape[0] = "N"
    return tuple(shape)


@pytest.mark.parametrize("kind", sorted(LIFTS))
def test_nonsense_is_refused(kind: str) -> None:
    definition = FUNCTION_OPS[kind]
    for seed in SEEDS:
        chance = random.Random(f"{kind} {seed}")
        net = NetworkBuilder()
        shape = any_shape(chance)
        names = []
        ports = definition.function_type.inputs
        for i in range(3 if definition.function_type.is_variadic else len(ports)):
            if i < len(ports) and ports[i].optional and chance.random() < 0.4:
                names.append(None)
                continue
            names.append(f"x{i}")
            net.input(f"x{i}", shape if chance.random() < 0.4 else any_shape(chance))
        arguments = {
            name: any_argument(definition.attribute_fields[name].kind, chance) for name in definition.argument_names
        }
        count = chance.randint(1, len(definition.function_type.outputs))
        net.call(kind, names, {f"y{i}": any_shape(chance) for i in range(count)}, **arguments)
        module = net.finish("y0")
        try:
            lift(module)
        except CompileError as error:
            assert all(str(d.location) for d in error.diagnostics)
