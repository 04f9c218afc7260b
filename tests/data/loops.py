"""Networks with loop control, which NNabla's Python API cannot build: written as NNP text, parameters beside it.

The functions are those of Neural Network Console. A loop has an id; `repeat_id` on a variable or function lists the
loops that it is in, outermost first. For iteration i of T:

    RepeatStart(a, b)     a for i = 0, then the last b
    RepeatEnd(b)          b of the last iteration, outside of the loop
    RecurrentInput(x)     slice i of x along an axis
    RecurrentOutput(h)    all h, stacked along an axis
    Delay(h, initial)     initial for i = 0, then the last h
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

Parameters = dict[str, np.ndarray]


def variable(name: str, shape: Sequence[int], repeat: Sequence[str] = (), kind: str = "Buffer") -> str:
    dims = " ".join(f"dim: {dim}" for dim in shape)
    return f'  variable {{ name: "{name}" type: "{kind}" {repeat_ids(repeat)}shape {{ {dims} }} }}\n'


def parameter(name: str, shape: Sequence[int], repeat: Sequence[str] = ()) -> str:
    return variable(name, shape, repeat, "Parameter")


def function(
    kind: str, inputs: Sequence[str], output: str, arguments: str = "", repeat: Sequence[str] = (), name: str = ""
) -> str:
    names = " ".join(f'input: "{each}"' for each in inputs)
    return (
        f'  function {{ name: "{name or output}" type: "{kind}" {repeat_ids(repeat)}'
        f'{names} output: "{output}" {arguments} }}\n'
    )


def repeat_ids(repeat: Sequence[str]) -> str:
    return "".join(f'repeat_id: "{each}" ' for each in repeat)


def affine(x: str, prefix: str, output: str, repeat: Sequence[str] = (), name: str = "") -> str:
    weights = (f"{prefix}/affine/W", f"{prefix}/affine/b")
    return function("Affine", (x, *weights), output, "affine_param { base_axis: 1 }", repeat, name)


def network(loops: dict[str, int], variables: Sequence[str], functions: Sequence[str]) -> str:
    info = "".join(f'  repeat_info {{ id: "{name}" times: {times} }}\n' for name, times in loops.items())
    return f'network {{\n  name: "runtime"\n  batch_size: 16\n{info}{"".join(variables)}{"".join(functions)}}}\n'


def executor(inputs: Sequence[str], outputs: Sequence[str], constants: dict[str, float] | None = None) -> str:
    data = "".join(f'  data_variable {{ variable_name: "{name}" data_name: "{name}" }}\n' for name in inputs)
    made = "".join(
        f'  generator_variable {{ variable_name: "{name}" type: "Constant" multiplier: {value} }}\n'
        for name, value in (constants or {}).items()
    )
    results = "".join(f'  output_variable {{ variable_name: "{name}" data_name: "{name}" }}\n' for name in outputs)
    return f'executor {{\n  name: "Executor"\n  network_name: "runtime"\n{data}{made}{results}}}\n'


def draw_affine(random: np.random.RandomState, prefix: str, rows: int, columns: int) -> Parameters:
    return {
        f"{prefix}/affine/W": random.randn(rows, columns) * rows**-0.5,
        f"{prefix}/affine/b": random.randn(columns) * 0.2,
    }


def lstm(random: np.random.RandomState) -> tuple[str, Parameters]:
    """One LSTM layer over 5 steps; cell and output come back through Delay, and start from generator variables."""
    steps, width, inner = 5, 3, 4
    loop = ("Step",)
    gates = {"input": "Sigmoid", "forget": "Sigmoid", "output": "Sigmoid", "candidate": "Tanh"}
    cell = [f"{gate}_gate" for gate in gates]
    inside = ["h_before", "c_before", "kept", "added", "c", "c_tanh", "h", *(f"{gate}_sum" for gate in gates), *cell]
    variables = [
        variable("x", (-1, steps, width)),
        variable("x_step", (-1, width), loop),
        variable("joined", (-1, width + inner), loop),
        *(variable(name, (-1, inner), loop) for name in inside),
        variable("h0", (-1, inner)),
        variable("c0", (-1, inner)),
        variable("sequence", (-1, steps, inner)),
        variable("y", (-1, 2)),
        *(parameter(f"{gate}/affine/W", (width + inner, inner)) for gate in gates),
        *(parameter(f"{gate}/affine/b", (inner,)) for gate in gates),
        parameter("head/affine/W", (steps * inner, 2)),
        parameter("head/affine/b", (2,)),
    ]
    collect = f'recurrent_param {{ repeat_id: "Step" length: {steps} axis: 1 }}'
    functions = [
        function("RecurrentInput", ("x",), "x_step", 'recurrent_param { repeat_id: "Step" axis: 1 }', loop, "Step"),
        function("Delay", ("h", "h0"), "h_before", 'recurrent_param { repeat_id: "Step" }', loop),
        function("Delay", ("c", "c0"), "c_before", 'recurrent_param { repeat_id: "Step" }', loop),
        function("Concatenate", ("x_step", "h_before"), "joined", "concatenate_param { axis: 1 }", loop),
        *(affine("joined", gate, f"{gate}_sum", loop) for gate in gates),
        *(function(kind, (f"{gate}_sum",), f"{gate}_gate", "", loop) for gate, kind in gates.items()),
        function("Mul2", ("forget_gate", "c_before"), "kept", "mul2_param { }", loop),
        function("Mul2", ("input_gate", "candidate_gate"), "added", "mul2_param { }", loop),
        function("Add2", ("kept", "added"), "c", "add2_param { }", loop),
        function("Tanh", ("c",), "c_tanh", "", loop),
        function("Mul2", ("output_gate", "c_tanh"), "h", "mul2_param { }", loop),
        function("RecurrentOutput", ("h",), "sequence", collect),
        affine("sequence", "head", "y"),
    ]
    parameters: Parameters = {}
    for gate in gates:
        parameters |= draw_affine(random, gate, width + inner, inner)
    parameters |= draw_affine(random, "head", steps * inner, 2)
    text = network({"Step": steps}, variables, functions)
    return text + executor(["x"], ["y", "sequence"], {"h0": 0.5, "c0": 0.0}), parameters


def repeat(random: np.random.RandomState, old_style: bool) -> tuple[str, Parameters]:
    """A residual unit, three times: one affine with weights of its own in each iteration, one with shared weights.

    New style: `own{Unit}/affine/W` in the network, `own[0]/affine/W` ... in the file.
    Old style: `own/affine/W` in the network, `own/affine/W_Unit[0]` ... in the file.
    """
    times, width = 3, 6
    weights = "own" if old_style else "own{Unit}"
    loop = ("Unit",)
    variables = [
        variable("x", (-1, width)),
        *(variable(name, (-1, width), loop) for name in ("start", "own", "own_tanh", "shared", "sum")),
        variable("end", (-1, width)),
        variable("y", (-1, 3)),
        parameter(f"{weights}/affine/W", (width, width), loop),
        parameter(f"{weights}/affine/b", (width,), loop),
        parameter("shared/affine/W", (width, width)),
        parameter("shared/affine/b", (width,)),
        parameter("head/affine/W", (width, 3)),
        parameter("head/affine/b", (3,)),
    ]
    functions = [
        function("RepeatStart", ("x", "sum"), "start", 'repeat_param { repeat_id: "Unit" }', loop, name="Unit"),
        affine("start", weights, "own", loop, name="own"),
        function("Tanh", ("own",), "own_tanh", "", loop),
        affine("own_tanh", "shared", "shared", loop),
        function("Add2", ("start", "shared"), "sum", "add2_param { }", loop),
        function("RepeatEnd", ("sum",), "end", f'repeat_param {{ repeat_id: "Unit" times: {times} }}'),
        affine("end", "head", "y"),
    ]
    parameters = draw_affine(random, "shared", width, width) | draw_affine(random, "head", width, 3)
    for i in range(times):
        for last, value in draw_affine(random, "", width, width).items():
            parameters[f"own{last}_Unit[{i}]" if old_style else f"own[{i}]{last}"] = value
    return network({"Unit": times}, variables, functions) + executor(["x"], ["y"]), parameters


def repeat_in_recurrence(random: np.random.RandomState) -> tuple[str, Parameters]:
    """A loop in a loop: at each of 4 steps, two layers with their own weights, which all steps share."""
    steps, times, width = 4, 2, 5
    outer, inner = ("Step",), ("Step", "Layer")
    variables = [
        variable("x", (-1, steps, width)),
        *(variable(name, (-1, width), outer) for name in ("x_step", "h_before", "mixed", "h")),
        *(variable(name, (-1, width), inner) for name in ("start", "sum", "tanh")),
        variable("h0", (-1, width)),
        variable("sequence", (-1, width, steps)),
        variable("y", (-1, 3)),
        parameter("layer{Layer}/affine/W", (width, width), ("Layer",)),
        parameter("layer{Layer}/affine/b", (width,), ("Layer",)),
        parameter("head/affine/W", (width * steps, 3)),
        parameter("head/affine/b", (3,)),
    ]
    collect = f'recurrent_param {{ repeat_id: "Step" length: {steps} axis: 2 }}'
    functions = [
        function("RecurrentInput", ("x",), "x_step", 'recurrent_param { repeat_id: "Step" axis: 1 }', outer, "Step"),
        function("Delay", ("h", "h0"), "h_before", 'recurrent_param { repeat_id: "Step" }', outer),
        function("Add2", ("x_step", "h_before"), "mixed", "add2_param { }", outer),
        function("RepeatStart", ("mixed", "tanh"), "start", 'repeat_param { repeat_id: "Layer" }', inner, name="Layer"),
        affine("start", "layer{Layer}", "sum", inner),
        function("Tanh", ("sum",), "tanh", "", inner),
        function("RepeatEnd", ("tanh",), "h", f'repeat_param {{ repeat_id: "Layer" times: {times} }}', outer),
        function("RecurrentOutput", ("h",), "sequence", collect),
        affine("sequence", "head", "y"),
    ]
    parameters: Parameters = {}
    for i in range(times):
        parameters |= draw_affine(random, f"layer[{i}]", width, width)
    parameters |= draw_affine(random, "head", width * steps, 3)
    text = network({"Step": steps, "Layer": times}, variables, functions)
    return text + executor(["x"], ["y"], {"h0": 0.25}), parameters


LOOPS: dict[str, Callable[[np.random.RandomState], tuple[str, Parameters]]] = {
    "lstm": lstm,
    "repeat_new_style": partial(repeat, old_style=False),
    "repeat_old_style": partial(repeat, old_style=True),
    "repeat_in_recurrence": repeat_in_recurrence,
}
