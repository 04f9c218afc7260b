"""TfIdfVectorizer, with the numbers of onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx_models import evaluated, judge, lifted, node_model

from nncc.ir import CompileError

ROWS = np.array([[1, 2, 3, 1, 2, 5], [7, 7, 7, 1, 3, 2]])
POOL: dict[str, Any] = {
    "pool_int64s": [1, 7, 1, 2, 7, 7, 3, 1, 1, 2, 3],
    "ngram_counts": [0, 2, 8],
    "ngram_indexes": [0, 1, 2, 3, 4, 5],
}
HOW: dict[str, Any] = {"opset": 9, "min_gram_length": 1, "max_gram_length": 3}


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("skips", [0, 1, 4])
@pytest.mark.parametrize("open_dims", [(), (0, 1)])
def test_modes(mode: str, skips: int, open_dims: tuple[int, ...]) -> None:
    weights = [0.5, 2.0, 3.0, 4.0, 5.0, 6.0]
    judge(
        "TfIdfVectorizer", [ROWS], mode=mode, max_skip_count=skips, weights=weights, open_dims=open_dims, **POOL, **HOW
    )


def test_columns_in_another_order_and_empty_ones() -> None:
    spread = POOL | {"ngram_indexes": [9, 0, 3, 5, 4, 1]}
    judge("TfIdfVectorizer", [ROWS[0].astype(np.int32)], mode="TF", max_skip_count=0, **spread, **HOW)


def test_strings() -> None:
    words = np.array(["to", "be", "or", "not", "to", "be"], object)
    pool: dict[str, Any] = {
        "pool_strings": ["to", "be", "to", "be"],
        "ngram_counts": [0, 2],
        "ngram_indexes": [0, 1, 2],
    }
    model = node_model("TfIdfVectorizer", [words], mode="TF", max_skip_count=0, **pool, **HOW)
    (found,) = evaluated(model, [words])
    np.testing.assert_array_equal(found, np.array([2, 2, 2], np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"ngram_counts": [0, 3]},
        {"ngram_indexes": [0, 0, 1, 2, 3, 4]},
        {"ngram_indexes": [0, 1, 2, 3, 4, 2**40]},
        {"pool_int64s": [1, 1, 1, 2, 7, 7, 3, 1, 1, 2, 3]},
        {"max_skip_count": 2**40},
        {"mode": "TFIDF", "weights": [1.0, 2.0]},
        {"mode": "WHAT"},
    ],
)
def test_what_makes_no_sense(wrong: dict[str, Any]) -> None:
    attributes = {"mode": "TF", "max_skip_count": 0} | POOL | HOW | wrong
    with pytest.raises(CompileError, match="TfIdfVectorizer"):
        lifted(node_model("TfIdfVectorizer", [ROWS], **attributes))
