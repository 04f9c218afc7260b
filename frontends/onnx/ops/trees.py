"""Ensembles of decision trees (ai.onnx.ml), as tensors: all trees of all samples go down one level at a time.

The state is the node where each sample stands in each tree, (samples, trees). A level gathers the feature, the
threshold and the children of these nodes, compares, and goes on; leaves lead to themselves. There are as many levels
as the deepest tree has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ....ir import DenseAttribute, Value
from ....ir.types import F32, F64, I64, Array
from ...nodes import expect_affordable, expect_rank, refuse
from ...sizes import broadcast, cast, sizes_of, unsqueeze
from .features import one_of_kinds, transformed
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_DOMAIN = "ai.onnx.ml"
_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
_COMPARISONS = ("less_equal", "less", "greater_equal", "greater", "equal", "not_equal")
_MEMBER = 6
_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
_TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
MOST_LEVELS = 256
"""Deeper trees would make a graph that is too large to be of use."""


@attrs.frozen
class Forest:
    """Nodes (inner ones and leaves) by number: what they ask, where they lead, and what they give."""

    modes: Array
    features: Array
    thresholds: Array
    members: Sequence[Sequence[float]]
    """For each node, the numbers that its mode "member" asks for."""
    on_true: Array
    on_false: Array
    missing_is_true: Array
    is_leaf: Array
    roots: Array
    weights: Array
    """(nodes, targets): what a leaf gives to each target."""
    gives: Array
    """(nodes, targets): whether it gives that target anything."""

    def levels(self, op: OnnxOp) -> list[set[int]]:
        """The nodes of each level, the roots first. Raises CompileError where nodes lead in a circle."""
        found = [set(self.roots.tolist())]
        while here := {n for at in found[-1] if not self.is_leaf[at] for n in (self.on_true[at], self.on_false[at])}:
            found.append({int(n) for n in here})
            if len(found) > MOST_LEVELS:
                raise refuse(op, f"has trees of more than {MOST_LEVELS} levels, or nodes that lead in a circle")
        return found

    def leaves(self, b: Lifter, op: OnnxOp, x: Value) -> Value:
        """The leaf that each sample of x (samples, features) comes to in each tree: (samples, trees) of i64."""
        element = x.tensor.expressed
        at = broadcast(b, b.constant(self.roots, I64), [sizes_of(x)[0], len(self.roots)])
        for _ in self.levels(op)[1:]:
            value = b.nn.gather_elements(x, self._of(b, self.features, at), axis=1)
            threshold = cast(b, self._of(b, self.thresholds, at), element)
            holds = self._holds(b, at, value, threshold)
            if self.missing_is_true.any():
                holds = b.nn.logical_or(
                    holds, b.nn.logical_and(self._of(b, self.missing_is_true, at), b.nn.is_nan(value))
                )
            at = b.nn.select(holds, self._of(b, self.on_true, at), self._of(b, self.on_false, at))
        return at

    def _of(self, b: Lifter, table: Array, at: Value) -> Value:
        """What a table has of the nodes where the samples are."""
        return b.nn.gather(b.constant(table), at, axis=0)

    def _holds(self, b: Lifter, at: Value, value: Value, threshold: Value) -> Value:
        """Whether the condition of each node holds; only the modes that occur are looked at."""
        used = sorted(set(self.modes[~self.is_leaf].tolist())) or [0]
        found = self._compared(b, used[0], at, value, threshold)
        for mode in used[1:]:
            is_mode = self._of(b, self.modes == mode, at)
            found = b.nn.select(is_mode, self._compared(b, mode, at, value, threshold), found)
        return found

    def _compared(self, b: Lifter, mode: int, at: Value, value: Value, threshold: Value) -> Value:
        if mode != _MEMBER:
            return getattr(b.nn, _COMPARISONS[mode])(value, threshold)
        longest = max(map(len, self.members))
        table = np.full((len(self.members), longest), np.nan)  # NaN equals nothing
        for node, numbers in enumerate(self.members):
            table[node, : len(numbers)] = numbers
        members = cast(b, self._of(b, table, at), value.tensor.expressed)
        hits = b.nn.cast(b.nn.equal(unsqueeze(b, value, [2]), members), to=I64)
        return b.nn.greater(b.nn.reduce_sum(hits, axes=(2,), keep_dims=False), 0)

    def scores(self, b: Lifter, op: OnnxOp, x: Value, aggregate: str) -> Value:
        """What the leaves give, over all trees: (samples, targets), in the type of x."""
        element = x.tensor.expressed
        leaves = self.leaves(b, op, x)
        given = b.nn.gather(b.constant(self.weights.astype(element.dtype), element), leaves, axis=0)
        if aggregate in ("SUM", "AVERAGE"):
            total = b.nn.reduce_sum(given, axes=(1,), keep_dims=False)
            return total if aggregate == "SUM" else b.nn.div(total, float(len(self.roots)))
        limit = np.finfo(element.dtype)
        nothing = b.constant(limit.max if aggregate == "MIN" else limit.min, element)
        given = b.nn.select(b.nn.gather(b.constant(self.gives), leaves, axis=0), given, nothing)
        reduce = b.nn.reduce_min if aggregate == "MIN" else b.nn.reduce_max
        return reduce(given, axes=(1,), keep_dims=False)


def _numbers(op: OnnxOp, name: str, dtype: Any) -> Array:
    """An attribute that may be a list, or a tensor under ``name`` + ``_as_tensor``; empty where there is neither."""
    given = op.get(f"{name}_as_tensor") or op.get(name) or ()
    array = given.numpy() if isinstance(given, DenseAttribute) else np.array(given)
    return array.reshape(-1).astype(dtype)


@lift("TreeEnsemble", domain=_DOMAIN)
def tree_ensemble(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Inner nodes and leaves are numbered apart: the leaves get the numbers behind the nodes."""
    expect_rank(op, x, 2, 2)
    modes = _numbers(op, "nodes_modes", np.int64)
    weights, targets = _numbers(op, "leaf_weights", np.float64), _numbers(op, "leaf_targetids", np.int64)
    nodes, leaves = len(modes), len(weights)
    steps = []
    for name in ("true", "false"):
        to, to_leaf = _numbers(op, f"nodes_{name}nodeids", np.int64), _numbers(op, f"nodes_{name}leafs", np.bool_)
        steps.append(np.concatenate([np.where(to_leaf, to + nodes, to), np.arange(nodes, nodes + leaves)]))
    table, gives = _votes(op, nodes + leaves, op.get("n_targets"), np.arange(nodes, nodes + leaves), targets, weights)
    forest = Forest(
        modes=_padded(modes, leaves),
        features=_padded(_numbers(op, "nodes_featureids", np.int64), leaves),
        thresholds=_padded(_numbers(op, "nodes_splits", np.float64), leaves),
        members=_members(op, modes) + [[]] * leaves,
        on_true=steps[0],
        on_false=steps[1],
        missing_is_true=_padded(_flags(op, nodes), leaves),
        is_leaf=_padded(np.zeros(nodes, np.bool_), leaves, True),
        roots=_numbers(op, "tree_roots", np.int64),
        weights=table,
        gives=gives,
    )
    _check(op, forest)
    aggregate, transform = op.get("aggregate_function"), op.get("post_transform")
    if not 0 <= aggregate < len(_AGGREGATES) or not 0 <= transform < len(_TRANSFORMS):
        raise refuse(op, f"has the aggregate_function {aggregate} and the post_transform {transform}")
    return transformed(b, op, forest.scores(b, op, x, _AGGREGATES[aggregate]), _TRANSFORMS[transform])


