"""What a model is where it is split: functions in an order in which they can be computed, and values between them."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator, Sequence

import attrs

from ..core import Operation, Value
from ..diagnostics import CompileError
from ..module import Module
from ..regions import captured_values


@attrs.frozen
class Cut:
    """Functions of a graph, the values that they take from outside, and those of theirs that are needed outside."""

    functions: Sequence[Operation]
    inputs: Sequence[Value]
    outputs: Sequence[Value]


class Graph(abc.ABC):
    """The functions of a model and the values that flow through them.

    ``functions`` stand in an order in which they can be computed; their places there are the numbers that users see.
    What follows from constants alone is no function and no flow: each part has a copy of what it needs of it.
    """

    def __init__(self, functions: Iterable[Operation], inputs: Iterable[Value], outputs: Iterable[Value]) -> None:
        self.functions = list(functions)
        self.inputs = list(dict.fromkeys(inputs))
        self.outputs = list(dict.fromkeys(outputs))
        self._number = {f: i for i, f in enumerate(self.functions)}
        self._given = {value: i for i, value in enumerate(self.inputs)}
        self._wanted = {value: i for i, value in enumerate(self.outputs)}
        self._needed = self._makers(self.outputs)

    @abc.abstractmethod
    def name(self, value: Value) -> str:
        """The name of a value: that of the port where a part takes or gives it."""

    @abc.abstractmethod
    def label(self, function: Operation) -> str:
        """The name of a function in the source; empty where it has none."""

    @abc.abstractmethod
    def extract(self, cut: Cut) -> Module:
        """A model of the functions of a cut, in the same dialect. The weights are shared."""

    @abc.abstractmethod
    def known_kinds(self) -> Iterable[str]:
        """The types of functions that there are in the model's format."""

    def kind(self, function: Operation) -> str:
        """The type of a function in the words of its format: ``Affine``, ``Conv``, ``com.microsoft.Gelu``."""
        return function.name.partition(".")[2]

    def matters(self, function: Operation) -> bool:
        """Whether an output of the model depends on the function."""
        return function in self._needed

    def cut(self, first: int, last: int) -> Cut:
        """The functions from ``first`` to ``last``, without those that no output of the model depends on.

        The inputs of the model come first, in their order, then what earlier functions make; so do the outputs.
        Raises CompileError where nothing outside needs what these functions make.
        """
        inside = dict.fromkeys(f for f in self.functions[first : last + 1] if self.matters(f))
        taken = dict.fromkeys(v for f in inside for v in self._flow_into(f))
        inputs = [v for v in taken if v in self._given or v.defining_op not in inside]
        made = [v for f in inside for v in f.results if v not in self._given]
        outputs = [v for v in made if v in self._wanted or self._is_taken_behind(v, last)]
        if not outputs:
            raise CompileError(
                f"nothing outside of functions {first} to {last} needs what they make",
                self.functions[first].location,
                "choose a range with functions that the outputs of the model depend on ('nncc dump -F' lists them)",
            )
        inputs.sort(key=lambda v: self._place(v, self._given))
        outputs.sort(key=lambda v: self._place(v, self._wanted))
        return Cut(list(inside), inputs, outputs)

    def alone(self, function: Operation) -> Cut:
        """One function with all that it takes and makes."""
        inputs = list(dict.fromkeys(self._flow_into(function)))
        return Cut([function], inputs, [r for r in function.results if r not in self._given])

    def until(self, values: Sequence[Value]) -> Cut:
        """All functions that these values depend on, with the inputs of the model."""
        makers = self._makers(values)
        return Cut([f for f in self.functions if f in makers], self.inputs, values)

    def flows(self, value: Value) -> bool:
        """Whether a value depends on the inputs of the model, or is drawn at random."""
        return value in self._given or value.defining_op in self._number

    def ports(self, function: Operation) -> Iterator[Value]:
        """The values that a function takes, in its regions too."""
        yield from (v for v in function.operands if v is not None)
        yield from captured_values(function)

    def _flow_into(self, function: Operation) -> Iterator[Value]:
        return (v for v in self.ports(function) if self.flows(v))

    def _makers(self, values: Iterable[Value]) -> set[Operation]:
        """The functions that values depend on."""
        found: set[Operation] = set()
        waiting = list(values)
        while waiting:
            value = waiting.pop()
            maker = value.defining_op
            if value not in self._given and maker in self._number and maker not in found:
                found.add(maker)
                waiting += self.ports(maker)
        return found

    def _is_taken_behind(self, value: Value, last: int) -> bool:
        users = (self._function_of(op) for op in value.iter_users())
        return any(f is not None and self._number[f] > last and self.matters(f) for f in users)

    def _function_of(self, op: Operation | None) -> Operation | None:
        """The function that an operation is, or stands in."""
        while op is not None and op not in self._number:
            op = op.parent_op
        return op

    def _place(self, value: Value, first: dict[Value, int]) -> tuple[int, int, int]:
        """Where a value stands among others: those of ``first``, then the rest in the order of making."""
        if value in first:
            return 0, first[value], 0
        maker = value.defining_op
        assert maker is not None
        return 1, self._number[maker], maker.results.index(value)  # type: ignore[arg-type]  # it is one of them
