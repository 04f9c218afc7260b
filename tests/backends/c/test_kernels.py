"""Kernels on real numbers give what the dialect says: a case or more of each, all in one program."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import attrs
import pytest
from c_programs import SANITIZED, check, make

from nncc.backends.c.kernels import KERNELS
from nncc.ir import Builder, Function, Module, TensorType, lookup_op
from nncc.ir.dialects.c.elementwise import BINARY, UNARY
from nncc.ir.types import F32, I1, I32, ElementType

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


@attrs.frozen
class Case:
    """An operation: the shapes of its operands (of f32 unless ``elements`` are given), and the types of its results."""

    name: str
    operands: list[tuple[int, ...]]
    result: tuple[int, ...]
    attributes: dict[str, Any] = attrs.Factory(dict)
    elements: tuple[ElementType, ...] = ()
    results: tuple[TensorType, ...] = ()
    gives: ElementType = F32

    def operand_types(self) -> list[TensorType]:
        elements = self.elements or (F32,) * len(self.operands)
        return [TensorType(s, e) for s, e in zip(self.operands, elements, strict=True)]

    def result_types(self) -> list[TensorType]:
        return [TensorType(self.result, self.gives), *self.results]


PLANE, ROWS = (1, 6, 5, 3), (4, 7)
INTEGERS = {"bitwise_xor", "right_shift", "logical_and", "logical_or"}
COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
CUT = {"outer": 2, "middle": 3, "inner": 4}

CASES = [
    *(Case("unary", [(3, 37)], (3, 37), {"function": f}) for f in UNARY if f != "logical_not"),
    Case("unary", [ROWS], ROWS, {"function": "identity", "lower": -0.5, "upper": 0.5}),
    *(
        Case("binary", [(2, 3, 4), (3, 1)], (2, 3, 4), {"function": f})
        for f in BINARY
        if f not in INTEGERS | COMPARISONS
    ),
    *(Case("binary", [ROWS, (7,)], ROWS, {"function": f}, gives=I1) for f in sorted(COMPARISONS)),
    Case("leaky_relu", [ROWS], ROWS, {"alpha": 0.1}),
    Case("select", [(4, 1), ROWS, (7,)], ROWS, elements=(I1, F32, F32)),
    Case("convert", [ROWS], ROWS, gives=I32),
    Case("view", [ROWS], (2, 7), {"begin": 7}),
    Case("copy", [ROWS], (7, 2), {"shape": (7, 2), "strides": (1, -14), "begin": 21}),
    Case("concat", [(4, 2), (4, 3)], (4, 5), {"outer": 4}),
    Case("concat", [(2, 5), (1, 5)], (3, 5), {"outer": 1}),
    Case("pad", [(2, 3)], (4, 6), {"pads": (0, 1, 2, 2), "value": 1.5}),
    Case("fully_connected", [(3, 8), (5, 8), (5,)], (3, 5), {"upper": 1.0}),
    Case("matmul", [(2, 3, 4), (4, 5)], (2, 3, 5)),
    Case("matmul", [(3, 1, 4, 2), (2, 5, 4)], (3, 2, 2, 5), {"transpose_lhs": True, "transpose_rhs": True}),
    *(Case("reduce", [(2, 3, 4)], (2, 4), {"kind": k, **CUT}) for k in ("sum", "mean", "prod", "max", "min")),
    Case("reduce", [ROWS], (4,), {"kind": "max", "outer": 4, "middle": 7, "inner": 1}),
    Case("softmax", [ROWS], ROWS, {"beta": 2.0}),
    Case("log_softmax", [ROWS], ROWS),
    *(
        Case("pool", [PLANE], (1, 3, 3, 3), {"kind": k, "kernel": (3, 2), "strides": (2, 2), "pads": (1, 1)})
        for k in ("max", "average", "l2")
    ),
    Case("conv", [PLANE, (4, 3, 2, 3), (4,)], (1, 6, 3, 4), {"strides": (1, 2), "dilations": (1, 1), "pads": (1, 1)}),
    Case("conv_transpose", [(1, 3, 2, 4), (5, 3, 3, 4), (5,)], (1, 6, 4, 5), {"strides": (2, 2), "pads": (0, 1)}),
    Case("gather", [(2, 3, 4), (2,)], (2, 2, 4), {"batch": 1, "outer": 2, "size": 3, "inner": 4}, (F32, I32)),
    Case("gather_nd", [(4, 4, 2), (3, 2)], (3, 2), {"sizes": (4, 4)}, (F32, I32)),
    Case("scatter_nd", [(3, 1), (3, 2)], (4, 2), {"sizes": (4,)}, (I32, F32)),
    Case("one_hot", [(2, 3)], (2, 4, 3), {"outer": 2, "depth": 4, "inner": 3, "on": 2.0, "off": -1.0}, (I32,)),
    Case("arg_extremum", [(2, 3, 4)], (2, 4), {"kind": "max", **CUT}, gives=I32),
    Case("top_k", [ROWS], (4, 3), results=(TensorType((4, 3), I32),)),
    Case("cumsum", [(2, 3, 4)], (2, 3, 4), {"exclusive": True, "reverse": True, **CUT}),
    Case("reverse_sequence", [(3, 4, 2), (3,)], (3, 4, 2), {"batch": 3, "steps": 4, "inner": 2}, (F32, I32)),
    Case("take", [(2, 3, 4)], (2, 5, 4), {"places": (2, 0, 0, 1, 2), **CUT}),
    Case("mix", [(2, 3, 4)], (2, 2, 4), {"low": (0, 1), "high": (1, 2), "part": (0.25, 0.5), **CUT}),
    Case("l2_normalization", [ROWS], ROWS),
    Case("local_response_normalization", [ROWS], ROWS, {"radius": 2, "bias": 1.0, "alpha": 0.5, "beta": 0.75}),
]
WITH_PACKED_WEIGHTS = {"packed_conv", "depthwise_conv"}
"""They have a test of their own."""


def test_every_kernel_has_a_case() -> None:
    assert {case.name for case in CASES} | WITH_PACKED_WEIGHTS == set(KERNELS)


def test_kernels(tmp_path: Path) -> None:
    module = Module()
    named = [(f"x{i}_{k}", t) for i, case in enumerate(CASES) for k, t in enumerate(case.operand_types())]
    function, block = Function.create("main", named)
    module.body.append(function)
    b, inputs = Builder(module, block), iter(function.inputs)
    outputs = []
    for case in CASES:
        definition = lookup_op(f"c.{case.name}")
        assert definition is not None
        operands: list[Any] = [next(inputs) for _ in case.operands]
        op = definition(
            *([operands] if case.name == "concat" else operands),
            result_types=case.result_types(),
            **{"groups": 1, **case.attributes} if case.name == "conv" else case.attributes,
        )
        op.verify()
        outputs += b.insert(op).results
    function.set_outputs([(f"y{i}", y) for i, y in enumerate(outputs)])
    check(module, tmp_path / "all", SANITIZED)
    make(tmp_path / "all", "-O3 -ffp-contract=fast")
