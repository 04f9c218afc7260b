"""Random patterns against random expressions: the matcher agrees with one that tries every order of operands."""

from itertools import product

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Builder, Function, Module, TensorType
from nncc.ir.rewrite import PatternBuilder
from nncc.ir.rewrite.matcher import Matcher
from nncc.ir.rewrite.pattern import AnyValue
from nncc.ir.types import F32

COMMUTATIVE = ["add", "mul"]
ARITY = {"add": 2, "mul": 2, "sub": 2, "neg": 1, "relu": 1}


@attrs.frozen
class Tree:
    """``what`` is an operation, an input or a capture ("x", "y"), or a number."""

    what: object
    inputs: tuple["Tree", ...] = ()


LEAVES = st.sampled_from([Tree("x"), Tree("y"), Tree(1.0), Tree(2.0)])


def node(inner):
    return st.sampled_from(sorted(ARITY)).flatmap(
        lambda name: st.tuples(*[inner] * ARITY[name]).map(lambda inputs: Tree(name, inputs))
    )


TREES = node(st.recursive(LEAVES, node, max_leaves=6))


@st.composite
def pairs(draw):
    """A pattern, and an expression that is like it: operands swapped, here and there a part replaced."""
    pattern = draw(TREES)
    return pattern, draw(st.just(pattern) | TREES) if draw(st.booleans()) else _like(draw, pattern)


def _like(draw, tree):
    if draw(st.integers(0, 9)) == 0:
        return draw(LEAVES)
    inputs = [_like(draw, i) for i in tree.inputs]
    swap = tree.what in COMMUTATIVE and draw(st.booleans())
    return Tree(tree.what, tuple(inputs[::-1] if swap else inputs))


def as_pattern(p, tree):
    if tree.inputs:
        return getattr(p, tree.what)(*(as_pattern(p, i) for i in tree.inputs))
    return AnyValue(tree.what) if isinstance(tree.what, str) else tree.what


def as_value(b, ports, tree):
    if tree.inputs:
        return b.create(f"nn.{tree.what}", *(as_value(b, ports, i) for i in tree.inputs)).result
    return ports[tree.what] if isinstance(tree.what, str) else b.constant(tree.what)


def variants(tree):
    """The pattern with the operands of what commutes in every order."""
    for inputs in product(*(list(variants(i)) for i in tree.inputs)):
        yield Tree(tree.what, inputs)
        if tree.what in COMMUTATIVE:
            yield Tree(tree.what, inputs[::-1])


def matches(pattern, tree, captures):
    """Whether an expression is a pattern, operands in order; what is captured twice must be one value."""
    if isinstance(pattern.what, str) and not pattern.inputs:
        # each operation of an expression is built anew, so only inputs and constants can be the same value twice
        if pattern.what in captures:
            return captures[pattern.what] == tree and not tree.inputs
        captures[pattern.what] = tree
        return True
    return (
        pattern.what == tree.what
        and len(pattern.inputs) == len(tree.inputs)
        and all(matches(p, t, captures) for p, t in zip(pattern.inputs, tree.inputs, strict=True))
    )


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_the_matcher_finds_what_some_order_of_operands_matches(pair):
    pattern, tree = pair
    module = Module()
    function, block = Function.create("main", [(n, TensorType((2,), F32)) for n in "xy"])
    module.body.append(function)
    value = as_value(Builder(module, block), dict(zip("xy", function.inputs, strict=True)), tree)
    function.set_outputs([("out", value)])
    op = value.defining_op
    if op is None or not tree.inputs:  # an expression that is a leaf alone has nothing to match at
        return
    match = Matcher(as_pattern(PatternBuilder(), pattern)).match(op)
    assert (match is not None) == any(matches(variant, tree, {}) for variant in variants(pattern))
