"""TfIdfVectorizer: how often each n-gram of a pool occurs in a row of integers or strings."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ....ir import Value
from ....ir.types import ELEMENT_TYPES, F32, I64, Array
from ...nodes import expect_affordable, expect_rank, refuse
from ...sizes import END, cast, squeeze, unsqueeze
from .registry import Lifter, lift

if TYPE_CHECKING:
    from ....ir.dialects.onnx import OnnxOp

_MOST_WINDOWS = 256
"""Lengths times distances that are looked at; each is a few operations."""


@attrs.frozen
class _Pool:
    """The n-grams that are counted, by length: (number, length) arrays, and the column of each in the result."""

    grams: dict[int, Array]
    columns: dict[int, Array]

    @classmethod
    def of(cls, op: OnnxOp) -> _Pool:
        """Raises CompileError where the attributes do not fit each other, or say things twice."""
        strings, integers = op.get("pool_strings"), op.get("pool_int64s")
        pool = np.array(strings, object) if strings else np.array(integers or (), np.int64)
        starts, columns = [*op.get("ngram_counts"), len(pool)], np.array(op.get("ngram_indexes"), np.int64)
        grams: dict[int, Array] = {}
        found: dict[int, Array] = {}
        first = 0
        for length, (start, stop) in enumerate(itertools.pairwise(starts), 1):
            if not 0 <= start <= stop <= len(pool) or (stop - start) % length:
                raise refuse(op, f"has the ngram_counts {tuple(starts[:-1])} for a pool of {len(pool)}")
            count = (stop - start) // length
            grams[length] = pool[start:stop].reshape(count, length)
            found[length] = columns[first : first + count]
            first += count
        if first != len(columns) or columns.min(initial=0) < 0 or len(set(columns.tolist())) != first or not first:
            raise refuse(op, f"has the ngram_indexes {tuple(columns.tolist())} for {first} n-grams")
        if any(len({tuple(g) for g in each.tolist()}) != len(each) for each in grams.values()):
            raise refuse(op, "has an n-gram twice in its pool")
        wanted = range(op.get("min_gram_length"), op.get("max_gram_length") + 1)
        return cls({n: grams[n] for n in wanted if n in grams and len(grams[n])}, found)


@lift("TfIdfVectorizer")
def tf_idf_vectorizer(b: Lifter, op: OnnxOp, x: Value) -> Value:
    is_row = expect_rank(op, x, 1, 2) == 1
    rows = unsqueeze(b, x, [0]) if is_row else x
    pool = _Pool.of(op)
    size = max(op.get("ngram_indexes")) + 1
    expect_affordable(op, "a row", size)
    counts = _in_columns(b, pool, _counts(b, op, rows, pool), size)
    weighted = _weighted(b, op, counts, size)
    return squeeze(b, weighted, [0]) if is_row else weighted


def _counts(b: Lifter, op: OnnxOp, rows: Value, pool: _Pool) -> dict[int, Value]:
    """For each length, (rows, n-grams): how often each occurs, with any number of places skipped between its items."""
    distances = op.get("max_skip_count") + 1
    if not pool.grams or distances < 1 or len(pool.grams) * distances > _MOST_WINDOWS:
        raise refuse(op, f"has n-grams of {len(pool.grams)} lengths and skips up to {distances - 1} places")
    found = {}
    for length, grams in pool.grams.items():
        each = [_occurrences(b, rows, grams, d) for d in range(1, distances + 1 if length > 1 else 2)]
        found[length] = functools.reduce(b.nn.add, each)
    return found


def _occurrences(b: Lifter, rows: Value, grams: Array, distance: int) -> Value:
    """(rows, n-grams): how often the items of each n-gram stand at that distance from each other."""
    length = grams.shape[1]
    element = ELEMENT_TYPES["!nncc.string"] if grams.dtype.kind == "O" else I64
    hits = []
    for place in range(length):
        behind = (length - 1 - place) * distance
        part = b.nn.slice(rows, starts=(0, place * distance), stops=(END, -behind if behind else END), steps=(1, 1))
        items = b.constant(np.ascontiguousarray(grams[:, place]), element)
        hits.append(b.nn.equal(unsqueeze(b, cast(b, part, element), [2]), items))
    return b.nn.reduce_sum(b.nn.cast(functools.reduce(b.nn.logical_and, hits), to=F32), axes=(1,), keep_dims=False)


def _in_columns(b: Lifter, pool: _Pool, counts: dict[int, Value], size: int) -> Value:
    """The counts in the columns that the attribute names; 0 in the others."""
    listed = b.nn.concat(list(counts.values()), axis=1)
    columns = np.concatenate([pool.columns[length] for length in counts])
    sources = np.full(size, len(columns), np.int64)  # the column of zeros behind all others
    sources[columns] = np.arange(len(columns))
    return b.nn.gather(b.nn.pad(listed, pads=(0, 0, 0, 1)), b.constant(sources), axis=1)


def _weighted(b: Lifter, op: OnnxOp, counts: Value, size: int) -> Value:
    mode, weights = op.get("mode"), op.get("weights")
    if mode not in ("TF", "IDF", "TFIDF"):
        raise refuse(op, f"has the mode '{mode}'")
    if mode == "IDF":
        counts = b.nn.minimum(counts, 1.0)
    if mode == "TF" or not weights:
        return counts
    columns = op.get("ngram_indexes")
    if len(weights) != size or any(weights[i] != weights[c] for i, c in enumerate(columns)):
        raise refuse(op, "has weights in another order than its columns", "give ngram_indexes in order")
    return b.nn.mul(counts, b.constant(np.array(weights, np.float32)))
