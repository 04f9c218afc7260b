"""The source of a program for nnabla-c-runtime: tables, and what gives them to the runtime."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..c_example import NOTE
from ..c_text import fill
from .program import Call, Program, list_name


def source(program: Program) -> Iterator[str]:
    """The implementation, piece by piece."""
    yield _head(program)
    yield from (f"static int {list_name(i)}[] = {_initializer(n or (0,))};\n" for i, n in enumerate(program.lists))
    yield "\n" + _tables(program)
    yield _CONTEXT
    if program.calls:
        yield _START
    if any(call.arguments for call in program.calls):
        yield _ADD_ARGUMENTS
    yield from _prepare(program)
    yield _interface(program)


def _initializer(numbers: tuple[int, ...]) -> str:
    return "{" + ", ".join(map(str, numbers)) + "}"


def _head(program: Program) -> str:
    return (
        fill(
            """
        $note
        #include <math.h>
        #include <stdlib.h>
        #include <string.h>

        #include <nnablart/functions.h>

        #include "${name}_inference.h"

        /*
         * The functions of the runtime take memory from here. A program that defines these pointers itself, or is
         * linked with libnnablart_runtime, replaces them; where symbols cannot be weak, define NNABLART_ALLOCATORS.
         */
        #ifndef NNABLART_ALLOCATORS
        #if defined(__GNUC__) || defined(__clang__)
        #define NNCC_WEAK __attribute__((weak))
        #else
        #define NNCC_WEAK
        #endif
        NNCC_WEAK void *(*rt_variable_malloc_func)(size_t size) = malloc;
        NNCC_WEAK void (*rt_variable_free_func)(void *memory) = free;
        NNCC_WEAK void *(*rt_malloc_func)(size_t size) = malloc;
        NNCC_WEAK void (*rt_free_func)(void *memory) = free;
        #endif

        /* The numbers of shapes and arguments. */
        """,
            note=NOTE,
            name=program.name,
        )
        + "\n"
    )


def _tables(program: Program) -> str:
    """What the program consists of, as constants and arrays; no array is empty, as C has none of these."""
    links = [n for call in program.calls for n in (*call.inputs, *call.outputs)]
    lists = {numbers: list_name(i) for i, numbers in enumerate(program.lists)}
    variables = [
        f"{{{len(v.shape)}, {lists[v.shape]}, {v.offset}, {-1 if v.parameter is None else v.parameter}}},"
        for v in program.variables
    ]
    return (
        fill(
            """
        #define VARIABLES $variables
        #define PARAMETERS $parameters
        #define FUNCTIONS $functions
        #define LINKS $links
        #define MEMORY ((size_t)$memory)

        /* Of each variable: its shape, and where it lies in the memory, or which parameter it is. */
        static const struct {
            int dimensions;
            int *shape;
            size_t offset;
            int parameter;
        } variables[] = {
            $variable_rows
        };

        /* Of each function: how many inputs and outputs it has; and then, one behind the other, which. */
        static const int arities[][2] = {
            $arities
        };
        static const int links[] = {
            $link_rows
        };

        static const int inputs[] = $inputs;
        static const int outputs[] = $outputs;
        static const size_t parameter_sizes[] = $sizes;
        """,
            variables=len(program.variables),
            parameters=len(program.parameters),
            functions=len(program.calls),
            links=len(links),
            memory=program.memory,
            variable_rows="\n".join(variables) or "{0, NULL, 0, -1},",
            arities="\n".join(f"{{{len(c.inputs)}, {len(c.outputs)}}}," for c in program.calls) or "{0, 0},",
            link_rows="\n".join(_rows([*links, *([] if links else [0])])),
            inputs=_initializer(program.inputs or (-1,)),
            outputs=_initializer(program.outputs or (-1,)),
            sizes=_initializer(tuple(map(program.parameter_size, range(len(program.parameters)))) or (0,)),
        )
        + "\n\n"
    )


def _rows(numbers: list[int], width: int = 20) -> Iterator[str]:
    return (", ".join(map(str, numbers[i : i + width])) + "," for i in range(0, len(numbers), width))


_CONTEXT = """\
typedef struct {
    rt_variable_t variables[VARIABLES + 1];
    rt_variable_t *links[LINKS + 1];
    rt_function_t functions[FUNCTIONS + 1];
    void *params[PARAMETERS + 1];
    float *memory;
    int ready; /* how many functions are */
} context_t;

"""

_START = """\
typedef rt_function_error_t (*step_t)(rt_function_t *function);

/* Lets the runtime prepare a function, and choose the kernel; whether it could. */
static int start(context_t *c, int index, step_t allocate, step_t execute, step_t release)
{
    rt_function_t *function = &c->functions[index];
    function->exec_func = execute;
    function->free_local_context_func = release;
    if (allocate(function) != RT_FUNCTION_ERROR_NOERROR) {
        return 0;
    }
    c->ready = index + 1;
    return 1;
}

"""

_ADD_ARGUMENTS = """\
/* Memory for the arguments of a function, filled with zeros. */
static void *add_arguments(context_t *c, int index, size_t size)
{
    void *arguments = rt_malloc_func(size);
    if (arguments != NULL) {
        memset(arguments, 0, size);
    }
    c->functions[index].local_context = arguments;
    return arguments;
}

