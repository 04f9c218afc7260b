"""Recurrent layers, whose states are variables, against LiteRT in its first run."""

from pathlib import Path

import numpy as np
import pytest
from litert import assert_close, run

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.ir import CompileError, Function, Module, TensorType, Value, as_dense
from nncc.ir.dialects.tfl.constant import PseudoConst
from nncc.ir.dialects.tfl.opaque import OpaqueOp, Variable
from nncc.ir.passes import PassContext
from nncc.ir.types import F32

RNG = np.random.default_rng(3)
TIME, BATCH, INPUT, HIDDEN = 5, 2, 3, 4
X = RNG.standard_normal((BATCH, TIME, INPUT)).astype(np.float32)


class Layer:
    """A model of one recurrent operator on x: (BATCH, TIME, INPUT), or (TIME, BATCH, INPUT)."""

    def __init__(self, time_major: bool) -> None:
        self.module = Module()
        shape = (TIME, BATCH, INPUT) if time_major else (BATCH, TIME, INPUT)
        self.function, self.block = Function.create("main", [("x", TensorType(shape, F32))])
        self.module.body.append(self.function)
        self.result = TensorType((*shape[:2], HIDDEN), F32)

    def weight(self, *shape: int) -> Value:
        dense = as_dense((RNG.standard_normal(shape) * 0.5).astype(np.float32))
        return self.block.append(PseudoConst(value=dense, result_types=[dense.type])).results[0]

    def state(self) -> Value:
        return self.block.append(Variable(result_types=[TensorType((BATCH, HIDDEN), F32)])).results[0]

    def end(self, name: str, operands: list[Value | None], **options: object) -> Module:
        op = self.block.append(OpaqueOp(f"tfl.{name}", [self.function.inputs[0], *operands], [self.result], options))
        self.function.set_outputs([("y", op.results[0])])
        return self.module


def lstm(time_major: bool, **more: object) -> Module:
    layer = Layer(time_major)
    gates = [layer.weight(HIDDEN, INPUT) for _ in range(4)] + [layer.weight(HIDDEN, HIDDEN) for _ in range(4)]
    biases = [layer.weight(HIDDEN) for _ in range(4)]
    operands = [*gates, None, None, None, *biases, None, None, layer.state(), layer.state()]
    options = {"tfl.options": "UnidirectionalSequenceLSTM", "fused_activation_function": "TANH", **more}
    return layer.end("unidirectional_sequence_lstm", operands, time_major=time_major, **options)


def rnn(time_major: bool) -> Module:
    layer = Layer(time_major)
    operands = [layer.weight(HIDDEN, INPUT), layer.weight(HIDDEN, HIDDEN), layer.weight(HIDDEN), layer.state()]
    options = {"tfl.options": "SequenceRNN", "fused_activation_function": "RELU"}
    return layer.end("unidirectional_sequence_rnn", operands, time_major=time_major, **options)


@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("make", [lstm, rnn])
def test_numbers(make: object, time_major: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(make(time_major), path)  # type: ignore[operator]
    x = X.transpose(1, 0, 2) if time_major else X
    context, module = PassContext(), load(path)
    LiftTfl().run(module, context)
    assert_close(module.evaluate({"x": x}), run(path, {"x": x}, xnnpack=False), "lifted")
    assert "state of zeros" in str(context.diagnostics.warnings[0])


def test_what_is_no_plain_layer(tmp_path: Path) -> None:
    save(lstm(False, cell_clip=1.0), tmp_path / "m.tflite")
    with pytest.raises(CompileError, match="has states that are clipped"):
        LiftTfl().run(load(tmp_path / "m.tflite"), PassContext())
