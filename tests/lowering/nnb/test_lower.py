"""What a network of nnabla-c-runtime is besides its functions: weights in their order, names, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nncc.ir import Builder, CompileError, Function, Module, TensorType
from nncc.ir.dialects import nnb, nnp
from nncc.ir.passes import PassContext
from nncc.ir.types import F32
from nncc.lowering.nnb.lower import LowerToNnb
from nncc.lowering.nnp.lower import LowerToNnp

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


def network(*inputs: tuple[str, tuple[int, ...]], **kind: Any) -> Module:
    """A network of NNabla with one function on the inputs, which makes y; ``kind`` is its name, arguments and shape."""
    module = Module()
    made = nnp.Network.create(name="main", batch_size=1)
    values = []
    for name, shape in inputs:
        variable = nnp.Variable(result_types=[TensorType(shape, F32)], name=name, type="Buffer")
        values.append(made.body.append(variable).variable)
    results = [TensorType(kind.pop("shape", inputs[0][1]), F32)]
    name = kind.pop("name")
    call = nnp.FUNCTION_OPS[name](*values, result_types=results, name=name, **kind)
    made.body.append(nnp.Variable(call.results[0], result_types=[], name="y", type="Buffer"))
    made.body.append(call)
    module.body.append(made)
    ports = {"data_variable": [n for n, _ in inputs], "output_variable": ["y"]}
    listed = {key: tuple({"variable_name": n, "data_name": n} for n in names) for key, names in ports.items()}
    module.body.append(nnp.Executor(name="run", network_name="main", **listed))
    return module


def lower(module: Module) -> Function:
    LowerToNnb().run(module, PassContext())
    module.verify()
    return module.main


def lowered(build: Any, shape: tuple[int, ...]) -> Function:
    """The function of a network of nn operations on one input x."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(shape, F32))])
    module.body.append(function)
    function.set_outputs([("y", build(Builder(module, block), function.inputs[0]))])
    LowerToNnp(runtime="nnablart").run(module, PassContext())
    return lower(module)


def stored(function: Function) -> list[np.ndarray]:
    return [op.value.numpy() for op in function.body if isinstance(op, nnb.Parameter)]


def test_weights_of_affine_lie_transposed_under_their_shape() -> None:
    (weight,) = stored(lowered(lambda b, x: b.nn.affine(x, WEIGHT), (1, 2)))
    assert weight.shape == (2, 3)
    np.testing.assert_array_equal(weight.reshape(3, 2), WEIGHT.T)


def test_a_weight_that_two_affines_share_is_stored_once() -> None:
    def build(b: Builder, x: Any) -> Any:
        weight = b.constant(np.arange(4, dtype=np.float32).reshape(2, 2))
        return b.nn.affine(b.nn.affine(x, weight), weight)

    assert len(stored(lowered(build, (1, 2)))) == 1


def test_what_affine_shares_with_another_function_is_stored_for_each() -> None:
    def build(b: Builder, x: Any) -> Any:
        weight = b.constant(WEIGHT)
        return b.nn.add(b.nn.affine(x, weight), weight)

    transposed, own = stored(lowered(build, (1, 2)))
    np.testing.assert_array_equal(transposed.reshape(3, 2), WEIGHT.T)
    np.testing.assert_array_equal(own, WEIGHT)


def test_an_output_that_is_an_input_is_a_copy() -> None:
    function = lowered(lambda b, x: x, (1, 2))
    assert [op.name for op in function.body] == ["nnb.Identity", "func.return"]


@pytest.mark.parametrize(
    ("inputs", "kind", "reason"),
    [
        ([("x", (2, 3))], {"name": "Softmax", "axis": -1}, "an axis is negative"),
        ([("x", (2, 3))], {"name": "Slice", "start": (2,), "stop": (0,), "step": (-1,), "shape": (2, 2)}, "negative"),
        ([("x", (2, 3)), ("z", (3,))], {"name": "Add2"}, "different ranks"),
        ([("x", (1, 2, 3)), ("z", (1, 3, 4))], {"name": "BatchMatmul", "shape": (1, 2, 4)}, "only the first run"),
        ([("x", (2, 3))], {"name": "Dropout", "p": 0.5}, "multiplies by 1 - p"),
        ([("x", (2, 3))], {"name": "BinaryTanh"}, "at 0 the runtime gives 1"),
        ([("x", (2, 3))], {"name": "Pad", "pad_width": (1, 1), "mode": "repeat", "shape": (2, 5)}, "no mode 'repeat'"),
        ([("x", (2, 3))], {"name": "Sin"}, "has no code for it"),
        ([("x", (2, 3))], {"name": "Mish"}, "has no id for Mish"),
        ([("x", (2, 3)), ("w", (3, 4))], {"name": "Affine", "base_axis": 1, "shape": (2, 4)}, "is computed"),
    ],
)
def test_what_the_runtime_gets_wrong_is_refused(inputs: Any, kind: dict[str, Any], reason: str) -> None:
    with pytest.raises(CompileError, match=reason):
        lower(network(*inputs, **kind))


def test_open_sizes_are_refused() -> None:
    module = network(("x", (1, 2)), name="ReLU")
    for value in [v.variable for v in nnp.networks(module)["main"].variables]:
        value.type = TensorType((nnp.BATCH, 2), F32)
    with pytest.raises(CompileError, match="fixes all sizes"):
        lower(module)
