"""`quantize-int8`: what stays in float, ports, misuse and the report."""

from typing import Any

import numpy as np
import pytest
from quantizing import PLAIN, Build, find, kind, make, names, quantize, sqnr, weights

from nncc.ir import Builder, CompileError, Value
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, QuantizedType
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantization.parameters import activation_type, bias_type, weight_type
from nncc.passes.quantize_int8 import QuantizeInt8
from nncc.passes.ranges import set_range

# What stays in float


def island(b: Builder, x: Value) -> Value:
    return b.nn.affine(b.nn.erf(b.nn.affine(x, weights(4, 4))), weights(4, 4))


def test_an_operation_without_a_kernel_is_an_island_with_a_warning() -> None:
    function, context = quantize(island, 1, 4)
    assert names(function) == ["affine", "dequantize", "erf", "quantize", "affine"]
    (warning,) = context.diagnostics.warnings
    assert "'nn.erf' stays in float: TFLite has no int8 kernel" in warning.message
    assert sqnr(context) > 25


def test_strict_makes_it_an_error_for_every_such_operation() -> None:
    with pytest.raises(CompileError) as caught:
        quantize(lambda b, x: b.nn.erf(b.nn.cos(x)), 1, 4, strict=True)
    assert len(caught.value.diagnostics) == 2


def test_float_and_int8_users_share_their_conversions() -> None:
    def build(b: Builder, x: Value) -> Any:
        y = b.nn.relu(x)
        z = b.nn.erf(y)
        return b.nn.cos(y), b.nn.add(y, z), b.nn.mul(z, z)

    function, _ = quantize(build, 1, 4)
    assert names(function).count("dequantize") == 1
    assert names(function).count("quantize") == 2  # z, and the output of cos


def test_moves_between_float_operations_stay_in_float() -> None:
    def build(b: Builder, x: Value) -> Value:
        y = b.nn.erf(b.nn.relu(x))
        return b.nn.relu(b.nn.erf(b.nn.transpose(b.nn.reshape(y, shape=(2, 4)), perm=(1, 0))))

    function, _ = quantize(build, 1, 8)
    assert names(function) == ["relu", "dequantize", "erf", "reshape", "transpose", "erf", "quantize", "relu"]


def test_a_value_without_a_range_stays_in_float() -> None:
    module, function = make(lambda b, x: b.nn.relu(b.nn.affine(x, weights(3, 3))), 1, 3)
    context = PassContext(dataset=weights(4, 3))
    Calibrate().run(module, context)
    set_range(function, find(function, "affine").results[0], None)
    QuantizeInt8().run(module, context)
    assert names(function) == ["dequantize", "affine", "relu", "quantize"]
    assert {"result 0 has no finite range", "operand 0 has no finite range"} == {
        w.message.partition("float: ")[2] for w in context.diagnostics.warnings
    }


INFINITY = np.array([1, np.inf, 2, 3], np.float32)


