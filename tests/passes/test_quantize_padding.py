"""`quantize-int8`: what is padded with a number holds that number."""

import numpy as np
import pytest

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, QuantizedType
from nncc.passes.calibrate import Calibrate
from nncc.passes.quantize_int8 import QuantizeInt8


@pytest.mark.parametrize("value", [2.5, -0.75, 0.0, -3e38, -np.inf])
def test_the_range_holds_the_padding(value: float) -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType((1, 6), F32))])
    module.body.append(function)
    b = Builder(module, block)
    function.set_outputs([("y", b.nn.pad(function.inputs[0], pads=(0, 1, 0, 2), value=value))])
    data = np.linspace(-0.25, 0.5, 24, dtype=np.float32).reshape(4, 6)
    context = PassContext(dataset=data)
    Calibrate().run(module, context)
    QuantizeInt8().run(module, context)
    kind = function.outputs[0].tensor.element
    assert isinstance(kind, QuantizedType) and kind == function.inputs[0].tensor.element
    lowest, highest = min(-0.25, value), max(0.5, value)
    if value < -1e30:
        lowest = -0.25  # it has to lose in a maximum, no more
    assert kind.scale == pytest.approx((highest - lowest) / 255, rel=0.01)
