"""What inference says is what evaluation gives, for every operation; and less knowledge never makes it wrong."""

from collections.abc import Sequence

import nn_samples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncc.ir import Op, TensorType, VerifyError, as_dense
from nncc.ir.dialects import nn
from nncc.ir.opdef import Trait, registered_ops
from nncc.ir.types import F32

# What these need to know of an operand, they refuse not to know: the shape of a kernel, the length of index
# vectors, the number of pieces.
NEED_STATIC = {
    **dict.fromkeys(("nn.conv", "nn.conv_transpose", "nn.deform_conv", "nn.gather_nd", "nn.scatter_nd"), 1),
    "nn.dynamic_split": 1,
}
# What of these has a size that depends on the data, inference cannot know.
DATA_DEPENDENT = {"nn.compress", "nn.loop", "nn.non_max_suppression", "nn.non_zero", "nn.unique"}
# These have, too, unless the operands that say it are constants.
DYNAMIC = {n for n in nn_samples.sampled_names() if n.startswith("nn.dynamic_")} | {"nn.dft", "nn.fill", "nn.range"}


DEFINITIONS = [d for d in registered_ops("nn") if Trait.TERMINATOR not in d.traits]


def test_every_operation_has_a_sample_generator() -> None:
    assert nn_samples.sampled_names() == [d.name for d in DEFINITIONS]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)
def test_a_definition_is_complete(definition: type) -> None:
    class_name = "".join(part.capitalize() for part in definition.name.removeprefix("nn.").split("_"))
    assert getattr(nn, class_name) is definition and class_name in nn.__all__
    assert definition.is_inferable() and definition.is_evaluable()
    assert Trait.PURE in definition.traits
    assert "__doc__" in vars(definition) and definition.__doc__


@pytest.mark.parametrize("name", nn_samples.sampled_names())
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_inferred_types_are_those_of_the_evaluated_arrays(name: str, data: st.DataObject) -> None:
    sample = data.draw(nn_samples.sample(name))
    op = sample.build()
    op.verify()
    if name in DYNAMIC:
        _tell_sizes(op, sample.operands)
    results = sample.evaluate()
    assert [r.dtype for r in results] == [v.tensor.storage.dtype for v in op.results]
    for array, value in zip(results, op.results, strict=True):
        if name in DATA_DEPENDENT:
            value.type = value.tensor.with_shape(
                tuple(d or n for d, n in zip(value.tensor.dims, array.shape, strict=True))
            )
        assert array.shape == value.tensor.shape


@pytest.mark.parametrize("name", nn_samples.sampled_names())
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_inference_from_less_is_never_wrong(name: str, data: st.DataObject) -> None:
    """Dimensions become symbols (one for each number, so that equal names are equal sizes) or unknown."""
    sample = data.draw(nn_samples.sample(name))
    exact = [r.shape for r in sample.evaluate()]
    types = [t if i == NEED_STATIC.get(name) else _less_known(data, t) for i, t in enumerate(sample.types)]
    op = sample.build(types)
    op.verify()
    if name in DYNAMIC and data.draw(st.booleans()):
        _tell_sizes(op, sample.operands)
    assert len(op.results) == len(exact)
    for value, shape in zip(op.results, exact, strict=True):
        if value.tensor.shape is not None:
            assert len(value.tensor.shape) == len(shape)
            known = zip(value.tensor.shape, shape, strict=True)
            assert all(d is None or d == n or d == f"n{n}" for d, n in known), (op.attributes, types, value.type, shape)


def _tell_sizes(op: Op, operands: Sequence[np.ndarray | None]) -> None:
    """Make the operands that sizes depend on constants, and infer the types anew."""
    for i, array in enumerate(operands):
        if array is not None and (i > 0 or op.name in ("nn.fill", "nn.range")):
            op.set_operand(i, nn.Constant(value=as_dense(array)).result)
    for value, type in zip(op.results, op.inferred_types(), strict=True):
        value.type = type


def _less_known(data: st.DataObject, type: TensorType | None) -> TensorType | None:
    if type is None:
        return None
    if data.draw(st.integers(0, 9)) == 0:
        return type.with_shape(None)
    kinds = [data.draw(st.sampled_from("nnsu")) for _ in type.dims]
    pairs = zip(kinds, type.dims, strict=True)
    return type.with_shape(tuple({"n": d, "s": f"n{d}", "u": None}[kind] for kind, d in pairs))


@pytest.mark.parametrize(
    ("shape", "target", "expected"),
    [
        (("N", 4, 4), (-1, 16), ("N", 16)),
        (("N", 4, 4), (0, 16), ("N", 16)),
        (("N", 4, 4), (0, -1), ("N", 16)),
        (("N", 16), (-1, 4, 4), ("N", 4, 4)),
        (("N", 16), (-1, 4), (None, 4)),
        (("N", 3, "T", 2), (0, 6, 0), ("N", 6, "T")),
        (("N", 3, "T", 2), (0, 5, 0), None),
        (("N", 6, "T"), (0, -1, 0), ("N", 6, "T")),
        ((None, 4, 4), (-1, 16), (None, 16)),
        ((None, 4, 4), (0, -1), (None, 16)),
        ((2, 3, 4), (4, -1), (4, 6)),
        ((), (1, 1), (1, 1)),
    ],
)
def test_reshape_keeps_symbols_where_it_can(shape: tuple, target: tuple, expected: tuple | None) -> None:
    sample = nn_samples.Sample("nn.reshape", (np.zeros(1),), (TensorType(shape, F32),), {"shape": target})
    if expected is None:
        with pytest.raises(VerifyError):
            sample.build()
    else:
        assert sample.build().result.tensor.shape == expected
