"""Run passes on IR text: text in, text out.

nncc opt --passes=canonicalize,fold-constants stage.mlir
nncc opt --passes=... - < stage.mlir > better.mlir
nncc opt --passes=fuse-activations --split --verify-diagnostics cases.mlir
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .compile import add_inspection_arguments, instruments

if TYPE_CHECKING:
    from ..ir.passes import PassContext
    from ..pipelines.driver import Compilation
    from ..pipelines.pipeline import Pipeline

SEPARATOR = re.compile(r"^[ \t]*// -----[ \t]*$", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", help="the file, or - for standard input")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: standard output)")
    parser.add_argument("--passes", default="", metavar="A,B{X=1}", help="the passes (default: none, only check)")
    parser.add_argument("--constants", choices=("inline", "elide"), default="elide", help="where weights go")
    parser.add_argument("--no-locations", action="store_true", help="leave out where operations come from")
    parser.add_argument("--split", action="store_true", help="treat the parts between '// -----' lines as files")
    parser.add_argument("--dataset", metavar="PATH", help="representative data: .npy, .npz, or a folder of them")
    parser.add_argument(
        "--verify-diagnostics",
        action="store_true",
        help="errors and warnings must be those that comments '// expected-error@below {{part of it}}' announce",
    )
    add_inspection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from ..ir.diagnostics import CompileError, Diagnostic, UsageError
    from ..ir.passes import PassContext
    from ..pipelines.pass_list import parse_pass_list
    from .console import show_refusals, show_warnings
    from .expected import mismatches
    from .files import read_text, write_text
    from .summary import timing_table

    if args.split and args.dump_dir is not None:
        raise UsageError(
            "--split makes several dumps of each pass, --dump-dir keeps one", remedy="leave one of them out"
        )
    pipeline = parse_pass_list(args.passes)
    pipeline.instantiate()  # wrong options are found before the input is read
    name = "<stdin>" if args.input == "-" else args.input
    text = sys.stdin.read() if args.input == "-" else read_text(Path(args.input))
    results: list[str] = []
    problems: list[Diagnostic] = []
    for part in split_parts(text) if args.split else [text]:
        context = PassContext(dataset=args.dataset, refusals=[] if args.why else None)
        errors: tuple[Diagnostic, ...] = ()
        try:
            printed, compilation = _optimized(part, name, pipeline, context, args)
            results.append(printed)
            if args.timing:
                print(timing_table(compilation), file=sys.stderr)
        except CompileError as error:
            errors = error.diagnostics
        show_refusals(context)
        if args.verify_diagnostics:
            problems += mismatches(part, name, [*context.diagnostics.warnings, *errors])
        else:
            problems += errors
            show_warnings(context.diagnostics, args.quiet)
    if problems:
        raise CompileError.of(problems)
    result = "// -----\n".join(results)
    if args.output is None:
        sys.stdout.write(result)
    else:
        write_text(args.output, result)
    return 0


def split_parts(text: str) -> list[str]:
    """The texts between lines ``// -----``. Each has empty lines before it, so that its lines keep their numbers."""
    parts = SEPARATOR.split(text)
    lines = 0
    padded = []
    for part in parts:
        padded.append("\n" * lines + part)
        lines += part.count("\n")
    return padded


def _optimized(
    text: str, name: str, pipeline: Pipeline, context: PassContext, args: argparse.Namespace
) -> tuple[str, Compilation]:
    from ..ir.constants_file import load_constants
    from ..ir.parser import parse_module
    from ..ir.printer import print_module
    from ..pipelines import driver

    module = parse_module(text, name)
    beside = Path(args.input).with_suffix(".npz")
    if args.input != "-" and beside.exists():
        load_constants(module, beside)
    compilation = driver.compile(module, pipeline, context=context, instruments=instruments(args))
    context.diagnostics.raise_if_errors()
    return print_module(module, constants=args.constants, locations=not args.no_locations), compilation
