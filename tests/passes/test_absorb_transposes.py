"""absorb-transposes: matrix products read their operands, and give their result, the other way round."""

import pytest

from nncc.passes.absorb_transposes import AbsorbTransposes

PASS = AbsorbTransposes.name
SWAP = (0, 2, 1)


@pytest.mark.parametrize("flags", [{}, {"transpose_lhs": True}, {"transpose_rhs": True}], ids=str)
def test_operands_are_read_transposed(case, flags):
    lhs = (2, 3, 4) if not flags.get("transpose_lhs") else (2, 4, 3)
    rhs = (2, 5, 3) if not flags.get("transpose_rhs") else (2, 3, 5)

    def build(b, x, y):
        return b.nn.matmul(b.nn.transpose(x, perm=SWAP), b.nn.transpose(y, perm=SWAP), **flags)

    (product,) = case(build, {"x": lhs, "y": rhs}).run(PASS).ops
    assert product.transpose_lhs != flags.get("transpose_lhs", False)
    assert product.transpose_rhs != flags.get("transpose_rhs", False)


@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True)], ids=str)
def test_the_result_is_given_transposed(case, flags):
    shapes = {"x": (2, 4, 3) if flags[0] else (2, 3, 4), "y": (2, 5, 4) if flags[1] else (2, 4, 5)}

    def build(b, x, y):
        return b.nn.transpose(b.nn.matmul(x, y, transpose_lhs=flags[0], transpose_rhs=flags[1]), perm=SWAP)

    assert case(build, shapes).run(PASS).names == ["matmul"]


def test_pixels_become_rows(case):
    def build(b, x, y):
        pixels = b.nn.reshape(b.nn.transpose(x, perm=(0, 3, 1, 2)), shape=(2, 5, 12))
        return b.nn.matmul(pixels, y)

    changed = case(build, {"x": (2, 3, 4, 5), "y": (2, 12, 6)}).run(PASS)
    assert changed.names == ["reshape", "matmul"] and changed.ops[1].transpose_lhs


def test_axes_that_do_not_lie_side_by_side_stay(case):
    def build(b, x, y):
        return b.nn.matmul(b.nn.reshape(b.nn.transpose(x, perm=(0, 3, 2, 1)), shape=(2, 5, 12)), y)

    assert not case(build, {"x": (2, 3, 4, 5), "y": (2, 12, 6)}).run(PASS).changed


def test_other_transposes_and_products_with_weights_stay(case):
    def stacks(b, x, y):
        return b.nn.matmul(b.nn.transpose(x, perm=(1, 0, 2)), y)

    def weights(b, x):
        return b.nn.transpose(b.nn.matmul(x, b.constant([[1.0, 2.0, 3.0]])), perm=SWAP)

    assert not case(stacks, {"x": (2, 3, 4), "y": (3, 4, 5)}).run(PASS).changed
    assert not case(weights, {"x": (2, 4, 1)}).run(PASS).changed
