"""Unrolled loops: names, wires, parameters, numbers, and what is refused."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nncc.backends.nnp import save
from nncc.frontends.nnp import load
from nncc.ir import CompileError, Module
from nncc.ir.dialects import nnp
from nncc.ir.passes import PassContext, lookup_pass
from nncc.passes.expand_loop_control import ExpandLoopControl
from nncc.pipelines.registry import load_passes

Read = Callable[[str], Module]


def variable(name: str, loops: str = "", kind: str = "Buffer", shape: str = "dim: -1 dim: 3") -> str:
    ids = "".join(f'repeat_id: "{loop}" ' for loop in loops)
    return f'variable {{ name: "{name}" type: "{kind}" {ids}shape {{ {shape} }} }}\n'


def function(kind: str, inputs: str, output: str, loops: str = "", arguments: str = "") -> str:
    ids = "".join(f'repeat_id: "{loop}" ' for loop in loops)
    names = "".join(f'input: "{name}" ' for name in inputs.split())
    return f'function {{ name: "{output}" type: "{kind}" {ids}{names}output: "{output}" {arguments} }}\n'


def network(loops: str, *content: str, outputs: str = "y") -> str:
    """A network whose loops are given as ``R3 S2``: an id and the number of rounds."""
    infos = "".join(f'repeat_info {{ id: "{loop[0]}" times: {loop[1:]} }}\n' for loop in loops.split())
    ports = 'data_variable { variable_name: "x" } ' + "".join(
        f'output_variable {{ variable_name: "{name}" }} ' for name in outputs.split()
    )
    run = f'executor {{ name: "run" network_name: "net" {ports} }}\n'
    return f'network {{ name: "net"\n{infos}{"".join(content)}}}\n{run}'


REPEAT = (
    variable("x"),
    variable("s", "R"),
    variable("t", "R"),
    variable("e"),
    variable("y"),
    function("RepeatStart", "x t", "s", "R", 'repeat_param { repeat_id: "R" }'),
    function("Tanh", "s", "t", "R"),
    function("RepeatEnd", "t", "e", "", 'repeat_param { repeat_id: "R" times: 3 }'),
    function("Sigmoid", "e", "y"),
)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def parse(text: str) -> Module:
        (tmp_path / "m.nntxt").write_text(text)
        return load(tmp_path / "m.nntxt")

    return parse


def expand(module: Module, **options: int) -> nnp.Network:
    expansion = ExpandLoopControl(**options)
    assert expansion.run(module, PassContext())
    for op in module.walk():
        op.verify()
    (found,) = nnp.networks(module).values()
    assert nnp.is_in_forward_order(found) and not found.repeat_info
    assert expansion.counts["functions"] == len(found.functions)
    return found


def lines(network: nnp.Network) -> list[str]:
    """The functions as ``output = Type(inputs)``."""
    names = {value: v.label for value, v in nnp.variables_by_value(network).items()}
    return [
        f"{' '.join(names[r] for r in f.results)} = {f.function_type.name}({', '.join(names[v] for v in f.operands)})"
        for f in network.functions
    ]


def refusal(module: Module, **options: int) -> str:
    with pytest.raises(CompileError) as caught:
        ExpandLoopControl(**options).run(module, PassContext())
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.remedy and diagnostic.location.origins[0].file.endswith("m.nntxt")
    return str(caught.value)


# What loops become


def test_a_repetition(read: Read) -> None:
    found = expand(read(network("R3", *REPEAT)))
    assert lines(found) == ["t_R[0] = Tanh(x)", "t_R[1] = Tanh(t_R[0])", "t_R[2] = Tanh(t_R[1])", "y = Sigmoid(t_R[2])"]
    assert [v.label for v in found.variables] == ["x", "t_R[0]", "t_R[1]", "t_R[2]", "y"]
    assert [f.label for f in found.functions] == ["t_R[0]", "t_R[1]", "t_R[2]", "y"]
    first = found.functions[0]
    assert not first.repeat_id and first.location.passes == ("expand-loop-control",)
    assert (first.location.origins[0].name, first.location.origins[0].index) == ("t", 1)


def test_a_wire_that_is_an_output_keeps_its_name(read: Read) -> None:
    found = expand(read(network("R2", *REPEAT, outputs="e y").replace("times: 3", "times: 2")))
    assert lines(found)[2:] == ["e = Identity(t_R[1])", "y = Sigmoid(e)"]


def test_a_recurrence_with_delays(read: Read) -> None:
    text = network(
        "R3",
        variable("x", shape="dim: -1 dim: 3 dim: 2"),
        *(variable(name, "R", shape="dim: -1 dim: 2") for name in "rhde"),
        variable("zero", shape="dim: -1 dim: 2"),
        variable("y", shape="dim: -1 dim: 3 dim: 2"),
        function("RecurrentInput", "x", "r", "R", 'recurrent_param { repeat_id: "R" axis: 1 }'),
        function("Delay", "h zero", "d", "R", 'recurrent_param { repeat_id: "R" }'),
        function("Delay", "d zero", "e", "R", 'recurrent_param { repeat_id: "R" }'),
        function("AddN", "r d e", "h", "R"),
        function("RecurrentOutput", "h", "y", "", 'recurrent_param { repeat_id: "R" length: 3 axis: 1 }'),
    )
    found = expand(read(text))
    assert lines(found) == [
        "r_R[0] r_R[1] r_R[2] = Split(x)",
        "h_R[0] = AddN(r_R[0], zero, zero)",
        "h_R[1] = AddN(r_R[1], h_R[0], zero)",
        "h_R[2] = AddN(r_R[2], h_R[1], h_R[0])",
        "y = Stack(h_R[0], h_R[1], h_R[2])",
    ]
    assert found.functions[0].axis == found.functions[-1].axis == 1
    assert [f.label for f in found.functions] == ["r", "h_R[0]", "h_R[1]", "h_R[2]", "y"]


def test_a_repetition_in_a_recurrence(read: Read) -> None:
    text = network(
        "R2 S2",
        variable("x", shape="dim: -1 dim: 2 dim: 3"),
        variable("r", "R"),
        *(variable(name, "RS") for name in "st"),
        variable("e", "R"),
        variable("y", shape="dim: -1 dim: 2 dim: 3"),
        function("RecurrentInput", "x", "r", "R", 'recurrent_param { repeat_id: "R" axis: 1 }'),
        function("RepeatStart", "r t", "s", "RS", 'repeat_param { repeat_id: "S" }'),
        function("Add2", "s r", "t", "RS"),
        function("RepeatEnd", "t", "e", "R", 'repeat_param { repeat_id: "S" times: 2 }'),
        function("RecurrentOutput", "e", "y", "", 'recurrent_param { repeat_id: "R" length: 2 axis: 1 }'),
    )
    found = expand(read(text))
    assert lines(found) == [
        "r_R[0] r_R[1] = Split(x)",
        "t_R[0]_S[0] = Add2(r_R[0], r_R[0])",
        "t_R[0]_S[1] = Add2(t_R[0]_S[0], r_R[0])",
        "t_R[1]_S[0] = Add2(r_R[1], r_R[1])",
        "t_R[1]_S[1] = Add2(t_R[1]_S[0], r_R[1])",
        "y = Stack(t_R[0]_S[1], t_R[1]_S[1])",
    ]


def test_one_loop_behind_another(read: Read) -> None:
    def loop(id: str, start: str) -> tuple[str, ...]:
        s, t, e = (f"{name}{id}" for name in "ste")
        return (
            variable(s, id),
            variable(t, id),
            variable(e),
            function("RepeatStart", f"{start} {t}", s, id, f'repeat_param {{ repeat_id: "{id}" }}'),
            function("Tanh", s, t, id),
            function("RepeatEnd", t, e, "", f'repeat_param {{ repeat_id: "{id}" times: 2 }}'),
        )

    text = network(
        "R2 S2", variable("x"), *loop("R", "x"), *loop("S", "eR"), variable("y"), function("ReLU", "eS", "y")
    )
    assert lines(expand(read(text))) == [
        "tR_R[0] = Tanh(x)",
        "tR_R[1] = Tanh(tR_R[0])",
        "tS_S[0] = Tanh(tR_R[1])",
        "tS_S[1] = Tanh(tS_S[0])",
        "y = ReLU(tS_S[1])",
    ]


def test_functions_in_any_order(read: Read) -> None:
    declared, functions = REPEAT[:5], REPEAT[5:]
    assert lines(expand(read(network("R3", *declared, *functions[::-1])))) == lines(
        expand(read(network("R3", *REPEAT)))
    )


def test_a_network_without_loops_is_left_alone(read: Read) -> None:
    module = read(network("", variable("y"), variable("x"), function("Tanh", "x", "y")))
    before = nnp.networks(module)["net"]
    assert not ExpandLoopControl().run(module, PassContext())
    assert nnp.networks(module)["net"] is before


# Parameters

WEIGHTED = (
    variable("x"),
    variable("s", "R"),
    variable("t", "R"),
    variable("y"),
    function("RepeatStart", "x t", "s", "R", 'repeat_param { repeat_id: "R" }'),
    function("RepeatEnd", "t", "y", "", 'repeat_param { repeat_id: "R" }'),
)


def parameter(name: str, value: float) -> str:
    data = " ".join(f"data: {value}" for _ in range(3))
    return f'parameter {{ variable_name: "{name}" shape {{ dim: 1 dim: 3 }} {data} }}\n'


@pytest.mark.parametrize(
    ("name", "copies"),
    [("a/W", ["a/W_R[0]", "a/W_R[1]"]), ("a{R}/W", ["a[0]/W", "a[1]/W"])],
    ids=["old style", "new style"],
)
def test_parameters_of_a_loop(read: Read, name: str, copies: list[str]) -> None:
    body = (variable(name, "R", "Parameter", "dim: 1 dim: 3"), function("Add2", f"s {name}", "t", "R"))
    rate = f'parameter_variable {{ variable_name: "{name}" learning_rate_multiplier: 0.5 }}'
    text = network("R2", *WEIGHTED, *body).replace("executor {", f"executor {{ {rate}")
    module = read(text + parameter(copies[1], 1) + parameter(copies[0], 0) + parameter("unused", 9))
    found = expand(module)
    values = {v.label: float(v.value.numpy()[0, 0]) for v in found.variables if v.is_parameter}
    assert values == {copies[0]: 0, copies[1]: 1}
    (executor,) = nnp.executors(module)
    assert executor.attributes["parameter_variable"] == tuple(
        {"variable_name": copy, "learning_rate_multiplier": 0.5} for copy in copies
    )


def test_a_shared_parameter_stays_one(read: Read) -> None:
    body = (variable("W", "", "Parameter", "dim: 1 dim: 3"), function("Add2", "s W", "t", "R"))
    found = expand(read(network("R2", *WEIGHTED, *body) + parameter("W", 2)))
    (shared,) = (v for v in found.variables if v.is_parameter)
    assert shared.label == "W" and shared.value is not None


def test_a_stored_parameter_of_another_shape(read: Read) -> None:
    body = (variable("W", "R", "Parameter", "dim: 1 dim: 4"), function("Add2", "s W", "t", "R"))
    message = refusal(read(network("R2", *WEIGHTED, *body) + parameter("W_R[1]", 2)))
    assert "parameter 'W_R[1]' has the type tensor<1x3xf32>, its variable 'W' tensor<1x4xf32>" in message


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("times: 3 }\n", "times: 0 }\n", "the loop 'R' has 0 rounds"),
        ('id: "R" times: 3 }\n', 'id: "Q" times: 3 }\n', "'s' is in the loop 'R', which is not declared"),
        ('"R" times: 3 } }', '"R" times: 4 } }', "RepeatEnd 'e': it says 4 rounds, but loop 'R' has 3"),
        ('"R" times: 3 } }', '"Q" times: 3 } }', "RepeatEnd 'e': its loop 'Q' is not declared"),
        ('input: "e"', 'input: "t"', "Sigmoid 'y': the variable 't' is in the loop 'R', which is not open here"),
        ('"e" type: "Buffer" ', '"e" type: "Buffer" repeat_id: "R" ', "is in the loop 'R', which is not open here"),
        (
            '"s" type: "Buffer" repeat_id: "R"',
            '"s" type: "Buffer"',
            "RepeatStart 's': its output 's' is in the loops []",
        ),
        ('"Tanh" repeat_id: "R"', '"Tanh"', "Tanh 't': the variable 's' is in the loop 'R', which is not open here"),
    ],
)
def test_a_wrong_loop(read: Read, old: str, new: str, reason: str) -> None:
    text = network("R3", *REPEAT)
    assert text.count(old) == 1, old
    assert reason in refusal(read(text.replace(old, new)))


@pytest.mark.parametrize(
    ("axis", "length", "reason"),
    [
        (0, 3, "axis 0 of its input tensor<?x3x2xf32"),
        (5, 3, "axis 5 of its input"),
        (1, 4, "its length is 4, but loop 'R' has 3 rounds"),
    ],
)
def test_a_wrong_recurrence(read: Read, axis: int, length: int, reason: str) -> None:
    text = network(
        "R3",
        variable("x", shape="dim: -1 dim: 3 dim: 2"),
        variable("r", "R", shape="dim: -1 dim: 2"),
        variable("y", shape="dim: -1 dim: 3 dim: 2"),
        function("RecurrentInput", "x", "r", "R", f'recurrent_param {{ repeat_id: "R" axis: {axis} }}'),
        function("RecurrentOutput", "r", "y", "", f'recurrent_param {{ repeat_id: "R" length: {length} axis: 1 }}'),
    )
    assert reason in refusal(read(text))


def test_wires_that_go_round(read: Read) -> None:
    """No file gets so far, but IR text may."""
    module = read(network("R3", *REPEAT))
    start, _, end, _ = nnp.networks(module)["net"].functions
    start.set_operands([end.result, start.result])
    end.set_operands([start.result])
    assert "around without ever computing it" in refusal(module)


def test_names_that_meet(read: Read) -> None:
    text = network("R3", *REPEAT, variable("t_R[1]"))
    assert "two variables of the expanded network would have the name 't_R[1]'" in refusal(read(text))


def test_all_faults_of_all_functions_at_once(read: Read) -> None:
    text = network("R3", *REPEAT).replace('"R" times: 3 } }', '"Q" times: 3 } }').replace('input: "e"', 'input: "t"')
    assert refusal(read(text)).count("error:") == 2


def test_loops_without_end_are_not_unrolled(read: Read) -> None:
    text = network("R999999999999", *REPEAT).replace("times: 3 } }", "times: 999999999999 } }")
    assert "more than 1000000" in refusal(read(text))
    assert "unroll to 17 functions and variables, more than 16" in refusal(
        read(network("R3", *REPEAT)), max_functions=16
    )


# Cost and numbers


def test_the_time_is_near_linear(read: Read) -> None:
    seconds = []
    for rounds in (2_000, 16_000):
        module = read(network(f"R{rounds}", *REPEAT).replace("times: 3", f"times: {rounds}"))
        start = time.perf_counter()
        expand(module)
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 8 * 3 * seconds[0]


NETWORKS = ["lstm", "repeat_in_recurrence", "repeat_new_style", "repeat_old_style"]


@pytest.mark.parametrize("stage", ["expanded", "written and read again"])
@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_are_those_of_nnabla(data: Path, tmp_path: Path, name: str, stage: str) -> None:
    load_passes()
    module, context = load(data / f"{name}.nnp"), PassContext()
    assert ExpandLoopControl().run(module, context)
    if stage != "expanded":
        save(module, tmp_path / "m.nnp")
        module = load(tmp_path / "m.nnp")
        assert not ExpandLoopControl().run(module, context)
    lookup_pass("lift-nnp")().run(module, context)
    golden = np.load(data / f"{name}.npz")
    for prefix in ("", "1"):
        given = {n[len(f"in{prefix}_") :]: golden[n] for n in golden.files if n.startswith(f"in{prefix}_")}
        found = module.evaluate(given)
        assert found
        for output, array in found.items():
            np.testing.assert_allclose(array, golden[f"out{prefix}_{output}"], rtol=1e-3, atol=1e-4)
