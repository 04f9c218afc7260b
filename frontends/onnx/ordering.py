"""The order of nodes: files should have them sorted, and not all do."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...ir.dialects.onnx.messages import graphs_of

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


class CycleError(Exception):
    """Nodes that wait for each other: the numbers in ``cycle``, each needing the one before; the first is also last."""

    def __init__(self, cycle: list[int]) -> None:
        super().__init__(str(cycle))
        self.cycle = cycle


def sorted_nodes(nodes: Sequence[NodeProto]) -> list[int]:
    """The numbers of the nodes, each behind those that it needs, else as they stand. Raises CycleError.

    Takes linear time where they are sorted, and little more where they are not.
    """
    makers = {name: i for i, node in enumerate(nodes) for name in node.output if name}
    needed = [_needed(i, node, makers) for i, node in enumerate(nodes)]
    if all(max(others, default=-1) < i for i, others in enumerate(needed)):
        return list(range(len(nodes)))
    users: list[list[int]] = [[] for _ in nodes]
    waiting = [len(others) for others in needed]
    for i, others in enumerate(needed):
        for other in others:
            users[other].append(i)
    ready = [i for i, count in enumerate(waiting) if not count]
    order = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for user in users[i]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    if len(order) < len(nodes):
        raise CycleError(_cycle(needed, set(order)))
    return order


def _needed(index: int, node: NodeProto, makers: dict[str, int]) -> set[int]:
    """The nodes of the same graph that make what a node takes, itself or in its graphs."""
    found = {makers[name] for name in node.input if name in makers}
    for graph in graphs_of(node):
        found.update(makers[name] for name in _captured(graph) if name in makers)
        found.discard(index)  # a graph inside may use the name of a value around it for one of its own
    return found


def _captured(graph: GraphProto) -> set[str]:
    """The names that a graph takes from around it."""
    own = {port.name for port in graph.input} | {tensor.name for tensor in graph.initializer}
    own |= {sparse.values.name for sparse in graph.sparse_initializer}
    used = {port.name for port in graph.output}
    for node in graph.node:
        own.update(node.output)
        used.update(node.input)
        for inner in graphs_of(node):
            used |= _captured(inner)
    return used - own


def _cycle(needed: list[set[int]], done: set[int]) -> list[int]:
    """One cycle among the nodes that are not done: each needs another of them, so that any walk comes back."""
    path: dict[int, int] = {}
    at = next(i for i in range(len(needed)) if i not in done)
    while at not in path:
        path[at] = len(path)
        at = min(needed[at] - done)
    around = [i for i, place in path.items() if place >= path[at]]
    return [*reversed(around), around[-1]]
