"""Convolutions and pools of ONNX, in every opset, with the numbers of onnxruntime."""

from typing import Any

import numpy as np
import pytest
from onnx_models import in_onnxruntime, judge, lifted, node_model, numbers

from nncc.ir import CompileError

LENGTHS = (11, 10, 7)


@pytest.mark.parametrize("opset", [7, 10, 11, 22])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("open_dims", [(), (0, 2)], ids=["static", "open"])
def test_conv(opset: int, rank: int, auto_pad: str, open_dims: tuple[int, ...]) -> None:
    x, weight, bias = numbers(2, 4, *LENGTHS[:rank]), numbers(6, 2, *(3, 2, 3)[:rank]), numbers(6)
    how: dict[str, Any] = {"pads": (1, 2, 0, 0, 1, 1)[: 2 * rank]} if auto_pad == "NOTSET" else {"auto_pad": auto_pad}
    judge(
        "Conv",
        [x, weight, bias],
        opset=opset,
        group=2,
        strides=(2,) * rank,
        open_dims=open_dims,
        constants=(1, 2),
        **how,
    )


def test_conv_with_dilations_and_all_sizes_open() -> None:
    x, weight = numbers(1, 3, 17, 13), numbers(4, 3, 3, 3)
    how: dict[str, Any] = {"dilations": (2, 1), "open_dims": (0, 2, 3), "constants": (1,), "opset": 13}
    judge("Conv", [x, weight], pads=(2, 1, 2, 1), **how)


@pytest.mark.parametrize(("auto_pad", "pads"), [("SAME_UPPER", (1, 1, 2, 2)), ("SAME_LOWER", (2, 2, 1, 1))])
@pytest.mark.parametrize("open_dims", [(), (2, 3)], ids=["static", "open"])
def test_same_pads_count_the_holes_of_windows(auto_pad: str, pads: tuple[int, ...], open_dims: tuple[int, ...]) -> None:
    """As the operators are defined; onnxruntime refuses this for Conv and forgets the holes for MaxPool."""
    x, weight = numbers(1, 3, 16, 16), numbers(4, 3, 3, 3)
    windows: dict[str, Any] = {"strides": (2, 2), "dilations": (2, 2), "opset": 13}
    for operator, operands, kernel in (("Conv", [x, weight], {}), ("MaxPool", [x], {"kernel_shape": (3, 3)})):
        explicit = in_onnxruntime(node_model(operator, operands, pads=pads, **windows, **kernel), operands)
        judge(operator, operands, expected=explicit, auto_pad=auto_pad, open_dims=open_dims, **windows, **kernel)


def test_conv_with_weights_as_inputs() -> None:
    judge("Conv", [numbers(1, 3, 9), numbers(4, 3, 3), numbers(4)], opset=13, kernel_shape=(3,))


@pytest.mark.parametrize("opset", [7, 11, 22])
@pytest.mark.parametrize(
    "how",
    [
        {"pads": (1, 0, 0, 1), "output_padding": (1, 0)},
        {"auto_pad": "SAME_UPPER"},
        {"auto_pad": "SAME_LOWER"},
        {"auto_pad": "VALID"},
        {"output_shape": (10, 9)},
        {"output_shape": (9, 8), "output_padding": (1, 1)},
    ],
    ids=str,
)
def test_conv_transpose(opset: int, how: dict[str, Any]) -> None:
    x, weight, bias = numbers(2, 4, 5, 4), numbers(4, 3, 3, 3), numbers(6)
    judge("ConvTranspose", [x, weight, bias], opset=opset, group=2, strides=(2, 2), **how)


@pytest.mark.parametrize("rank", [1, 3])
def test_conv_transpose_of_other_ranks(rank: int) -> None:
    x, weight = numbers(1, 2, *LENGTHS[:rank]), numbers(2, 3, *(3, 2, 3)[:rank])
    judge("ConvTranspose", [x, weight], opset=13, strides=(2,) * rank, dilations=(2,) * rank, open_dims=(0, 2))


