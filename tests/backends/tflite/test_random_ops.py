"""Random instances of every nn operation, through every stage and LiteRT with XNNPACK and without."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from litert import check
from nn_samples import Sample, sample, sampled_names

from nncc.ir import CompileError, Module, TensorType, element

EXAMPLES = 8
DYNAMIC = {n for n in sampled_names() if n.startswith("nn.dynamic_") and n != "nn.dynamic_resize"}
"""What has sizes that operands say (another pass makes these static)."""
REFUSED = DYNAMIC | {
    *("nn.range", "nn.fill"),
    *("nn.bitwise_and", "nn.bitwise_or", "nn.rnn", "nn.lstm", "nn.gru"),
    *("nn.bitcast", "nn.unique", "nn.non_max_suppression"),
}
"""What TFLite cannot express (recurrences become loops in another pass)."""
OTHER = {"nn.constant", "nn.dequantize", "nn.quantize", "nn.fake_quantize", "nn.storage_cast"}
"""What has no real operand, or is tested with quantized models."""
DTYPES = {np.dtype(t) for t in (np.float32, np.int32, np.int64, np.int8, np.bool_)}
PARAMETRIZED = tuple(f"nn.{n}" for n in ("conv", "conv_transpose", "affine", "batch_norm", "layer_norm", "prelu"))
CONSTANT_OPERANDS = {
    **{name: range(1, 9) for name in PARAMETRIZED},
    "nn.dft": [1],  # the length has to be known
    "nn.dynamic_resize": [1, 2, 3],
    "nn.loop": [0, 1],  # how high its stacks are
    # Kernels stop at negative indices; those that are constant are counted from the front.
    **{f"nn.{name}": [1] for name in ("gather", "gather_nd", "gather_elements", "scatter_nd", "scatter_elements")},
}
EXPECTED_REFUSALS = (
    "elements, which TFLite's",
    "gives f64 elements",
    "TFLite has no operation for 'nn.einsum'",  # a diagonal, or a dimension of 1 that stands for others
    "shifts to the left",
    "TFLite has no operation for 'nn.roi_align'",  # of maxima, or of a computed number of points
)


def is_defined(drawn: Sample) -> bool:
    """Whether the operation has one right result, of a type that LiteRT's Python interface takes."""
    arrays = [a for a in drawn.operands if a is not None]
    if any(a.dtype not in DTYPES for a in arrays):
        return False
    if drawn.name in ("nn.non_zero", "nn.compress"):
        return bool(np.any(arrays[-1]))  # it cannot give a tensor without elements
    return drawn.is_defined_for_integers()


@pytest.mark.parametrize("name", sorted(set(sampled_names()) - REFUSED - OTHER))
def test_numbers_are_kept(name: str, tmp_path: Path) -> None:
    try_instances(name, tmp_path)


@pytest.mark.parametrize("name", PARAMETRIZED)
def test_weights_may_be_computed(name: str, tmp_path: Path) -> None:
    try_instances(name, tmp_path, computed=True)


def try_instances(name: str, folder: Path, computed: bool = False) -> None:
    """Random instances of an operation keep their numbers, or are refused for a reason that is expected."""
    ran = 0

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name).filter(is_defined))
    def run(drawn: Sample) -> None:
        nonlocal ran
        module, inputs = drawn.module(() if computed else CONSTANT_OPERANDS.get(name, ()))
        if any(0 in r.tensor.dims for op in module.main.body for r in op.results):
            return  # tensors without elements have no buffers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, at infinities
            try:
                check(module, inputs, folder)
            except CompileError as error:
                assert any(text in str(error) for text in EXPECTED_REFUSALS), error
            else:
                ran += 1

    run()
    assert ran, f"no instance of {name} was run"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_expressed_is_refused(name: str, tmp_path: Path) -> None:
    @settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sample(name).filter(is_defined))
    def run(drawn: Sample) -> None:
        module, inputs = drawn.module(CONSTANT_OPERANDS.get(name, ()))
        with pytest.raises(CompileError, match=f"TFLite has no operation for '{name}'"):
            check(module, inputs, tmp_path)

    run()


def scattered(name: str, reduction: str, dtype: type) -> tuple[Module, dict[str, np.ndarray]]:
    """A scattering to constant places, some of them counted from the end."""
    x, places, updates = np.arange(6).reshape(2, 3).astype(dtype), np.array([[-1, 0, -2]]), np.array([[9, 8, 7]], dtype)
    places = places if name == "nn.scatter_elements" else places[:, :1]
    axis = {"axis": 0} if name == "nn.scatter_elements" else {}
    types = tuple(TensorType(a.shape, element(a.dtype)) for a in (x, places, updates))
    return Sample(name, (x, places, updates), types, {"reduction": reduction, **axis}).module(constant=[1])


@pytest.mark.parametrize("reduction", ["add", "mul", "min", "max", "none"])
@pytest.mark.parametrize("name", ["nn.scatter_elements", "nn.scatter_nd"])
def test_scattering_to_places_from_the_end(name: str, reduction: str, tmp_path: Path) -> None:
    check(*scattered(name, reduction, np.float32), tmp_path)


@pytest.mark.parametrize("reduction", ["mul", "min", "max"])
def test_scattering_i64_is_refused(reduction: str, tmp_path: Path) -> None:
    """Their limits, which the kernels would start with, are no floats."""
    with pytest.raises(CompileError, match="does not compute with"):
        check(*scattered("nn.scatter_nd", reduction, np.int64), tmp_path)
