"""The pass ``require-static-inputs``: for targets whose files hold numbers where a source may hold symbols."""

from __future__ import annotations

from typing import ClassVar

import attrs

from ..ir import Module, TensorType, Value
from ..ir.passes import Pass, PassContext
from ..ir.types import Dim


@attrs.define
class RequireStaticInputs(Pass, name="require-static-inputs"):
    """Refuses inputs with dimensions that are open, and says how to give them a size.

        func (%image: tensor<1x3x?x?xf32, {d2 = "height"}>)

    is an error with the remedy ``--input-shape image=1,3,HEIGHT,WIDTH``. A size that depends on data further down is no
    matter of the inputs: the lowering judges it.
    """

    consumes: ClassVar[frozenset[str]] = frozenset({"nn"})

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        for name, value in zip(function.input_names, function.inputs, strict=True):
            if isinstance(value.type, TensorType) and not value.type.is_static:
                message = f"the input '{name}' has no fixed shape: {value.type}"
                context.diagnostics.error(message, function.location, f"give it one: {_flag(name, value)}")
        context.diagnostics.raise_if_errors()
        return False


def _flag(name: str, value: Value) -> str:
    """What to write on the command line, with words for the sizes that the user has to choose."""
    dims = value.tensor.shape
    sizes = "D0,D1,..." if dims is None else ",".join(_size(d, axis) for axis, d in enumerate(dims))
    return f"--input-shape {name}={sizes}"


def _size(dim: Dim, axis: int) -> str:
    if isinstance(dim, str):
        return dim.upper() if dim.isidentifier() else f"D{axis}"
    return f"D{axis}" if dim is None else str(dim)
