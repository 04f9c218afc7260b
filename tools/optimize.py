"""Optimize a model in its own format: constants and scales fold, operations are fused, what is unused goes.

nncc optimize in.pb out.pb
nncc optimize m.nnp smaller.nnp -b 1          (all options of nncc, for a pipeline of this pair)
"""

from __future__ import annotations

import argparse
from pathlib import Path

from . import compile

OF_NETWORKS = "nnp-to-nnp-optimized"
"""From NNabla to NNabla, the pipeline of the pair keeps all as it is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    compile.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from ..ir.diagnostics import UsageError
    from ..pipelines import registry

    if args.output is None:
        if len(args.inputs) < 2:
            raise UsageError("there is no output", remedy="nncc optimize MODEL OUT")
        args.output = Path(args.inputs.pop())
    source = registry.source_of([Path(p) for p in args.inputs], args.input_format)
    target = registry.target_of(args.output, args.output_format)
    if source.dialect != target.dialect:
        raise UsageError(
            f"'{args.output}' is of another format than the model ({target.name}, {source.name})",
            remedy="give it the same extension; nncc MODEL -o OUT converts",
        )
    if source.name == target.name == "nnp" and args.pipeline is None and args.passes is None:
        args.pipeline = OF_NETWORKS
    return compile.run(args)
