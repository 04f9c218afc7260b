"""How a network with loops becomes one without.

Every variable and function is copied once a *round*: a number for each loop that it is in. A value of the network in a
round is a *spot*. The copies of ordinary functions are new operations; those of RepeatStart, RepeatEnd and Delay are
*wires*, from a spot to another one. Takes time in proportion to the expanded network.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import attrs

from ..ir import DenseAttribute, Diagnostics, Location, Operation, TensorType, Type, Value
from ..ir.dialects import nnp

Round: TypeAlias = Mapping[str, int]
"""The number of the round for each loop, by the id of the loop."""
Spot: TypeAlias = tuple[Value, tuple[int, ...]]
"""A value of the unexpanded network in one round: a number for each loop of its variable, in their order."""

_REMEDY = "correct the loop, or export the network again"
_LOOP_ATTRIBUTES = ("name", "repeat_id", "repeat_param", "recurrent_param")
WIRES = ("RepeatStart", "RepeatEnd", "Delay")


class LoopFault(Exception):
    """What is wrong with a function of a loop."""


@attrs.frozen
class Loops:
    """The loops of a network: id -> number of rounds."""

    times: Mapping[str, int]

    @classmethod
    def of(cls, network: nnp.Network, most: int, problems: Diagnostics) -> Loops | None:
        """The loops as ``repeat_info`` declares them; None where something is wrong, which is reported."""
        before = len(problems.errors)
        times: dict[str, int] = {}
        for info in network.repeat_info:
            name, count = info.get("id", ""), info.get("times", 0)
            if count < 1 or name in times:
                fault = "is declared twice" if name in times else f"has {count} rounds"
                problems.error(f"the loop '{name}' {fault}", network.location, _REMEDY)
            times[name] = count
        members: list[nnp.Variable | nnp.FunctionOp] = [*network.variables, *network.functions]
        for op in members:
            for name in op.repeat_id:
                if name not in times:
                    problems.error(f"'{op.label}' is in the loop '{name}', which is not declared", op.location, _REMEDY)
        if len(problems.errors) > before:
            return None
        loops = cls(times)
        count = sum(prod(times[name] for name in op.repeat_id) for op in members)
        if count > most:
            problems.error(
                f"the loops unroll to {count} functions and variables, more than {most}",
                network.location,
                "raise 'max_functions' of expand-loop-control if that is meant",
            )
            return None
        return loops

    def rounds(self, ids: Sequence[str]) -> Iterator[Round]:
        """All rounds of nested loops, the innermost running fastest."""
        for numbers in itertools.product(*(range(self.times[name]) for name in ids)):
            yield dict(zip(ids, numbers, strict=True))


def expanded_name(name: str, round: Round) -> str:
    """The name that NNabla's loader gives to a variable: ``{R}`` becomes ``[i]``, else ``_R[i]`` is appended."""
    for loop, number in round.items():
        braces = f"{{{loop}}}"
        name = name.replace(braces, f"[{number}]") if braces in name else f"{name}_{loop}[{number}]"
    return name


def _suffix(round: Round) -> str:
    return "".join(f"_{loop}[{number}]" for loop, number in round.items())


