"""The pass ``lift-nnb``: a network of nnabla-c-runtime as one of NNabla."""

from __future__ import annotations

import attrs

from ...ir import CompileError, Function, Module, QuantizedType, Value
from ...ir.dialects import nnb
from ...ir.dialects.nnb.layout import TRANSPOSED_WEIGHTS
from ...ir.dialects.nnp.assembly import assemble
from ...ir.outputs import separate_outputs
from ...ir.passes import Pass, PassContext
from ...ir.types import F32
from .calls import insert_call
from .weights import BINARY, Weights

NETWORK = "main"


@attrs.define
class LiftNnb(Pass, name="lift-nnb"):
    """Turn `func.func @main` of nnb functions into an NNabla network with an executor.

    Weights get NNabla's order; numbers in fixed point and signs become float32. Functions with binary weights become
    Affine and Convolution: the runtime computes with the binary weights that the file holds, NNabla would make them
    anew from the real ones, which the file may lack.

    ```
    func.func @main(%x0 : tensor<1x2xf32>) {
      %v1 = "nnb.parameter"() {value = dense_resource<v1>}
      %v3 = "nnb.Affine"(%x0, %v1) {base_axis = 1}
      "func.return"(%v3)
    }
    ```
    becomes
    ```
    "nnp.network"() ({
      %x0 = "nnp.variable"() {name = "x0", type = "Buffer"}
      %v1 = "nnp.variable"() {name = "v1", type = "Parameter", value = dense_resource<v1_1>}
      "nnp.variable"(%y0) {name = "y0", type = "Buffer"}
      %y0 = "nnp.Affine"(%x0, %v1) {name = "Affine", base_axis = 1}
    }) {name = "main", batch_size = 1}
    ```
    """

    consumes = frozenset({"nnb"})
    produces = frozenset({"nnp"})

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        _warn_of_fixed_point(function, context)
        weights = Weights(module)
        for argument in function.inputs:
            argument.type = argument.tensor.with_element(F32)
        for op in function.body:
            if isinstance(op, nnb.NnbFunction):
                try:
                    _lift(op, weights)
                except CompileError as error:
                    context.diagnostics.add(error)
        context.diagnostics.raise_if_errors()
        separate_outputs(
            function,
            lambda value: _copied(function, weights.value(value)),
            lambda value: isinstance(value.defining_op, nnb.StoredOp),
        )
        for op in reversed(function.body):
            if isinstance(op, nnb.NnbFunction | nnb.StoredOp):
                op.erase()
        assemble(module, function, weights.variables.values(), NETWORK)
        module.drop_unused_resources()
        return True


def _warn_of_fixed_point(function: Function, context: PassContext) -> None:
    results = [r for op in function.body if isinstance(op, nnb.NnbFunction) for r in op.results]
    rounded = [r for r in results if isinstance(r.tensor.element, QuantizedType)]
    if rounded:
        context.diagnostics.warning(
            f"{len(rounded)} of {len(results)} results are in fixed point: from here on they are real numbers",
            rounded[0].op.location,
            "expect differences as large as the steps of the fixed point",
        )


def _lift(op: nnb.NnbFunction, weights: Weights) -> None:
    """Put NNabla's function behind one of the runtime and let it give the results."""
    kind = op.function_type.name
    arguments = op.arguments()
    if kind in BINARY:
        plain, operands = BINARY[kind], weights.of_binary(op)
        arguments = {name: value for name, value in arguments.items() if name != "quantize_zero_to"}
    else:
        transposed = TRANSPOSED_WEIGHTS.get(kind, ())
        plain = kind
        operands = [
            weights.of_affine(op, i) if i in transposed else weights.value(v) for i, v in enumerate(op.operands)
        ]
    types = [r.tensor.with_element(F32) for r in op.results]
    call = insert_call(op, plain, operands, types, arguments)
    for result, made in zip(op.results, call.results, strict=True):
        made.name = result.name
        result.replace_all_uses_with(made)


def _copied(function: Function, value: Value | None) -> Value:
    assert value is not None
    copy: Value = insert_call(function.terminator, "Identity", [value], [value.tensor], {}).results[0]
    return copy
