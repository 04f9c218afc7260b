"""The pass ``propagate-dataset``: representative data for what comes behind a model."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np

from ..ir import CompileError, Module
from ..ir.interpreter import evaluate
from ..ir.passes import Pass, PassContext, option
from ..ir.ports import from_ports
from ..ir.types import Array
from .calibrate import find_dataset
from .dataset import BoundDataset
from .samples import MemorySamples


@attrs.define
class PropagateDataset(Pass, name="propagate-dataset"):
    """Run the model on the representative data, and let its outputs be the data from here on.

    What calibrates a part of a model is what the functions before it make of the data of the whole: ``nncc --split``
    runs them with this pass. The model itself stays as it is. Samples are read a batch at a time; a last batch that
    they do not fill is filled up with the first ones again. The outputs are kept in memory, or with ``folder`` in
    files.

        x = [s0, s1, ...]       %y = "nn.relu"(%x)       →       y = [relu(s0), relu(s1), ...]

    Raises CompileError where the shape of an output depends on the data.
    """

    consumes = frozenset({"nn"})

    folder: str = option("", "a folder for the outputs, where they must stay as long as they are used; else in memory")

    def run(self, module: Module, context: PassContext) -> bool:
        data = find_dataset(module.main, context)
        batches = data.bind(module.main)
        folder = context.base_folder / self.folder if self.folder else None
        arrays = {name: MemorySamples(f"'{name}'", a) for name, a in _outputs(batches, folder, context).items()}
        context.dataset = attrs.evolve(data, arrays=arrays, nameless=None)
        self.counts["batches"] += len(batches)
        return False


def _outputs(batches: BoundDataset, folder: Path | None, context: PassContext) -> dict[str, Array]:
    """The outputs of a function for all batches by name, samples along the first dimension."""
    function = batches.function
    arrays: dict[str, Array] = {}
    for done, inputs in enumerate(batches):
        context.report_progress("propagate-dataset", done, len(batches))
        for name, output in from_ports(function, evaluate(function, inputs)).items():
            rows = np.atleast_1d(output)
            if name not in arrays:
                file = folder / f"{len(arrays)}.npy" if folder else None
                arrays[name] = _allocate(file, (len(batches) * rows.shape[0], *rows.shape[1:]), rows)
            place = arrays[name][done * rows.shape[0] : (done + 1) * rows.shape[0]]
            if place.shape != rows.shape:
                raise CompileError(
                    f"the shape of '{name}' depends on the data, so it cannot be data for what follows",
                    function.location,
                    "split elsewhere, or give no --dataset",
                )
            place[...] = rows
    context.report_progress("propagate-dataset", len(batches), len(batches))
    return arrays


def _allocate(file: Path | None, shape: tuple[int, ...], like: Array) -> Array:
    if file is None:
        return np.empty(shape, like.dtype)
    return np.lib.format.open_memmap(file, "w+", like.dtype, shape)
