"""WHILE: loops that count, and loops that end when the data says so, against LiteRT."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from litert import assert_close, run
from tfl_cases import real

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.ir import Block, Function, Module, Operation, Region, TensorType, Value, as_dense, lookup_op
from nncc.ir.dialects import nn
from nncc.ir.module import scalar_constant
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, I1, I32

TRIPS, WIDTH = 4, 3
NUMBER, ROW, ROWS = TensorType((), I32), TensorType((1, WIDTH), F32), TensorType((TRIPS, WIDTH), F32)


class Body:
    """Builds tfl operations in a block."""

    def __init__(self, block: Block) -> None:
        self.block = block

    def constant(self, array: Any) -> Value:
        dense = as_dense(np.asarray(array))
        return self("pseudo_const", result=dense.type, value=dense)

    def __call__(self, name: str, *operands: Any, result: TensorType, **options: Any) -> Value:
        definition: Any = lookup_op(f"tfl.{name}")
        made: Operation = self.block.append(definition(*operands, result_types=[result], **options))
        return made.results[0]


def loop(start: int, by_data: bool = False, inserts: bool = False) -> Module:
    """i, x, ys, w: x becomes x * w in each trip, ys stacks the products up: by an update, or as TensorFlow inserts."""
    module = Module()
    function, block = Function.create("main", [("x", ROW), ("w", ROW)])
    module.body.append(function)
    types = [NUMBER, ROW, ROWS, ROW]
    test, body = Body(Block.of(types)), Body(Block.of(types))
    goes_on = test("less", test.block.args[0], test.constant(np.int32(TRIPS)), result=TensorType((), I1))
    if by_data:
        flat = test("sum", test.block.args[1], test.constant(np.int32([0, 1])), result=TensorType((), F32))
        small = test("less", flat, test.constant(np.float32(5)), result=TensorType((), I1))
        goes_on = test("logical_and", goes_on, small, result=TensorType((), I1))
    number, x, rows, weight = body.block.args
    y = body("mul", x, weight, result=ROW)
    following = body("add", number, body.constant(np.int32(1)), result=NUMBER)
    written = inserted(body, rows, y, number, following) if inserts else updated(body, rows, y, number)
    end: Any = lookup_op("tfl.yield")
    test.block.append(end([goes_on]))
    body.block.append(end([following, y, written, weight]))
    main = Body(block)
    empty = main.constant(np.full((TRIPS, WIDTH), 7, np.float32))
    operands = [main.constant(np.int32(start)), function.inputs[0], empty, function.inputs[1]]
    kind: Any = lookup_op("tfl.while")
    op = block.append(kind(operands, result_types=types, regions=[Region.of(test.block), Region.of(body.block)]))
    function.set_outputs([(name, r) for name, r in zip(("i", "y", "ys", "same"), op.results, strict=True)])
    return module


def updated(b: Body, rows: Value, y: Value, number: Value) -> Value:
    place = b("mul", number, b.constant(np.int32([1, 0])), result=TensorType((2,), I32))
    return b("dynamic_update_slice", rows, y, place, result=ROWS)


def inserted(b: Body, rows: Value, y: Value, number: Value, following: Value) -> Value:
    def vector(first: Value, rest: int) -> Value:
        head = b("reshape", first, b.constant(np.int32([1])), result=TensorType((1,), I32))
        return b("concatenation", [head, b.constant(np.int32([rest]))], result=TensorType((2,), I32))

    some = TensorType((None, WIDTH), F32)
    before = b("slice", rows, b.constant(np.int32([0, 0])), vector(number, -1), result=some)
    behind = b("slice", rows, vector(following, 0), b.constant(np.int32([-1, -1])), result=some)
    return b("concatenation", [before, y, behind], result=ROWS)


CASES = [(0, False, False), (1, False, False), (0, True, False), (0, False, True)]


@pytest.mark.parametrize(("start", "by_data", "inserts"), CASES)
def test_numbers(start: int, by_data: bool, inserts: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    save(loop(start, by_data, inserts), path)
    inputs = {"x": real(1, WIDTH), "w": np.float32([[1.5, 2.0, -1.0]])}
    wanted = run(path, inputs, xnnpack=False)
    module = load(path)
    LiftTfl().run(module, PassContext())
    assert_close(module.evaluate(inputs), wanted, "lifted")
    (made,) = (op for op in module.main.body if isinstance(op, nn.Loop))
    trips = made.operands[0]
    assert (scalar_constant(trips) if trips is not None else None) == (None if by_data else TRIPS - start)
    # From 0 on all rows are written, one a trip: they are what the trips give, and nothing is carried but x.
    assert len(made.body.block.args) - 2 == (4 if by_data else 1 if start == 0 else 2)