"""


def _prepare(program: Program) -> Iterator[str]:
    """The function that gives all functions of the network their arguments."""
    yield "/* Whether all functions could be prepared. */\nstatic int prepare(context_t *c)\n{\n"
    if not program.calls:
        yield "    (void)c;\n"
    for index, call in enumerate(program.calls):
        yield textwrap.indent("\n".join(_preparation(index, call)), "    ") + "\n"
    yield "    return 1;\n}\n\n"


def _preparation(index: int, call: Call) -> Iterator[str]:
    if call.arguments:
        yield "{"
        yield f"    {call.snake}_local_context_t *a = add_arguments(c, {index}, sizeof *a);"
        yield "    if (a == NULL) {\n        return 0;\n    }"
        yield from (f"    a->{assignment}" for assignment in call.arguments)
        yield "}"
    steps = ", ".join(
        text.format(call.snake) for text in ("allocate_{}_local_context", "exec_{}", "free_{}_local_context")
    )
    yield f"if (!start(c, {index}, {steps})) {{\n    return 0;\n}}"


def _interface(program: Program) -> str:
    return (
        fill(
            """
        static int has_parameters(void **params)
        {
            int i;
            for (i = 0; i < PARAMETERS; i++) {
                if (params[i] == NULL) {
                    return 0;
                }
            }
            return 1;
        }

        /* Gives functions their variables, and variables their memory. */
        static void wire(context_t *c)
        {
            int i;
            rt_variable_t **next = c->links;
            for (i = 0; i < LINKS; i++) {
                c->links[i] = &c->variables[links[i]];
            }
            for (i = 0; i < FUNCTIONS; i++) {
                c->functions[i].num_of_inputs = arities[i][0];
                c->functions[i].inputs = next;
                next += arities[i][0];
                c->functions[i].num_of_outputs = arities[i][1];
                c->functions[i].outputs = next;
                next += arities[i][1];
            }
            for (i = 0; i < VARIABLES; i++) {
                const int parameter = variables[i].parameter;
                rt_variable_t *v = &c->variables[i];
                v->shape.size = variables[i].dimensions;
                v->shape.data = variables[i].shape;
                v->type = NN_DATA_TYPE_FLOAT;
                v->data = parameter < 0 ? c->memory + variables[i].offset : c->params[parameter];
            }
        }

        /* Buffers, and parameters if there are none outside. */
        static int place(context_t *c, void **params)
        {
            size_t size = MEMORY;
            int i;
            for (i = 0; i < PARAMETERS && params == NULL; i++) {
                size += parameter_sizes[i];
            }
            c->memory = rt_variable_malloc_func((size + 1) * sizeof(float));
            if (c->memory == NULL) {
                return 0;
            }
            memset(c->memory, 0, (size + 1) * sizeof(float));
            size = MEMORY;
            for (i = 0; i < PARAMETERS; i++) {
                c->params[i] = params != NULL ? params[i] : c->memory + size;
                size += parameter_sizes[i];
            }
            return 1;
        }

        void *${prefix}_allocate_context(void **params)
        {
            context_t *c;
            if (params != NULL && !has_parameters(params)) {
                return NULL;
            }
            c = rt_malloc_func(sizeof *c);
            if (c == NULL) {
                return NULL;
            }
            memset(c, 0, sizeof *c);
            if (!place(c, params)) {
                rt_free_func(c);
                return NULL;
            }
            wire(c);
            if (!prepare(c)) {
                ${prefix}_free_context(c);
                return NULL;
            }
            return c;
        }

        int ${prefix}_free_context(void *context)
        {
            context_t *c = context;
            int i;
            if (c == NULL) {
                return 0;
            }
            for (i = 0; i < c->ready; i++) {
                c->functions[i].free_local_context_func(&c->functions[i]);
            }
            for (i = 0; i < FUNCTIONS; i++) {
                if (c->functions[i].local_context != NULL) {
                    rt_free_func(c->functions[i].local_context);
                }
            }
            rt_variable_free_func(c->memory);
            rt_free_func(c);
            return 0;
        }

        float *${prefix}_input_buffer(void *context, int index)
        {
            context_t *c = context;
            return c != NULL && index >= 0 && index < $inputs ? c->variables[inputs[index]].data : NULL;
        }

        float *${prefix}_output_buffer(void *context, int index)
        {
            context_t *c = context;
            return c != NULL && index >= 0 && index < $outputs ? c->variables[outputs[index]].data : NULL;
        }

        $param_buffer
        int ${prefix}_inference(void *context)
        {
            context_t *c = context;
            int i;
            if (c == NULL) {
                return RT_FUNCTION_ERROR_MALLOC;
            }
            for (i = 0; i < FUNCTIONS; i++) {
                int status = c->functions[i].exec_func(&c->functions[i]);
                if (status != RT_FUNCTION_ERROR_NOERROR) {
                    return status;
                }
            }
            return 0;
        }
        """,
            prefix=program.prefix,
            inputs=len(program.inputs),
            outputs=len(program.outputs),
            param_buffer=_param_buffer(program) if program.parameters else "",
        )
        + "\n"
    )


def _param_buffer(program: Program) -> str:
    return (
        fill(
            """
        float *${prefix}_param_buffer(void *context, int index)
        {
            context_t *c = context;
            return c != NULL && index >= 0 && index < PARAMETERS ? c->params[index] : NULL;
        }
        """,
            prefix=program.prefix,
        )
        + "\n"
    )
