"""Operators of ai.onnx.ml, with the numbers of onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, judge, lifted, node_model, numbers

from nncc.ir import CompileError

DOMAIN = "ai.onnx.ml"
X = numbers(5, 3)


def check(operator: str, operands: list[Any], **how: Any) -> None:
    judge(operator, operands, opset=13, domain=DOMAIN, **how)


def test_scaler() -> None:
    check("Scaler", [X], offset=[1.0, 2.0, 3.0], scale=[0.5, 2.0, 4.0])
    check("Scaler", [np.arange(6).reshape(2, 3)], offset=[1.0], scale=[0.25])


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
@pytest.mark.parametrize("open_dims", [(), (0,)])
def test_normalizer(norm: str, open_dims: tuple[int, ...]) -> None:
    rows = np.concatenate([np.abs(X), np.zeros((1, 3), np.float32)])
    check("Normalizer", [rows], norm=norm, open_dims=open_dims)


def test_binarizer() -> None:
    check("Binarizer", [X], threshold=0.25)


def test_array_feature_extractor() -> None:
    check("ArrayFeatureExtractor", [X, np.array([2, 0])])
    check("ArrayFeatureExtractor", [X[0], np.array([[1, 1]])])


def test_feature_vectorizer() -> None:
    check("FeatureVectorizer", [X, X[:, :1]], inputdimensions=[3, 1])


def test_imputer() -> None:
    holes = np.where(X > 0, X, np.float32(np.nan))
    check("Imputer", [holes], replaced_value_float=float("nan"), imputed_value_floats=[1.0, 2.0, 3.0])
    check("Imputer", [np.array([[1, -1], [-1, 4]])], replaced_value_int64=-1, imputed_value_int64s=[9])


def test_label_encoder_of_old() -> None:
    classes = {"classes_strings": ["a", "b", "c"], "default_int64": -1, "default_string": "none"}
    numbered = np.array([2, 0, 7, 1])
    (found,) = evaluated(node_model("LabelEncoder", [numbered], opset=13, domain=DOMAIN, **classes), [numbered])
    assert found.tolist() == ["c", "a", "none", "b"]


def test_category_mapper() -> None:
    names = np.array(["b", "x", "a"], object)
    how: dict[str, Any] = {"cats_strings": ["a", "b"], "cats_int64s": [5, 7], "default_int64": -1}
    check("CategoryMapper", [names], expected=[np.array([7, -1, 5])], **how)


def test_one_hot_encoder() -> None:
    check("OneHotEncoder", [np.array([[3, 1], [5, 4]])], cats_int64s=[1, 3, 5], zeros=1)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize("targets", [1, 2])
def test_linear_regressor(transform: str, targets: int) -> None:
    if targets == 1 and transform != "NONE":
        pytest.skip("onnxruntime leaves single targets as they are")
    weights = numbers(targets * 3).tolist()
    how: dict[str, Any] = {"intercepts": [0.5, -1.0][:targets], "targets": targets, "post_transform": transform}
    check("LinearRegressor", [X], coefficients=weights, **how)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
def test_linear_classifier(transform: str) -> None:
    how: dict[str, Any] = {"intercepts": [0.1, 0.2, -0.3], "classlabels_ints": [7, 8, 9], "multi_class": 1}
    check("LinearClassifier", [X], results=2, coefficients=numbers(9).tolist(), post_transform=transform, **how)


def forest(trees: int, depth: int, modes: list[str], seed: int = 0) -> dict[str, Any]:
    """Complete trees with random questions; the nodes of each by level."""
    rng = np.random.default_rng(seed)
    inner, count = 2**depth - 1, 2 ** (depth + 1) - 1
    tables: dict[str, list[Any]] = {
        name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
    }
    for tree in range(trees):
        for node in range(count):
            is_inner = node < inner
            row = (
                tree,
                node,
                int(rng.integers(3)) if is_inner else 0,
                float(np.float32(rng.normal())) if is_inner else 0.0,
                str(rng.choice(modes)) if is_inner else "LEAF",
                2 * node + 1 if is_inner else 0,
                2 * node + 2 if is_inner else 0,
            )
            for table, value in zip(tables.values(), row, strict=True):
                table.append(value)
    return {f"nodes_{name}": values for name, values in tables.items()} | {
        "nodes_missing_value_tracks_true": [int(v) for v in rng.integers(2, size=trees * count)]
    }


def votes(nodes: dict[str, Any], prefix: str, targets: int, seed: int = 1) -> dict[str, Any]:
    """Every leaf votes on every target: what becomes of one without votes, runtimes do not agree on."""
    rng = np.random.default_rng(seed)
    pairs = [(i, t) for i, mode in enumerate(nodes["nodes_modes"]) if mode == "LEAF" for t in range(targets)]
    return {
        f"{prefix}_treeids": [nodes["nodes_treeids"][i] for i, _ in pairs],
        f"{prefix}_nodeids": [nodes["nodes_nodeids"][i] for i, _ in pairs],
        f"{prefix}_ids": [t for _, t in pairs],
        f"{prefix}_weights": rng.normal(size=len(pairs)).astype(np.float32).tolist(),
    }


@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("modes", [["BRANCH_LEQ"], ["BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_NEQ"]])
@pytest.mark.parametrize("open_dims", [(), (0,)])
def test_tree_ensemble_regressor(aggregate: str, modes: list[str], open_dims: tuple[int, ...]) -> None:
    nodes = forest(3, 3, modes)
    x = np.concatenate([numbers(20, 3), np.full((1, 3), np.nan, np.float32)])
    targets = votes(nodes, "target", 1)
    check(
        "TreeEnsembleRegressor", [x], aggregate_function=aggregate, n_targets=1, open_dims=open_dims, **nodes, **targets
    )


def test_tree_ensemble_regressor_of_several_targets() -> None:
    nodes = forest(4, 2, ["BRANCH_LEQ"])
    targets = votes(nodes, "target", 3)
    check("TreeEnsembleRegressor", [numbers(20, 3)], n_targets=3, base_values=[1.0, 0.0, -2.0], **nodes, **targets)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX"])
def test_tree_ensemble_classifier(transform: str) -> None:
    nodes = forest(5, 3, ["BRANCH_LEQ"])
    how: dict[str, Any] = {"classlabels_int64s": [10, 20, 30], "post_transform": transform, "results": 2}
    check("TreeEnsembleClassifier", [numbers(20, 3)], **nodes, **votes(nodes, "class", 3), **how)


def test_trees_that_are_none() -> None:
    nodes = forest(1, 1, ["BRANCH_LEQ"])
    circle = nodes | {"nodes_truenodeids": [0, 0, 0]}
    lost = nodes | {"nodes_truenodeids": [9, 0, 0]}
    for wrong in (circle, lost, nodes | {"nodes_values": [0.0]}, nodes | {"nodes_modes": ["WHAT", "LEAF", "LEAF"]}):
        model = node_model(
            "TreeEnsembleRegressor", [X], opset=13, domain=DOMAIN, n_targets=1, **wrong, **votes(nodes, "target", 1)
        )
        with pytest.raises(CompileError, match="TreeEnsembleRegressor"):
            lifted(model)


def test_what_is_not_lifted() -> None:
    with pytest.raises(CompileError, match="PROBIT"):
        lifted(
            node_model("LinearRegressor", [X], opset=13, domain=DOMAIN, coefficients=[1.0] * 3, post_transform="PROBIT")
        )
    with pytest.raises(CompileError, match="class labels"):
        lifted(node_model("LinearClassifier", [X], opset=13, domain=DOMAIN, results=2, coefficients=[1.0] * 3))