def _padded(array: Array, count: int, value: Any = 0) -> Array:
    return np.concatenate([array, np.full(count, value, array.dtype)])


def _flags(op: OnnxOp, count: int) -> Array:
    flags = _numbers(op, "nodes_missing_value_tracks_true", np.bool_)
    return flags if flags.size else np.zeros(count, np.bool_)


def _members(op: OnnxOp, modes: Array) -> list[list[float]]:
    """The numbers of each node of mode "member"; in the attribute, NaN ends those of a node."""
    values = _numbers(op, "membership_values", np.float64)
    sets = [list(part) for part in np.split(values, np.flatnonzero(np.isnan(values)) + 1)]
    asking = int((modes == _MEMBER).sum())
    if len(sets) - 1 < asking:
        raise refuse(op, f"has {asking} nodes that ask for members, and {len(sets) - 1} sets of them")
    following = iter(sets)
    return [[v for v in next(following) if v == v] if mode == _MEMBER else [] for mode in modes]


def _votes(
    op: OnnxOp, nodes: int, targets: int | None, places: Array, ids: Array, weights: Array
) -> tuple[Array, Array]:
    """What each node gives to each target, and whether it gives it anything."""
    if not targets or targets < 1 or not len(places) == len(ids) == len(weights):
        raise refuse(op, f"has {len(weights)} weights for {len(ids)} votes on {targets} targets")
    if ids.size and not 0 <= ids.min() <= ids.max() < targets:
        raise refuse(op, f"votes on targets {ids.min()} to {ids.max()} of {targets}")
    expect_affordable(op, "votes", nodes * targets)
    table, gives = np.zeros((nodes, targets)), np.zeros((nodes, targets), np.bool_)
    np.add.at(table, (places, ids), weights)
    gives[places, ids] = True
    return table, gives


