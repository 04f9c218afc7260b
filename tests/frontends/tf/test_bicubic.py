"""ResizeBicubic: which form it gets, and what is said where the table's weights cannot be had."""

from pathlib import Path

import numpy as np
import pytest
from tf_cases import Case, In

from nncc.backends.tf import frozen
from nncc.frontends.tf import load
from nncc.frontends.tf.lift import LiftTf
from nncc.frontends.tf.ops.bicubic import TableInterpolation
from nncc.ir.dialects.nn.interpolation import AxisMap
from nncc.ir.passes import PassContext

IMAGE = np.linspace(0, 1, 2 * 8 * 6 * 3, dtype=np.float32).reshape(2, 8, 6, 3)


def lifted(operands: list, folder: Path) -> tuple[set[str], list[str]]:
    """The operations that a resize becomes, and the warnings."""
    how = {"align_corners": False, "half_pixel_centers": True}
    frozen.save(Case("ResizeBicubic", operands, how).build(), folder / "case.pb")
    module, context = load(folder / "case.pb", outputs=["y0"]), PassContext()
    LiftTf().run(module, context)
    names = {op.name for op in module.main.body} - {"nn.transpose", "nn.constant", "func.return"}
    return names, [w.message for w in context.diagnostics.warnings]


@pytest.mark.parametrize(("size", "name"), [([16, 24], "nn.resize"), ([4, 12], "nn.resize"), ([16, 7], "nn.affine")])
def test_places_in_the_table_stay_a_resize(size: list[int], name: str, tmp_path: Path) -> None:
    assert lifted([In(IMAGE), size], tmp_path) == ({name}, [])


def test_computed_sizes_are_exact_with_a_warning(tmp_path: Path) -> None:
    names, (warning,) = lifted([In(IMAGE), In(np.array([9, 12], np.int32))], tmp_path)
    assert "nn.dynamic_resize" in names
    assert "differ from TensorFlow's table" in warning


def test_places_are_multiples_of_a_step() -> None:
    table = TableInterpolation("cubic", "half_pixel", "floor", -0.5, False, True)
    places = table.places(AxisMap(7, 13))
    np.testing.assert_array_equal(places * 1024, np.rint(places * 1024))
    np.testing.assert_allclose(places, (np.arange(13) + 0.5) * 7 / 13 - 0.5, rtol=0, atol=0.5 / 1024 + 1e-6)
