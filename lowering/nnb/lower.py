"""``lower-to-nnb``: the network of an executor, in NNabla's functions, as a function that nnabla-c-runtime runs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import attrs

from ...ir import Attribute, CompileError, DenseAttribute, Diagnostics, Function, Module, Op, Value
from ...ir.attributes import attribute_key
from ...ir.dialects import nnb, nnp
from ...ir.dialects.nnb.layout import TRANSPOSED_WEIGHTS
from ...ir.dialects.nnp.graph import forward_order
from ...ir.dialects.nnp.selection import select_executor
from ...ir.names import Names
from ...ir.outputs import is_constant, separate_outputs
from ...ir.passes import Pass, PassContext
from ...ir.types import Array
from .limits import fault


@attrs.define
class LowerToNnb(Pass, name="lower-to-nnb"):
    """Turn a network of NNabla's functions into one of nnabla-c-runtime: variables with data, and functions with ids.

    ```
    "nnp.network"() ({
      %x = "nnp.variable"() {name = "x", type = "Buffer"}
      %W = "nnp.variable"() {name = "W", type = "Parameter", value = dense_resource<W>}
      %y = "nnp.Affine"(%x, %W) {name = "fc", base_axis = 1}
    }) {name = "main", batch_size = 1}
    "nnp.executor"() {network_name = "main", ...}
    ```
    becomes
    ```
    func.func @main(%x : tensor<1x4xf32>) {
      %W = "nnb.parameter"() {value = dense_resource<W_0>}
      %y = "nnb.Affine"(%x, %W) {base_axis = 1, name = "fc"}
      "func.return"(%y)
    }
    ```

    The weights of Affine lie transposed in memory; one that another function takes, too, is stored for each. Parameters
    that nobody needs go. Functions that the runtime has not, or would compute wrongly, are errors with what to do.
    """

    consumes = frozenset({"nnp"})
    produces = frozenset({"nnb"})

    def run(self, module: Module, context: PassContext) -> bool:
        executor = select_executor(module, diagnostics=context.diagnostics)
        network = nnp.networks(module)[executor.network_name]
        function = _Lowering(module, network, executor, context.diagnostics).run()
        context.diagnostics.raise_if_errors()
        self.counts["functions"] = sum(isinstance(op, nnb.NnbFunction) for op in function.body)
        for op in module.body:
            op.drop_references()
            op.unlink()
        module.attributes.clear()
        module.body.append(function)
        module.drop_unused_resources()
        return True


class _Lowering:
    """One network on its way to a function."""

    def __init__(self, module: Module, network: nnp.Network, executor: nnp.Executor, diagnostics: Diagnostics) -> None:
        self.module, self.network, self.executor, self.diagnostics = module, network, executor, diagnostics
        self.variables = {v.label: v for v in network.variables}
        self.declared = nnp.variables_by_value(network)
        self.names = Names()
        inputs = list(dict.fromkeys(executor.variable_names("data_variable")))
        ports = [(self.names.free(name), self.variables[name].variable.type) for name in inputs]
        self.function, self.block = Function.create("main", ports, network.location)
        self.values: dict[Value, Value] = {
            self.variables[name].variable: arg for name, arg in zip(inputs, self.block.args, strict=True)
        }
        self.parameters: dict[Hashable, Value] = {}

    def run(self) -> Function:
        outputs = [self.variables[n].variable for n in dict.fromkeys(self.executor.variable_names("output_variable"))]
        if self._has_open_sizes():
            return self.function
        for call in self._needed(outputs):
            self._lower(call)
        if self.diagnostics.errors:
            return self.function
        ends = [(self.declared[v].label, self._value(v)) for v in outputs]
        self.function.set_outputs(ends)
        separate_outputs(self.function, self._copied, is_constant)
        return self.function

    def _needed(self, outputs: Sequence[Value]) -> list[nnp.FunctionOp]:
        """The functions that the outputs need, each behind those that it needs."""
        needed: set[Value | None] = set(outputs)
        found = []
        for call in reversed(forward_order(self.network)):
            if needed.intersection(call.results):
                needed.update(call.operands)
                found.append(call)
        return found[::-1]

    def _has_open_sizes(self) -> bool:
        """Report inputs of no fixed size."""
        open_inputs = [arg for arg in self.block.args if not arg.tensor.is_static]
        for arg in open_inputs:
            what = f"the input '{arg.name}' is {arg.type}, and the runtime fixes all sizes"
            self.diagnostics.error(what, self.function.location, "give the batch size (-b)")
        return bool(open_inputs)

    def _lower(self, call: nnp.FunctionOp) -> None:
        name = call.function_type.name
        kind = nnb.FUNCTION_OPS.get(name)
        if kind is None:
            reason = f"'{call.label}': nnabla-c-runtime has no id for {name}"
            self.diagnostics.error(reason, call.location, "compute it outside of the network")
            return
        arguments: dict[str, Attribute] = {a.name: getattr(call, a.name) for a in kind.nnb_type.arguments}
        try:
            weights = TRANSPOSED_WEIGHTS.get(name, ())
            operands = [None if v is None else self._value(v, i in weights) for i, v in enumerate(call.operands)]
            made: Op = kind(
                *operands,
                result_types=[v.type for v in call.results],
                location=call.location,
                name=call.label,
                **arguments,
            )
            made.verify()
        except CompileError as error:
            self.diagnostics.add(error)
            return
        assert isinstance(made, nnb.NnbFunction)
        self.block.append(made)
        for old, new in zip(call.results, made.results, strict=True):
            new.name = self.names.free(self.declared[old].label)
            self.values[old] = new
        found = fault(made)
        if found is not None:
            reason, remedy = found
            self.diagnostics.error(f"'{call.label}' ({name}): {reason}", call.location, remedy)

    # Values

    def _value(self, value: Value, transposed: bool = False) -> Value:
        """What stands for a variable. Raises CompileError for a parameter without a value, or a computed weight."""
        variable = self.declared[value]
        if transposed and variable.value is None:
            what = f"the weight '{variable.label}' is computed, and the runtime reads stored ones, (out, in) in memory"
            raise CompileError(what, variable.location, "lift-nnp and lower-to-nnp{runtime=nnablart} make it a product")
        if value in self.values:
            return self.values[value]
        dense = variable.value
        if dense is None:
            what = f"the variable '{variable.label}' has no value"
            raise CompileError(what, variable.location, "give the parameters with the network")
        key = (attribute_key(dense), transposed)
        if key not in self.parameters:
            stored = self._transposed(dense, variable.label) if transposed else dense
            made = nnb.Parameter(value=stored, location=variable.location)
            made.output.name = self.names.free(variable.label)
            self.block.append(made)
            self.parameters[key] = made.output
        return self.parameters[key]

    def _transposed(self, dense: DenseAttribute, name: str) -> DenseAttribute:
        """The elements as (out, in), in the shape that says (in, out)."""
        shape = dense.type.static_shape

        def load() -> Array:
            matrix: Array = dense.read().reshape(shape[0], -1)
            return matrix.T.reshape(shape)

        return self.module.add_resource(name, load, dense.type)

    def _copied(self, value: Value) -> Value:
        copy: Op = nnb.FUNCTION_OPS["Identity"](value, result_types=[value.type], name="Identity")
        self.block.insert_before(self.function.terminator, copy)
        copied: Value = copy.results[0]
        copied.name = self.names.free(f"{value.name}_output")
        return copied
