"""Parts of models: run one after another they give the model's numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import nncc
from nncc.ir import CompileError, Function, Module, UsageError
from nncc.ir.dialects import nnp
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.splitting import Graph, Range, graph_of, parse_ranges
from nncc.passes.select_executor import SelectExecutor
from nncc.passes.split_network import SplitNetwork

from ..nnp_networks import NetworkBuilder

Arrays = Mapping[str, np.ndarray]
NETWORKS = ["residual", "unet", "transformer", "channel_shuffle", "two_inputs", "hard_swish_squeeze_excite", "lstm"]


def numbered(path: Path) -> Module:
    module = nncc.load(path)
    nncc.compile(module, "select-executor,expand-loop-control")
    return module


def thirds(graph: Graph) -> list[Range]:
    ends = [0, len(graph.functions) // 3, 2 * len(graph.functions) // 3, len(graph.functions)]
    return [(a, b - 1) for a, b in itertools.pairwise(ends)]


def chained(graph: Graph, ranges: Sequence[Range], inputs: Arrays, pipeline: str | None) -> dict[str, np.ndarray]:
    """All values that the parts take and give, each part fed with what those before it made."""
    values = dict(inputs)
    for first, last in ranges:
        part = graph.extract(graph.cut(first, last))
        if pipeline is not None:
            nncc.compile(part, pipeline, batch=len(next(iter(inputs.values()))))
        values |= part.evaluate({name: values[name] for name in part.main.input_names})
    return values


@pytest.mark.parametrize("name", NETWORKS)
def test_parts_of_networks_compute_what_the_whole_does(name: str, data: Path) -> None:
    golden = np.load(data / f"{name}.npz")
    inputs = {k.removeprefix("in_"): golden[k] for k in golden if k.startswith("in_")}
    graph = graph_of(numbered(data / f"{name}.nnp"))
    values = chained(graph, thirds(graph), inputs, "nnp-to-nn")
    outputs = [k for k in golden if k.startswith("out_")]
    assert outputs
    for key in outputs:
        np.testing.assert_allclose(values[key.removeprefix("out_")], golden[key], rtol=1e-4, atol=1e-5)


def test_every_function_may_be_a_part(data: Path) -> None:
    golden = np.load(data / "residual.npz")
    graph = graph_of(numbered(data / "residual.nnp"))
    ranges = [(i, i) for i in range(len(graph.functions))]
    values = chained(graph, ranges, {"x": golden["in_x"]}, "nnp-to-nn")
    np.testing.assert_allclose(values["y"], golden["out_y"], rtol=1e-4, atol=1e-5)


def test_connections_that_skip_the_beginning_of_a_part_come_in(data: Path) -> None:
    graph = graph_of(numbered(data / "unet.nnp"))
    cut = graph.cut(*thirds(graph)[2])
    assert len(cut.inputs) == 2  # NNabla's converter takes the inputs of the first function only
    first = cut.functions[0]
    assert any(value not in first.operands for value in cut.inputs)


RESIDUAL = """
"func.func"() ({
^bb0(%x: tensor<2x3xf32>):
  %w = "onnx.initializer"() {value = dense<[[1.0, 2.0, 3.0]]> : tensor<1x3xf32>} : () -> tensor<1x3xf32>
  %s = "onnx.Sqrt"(%w) : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %a = "onnx.Add"(%x, %s) : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  %b = "onnx.Relu"(%a) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %u = "onnx.Neg"(%b) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = "onnx.Mul"(%b, %s) : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  %d = "onnx.Sub"(%c, %a) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  "func.return"(%d, %b) : (tensor<2x3xf32>, tensor<2x3xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}, {nncc.name = "relu"}]}
  : () -> ()
