"""The example that comes with a model in C: a program that reads raw inputs from files and writes raw outputs."""

from __future__ import annotations

import attrs

from .c_text import fill

NOTE = "/* Written by nncc. */"


@attrs.frozen
class Calls:
    """How a program uses a model, as C. Expressions may use ``index``, the number of a port."""

    program: str
    includes: str
    inputs: int
    outputs: int
    input: str
    input_bytes: str
    output: str
    output_bytes: str
    prepare: str
    """A condition that prepares the model, true where it is ready."""
    run: str
    """An expression that is 0 where the model ran."""
    release: str = ";"
    """The statement at the end."""
    declarations: str = ""
    """What stands before the functions."""


def example(calls: Calls) -> str:
    """The source of the program."""
    return (
        fill(
            """
        $note
        #include <stdio.h>

        $includes

        /* $program INPUT... PREFIX: reads each input from a file of raw numbers and writes PREFIX_<n>.bin. */

        $declarations
        static int read_input(const char *path, int index)
        {
            FILE *file = fopen(path, "rb");
            size_t count;
            if (file == NULL) {
                fprintf(stderr, "cannot read %s\\n", path);
                return 1;
            }
            count = fread($input, 1, $input_bytes, file);
            fclose(file);
            if (count != $input_bytes) {
                fprintf(stderr, "%s has %lu bytes, expected %lu\\n", path, (unsigned long)count,
                        (unsigned long)$input_bytes);
                return 1;
            }
            return 0;
        }

        static int write_output(const char *prefix, int index)
        {
            char path[4096];
            FILE *file;
            size_t count;
            if (snprintf(path, sizeof path, "%s_%d.bin", prefix, index) >= (int)sizeof path) {
                fprintf(stderr, "the prefix is too long\\n");
                return 1;
            }
            file = fopen(path, "wb");
            if (file == NULL) {
                fprintf(stderr, "cannot write %s\\n", path);
                return 1;
            }
            count = fwrite($output, 1, $output_bytes, file);
            return fclose(file) != 0 || count != $output_bytes;
        }

        static int run(char **arguments)
        {
            int i;
            for (i = 0; i < $inputs; i++) {
                if (read_input(arguments[i], i) != 0) {
                    return 1;
                }
            }
            if ($run != 0) {
                fprintf(stderr, "the model did not run\\n");
                return 1;
            }
            for (i = 0; i < $outputs; i++) {
                if (write_output(arguments[$inputs], i) != 0) {
                    return 1;
                }
            }
            return 0;
        }

        int main(int argc, char **argv)
        {
            int status;
            if (argc != $inputs + 2) {
                fprintf(stderr, "usage: %s INPUT... PREFIX ($inputs inputs)\\n", argv[0]);
                return 2;
            }
            if (!($prepare)) {
                fprintf(stderr, "the model cannot be prepared\\n");
                return 1;
            }
            status = run(argv + 1);
            $release
            return status;
        }
        """,
            note=NOTE,
            **attrs.asdict(calls),
        )
        + "\n"
    )
