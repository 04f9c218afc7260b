"""The cheapest choice of layouts, exactly: a minimum cut.

Every variable is the layout that a part of the graph works in, False for channel-first and True for channel-last. Some
are given, the others are free; costs say what a transpose between two parts would move. With costs of the form "these
two differ" the cheapest assignment is a minimum cut between what must be first and what must be last (Greig, Porteous
and Seheult, 1989: exact binary labelling by network flow). Most parts of a network hang on one side only and are
decided without any flow; the flow is computed for what is pulled both ways.
"""

from __future__ import annotations

from collections import defaultdict

import attrs

NEVER = 1 << 60
"""A cost above all others."""


@attrs.define
class LayoutProblem:
    """Variables are numbered in the order of :meth:`variable`."""

    pull_first: list[int] = attrs.field(factory=list)
    """Of each variable, the cost of choosing channel-last."""
    pull_last: list[int] = attrs.field(factory=list)
    """Of each variable, the cost of choosing channel-first."""
    differ: dict[tuple[int, int], int] = attrs.field(factory=lambda: defaultdict(int))
    """For (a, b), the cost of choosing first for a and last for b."""
    fixed: dict[int, bool] = attrs.field(factory=dict)

    def variable(self, fixed: bool | None = None) -> int:
        """A new variable, free unless given."""
        self.pull_first.append(0)
        self.pull_last.append(0)
        number = len(self.pull_first) - 1
        if fixed is not None:
            self.fixed[number] = fixed
        return number

    def cost(self, variable: int, last: bool, cost: int) -> None:
        """Choosing ``last`` for the variable costs this much."""
        (self.pull_first if last else self.pull_last)[variable] += cost

    def cost_of_conversion(self, made: int, wanted: list[int], cost: int) -> None:
        """Pay once if any of the ``wanted`` differs from ``made``: one conversion serves all users.

        With several users two more variables stand for "some user wants last" and "all users want last".
        """
        others = [w for w in wanted if w != made]
        if len(others) == 1:
            self.differ[made, others[0]] += cost
            self.differ[others[0], made] += cost
        elif others:
            some, every = self.variable(), self.variable()
            self.differ[made, some] += cost
            self.differ[every, made] += cost
            for user in others:
                self.differ[some, user] += NEVER
                self.differ[user, every] += NEVER

    def cost_pair(self, a: int, b: int, both_first: int, a_last: int, b_last: int, both_last: int) -> None:
        """The cost of each choice for two variables.

        Raises ValueError where ``both_first + both_last > a_last + b_last``: a cut cannot express a wish to differ.
        """
        crossed = a_last + b_last - both_first - both_last
        if crossed < 0:
            raise ValueError("costs that favour differing layouts")
        # cost(a, b) = both_first + (a_last - both_first) a + (both_last - a_last) b + crossed (1 - a) b
        self._linear(a, a_last - both_first)
        self._linear(b, both_last - a_last)
        if crossed:
            self.differ[a, b] += crossed

    def _linear(self, variable: int, cost: int) -> None:
        if cost > 0:
            self.pull_first[variable] += cost
        else:
            self.pull_last[variable] -= cost

    def solve(self) -> list[bool]:
        """The layout of every variable; a free one that nothing pulls stays channel-first."""
        values = [self.fixed.get(v) for v in range(len(self.pull_first))]
        neighbours: dict[int, list[int]] = defaultdict(list)
        for (a, b), cost in self.differ.items():
            self._push_to_neighbour(a, b, cost, values)
            if values[a] is None and values[b] is None:
                neighbours[a].append(b)
                neighbours[b].append(a)
        for start in range(len(values)):
            if values[start] is None:
                component = _component(start, neighbours)
                self._solve_component(component, neighbours, values)
        return [bool(v) for v in values]

    def _push_to_neighbour(self, a: int, b: int, cost: int, values: list[bool | None]) -> None:
        """The term cost * (1 - a) * b, where one of them is fixed, is a pull on the other."""
        if values[a] is False and values[b] is None:
            self.pull_first[b] += cost
        if values[b] is True and values[a] is None:
            self.pull_last[a] += cost

    def _solve_component(
        self, component: list[int], neighbours: dict[int, list[int]], values: list[bool | None]
    ) -> None:
        first = any(self.pull_first[v] > self.pull_last[v] for v in component)
        last = any(self.pull_last[v] > self.pull_first[v] for v in component)
        if first and last:
            chosen = self._cut(component, neighbours)
            for v in component:
                values[v] = v in chosen
        else:
            for v in component:
                values[v] = last

    def _cut(self, component: list[int], neighbours: dict[int, list[int]]) -> set[int]:
        """The variables of the component that the cheapest choice makes channel-last."""
        import networkx

        graph = networkx.DiGraph()
        for v in component:  # source: channel-last, sink: channel-first
            graph.add_edge("last", v, capacity=self.pull_last[v])
            graph.add_edge(v, "first", capacity=self.pull_first[v])
            for other in neighbours[v]:
                if (v, other) in self.differ:
                    graph.add_edge(other, v, capacity=self.differ[v, other])  # paid where other is last and v first
        _, (last_side, _) = networkx.minimum_cut(
            graph, "last", "first", flow_func=networkx.algorithms.flow.boykov_kolmogorov
        )
        return set(last_side) - {"last"}


def _component(start: int, neighbours: dict[int, list[int]]) -> list[int]:
    found = {start: None}
    stack = [start]
    while stack:
        for other in neighbours[stack.pop()]:
            if other not in found:
                found[other] = None
                stack.append(other)
    return list(found)
