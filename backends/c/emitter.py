"""Writing a program in C: a folder with a header, the source, the weights, an example, a test and a Makefile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...ir import Module
from ...ir.types import Array
from ..c_text import array_lines, c_type, identifier
from . import texts
from .program import Program, build_program

SEED = 0
"""Of the inputs of the test."""


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the main function of a module in the c dialect, laid out by ``plan-memory``, into the folder ``target``.

    The folder is made. It gets ``NAME.h`` and ``NAME.c``, where NAME is the name of the folder as an identifier,
    ``NAME_weights.c``, an example and a test with a ``main`` each, and a ``Makefile``. The test holds inputs and the
    outputs that the module gives for them.

    Raises CompileError for operations and element types that have no kernel, OSError.
    """
    folder = Path(target)
    program = build_program(module, identifier(folder.resolve().name).lower())
    folder.mkdir(parents=True, exist_ok=True)
    name = program.name
    (folder / f"{name}.h").write_text(texts.header(program), encoding="utf-8")
    (folder / f"{name}.c").write_text(texts.source(program), encoding="utf-8")
    with (folder / f"{name}_weights.c").open("w", encoding="utf-8") as file:
        file.writelines(_weights(program))
    (folder / f"{name}_weights.h").write_text(texts.weights_header(program), encoding="utf-8")
    (folder / f"{name}_example.c").write_text(texts.example(program), encoding="utf-8")
    with (folder / f"{name}_test.c").open("w", encoding="utf-8") as file:
        file.writelines(_test(module, program))
    (folder / "Makefile").write_text(texts.makefile(program), encoding="utf-8")


def _weights(program: Program) -> Iterator[str]:
    yield f'#include "{program.name}_weights.h"\n\n#include <math.h>\n'
    for word, op in program.constants.items():
        kind = c_type(op.value.type.storage)
        yield from _array(f"const {kind} {texts.weight_name(program, word)}", op.value.numpy(), kind)


def _array(declaration: str, array: Array, kind: str) -> Iterator[str]:
    yield f"\n{declaration}[{max(array.size, 1)}] = {{\n"
    for line in array_lines(array, kind) or ["0,"]:
        yield f"    {line}\n"
    yield "};\n"


def _test(module: Module, program: Program) -> Iterator[str]:
    inputs = test_inputs(module)
    outputs = module.evaluate(inputs)
    yield texts.test_head(program)
    for ports, arrays, what in ((program.inputs, inputs, "input"), (program.outputs, outputs, "expected")):
        for port in ports:
            stored = np.asarray(arrays[port.name], port.type.storage.dtype)
            yield from _array(f"static const {port.c_type} {what}_{port.word}", stored, port.c_type)
    yield texts.test_body(program)


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