"""


def onnx_module() -> Module:
    module = parse_module(f'"builtin.module"() ({{{RESIDUAL}}}) {{onnx.opset_import = {{"" = 17}}}} : () -> ()', "m")
    for op in module.main.body:
        for value in op.results:
            value.name = {"Sqrt": "s", "Add": "a", "Relu": "b", "Mul": "c", "Sub": "d"}.get(op.name[5:])
    return module


def test_parts_of_onnx_models_compute_what_the_whole_does() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    whole = onnx_module()
    nncc.compile(whole, "onnx-to-nn")
    expected = whole.evaluate({"x": x})
    graph = graph_of(onnx_module())
    assert [graph.kind(f) for f in graph.functions] == ["Add", "Relu", "Neg", "Mul", "Sub"]  # Sqrt is of a constant
    values = chained(graph, [(0, 0), (1, 3), (4, 4)], {"x": x}, "onnx-to-nn")
    for name in ("y", "relu"):
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-6)


def test_what_follows_from_constants_is_copied_into_each_part() -> None:
    graph = graph_of(onnx_module())
    part = graph.extract(graph.cut(1, 3))
    assert [op.name for op in part.main.body] == [
        "onnx.initializer",
        "onnx.Sqrt",
        "onnx.Relu",
        "onnx.Mul",
        "func.return",
    ]
    assert part.main.input_names == ["a"]
    assert part.main.output_names == ["relu", "c"]  # an output of the model goes by its name there


def test_values_in_regions_come_in() -> None:
    graph = graph_of(
        parse_module(
            """
            "func.func"() ({
            ^bb0(%p: tensor<i1>, %x: tensor<2xf32>):
              %a = "nn.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
              %b = "nn.neg"(%x) : (tensor<2xf32>) -> tensor<2xf32>
              %c = "nn.if"(%p) ({
                "nn.yield"(%a) : (tensor<2xf32>) -> ()
              }, {
                "nn.yield"(%b) : (tensor<2xf32>) -> ()
              }) : (tensor<i1>) -> tensor<2xf32>
              "func.return"(%c) : (tensor<2xf32>) -> ()
            }) {sym_name = "main", arg_attrs = [{nncc.name = "p"}, {nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]}
              : () -> ()
            """,
            "m",
        )
    )
    assert len(graph.cut(0, 1).outputs) == 2
    assert len(graph.cut(2, 2).inputs) == 3
    inputs = {"p": np.array(False), "x": np.array([1.0, -2.0], np.float32)}
    values = chained(graph, [(0, 1), (2, 2)], inputs, None)
    np.testing.assert_array_equal(values["y"], [-1.0, 2.0])


def small_network() -> Module:
    b = NetworkBuilder()
    b.input("x", (2, 3))
    b.input("z", (2, 3))
    b.parameter("W", np.ones((3, 3)))
    b.generated("noise", (2, 3), "Constant", 0.5)
    b.call("Affine", ["x", "W"], {"h": (2, 3)}, base_axis=1)
    b.call("Tanh", ["h"], {"unused": (2, 3)})
    b.call("Add2", ["h", "noise"], {"t": (2, 3)})
    b.call("Mul2", ["t", "z"], {"u": (2, 3)})
    b.call("Add2", ["u", "h"], {"y": (2, 3)})
    return b.finish("y", "t")


def test_functions_are_numbered_as_nnabla_does_it() -> None:
    """Depth first, so the function that comes second in the file and leads nowhere comes last."""
    graph = graph_of(small_network())
    assert [graph.label(f) for f in graph.functions] == ["Affine_0", "Add2_2", "Mul2_3", "Add2_4", "Tanh_1"]


def test_loops_are_numbered_when_they_are_unrolled(data: Path) -> None:
    graph = graph_of(numbered(data / "lstm.nnp"))
    labels = [graph.label(f) for f in graph.functions[:5]]
    step = ["joined", "candidate_sum", "candidate_gate", "output_sum"]
    assert labels == ["Step", *(f"{name}_Step[0]" for name in step)]  # what nnabla_cli dump -F lists


def run_split(module: Module, range: str) -> None:
    SplitNetwork(range=range).run(module, PassContext())
    module.verify()


def executor(module: Module) -> nnp.Executor:
    (only,) = nnp.executors(module)
    return only


def test_a_part_of_a_network_is_a_network() -> None:
    module = small_network()
    run_split(module, "1-2")
    (network,) = nnp.networks(module).values()
    assert [f.function_type.name for f in network.functions] == ["Add2", "Mul2"]
    assert {v.label for v in network.variables} == {"h", "noise", "t", "z", "u"}
    assert executor(module).variable_names("data_variable") == ["z", "h"]
    assert executor(module).variable_names("output_variable") == ["t", "u"]
    assert executor(module).variable_names("generator_variable") == ["noise"]
    assert not module.resources  # W stays with the part that takes it


def test_the_whole_range_has_the_ports_of_the_network() -> None:
    module = small_network()
    run_split(module, "0-")
    (network,) = nnp.networks(module).values()
    assert "Tanh" not in {f.function_type.name for f in network.functions}  # nobody asked for it
    assert executor(module).variable_names("data_variable") == ["x", "z"]
    assert executor(module).variable_names("output_variable") == ["y", "t"]
    assert executor(module).variable_names("generator_variable") == ["noise"]


def test_a_part_that_nobody_needs_is_refused() -> None:
    with pytest.raises(CompileError, match="nothing outside of functions 4 to 4 needs"):
        run_split(small_network(), "4-4")


def test_loops_must_be_expanded_first(data: Path) -> None:
    module = nncc.load(data / "repeat_new_style.nnp")
    SelectExecutor().run(module, PassContext())
    with pytest.raises(CompileError, match="loops"):
        run_split(module, "0-")


def test_all_that_is_wrong_with_ranges_is_reported() -> None:
    with pytest.raises(UsageError) as caught:
        parse_ranges("2-5,x,-,9-,4-3,5-6", 8)
    told = str(caught.value)
    for part in ("'x' is no range", "'-' is no range", "9- names", "4-3 ends before", "2-5 and 5-6 overlap"):
        assert part in told


def test_ranges() -> None:
    assert parse_ranges("-2, 3-3,5-", 8) == [(0, 2), (3, 3), (5, 7)]


def test_the_pass_takes_one_range() -> None:
    with pytest.raises(UsageError, match="takes one range"):
        SplitNetwork(range="0-1,2-3").run(small_network(), PassContext())


def test_splitting_takes_linear_time() -> None:
    """20,000 functions in 200 parts: each part costs what is in it."""
    from nncc.ir import Builder, TensorType
    from nncc.ir.types import F32

    module = Module()
    function, block = Function.create("main", [("x", TensorType((1,), F32))])
    module.body.append(function)
    b = Builder(module, block)
    value = block.args[0]
    for _ in range(20_000):
        value = b.nn.relu(value)
    function.set_outputs([("y", value)])
    graph = graph_of(module)
    kept = sum(len(graph.extract(graph.cut(i, i + 99)).main.body) - 1 for i in range(0, 20_000, 100))
    assert kept == 20_000
