"""The pass lift-nnp: what becomes of an executor, its variables and its functions."""

from pathlib import Path

import numpy as np
import pytest
from nnp_networks import NetworkBuilder, lift

from nncc.frontends.nnp import load
from nncc.frontends.nnp.ops import LIFTS, REFUSALS
from nncc.ir import CompileError, DenseResource, Module, UsageError
from nncc.ir.dialects.nnp import function_types
from nncc.ir.dialects.nnp.table import LOOP_TYPES
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext
from nncc.ir.verifier import verify_module
from nncc.passes.expand_loop_control import ExpandLoopControl

RNG = np.random.default_rng(0)


def perceptron() -> NetworkBuilder:
    net = NetworkBuilder()
    net.input("x", ("N", 4))
    net.parameter("fc/W", RNG.standard_normal((4, 20)).astype(np.float32))
    net.parameter("fc/b", RNG.standard_normal(20).astype(np.float32))
    net.call("Affine", ["x", "fc/W", "fc/b"], {"a": ("N", 20)}, base_axis=1)
    net.call("ReLU", ["a"], {"y": ("N", 20)})
    return net


def names_of(module: Module) -> list[str]:
    return [op.name for op in module.main.body]


def test_network_becomes_main() -> None:
    module = perceptron().finish("y")
    stored = module.resources["fc_W"]
    lift(module)
    verify_module(module)
    main = module.main
    assert (main.sym_name, main.input_names, main.output_names) == ("main", ["x"], ["y"])
    assert str(main.function_type).startswith('(tensor<?x4xf32, {d0 = "N"}>) -> tensor<?x20xf32')
    assert names_of(module) == ["nn.constant", "nn.constant", "nn.affine", "nn.relu", "func.return"]
    weight, affine = main.body.first_op, list(main.body)[2]
    assert weight is not None
    assert isinstance(weight.attributes["value"], DenseResource) and weight.attributes["value"].resource is stored
    assert weight.results[0].name == "fc/W" and affine.results[0].name == "a"
    assert str(affine.location) == "net.nnp: 'net': 'Affine_0' (#0)"
    assert module.dialects() == {"nn"}


def test_batch_stays_open_or_is_fixed() -> None:
    x = RNG.standard_normal((3, 4)).astype(np.float32)
    open_batch, fixed = lift(perceptron().finish("y")), lift(perceptron().finish("y"), batch=3)
    assert evaluate(open_batch.main, {"x": x})["y"].shape == (3, 20)
    assert all(v.tensor.is_static for op in fixed.main.body for v in op.results)
    assert fixed.main.inputs[0].tensor.dims == (3, 4)
    with pytest.raises(UsageError, match="batch size is 0"):
        lift(perceptron().finish("y"), batch=0)


def test_only_what_outputs_need_is_lifted() -> None:
    net = perceptron()
    net.parameter("unused/W", np.ones((20, 30), np.float32))
    net.call("Affine", ["y", "unused/W"], {"z": ("N", 30)}, base_axis=1)
    net.call("Rand", [], {"noise": ("N", 30)})
    module = lift(net.finish("y"))
    assert names_of(module).count("nn.affine") == 1
    assert [r.name for r in module.resources.values()] == ["fc/W", "fc/b"]


def test_functions_may_stand_in_any_order() -> None:
    net = perceptron()
    first, second = net.network.functions
    second.unlink()
    net.network.body.insert_before(first, second)
    assert names_of(lift(net.finish("y")))[-3:] == ["nn.affine", "nn.relu", "func.return"]


def test_networks_may_be_deep() -> None:
    net = NetworkBuilder()
    net.input("x0", (2,))
    for i in range(3000):
        net.call("ReLU", [f"x{i}"], {f"x{i + 1}": (2,)})
    assert len(lift(net.finish("x3000")).main.body) == 3001


def test_output_may_be_an_input_or_be_there_twice() -> None:
    net = NetworkBuilder()
    net.input("x", (2,))
    net.call("Identity", ["x"], {"y": (2,)})
    module = lift(net.finish("x", "y"))
    x = np.array([1, 2], np.float32)
    assert all(np.array_equal(v, x) for v in evaluate(module.main, {"x": x}).values())


def test_executor_may_set_what_a_function_makes() -> None:
    net = perceptron()
    net.inputs = ["a"]
    module = lift(net.finish("y"))
    assert names_of(module) == ["nn.relu", "func.return"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("Constant", 2.5), ("Range", None), ("Normal", None), ("Uniform", None)]
)
def test_generated_inputs_become_constants(kind: str, expected: float | None) -> None:
    net, context = NetworkBuilder(), PassContext()
    net.input("x", ("N", 2, 3))
    net.generated("h", ("N", 5), kind, 2.5)
    net.call("Identity", ["h"], {"y": ("N", 5)})
    net.call("Identity", ["x"], {"z": ("N", 2, 3)})
    module = lift(net.finish("y", "z"), context)
    for batch in (1, 3):
        y = evaluate(module.main, {"x": np.zeros((batch, 2, 3), np.float32)})["y"]
        assert y.shape == (batch, 5) and np.array_equal(y, np.broadcast_to(y[:1], y.shape))
        assert expected is None or (y == expected).all()
    assert bool(context.diagnostics.warnings) == (kind in ("Normal", "Uniform"))
    if kind == "Range":
        assert np.array_equal(y[0], 2.5 * np.arange(5))


