"""What tests of passes on text share: modules of a few lines, running a pass on them, and what is left as lines."""

import textwrap

import numpy as np

from nncc.ir import Builder, Function, Module, Op, TensorType, Trait
from nncc.ir.interpreter import evaluate
from nncc.ir.numerics import random_inputs
from nncc.ir.opdef import operand, result
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext
from nncc.ir.ports import source_type
from nncc.ir.printer import print_module
from nncc.ir.types import F32
from nncc.ir.verifier import verify_module


class Loud(Op, name="gptest.loud"):
    """An operation that is not known to be pure."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor

    def evaluate(self, x):
        return x


class Yield(Op, name="gptest.yield", traits=(Trait.TERMINATOR,)):
    """Ends the region of a holder."""

    def infer(self):
        return ()


class Holder(Op, name="gptest.holder", traits=(Trait.PURE,)):
    """An operation with a region."""

    x = operand()
    y = result()

    def infer(self):
        return self.x.tensor

    def evaluate(self, x):
        return x


def parsed(args, body, results=1):
    """A module whose main function has these arguments and these lines."""
    names = ", ".join(f'{{nncc.name = "y{i}"}}' for i in range(results))
    text = f'"builtin.module"() ({{\n"func.func"() ({{\n^bb0({args}):\n{textwrap.dedent(body)}}}) ' + (
        f'{{sym_name = "main", res_attrs = [{names}]}} : () -> ()\n}}) : () -> ()\n'
    )
    module = parse_module(text)
    verify_module(module)
    return module


def body(module):
    """The lines of the main function, the arguments first."""
    lines = print_module(module, locations=False).splitlines()
    start = next(i for i, line in enumerate(lines) if "^bb0" in line)
    end = max(i for i, line in enumerate(lines) if "func.return" in line)
    return [line.strip() for line in lines[start : end + 1]]


def run(module, step):
    """Run a pass; the IR must stay valid and the outputs must stay the same. Gives whether it said it changed."""
    types = {n: source_type(module.main, "arg", i) for i, n in enumerate(module.main.input_names)}
    inputs = random_inputs(types, 3)
    before = evaluate(module.main, inputs)
    changed = step.run(module, PassContext())
    verify_module(module)
    after_types = {n: source_type(module.main, "arg", i) for i, n in enumerate(module.main.input_names)}
    if after_types == types:
        after = evaluate(module.main, inputs)
        assert before.keys() == after.keys()
        for name in before:
            np.testing.assert_allclose(after[name], before[name], rtol=1e-6)
    assert not type(step)().run(module, PassContext())
    return changed


def built(build, **shapes):
    """A module whose only output is what ``build(b, *inputs)`` gives, for float32 inputs of these shapes."""
    module = Module()
    function, block = Function.create("main", [(n, TensorType(s, F32)) for n, s in shapes.items()])
    module.body.append(function)
    function.set_outputs([("y0", build(Builder(module, block), *function.inputs))])
    verify_module(module)
    return module


def names(module):
    """The operations of the main function without the dialect nn, in order."""
    return [op.name.removeprefix("nn.") for op in module.main.body][:-1]
