"""Single tfl operations with their operands: those that no nn operation is lowered to, or not with these options."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from nncc.ir import Function, Module, Operation, TensorType, as_dense, element, lookup_op
from nncc.ir.dialects.tfl.constant import PseudoConst
from nncc.ir.dialects.tfl.opaque import OpaqueOp

RNG = np.random.default_rng(2)


@attrs.frozen
class Case:
    """An operation: what it takes (inputs first, then constants), the types of what it gives, its options."""

    name: str
    operands: Sequence[np.ndarray]
    results: Sequence[tuple[tuple[int, ...], Any]]
    options: dict[str, Any] = attrs.Factory(dict)
    constants: Sequence[np.ndarray] = ()
    constants_first: bool = False

    def build(self) -> tuple[Module, dict[str, np.ndarray]]:
        module = Module()
        inputs = {f"x{i}": a for i, a in enumerate(self.operands)}
        types = [(n, TensorType(a.shape, element(a.dtype))) for n, a in inputs.items()]
        function, block = Function.create("main", types)
        module.body.append(function)
        constants = []
        for array in self.constants:
            dense = as_dense(array)
            constants.append(block.append(PseudoConst(value=dense, result_types=[dense.type])).results[0])
        operands = [*constants, *function.inputs] if self.constants_first else [*function.inputs, *constants]
        definition = lookup_op(f"tfl.{self.name}")
        results = [TensorType(s, element(d)) for s, d in self.results]
        op: Operation
        if definition is None:
            op = block.append(OpaqueOp(f"tfl.{self.name}", operands, results, self.options))
        else:
            op = block.append(definition(*operands, result_types=results, **self.options))
        function.set_outputs([(f"y{i}", r) for i, r in enumerate(op.results)])
        return module, inputs


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def ints(*numbers: Any) -> np.ndarray:
    return np.array(numbers, np.int32)


def scalar(number: int) -> np.ndarray:
    return np.array(number, np.int32)


F, X = np.float32, real(2, 3, 4)
FLAGS = RNG.random((2, 3, 4)) < 0.5
POOL = {"padding": "SAME", "stride_h": 2, "stride_w": 2, "filter_height": 3, "filter_width": 3}
CASES = [
    Case("squeeze", [real(1, 3, 1, 4)], [((3, 4), F)], {"squeeze_dims": (0, 2)}),
    Case("squeeze", [real(1, 3, 1, 4)], [((3, 4), F)]),
    Case("expand_dims", [X], [((2, 1, 3, 4), F)], {}, [scalar(1)]),
    Case("pack", [X, real(2, 3, 4)], [((2, 2, 3, 4), F)], {"axis": 1}),
    Case("unpack", [X], [((2, 4), F)] * 3, {"axis": 1}),
    Case("split", [X], [((2, 3, 2), F)] * 2, {}, [scalar(2)], constants_first=True),
    Case("l2_normalization", [X], [((2, 3, 4), F)]),
    Case("reduce_any", [FLAGS], [((2, 4), np.bool_)], {}, [ints(1)]),
    Case("reduce_all", [FLAGS], [((2, 1, 4), np.bool_)], {"keep_dims": True}, [ints(1)]),
    Case("relu6", [X * 6], [((2, 3, 4), F)]),
    Case("shape", [X], [((3,), np.int32)]),
    Case("concatenation", [X, X], [((4, 3, 4), F)], {"axis": 0}),
    Case("strided_slice", [X], [((3, 4), F)], {"shrink_axis_mask": 1}, [ints(1, 0, 0), ints(2, 3, 4), ints(1, 1, 1)]),
    Case(
        "strided_slice",
        [X],
        [((2, 2, 2), F)],
        {"begin_mask": 1, "end_mask": 6},
        [ints(1, 1, 0), ints(2, 2, 1), ints(1, 1, 2)],
    ),
    Case("slice", [X], [((1, 3, 3), F)], {}, [ints(1, 0, 1), ints(1, -1, -1)]),
    Case("gather", [X], [((2, 3, 2), F)], {"axis": 2, "batch_dims": 1}, [ints([[0, 1], [3, 2]])[0]]),
    Case("one_hot", [ints(0, 2, 1)], [((4, 3), F)], {"axis": 0}, [scalar(4), F(2.5), F(-1.0)]),
    Case("cumsum", [X], [((2, 3, 4), F)], {"exclusive": True, "reverse": True}, [scalar(1)]),
    Case("fully_connected", [real(2, 3, 4)], [((6, 5), F)], {"fused_activation_function": "RELU"}, [real(5, 4)]),
    Case("softmax", [X], [((2, 3, 4), F)], {"beta": 0.5}),
    Case("square", [X], [((2, 3, 4), F)]),
    Case("fill", [scalar(7)], [((2, 3), np.int32)], {}, [ints(2, 3)], constants_first=True),
    Case("range", [scalar(3)], [((4,), np.int32)], {}, [scalar(11), scalar(2)]),
    Case("rank", [X], [((), np.int32)]),
    Case("zeros_like", [X], [((2, 3, 4), F)]),
    Case("broadcast_args", [ints(3, 1)], [((3,), np.int32)], {}, [ints(2, 1, 4)]),
    Case("matrix_diag", [real(2, 3)], [((2, 3, 3), F)]),
    Case("matrix_set_diag", [real(2, 3, 3), real(2, 3)], [((2, 3, 3), F)]),
    Case("add_n", [X, real(2, 3, 4), real(2, 3, 4)], [((2, 3, 4), F)]),
    Case("space_to_batch_nd", [real(2, 4, 5, 3)], [((12, 3, 2, 3), F)], {}, [ints(2, 3), ints([1, 1], [0, 1])]),
    Case("batch_to_space_nd", [real(12, 3, 2, 3)], [((2, 4, 5, 3), F)], {}, [ints(2, 3), ints([1, 1], [0, 1])]),
    Case("reverse_sequence", [X], [((2, 3, 4), F)], {"seq_dim": 1, "batch_dim": 0}, [ints(3, 2)]),
    Case("dynamic_update_slice", [X, real(1, 2, 2)], [((2, 3, 4), F)], {}, [ints(1, 2, 1)]),
    Case("embedding_lookup", [ints(2, 0, 1)], [((3, 4), F)], {}, [real(5, 4)]),
    Case("segment_sum", [real(4, 3)], [((3, 3), F)], {}, [ints(0, 0, 1, 2)]),
    *(
        Case(f"unsorted_segment_{kind}", [real(4, 3)], [((3, 3), F)], {}, [ints(2, 0, -1, 2), scalar(3)])
        for kind in ("sum", "prod", "max", "min")
    ),
    Case("select", [FLAGS, X, real(2, 3, 4)], [((2, 3, 4), F)]),
    Case("select", [np.array([True, False]), X, real(2, 3, 4)], [((2, 3, 4), F)]),
    Case("l2_pool_2d", [real(1, 5, 5, 2)], [((1, 3, 3, 2), F)], POOL),
    Case("mirror_pad", [X], [((4, 3, 5), F)], {"mode": "SYMMETRIC"}, [ints([1, 1], [0, 0], [1, 0])]),
]
