"""Running frozen graphs in TensorFlow, which is imported where it is first needed."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncc.backends.tf import frozen
from nncc.ir import Module
from nncc.ir.passes import PassContext
from nncc.lowering.tf.expand import ExpandForTf
from nncc.lowering.tf.lower import LowerToTf
from nncc.passes.channel_last import ChannelLast
from nncc.passes.fold_constants import FoldConstants
from nncc.passes.unroll_rnn import UnrollRnn

Array = np.ndarray
Arrays = Mapping[str, Array]

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed: it is the extra nncc[tf]"
)
"""Looks for TensorFlow without starting it: collecting tests takes no seconds."""


class Late:
    """A module of TensorFlow that is imported when something of it is asked for."""

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get(), name)


@functools.cache
def tensorflow() -> Any:
    """TensorFlow, without its messages and without a GPU."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    import tensorflow

    return tensorflow


def lower(module: Module) -> Module:
    """A copy of a module in nn, in the tf dialect; ports keep their layout."""
    lowered = module.clone_module()
    context = PassContext()
    for step in (UnrollRnn(), FoldConstants(), ChannelLast(io="keep"), ExpandForTf(), FoldConstants(), LowerToTf()):
        step.run(lowered, context)
    return lowered


def write(module: Module, path: Path) -> Path:
    """The frozen graph of a module in nn."""
    frozen.save(lower(module), path)
    return path


def run(path: Path, inputs: Arrays, outputs: Sequence[str]) -> dict[str, Array]:
    """The outputs of a frozen graph by name."""
    v1 = tensorflow().compat.v1
    definition = v1.GraphDef.FromString(path.read_bytes())
    graph = tensorflow().Graph()
    with graph.as_default():
        v1.import_graph_def(definition, name="")
    settings = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with v1.Session(graph=graph, config=settings) as session:
        found = session.run([f"{name}:0" for name in outputs], {f"{k}:0": v for k, v in inputs.items()})
    return dict(zip(outputs, found, strict=True))
