"""Running TFLite files in LiteRT, with XNNPACK and without, and comparing with the interpreter of the IR."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nncc.backends.tflite import save
from nncc.ir import Module
from nncc.ir.passes import Pass, PassContext
from nncc.lowering.tfl.expand import ExpandForTfl
from nncc.lowering.tfl.lower import LowerToTfl
from nncc.passes.canonicalize import Canonicalize
from nncc.passes.channel_last import ChannelLast
from nncc.passes.eliminate_common_subexpressions import EliminateCommonSubexpressions
from nncc.passes.eliminate_dead_code import EliminateDeadCode
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.fold_scales import FoldScales
from nncc.passes.fuse_activations import FuseActivations

Array = np.ndarray
Arrays = Mapping[str, Array]


@functools.cache
def _runtime() -> Any:
    from ai_edge_litert import interpreter

    return interpreter


def open_model(path: Path, xnnpack: bool) -> Any:
    """LiteRT's interpreter for a file, with its default delegate (XNNPACK) or with the builtin kernels alone."""
    kinds = _runtime().OpResolverType
    kind = kinds.AUTO if xnnpack else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    return _runtime().Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kind)


def run(path: Path, inputs: Arrays, xnnpack: bool) -> dict[str, Array]:
    """The outputs by name."""
    return _outputs(open_model(path, xnnpack), inputs)


def run_reference(path: Path, inputs: Arrays) -> dict[str, Array]:
    """The outputs of TensorFlow Lite's reference kernels by name. ELU, CEIL and ROUND have none."""
    kind = _runtime().OpResolverType.BUILTIN_REF
    return _outputs(_runtime().Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kind), inputs)


def _outputs(model: Any, inputs: Arrays) -> dict[str, Array]:
    runner = model.get_signature_runner("serving_default")
    # Inputs that nothing uses may be no inputs of the signature runner, as the runtime decides.
    return runner(**{name: inputs[name] for name in runner.get_input_details()})


def op_names(path: Path) -> list[str]:
    """The operators of a file, in order."""
    model = open_model(path, xnnpack=False)
    return [d["op_name"] for d in model._get_ops_details()]


def passes(optimize: bool) -> list[Pass]:
    """From nn to tfl: the fewest passes, or all that the pipelines use."""
    if not optimize:
        return [ChannelLast(io="keep"), ExpandForTfl(), FoldConstants(), LowerToTfl()]
    tidy: list[Pass] = [Canonicalize(), FoldScales(), Canonicalize(), FoldConstants(), EliminateCommonSubexpressions()]
    form = [ChannelLast(io="keep"), Canonicalize(), ExpandForTfl(), *tidy, FuseActivations(), EliminateDeadCode()]
    return [*form, LowerToTfl()]


def lower(module: Module, optimize: bool = True) -> Module:
    """A copy of an nn module as ``tfl``; its ports keep their layout."""
    copy = module.clone_module()
    for step in passes(optimize):
        step.run(copy, PassContext())
    return copy


def assert_close(got: Arrays, wanted: Arrays, what: str, tolerance: float = 2e-5) -> None:
    """Fails unless the arrays have equal shapes and types, and equal numbers within tolerance * (1 + their size)."""
    for name, want in wanted.items():
        have = got[name]
        assert have.shape == want.shape, f"{what}: {name} has shape {have.shape}, expected {want.shape}"
        assert have.dtype == want.dtype, f"{what}: {name} is {have.dtype}, expected {want.dtype}"
        if want.dtype.kind == "f":
            finite = np.abs(want[np.isfinite(want)])
            size = float(finite.max(initial=0.0))
            np.testing.assert_allclose(have, want, rtol=1e-4, atol=tolerance * (1 + size), err_msg=f"{what}: {name}")
        else:
            np.testing.assert_array_equal(have, want, err_msg=f"{what}: {name}")


def check(module: Module, inputs: Arrays, folder: Path, **tolerance: float) -> Path:
    """Lower an nn module; the numbers of its own, of the tfl stage and of LiteRT both ways have to be the same."""
    wanted = module.evaluate(inputs)
    plain = lower(module, optimize=False)
    assert_close(plain.evaluate(inputs), wanted, "tfl stage, not optimized", **tolerance)
    lowered = lower(module)
    assert_close(lowered.evaluate(inputs), wanted, "tfl stage", **tolerance)
    path = folder / "model.tflite"
    save(lowered, path)
    for xnnpack in (True, False):
        assert_close(run(path, inputs, xnnpack), wanted, "XNNPACK" if xnnpack else "builtin kernels", **tolerance)
    return path
