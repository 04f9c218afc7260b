"""What TensorFlow's kernels do not compute is refused with a remedy, or computed otherwise."""

import pytest
from tensorflow_runtime import lower

from nncc.ir import Builder, CompileError, Function, Module, TensorType, Value
from nncc.ir.types import ELEMENT_TYPES, F32, ElementType
from nncc.lowering.tf.kernels import kernel_elements


def network(op: str, shape: tuple[int, ...], element: ElementType, count: int = 1, **attributes: object) -> Module:
    module = Module()
    function, block = Function.create("main", [(f"x{i}", TensorType(shape, element)) for i in range(count)])
    module.body.append(function)
    made: Value = Builder(module, block).create(op, *function.inputs, **attributes).results[0]
    function.set_outputs([("y", made)])
    return module


def nodes(module: Module) -> list[str]:
    return [op.name for op in lower(module).main.body if op.name not in ("tf.Const", "func.return")]


def test_the_table_knows_types_by_our_names() -> None:
    assert kernel_elements("SquaredDifference", "T") >= {"f32", "i32", "i64"}
    assert "i8" not in kernel_elements("SquaredDifference", "T")
    assert kernel_elements("Identity", "T") is None


@pytest.mark.parametrize(("element", "wider"), [("i8", "i32"), ("ui16", "i32"), ("ui32", "i64")])
def test_small_integers_are_computed_in_wider_ones(element: str, wider: str) -> None:
    lowered = lower(network("nn.squared_difference", (3,), ELEMENT_TYPES[element], 2))
    (difference,) = (op for op in lowered.main.body if op.name == "tf.SquaredDifference")
    assert difference.results[0].tensor.element.name == wider
    assert lowered.main.outputs[0].tensor.element.name == element


def test_integer_products_keep_all_digits() -> None:
    """Sums of 32 bits do not fit the 24 of a float."""
    made = nodes(network("nn.matmul", (3, 3), ELEMENT_TYPES["i8"], 2))
    assert made == ["tf.Cast", "tf.Cast", "tf.BatchMatMulV2", "tf.Cast"]


def test_types_without_kernels_are_refused() -> None:
    with pytest.raises(CompileError, match=r"ui64 elements, which TensorFlow's Neg does not compute with") as caught:
        lower(network("nn.neg", (3,), ELEMENT_TYPES["ui64"]))
    assert all(d.remedy for d in caught.value.diagnostics)


def test_too_many_dimensions_are_refused() -> None:
    with pytest.raises(CompileError, match=r"more than the 6 dimensions that TensorFlow's Pad takes") as caught:
        lower(network("nn.pad", (1,) * 7, F32, pads=(0,) * 13 + (1,)))
    assert all(d.remedy for d in caught.value.diagnostics)
