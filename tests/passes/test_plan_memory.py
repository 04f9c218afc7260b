"""plan-memory: programs that run in the planned arena give what they give with memory of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, CompileError, Function, Module, UsageError, Value
from nncc.ir.memory import BufferedOp, Share, byte_size
from nncc.ir.opdef import INT, attribute, operand, result, variadic
from nncc.ir.passes import PassContext
from nncc.ir.types import F32, TensorType
from nncc.passes.memory.packing import Interval, pack, peak
from nncc.passes.plan_memory import PlanMemory


class Negate(BufferedOp, name="buffered.negate"):
    """-x, which may be written over x."""

    x = operand()
    output = result()

    def infer(self) -> TensorType:
        return self.x.tensor

    def overwrites(self) -> Sequence[Share]:
        return (Share(0, 0),)


class Subtract(BufferedOp, name="buffered.subtract"):
    """lhs - rhs, which may be written over either."""

    lhs = operand()
    rhs = operand()
    output = result()

    def infer(self) -> TensorType:
        return self.lhs.tensor

    def overwrites(self) -> Sequence[Share]:
        return (Share(0, 0), Share(0, 1))


class View(BufferedOp, name="buffered.view"):
    """``count`` elements of x from ``begin`` on."""

    x = operand()
    begin = attribute(INT)
    count = attribute(INT)
    output = result()

    def infer(self) -> TensorType:
        return TensorType((self.count,), F32)

    def views(self) -> Sequence[Share]:
        return (Share(0, 0, 4 * self.begin),)


class Join(BufferedOp, name="buffered.join"):
    """The inputs one behind the other."""

    inputs = variadic()
    output = result()

    def infer(self) -> TensorType:
        return TensorType((sum(v.tensor.size for v in self.inputs),), F32)

    def parts(self) -> Sequence[Share]:
        sizes = [v.tensor.size for v in self.inputs]
        return [Share(0, i, 4 * sum(sizes[:i])) for i in range(len(sizes))]


class Reverse(BufferedOp, name="buffered.reverse"):
    """x backwards, by way of scratch memory; nothing can be shared."""

    x = operand()
    output = result()

    def infer(self) -> TensorType:
        return self.x.tensor

    def scratch_bytes(self) -> int:
        return byte_size(self.x.tensor)


def program(sizes: Sequence[int]) -> tuple[Module, Function, Builder]:
    module = Module()
    types = [(f"x{i}", TensorType((n,), F32)) for i, n in enumerate(sizes)]
    function, block = Function.create("main", types)
    module.body.append(function)
    return module, function, Builder(module, block)


def plan(module: Module, alignment: int = 64) -> None:
    PlanMemory(alignment=alignment).run(module, PassContext())


def computed(op: BufferedOp, operands: list[np.ndarray]) -> np.ndarray:
    if isinstance(op, Negate):
        return -operands[0]
    if isinstance(op, Subtract):
        return operands[0] - operands[1]
    if isinstance(op, View):
        return operands[0][op.begin : op.begin + op.count]
    return np.concatenate(operands) if isinstance(op, Join) else operands[0][::-1]


def run(function: Function, inputs: list[np.ndarray], planned: bool) -> list[np.ndarray]:
    """Run a program, with memory of its own for each value, or in the arena, element by element where it overwrites."""
    memory = np.full(function.attributes["arena_bytes"] // 4, np.nan, np.float32) if planned else None
    values: dict[Value, np.ndarray] = {}

    def store(value: Value, address: int, array: np.ndarray) -> None:
        if memory is not None:
            place = memory[address // 4 : address // 4 + array.size]
            place[...] = array
            values[value] = place
        else:
            values[value] = array.copy()

    for index, (value, array) in enumerate(zip(function.inputs, inputs, strict=True)):
        store(value, function.port_attribute("arg", index, "nncc.offset", 0), array)
    for op in function.body:
        if op.name == "func.return":
            return [values[v].copy() for v in function.outputs]
        assert isinstance(op, BufferedOp)
        if planned and isinstance(op, Reverse):
            begin = op.offsets[1] // 4
            memory[begin : begin + op.x.tensor.size] = -1.0  # what scratch memory holds is nobody's
        operands = [values[v] for v in op.operands if v is not None]
        shared = isinstance(op, View | Join) and planned  # bytes that are in their place already may be left there
        array = computed(op, operands if shared else [o.copy() for o in operands]).copy()
        store(op.results[0], op.offsets[0] if planned else 0, array)
    raise AssertionError("no return")


@st.composite
def programs(draw: st.DrawFn) -> tuple[Module, Function]:
    module, function, b = program(draw(st.lists(st.integers(1, 40), min_size=1, max_size=3)))
    values = list(function.inputs)
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["negate", "subtract", "view", "join", "reverse"]))
        x = draw(st.sampled_from(values))
        n = x.tensor.size
        if kind == "view":
            begin = draw(st.integers(0, n - 1))
            values.append(b.buffered.view(x, begin=begin, count=draw(st.integers(1, n - begin))))
        elif kind == "join":
            values.append(b.buffered.join(draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))))
        elif kind == "subtract":
            y = draw(st.sampled_from([v for v in values if v.tensor.size == n]))
            values.append(b.buffered.subtract(x, y))
        else:
            values.append(getattr(b.buffered, kind)(x))
    outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
    function.set_outputs([(f"y{i}", v) for i, v in enumerate(outputs)])
    return module, function


@given(programs())
@settings(max_examples=300, deadline=None)
def test_programs_give_the_same_in_the_arena(made: tuple[Module, Function]) -> None:
    module, function = made
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(v.tensor.size).astype(np.float32) for v in function.inputs]
    expected = run(function, inputs, planned=False)
    plan(module, alignment=4)
    for got, want in zip(run(function, inputs, planned=True), expected, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("keep", [False, True])
def test_inputs_are_left_as_they_are_if_asked(keep: bool) -> None:
    module, function, b = program([4])
    view = b.buffered.view(function.inputs[0], begin=0, count=4)
    function.set_outputs([("y", b.buffered.reverse(b.buffered.reverse(b.buffered.negate(view))))])
    PlanMemory(alignment=4, keep_inputs=keep).run(module, PassContext())
    begin = function.port_attribute("arg", 0, "nncc.offset")
    assert view.defining_op.attributes["offsets"] == (begin,)
    makers = [op for op in function.body if op.results and op is not view.defining_op]
    assert any(begin in op.attributes["offsets"] for op in makers) != keep


def test_a_chain_runs_in_one_buffer() -> None:
    module, function, b = program([100])
    x = b.buffered.reverse(function.inputs[0])
    for _ in range(10):
        x = b.buffered.negate(x)
    function.set_outputs([("y", x)])
    plan(module)
    places = {op.attributes["offsets"][0] for op in function.body if "offsets" in op.attributes}
    assert len(places) == 1
    assert function.attributes["arena_bytes"] == 2 * 448 + 400  # input, chain, and scratch of the first operation
    assert function.attributes["live_bytes"] == 3 * 400


def test_what_is_joined_is_made_in_its_place() -> None:
    module, function, b = program([16, 16])
    left, right = (b.buffered.negate(v) for v in function.inputs)
    function.set_outputs([("y", b.buffered.join([left, right]))])
    plan(module)
    begin = function.outputs[0].defining_op.attributes["offsets"][0]
    assert left.defining_op.attributes["offsets"][0] == begin
    assert right.defining_op.attributes["offsets"][0] == begin + 64


def test_a_result_is_written_over_one_operand_alone() -> None:
    module, function, b = program([8])
    whole = b.buffered.reverse(function.inputs[0])
    part, other = b.buffered.view(whole, begin=4, count=4), b.buffered.negate(b.buffered.view(whole, begin=0, count=4))
    function.set_outputs([("y", b.buffered.subtract(part, other))])
    plan(module)
    assert part.defining_op.attributes["offsets"] != other.defining_op.attributes["offsets"]


def test_a_part_that_stands_twice_is_copied() -> None:
    module, function, b = program([16])
    x = b.buffered.reverse(function.inputs[0])
    function.set_outputs([("y", b.buffered.join([x, x]))])
    plan(module)
    joined = function.outputs[0].defining_op.attributes["offsets"][0]
    assert not joined <= x.defining_op.attributes["offsets"][0] < joined + 128


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20), st.integers(0, 8)), max_size=30))
def test_packings_do_not_overlap(raw: list[tuple[int, int, int]]) -> None:
    intervals = [Interval(size, first, first + length) for size, first, length in raw]
    packing = pack(intervals)
    assert packing.size >= peak(intervals)
    placed = list(zip(intervals, packing.offsets, strict=True))
    for i, (a, at) in enumerate(placed):
        assert at + a.size <= packing.size
        for b, other in placed[:i]:
            together = a.first <= b.last and b.first <= a.last
            assert not (together and a.size and b.size and at < other + b.size and other < at + a.size)


def test_many_buffers_take_little_time() -> None:
    rng = np.random.default_rng(1)
    intervals = [Interval(int(n), i, i + int(k)) for i, (n, k) in enumerate(rng.integers(1, 40, (50_000, 2)))]
    assert pack(intervals).size < 1.5 * peak(intervals)


def test_unwanted_alignments_and_shapes() -> None:
    module, function, b = program([4])
    function.set_outputs([("y", b.buffered.negate(function.inputs[0]))])
    with pytest.raises(UsageError, match="alignment is 0"):
        plan(module, alignment=0)


def test_sizes_that_depend_on_the_data() -> None:
    module = Module()
    function, block = Function.create("main", [("x", TensorType(("N",), F32))])
    module.body.append(function)
    function.set_outputs([("y", Builder(module, block).buffered.negate(function.inputs[0]))])
    with pytest.raises(CompileError, match="no static shape"):
        plan(module)
