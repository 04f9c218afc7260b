"""What stands around the source of a program: its interface, the example, the makefile."""

from __future__ import annotations

from collections.abc import Iterator

from ..c_example import NOTE, Calls
from ..c_example import example as example_text
from ..c_text import fill
from .program import Program


def header(program: Program) -> str:
    """The interface; it is that of the C source of NNabla's converter."""
    return (
        fill(
            """
        $note
        #ifndef H_${upper}_INFERENCE_H__
        #define H_${upper}_INFERENCE_H__

        #ifdef __cplusplus
        extern "C" {
        #endif

        /*
         * How to run the network: allocate a context, write the inputs, run, read the outputs, free the context.
         * Several contexts may run at the same time.
         *
         * params: ${params}. 0 gives the context parameters of its own, filled with zeros.
         * Gives 0 where memory is short, a parameter is missing, or the runtime was built without a function.
         */
        void *${prefix}_allocate_context(void **params);
        int ${prefix}_free_context(void *context);

        /* Inputs and outputs are float32. They are 0 for an index that there is not. */
        float *${prefix}_input_buffer(void *context, int index);
        float *${prefix}_output_buffer(void *context, int index);
        $param_buffer
        /* Gives 0, or the rt_function_error_t at which the run ended. Inputs may be written over. */
        int ${prefix}_inference(void *context);

        $sizes

        #ifdef __cplusplus
        }
        #endif

        #endif
        """,
            note=NOTE,
            upper=program.name.upper(),
            prefix=program.prefix,
            params=f"{program.name}_parameters" if program.parameters else "the network has none: anything",
            param_buffer=f"float *{program.prefix}_param_buffer(void *context, int index);\n"
            if program.parameters
            else "",
            sizes="\n".join(_sizes(program)),
        )
        + "\n"
    )


def _sizes(program: Program) -> Iterator[str]:
    upper = program.prefix.upper()
    for kind, numbers in (("INPUT", program.inputs), ("OUTPUT", program.outputs)):
        yield f"#define {upper}_NUM_OF_{kind}_BUFFERS ({len(numbers)})"
        yield from (f"#define {upper}_{kind}{i}_SIZE ({program.size(n)})" for i, n in enumerate(numbers))
    if program.parameters:
        yield f"#define {upper}_NUM_OF_PARAM_BUFFERS ({len(program.parameters)})"
        yield from (
            f"#define {upper}_PARAM{i}_SIZE ({program.size(n)})" for i, n in enumerate(program.parameter_numbers)
        )


def parameters_header(program: Program) -> str:
    """The declaration of the parameters."""
    guard = f"H_{program.name.upper()}_PARAMETERS_H__"
    declaration = f"extern void *{program.name}_parameters[{len(program.parameters)}];"
    return f"{NOTE}\n#ifndef {guard}\n#define {guard}\n\n{declaration}\n\n#endif\n"


def example(program: Program) -> str:
    """A program that runs the network on files."""
    name, prefix, upper = program.name, program.prefix, program.prefix.upper()
    sizes = {
        kind: ", ".join(f"{upper}_{kind}{i}_SIZE" for i in range(len(numbers))) or "0"
        for kind, numbers in (("INPUT", program.inputs), ("OUTPUT", program.outputs))
    }
    parameters = f'#include "{name}_parameters.h"\n' if program.parameters else ""
    return example_text(
        Calls(
            program=f"{name}_example",
            includes=f'{parameters}#include "{name}_inference.h"',
            declarations=f"static void *context;\n"
            f"static const size_t input_sizes[] = {{{sizes['INPUT']}}};\n"
            f"static const size_t output_sizes[] = {{{sizes['OUTPUT']}}};\n",
            inputs=len(program.inputs),
            outputs=len(program.outputs),
            input=f"{prefix}_input_buffer(context, index)",
            input_bytes="input_sizes[index] * sizeof(float)",
            output=f"{prefix}_output_buffer(context, index)",
            output_bytes="output_sizes[index] * sizeof(float)",
            prepare=f"(context = {prefix}_allocate_context({f'{name}_parameters' if parameters else 'NULL'})) != NULL",
            run=f"{prefix}_inference(context)",
            release=f"{prefix}_free_context(context);",
        )
    )


def makefile(program: Program) -> str:
    """A makefile for GNU make: the example, linked with the functions of the runtime."""
    name = program.name
    parts = f"{name}_example.c {name}_inference.c" + (f" {name}_parameters.c" if program.parameters else "")
    return (
        "# Written by nncc.\n"
        "# CFLAGS says where the headers of nnabla-c-runtime are (-I...), LDFLAGS where its libraries are (-L...).\n"
        f"all: {name}_example\n\n"
        f"{name}_example: {parts}\n"
        f"\t$(CC) -Wall -Werror $(CFLAGS) {parts} -o $@ $(LDFLAGS) -lnnablart_functions -lm\n\n"
        f"clean:\n\trm -f {name}_example\n\n.PHONY: all clean\n"
    )
