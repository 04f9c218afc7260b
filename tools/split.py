"""The parts of a model: what ``nncc --split`` and ``nncc --config`` make in the place of one file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..ir import Module, Type
    from ..ir.instruments import Instrument
    from ..ir.passes import PassContext
    from ..ir.splitting import Range
    from ..pipelines.pipeline import Pipeline
    from ..pipelines.registry import Format
    from ..pipelines.splitting import Part


def add_split_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("splitting")
    way = group.add_mutually_exclusive_group()
    way.add_argument(
        "-S", "--split", metavar="A-B,C-", help="write these ranges of functions ('nncc dump -F'), each as a model"
    )
    way.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="the functions that the target supports, one a line: split the model at all others",
    )


def split(
    args: argparse.Namespace,
    module: Module,
    pipeline: Pipeline,
    target: Format,
    context: PassContext,
    parameters: Mapping[str, Any],
) -> list[Part] | None:
    """The parts that were asked for, compiled; None where the model stays whole, and has yet to be compiled."""
    if args.split is None and args.config is None:
        return None

    from ..ir.splitting import parse_ranges
    from ..pipelines.function_list import read_function_list, supported_ranges
    from ..pipelines.preparation import numbered_graph
    from ..pipelines.splitting import compile_parts
    from .compile import instruments
    from .files import read_text

    graph = numbered_graph(module, context, pipeline)
    if args.split is not None:
        ranges = parse_ranges(args.split, len(graph.functions))
    else:
        listed = read_function_list(args.config, read_text(args.config), graph, target.dialect)
        ranges = supported_ranges(graph, listed, pipeline, context, **parameters)
        if ranges == [(0, len(graph.functions) - 1)]:
            return None

    def watch(range: Range) -> list[Instrument]:
        return instruments(args, f"{range[0]}_{range[1]}")

    return compile_parts(graph, pipeline, ranges, context, watch, **parameters)


def part_path(output: Path, range: Range, target: Format) -> Path:
    """``m.tflite`` becomes ``m_3_70.tflite``, a folder ``m`` becomes ``m_3_70``."""
    suffix = "" if target.is_folder else output.suffix
    stem = output.name.removesuffix(suffix)
    return output.with_name(f"{stem}_{range[0]}_{range[1]}{suffix}")


def parts_text(parts: Mapping[Path, Part]) -> str:
    """The inputs and outputs of each part as YAML, with the shapes that they have in the model; -1 is a free size."""
    import yaml

    ports = {str(path): {"input": _ports(part.inputs), "output": _ports(part.outputs)} for path, part in parts.items()}
    return str(yaml.safe_dump(ports, sort_keys=False, allow_unicode=True))


def _ports(ports: Sequence[tuple[str, Type]]) -> list[dict[str, str]]:
    return [{"name": name, "shape": _shape(type)} for name, type in ports]


def _shape(type: Type) -> str:
    """The dimensions as a tuple; the type as it is where it has none."""
    from ..ir import TensorType

    if not isinstance(type, TensorType) or type.shape is None:
        return str(type)
    return str(tuple(d if isinstance(d, int) else -1 for d in type.dims))
