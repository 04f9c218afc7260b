"""Programs for nnabla-c-runtime, compiled with a stand-in for its library, all warnings as errors, and run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from nnb_networks import affine

from nncc.backends.c_nnablart import save
from nncc.backends.c_nnablart.program import snake_case
from nncc.ir import CompileError, Function, Location, Module, TensorType
from nncc.ir.attributes import as_dense
from nncc.ir.dialects import nnb
from nncc.ir.types import F32

RUNTIME = Path(__file__).parent / "runtime"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-fsanitize=address,undefined"]

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def network(name: str = "") -> Module:
    """leaky_relu(x W + b), all float32, from a network of the name."""
    module = affine()
    bias = next(op for op in module.main.body if op.results and op.results[0].name == "b")
    bias.set_attribute("value", as_dense(np.array([0.5, -0.5], np.float32)))
    bias.results[0].type = bias.value.type
    module.main.location = Location.at("file.nnp", name)
    return module


def chain(*functions: tuple[str, tuple[int, ...], dict]) -> Module:
    """Functions of one input, each with the shape of its result and its arguments, from two numbers."""
    function, block = Function.create("main", [("x", TensorType((2,), F32))])
    value, sizes = block.args[0], [8]
    for kind, shape, arguments in functions:
        type = TensorType(shape, F32)
        op = nnb.FUNCTION_OPS[kind](value, result_types=[type], buffers=(len(sizes),), **arguments)
        value = block.append(op).results[0]
        sizes.append(4 * type.size)
    function.set_outputs([("y", value)])
    function.set_attribute(nnb.INPUT_BUFFERS, (0,))
    module = Module()
    module.body.append(function)
    module.set_attribute(nnb.BUFFER_SIZES, sizes)
    return module


def built(module: Module, folder: Path, *others: Path) -> Path:
    """The example of a program."""
    save(module, folder)
    return linked(folder / "example", *folder.glob("*.c"), *others)


def linked(program: Path, *sources: Path) -> Path:
    folders = {f"-I{source.parent}" for source in sources}
    command = ["gcc", *FLAGS, f"-I{RUNTIME}", *folders, *map(str, sources), str(RUNTIME / "functions.c")]
    done = subprocess.run([*command, "-lm", "-o", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def run(program: Path, *arguments: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True, timeout=60)


def result(module: Module, folder: Path, x: list[float]) -> list[float]:
    """What the example gives."""
    program = built(module, folder)
    np.array(x, np.float32).tofile(folder / "x.bin")
    done = run(program, folder / "x.bin", folder / "out")
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "out_0.bin", np.float32).tolist()


@needs_gcc
def test_numbers(tmp_path):
    assert result(network("Net"), tmp_path / "p", [1, -3]) == [-1.875, -2.625]
    assert {p.name for p in (tmp_path / "p").iterdir() if p.suffix in (".c", ".h", "")} == {
        "GNUmakefile",
        "Net_example.c",
        "Net_inference.c",
        "Net_inference.h",
        "Net_parameters.c",
        "Net_parameters.h",
        "example",
    }


@needs_gcc
def test_lists_and_choices_and_functions_without_arguments(tmp_path):
    pad = ("Pad", (5,), {"pad_width": (1, 2), "mode": "constant", "constant_value": -7.5})
    module = chain(("Abs", (2,), {}), pad)
    assert result(module, tmp_path / "p", [-1, 2]) == [-7.5, 1, 2, -7.5, -7.5]
    assert not list((tmp_path / "p").glob("*parameters*"))


@needs_gcc
def test_a_network_without_functions(tmp_path):
    assert result(chain(), tmp_path / "p", [3, 4]) == [3, 4]


@needs_gcc
def test_a_run_that_fails_is_told(tmp_path):
    module = chain(("Pad", (5,), {"pad_width": (1, 2), "mode": "reflect"}))
    program = built(module, tmp_path / "p")
    np.zeros(2, np.float32).tofile(tmp_path / "x.bin")
    done = run(program, tmp_path / "x.bin", tmp_path / "out")
    assert (done.returncode, done.stderr) == (1, "the model did not run\n")


@needs_gcc
def test_what_the_runtime_cannot_prepare_gives_no_context(tmp_path):
    module = chain(("Abs", (2,), {}), ("Pad", (2,), {"pad_width": ()}))
    done = run(built(module, tmp_path / "p"), tmp_path / "x.bin", tmp_path / "out")
    assert (done.returncode, done.stderr) == (1, "the model cannot be prepared\n")


MAIN = r"""
#include "first_inference.h"
#include "first_parameters.h"
#include "second_inference.h"

