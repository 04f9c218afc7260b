"""Run passes on IR text: text in, text out.

nncc opt --passes=canonicalize,fold-constants stage.mlir
nncc opt --passes=... - < stage.mlir > better.mlir
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .compile import add_inspection_arguments, instruments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", help="the file, or - for standard input")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: standard output)")
    parser.add_argument("--passes", default="", metavar="A,B{X=1}", help="the passes (default: none, only check)")
    parser.add_argument("--constants", choices=("inline", "elide"), default="elide", help="where weights go")
    parser.add_argument("--split", action="store_true", help="treat the parts between '// -----' lines as files")
    add_inspection_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from ..ir.passes import PassContext
    from ..pipelines.pass_list import parse_pass_list
    from .console import show_warnings
    from .files import read_text, write_text

    pipeline = parse_pass_list(args.passes)
    pipeline.instantiate()  # wrong options are found before the input is read
    name = "<stdin>" if args.input == "-" else args.input
    text = sys.stdin.read() if args.input == "-" else read_text(Path(args.input))
    context = PassContext()
    parts = text.split("// -----") if args.split else [text]
    results = [_optimized(part, name, pipeline, context, args) for part in parts]
    show_warnings(context.diagnostics, args.quiet)
    result = "// -----\n".join(results)
    if args.output is None:
        sys.stdout.write(result)
    else:
        write_text(args.output, result)
    return 0


def _optimized(text: str, name: str, pipeline: object, context: object, args: argparse.Namespace) -> str:
    from ..ir.constants_file import load_constants
    from ..ir.parser import parse_module
    from ..ir.printer import print_module
    from ..pipelines import driver

    module = parse_module(text, name)
    beside = Path(args.input).with_suffix(".npz")
    if args.input != "-" and beside.exists():
        load_constants(module, beside)
    driver.compile(module, pipeline, context=context, instruments=instruments(args))  # type: ignore[arg-type]
    return print_module(module, constants=args.constants)
