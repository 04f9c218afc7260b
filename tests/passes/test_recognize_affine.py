"""recognize-affine: products with a constant matrix."""

import numpy as np
import pytest

from nncc.passes.recognize_affine import RecognizeAffine

PASS = RecognizeAffine.name


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("shape", [(3, 8), ("N", 5, 8), (1, 2, 5, 8)], ids=str)
def test_a_product_with_a_constant_matrix_is_an_affine(case, rng, shape, transposed):
    def build(b, x):
        weight = rng.uniform(-1, 1, (4, 8) if transposed else (8, 4)).astype(np.float32)
        return b.nn.add(b.nn.matmul(x, weight, transpose_rhs=transposed), rng.uniform(-1, 1, 4).astype(np.float32))

    assert case(build, {"x": shape}).run(PASS, "fold-constants", "fold-scales").names == ["affine"]


def test_other_products_stay(case, rng):
    def build(b, x):
        stack = rng.uniform(-1, 1, (2, 8, 4)).astype(np.float32)
        matrix = rng.uniform(-1, 1, (3, 8)).astype(np.float32)
        return (
            b.nn.matmul(x, stack),
            b.nn.matmul(matrix, b.nn.transpose(x, perm=(0, 2, 1))),
            b.nn.matmul(x, matrix, transpose_lhs=False, transpose_rhs=True),
            b.nn.matmul(b.nn.transpose(x, perm=(0, 2, 1)), stack, transpose_lhs=True),
        )

    names = case(build, {"x": (2, 5, 8)}).run(PASS).names
    assert names.count("affine") == 1 and names.count("matmul") == 3