@pytest.mark.parametrize("groups", [1, 2])
def test_conv_integer(groups: int) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.integers(0, 256, (2, 4, 7, 6), np.uint8), rng.integers(0, 256, (6, 4 // groups, 3, 3), np.uint8)
    how: dict[str, Any] = {"opset": 10, "group": groups, "pads": (1, 1, 0, 0), "strides": (2, 1)}
    judge("ConvInteger", [x, weight, np.uint8(7), np.uint8(250)], **how)
    judge("ConvInteger", [x, weight], **how)


def test_deform_conv() -> None:
    x, weight, bias = numbers(2, 4, 7, 6), numbers(6, 2, 3, 3), numbers(6)
    offset, mask = numbers(2, 2 * 9 * 2, 4, 3), numbers(2, 2 * 9, 4, 3)
    how: dict[str, Any] = {"strides": (2, 2), "pads": (1, 1, 1, 1), "group": 2, "offset_group": 2}
    judge("DeformConv", [x, weight, offset, bias, mask], opset=19, tolerance=1e-4, **how)
    judge("DeformConv", [x, weight, offset], opset=22, tolerance=1e-4, **how)


POOLS: list[dict[str, Any]] = [
    {"kernel_shape": (3, 2), "strides": (2, 3), "pads": (1, 0, 1, 1)},
    {"kernel_shape": (3, 3), "strides": (2, 2), "auto_pad": "SAME_UPPER"},
    {"kernel_shape": (3, 3), "strides": (2, 2), "auto_pad": "SAME_LOWER"},
    {"kernel_shape": (2, 2), "strides": (3, 3), "auto_pad": "VALID"},
    {"kernel_shape": (3, 3)},
]
CEILED: list[dict[str, Any]] = [
    {"kernel_shape": (3, 3), "strides": (2, 2), "ceil_mode": 1},
    {"kernel_shape": (3, 2), "strides": (4, 4), "ceil_mode": 1, "pads": (1, 1, 1, 0)},
    {"kernel_shape": (2, 2), "strides": (3, 3), "ceil_mode": 1, "pads": (0, 0, 1, 1)},
]


@pytest.mark.parametrize("opset", [7, 8, 10, 11, 12, 22])
@pytest.mark.parametrize("how", POOLS, ids=str)
def test_max_pool(opset: int, how: dict[str, Any]) -> None:
    judge("MaxPool", [numbers(2, 3, 11, 10)], opset=opset, open_dims=(0,), **how)


@pytest.mark.parametrize("how", [*CEILED, *({**h, "dilations": (2, 1)} for h in POOLS[:1] + CEILED[:1])], ids=str)
def test_max_pool_with_ceil_mode_and_dilations(how: dict[str, Any]) -> None:
    judge("MaxPool", [numbers(2, 3, 11, 10)], opset=12, **how)


@pytest.mark.parametrize("how", [*POOLS, *CEILED], ids=str)
@pytest.mark.parametrize("storage_order", [0, 1])
def test_max_pool_with_indices(how: dict[str, Any], storage_order: int) -> None:
    judge("MaxPool", [numbers(2, 3, 11, 10)], opset=12, results=2, storage_order=storage_order, **how)


def test_max_pool_of_open_sizes() -> None:
    x = numbers(2, 3, 11, 10)
    for how in (POOLS[0], POOLS[1], POOLS[2], CEILED[0]):
        judge("MaxPool", [x], opset=12, open_dims=(0, 1, 2, 3), **how)
    with pytest.raises(CompileError, match="depend on an open size"):
        lifted(node_model("MaxPool", [x], opset=12, open_dims=(2, 3), **CEILED[2]))


def test_max_pool_of_integers() -> None:
    x = np.random.default_rng(0).integers(-128, 128, (1, 2, 7, 7)).astype(np.int8)
    judge("MaxPool", [x], opset=12, kernel_shape=(2, 2), pads=(1, 1, 1, 1))


@pytest.mark.parametrize("opset", [7, 10, 11, 19, 22])
@pytest.mark.parametrize("how", POOLS, ids=str)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool(opset: int, how: dict[str, Any], include: int) -> None:
    judge("AveragePool", [numbers(2, 3, 11, 10)], opset=opset, count_include_pad=include, open_dims=(0,), **how)


@pytest.mark.parametrize("how", CEILED[:2], ids=str)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool_with_ceil_mode(how: dict[str, Any], include: int) -> None:
    judge("AveragePool", [numbers(2, 3, 11, 10)], opset=19, count_include_pad=include, **how)


@pytest.mark.parametrize("how", [POOLS[0], POOLS[4]], ids=str)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool_with_dilations(how: dict[str, Any], include: int) -> None:
    x = numbers(2, 3, 11, 10)
    judge("AveragePool", [x], opset=19, count_include_pad=include, dilations=(2, 2), **how)


@pytest.mark.parametrize("how", POOLS[1:3], ids=str)
@pytest.mark.parametrize("include", [0, 1])
def test_average_pool_of_open_sizes(how: dict[str, Any], include: int) -> None:
    judge("AveragePool", [numbers(2, 3, 11, 10)], opset=19, count_include_pad=include, open_dims=(0, 1, 2, 3), **how)


def test_indices_refuse_pads_that_depend_on_open_sizes() -> None:
    model = node_model("MaxPool", [numbers(1, 1, 8, 8)], opset=11, results=2, open_dims=(2, 3), **POOLS[1])
    with pytest.raises(CompileError, match="auto_pad SAME_UPPER on open sizes"):
        lifted(model)


@pytest.mark.parametrize("opset", [7, 11, 18, 22])
@pytest.mark.parametrize("how", POOLS, ids=str)
@pytest.mark.parametrize("p", [1, 2, 3])
def test_lp_pool(opset: int, how: dict[str, Any], p: int) -> None:
    judge("LpPool", [numbers(2, 3, 11, 10)], opset=opset, p=p, open_dims=(0,), **how)


def test_lp_pool_with_dilations_and_ceil_mode() -> None:
    judge("LpPool", [numbers(2, 3, 11, 10)], opset=18, p=2, dilations=(2, 1), **POOLS[0])
    judge("LpPool", [numbers(2, 3, 11, 10)], opset=18, p=2, **CEILED[0])


@pytest.mark.parametrize("opset", [1, 7, 22])
@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pools(opset: int, kind: str) -> None:
    x = numbers(2, 3, 5, 4)
    reduce = np.mean if kind == "GlobalAveragePool" else np.max
    judge(kind, [x], opset=opset, expected=[reduce(x, (2, 3), keepdims=True)], open_dims=(0, 2, 3))


@pytest.mark.parametrize(("opset", "p"), [(1, 3.0), (2, 3), (22, 1)])
def test_global_lp_pool(opset: int, p: float) -> None:
    x = numbers(2, 3, 5, 4)
    expected = (np.abs(x.astype(np.float64)) ** p).sum((2, 3), keepdims=True) ** (1 / p)
    judge("GlobalLpPool", [x], opset=opset, p=p, expected=[expected.astype(np.float32)])


@pytest.mark.parametrize("opset", [9, 11, 22])
def test_max_unpool(opset: int) -> None:
    x = numbers(1, 2, 3, 3)
    indices = np.arange(18).reshape(1, 2, 3, 3) * 4
    judge("MaxUnpool", [x, indices], opset=opset, kernel_shape=(2, 2), strides=(2, 2))


def test_max_unpool_with_output_shape() -> None:
    """Indices are those of the smaller tensor (onnxruntime takes them for those of the larger one)."""
    x, indices = np.float32([[[[5, 6], [7, 8]]]]), np.array([[[[5, 7], [13, 15]]]])
    expected = np.zeros((1, 1, 5, 5), np.float32)
    expected[0, 0, [1, 1, 3, 3], [1, 3, 1, 3]] = 5, 6, 7, 8
    for constants in ((), (2,)):
        operands = [x, indices, np.array([1, 1, 5, 5])]
        how: dict[str, Any] = {"kernel_shape": (2, 2), "strides": (2, 2), "constants": constants}
        judge("MaxUnpool", operands, opset=11, expected=[expected], **how)


@pytest.mark.parametrize(
    ("operator", "operands", "how", "message"),
    [
        ("Conv", [numbers(1, 2, 5, 5), numbers(3, 2, 3, 3)], {"kernel_shape": (5, 5)}, "has kernel_shape (5, 5) and"),
        ("Conv", [numbers(1, 2, 5, 5), numbers(3, 2, 3, 3)], {"auto_pad": "SAME"}, "unknown auto_pad 'SAME'"),
        (
            "ConvTranspose",
            [numbers(1, 2, 5), numbers(2, 2, 2)],
            {"auto_pad": "SAME_UPPER", "strides": (3,)},
            "longer than what its kernels reach",
        ),
        ("MaxPool", [numbers(1, 2, 2, 2)], {"kernel_shape": (3, 3)}, "windows that fit"),
        (
            "ConvTranspose",
            [numbers(1, 2, 5, 5), numbers(2, 2, 3, 3)],
            {"output_shape": (20, 7)},
            "longer than what its kernels reach",
        ),
    ],
)
def test_what_does_not_fit_is_refused(operator: str, operands: list, how: dict[str, Any], message: str) -> None:
    with pytest.raises(CompileError) as caught:
        lifted(node_model(operator, operands, opset=13, **how))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("operator", "how"),
    [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})],
    ids=["max", "average", "average of pads, too"],
)
@pytest.mark.parametrize("shape", [(1, 2, 8, 7), (1, 2, 7, 1)], ids=str)
def test_halved_images_of_open_size_need_no_computed_pads(
    operator: str, how: dict[str, int], shape: tuple[int, ...]
) -> None:
    x = numbers(*shape)
    windows: dict[str, Any] = {"kernel_shape": (2, 2), "strides": (2, 2), "auto_pad": "SAME_UPPER", **how}
    judge(operator, [x], opset=17, open_dims=(2, 3), **windows)
    names = [op.name for op in lifted(node_model(operator, [x], opset=17, open_dims=(2, 3), **windows)).walk()]
    assert ("nn.dynamic_pad" in names) == bool(how)