class LoopExpansion:
    """The expansion of one network; ``renames`` are the names of the copies of every variable in a loop."""

    def __init__(
        self,
        network: nnp.Network,
        loops: Loops,
        stored: Mapping[str, DenseAttribute],
        observed: set[str],
        problems: Diagnostics,
        by: str,
    ) -> None:
        self.network, self.loops, self.stored, self.observed, self.problems = network, loops, stored, observed, problems
        self.by = by
        self.renames: dict[str, list[str]] = {}
        self.declared = nnp.variables_by_value(network)
        self.values: dict[Spot, Value] = {}
        self.wires: dict[Spot, Spot] = {}
        self.waiting: list[tuple[nnp.FunctionOp, list[Spot | None]]] = []
        """New functions, and the spots that their operands come from."""
        self.copies: dict[Spot, nnp.Variable] = {}
        """The declarations of the expanded network: none for what became a wire."""

    def run(self) -> nnp.Network | None:
        """The expanded network; None where there are faults, which are reported."""
        before = len(self.problems.errors)
        for variable in self.network.variables:
            if variable.made is None:
                self._copy_source(variable)
        for function in self.network.functions:
            try:
                self._expand(function)
            except LoopFault as fault:
                kind = function.function_type.name
                self.problems.error(f"{kind} '{function.label}': {fault}", function.location, _REMEDY)
        if len(self.problems.errors) > before:
            return None
        try:
            for function, spots in self.waiting:
                function.set_operands(None if spot is None else self._value(spot) for spot in spots)
            return self._network()
        except LoopFault as fault:
            self.problems.error(str(fault), self.network.location, _REMEDY)
            return None

    # Variables

    def _copy_source(self, variable: nnp.Variable) -> None:
        """A copy of a variable that no function makes, with a value of its own, for every round."""
        for round in self.loops.rounds(variable.repeat_id):
            spot = (variable.variable, tuple(round.values()))
            self.copies[spot] = self._copy_variable(variable, round, None)
            self.values[spot] = self.copies[spot].variable

    def _copy_variable(self, variable: nnp.Variable, round: Round, made: Value | None) -> nnp.Variable:
        name = expanded_name(variable.label, round)
        type = variable.variable.tensor
        attributes = {k: v for k, v in variable.attributes.items() if k not in ("name", "repeat_id")}
        if round and variable.is_parameter and name in self.stored:
            attributes["value"] = self._stored_value(name, type, variable)
        copy = nnp.Variable(
            *([] if made is None else [made]),
            result_types=[type] if made is None else [],
            location=self._location(variable),
            name=name,
            **attributes,
        )
        copy.variable.name = name
        return copy

    def _stored_value(self, name: str, type: TensorType, variable: nnp.Variable) -> DenseAttribute:
        value = self.stored[name]
        if value.type != type:
            self.problems.error(
                f"parameter '{name}' has the type {value.type}, its variable '{variable.label}' {type}",
                variable.location,
                "give the parameters that were saved with this network",
            )
        return value

    # Functions

    def _expand(self, function: nnp.FunctionOp) -> None:
        kind = function.function_type.name
        if kind in WIRES:
            self._add_wires(function, kind)
        elif kind == "RecurrentInput":
            self._add_split(function)
        elif kind == "RecurrentOutput":
            self._add_stack(function)
        else:
            for round in self.loops.rounds(function.repeat_id):
                spots = [None if v is None else self._spot(v, round) for v in function.operands]
                attributes = {k: v for k, v in function.attributes.items() if k not in _LOOP_ATTRIBUTES}
                made = self._make(
                    function, type(function), round, [r.type for r in function.results], spots, attributes
                )
                for old, new in zip(function.results, made.results, strict=True):
                    self._bind(old, round, new)

    def _add_wires(self, function: nnp.FunctionOp, kind: str) -> None:
        loop = self._loop(function, inside=kind != "RepeatEnd")
        first, last = {"RepeatStart": (0, 1), "Delay": (1, 0), "RepeatEnd": (None, 0)}[kind]
        for round in self.loops.rounds(function.repeat_id):
            outer = {name: number for name, number in round.items() if name != loop}
            if first is None:
                source = self._spot(function.operands[last], {**outer, loop: self.loops.times[loop] - 1})
            elif round[loop] == 0:
                source = self._spot(function.operands[first], outer)
            else:
                source = self._spot(function.operands[last], {**outer, loop: round[loop] - 1})
            self._wire(function, round, source)

    def _wire(self, function: nnp.FunctionOp, round: Round, source: Spot) -> None:
        (result,) = function.results
        if self.declared[result].label not in self.observed:
            self.wires[self._output_spot(result, round)] = source
            return
        identity = nnp.FUNCTION_OPS["Identity"]
        made = self._make(function, identity, round, [result.type], [source], {})
        self._bind(result, round, made.results[0])

    def _add_split(self, function: nnp.FunctionOp) -> None:
        loop = self._loop(function, inside=True)
        (result,) = function.results
        axis = function.recurrent_param.get("axis", 0)
        times = self.loops.times[loop]
        source = function.operands[0]
        assert source is not None
        dims = source.tensor.dims
        if not -len(dims) <= axis < len(dims) or dims[axis] != times:
            raise LoopFault(f"axis {axis} of its input {source.type} does not have the {times} rounds of loop '{loop}'")
        for outer in self.loops.rounds([name for name in function.repeat_id if name != loop]):
            spots = [self._spot(source, outer)]
            split = nnp.FUNCTION_OPS["Split"]
            made = self._make(function, split, outer, [result.type] * times, spots, {"axis": axis})
            for number, new in enumerate(made.results):
                self._bind(result, {**outer, loop: number}, new)

    def _add_stack(self, function: nnp.FunctionOp) -> None:
        loop = self._loop(function, inside=False)
        (result,) = function.results
        times = self.loops.times[loop]
        length = function.recurrent_param.get("length", times)
        if length != times:
            raise LoopFault(f"its length is {length}, but loop '{loop}' has {times} rounds")
        attributes = {"axis": function.recurrent_param.get("axis", 0)}
        for outer in self.loops.rounds(function.repeat_id):
            spots = [self._spot(function.operands[0], {**outer, loop: number}) for number in range(times)]
            made = self._make(function, nnp.FUNCTION_OPS["Stack"], outer, [result.type], spots, attributes)
            self._bind(result, outer, made.results[0])

    def _loop(self, function: nnp.FunctionOp, inside: bool) -> str:
        """The loop that a loop function belongs to; it stands inside or outside of it."""
        param = function.repeat_param or function.recurrent_param or {}
        loop: str = param.get("repeat_id", "")
        if loop not in self.loops.times:
            raise LoopFault(f"its loop '{loop}' is not declared")
        times = param.get("times") or self.loops.times[loop]
        if times != self.loops.times[loop]:
            raise LoopFault(f"it says {times} rounds, but loop '{loop}' has {self.loops.times[loop]}")
        if (loop in function.repeat_id) != inside:
            raise LoopFault(f"it must stand {'inside' if inside else 'outside'} of its loop '{loop}'")
        if len(function.results) != 1 or len(function.operands) != len(function.function_type.inputs):
            raise LoopFault(f"it takes {len(function.function_type.inputs)} inputs and makes one output")
        return loop

    def _make(
        self,
        function: nnp.FunctionOp,
        kind: type[nnp.FunctionOp],
        round: Round,
        types: Sequence[Type],
        spots: Sequence[Spot | None],
        attributes: Mapping[str, Any],
    ) -> nnp.FunctionOp:
        """A copy of a function, still without operands."""
        made = kind(
            result_types=types,
            location=self._location(function),
            name=function.label + _suffix(round),
            **attributes,
        )
        self.waiting.append((made, list(spots)))
        return made

    def _location(self, op: Operation) -> Location:
        return Location.union([op.location], by=self.by)

    # Spots

    def _spot(self, value: Value | None, round: Round) -> Spot:
        """Where a value is found in a round of what takes or makes it."""
        assert value is not None
        variable = self.declared[value]
        try:
            return value, tuple(round[name] for name in variable.repeat_id)
        except KeyError as error:
            raise LoopFault(f"the variable '{variable.label}' is in the loop {error}, which is not open here") from None

    def _output_spot(self, value: Value, round: Round) -> Spot:
        """The spot of a result: its variable must be in the same loops, else rounds would overwrite each other."""
        variable = self.declared[value]
        if set(variable.repeat_id) != set(round):
            raise LoopFault(
                f"its output '{variable.label}' is in the loops {list(variable.repeat_id)}, it itself in {list(round)}"
            )
        return self._spot(value, round)

    def _bind(self, value: Value, round: Round, new: Value) -> None:
        variable = self.declared[value]
        spot = self._output_spot(value, round)
        ordered = {name: round[name] for name in variable.repeat_id}
        self.values[spot] = new
        self.copies[spot] = self._copy_variable(variable, ordered, new)

    def _value(self, spot: Spot) -> Value:
        """The value at the end of the wires."""
        path: dict[Spot, None] = {}
        while spot not in self.values:
            if spot in path:
                raise LoopFault(f"the loops pass '{self.declared[spot[0]].label}' around without ever computing it")
            path[spot] = None
            spot = self.wires[spot]
        found = self.values[spot]
        for passed in path:
            self.values[passed] = found  # so that a chain of wires is walked once
        return found

    # The whole

    def _network(self) -> nnp.Network:
        """Variables in the order of the file, round by round; functions in an order in which they can be computed."""
        attributes = {k: v for k, v in self.network.attributes.items() if k != "repeat_info"}
        network = nnp.Network.create(self._location(self.network), **attributes)
        names: set[str] = set()
        for variable in self.network.variables:
            spots = [(variable.variable, tuple(r.values())) for r in self.loops.rounds(variable.repeat_id)]
            copies = [self.copies[spot] for spot in spots if spot in self.copies]
            for copy in copies:
                if copy.label in names:
                    raise LoopFault(f"two variables of the expanded network would have the name '{copy.label}'")
                names.add(copy.label)
                network.body.append(copy)
            if variable.repeat_id:
                self.renames[variable.label] = [copy.label for copy in copies]
        for function, _ in self.waiting:
            network.body.append(function)
        try:
            for function in nnp.forward_order(network):
                function.unlink()
                network.body.append(function)
        except nnp.CycleError as error:
            raise LoopFault(f"the expanded network is cyclic, so it cannot be computed: {error}") from error
        return network
