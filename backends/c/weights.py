"""The weights of a program: constant arrays, or a file whose contents the program is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...ir.memory import aligned, byte_size
from ..c_example import NOTE
from ..c_text import array_definition, c_type, fill
from .program import Program

ALIGNMENT = 64
"""Arrays in the file begin at multiples of this many bytes."""


def source(program: Program) -> Iterator[str]:
    """The file of constant arrays."""
    yield f'#include "{program.name}_weights.h"\n\n#include <math.h>\n'
    for word, op in program.constants.items():
        type = c_type(op.value.type.storage)
        yield from array_definition(f"const {type} {_linked_name(program, word)}", op.value.numpy(), type)


def header(program: Program) -> str:
    """What the source needs to know of the weights: each has a name there, whatever it lies in."""
    guard = f"NNCC_{program.name.upper()}_WEIGHTS_H"
    lines = [NOTE, f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", ""]
    if program.weights_in_file:
        lines += [f"/* Where in {file_name(program)} each array begins, in bytes. */"]
        for word, offset in offsets(program).items():
            type = c_type(program.constants[word].value.type.storage)
            at = f"{program.name}_{word}_at".upper()
            lines.append(f"#define {at} {offset}")
            lines.append(f"#define {word} ((const {type} *)(const void *)(stored_weights + {at}))")
    else:
        for word, op in program.constants.items():
            name = _linked_name(program, word)
            lines.append(f"extern const {c_type(op.value.type.storage)} {name}[{max(op.value.type.size, 1)}];")
            lines.append(f"#define {word} {name}")
    return "\n".join([*lines, "", "#endif", ""])


def _linked_name(program: Program, word: str) -> str:
    """The name of an array that the linker sees: it begins with that of the model."""
    return f"{program.name}_{word}"


def file_name(program: Program) -> str:
    return f"{program.name}_weights.bin"


def offsets(program: Program) -> dict[str, int]:
    """Where each array begins in the file, in bytes."""
    found, end = {}, 0
    for word, op in program.constants.items():
        found[word] = aligned(end, ALIGNMENT)
        end = found[word] + byte_size(op.value.type)
    return found


def file_bytes(program: Program) -> int:
    """The size of the file."""
    begins = offsets(program)
    return max((begins[word] + byte_size(op.value.type) for word, op in program.constants.items()), default=0)


def write_file(program: Program, path: Path) -> None:
    """Write the file: the arrays with zeros between them, little-endian."""
    with path.open("wb") as file:
        for word, begin in offsets(program).items():
            file.write(bytes(begin - file.tell()))
            values = program.constants[word].value.numpy()
            np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tofile(file)


def init(program: Program) -> str:
    """The function that prepares the model."""
    if not program.weights_in_file:
        return f"int {program.name}_init(void)\n{{\n    return 0;\n}}\n"
    return (
        fill(
            """
        int ${name}_init(const void *weights)
        {
            if (weights == NULL || (uintptr_t)weights % 8 != 0) {
                return 1;
            }
            stored_weights = (const uint8_t *)weights;
            return 0;
        }
        """,
            name=program.name,
        )
        + "\n"
    )


def reader(program: Program) -> str:
    """What programs have that run the model: a function that reads the file, if there is one."""
    if not program.weights_in_file:
        return ""
    return (
        fill(
            """
        #ifndef WEIGHTS_FILE
        #define WEIGHTS_FILE "$file"
        #endif

        static uint64_t weights[${upper}_WEIGHTS_BYTES / 8 + 1];

        static int read_weights(void)
        {
            FILE *file = fopen(WEIGHTS_FILE, "rb");
            size_t count;
            if (file == NULL) {
                fprintf(stderr, "cannot read %s\\n", WEIGHTS_FILE);
                return 1;
            }
            count = fread(weights, 1, ${upper}_WEIGHTS_BYTES, file);
            fclose(file);
            return count != ${upper}_WEIGHTS_BYTES;
        }
        """,
            file=file_name(program),
            upper=program.name.upper(),
        )
        + "\n"
    )


def is_prepared(program: Program) -> str:
    """A condition of C that prepares the model, true where it is ready."""
    if program.weights_in_file:
        return f"read_weights() == 0 && {program.name}_init(weights) == 0"
    return f"{program.name}_init() == 0"
