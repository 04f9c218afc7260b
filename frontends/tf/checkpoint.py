"""Checkpoints with their graphs: ``m.ckpt.meta`` beside the variables, of version 1 (one file) or 2 (several)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...ir import CompileError, Location, UsageError
from .interface import Interface, check_nodes
from .runtime import errors_of, import_tensorflow

_REMEDY = "copy all files of the checkpoint beside each other"


def freeze_checkpoint(
    path: Path, inputs: Sequence[str] | str | None, outputs: Sequence[str] | str | None
) -> tuple[bytes, Interface]:
    """The serialized graph of a checkpoint with its variables as constants, and its ports.

    Raises CompileError for files that are missing or damaged, UsageError where inputs or outputs are not named: the
    graph of a training does not say which they are.
    """
    place = Location.at(str(path))
    if inputs is None or outputs is None:
        missing = " and ".join(n for n, v in (("--inputs", inputs), ("--outputs", outputs)) if v is None)
        raise UsageError(
            f"a checkpoint does not say which tensors the model takes and gives: {missing} must",
            place,
            "name nodes of the graph, as in --inputs x0 --outputs y0",
        )
    interface = Interface.of(inputs, outputs)
    prefix = _prefix(path)
    _check_files(prefix, place)
    tf = import_tensorflow(place)
    v1 = tf.compat.v1
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        with errors_of(place, "the graph of the checkpoint cannot be read", _REMEDY):
            saver = v1.train.import_meta_graph(f"{prefix}.meta", clear_devices=True)
        names = {node.name for node in graph.as_graph_def().node}
        check_nodes([*(interface.inputs or ()), *(interface.outputs or ())], names, place)
        if saver is not None:
            with errors_of(place, "the variables of the checkpoint cannot be read", _REMEDY):
                saver.restore(session, prefix)
        wanted = [port.tensor.node for port in interface.outputs or ()]
        with errors_of(place, "the variables cannot be frozen", "give --outputs that need none of training"):
            frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(add_shapes=True), wanted)
            return frozen.SerializeToString(), interface


def _prefix(path: Path) -> str:
    """What the names of all files of a checkpoint begin with."""
    return re.sub(r"\.(meta|index|data-\d+-of-\d+)$", "", str(path))


def _check_files(prefix: str, place: Location) -> None:
    """Raises CompileError where a file is missing; TensorFlow's own errors say so in many ways."""
    if not Path(f"{prefix}.meta").exists():
        reason = f"there is no '{Path(prefix).name}.meta', which holds the graph"
        raise CompileError(reason, place, "save it with tf.compat.v1.train.Saver, or export a SavedModel")
    if Path(prefix).is_file():
        return  # version 1: the variables are one file
    index = Path(f"{prefix}.index")
    if not index.exists():
        raise CompileError(f"there is no '{index.name}', which lists the variables", place, _REMEDY)
    shards = sorted(index.parent.glob(f"{index.stem}.data-*-of-*"))
    total = int(shards[0].name.rpartition("-")[2]) if shards else 1
    if len(shards) < total:
        missing = next(
            name
            for i in range(total)
            if not (index.parent / (name := f"{index.stem}.data-{i:05d}-of-{total:05d}")).exists()
        )
        raise CompileError(f"there is no '{missing}', a part of the variables", place, _REMEDY)
