"""The simple operators of ai.onnx.ml: scaling, encoding and choosing features, linear models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....ir import Value
from ....ir.types import F32, I1, I64, Array
from ...nodes import expect_rank, refuse
from ...sizes import cast, unsqueeze
from .registry import Lifter, lift, no_lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_DOMAIN = "ai.onnx.ml"
_KINDS = {"int64s": np.int64, "ints": np.int64, "floats": np.float32, "strings": object}
"""The kinds of attributes of which only one may be given, and the arrays that they make."""

no_lift(
    "works on maps, which are no tensors",
    "leave maps to the program around the model",
    "CastMap",
    "DictVectorizer",
    "ZipMap",
    domain=_DOMAIN,
)
no_lift("cannot be lifted yet", "use a linear model or trees", "SVMClassifier", "SVMRegressor", domain=_DOMAIN)


def one_of_kinds(op: OnnxOp, prefix: str) -> Array | None:
    """The attribute ``prefix`` + kind that is given, as an array; None where none is."""
    given = [np.array(op.get(prefix + kind), dtype) for kind, dtype in _KINDS.items() if op.get(prefix + kind)]
    if len(given) > 1:
        raise refuse(op, f"has more than one of the attributes {prefix}...")
    return given[0] if given else None


@lift("Scaler", domain=_DOMAIN)
def scaler(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """(x - offset) * scale"""
    offset, scale = (np.array(op.get(name) or default, np.float32) for name, default in (("offset", 0), ("scale", 1)))
    return b.nn.mul(b.nn.sub(cast(b, x, F32), b.constant(offset)), b.constant(scale))


@lift("Normalizer", domain=_DOMAIN)
def normalizer(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Rows over their maximum, or over their norm; a row whose divisor is 0 stays."""
    axes = (expect_rank(op, x, 1, 2) - 1,)
    x = cast(b, x, F32)
    mode = op.get("norm")
    if mode == "MAX":
        divisor = b.nn.reduce_max(x, axes=axes)
    elif mode == "L1":
        divisor = b.nn.reduce_sum(b.nn.abs(x), axes=axes)
    elif mode == "L2":
        divisor = b.nn.sqrt(b.nn.reduce_sum(b.nn.square(x), axes=axes))
    else:
        raise refuse(op, f"has the norm '{mode}'")
    return b.nn.div(x, b.nn.select(b.nn.equal(divisor, 0.0), b.constant(1.0, F32), divisor))


@lift("Binarizer", domain=_DOMAIN)
def binarizer(b: Lifter, op: OnnxOp, x: Value) -> Value:
    element = x.tensor.expressed
    if element.is_integer:  # the threshold may have a fraction
        return cast(b, b.nn.greater(b.nn.cast(x, to=F32), op.get("threshold")), element)
    return cast(b, b.nn.greater(x, op.get("threshold")), element)


@lift("ArrayFeatureExtractor", domain=_DOMAIN)
def array_feature_extractor(b: Lifter, op: OnnxOp, x: Value, indices: Value) -> Value:
    """The chosen elements of the last axis; those of a vector as a row."""
    rank = expect_rank(op, x, 1)
    found = b.nn.gather(x, b.nn.reshape(indices, shape=(-1,)), axis=rank - 1)
    return unsqueeze(b, found, [0]) if rank == 1 else found


@lift("FeatureVectorizer", domain=_DOMAIN)
def feature_vectorizer(b: Lifter, op: OnnxOp, *xs: Value) -> Value:
    """The features of all inputs behind each other, as floats."""
    rows = [unsqueeze(b, x, [0]) if expect_rank(op, x, 1, 2) == 1 else x for x in xs]
    return b.nn.concat([cast(b, x, F32) for x in rows], axis=1)


