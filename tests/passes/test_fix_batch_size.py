"""`fix-batch-size`: open dimensions become numbers everywhere."""

import pytest
from pass_texts import body, parsed, run

from nncc.ir import UsageError
from nncc.ir.passes import PassContext
from nncc.ir.printer import print_module
from nncc.passes.fix_batch_size import FixBatchSize

OPEN = """
    %0 = "nn.reshape"(%x) {shape = array<i64: 0, -1>} : (tensor<?x2x3xf32, {d0 = "N"}>) -> tensor<?x6xf32, {d0 = "N"}>
    %1 = "nn.concat"(%0, %z) {axis = 1} : (tensor<?x6xf32, {d0 = "N"}>, tensor<?x?xf32, {d1 = "T"}>) -> tensor<?x?xf32>
    "func.return"(%1) : (tensor<?x?xf32>) -> ()
"""
PORTS = '%x: tensor<?x2x3xf32, {d0 = "N"}>, %z: tensor<?x?xf32, {d1 = "T"}>'


def test_the_batch_becomes_a_number_everywhere():
    module = parsed(PORTS, OPEN)
    assert run(module, FixBatchSize(batch=4, sizes={"T": 5}))
    assert body(module) == [
        "^bb0(%x: tensor<4x2x3xf32>, %z: tensor<4x5xf32>):",
        '%0 = "nn.reshape"(%x) {shape = array<i64: 0, -1>} : (tensor<4x2x3xf32>) -> tensor<4x6xf32>',
        '%1 = "nn.concat"(%0, %z) {axis = 1 : i64} : (tensor<4x6xf32>, tensor<4x5xf32>) -> tensor<4x11xf32>',
        '"func.return"(%1) : (tensor<4x11xf32>) -> ()',
    ]


def test_numbers_and_other_symbols_stay():
    module = parsed(
        PORTS.replace("?x2x3", "7x2x3").replace('{d0 = "N"}', "{}").replace(", {}", ""),
        """
        "func.return"(%z) : (tensor<?x?xf32, {d1 = "T"}>) -> ()
    """,
    )
    assert run(module, FixBatchSize())
    assert body(module)[0] == '^bb0(%x: tensor<7x2x3xf32>, %z: tensor<1x?xf32, {d1 = "T"}>):'


def test_the_batch_may_stay_open():
    module = parsed(PORTS, '"func.return"(%z) : (tensor<?x?xf32, {d1 = "T"}>) -> ()')
    before = print_module(module)
    assert not FixBatchSize(batch=None).run(module, PassContext()) and print_module(module) == before


def test_sizes_below_one_are_refused():
    with pytest.raises(UsageError, match="fix-batch-size: the size of 'batch' is 0"):
        FixBatchSize(batch=0)
