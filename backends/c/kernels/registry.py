"""How kernels are registered, and what they have in common.

    @kernel("leaky_relu")
    def leaky_relu(op: LeakyRelu) -> str: ...

The function gives the body of a C function. Its parameters are pointers named as the fields of the operation: ``x``,
``weight``, ``output``, and ``scratch`` where the operation has scratch memory; an operand that is left out has none.
The body is made for the shapes and attributes of ``op``: all sizes in it are numbers. It gives 0 or an error where the
operation ``can_fail``, else nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ....ir import QuantizedType, Value
from ....ir.types import ElementType
from ...c_text import c_type, literal

Kernel = Callable[[Any], str]
_K = TypeVar("_K", bound=Kernel)

KERNELS: dict[str, Kernel] = {}
"""The kernel of each operation, by its name without the dialect."""

QUANTIZED: dict[str, Kernel] = {}
"""The kernel of each operation on integers that stand for real numbers."""


def kernel(*names: str, quantized: bool = False) -> Callable[[_K], _K]:
    """Register the kernel of operations, for real numbers or for the integers that stand for them."""
    table = QUANTIZED if quantized else KERNELS

    def register(function: _K) -> _K:
        for name in names:
            assert name not in table, name
            table[name] = function
        return function

    return register


def is_quantized(op: Any) -> bool:
    """Whether an operation works on integers that stand for real numbers."""
    values = [v for v in (*op.operands, *op.results) if v is not None]
    return any(isinstance(v.tensor.element, QuantizedType) for v in values)


def element_type(value: Value) -> str:
    """The C type of a value's elements."""
    return c_type(value.tensor.storage)


def loops(sizes: Sequence[int], body: str, names: Iterable[str] = "ijklmnopqr") -> str:
    """``body`` inside a loop for each size, the first outermost; their counters are ``names``."""
    text = body
    for name, size in reversed(list(zip(names, sizes, strict=False))):
        text = f"for (int {name} = 0; {name} < {size}; {name}++) {{\n{textwrap.indent(text, '    ')}\n}}"
    return text


def place(strides: Sequence[int], begin: int = 0, names: Iterable[str] = "ijklmnopqr") -> str:
    """The index ``begin + i * strides[0] + ...``, without what is zero."""
    terms = [name if s == 1 else f"{name} * {s}" for name, s in zip(names, strides, strict=False) if s]
    if begin or not terms:
        terms.append(str(begin))
    return " + ".join(terms).replace("+ -", "- ")


_WORTH_THREADS = 1 << 18
"""So many steps of innermost loops take longer than starting threads does."""


def parallel(steps: int) -> str:
    """What stands before a loop whose turns do not depend on each other, where its work is worth threads."""
    return "NNCC_PARALLEL" if steps >= _WORTH_THREADS else ""


def bounded(expression: str, op: Any, type: str) -> str:
    """An expression between the bounds of an operation."""
    lower, upper = op.lower, op.upper
    if lower != float("-inf"):
        expression = f"nncc_max_{type}({expression}, {literal(lower, type)})"
    if upper != float("inf"):
        expression = f"nncc_min_{type}({expression}, {literal(upper, type)})"
    return expression


def is_float(element: ElementType) -> bool:
    return element.name in ("f32", "f64")
