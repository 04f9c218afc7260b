"""The nnb dialect: its table of signatures, and what its verifier finds."""

from __future__ import annotations

import numpy as np
import pytest

from nncc.ir import VerifyError
from nncc.ir.dialects import nnb
from nncc.ir.dialects.nnb.layout import FUNCTION, HEADER, VARIABLE, record_layout
from nncc.ir.dialects.nnp import FUNCTION_OPS as NNP_OPS
from nncc.ir.parser import parse_module
from nncc.ir.verifier import verify_module

NETWORK = """
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<1x2xf32>):
    %w = "nnb.parameter"() {value = dense<[[1.0, 3.0], [2.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
    %h = "nnb.Affine"(%x, %w) {base_axis = 1, buffers = array<i64: 1>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
    %y = "nnb.LeakyReLU"(%h) {alpha = 0.25, inplace = true, buffers = array<i64: 0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
    "func.return"(%y) : (tensor<1x2xf32>) -> ()
  }) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main", nnb.input_buffers = array<i64: 0>} : () -> ()
}) {nnb.buffer_sizes = array<i64: 8, 8>} : () -> ()
"""  # noqa: E501


def network(**replacements: str):
    text = NETWORK
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return parse_module(text)


def faults(module, sizes=(8, 8)) -> list[str]:
    return [fault for _, fault in nnb.buffer_faults(module.main, sizes)]


def test_the_table_has_every_function_of_the_runtime():
    types = nnb.nnb_types()
    assert len(types) == 217
    assert sum(t.is_implemented for t in types.values()) == 62
    assert len(nnb.signatures_by_id()) == sum(len(t.signatures) for t in types.values())


def test_arguments_are_those_of_nnabla_in_the_same_order():
    for name, op in nnb.FUNCTION_OPS.items():
        assert tuple(a.name for a in op.nnb_type.arguments) == NNP_OPS[name].argument_names


def test_records_have_the_sizes_of_the_runtimes_structures():
    assert (HEADER.size, VARIABLE.size, FUNCTION.size) == (56, 20, 20)
    arguments = nnb.nnb_types()["AveragePooling"].arguments
    assert record_layout(arguments) == ([20, 28, 36, 40, 48, 49], 50)  # two lists, bool, list, two bools


def test_ids_depend_on_the_level():
    op = network().main.body.last_op.previous_op
    assert op.function_id(2) == op.function_id(44) == 128
    with pytest.raises(VerifyError, match="has no place for 'inplace' at API level 1"):
        op.function_id(1)
    op.inplace = False
    assert op.function_id(1) == 15
    assert op.fitting_levels() == [1, 2]


def test_missing_arguments_are_what_the_runtime_takes_them_to_be():
    without = {name: t.without for name, t in nnb.nnb_types().items()}
    assert without["AveragePooling"]["including_pad"] is True
    assert without["BinaryConnectAffine"]["quantize_zero_to"] == 1.0
    assert without["Reshape"]["inplace"] is True


def test_the_verifier_takes_a_network():
    module = network()
    verify_module(module)
    assert faults(module) == []
    assert str(parse_module(str(module))) == str(module)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("buffers = array<i64: 1>", "buffers = array<i64: 1, 2>", "number of a buffer for each of 1 results"),
        ("base_axis = 1", "implement = 65536", "'implement' from 0 to 65535"),
        ("%x, %w)", "%x)", "expected operand 'weight'"),
        ("tensor<1x2xf32>", "tensor<1x2xf16>", "no variable can have elements of type f16"),
        ("tensor<1x2xf32>", "tensor<?x2xf32>", "expected tensors of static shape"),
        ("tensor<2x2xf32>}", "tensor<2x2xf32>, sign = 1}", "'sign' to be bool"),
    ],
)
def test_the_verifier_refuses(old, new, message):
    text = NETWORK.replace(old, new).replace(
        "(tensor<1x2xf32>, tensor<2x2xf32>)",
        "(tensor<1x2xf32>)" if new == "%x)" else "(tensor<1x2xf32>, tensor<2x2xf32>)",
    )
    with pytest.raises(VerifyError, match=message):
        verify_module(parse_module(text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("buffers = array<i64: 1>", "buffers = array<i64: 0>", "#0 lies in buffer 0, which still holds the input x"),
        ("buffers = array<i64: 0>", "buffers = array<i64: 1>", "still holds the result of the 'nnb.Affine' op"),
        ("buffers = array<i64: 0>", "buffers = array<i64: 2>", "lies in buffer 2, but there are 2"),
    ],
)  # fmt: skip
def test_values_alive_together_lie_apart(old, new, message):
    module = parse_module(NETWORK.replace(f", {old}", f", {new}", 1))
    (fault,) = faults(module)
    assert message in fault


def test_buffers_are_large_enough():
    assert faults(network(), (8, 4)) == ["result #0 needs 8 bytes, but buffer 1 has 4"]


@pytest.mark.parametrize(("code", "point"), [(nnb.FIXED16, 0), (nnb.FIXED16, 15), (nnb.FIXED8, 7)])
def test_fixed_point_types_are_named_by_their_point(code, point):
    type = nnb.fixed_point(code, point)
    assert nnb.point_of(type) == (code, point)
    assert type.dequantize(np.array([1])) == 2.0**-point


def test_a_point_out_of_range_is_refused():
    with pytest.raises(ValueError, match="expected 0 to 15 places"):
        nnb.fixed_point(nnb.FIXED8, 16)


def test_signs_are_ones():
    text = '%w = "nnb.parameter"() {value = dense<[1.0, -1.0, 0.0]> : tensor<3xf32>, sign = true} : () -> tensor<3xf32>'
    (op,) = parse_module(text).body
    with pytest.raises(VerifyError, match="expected elements 1 and -1"):
        op.signs()