@lift("Imputer", domain=_DOMAIN)
def imputer(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Elements that equal one value (which may be NaN) become others, one for all features or one each."""
    element = x.tensor.expressed
    names = ("imputed_value_floats", "replaced_value_float")
    if element.is_integer:
        names = ("imputed_value_int64s", "replaced_value_int64")
    values, missing = op.get(names[0]), op.get(names[1])
    if not values or missing is None:
        raise refuse(op, f"lacks {names[0]} or {names[1]}")
    found = b.nn.is_nan(x) if missing != missing else b.nn.equal(x, b.constant(missing, element))
    return b.nn.select(found, b.constant(np.array(values), element), x)


@lift("LabelEncoder", domain=_DOMAIN)
def label_encoder(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Each element becomes the value whose key it equals (the last of equal keys; NaN equals NaN), or the default."""
    if op.version == 1:
        return _label_encoder_1(b, op, x)
    keys, values = (_table(op, prefix) for prefix in ("keys_", "values_"))
    return _looked_up(b, op, x, keys, values, _default(op, values))


def _label_encoder_1(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Between strings and their places in a list."""
    classes = np.array(op.get("classes_strings") or (), object)
    places = np.arange(len(classes), dtype=np.int64)
    if x.tensor.expressed.is_integer:
        return _looked_up(b, op, x, places, classes, op.get("default_string"))
    return _looked_up(b, op, x, classes, places, op.get("default_int64"))


@lift("CategoryMapper", domain=_DOMAIN)
def category_mapper(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """Between the names of categories and their numbers."""
    names, numbers = np.array(op.get("cats_strings") or (), object), np.array(op.get("cats_int64s") or (), np.int64)
    if x.tensor.expressed.is_integer:
        return _looked_up(b, op, x, numbers, names, op.get("default_string"))
    return _looked_up(b, op, x, names, numbers, op.get("default_int64"))


def _table(op: OnnxOp, prefix: str) -> Array:
    tensor = op.get(f"{prefix}tensor")
    found = one_of_kinds(op, prefix) if tensor is None else tensor.numpy().reshape(-1)
    if found is None:
        raise refuse(op, f"has none of the attributes {prefix}...")
    return found


def _default(op: OnnxOp, values: Array) -> object:
    tensor = op.get("default_tensor")
    if tensor is not None:
        return tensor.numpy().reshape(()).item()
    name = {"O": "default_string", "f": "default_float"}.get(values.dtype.kind, "default_int64")
    return op.get(name)


def _looked_up(b: Lifter, op: OnnxOp, x: Value, keys: Array, values: Array, default: object) -> Value:
    if len(keys) != len(values) or not len(keys):
        raise refuse(op, f"has {len(keys)} keys for {len(values)} values")
    table, column = b.constant(keys, x.tensor.expressed), unsqueeze(b, x, [expect_rank(op, x, 0)])
    hits = b.nn.equal(column, table)
    if keys.dtype.kind == "f":
        hits = b.nn.logical_or(hits, b.nn.logical_and(b.nn.is_nan(column), b.nn.is_nan(table)))
    ones = b.nn.cast(hits, to=I64)
    last = len(hits.tensor.dims) - 1
    place = b.nn.argmax(ones, axis=last, keep_dims=False, select_last_index=True)
    is_known = b.nn.cast(b.nn.reduce_max(ones, axes=(last,), keep_dims=False), to=I1)
    missing = b.constant(np.array(default, values.dtype))
    return b.nn.select(is_known, b.nn.gather(b.constant(values, missing.tensor.expressed), place, axis=0), missing)


@lift("OneHotEncoder", domain=_DOMAIN)
def one_hot_encoder(b: Lifter, op: OnnxOp, x: Value) -> Value:
    """1 for the category that an element is, along a new last axis; zeros alone for one that is none."""
    categories = one_of_kinds(op, "cats_")
    if categories is None:
        raise refuse(op, "has no categories")
    if not op.get("zeros"):
        b.warn(op, "should fail for an unknown category; it gives zeros")
    if x.tensor.expressed.is_float or x.tensor.expressed.is_integer:
        x = cast(b, x, I64)
    column = unsqueeze(b, x, [expect_rank(op, x, 0)])
    return b.nn.cast(b.nn.equal(column, b.constant(categories, x.tensor.expressed)), to=F32)


@lift("LinearRegressor", domain=_DOMAIN)
def linear_regressor(b: Lifter, op: OnnxOp, x: Value) -> Value:
    scores = _linear_scores(b, op, x, op.get("targets"))
    return transformed(b, op, scores, op.get("post_transform"))


@lift("LinearClassifier", domain=_DOMAIN)
def linear_classifier(b: Lifter, op: OnnxOp, x: Value) -> tuple[Value, Value]:
    labels = one_of_kinds(op, "classlabels_")
    if labels is None:
        raise refuse(op, "has no class labels")
    count = len(op.get("intercepts") or labels)
    if count != len(labels):
        raise refuse(op, f"has scores of {count} classes for {len(labels)} labels", "give every class its coefficients")
    scores = _linear_scores(b, op, x, count)
    best = b.nn.argmax(scores, axis=1, keep_dims=False)
    chosen = b.nn.gather(b.constant(labels), best, axis=0)
    return chosen, transformed(b, op, scores, op.get("post_transform"))


def _linear_scores(b: Lifter, op: OnnxOp, x: Value, targets: int) -> Value:
    """(samples, targets): each target has its coefficients in a row, one for each feature."""
    if expect_rank(op, x, 1, 2) == 1:
        x = unsqueeze(b, x, [0])
    weights = np.array(op.get("coefficients") or (), np.float32)
    if not targets or weights.size % targets:
        raise refuse(op, f"has {weights.size} coefficients for {targets} targets")
    scores = b.nn.matmul(cast(b, x, F32), b.constant(np.ascontiguousarray(weights.reshape(targets, -1).T)))
    intercepts: Sequence[float] = op.get("intercepts") or ()
    return b.nn.add(scores, b.constant(np.array(intercepts, np.float32))) if intercepts else scores


def transformed(b: Lifter, op: OnnxOp, scores: Value, transform: str) -> Value:
    """Scores (samples, classes) as the attribute post_transform wants them."""
    if transform == "NONE":
        return scores
    if transform == "LOGISTIC":
        return b.nn.sigmoid(scores)
    if transform == "SOFTMAX":
        return b.nn.softmax(scores, axis=1)
    raise refuse(op, f"has the post_transform '{transform}'", "use NONE, LOGISTIC or SOFTMAX")