def _check(op: OnnxOp, forest: Forest) -> None:
    """Raises CompileError where tables have different lengths, or numbers lead nowhere."""
    tables = (forest.modes, forest.features, forest.thresholds, forest.on_true, forest.on_false, forest.missing_is_true)
    count = len(forest.is_leaf)
    if any(len(table) != count for table in tables):
        raise refuse(op, f"has attributes of different lengths: {[len(table) for table in tables]}")
    for table in (forest.on_true, forest.on_false, forest.roots):
        if table.size and not 0 <= table.min() <= table.max() < count:
            raise refuse(op, "has nodes that lead nowhere")
    if not forest.roots.size or ((forest.modes < 0) | (forest.modes >= len(_MODES))).any():
        raise refuse(op, "has no trees, or modes that do not exist")


@lift("TreeEnsembleRegressor", domain=_DOMAIN)
def tree_ensemble_regressor(b: Lifter, op: OnnxOp, x: Value) -> Value:
    expect_rank(op, x, 2, 2)
    x = x if x.tensor.expressed in (F32, F64) else b.nn.cast(x, to=F32)
    forest = _classic_forest(op, "target", op.get("n_targets"))
    scores = _with_base(b, op, cast(b, forest.scores(b, op, x, op.get("aggregate_function")), F32))
    return transformed(b, op, scores, op.get("post_transform"))


@lift("TreeEnsembleClassifier", domain=_DOMAIN)
def tree_ensemble_classifier(b: Lifter, op: OnnxOp, x: Value) -> tuple[Value, Value]:
    expect_rank(op, x, 2, 2)
    x = x if x.tensor.expressed in (F32, F64) else b.nn.cast(x, to=F32)
    labels = one_of_kinds(op, "classlabels_")
    if labels is None:
        raise refuse(op, "has no class labels")
    if len(set(op.get("class_ids") or ())) < 2:
        raise refuse(
            op, "has votes on one class alone, whose scores runtimes make differently", "give both their votes"
        )
    forest = _classic_forest(op, "class", len(labels))
    scores = _with_base(b, op, cast(b, forest.scores(b, op, x, "SUM"), F32))
    best = b.nn.argmax(scores, axis=1, keep_dims=False)
    return b.nn.gather(b.constant(labels), best, axis=0), transformed(b, op, scores, op.get("post_transform"))


def _with_base(b: Lifter, op: OnnxOp, scores: Value) -> Value:
    base = _numbers(op, "base_values", np.float32)
    return b.nn.add(scores, b.constant(base)) if base.size else scores


def _classic_forest(op: OnnxOp, votes: str, targets: int | None) -> Forest:
    """The forest of the older operators, where a node is named by its tree and its number there."""
    trees, ids = _numbers(op, "nodes_treeids", np.int64), _numbers(op, "nodes_nodeids", np.int64)
    places = {key: place for place, key in enumerate(zip(trees.tolist(), ids.tolist(), strict=True))}
    names = op.get("nodes_modes") or ()
    if len(names) != len(trees):
        raise refuse(op, f"has {len(names)} modes for {len(trees)} nodes")
    unknown = set(names) - {*_MODES[:_MEMBER], "LEAF"}
    if unknown:
        raise refuse(op, f"has nodes of mode {sorted(unknown)}")
    is_leaf = np.array([name == "LEAF" for name in names], np.bool_)
    own = np.arange(len(trees))

    def children(name: str) -> Array:
        to = _numbers(op, f"nodes_{name}nodeids", np.int64)
        found = [places.get(key, -1) for key in zip(trees.tolist(), to.tolist(), strict=True)]
        return np.where(is_leaf, own, np.array(found, np.int64))

    def voters() -> Array:
        pairs = zip(op.get(f"{votes}_treeids") or (), op.get(f"{votes}_nodeids") or (), strict=True)
        return np.array([places.get(pair, -1) for pair in pairs], np.int64)

    on_true, on_false, at = children("true"), children("false"), voters()
    if at.size and at.min() < 0:
        raise refuse(op, "has votes of nodes that do not exist")
    ids_of_votes, weights = _numbers(op, f"{votes}_ids", np.int64), _numbers(op, f"{votes}_weights", np.float64)
    table, gives = _votes(op, len(own), targets, at, ids_of_votes, weights)
    reached = set(on_true[~is_leaf].tolist()) | set(on_false[~is_leaf].tolist())
    roots = np.array([place for place in own if place not in reached], np.int64)
    forest = Forest(
        modes=np.array([0 if name == "LEAF" else _MODES.index(name) for name in names], np.int64),
        features=np.where(is_leaf, 0, _numbers(op, "nodes_featureids", np.int64)),
        thresholds=_numbers(op, "nodes_values", np.float64),
        members=[[]] * len(own),
        on_true=on_true,
        on_false=on_false,
        missing_is_true=_flags(op, len(own)),
        is_leaf=is_leaf,
        roots=roots,
        weights=table,
        gives=gives,
    )
    _check(op, forest)
    if len(set().union(*forest.levels(op))) != len(own) or len(roots) != len(set(trees.tolist())):
        raise refuse(op, "has trees without a root, or with nodes that nothing leads to")
    return forest
