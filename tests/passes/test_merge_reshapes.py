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


def test_reductions_keep_the_axes_that_are_put_back(case):
    """As tf2onnx writes variances: without the axis, which is put back behind the arithmetic."""

    def build(b, x):
        mean = b.nn.mul(b.nn.reduce_sum(x, axes=(1,), keep_dims=False), 0.25)
        power = b.nn.mul(b.nn.reduce_sum(b.nn.square(x), axes=(1,), keep_dims=False), 0.25)
        variance = b.nn.sub(power, b.nn.square(mean))
        return b.nn.sub(x, b.nn.reshape(mean, shape=(3, 1))), b.nn.reshape(variance, shape=(3, 1))

    changed = case(build, {"x": (3, 4)}).run(PASS)
    assert "reshape" not in changed.names
    assert all(op.keep_dims for op in changed.ops if op.name == "nn.reduce_sum")


def test_a_reduction_that_others_use_stays(case):
    def build(b, x):
        total = b.nn.reduce_sum(x, axes=(1,), keep_dims=False)
        return b.nn.reshape(b.nn.exp(total), shape=(3, 1)), b.nn.concat([total, total], axis=0)

    assert case(build, {"x": (3, 4)}).run(PASS).names.count("reduce_sum") == 1
