"""Writing a program in C: a folder with a header, the source, the weights, an example, a test and a Makefile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ...ir import Module
from ...ir.types import Array
from ..c_text import array_definition, identifier
from . import texts, weights
from .program import Program, build_program

SEED = 0
"""Of the inputs of the test."""


def save(module: Module, target: str | os.PathLike[str], external_data: bool = False) -> None:
    """Write the main function of a module in the c dialect, laid out by ``plan-memory``, into the folder ``target``.

    The folder is made. It gets ``NAME.h`` and ``NAME.c``, where NAME is the name of the folder as an identifier,
    ``NAME_weights.h``, an example and a test with a ``main`` each, and a ``Makefile``. The weights are constant arrays
    in ``NAME_weights.c``; with ``external_data`` the contents of ``NAME_weights.bin``, which the program is given. The
    test holds inputs and the outputs that the module gives for them.

    Raises CompileError for operations and element types that have no kernel, OSError.
    """
    folder = Path(target)
    program = build_program(module, identifier(folder.resolve().name).lower(), external_data)
    folder.mkdir(parents=True, exist_ok=True)
    name = program.name
    files: dict[str, Iterable[str]] = {
        f"{name}.h": [texts.header(program)],
        f"{name}.c": [texts.source(program)],
        f"{name}_weights.h": [weights.header(program)],
        f"{name}_example.c": [texts.example(program)],
        f"{name}_test.c": _test(module, program),
        "Makefile": [texts.makefile(program)],
    }
    if external_data:
        weights.write_file(program, folder / weights.file_name(program))
    else:
        files[f"{name}_weights.c"] = weights.source(program)
    for path, pieces in files.items():
        with (folder / path).open("w", encoding="utf-8") as file:
            file.writelines(pieces)


def _test(module: Module, program: Program) -> Iterator[str]:
    inputs, outputs = _examples(module)
    yield texts.test_head(program)
    for ports, arrays, what in ((program.inputs, inputs, "input"), (program.outputs, outputs, "expected")):
        for port in ports if arrays else ():
            stored = np.asarray(arrays[port.name], port.type.storage.dtype)
            yield from array_definition(f"static const {port.c_type} {what}_{port.word}", stored, port.c_type)
    yield texts.test_body(program, runs=bool(outputs))


def _examples(module: Module) -> tuple[dict[str, Array], dict[str, Array]]:
    """Inputs and their outputs: zeros where other indices are out of range. No outputs where these are, too."""
    chosen = test_inputs(module)
    for inputs in (chosen, {name: np.zeros_like(array) for name, array in chosen.items()}):
        try:
            return inputs, module.evaluate(inputs)
        except IndexError:
            continue
    return inputs, {}


def test_inputs(module: Module) -> dict[str, Array]:
    """Inputs for the test: real numbers from a normal distribution, small integers, booleans."""
    rng = np.random.default_rng(SEED)
    found: dict[str, Array] = {}
    for name, value in zip(module.main.input_names, module.main.inputs, strict=True):
        type = value.tensor
        if type.storage.is_float:
            array: Array = rng.standard_normal(type.static_shape)
        else:
            low, high = (0, 2) if type.storage.is_bool else type.storage.limits if type.storage.bits == 8 else (0, 4)
            array = rng.integers(low, high, type.static_shape)
        found[name] = array.astype(type.storage.dtype)
    return found
