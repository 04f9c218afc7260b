"""Rewrites written as two expressions: what matches, what is refused and why, and what the result looks like."""

import numpy as np
import pytest

from nncc.ir import Builder, Function, Location, Module, TensorType, element
from nncc.ir.interpreter import evaluate
from nncc.ir.rewrite import PatternError, Rewrite, apply_rewrites, explain
from nncc.ir.types import F32


class Program:
    """A module under construction: ``p.b`` builds, ``p.inputs`` are the inputs, ``p.end(y)`` closes it."""

    def __init__(self, **shapes):
        self.module = Module()
        self.function, block = Function.create("main", [(n, TensorType(s, F32)) for n, s in shapes.items()])
        self.module.body.append(self.function)
        self.b = Builder(self.module, block)
        self.inputs = dict(zip(shapes, self.function.inputs, strict=True))

    def __getattr__(self, name):
        return self.inputs[name]

    def end(self, *values):
        self.function.set_outputs([(f"y{i}", v) for i, v in enumerate(values)])
        return self

    def ops(self):
        return [op.name for op in self.function.body if op.name not in ("nn.constant", "func.return")]

    def run(self, seed=0):
        rng = np.random.default_rng(seed)
        arrays = {n: rng.normal(0, 3, v.tensor.static_shape).astype(np.float32) for n, v in self.inputs.items()}
        return list(evaluate(self.module.main, arrays).values())

    def rewrite(self, *rules, **keywords):
        """Apply rules; the outputs must keep their numbers."""
        before = self.run()
        changed = apply_rewrites(self.module, rules, **keywords)
        for a, b in zip(before, self.run(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
        return changed


class HardSwish(Rewrite):
    """x * clip(x + 3, 0, 6) / 6   →   hard_swish(x)"""

    def pattern(p, x):
        return p.div(p.mul(x, p.clip(p.add(x, 3.0), 0.0, 6.0)), 6.0)

    def replacement(b, x):
        return b.nn.hard_swish(x)


def hard_swish(b, x, *, swapped=False, three=3.0, six=6.0):
    inner = b.nn.clip(b.nn.add(three, x) if swapped else b.nn.add(x, three), min=0.0, max=6.0)
    return b.nn.div(b.nn.mul(inner, x) if swapped else b.nn.mul(x, inner), six)


@pytest.mark.parametrize("swapped", [False, True])
def test_commutative_operands_match_in_any_order(swapped):
    p = Program(x=(2, 5))
    p.end(hard_swish(p.b, p.x, swapped=swapped))
    assert p.rewrite(HardSwish)
    assert p.ops() == ["nn.hard_swish"]


def test_a_constant_of_any_shape_with_one_number_matches_within_tolerance():
    p = Program(x=(2, 5))
    p.end(hard_swish(p.b, p.x, three=np.full((1, 5), 3.0000001, np.float32)))
    assert p.rewrite(HardSwish)
    assert p.ops() == ["nn.hard_swish"]


@pytest.mark.parametrize("change", [{"three": 3.001}, {"six": 5.0}, {"three": np.float32([3, 3, 3, 3, 2])}])
def test_another_number_does_not_match(change):
    p = Program(x=(2, 5))
    p.end(hard_swish(p.b, p.x, **change))
    assert not p.rewrite(HardSwish)


def test_a_constant_that_widens_the_shape_is_refused_and_leaves_no_trace():
    p = Program(x=(5,))
    p.end(hard_swish(p.b, p.x, six=np.full((2, 5), 6, np.float32)))
    ops, refusals = p.ops(), []
    assert not p.rewrite(HardSwish, refusals=refusals)
    assert p.ops() == ops
    assert [r.reason for r in refusals] == ["gave tensor<5xf32> for tensor<2x5xf32>"]


def test_an_attribute_that_the_pattern_leaves_out_must_have_its_default():
    p = Program(x=(2, 5))
    inner = p.b.nn.clip(p.b.nn.add(p.x, 3.0), min=0.0, max=6.0)
    p.end(p.b.nn.div(p.b.nn.mul(p.x, inner), 6.0, activation="relu"))
    assert not p.rewrite(HardSwish)


def test_a_value_that_is_captured_twice_must_be_one_value():
    p = Program(x=(2, 5), z=(2, 5))
    inner = p.b.nn.clip(p.b.nn.add(p.x, 3.0), min=0.0, max=6.0)
    p.end(p.b.nn.div(p.b.nn.mul(p.z, inner), 6.0))
    assert not p.rewrite(HardSwish)


def test_inner_operations_with_other_users_are_left_alone():
    p = Program(x=(2, 5))
    inner = p.b.nn.clip(p.b.nn.add(p.x, 3.0), min=0.0, max=6.0)
    p.end(p.b.nn.div(p.b.nn.mul(p.x, inner), 6.0), inner)
    refusals = []
    assert not p.rewrite(HardSwish, refusals=refusals)
    assert refusals[0].reason == "the result of 'nn.clip' is also used elsewhere"


def test_shared_allows_other_users_which_keep_their_operation():
    class Shared(Rewrite):
        def pattern(p, x):
            return p.neg(p.neg(x).shared())

        def replacement(b, x):
            return x

    p = Program(x=(2, 5))
    inner = p.b.nn.neg(p.x)
    p.end(p.b.nn.relu(p.b.nn.neg(inner)), inner)
    assert p.rewrite(Shared)
    assert p.ops() == ["nn.neg", "nn.relu"]


def test_a_value_used_twice_inside_the_match_is_no_other_user():
    class Doubled(Rewrite):
        def pattern(p, x):
            y = p.neg(x)
            return p.add(y, y)

        def replacement(b, x):
            return b.nn.mul(x, -2.0)

    p = Program(x=(2, 5))
    y = p.b.nn.neg(p.x)
    p.end(p.b.nn.add(y, y))
    assert p.rewrite(Doubled)
    assert p.ops() == ["nn.mul"]


def test_captures_of_attributes_numbers_and_operations():
    seen = {}

    class Leaky(Rewrite):
        def pattern(p, x):
            return p.mul(p.leaky_relu(x, p.attr("slope")).named("leaky"), p.number("factor"))

        def check(slope, leaky, m):
            seen.update(slope=slope, leaky=leaky.name, root=m.root.name, x=m.x)
            return "steep" if slope > 1 else None

        def replacement(b, x, slope, factor):
            return b.nn.leaky_relu(b.nn.mul(x, factor), alpha=slope)

    p = Program(x=(2, 5))
    p.end(p.b.nn.mul(p.b.nn.leaky_relu(p.x, alpha=0.5), np.float32([2, 2, 2, 2, 2])))
    assert p.rewrite(Leaky)
    assert p.ops() == ["nn.mul", "nn.leaky_relu"]
    assert (seen["slope"], seen["leaky"], seen["root"]) == (0.5, "nn.leaky_relu", "nn.mul")

    p = Program(x=(2, 5))
    p.end(p.b.nn.mul(p.b.nn.leaky_relu(p.x, alpha=1.5), 2.0))
    refusals = []
    assert not p.rewrite(Leaky, refusals=refusals)
    assert refusals[0].reason == "steep"


def test_check_sees_every_order_of_commutative_operands():
    class OnlyNegated(Rewrite):
        def pattern(p, x, y):
            return p.add(x, y)

        def check(x):
            return None if x.defining_op is not None and x.defining_op.name == "nn.neg" else "not negated"

        def replacement(b, x, y):
            return b.nn.sub(y, x.defining_op.operands[0])

    p = Program(x=(2, 5), y=(2, 5))
    p.end(p.b.nn.add(p.x, p.b.nn.neg(p.y)))
    assert p.rewrite(OnlyNegated)
    assert p.ops() == ["nn.sub"]


def test_alternatives_of_operands_attributes_and_roots():
    class Clipped(Rewrite):
        def pattern(p, x):
            return p.one_of(p.relu(p.one_of(p.neg(x), p.abs(x))), p.clip(p.abs(x), p.one_of(0.0, -1.0), ...))

        def replacement(b, x, m):
            return b.nn.identity(m.root.operands[0])

    p = Program(x=(2, 5))
    p.end(p.b.nn.relu(p.b.nn.abs(p.x)), p.b.nn.clip(p.b.nn.abs(p.x), min=-1.0))
    assert p.rewrite(Clipped)
    assert p.ops() == ["nn.abs", "nn.identity", "nn.abs", "nn.identity"]


def test_names_and_locations_are_inherited():
    p = Program(x=(2, 5))
    with p.b.at(Location.at("m.nnp", "net", "add", 1)):
        inner = p.b.nn.clip(p.b.nn.add(p.x, 3.0), min=0.0, max=6.0)
    with p.b.at(Location.at("m.nnp", "net", "div", 2)):
        y = p.b.nn.div(p.b.nn.mul(p.x, inner), 6.0)
    y.name = "swished"
    p.end(p.b.nn.relu(y))
    p.rewrite(HardSwish, pass_name="recognize-hard-swish")
    made = p.function.body.first_op
    assert (made.name, made.result.name) == ("nn.hard_swish", "swished")
    assert [o.name for o in made.location.origins] == ["add", "div"]
    assert made.location.passes == ("recognize-hard-swish",)


def test_explain_names_the_reason_of_the_nearest_miss():
    p = Program(x=(2, 5))
    p.end(hard_swish(p.b, p.x, three=2.0))
    root = p.function.body.last_op.operands[0].defining_op
    assert explain(HardSwish, root) == "expected the constant 3.0"


def test_constants_that_are_equal_count_as_one_value():
    class Same(Rewrite):
        def pattern(p, x):
            c = p.constant("c")
            return p.add(p.mul(x, c), c)

        def replacement(b, x, c):
            return b.nn.mul(b.nn.add(x, 1.0), c)

    p = Program(x=(3,))
    p.end(p.b.nn.add(p.b.nn.mul(p.x, np.float32([1, 2, 3])), np.float32([1, 2, 3])))
    assert p.rewrite(Same)
    assert p.ops() == ["nn.add", "nn.mul"]


def test_a_value_that_says_less_about_its_shape_is_refused():
    class Unwrap(Rewrite):
        def pattern(p, x):
            return p.identity(x)

        def replacement(b, x):
            return x

    p = Program(x=(None, 3))
    y = p.b.nn.identity(p.x)
    y.type = TensorType((4, 3), element("float32"))
    p.end(y)
    refusals = []
    assert not apply_rewrites(p.module, [Unwrap], refusals=refusals)
    assert "says more" in refusals[0].reason


def pattern_error(pattern_function, replacement_function=lambda b, x: x):
    rule = type("Bad", (Rewrite,), {"pattern": pattern_function, "replacement": replacement_function})
    with pytest.raises(PatternError) as caught:
        apply_rewrites(Program(x=(2,)).module, [rule])
    return str(caught.value)


def test_mistakes_in_patterns_are_named():
    assert (
        pattern_error(lambda p, x: p.no_such_op(x)) == "Bad: there is no operation 'nn.no_such_op' and no dialect "
        "'no_such_op'"
    )
    assert "needs its operand 'rhs'" in pattern_error(lambda p, x: p.add(x))
    assert "colour is no field of it" in pattern_error(lambda p, x: p.relu(x, colour=1))
    assert "takes ['y'], which the pattern does not capture" in pattern_error(lambda p, x: p.relu(x), lambda b, y: y)
    assert "the root of a pattern must be an operation" in pattern_error(lambda p, x: x)
