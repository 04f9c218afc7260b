"""Reductions, and what works along an axis: softmax, normalizations, running sums, order."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ...opdef import BOOL, FLOAT, INT, attribute, operand, result
from ...types import Array
from .base import ACTIVATION, TFLOp, activate, axes_of


class Reduction(TFLOp, options="Reducer"):
    """Base of reductions over the axes that the second operand lists."""

    function: ClassVar[Any]
    input = operand()
    axes = operand("(n,) i32")
    keep_dims = attribute(BOOL, default=False)
    output = result()

    def evaluate(self, input: Array, axes: Array) -> Array:
        reduced = type(self).function(input, axis=axes_of(axes, input.ndim), keepdims=self.keep_dims)
        return np.asarray(reduced, input.dtype)


def _reduction(name: str, builtin: str, doc: str, function: Callable[..., Any], versions: dict[str, int]) -> None:
    body = {"__doc__": doc, "__module__": __name__, "function": staticmethod(function)}
    keywords: dict[str, Any] = {"versions": versions, "name": f"tfl.{name}", "builtin": builtin}
    types.new_class(name.title().replace("_", ""), (Reduction,), keywords, lambda namespace: namespace.update(body))


_REDUCTIONS: tuple[tuple[str, str, str, Callable[..., Any], dict[str, int]], ...] = (
    ("mean", "MEAN", "The mean.", np.mean, {"i8": 2, "i16": 3}),
    ("sum", "SUM", "The sum.", np.sum, {"i8": 2}),
    ("reduce_max", "REDUCE_MAX", "The largest element.", np.max, {"i8": 2, "i16": 3}),
    ("reduce_min", "REDUCE_MIN", "The smallest element.", np.min, {"i8": 2, "i16": 3}),
    ("reduce_prod", "REDUCE_PROD", "The product.", np.prod, {"i8": 2, "i16": 2}),
    ("reduce_any", "REDUCE_ANY", "Whether any element is true.", np.any, {}),
    ("reduce_all", "REDUCE_ALL", "Whether all elements are true.", np.all, {}),
)
for _definition in _REDUCTIONS:
    _reduction(*_definition)


class _ArgExtremum(TFLOp, versions={"i8": 2, "i1": 3}):
    input = operand()
    dim = operand("() i32")
    output = result("i32 or i64, without the axis")

    def schema_options(self) -> dict[str, Any]:
        return {"output_type": self.output_type.storage}


class ArgMax(_ArgExtremum, name="tfl.arg_max", builtin="ARG_MAX", options="ArgMax"):
    """The index of the largest element along an axis, the first of equals."""

    def evaluate(self, input: Array, dim: Array) -> Any:
        return np.argmax(input, int(dim.reshape(-1)[0]))


class ArgMin(_ArgExtremum, name="tfl.arg_min", builtin="ARG_MIN", options="ArgMin"):
    """The index of the smallest element along an axis, the first of equals."""

    def evaluate(self, input: Array, dim: Array) -> Any:
        return np.argmin(input, int(dim.reshape(-1)[0]))


class Softmax(TFLOp, name="tfl.softmax", builtin="SOFTMAX", options="Softmax", versions={"i8": 2, "i16": 3}):
    """e^(beta x) / Σ e^(beta x) along the last axis."""

    input = operand()
    beta = attribute(FLOAT, default=1.0)
    output = result()

    def schema_options(self) -> dict[str, Any]:
        return {"beta": self.beta}

    def evaluate(self, input: Array) -> Any:
        powers: Array = np.exp((input - input.max(-1, keepdims=True)) * np.asarray(self.beta, input.dtype))
        return powers / powers.sum(-1, keepdims=True)


class LogSoftmax(TFLOp, name="tfl.log_softmax", builtin="LOG_SOFTMAX", options="LogSoftmax", versions={"i8": 2}):
    """ln softmax(x) along the last axis."""

    input = operand()
    output = result()

    def evaluate(self, input: Array) -> Any:
        centred: Array = input - input.max(-1, keepdims=True)
        return centred - np.log(np.exp(centred).sum(-1, keepdims=True))


class L2Normalization(
    TFLOp, name="tfl.l2_normalization", builtin="L2_NORMALIZATION", options="L2Norm", versions={"i8": 2}
):
    """x / √(Σ x²) along the last axis, the sum not below 1e-12."""

    input = operand()
    fused_activation_function = attribute(ACTIVATION, default="NONE")
    output = result()

    def evaluate(self, input: Array) -> Array:
        norm = np.sqrt(np.maximum(np.square(input).sum(-1, keepdims=True), 1e-12))
        return activate(input / norm, self.fused_activation_function)


class LocalResponseNormalization(
    TFLOp,
    name="tfl.local_response_normalization",
    builtin="LOCAL_RESPONSE_NORMALIZATION",
    options="LocalResponseNormalization",
):
    """x / (bias + alpha Σ x²)^beta, the sum over the ``radius`` neighbours on both sides along the last axis."""

    input = operand()
    radius = attribute(INT, default=0)
    bias = attribute(FLOAT, default=0.0)
    alpha = attribute(FLOAT, default=0.0)
    beta = attribute(FLOAT, default=0.0)
    output = result()

    def evaluate(self, input: Array) -> Array:
        width = 2 * self.radius + 1
        padded = np.pad(np.square(input), [(0, 0)] * (input.ndim - 1) + [(self.radius, self.radius)])
        sums = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1).sum(-1)
        return np.asarray(input / (self.bias + self.alpha * sums) ** self.beta, input.dtype)


class Cumsum(TFLOp, name="tfl.cumsum", builtin="CUMSUM", options="Cumsum"):
    """Running sums along an axis, without the element itself if ``exclusive``, from the end if ``reverse``."""

    input = operand()
    axis = operand("() i32")
    exclusive = attribute(BOOL, default=False)
    reverse = attribute(BOOL, default=False)
    output = result()

    def evaluate(self, input: Array, axis: Array) -> Array:
        x = np.moveaxis(input, int(axis.reshape(-1)[0]), 0)
        x = x[::-1] if self.reverse else x
        y = np.cumsum(x, 0, dtype=input.dtype)
        if self.exclusive:
            y = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
        return np.moveaxis(y[::-1] if self.reverse else y, 0, int(axis.reshape(-1)[0]))


class TopkV2(TFLOp, name="tfl.topk_v2", builtin="TOPK_V2", options="TopKV2", versions={"i8": 2, "i16": 3}):
    """The k largest elements along the last axis, falling, and their indices; of equals the first come first."""

    input = operand()
    k = operand("() i32")
    values = result()
    indices = result("i32")

    def evaluate(self, input: Array, k: Array) -> tuple[Array, Array]:
        # Stable on the reversed order of values: ties keep the order of their indices.
        order = input.shape[-1] - 1 - np.flip(np.argsort(np.flip(input, -1), -1, kind="stable"), -1)
        indices = order[..., : int(k.reshape(-1)[0])]
        return np.take_along_axis(input, indices, -1), indices.astype(np.int32)
