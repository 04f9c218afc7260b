"""The order in which the functions of a network can be computed, and the cycles that allow none."""

from __future__ import annotations

from collections.abc import Iterator

from ...core import Operation, Value
from .functions import FunctionOp
from .ops import Network

# The inputs that take a value of the loop's previous round: they close the cycle of a loop.
_FROM_LAST_ROUND = {"RepeatStart": 1, "Delay": 0}


class CycleError(Exception):
    """Functions that wait for each other; ``functions`` is one such cycle, each needing the one before."""

    def __init__(self, functions: list[FunctionOp]) -> None:
        super().__init__(" -> ".join(f"'{f.label}'" for f in [*functions, functions[0]]))
        self.functions = functions


def forward_order(network: Network) -> list[FunctionOp]:
    """The functions, each behind those that it needs, else as they stand in the file.

    What a loop takes from its previous round is not waited for. Raises CycleError. Takes linear time.
    """
    order: list[FunctionOp] = []
    done: set[Operation] = set()
    for function in network.functions:
        if function not in done:
            _visit(function, done, order)
    return order


def is_in_forward_order(network: Network) -> bool:
    """Whether every function stands behind those that it needs."""
    seen: set[Operation] = set()
    for function in network.functions:
        if any(needed not in seen for needed in needed_functions(function)):
            return False
        seen.add(function)
    return True


def numbered_order(network: Network) -> list[FunctionOp]:
    """The functions of a network without loops in the order in which NNabla's converter numbers them.

    It is an order in which they can be computed: depth first from each function, in the order of the file, to those
    that take what it makes, where a function stands before all that were left before it (reverse postorder). Copies of
    a function in a loop, which have its place in the file, follow each other. Takes linear time but for sorting.
    """
    places = {f: (_file_index(f), i) for i, f in enumerate(network.functions)}
    left: list[FunctionOp] = []
    seen: set[Operation] = set()
    for start in sorted(places, key=places.__getitem__):
        if start in seen:
            continue
        seen.add(start)
        stack = [(start, _takers(start, places))]
        while stack:
            function, takers = stack[-1]
            following = next((f for f in takers if f not in seen), None)
            if following is None:
                stack.pop()
                left.append(function)
            else:
                seen.add(following)
                stack.append((following, _takers(following, places)))
    return left[::-1]


def _file_index(function: FunctionOp) -> int:
    """The place of a function in its file; where that is not known they keep the order that they have."""
    origins = function.location.origins
    return (origins[0].index or 0) if origins else 0


def _takers(function: FunctionOp, places: dict[FunctionOp, tuple[int, int]]) -> Iterator[FunctionOp]:
    """The functions that take what a function makes: for each result, in the order of the file."""
    for result in function.results:
        yield from sorted((f for f in result.users if isinstance(f, FunctionOp)), key=places.__getitem__)


def needed_functions(function: FunctionOp) -> Iterator[FunctionOp]:
    """The functions whose results a function takes in the same round of its loops."""
    skipped = _FROM_LAST_ROUND.get(function.function_type.name)
    for index, value in enumerate(function.operands):
        maker = value.defining_op if isinstance(value, Value) and index != skipped else None
        if isinstance(maker, FunctionOp):
            yield maker


def _visit(start: FunctionOp, done: set[Operation], order: list[FunctionOp]) -> None:
    """Depth first, with a stack of our own: networks are deeper than Python's."""
    stack = [(start, needed_functions(start))]
    on_path = {start: 0}
    while stack:
        function, needed = stack[-1]
        following = next((f for f in needed if f not in done), None)
        if following is None:
            stack.pop()
            del on_path[function]
            done.add(function)
            order.append(function)
        elif following in on_path:
            cycle = [f for f, _ in stack[on_path[following] :]]
            raise CycleError(cycle[::-1])
        else:
            on_path[following] = len(stack)
            stack.append((following, needed_functions(following)))