@pytest.mark.parametrize(
    ("build", "operation"),
    [
        (lambda b, x: b.nn.equal(b.nn.abs(x), np.float32(np.inf)), "nn.equal"),
        (lambda b, x: b.nn.minimum(x, INFINITY), "nn.minimum"),
        (lambda b, x: b.nn.mul(x, np.float32(np.nan)), "nn.mul"),
        (lambda b, x: b.nn.affine(x, np.diag(INFINITY)), "nn.affine"),
        (lambda b, x: b.nn.affine(x, weights(4, 4), INFINITY), "nn.affine"),
        (lambda b, x: (b.nn.relu(x), b.constant(INFINITY)), "nn.constant"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_infinite_constants_stay_in_float(build: Build, operation: str) -> None:
    """No scale holds them: whatever it computed with them would be NaN."""
    function, context = quantize(build, 1, 4, report_samples=0, **PLAIN)
    assert any(w.message.startswith(f"'{operation}' stays in float") for w in context.diagnostics.warnings)
    for op in function.body:
        for value in op.results:
            if isinstance(value.tensor.element, QuantizedType):
                assert np.isfinite(value.tensor.element.scales).all()
    kept = [op for op in function.body if op.name == operation]
    assert any(v.tensor.element == F32 for op in kept for v in (*op.operands, *op.results) if v is not None)


def test_a_range_that_is_not_finite_is_none() -> None:
    module, function = make(lambda b, x: b.nn.relu(x), 1, 3)
    Calibrate().run(module, PassContext(dataset=weights(4, 3)))
    set_range(function, find(function, "relu").results[0], (0.0, np.inf))
    QuantizeInt8(report_samples=0).run(module, PassContext(dataset=weights(4, 3)))
    assert find(function, "relu").results[0].tensor.element == F32


def test_a_scale_beyond_f32_is_an_error() -> None:
    with pytest.raises(CompileError, match="no finite f32"):
        bias_type(1e30, weight_type((1e30,), None))
    for number in (np.inf, np.nan):
        with pytest.raises(CompileError, match="no finite f32"):
            activation_type((0.0, number))


def test_integer_work_needs_no_kernel() -> None:
    def build(b: Builder, x: Value) -> Any:
        index = b.nn.argmax(x, axis=1, keep_dims=False)
        return b.nn.add(index, index), x

    function, context = quantize(build, 1, 8)
    assert not context.diagnostics.warnings
    assert str(function.outputs[0].tensor.element) == "i64"


# Ports


def test_int8_ports() -> None:
    function, _ = quantize(island, 1, 4)
    assert str(kind(function.inputs[0]).storage) == str(kind(function.outputs[0]).storage) == "i8"


def test_float32_ports() -> None:
    function, _ = quantize(lambda b, x: b.nn.relu(x), 1, 4, io_type="float32")
    assert names(function) == ["quantize", "relu", "dequantize"]
    assert function.inputs[0].tensor.element == function.outputs[0].tensor.element == F32


def test_ports_of_float_operations_are_int8_too() -> None:
    function, _ = quantize(lambda b, x: b.nn.erf(x), 1, 4)
    assert names(function) == ["dequantize", "erf", "quantize"]


def test_an_input_that_is_an_output() -> None:
    function, context = quantize(lambda b, x: (x, b.nn.relu(x)), 1, 4)
    assert function.outputs[0] is function.inputs[0]
    assert sqnr(context) > 40


def test_ranges_do_not_stay_behind() -> None:
    function, _ = quantize(lambda b, x: b.nn.relu(x), 1, 4)
    assert "nncc.range" not in str(function.attributes) + str([op.attributes for op in function.body])


# Misuse


def test_quantizing_without_calibration_is_refused() -> None:
    module, _ = make(lambda b, x: b.nn.relu(x), 1, 4)
    with pytest.raises(CompileError, match="no value has a range"):
        QuantizeInt8().run(module, PassContext())


def test_quantizing_twice_is_refused() -> None:
    module, _ = make(lambda b, x: b.nn.relu(x), 1, 4)
    context = PassContext(dataset=weights(4, 4))
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    with pytest.raises(CompileError, match="quantized already"):
        QuantizeInt8().run(module, context)


@pytest.mark.parametrize("options", [{"io_type": "uint8"}, {"weights": "per_row"}, {"rounding": "up"}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        QuantizeInt8(**options)


# The report


def test_the_report_names_what_each_value_loses() -> None:
    _, context = quantize(island, 1, 4)
    report = context.facts["quantization"]
    assert [t["operation"] for t in report["tensors"]] == ["nn.affine", "nn.erf", "nn.affine"]
    assert report["outputs"] == {"y0": report["sqnr_db"]}
    assert report["tensors"][-1]["sqnr_db"] == pytest.approx(report["sqnr_db"], abs=0.01)
    assert context.facts["sqnr_db"] == report["sqnr_db"]
    assert context.facts["calibration_data"] == "32 samples of the data given"
