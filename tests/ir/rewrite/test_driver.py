"""Rewrites written as functions of an operation, and the driver: fixed point, dead code, endless rules."""

import time

import pytest

from nncc.ir import Builder, CompileError, Function, Location, Module, Op, Operation, TensorType, Trait
from nncc.ir.opdef import INT, attribute, operand, result
from nncc.ir.passes import PassContext
from nncc.ir.rewrite import OpRewrite, PatternError, Rewrite, RewritePass, Rewriter, apply_rewrites, rewrite
from nncc.ir.types import F32

T = TensorType((2, 3), F32)


class Step(Op, name="rwtest.step", traits=(Trait.PURE,)):
    """An operation of these tests."""

    x = operand()
    count = attribute(INT, default=0)
    y = result()

    def infer(self):
        return self.x.tensor


class Loud(Op, name="rwtest.loud"):
    """One that is not pure."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor


class Holder(Op, name="rwtest.holder"):
    """One with a region."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor


def program(count=1):
    """A module with a chain of steps; gives it, its function and the builder that stands before the return."""
    module = Module()
    function, block = Function.create("main", [("x", T)])
    module.body.append(function)
    b = Builder(module, block)
    value = function.inputs[0]
    for i in range(count):
        value = b.rwtest.step(value, count=i, location=Location.at("f", "net", f"step{i}", i))
    function.set_outputs([("y", value)])
    return module, function, Builder(module, block, block.last_op)


def names(function):
    return [op.name for op in function.body][:-1]


class Merge(OpRewrite):
    """step(step(x)) becomes one step"""

    def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
        inner = op.x.defining_op
        if not isinstance(inner, Step):
            return rw.refuse(op, "no step above")
        return rw.replace(op, rw.builder(op, [inner]).rwtest.step(inner.x, count=op.count + inner.count))


def test_op_rewrites_go_to_the_fixed_point_and_dead_operations_go():
    module, function, _ = program(10)
    refusals = []
    assert apply_rewrites(module, [Merge()], pass_name="merge", refusals=refusals)
    (step,) = list(function.body)[:-1]
    assert step.count == sum(range(10))
    assert [o.index for o in step.location.origins] == list(range(10)) and step.location.passes == ("merge",)
    assert {r.reason for r in refusals} == {"no step above"}
    assert not apply_rewrites(module, [Merge()])


def test_the_root_may_be_a_union_a_base_class_or_every_operation():
    seen = []

    class Watch(OpRewrite):
        def match_and_rewrite(self, op: Step | Loud, rw: Rewriter) -> bool:
            seen.append(op.name)
            return False

    class WatchAll(OpRewrite):
        def match_and_rewrite(self, op: Operation, rw: Rewriter) -> bool:
            seen.append(op.name)
            return False

    module, function, b = program()
    b.rwtest.loud(function.inputs[0])
    apply_rewrites(module, [Watch])
    assert seen == ["rwtest.step", "rwtest.loud"]
    seen.clear()
    apply_rewrites(module, [WatchAll])
    assert seen == ["func.func", "rwtest.step", "rwtest.loud", "func.return"]


def test_a_root_without_annotation_is_an_error():
    class Bare(OpRewrite):
        def match_and_rewrite(self, op, rw):
            return False

    with pytest.raises(PatternError, match="annotate 'op'"):
        apply_rewrites(program()[0], [Bare])


def test_operations_with_effects_stay_without_users():
    module, function, b = program()
    b.rwtest.loud(b.rwtest.step(function.inputs[0]))
    b.rwtest.step(b.rwtest.step(function.inputs[0]))
    assert apply_rewrites(module, [])
    assert names(function) == ["rwtest.step", "rwtest.step", "rwtest.loud"]


def test_rules_that_undo_each_other_are_named():
    class Up(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            op.count = 1 - op.count
            return op.count == 1

    class Down(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            return True

    module, *_ = program()
    with pytest.raises(CompileError, match=r"rewriting does not end: Down and Up applied again and again.*'step0'"):
        apply_rewrites(module, [Up, Down])


def test_an_error_inside_a_rule_names_the_rule():
    class Broken(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            raise op.error("expected something else")

    with pytest.raises(CompileError, match=r"expected something else \(in rewrite Broken of 'rwtest.step'\)"):
        apply_rewrites(program()[0], [Broken])


@pytest.mark.parametrize("kind", ["count", "type", "itself"])
def test_replacing_by_what_does_not_fit_is_an_error(kind):
    class Wrong(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            if kind == "itself":
                return rw.replace(op, op.y)
            other = rw.builder(op).rwtest.step(op.x)
            other.type = TensorType((7,), F32)
            return rw.replace(op, [other, other] if kind == "count" else other)

    messages = {"count": "gave 2 values for 1 results", "type": r"gave tensor<7xf32> for", "itself": "gave back"}
    with pytest.raises(CompileError, match=f"rewrite Wrong at 'rwtest.step' {messages[kind]}"):
        apply_rewrites(program()[0], [Wrong])


def test_changing_and_denying_it_is_an_error():
    class Liar(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            rw.builder(op).rwtest.step(op.x)
            return False

    with pytest.raises(CompileError, match=r"rewrite Liar changed '.*' and denied it"):
        apply_rewrites(program()[0], [Liar])


def test_operations_inside_an_erased_one_are_not_visited():
    class Drop(OpRewrite):
        def match_and_rewrite(self, op: Holder, rw: Rewriter) -> bool:
            return rw.replace(op, op.x)

    class Check(OpRewrite):
        def match_and_rewrite(self, op: Step, rw: Rewriter) -> bool:
            assert op.x is not None
            return False

    from nncc.ir import Block, Region

    module, function, b = program()
    inside = Block()
    holder = Holder(function.inputs[0], regions=[Region.of(inside)])
    b.insert(holder)
    inside.append(Step(function.inputs[0]))
    b.rwtest.loud(holder.y)
    assert apply_rewrites(module, [Drop, Check])
    assert names(function) == ["rwtest.step", "rwtest.loud"]


def test_a_rewrite_does_not_reach_across_blocks():
    from nncc.ir import Block, Region

    class Twice(Rewrite):
        def pattern(p, x):
            return p.rwtest.step(p.rwtest.step(x, ...), ...)

        def replacement(b, x):
            return b.rwtest.step(x)

    module, function, b = program(0)
    outer = b.rwtest.step(function.inputs[0])
    inside = Block()
    b.insert(Holder(function.inputs[0], regions=[Region.of(inside)]))
    inside.append(Loud(inside.append(Step(outer)).y))
    refusals = []
    assert not apply_rewrites(module, [Twice], refusals=refusals)
    assert refusals[0].reason == "'rwtest.step' stands in another block than 'rwtest.step'"


def test_a_pass_collects_the_rewrites_of_its_name():
    class MergePass(RewritePass, name="test-merge-steps"):
        """Merges steps."""

    rewrite("test-merge-steps")(Merge)
    module, function, _ = program(4)
    merge = MergePass()
    assert merge.run(module, PassContext())
    assert merge.counts == {"Merge": 3}
    assert names(function) == ["rwtest.step"]
    assert not MergePass().run(module, PassContext())


def test_time_is_near_linear():
    """A quadratic driver would take 400 times as long on 20 times the operations."""

    def seconds(count):
        module, *_ = program(count)
        start = time.process_time()
        apply_rewrites(module, [Merge])
        return time.process_time() - start

    seconds(100)
    assert seconds(10_000) < 80 * max(seconds(500), 0.005)
