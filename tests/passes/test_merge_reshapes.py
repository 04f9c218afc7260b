"""merge-reshapes: elementwise operations between reshapes take the shape that saves them."""

import numpy as np

from nncc.passes.merge_reshapes import MergeReshapes

PASS = MergeReshapes.name


def test_lines_stay_images_of_one_row(case):
    weight = np.arange(12, dtype=np.float32).reshape(2, 2, 1, 3)

    def build(b, x):
        image = x
        for _ in range(3):
            image = b.nn.conv(b.nn.reshape(image, shape=(1, 2, 1, -1)), b.constant(weight))
            line = b.nn.reshape(image, shape=(1, 2, image.tensor.dims[3]))
            image = b.nn.mul(b.nn.tanh(line), b.nn.sigmoid(line))
        return image

    changed = case(build, {"x": (1, 2, 12)}).run(PASS)
    assert changed.names.count("reshape") == 2


def test_other_operations_keep_their_form(case):
    unchanged = case(lambda b, x: b.nn.mul(b.nn.add(x, x), x), {"x": (2, 3)}).run(PASS)
    assert unchanged.names == ["add", "mul"] and not unchanged.changed
