"""Show what a file holds, as IR text in the dialect of its format.

nncc dump m.nnp | less
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="+", metavar="MODEL", help="the file, or the files that the model consists of")
    parser.add_argument("--passes", metavar="A,B{X=1}", help="run these passes first")
    parser.add_argument("--constants", choices=("inline", "elide"), default="elide", help="where weights go")


def run(args: argparse.Namespace) -> int:
    from ..ir.passes import PassContext
    from ..ir.printer import write_module
    from ..pipelines import driver
    from ..pipelines.pass_list import parse_pass_list
    from .console import show_warnings

    context = PassContext()
    module = driver.load([Path(p) for p in args.model], context=context)
    if args.passes:
        driver.compile(module, parse_pass_list(args.passes), context=context)
    show_warnings(context.diagnostics, quiet=False)
    write_module(module, sys.stdout, constants=args.constants)
    return 0
