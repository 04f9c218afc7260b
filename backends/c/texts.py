"""The files of a program in C, as texts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ...ir import QuantizedType
from ..c_example import NOTE, Calls
from ..c_example import example as example_text
from ..c_text import fill, literal
from . import weights
from .helpers import helpers_in
from .program import Port, Program


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
         * All lies in one memory: inputs have to be written before each run, outputs are good until the next inputs are
         * written, and the model runs once at a time.
         */

        /* Bytes of the memory that inputs, outputs and what lies between them share. */
        #define $upper_ARENA_BYTES $arena

        #define $upper_INPUTS $input_count
        #define $upper_OUTPUTS $output_count

        $ports
        $init

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
            init=_init_declaration(program),
        )
        + "\n"
    )


def _init_declaration(program: Program) -> str:
    if not program.weights_in_file:
        return (
            f"/* Prepare the model. Gives 0, or another number where it cannot run. */\nint {program.name}_init(void);"
        )
    return fill(
        """
        /*
         * Prepare the model. The weights are the contents of $file, little-endian numbers, at an address that is a
         * multiple of 8, better of 64; they stay there while the model runs. Gives 0, or another number where it cannot
         * run.
         */
        #define ${upper}_WEIGHTS_BYTES $bytes
        int ${name}_init(const void *weights);
        """,
        file=weights.file_name(program),
        upper=program.name.upper(),
        bytes=weights.file_bytes(program),
        name=program.name,
    )


def _port_declarations(program: Program) -> list[str]:
    lines = []
    for kind, ports in (("input", program.inputs), ("output", program.outputs)):
        const = "" if kind == "input" else "const "
        for port in ports:
            size = f"{program.name}_{kind}_{port.word}".upper() + "_SIZE"
            lines += [
                f'/* The {kind} "{_comment(port.name)}": {_shape(port)}, {_elements(port)}. */',
                f"#define {size} {port.type.size}",
                *_quantization(port, size.removesuffix("_SIZE")),
                f"{const}{port.c_type} *{program.name}_{kind}_{port.word}(void);",
                "",
            ]
    return lines


def _elements(port: Port) -> str:
    kind = port.type.element
    if not isinstance(kind, QuantizedType):
        return str(kind)
    return f"{kind.storage}: the integer n stands for (n - ZERO_POINT) * SCALE"


def _quantization(port: Port, prefix: str) -> list[str]:
    """What the integers of a port stand for."""
    kind = port.type.element
    if not isinstance(kind, QuantizedType):
        return []
    return [
        f"#define {prefix}_SCALE {literal(kind.scale, 'float')}",
        f"#define {prefix}_ZERO_POINT {literal(kind.zero_point, 'int')}",
    ]


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("\n", " ")


_HEAD = """
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
/* Unless told, gcc leaves half of each register unused. */
#pragma GCC target("prefer-vector-width=512")
#endif
#if defined(_OPENMP)
#define NNCC_PARALLEL _Pragma("omp parallel for")
#else
#define NNCC_PARALLEL
#endif
"""


def source(program: Program) -> str:
    """The source: kernels, the arena, and the run."""
    pieces = [
        f'{NOTE}{_HEAD}\n#include "{program.name}.h"\n\n#include <math.h>\n#include <string.h>\n\n'
        f'#include "{program.name}_weights.h"\n',
        _arena(program),
        *(["static const uint8_t *stored_weights;\n"] if program.weights_in_file else []),
        *helpers_in(program.kernels),
        *program.kernels,
        _run(program),
        *_accessors(program),
    ]
    return "\n".join(pieces)


def _arena(program: Program) -> str:
    kinds = sorted({*_kinds(program), "uint8_t"})
    members = "\n".join(f"    {k} as_{k}[{max(-(-program.arena_bytes // _SIZES[k]), 1)}];" for k in kinds)
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
    ready = "    if (stored_weights == NULL) {\n        return 1;\n    }\n" if program.weights_in_file else ""
    return f"{weights.init(program)}\nint {program.name}_run(void)\n{{\n{ready}{calls}\n    return 0;\n}}\n"


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
            prepare=weights.is_prepared(program),
            run=f"{name}_run()",
            declarations=weights.reader(program),
        )
    )


def test_head(program: Program) -> str:
    """The beginning of the test, before its arrays."""
    return (
        f"{NOTE}\n/* Runs the model on stored inputs and compares with the outputs that nncc computed. */\n"
        "#include <math.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n\n"
        f'#include "{program.name}.h"\n\n{weights.reader(program)}'
    )


def test_body(program: Program, runs: bool) -> str:
    """The rest of the test, behind its arrays; without outputs the inputs are some that the model has to refuse."""
    copies = [
        f"memcpy({program.name}_input_{p.word}(), input_{p.word}, sizeof input_{p.word});" for p in program.inputs
    ]
    checks = [_check(program, port) for port in program.outputs] if runs else []
    return (
        "\n"
        + fill(
            """
        int main(void)
        {
            int failures = 0;
            if (!($prepared)) {
                return 1;
            }
            $copies
            if ($name_run() $wrong 0) {
                return 1;
            }
            $checks
            return failures != 0;
        }
        """.replace("$name_", "${name}_"),
            name=program.name,
            prepared=weights.is_prepared(program),
            copies="\n".join(copies) or ";",
            wrong="!=" if runs else "==",
            checks="\n".join(checks) or ";",
        )
        + "\n"
    )


def _check(program: Program, port: Port) -> str:
    """The largest difference beside the largest number: real numbers may differ by rounding, and so integers that are
    made of them by one step.
    """
    bound = "1e-3 * largest + 1e-4" if port.type.storage.is_float else "0.0" if program.is_exact else "1.0"
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
    sources = f"{name}.c" if program.weights_in_file else f"{name}.c {name}_weights.c"
    lines: Sequence[str] = (
        "# Written by nncc.",
        "# For the processor that compiles; 'make ARCH=' is for any of its family. CC=\"gcc -fopenmp\" uses all cores.",
        "# ISO C alone keeps x * y + z from being fused.",
        "ARCH ?= -march=native",
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
                f"\t$(CC) $(ARCH) $(CFLAGS) -o $@ {program_name}.c {sources} -lm",
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
