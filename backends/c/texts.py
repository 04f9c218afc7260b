"""The files of a program in C, as texts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..c_example import NOTE, Calls
from ..c_example import example as example_text
from ..c_text import c_type, fill
from .helpers import helpers_in
from .program import Port, Program


def weight_name(program: Program, word: str) -> str:
    """The name of a weight in the program: it is seen by the linker, so it begins with that of the model."""
    return f"{program.name}_{word}"


def _shape(port: Port) -> str:
    return " x ".join(map(str, port.type.static_shape)) or "one number"


def header(program: Program) -> str:
    """The header: how to run the model."""
    upper = program.name.upper()
    return (
        fill(
            """
        $note
        #ifndef NNCC_$upper_H
        #define NNCC_$upper_H

        #include <stddef.h>
        #include <stdint.h>

        #ifdef __cplusplus
        extern "C" {
        #endif

        /*
         * How to run the model: write the inputs, call $name_run(), read the outputs.
         * Inputs stay as they are; outputs are good until the next run. The model has one memory, so it runs once at a
         * time.
         */

        /* Bytes of the memory that inputs, outputs and what lies between them share. */
        #define $upper_ARENA_BYTES $arena

        #define $upper_INPUTS $input_count
        #define $upper_OUTPUTS $output_count

        $ports
        /* Prepare the model. Gives 0, or another number where it cannot run. */
        int $name_init(void);

        /* Compute the outputs of the inputs. Gives 0, or another number where that failed. */
        int $name_run(void);

        /* Inputs and outputs by number, for programs that do not know their types; NULL if there is no such. */
        void *$name_input(int index);
        const void *$name_output(int index);
        size_t $name_input_bytes(int index);
        size_t $name_output_bytes(int index);

        #ifdef __cplusplus
        }
        #endif

        #endif
        """.replace("$upper_", "${upper}_").replace("$name_", "${name}_"),
            note=NOTE,
            upper=upper,
            name=program.name,
            arena=program.arena_bytes,
            input_count=len(program.inputs),
            output_count=len(program.outputs),
            ports="\n".join(_port_declarations(program)),
        )
        + "\n"
    )


def _port_declarations(program: Program) -> list[str]:
    lines = []
    for kind, ports in (("input", program.inputs), ("output", program.outputs)):
        const = "" if kind == "input" else "const "
        for port in ports:
            size = f"{program.name}_{kind}_{port.word}".upper() + "_SIZE"
            lines += [
                f'/* The {kind} "{_comment(port.name)}": {_shape(port)}, {port.type.element}. */',
                f"#define {size} {port.type.size}",
                f"{const}{port.c_type} *{program.name}_{kind}_{port.word}(void);",
                "",
            ]
    return lines


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("\n", " ")


def source(program: Program) -> str:
    """The source: kernels, the arena, and the run."""
    pieces = [
        f'{NOTE}\n#include "{program.name}.h"\n\n#include <math.h>\n#include <string.h>\n\n'
        f'#include "{program.name}_weights.h"\n',
        _arena(program),
        *helpers_in(program.kernels),
        *program.kernels,
        _run(program),
        *_accessors(program),
    ]
    return "\n".join(pieces)


def _arena(program: Program) -> str:
    kinds = sorted({*_kinds(program), "uint8_t"})
    members = "\n".join(f"    {k} as_{k}[{max(program.arena_bytes // _SIZES[k], 1)}];" for k in kinds)
    return (
        "#if defined(__GNUC__)\n#define NNCC_ALIGNED __attribute__((aligned(64)))\n"
        "#else\n#define NNCC_ALIGNED\n#endif\n\n"
        f"static union {{\n{members}\n}} arena NNCC_ALIGNED;\n"
    )


_SIZES = {
    "uint8_t": 1,
    "int8_t": 1,
    "int16_t": 2,
    "uint16_t": 2,
    "int32_t": 4,
    "uint32_t": 4,
    "int64_t": 8,
    "uint64_t": 8,
    "float": 4,
    "double": 8,
}


def _kinds(program: Program) -> set[str]:
    text = "\n".join(program.calls)
    used = {kind for kind in _SIZES if f"arena.as_{kind} " in text}
    return used | {port.c_type for port in (*program.inputs, *program.outputs)}


def _run(program: Program) -> str:
    calls = textwrap.indent("\n".join(program.calls), "    ")
    prefix = program.name
    return f"int {prefix}_init(void)\n{{\n    return 0;\n}}\n\nint {prefix}_run(void)\n{{\n{calls}\n    return 0;\n}}\n"


def _accessors(program: Program) -> list[str]:
    pieces = []
    for kind, const, ports in (("input", "", program.inputs), ("output", "const ", program.outputs)):
        for port in ports:
            pieces.append(
                f"{const}{port.c_type} *{program.name}_{kind}_{port.word}(void)\n{{\n    return {_address(port)};\n}}\n"
            )
        cases = "".join(f"    case {i}:\n        return {_address(p)};\n" for i, p in enumerate(ports))
        sizes = "".join(
            f"    case {i}:\n        return {p.type.size} * sizeof({p.c_type});\n" for i, p in enumerate(ports)
        )
        pieces.append(
            f"{const}void *{program.name}_{kind}(int index)\n"
            f"{{\n    switch (index) {{\n{cases}    default:\n        return NULL;\n    }}\n}}\n"
        )
        pieces.append(
            f"size_t {program.name}_{kind}_bytes(int index)\n"
            f"{{\n    switch (index) {{\n{sizes}    default:\n        return 0;\n    }}\n}}\n"
        )
    return pieces


def _address(port: Port) -> str:
    return f"arena.as_{port.c_type} + {port.offset // _SIZES[port.c_type]}"


def weights_header(program: Program) -> str:
    """The declarations of the weights."""
    guard = f"NNCC_{program.name.upper()}_WEIGHTS_H"
    lines = [NOTE, f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", ""]
    for word, op in program.constants.items():
        name = weight_name(program, word)
        lines.append(f"extern const {c_type(op.value.type.storage)} {name}[{max(op.value.type.size, 1)}];")
        lines.append(f"#define {word} {name}")
    return "\n".join([*lines, "", "#endif", ""])


def example(program: Program) -> str:
    """A program that reads raw inputs from files and writes raw outputs."""
    name = program.name
    return example_text(
        Calls(
            program=f"{name}_example",
            includes=f'#include "{name}.h"',
            inputs=len(program.inputs),
            outputs=len(program.outputs),
            input=f"{name}_input(index)",
            input_bytes=f"{name}_input_bytes(index)",
            output=f"{name}_output(index)",
            output_bytes=f"{name}_output_bytes(index)",
            prepare=f"{name}_init() == 0",
            run=f"{name}_run()",
        )
    )


def test_head(program: Program) -> str:
    """The beginning of the test, before its arrays."""
    return (
        f"{NOTE}\n/* Runs the model on stored inputs and compares with the outputs that nncc computed. */\n"
        "#include <math.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n\n"
        f'#include "{program.name}.h"\n'
    )


def test_body(program: Program) -> str:
    """The rest of the test, behind its arrays."""
    copies = [
        f"memcpy({program.name}_input_{p.word}(), input_{p.word}, sizeof input_{p.word});" for p in program.inputs
    ]
    checks = [_check(program, port) for port in program.outputs]
    return (
        "\n"
        + fill(
            """
        int main(void)
        {
            int failures = 0;
            if ($name_init() != 0) {
                return 1;
            }
            $copies
            if ($name_run() != 0) {
                return 1;
            }
            $checks
            return failures != 0;
        }
        """.replace("$name_", "${name}_"),
            name=program.name,
            copies="\n".join(copies) or ";",
            checks="\n".join(checks),
        )
        + "\n"
    )


def _check(program: Program, port: Port) -> str:
    """The largest difference beside the largest number: real numbers may differ by rounding, integers by one step."""
    bound = "1e-3 * largest + 1e-4" if port.type.storage.is_float else "1.0"
    return fill(
        """
        {
            const $type *got = $name_output_$word();
            double largest = 0.0, worst = 0.0;
            for (size_t i = 0; i < $size; i++) {
                const double want = (double)expected_$word[i];
                if (isfinite(want) && fabs(want) > largest) {
                    largest = fabs(want);
                }
            }
            for (size_t i = 0; i < $size; i++) {
                const double want = (double)expected_$word[i], have = (double)got[i];
                const double difference = have == want || (isnan(have) && isnan(want)) ? 0.0 : fabs(have - want);
                if (!(difference <= worst)) {
                    worst = difference;
                }
            }
            printf("%s: largest difference %g\\n", "$shown", worst);
            failures += !(worst <= $bound);
        }
        """.replace("$name_output_$word", "${name}_output_${word}"),
        type=port.c_type,
        name=program.name,
        word=port.word,
        size=port.type.size,
        bound=bound,
        shown=port.word,
    )


def makefile(program: Program) -> str:
    """A Makefile for GNU make and others."""
    name = program.name
    sources = f"{name}.c {name}_weights.c"
    lines: Sequence[str] = (
        "# Written by nncc.",
        "# -march=native is for a program that runs here. ISO C alone keeps x * y + z from being fused.",
        "CFLAGS ?= -O3 -std=c99 -ffp-contract=fast -Wall -Wextra -pedantic",
        "",
        f"all: {name}_example {name}_test",
        "",
        f"check: {name}_test",
        f"\t./{name}_test",
        "",
        *(
            line
            for program_name in (f"{name}_example", f"{name}_test")
            for line in (
                f"{program_name}: {program_name}.c {sources} {name}.h {name}_weights.h",
                f"\t$(CC) $(CFLAGS) -o $@ {program_name}.c {sources} -lm",
                "",
            )
        ),
        "clean:",
        f"\trm -f {name}_example {name}_test",
        "",
        ".PHONY: all check clean",
        "",
    )
    return "\n".join(lines)
