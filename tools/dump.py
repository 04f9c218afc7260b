"""Show what a file holds, as IR text in the dialect of its format, or as lists.

nncc dump m.nnp | less
nncc dump -F m.nnp               inputs, outputs, and the functions with the numbers that --split takes
nncc dump -V m.nnp               with the inputs and outputs of each function
nncc dump -n conv1/W m.nnp       the shape of one variable
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ir import Module
    from ..ir.passes import PassContext


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="+", metavar="MODEL", help="the file, or the files that the model consists of")
    parser.add_argument("-I", "--input-format", "--import-format", metavar="F", help="read the input as this format")
    parser.add_argument("-E", "--executor", type=int, metavar="N", help="NNP: show executor N only")
    text = parser.add_argument_group("text")
    text.add_argument("--passes", metavar="A,B{X=1}", help="run these passes first")
    text.add_argument("--constants", choices=("inline", "elide"), default="elide", help="where weights go")
    lists = parser.add_argument_group("lists")
    lists.add_argument("-F", "--dump-functions", action="store_true", help="list the functions")
    lists.add_argument("-V", "--dump-variables", action="store_true", help="list what each function takes and makes")
    lists.add_argument("-n", "--dump-variable-name", metavar="NAME", help="show the shape of this variable only")
    lists.add_argument("--dump-limit", type=int, metavar="N", help="show at most N items of each list")


def run(args: argparse.Namespace) -> int:
    from ..ir.diagnostics import UsageError
    from ..ir.passes import PassContext
    from ..ir.printer import write_module
    from ..pipelines import driver
    from ..pipelines.pass_list import parse_pass_list
    from .console import show_warnings

    if args.dump_limit is not None and args.dump_limit < 0:
        raise UsageError(f"--dump-limit is {args.dump_limit}", remedy="give the number of items to show")
    context = PassContext()
    options = {} if args.executor is None else {"executor": args.executor}
    module = driver.load([Path(p) for p in args.model], args.input_format, context, **options)
    if args.passes:
        driver.compile(module, parse_pass_list(args.passes), context=context)
    if args.dump_functions or args.dump_variables or args.dump_variable_name is not None:
        _print_lists(args, module, context)
    else:
        write_module(module, sys.stdout, constants=args.constants)
    show_warnings(context.diagnostics, quiet=False)
    return 0


def _print_lists(args: argparse.Namespace, module: Module, context: PassContext) -> None:
    from .listing import list_graph, list_variable, listed_graphs

    graphs = listed_graphs(module, context, first=max(args.executor or 0, 0))
    if args.dump_variable_name is not None:
        print("\n".join(list_variable(graphs, args.dump_variable_name)))
        return
    for listed in graphs:
        for line in list_graph(listed, args.dump_functions, args.dump_variables, args.dump_limit):
            print(line)
