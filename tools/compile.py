"""Compile a neural network from one format to another.

nncc --pipeline=nnp-to-tflite-int8 m.nnp --dataset samples.npz -o m.tflite
nncc m.nnp -o m.tflite                       (the pair of formats chooses the pipeline)
nncc net.nntxt params.h5 -o m.nnp            (the parts of one model)
nncc -E0 -S 0-2,3- m.nnp -o m.tflite         (m_0_2.tflite and m_3_70.tflite)
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .split import add_split_arguments

if TYPE_CHECKING:
    from ..ir.instruments import Instrument
    from ..pipelines.pipeline import Pipeline
    from .summary import Result

PARAMETERS = {
    "batch": (("-b", "--batch-size"), {"type": int, "metavar": "N", "help": "what a variable batch becomes"}),
    "opset": (
        ("-d", "--define-version", "--define_version"),
        {
            "metavar": "V",
            "help": "ONNX: opset_N (7 and up), opset_snpe or opset_tensorrt (default: the newest that runs);"
            " NNB: nnb_2 (the default) or nnb_3",
        },
    ),
    "nnp_version": (
        ("--nnp-version",),
        {"metavar": "V", "help": "NNP output: for an earlier release of NNabla, e.g. 1.20.0"},
    ),
    "types": (
        ("-T", "--default-variable-type"),
        {
            "metavar": "T",
            "help": "NNB: the type of variables: FLOAT32, FIXED16[_n], FIXED8[_n] (n bits behind the point)",
        },
    ),
    "settings": (
        ("-s", "--settings"),
        {"metavar": "F", "help": "NNB: YAML with the types of single variables (nncc nnb-template writes one)"},
    ),
    "io_layout": (
        ("--io-layout",),
        {"choices": ("channel_last", "keep"), "help": "layout of image inputs and outputs (default: the target's)"},
    ),
    "io_type": (
        ("--io-type",),
        {"choices": ("int8", "float32"), "help": "type of the inputs and outputs of INT8 models"},
    ),
    "method": (
        ("--calibration",),
        {
            "choices": ("auto", "minmax", "moving_average", "percentile", "entropy", "mse"),
            "help": "how ranges are chosen from the representative data",
        },
    ),
    "strict": (
        ("--strict",),
        {"action": "store_const", "const": True, "help": "an operation without an INT8 kernel is an error"},
    ),
}
"""Options that are parameters of the chosen pipeline, with their arguments for argparse."""

LOAD_OPTIONS = ("executor", "network", "seed", "allow_nan", "input_shape", "outputs", "signature")
SAVE_OPTIONS = (
    "nnp_parameter_h5",
    "nnp_parameter_nntxt",
    "nnp_exclude_parameter",
    "ir_version",
    "external_data",
    "nnb_version",
    "api_level",
    "constants",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="a model, or the files that it consists of")
    parser.add_argument("-o", "--output", type=Path, help="the file to write (default: named as the input)")
    _add_pipeline_arguments(parser)
    _add_format_arguments(parser)
    add_split_arguments(parser)
    add_inspection_arguments(parser)
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write what happened as JSON")


def _add_pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("pipeline")
    way = group.add_mutually_exclusive_group()
    way.add_argument("--pipeline", metavar="NAME|FILE.yaml", help="a named pipeline ('nncc pipelines') or your own")
    way.add_argument("--passes", metavar="A,B{X=1}", help="passes on one line")
    for name, (flags, settings) in PARAMETERS.items():
        group.add_argument(*flags, dest=name, default=None, **settings)  # type: ignore[arg-type]  # argparse's keywords
    group.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the pipeline")
    group.add_argument("--dataset", metavar="PATH", help="representative data: .npy, .npz, or a folder of them")


def _add_format_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("formats")
    group.add_argument("-I", "--input-format", "--import-format", metavar="F", help="read the input as this format")
    group.add_argument("-O", "--output-format", "--export-format", metavar="F", help="write this format")
    group.add_argument("-E", "--executor", type=int, metavar="N", help="NNP: use executor N (negative: from the end)")
    group.add_argument("--network", metavar="NAME", help="NNP: use the network of this name")
    group.add_argument("--seed", type=int, metavar="N", help="NNP: for parameters that must be made up")
    group.add_argument("--allow-nan", action="store_const", const=True, help="NNP: accept weights with NaN")
    loops = group.add_mutually_exclusive_group()
    loops.add_argument("--nnp-expand-network", action="store_true", help="NNP to NNP: expand loops")
    loops.add_argument("--nnp-no-expand-network", action="store_true", help="NNP to NNP: keep loops (the default)")
    places = group.add_mutually_exclusive_group()
    places.add_argument("--nnp-parameter-h5", action="store_const", const=True, help="parameters as HDF5")
    places.add_argument("--nnp-parameter-nntxt", action="store_const", const=True, help="parameters in the text")
    places.add_argument("--nnp-exclude-parameter", action="store_const", const=True, help="leave parameters out")
    group.add_argument(
        "--input-shape",
        action="append",
        metavar="NAME=1,3,H,W",
        help="ONNX, TFLite: the shape of an input; again for others",
    )
    group.add_argument("--signature", metavar="NAME", help="TFLite, TensorFlow: use the signature of this name")
    group.add_argument(
        "--inputs", action="append", dest="ports", metavar="A,B", help="TensorFlow: these tensors are the inputs"
    )
    group.add_argument(
        "--outputs", action="append", metavar="A,B", help="ONNX, TensorFlow: cut the graph behind these tensors"
    )
    group.add_argument("--ir-version", type=int, metavar="N", help="ONNX: the IR version of the file")
    group.add_argument("--external-data", action="store_const", const=True, help="ONNX, C: weights in a file beside it")
    group.add_argument("--api", type=int, dest="api_level", metavar="N", help="NNB: for runtimes of this API level")
    parser.set_defaults(nnb_version=None)  # -d says it
    group.add_argument("--constants", choices=("file", "inline", "elide"), help="IR text: where weights go")


def add_inspection_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("inspection")
    group.add_argument(
        "--dump-ir",
        action="append",
        default=[],
        metavar="WHEN",
        help="print the IR: after-all, changed (after each pass that changed it), after:PASS, before:PASS",
    )
    group.add_argument(
        "--dump-dir", type=Path, metavar="DIR", help="write the dumps to DIR/NN-pass.mlir, not to stderr"
    )
    group.add_argument("--why", action="store_true", help="show which rewrites nearly matched, and why they did not")
    group.add_argument("--timing", action="store_true", help="show how long each pass took")
    group.add_argument(
        "--verify-numerics",
        nargs="?",
        const="random",
        metavar="DATA",
        help="evaluate before and after each pass, on random inputs or on DATA; stop at the first that changes results",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no warnings, no summary")


def run(args: argparse.Namespace) -> int:
    from ..ir.passes import PassContext
    from ..pipelines import driver, registry
    from .console import progress, show_refusals, show_warnings
    from .split import part_path, parts_text, split
    from .summary import Result

    inputs = [Path(p) for p in args.inputs]
    _read_definition(args)
    pipeline = _choose_pipeline(args, inputs)
    output = _output(args, inputs, pipeline)
    if pipeline is None:
        source = registry.source_of(inputs, args.input_format).name
        pipeline = driver.pipeline_for(source, registry.target_of(output, args.output_format).name)
    pipeline = _with_loops(pipeline, args)
    parameters = _parameters(args, pipeline)
    _check(pipeline, parameters, registry.source_of(inputs, args.input_format or pipeline.frontend).dialect)
    _check_report(args.report, [*inputs, output])
    target = registry.target_of(output, args.output_format or pipeline.backend)
    target.check_options(_given(args, SAVE_OPTIONS))

    started = time.perf_counter()
    context = PassContext(refusals=[] if args.why else None)
    with progress(args.quiet) as bar:
        context.progress = bar
        load_options = _given(args, LOAD_OPTIONS)
        if args.ports is not None:  # args.inputs are the files
            load_options["inputs"] = args.ports
        module = driver.load(inputs, args.input_format or pipeline.frontend, context, **load_options)
        if args.dataset is not None:
            context.dataset = args.dataset
        parts = split(args, module, pipeline, target, context, parameters)
        if parts is None:
            done = driver.compile(module, pipeline, context=context, instruments=instruments(args), **parameters)
            results = {output: (module, done)}
        else:
            paths = {part_path(output, part.range, target): part for part in parts}
            results = {path: (part.module, part.compilation) for path, part in paths.items()}
        context.diagnostics.raise_if_errors()
        modules = {path: made for path, (made, _) in results.items()}
        written = driver.save_all(modules, target.name, **_given(args, SAVE_OPTIONS))
    show_warnings(context.diagnostics, args.quiet)
    show_refusals(context)
    seconds = time.perf_counter() - started
    if parts is not None:
        print(parts_text(paths), end="")
    _tell(args, inputs, [Result(*made, files) for made, files in zip(results.values(), written, strict=True)], seconds)
    return 0


def _tell(args: argparse.Namespace, inputs: list[Path], results: list[Result], seconds: float) -> None:
    """Say what was done, as far as the options ask for it."""
    from .summary import summary, timing_table, write_report

    for result in results:
        if not args.quiet:
            print(summary(result, seconds), file=sys.stderr)
        if args.timing:
            print(timing_table(result.compilation), file=sys.stderr)
    if args.report is not None:
        _check_report(args.report, [file for result in results for file in result.written])
        write_report(args.report, inputs, results, seconds)


def _check(pipeline: Pipeline, parameters: dict[str, Any], dialect: str) -> None:
    """Find wrong names, options and orders before the input is read. Text (no dialect) may hold any."""
    from ..ir.pass_manager import PassManager

    manager = PassManager(pipeline.instantiate(parameters))
    if dialect:
        manager.check_flow({dialect})


def _check_report(report: Path | None, files: list[Path]) -> None:
    """Raises UsageError where the report would replace the model or a file beside it."""
    from ..ir.diagnostics import UsageError

    if report is not None and report.resolve() in [f.resolve() for f in files]:
        raise UsageError(f"the report would replace '{report}', a file of the model", remedy="give it another name")


def _choose_pipeline(args: argparse.Namespace, inputs: list[Path]) -> Pipeline | None:
    """The pipeline that the options name; None where the pair of file names chooses."""
    from ..pipelines import driver
    from ..pipelines.pass_list import parse_pass_list

    if args.pipeline:
        return driver.load_pipeline(args.pipeline)
    if args.passes is not None:
        return parse_pass_list(args.passes)
    return None


def _output(args: argparse.Namespace, inputs: list[Path], pipeline: Pipeline | None) -> Path:
    """The output as given, else named as the (first) input with the extension of the target, in the working folder."""
    from ..ir.diagnostics import UsageError
    from ..pipelines import registry

    if args.output is not None:
        output: Path = args.output
        return output
    target = args.output_format or (pipeline.backend if pipeline else None)
    if target is None:
        raise UsageError("there is no output", remedy="name it with -o OUTPUT, or choose a --pipeline")
    extensions = registry.target_of(Path(), target).extensions  # a folder has none
    output = Path(inputs[0].name).with_suffix(extensions[0] if extensions else "")
    if any(output.resolve() == p.resolve() for p in inputs):
        raise UsageError(f"the output would replace the input '{output}'", remedy="name another with -o OUTPUT")
    return output


def _with_loops(pipeline: Pipeline, args: argparse.Namespace) -> Pipeline:
    import attrs

    from ..pipelines.pipeline import PassStep

    if args.nnp_expand_network and pipeline.backend == "nnp":
        return attrs.evolve(pipeline, steps=(PassStep("expand-loop-control"), *pipeline.steps))
    return pipeline


def _read_definition(args: argparse.Namespace) -> None:
    """``-d nnb_3`` is an option of the format NNB; what else -d says is a parameter of the pipeline."""
    match = re.fullmatch(r"nnb_(\d+)", args.opset or "")
    if match:
        args.opset, args.nnb_version = None, int(match[1])


def _given(args: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(args, name)) is not None}


def _parameters(args: argparse.Namespace, pipeline: Pipeline) -> dict[str, Any]:
    """The parameters of the pipeline that were given, by flag or by --set. Raises UsageError."""
    from ..ir.diagnostics import UsageError

    values = _given(args, tuple(PARAMETERS))
    for name in values:
        if name not in pipeline.parameters:
            flags = "/".join(PARAMETERS[name][0])
            raise UsageError(
                f"pipeline '{pipeline.name}' does not take {flags}",
                remedy=f"its parameters: {', '.join(pipeline.parameters) or 'none'}",
            )
    for text in args.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text}: expected NAME=VALUE")
        values[name.strip()] = value.strip()
    return values


def instruments(args: argparse.Namespace, part: str = "") -> list[Instrument]:
    """What watches the passes, as the options ask for; ``part`` is the folder for the dumps of a part."""
    from ..ir.instruments import Dump
    from ..ir.numerics import VerifyNumerics
    from .arrays import read_arrays

    found: list[Instrument] = []
    if args.dump_ir or args.dump_dir is not None:
        found.append(Dump.of(args.dump_ir or ["after-all"], args.dump_dir and args.dump_dir / part))
    if args.verify_numerics is not None:
        found.append(VerifyNumerics(None if args.verify_numerics == "random" else read_arrays(args.verify_numerics)))
    return found
