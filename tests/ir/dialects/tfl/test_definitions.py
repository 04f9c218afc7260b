"""The definitions against TFLite's own schema."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from nncc.ir import Block, TensorType
from nncc.ir.dialects import tfl
from nncc.ir.dialects.nn.window import Window
from nncc.ir.dialects.tfl.base import TFLOp
from nncc.ir.dialects.tfl.runtime import first_runtime
from nncc.ir.dialects.tfl.schema import camel
from nncc.ir.dialects.tfl.windows import padding_scheme, same_padding
from nncc.ir.opdef import registered_ops
from nncc.ir.types import F32, I8, I16, I32

DEFINITIONS = [d for d in registered_ops("tfl") if d.name not in ("tfl.pseudo_const", "tfl.variable", "tfl.yield")]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_names_are_those_of_the_schema(definition: type[TFLOp]) -> None:
    assert hasattr(schema.BuiltinOperator, definition.builtin)
    assert definition.is_evaluable()
    assert definition.__doc__
    assert first_runtime(definition.builtin, 1) != ""
    assert all(first_runtime(definition.builtin, v) not in ("", "-") for v in definition.versions.values())
    if not definition.options:
        assert not definition.attribute_fields
        return
    assert hasattr(schema.BuiltinOptions, f"{definition.options}Options")
    table = getattr(schema, f"{definition.options}OptionsT")()
    for field in (*definition.attribute_fields, *(f"{r.name}_index" for r in definition.region_fields)):
        assert hasattr(table, camel(field)), field


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_the_options_table_is_the_one_that_the_schema_means(definition: type[TFLOp]) -> None:
    """An operator whose name is that of a table has this table."""
    tables = {n.removesuffix("Options").lower(): n for n in vars(schema.BuiltinOptions) if n.endswith("Options")}
    named = tables.get(definition.builtin.replace("_", "").lower())
    assert named is None or named == f"{definition.options}Options"


def test_no_operator_is_defined_twice() -> None:
    builtins = [d.builtin for d in DEFINITIONS]
    assert len(set(builtins)) == len(builtins)


def conv(x: TensorType, weight: TensorType, result: TensorType) -> TFLOp:
    block = Block.of([x, weight])
    return tfl.spatial.Conv2D(*block.args, result_types=[result])


@pytest.mark.parametrize(
    ("kinds", "version"),
    [((F32, F32), 1), ((I8, I8), 3), ((I16, I8), 4), ((F32, I8), 5)],
)
def test_versions_of_a_convolution(kinds: tuple, version: int) -> None:
    x, weight = TensorType((1, 4, 4, 6), kinds[0]), TensorType((2, 1, 1, 6), kinds[1])
    assert conv(x, weight, x).version() == version
    assert conv(x, weight.with_shape((2, 1, 1, 3)), x).version() == 6


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "pads", "scheme"),
    [
        (8, 3, 1, (1, 1), "SAME"),
        (8, 3, 1, (0, 0), "VALID"),
        (8, 3, 2, (0, 1), "SAME"),
        (8, 3, 2, (1, 1), None),
        (7, 3, 2, (1, 1), "SAME"),
        (8, 3, 2, (0, 0), "VALID"),
        (9, 3, 3, (0, 2), "VALID"),  # no window reaches the pads
        (8, 2, 2, (0, 1), "VALID"),
        (7, 2, 2, (0, 1), "SAME"),
        (5, 1, 1, (0, 0), "VALID"),
        (5, 1, 2, (0, 0), "VALID"),
    ],
)
def test_padding_schemes(length: int, kernel: int, stride: int, pads: tuple[int, int], scheme: str | None) -> None:
    assert padding_scheme(Window.of((kernel,), (stride,), pads), (length,)) == scheme


def test_same_is_what_tensorflow_documents() -> None:
    for length in range(1, 12):
        for extent in range(1, 6):
            for stride in range(1, 4):
                begin, end = same_padding(length, extent, stride)
                total = max((int(np.ceil(length / stride)) - 1) * stride + extent - length, 0)
                assert (begin, end) == (total // 2, total - total // 2)


def test_a_computed_shape_is_no_option() -> None:
    block = Block.of([TensorType((4,), F32), TensorType((2,), I32)])
    op = tfl.movement.Reshape(*block.args, result_types=[TensorType((2, 2), F32)])
    assert op.schema_options() == {}
