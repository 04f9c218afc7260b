"""`eliminate-dead-code`: what nothing uses goes, effects stay."""

import numpy as np
from pass_texts import body, parsed, run

from nncc.ir import Builder
from nncc.passes.eliminate_dead_code import EliminateDeadCode

F = np.float32

DEAD = """
    %0 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "nn.neg"(%0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %3 = "gptest.loud"(%2) : (tensor<4xf32>) -> tensor<4xf32>
    %4 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    "func.return"(%4) : (tensor<4xf32>) -> ()
"""


def test_dead_code_goes_and_effects_stay():
    module = parsed("%x: tensor<4xf32>", DEAD)
    step = EliminateDeadCode()
    assert run(module, step)
    assert body(module)[1:] == [
        '%0 = "nn.neg"(%x) : (tensor<4xf32>) -> tensor<4xf32>',
        '%1 = "gptest.loud"(%0) : (tensor<4xf32>) -> tensor<4xf32>',
        '%2 = "nn.sin"(%x) : (tensor<4xf32>) -> tensor<4xf32>',
        '"func.return"(%2) : (tensor<4xf32>) -> ()',
    ]
    assert step.counts["operations"] == 2


def test_dead_operations_go_with_their_regions():
    lines = """
        %0 = "gptest.holder"(%x) ({
          %1 = "nn.exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
          %2 = "gptest.loud"(%1) : (tensor<4xf32>) -> tensor<4xf32>
          "gptest.yield"() : () -> ()
        }) : (tensor<4xf32>) -> tensor<4xf32>
        "func.return"(%x) : (tensor<4xf32>) -> ()
    """
    module = parsed("%x: tensor<4xf32>", lines)
    assert run(module, EliminateDeadCode())
    assert body(module)[1:] == ['"func.return"(%x) : (tensor<4xf32>) -> ()']


def test_weights_that_nothing_refers_to_go():
    module = parsed("%x: tensor<4xf32>", DEAD)
    module.add_resource("unused", np.zeros(100, F))
    block = module.main.body
    b = Builder(module, block, block.last_op)
    used = b.nn.add(b.constant(np.zeros(100, F), name="used"), 1.0)
    b.nn.exp(b.constant(np.zeros(100, F), name="dead"))
    module.main.set_outputs([("y0", used)])
    step = EliminateDeadCode()
    assert run(module, step)
    assert list(module.resources) == ["used"] and step.counts["weights"] == 2
