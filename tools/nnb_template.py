"""Write a settings file for NNB: every function and every variable of a network, as it will be written.

nncc nnb-template m.nnp settings.yaml
nncc m.nnp -o m.nnb -s settings.yaml          (after you have changed the types of some variables)
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..ir import Function, Value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="the model, or its parts; last the YAML file to write")
    parser.add_argument("-I", "--input-format", metavar="F", help="read the input as this format")
    parser.add_argument("-E", "--executor", type=int, metavar="N", help="NNP: use executor N (negative: from the end)")
    parser.add_argument("-b", "--batch-size", type=int, metavar="N", help="what a variable batch becomes (default 1)")
    parser.add_argument("-T", "--default-variable-type", metavar="T", help="the type of variables (default FLOAT32)")
    parser.add_argument("--dataset", metavar="PATH", help="representative data, for the points of FIXED16 and FIXED8")


def run(args: argparse.Namespace) -> int:
    import yaml

    from ..ir.diagnostics import UsageError
    from ..ir.passes import PassContext
    from ..pipelines import driver, registry
    from .console import show_warnings
    from .files import write_text

    *inputs, output = [Path(p) for p in args.files]
    if not inputs:
        raise UsageError("there is no model", remedy="nncc nnb-template MODEL OUT.yaml")
    source = registry.source_of(inputs, args.input_format)
    context = PassContext(dataset=args.dataset)
    executor = {} if args.executor is None else {"executor": args.executor}
    module = driver.load(inputs, source.name, context, **executor)
    given = {"batch": args.batch_size, "types": args.default_variable_type}
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    driver.compile(module, driver.pipeline_for(source.name, "nnb"), context=context, **parameters)
    content = yaml.safe_dump(template(module.main), sort_keys=False, allow_unicode=True)
    write_text(output, content)
    show_warnings(context.diagnostics, quiet=False)
    return 0


def template(function: Function) -> dict[str, Any]:
    """The settings that a function of the nnb dialect has, in the form of the file."""
    from ..ir.dialects.nnb import NnbFunction

    functions = [op for op in function.body if isinstance(op, NnbFunction)]
    variables = [*function.inputs, *(r for op in function.body for r in op.results)]
    return {
        "functions": {op.label: {"implement": op.implement} for op in functions},
        "variables": {v.name or "": _type_text(v) for v in variables},
    }


def _type_text(value: Value) -> str:
    from ..ir.dialects.nnb import Parameter
    from ..ir.dialects.nnb.elements import FIXED8, FIXED16, point_of

    code, point = point_of(value.tensor.element)
    if isinstance(value.defining_op, Parameter) and value.defining_op.sign:
        return "SIGN"
    return {FIXED16: f"FIXED16_{point}", FIXED8: f"FIXED8_{point}"}.get(code, "FLOAT32")
