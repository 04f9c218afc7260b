"""Writing a program for nnabla-c-runtime: a folder with the network, its parameters, an example and a makefile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...ir import Function, Module
from ..c_example import NOTE
from ..c_text import array_definition
from . import texts
from .program import Program, build_program, file_word
from .source import source


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the main function of a module in the nnb dialect, with buffers, into the folder ``target``, which is made.

    Files and functions are named as by NNabla's converter, after the network, or the folder where its name is not
    known: ``NAME_inference.h``, ``NAME_inference.c``, with parameters ``NAME_parameters.h`` and ``NAME_parameters.c``,
    ``NAME_example.c`` and ``GNUmakefile``.

    Raises CompileError for functions that the runtime has no code for and for elements other than float32, OSError.
    """
    folder = Path(target)
    name = file_word(network_name(module.main) or folder.resolve().name)
    program = build_program(module, name)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{name}_inference.h", [texts.header(program)])
    _write(folder / f"{name}_inference.c", source(program))
    if program.parameters:
        _write(folder / f"{name}_parameters.h", [texts.parameters_header(program)])
        _write(folder / f"{name}_parameters.c", _parameters(program))
    _write(folder / f"{name}_example.c", [texts.example(program)])
    _write(folder / "GNUmakefile", [texts.makefile(program)])


def network_name(function: Function) -> str:
    """The name of the network in the file that the function was read from; empty where it has none."""
    return function.location.origins[0].scope if function.location.origins else ""


def _write(path: Path, pieces: Iterator[str] | list[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)


def _parameters(program: Program) -> Iterator[str]:
    """An array for each parameter, and the list of all, in the order of the variables."""
    yield f'{NOTE}\n#include <math.h>\n\n#include "{program.name}_parameters.h"\n'
    names = [f"{program.name}_parameter{number}" for number in program.parameter_numbers]
    for name, parameter in zip(names, program.parameters, strict=True):
        yield from array_definition(f"float {name}", parameter.value.read(), "float")
    yield f"\nvoid *{program.name}_parameters[{len(names)}] = {{\n"
    yield from (f"    {name},\n" for name in names)
    yield "};\n"