#define CHECK(condition) do { if (!(condition)) return __LINE__; } while (0)

int main(void)
{
    void *missing[NNABLART_FIRST_NUM_OF_PARAM_BUFFERS] = {0};
    void *one = nnablart_first_allocate_context(first_parameters);
    void *own = nnablart_first_allocate_context(0);
    void *other = nnablart_second_allocate_context(0);
    float *x;
    CHECK(one != 0 && own != 0 && other != 0);
    CHECK(nnablart_first_allocate_context(missing) == 0);
    CHECK(NNABLART_FIRST_INPUT0_SIZE == 2 && NNABLART_FIRST_PARAM0_SIZE == 4 && NNABLART_FIRST_PARAM1_SIZE == 2);
    CHECK(nnablart_first_input_buffer(one, 1) == 0 && nnablart_first_input_buffer(one, -1) == 0);
    CHECK(nnablart_first_output_buffer(one, NNABLART_FIRST_NUM_OF_OUTPUT_BUFFERS) == 0);
    CHECK(nnablart_first_param_buffer(one, 2) == 0 && nnablart_first_input_buffer(0, 0) == 0);
    CHECK(nnablart_first_param_buffer(one, 0) == first_parameters[0]);
    x = nnablart_first_input_buffer(own, 0);
    x[0] = 1.0f;
    x[1] = -3.0f;
    CHECK(nnablart_first_inference(own) == 0);
    CHECK(nnablart_first_output_buffer(own, 0)[0] == 0.0f); /* its parameters are zeros */
    nnablart_first_param_buffer(own, 1)[0] = 5.0f;
    CHECK(nnablart_first_inference(own) == 0 && nnablart_first_output_buffer(own, 0)[0] == 5.0f);
    CHECK(nnablart_first_inference(0) != 0);
    CHECK(nnablart_first_free_context(one) == 0 && nnablart_first_free_context(own) == 0);
    CHECK(nnablart_second_free_context(other) == 0 && nnablart_second_free_context(0) == 0);
    return 0;
}
"""


@needs_gcc
def test_the_interface(tmp_path):
    """Two networks in one program; contexts with parameters of their own; wrong indices; null pointers."""
    save(network("first"), tmp_path / "one")
    save(chain(("Abs", (2,), {})), tmp_path / "second")
    (tmp_path / "main.c").write_text(MAIN)
    sources = [p for folder in ("one", "second") for p in (tmp_path / folder).glob("*.c") if "example" not in p.name]
    done = run(linked(tmp_path / "program", tmp_path / "main.c", *sources))
    assert (done.returncode, done.stderr) == (0, "")


ALLOCATORS = r"""
#include <stdlib.h>

static void *take(size_t size) { return malloc(size); }
void *(*rt_variable_malloc_func)(size_t size) = take;
void (*rt_variable_free_func)(void *memory) = free;
void *(*rt_malloc_func)(size_t size) = take;
void (*rt_free_func)(void *memory) = free;
"""


@needs_gcc
def test_a_program_may_bring_its_own_allocators(tmp_path):
    (tmp_path / "allocators.c").write_text(ALLOCATORS)
    built(network(), tmp_path / "p", tmp_path / "allocators.c")


@pytest.mark.parametrize(
    ("name", "file"), [("my net/1", "my_net_1"), ("1st", "_1st"), ("", "folder"), ("main", "main")]
)
def test_names_are_identifiers(name, file, tmp_path):
    save(network(name), tmp_path / "folder")
    assert (tmp_path / "folder" / f"{file}_inference.h").exists()
    assert f"nnablart_{file.lower()}_inference(" in (tmp_path / "folder" / f"{file}_inference.c").read_text()


def test_functions_without_code_are_told_together(tmp_path):
    module = chain(("Sin", (2,), {}), ("Cos", (2,), {}))
    with pytest.raises(CompileError) as error:
        save(module, tmp_path / "p")
    assert [d.message for d in error.value.diagnostics] == [
        "nnabla-c-runtime has no code for Sin",
        "nnabla-c-runtime has no code for Cos",
    ]
    assert not (tmp_path / "p").exists()


def test_other_elements_than_float_are_refused(tmp_path):
    with pytest.raises(CompileError, match="C source has float32 alone"):
        save(affine(), tmp_path / "p")


@pytest.mark.parametrize(
    ("kind", "snake"),
    [("BatchMatmul", "batch_matmul"), ("RSubScalar", "r_sub_scalar"), ("PReLU", "prelu"), ("Add2", "add2")],
)
def test_names_of_the_runtime(kind, snake):
    assert snake_case(kind) == snake