def test_everything_that_cannot_be_lifted_is_told_at_once() -> None:
    net = NetworkBuilder()
    net.input("x", (4, 4))
    net.call("FFT", ["x"], {"a": (2, 3)}, signal_ndim=1)
    net.call("ReLU", ["a"], {"b": (2, 3)})
    net.call("Softmax", ["b"], {"c": (2, 3)}, axis=7)
    net.call("Rand", [], {"d": (2, 3)}, shape=(2, 3))
    net.call("Add2", ["c", "d"], {"y": (2, 3)})
    with pytest.raises(CompileError) as error:
        lift(net.finish("y"))
    told = [(str(d.location), d.message) for d in error.value.diagnostics]
    assert [place.split("'")[3] for place, _ in told] == ["FFT_0", "Softmax_2", "Rand_3"]
    assert "complex numbers" in told[0][1] and "axis 7" in told[1][1]
    assert all(d.remedy for d in error.value.diagnostics[::2])


def test_loops_must_be_expanded_before() -> None:
    net = NetworkBuilder()
    net.input("x", (4, 4))
    net.call("RecurrentInput", ["x"], {"y": (4,)})
    with pytest.raises(CompileError, match=r"has loops.*\n.*expand-loop-control"):
        lift(net.finish("y"))


def test_values_that_nothing_gives() -> None:
    net = NetworkBuilder()
    net.parameter("W", None, (2,))
    net.input("x", (2,))
    net.inputs = []
    net.call("Add2", ["x", "W"], {"y": (2,)})
    with pytest.raises(CompileError) as error:
        lift(net.finish("y"))
    text = str(error.value)
    assert "nothing gives the variable 'x' a value" in text
    assert "the parameter 'W' has no value" in text and "initialize-parameters" in text


def test_shapes_that_contradict_the_file() -> None:
    net = NetworkBuilder()
    net.input("x", (2, 3))
    net.call("Transpose", ["x"], {"y": (2, 3)}, axes=(1, 0))
    with pytest.raises(CompileError, match=r"gives tensor<3x2xf32>, but the file says tensor<2x3xf32>"):
        lift(net.finish("y"))


def test_inputs_that_do_not_fit() -> None:
    net = NetworkBuilder()
    net.input("x", (2, 3))
    net.input("z", (2, 4))
    net.call("Concatenate", ["x", "z"], {"y": (4, 3)}, axis=0)
    with pytest.raises(CompileError, match="Concatenate does not fit its inputs"):
        lift(net.finish("y"))


@pytest.mark.parametrize("kind", ["Dropout", "RandomFlip", "RandomShift", "RandomErase"])
def test_random_functions_are_left_out_with_a_warning(kind: str) -> None:
    net, context = NetworkBuilder(), PassContext()
    net.input("x", (2, 3))
    net.call(kind, ["x"], {"y": (2, 3)})
    assert names_of(lift(net.finish("y"), context)) == ["func.return"]
    (warning,) = context.diagnostics.warnings
    assert "is random" in warning.message and warning.remedy


def test_sizes_that_depend_on_the_data_are_not_those_of_the_file() -> None:
    net = NetworkBuilder()
    net.input("x", (2, 3))
    net.call("NonZero", ["x"], {"places": (2, 4)})
    net.call("MulScalar", ["places"], {"y": (2, 4)}, val=10.0)
    module = lift(net.finish("y"))
    assert module.main.outputs[0].tensor.dims == (2, None)
    y = evaluate(module.main, {"x": np.array([[0, 5, 0], [1, 0, 0]], np.float32)})["y"]
    assert y.tolist() == [[0, 10], [10, 0]]


def test_every_function_type_is_lifted_or_refused() -> None:
    known = set(function_types()) - set(LOOP_TYPES)
    assert set(LIFTS) | set(REFUSALS) == known
    assert all(reason and remedy for reason, remedy in REFUSALS.values())


def test_own_networks(data: Path) -> None:
    for path in sorted(data.glob("*.nnp")):
        module = load(path)
        ExpandLoopControl().run(module, PassContext())
        lift(module)
        verify_module(module)
        golden = np.load(path.with_suffix(".npz"))
        for given, expected in (("in_", "out_"), ("in1_", "out1_")):
            inputs = {n.removeprefix(given): golden[n] for n in golden.files if n.startswith(given)}
            outputs = evaluate(module.main, inputs)
            for name, array in outputs.items():
                wanted = golden[expected + name]
                assert array.shape == wanted.shape, (path.name, name)
                np.testing.assert_allclose(array, wanted, 1e-3, 1e-4, err_msg=f"{path.name} {name}")


def test_variables_that_the_executor_names_twice_are_one_port() -> None:
    net = NetworkBuilder()
    net.input("x", (2, 3))
    net.inputs.append("x")
    net.call("ReLU", ["x"], {"y": (2, 3)})
    function = lift(net.finish("y", "y")).main
    assert function.input_names == ["x"] and function.output_names == ["y"]
