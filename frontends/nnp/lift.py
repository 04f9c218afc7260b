"""The pass ``lift-nnp``: the network of an executor as a function in the nn dialect."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...ir import CompileError, Function, Module, Operation, UnregisteredOp, UsageError, Value, VerifyError
from ...ir.diagnostics import Diagnostics
from ...ir.dialects import nnp
from ...ir.dialects.nnp.graph import needed_functions
from ...ir.dialects.nnp.selection import select_executor
from ...ir.dialects.nnp.table import LOOP_TYPES
from ...ir.passes import Pass, PassContext, option
from ...ir.types import Dim, Shape, TensorType
from .ops import DATA_DEPENDENT, LIFTS, REFUSALS, Lifter
from .ops.registry import CORRECT
from .sources import source


@attrs.define
class LiftNnp(Pass, name="lift-nnp"):
    """Turn the network of one executor into ``func.func @main`` of nn operations.

    Inputs are the executor's data variables and outputs its output variables, in order and under their names. Only
    functions that the outputs need are lifted. The batch size stays the symbol ``N``. Everything is float32, as in
    NNabla: comparisons are cast to it, indices from it. Loops must be expanded before (``expand-loop-control``), and
    parameters have values (``initialize-parameters``).

        "nnp.network"() ({                                          func.func @main(%x : tensor<?x4xf32>) {
          %x = "nnp.variable"() {name = "x"}                          %W = "nn.constant"() {value = dense_resource<W>}
          %W = "nnp.variable"() {value = dense_resource<W>}    →      %y = "nn.affine"(%x, %W)
          %y = "nnp.Affine"(%x, %W) {base_axis = 1}                   "func.return"(%y)
        }) {name = "net"}                                           }

    Raises CompileError that lists every function that cannot be lifted.
    """

    consumes = frozenset({"nnp"})
    produces = frozenset({"nn"})

    executor: int | None = option(None, "index of the executor to lift; the first one unless given")
    network: str = option("", "name of the network to lift, instead of that of an executor")
    batch: int | None = option(None, "the batch size; it stays a symbol unless given")

    def run(self, module: Module, context: PassContext) -> bool:
        chosen = select_executor(module, self.executor, self.network or None, context.diagnostics)
        network = nnp.networks(module)[chosen.network_name]
        if self.batch is not None:
            fix_batch(network, self.batch)
        found = Diagnostics()
        function = NetworkLift(module, network, chosen, found).run()
        context.diagnostics.items += found.warnings
        found.raise_if_errors()
        self.counts["functions"] = len(network.functions)
        _replace_body(module, function)
        return True


def fix_batch(network: nnp.Network, batch: int) -> None:
    """Give every variable of a network the batch size. Raises UsageError for one below 1."""
    if batch < 1:
        raise UsageError(f"the batch size is {batch}", remedy="give a number from 1 on")
    for variable in network.variables:
        type = variable.variable.tensor
        variable.variable.type = type.with_shape(tuple(batch if d == nnp.BATCH else d for d in type.dims))


def _replace_body(module: Module, function: Function) -> None:
    """Let the module hold the function alone, and only the weights that it uses."""
    for op in module.body:
        op.drop_references()
        op.unlink()
    module.attributes.clear()
    module.body.append(function)
    used = {id(op.attributes["value"].resource) for op in function.walk() if _has_resource(op)}
    module.resources = {key: r for key, r in module.resources.items() if id(r) in used}


def _has_resource(op: Operation) -> bool:
    return op.name == "nn.constant" and hasattr(op.attributes["value"], "resource")


class NetworkLift:
    """One network on its way to a function; problems go to ``diagnostics``, all of them."""

    def __init__(self, module: Module, network: nnp.Network, executor: nnp.Executor, diagnostics: Diagnostics) -> None:
        self.network, self.executor, self.diagnostics = network, executor, diagnostics
        self.variables = {v.label: v for v in network.variables}
        self.declared = nnp.variables_by_value(network)
        self.generators = {g.get("variable_name", ""): g for g in executor.attributes.get("generator_variable", ())}
        inputs = list(dict.fromkeys(executor.variable_names("data_variable")))
        types = [self.variables[name].variable.type for name in inputs]
        self.function, block = Function.create("main", list(zip(inputs, types, strict=True)), network.location)
        self.unsized: set[Value | None] = set()
        """Values whose sizes depend on the data: what the file says of them holds for one run only."""
        self.b = Lifter(module, block, diagnostics)
        self.lifted: dict[Value, Value] = {
            self.variables[name].variable: arg for name, arg in zip(inputs, block.args, strict=True)
        }

    def run(self) -> Function:
        """The function; worth nothing where errors were reported."""
        names = list(dict.fromkeys(self.executor.variable_names("output_variable")))
        if not names:
            self.diagnostics.error("the executor has no outputs", self.executor.location, "choose another executor")
        if self._has_loops():
            return self.function
        outputs = [self.variables[name].variable for name in names]
        for call in self._needed(outputs):
            self._lift(call)
        self.function.set_outputs([(name, self._value(v)) for name, v in zip(names, outputs, strict=True)])
        return self.function

    def _has_loops(self) -> bool:
        """Report the first function that begins or ends a loop: behind it nothing is what it seems."""
        loop = next((f for f in self.network.functions if f.function_type.name in LOOP_TYPES), None)
        if loop is not None:
            self.diagnostics.error(
                f"the network has loops ({loop.function_type.name})", loop.location, "run expand-loop-control before"
            )
        return loop is not None

    def _needed(self, outputs: Iterable[Value]) -> list[nnp.FunctionOp]:
        """The functions that the outputs need, each behind those that it needs."""
        needed: set[Operation] = set()
        waiting = [op for v in outputs if v not in self.lifted and isinstance(op := v.defining_op, nnp.FunctionOp)]
        while waiting:
            call = waiting.pop()
            if call not in needed:
                needed.add(call)
                waiting += [f for f in needed_functions(call) if not all(r in self.lifted for r in f.results)]
        return [call for call in nnp.forward_order(self.network) if call in needed]

    def _value(self, variable: Value) -> Value:
        """What an nnp value has become; sources are made when they are first asked for."""
        if variable not in self.lifted:
            declaration = self.declared[variable]
            with self.b.at(declaration.location):
                try:
                    self.lifted[variable] = source(self.b, declaration, self.generators)
                except CompileError as error:
                    self.diagnostics.add(error)
                    self.lifted[variable] = _stand_in(self.b, [variable])[0]
            self._name(variable)
        return self.lifted[variable]

    def _lift(self, call: nnp.FunctionOp) -> None:
        kind = call.function_type
        operands = [None if v is None else self._value(v) for v in call.operands]
        if not kind.is_variadic:
            operands += [None] * (len(kind.inputs) - len(operands))
        try:
            with self.b.at(call.location):
                results = self._results(call, operands)
        except VerifyError as error:
            self.diagnostics.error(f"{kind.name} does not fit its inputs: {error.args[0]}", call.location, CORRECT)
            results = _stand_in(self.b, call.results)
        except CompileError as error:
            self.diagnostics.add(error)
            results = _stand_in(self.b, call.results)
        for variable, value in zip(call.results, results, strict=True):
            if variable not in self.lifted:  # an input that the executor sets, although a function makes it
                self.lifted[variable] = value
                self._name(variable)

    def _results(self, call: nnp.FunctionOp, operands: list[Value | None]) -> list[Value]:
        kind = call.function_type.name
        if kind not in LIFTS:
            reason, remedy = REFUSALS.get(kind, ("cannot be lifted", "replace it by functions that can be"))
            raise CompileError(f"{kind} {reason}", call.location, remedy)
        made = LIFTS[kind](self.b, call, *operands)
        results = [made] if isinstance(made, Value) else list(made)[: len(call.results)]
        if len(results) != len(call.results):
            raise CompileError(f"{kind} has {len(call.results)} outputs, expected {len(results)}", call.location)
        if kind in DATA_DEPENDENT or not self.unsized.isdisjoint(call.operands):
            self.unsized.update(call.results)
            return results
        for variable, value in zip(call.results, results, strict=True):
            _settle_type(call, variable.tensor, value)
        return results

    def _name(self, variable: Value) -> None:
        value = self.lifted[variable]
        if value.name is None:
            value.name = self.declared[variable].label


def _settle_type(call: nnp.FunctionOp, declared: TensorType, value: Value) -> None:
    """Give a value the dimensions that only the file knows. Raises CompileError where the two contradict."""
    shape = _common_shape(declared.dims, value.tensor.dims) if value.tensor.shape is not None else declared.dims
    if shape is None:
        raise CompileError(
            f"{call.function_type.name} gives {value.type}, but the file says {declared}",
            call.location,
            "save the network again: its shapes do not fit its functions",
        )
    value.type = value.tensor.with_shape(shape)


def _common_shape(declared: Shape, inferred: Shape) -> Shape | None:
    if len(declared) != len(inferred):
        return None
    shape = tuple(map(_common_dim, declared, inferred))
    return None if "" in shape else shape


def _common_dim(declared: Dim, inferred: Dim) -> Dim:
    """The dimension that was inferred, else the declared one; "" where they contradict."""
    if isinstance(declared, int) and isinstance(inferred, int) and declared != inferred:
        return ""
    return declared if inferred is None else inferred


def _stand_in(b: Lifter, variables: Iterable[Value]) -> list[Value]:
    """Values in place of those that could not be made, so that what uses them is looked at too."""
    op = UnregisteredOp("nnp.not_lifted", result_types=[v.type for v in variables])
    return list(b.insert(op).results)
