"""Control flow: operations whose regions are subgraphs of the file, which see their arguments and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from ...core import Region, Value
from ...opdef import Op, RegionRunner, Trait, operand, region, variadic, variadic_results
from ...regions import captured_values
from ...types import Array, Type, merge_types
from .base import TFLOp


class Yield(Op, name="tfl.yield", traits=(Trait.TERMINATOR,)):
    """Ends a subgraph: the operands are its outputs."""

    values = variadic()

    def infer(self) -> Sequence[Type]:
        return ()


class SubgraphOp(TFLOp):
    """Base of operations with subgraphs. A region ``x_subgraph`` is the option ``x_subgraph_index`` of the file."""

    __doc__: str

    def check_subgraph(self, branch: Region, inputs: Sequence[Value], outputs: Sequence[Type]) -> None:
        """Raises VerifyError where a subgraph does not take these values, or does not give these types."""
        end = branch.block.last_op
        if not isinstance(end, Yield):
            raise self.error("expected its subgraphs to end in 'tfl.yield'")
        for what, given, taken in (
            ("take", [v.type for v in inputs], [a.type for a in branch.block.args]),
            ("give", outputs, [v.type for v in end.values]),
        ):
            if len(given) != len(taken) or None in map(merge_types, given, taken):
                raise self.error(f"expected a subgraph to {what} {_listed(given)}, got {_listed(taken)}")

    def verify_op(self) -> None:
        captured = captured_values(self)
        if captured:
            raise self.error(f"expected subgraphs that use their arguments alone, not {captured[0].name or 'a value'}")


class If(SubgraphOp, name="tfl.if", builtin="IF", options="If"):
    """What one of two subgraphs makes of the inputs: ``then_subgraph`` where the condition is true."""

    cond = operand("one i1")
    inputs = variadic("what both subgraphs take")
    outputs = variadic_results()
    then_subgraph = region("inputs -> outputs")
    else_subgraph = region("inputs -> outputs")

    def verify_op(self) -> None:
        super().verify_op()
        for branch in self.regions:
            self.check_subgraph(branch, self.inputs, [r.type for r in self.results])

    def evaluate_regions(self, run: RegionRunner, cond: Array, inputs: list[Array]) -> tuple[Array, ...]:
        return tuple(run(self.then_subgraph if cond.item() else self.else_subgraph, inputs))


class While(SubgraphOp, name="tfl.while", builtin="WHILE", options="While"):
    """Applies ``body_subgraph`` to the inputs, and to what it gives, as long as ``cond_subgraph`` says so."""

    inputs = variadic("what the first trip takes")
    outputs = variadic_results("what the last trip gives")
    cond_subgraph = region("inputs -> one i1")
    body_subgraph = region("inputs -> inputs")

    def verify_op(self) -> None:
        super().verify_op()
        end = self.cond_subgraph.block.last_op
        condition = [v.type for v in end.operands if v is not None] if end is not None else []
        if len(condition) != 1:
            raise self.error(f"expected a condition that gives one value, got {_listed(condition)}")
        self.check_subgraph(self.cond_subgraph, self.inputs, condition)
        self.check_subgraph(self.body_subgraph, self.inputs, [r.type for r in self.results])

    def evaluate_regions(self, run: RegionRunner, inputs: list[Array]) -> tuple[Array, ...]:
        values = inputs
        while run(self.cond_subgraph, list(values))[0].item():
            values = run(self.body_subgraph, values)
        return tuple(values)


def _listed(types: Sequence[Type]) -> str:
    return f"({', '.join(map(str, types))})"
