"""What lifted functions compute: formulas and numbers of our own (the corpus tests cover every type)."""

import itertools

import numpy as np
import pytest
from nnp_networks import NetworkBuilder, lift, lift_call

from nncc.ir import CompileError
from nncc.ir.interpreter import evaluate
from nncc.ir.passes import PassContext

RNG = np.random.default_rng(1)


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, 1e-4, 1e-5)


@pytest.mark.parametrize("base_axis", [0, 1, 2, -1, -2])
def test_affine_flattens_at_base_axis(base_axis: int) -> None:
    x, weight, bias = random(2, 3, 4), random(24, 2, 5), random(2, 5)
    base = base_axis % 3
    columns = int(np.prod(x.shape[base:]))
    shape = (*x.shape[:base], 2, 5)
    (y,) = lift_call("Affine", [x], shape, [weight[:columns], bias], base_axis=base_axis)
    rows = x.reshape(-1, columns) @ weight[:columns].reshape(columns, 10) + bias.reshape(10)
    close(y, rows.reshape(shape))


def test_affine_refuses_another_number_of_columns() -> None:
    with pytest.raises(CompileError, match="for 12 columns"):
        lift_call("Affine", [random(2, 3, 4)], (2, 5), [random(11, 5)], base_axis=1)


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_convolution_takes_all_before_base_axis_as_batch(lead: tuple[int, ...]) -> None:
    x, weight = random(*lead, 2, 5), random(3, 2, 2)
    (y,) = lift_call("Convolution", [x], (*lead, 3, 4), [weight], base_axis=len(lead), group=1)
    windows = np.stack([x[..., i : i + 2] for i in range(4)], -2)  # (*lead, C, places, k)
    close(y, np.einsum("...cpk,ock->...op", windows, weight))


def test_channel_last_convolution() -> None:
    x, weight = random(1, 5, 2), random(3, 2, 2)  # (N, L, C) and (O, k, C)
    (y,) = lift_call("Convolution", [x], (1, 4, 3), [weight], base_axis=1, group=1, channel_last=True)
    windows = np.stack([x[:, i : i + 2] for i in range(4)], 1)
    close(y, np.einsum("npkc,okc->npo", windows, weight))


def test_depthwise_convolution_with_multiplier() -> None:
    x, weight = random(1, 2, 4), random(6, 3)
    (y,) = lift_call("DepthwiseConvolution", [x], (1, 6, 2), [weight], base_axis=1, multiplier=3)
    expected = [[weight[o] @ x[0, o // 3, p : p + 3] for p in range(2)] for o in range(6)]
    close(y[0], np.array(expected))


@pytest.mark.parametrize(
    ("kind", "including_pad"),
    [("MaxPooling", None), ("SumPooling", None), ("AveragePooling", True), ("AveragePooling", False)],
)
@pytest.mark.parametrize("ignore_border", [True, False])
def test_pooling_windows(kind: str, including_pad: bool | None, ignore_border: bool) -> None:
    x = random(7, 9)
    for k, s, p in itertools.product((1, 2, 3), (1, 2, 3), (0, 1, 2)):
        if p >= k:
            continue
        counts = [(n + 2 * p - k) // s + 1 if ignore_border else (n + p - 1) // s + 1 for n in x.shape]
        arguments = {} if including_pad is None else {"including_pad": including_pad}
        (y,) = lift_call(
            kind, [x], tuple(counts), kernel=(k, k), stride=(s, s), pad=(p, p), ignore_border=ignore_border, **arguments
        )
        for i, j in np.ndindex(*counts):
            (top, bottom), (left, right) = (
                (q * s - p, min(q * s - p + k, n + p)) for q, n in zip((i, j), x.shape, strict=True)
            )
            window = x[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
            count = (bottom - top) * (right - left) if including_pad else window.size
            expected = {"MaxPooling": window.max(), "SumPooling": window.sum()}.get(kind, window.sum() / count)
            assert np.isclose(y[i, j], expected, 1e-4, 1e-5), (k, s, p, i, j)


def test_pooling_refuses_windows_in_the_padding() -> None:
    with pytest.raises(CompileError, match="in the padding alone"):
        lift_call("MaxPooling", [random(4, 4)], (4, 4), kernel=(2, 2), stride=(2, 2), pad=(2, 2), ignore_border=True)


def test_unpooling_keeps_dimensions_of_kernel_one() -> None:
    net = NetworkBuilder()
    net.input("x", ("N", 3))
    net.call("Unpooling", ["x"], {"y": ("N", 6)}, kernel=(1, 2))
    x = random(2, 3)
    assert np.array_equal(evaluate(lift(net.finish("y")).main, {"x": x})["y"], x.repeat(2, 1))


def test_batch_normalization_with_and_without_statistics_of_the_batch() -> None:
    x, (beta, gamma, mean) = random(3, 4, 5), (random(1, 4, 1) for _ in range(3))
    variance = np.abs(random(1, 4, 1)) + 0.5
    parameters = [beta, gamma, mean, variance]
    (y,) = lift_call("BatchNormalization", [x], x.shape, parameters, axes=(1,), eps=1e-3)
    close(y, (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta)
    context = PassContext()
    (y,) = lift_call("BatchNormalization", [x], x.shape, parameters, context, axes=(1,), eps=1e-3, batch_stat=True)
    m, v = x.mean((0, 2), keepdims=True), x.var((0, 2), keepdims=True)
    close(y, (x - m) / np.sqrt(v + 1e-3) * gamma + beta)
    assert "batch_stat" in context.diagnostics.warnings[0].message


def test_batch_normalization_without_scale() -> None:
    x, beta, mean, variance = random(2, 4), random(1, 4), random(1, 4), np.ones((1, 4), np.float32)
    (y,) = lift_call("BatchNormalization", [x], x.shape, [beta, None, mean, variance], axes=(1,), no_scale=True)
    close(y, x - mean + beta)


def test_group_normalization() -> None:
    x, gamma = random(2, 6, 3), random(1, 6, 1)
    (y,) = lift_call(
        "GroupNormalization",
        [x],
        x.shape,
        [None, gamma],
        num_groups=2,
        channel_axis=1,
        batch_axis=(0,),
        eps=1e-5,
        no_bias=True,
    )
    groups = x.reshape(2, 2, 9)
    normal = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + 1e-5)
    close(y, normal.reshape(x.shape) * gamma)


@pytest.mark.parametrize(
    ("start", "stop", "step"), [((1, 1), (9, -1), (1, 2)), ((-1,), (-5,), (-1,)), ((2,), (4,), (1,))]
)
def test_slice_is_pythons_on_the_last_dimensions(
    start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]
) -> None:
    x = random(3, 5, 4)
    index = tuple(slice(a, None if b < -4 and c < 0 else b, c) for a, b, c in zip(start, stop, step, strict=True))
    expected = x[(..., *index)]
    (y,) = lift_call("Slice", [x], expected.shape, start=start, stop=stop, step=step)
    assert np.array_equal(y, expected)


@pytest.mark.parametrize("batch", [None, 20])
def test_slice_of_the_whole_batch_keeps_any_batch(batch: int | None) -> None:
    net = NetworkBuilder()
    net.input("x", ("N", 5))
    net.call("Slice", ["x"], {"y": ("N", 3)}, start=(0, 1), stop=(8, 4), step=(1, 1))
    x = random(20, 5)
    assert np.array_equal(evaluate(lift(net.finish("y"), batch=batch).main, {"x": x})["y"], x[:, 1:4])


@pytest.mark.parametrize("written", [-1, 64])
@pytest.mark.parametrize("batch", [None, 4])
def test_reshape_takes_the_batch_from_the_file(batch: int | None, written: int) -> None:
    net = NetworkBuilder()
    net.input("x", ("N", 6))
    net.call("Reshape", ["x"], {"y": ("N", 2, 3)}, shape=(written, 2, 3))
    x = random(4, 6)
    assert np.array_equal(evaluate(lift(net.finish("y"), batch=batch).main, {"x": x})["y"], x.reshape(4, 2, 3))


@pytest.mark.parametrize("before", [0, 3, 7])
def test_pad_reflects_as_often_as_it_takes(before: int) -> None:
    x = random(2, 3)
    (y,) = lift_call("Pad", [x], (2, 3 + before + 5), pad_width=(before, 5), mode="reflect")
    assert np.array_equal(y, np.pad(x, ((0, 0), (before, 5)), "reflect"))


def test_shift_repeats_the_edge_when_it_reflects() -> None:
    x = np.arange(5, dtype=np.float32)
    assert lift_call("Shift", [x], (5,), shifts=(3,), border_mode="reflect")[0].tolist() == [2, 1, 0, 0, 1]
    assert lift_call("Shift", [x], (5,), shifts=(-2,), border_mode="reflect")[0].tolist() == [2, 3, 4, 4, 3]
    assert lift_call("Shift", [x], (5,), shifts=(2,), border_mode="nearest")[0].tolist() == [0, 0, 0, 1, 2]


def test_comparisons_and_logic_give_float() -> None:
    x, y = np.array([0, 1, 2], np.float32), np.array([2, 1, 0], np.float32)
    assert lift_call("GreaterEqual", [x, y], (3,))[0].tolist() == [0, 1, 1]
    assert lift_call("LogicalAnd", [x, y], (3,))[0].tolist() == [0, 1, 0]
    assert lift_call("LogicalXorScalar", [x], (3,), val=True)[0].tolist() == [1, 0, 0]


def test_ranks_must_be_equal() -> None:
    with pytest.raises(CompileError, match="different ranks"):
        lift_call("Add2", [random(2, 3), random(3)], (2, 3))


def test_one_hot_counts_negative_indices_from_the_end() -> None:
    indices = np.array([[0], [-1], [3], [-4]], np.float32)
    (y,) = lift_call("OneHot", [indices], (4, 3), shape=(3,))
    assert y.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_cross_entropy_ignores_negative_labels() -> None:
    x, label = random(3, 4), np.array([[2], [-1], [0]], np.float32)
    (y,) = lift_call("SoftmaxCrossEntropy", [x, label], (3, 1), axis=1)
    log = x - np.log(np.exp(x).sum(1, keepdims=True))
    close(y[:, 0], np.array([-log[0, 2], 0, -log[2, 0]]))


@pytest.mark.parametrize("largest", [True, False])
def test_top_k_keeps_places_or_sorts(largest: bool) -> None:
    x = np.array([[3, -5, 1, 4]], np.float32)
    kept = lift_call("TopKData", [x], (1, 4), k=2, abs=True, base_axis=1, largest=largest)[0]
    assert kept.tolist() == ([[0, -5, 0, 4]] if largest else [[3, 0, 1, 0]])
    values, indices = lift_call(
        "TopKData", [x], [(1, 2), (1, 2)], k=2, abs=True, reduce=True, base_axis=1, largest=largest, with_index=True
    )
    assert values.tolist() == ([[-5, 4]] if largest else [[1, 3]])
    assert indices.tolist() == ([[1, 3]] if largest else [[2, 0]])


@pytest.mark.parametrize("zero", [-1.0, 0.0, 1.0])
def test_binary_weights_are_computed_from_the_float_ones(zero: float) -> None:
    x, weight = random(2, 3), np.array([[0.5, -2], [0, 1], [-1, 0.25]], np.float32)
    binary = np.where(weight == 0, zero, np.sign(weight))
    stale = np.zeros_like(weight)
    (y,) = lift_call("BinaryConnectAffine", [x], (2, 2), [weight, stale], base_axis=1, quantize_zero_to=zero)
    close(y, x @ binary)
    alpha = np.abs(weight).mean(0)
    (y,) = lift_call(
        "BinaryWeightAffine", [x], (2, 2), [weight, stale, np.zeros(2)], base_axis=1, quantize_zero_to=zero
    )
    close(y, x @ (binary * alpha))


def test_incremental_quantization() -> None:
    weight = np.array([[0.5], [-0.2], [0.01], [0.3]], np.float32)
    x, fixed = np.eye(4, dtype=np.float32), np.ones((4, 1), np.float32)
    (y,) = lift_call("INQAffine", [x], (4, 1), [weight, fixed], base_axis=1, num_bits=4)
    assert y[:, 0].tolist() == [0.5, -0.25, 0, 0.25]
    (y,) = lift_call(
        "INQAffine",
        [x],
        (4, 1),
        [weight, 0 * fixed],
        base_axis=1,
        num_bits=4,
        inq_iterations=(0, 5),
        selection_algorithm="largest_abs",
    )
    close(y[:, 0], np.array([0.5, -0.2, 0.01, 0.25]))


def test_quantizers() -> None:
    x = np.array([-3, -0.3, 0, 0.1, 0.3, 3], np.float32)
    close(
        lift_call("FixedPointQuantize", [x], (6,), sign=True, n=3, delta=0.25)[0],
        np.array([-0.75, -0.25, 0, 0, 0.25, 0.75]),
    )
    close(
        lift_call("Pow2Quantize", [x], (6,), sign=True, with_zero=True, n=4, m=1)[0],
        np.array([-2, -0.25, 0, 0, 0.25, 2]),
    )
    limits = [np.full(1, v, np.float32) for v in (-1, 1, 0, 15)]
    (y,) = lift_call("MinMaxQuantize", [np.array([-5, 0, 5], np.float32)], (3,), limits, eps=0.01)
    close(y, np.array([-14 / 15, 0, 16 / 15]))


def test_interpolate_takes_the_places_of_nnabla() -> None:
    x = random(1, 1, 4)
    (y,) = lift_call("Interpolate", [x], (1, 1, 8), output_size=(8,), mode="linear", half_pixel=True)
    places = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    close(y[0, 0], np.interp(places, np.arange(4), x[0, 0]))
    (y,) = lift_call("Interpolate", [x], (1, 1, 8), output_size=(8,), mode="linear", align_corners=True)
    close(y[0, 0], np.interp(np.arange(8) * 3 / 7, np.arange(4), x[0, 0]))


@pytest.mark.parametrize("directions", [1, 2])
def test_gru_of_two_layers(directions: int) -> None:
    steps, batch, inputs, hidden, layers = 3, 2, 4, 3, 2
    x, h = random(steps, batch, inputs), random(layers, directions, batch, hidden)
    first = random(directions, 3, hidden, inputs + hidden)
    second = random(layers - 1, directions, 3, hidden, directions * hidden + hidden)
    bias = random(layers, directions, 4, hidden)
    y, last = lift_call(
        "GRU",
        [x, h],
        [(steps, batch, directions * hidden), h.shape],
        [first, second, bias],
        num_layers=layers,
        bidirectional=directions == 2,
    )
    given, ends = x, np.zeros_like(h)
    for layer, direction in itertools.product(range(layers), range(directions)):
        weight = first if layer == 0 else second[layer - 1]
        if direction == 0:
            made = np.zeros((steps, batch, directions * hidden), np.float32)
        state = h[layer, direction]
        for t in range(steps)[:: 1 if direction == 0 else -1]:
            state = gru_step(given[t], state, weight[direction], bias[layer, direction])
            made[t, :, direction * hidden : (direction + 1) * hidden] = state
        ends[layer, direction] = state
        if direction == directions - 1:
            given = made
    close(y, given)
    close(last, ends)


def gru_step(x: np.ndarray, h: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    def gate(index: int, h: np.ndarray) -> np.ndarray:
        return np.concatenate([x, h], 1) @ weight[index].T + bias[index]

    r, z = (1 / (1 + np.exp(-gate(i, h))) for i in (0, 1))
    n = np.tanh(gate(2, 0 * h) + r * (h @ weight[2, :, x.shape[1] :].T + bias[3]))
    return (1 - z) * n + z * h


def test_states_kept_by_training_functions_are_told() -> None:
    context = PassContext()
    x, mean = random(2, 3), random(3)
    (y,) = lift_call(
        "MeanSubtraction", [x], x.shape, [mean, np.full(1, 3)], context, base_axis=1, update_running_mean=True
    )
    close(y, x - (mean + (x.mean(0) - mean) / 4))
    assert "updates its mean" in context.diagnostics.warnings[0].message


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk", [(2, 3), (3, 4)]),
        ("...i->i...", [(2, 3, 4)]),
        ("a...,...b->ab...", [(2, 5), (5, 3)]),
        ("ii", [(3, 3)]),
    ],
)
def test_einsum_equations(equation: str, shapes: list[tuple[int, ...]]) -> None:
    arrays = [random(*shape) for shape in shapes]
    expected = np.einsum(equation, *arrays)
    (y,) = lift_call("Einsum", arrays, [expected.shape], equation=equation)
    close(y, expected)


@pytest.mark.parametrize("with_out", [True, False])
def test_of_equal_indices_the_last_one_is_written(with_out: bool) -> None:
    indices = np.array([[0, 2, -3, 0], [1, 0, 1, 1]], np.float32)  # three of them are (0, 1)
    data, out = random(4, 5), random(3, 2, 5)
    expected = out.copy() if with_out else np.zeros((3, 2, 5))
    for vector, row in zip(indices.T.astype(int), data, strict=True):
        expected[tuple(vector)] = row
    inputs = [data, indices, out] if with_out else [data, indices]
    close(lift_call("ScatterNd", inputs, (3, 2, 5), shape=(3, 2, 5))[0], expected)
    added = out.copy() if with_out else np.zeros((3, 2, 5))
    np.add.at(added, tuple(indices.astype(int)), data)
    close(lift_call("ScatterNd", inputs, (3, 2, 5), shape=(3, 2, 5), add=True)[0], added)
