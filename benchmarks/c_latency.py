"""How long the C that nncc writes takes for one image, beside other ways to run the same network on one thread.

    python benchmarks/c_latency.py                                    # LeNet, MobileNetV2, ResNet-18: see networks.py
    python benchmarks/c_latency.py mobilenet_v2 --runs 50 --flags "-O3"
    python benchmarks/c_latency.py --emx ENV/bin/emx-onnx-cgen --nnablart path/to/nnablart

Peers: onnxruntime on nncc's ONNX file, LiteRT with XNNPACK on its TFLite file, emx-onnx-cgen's C from the ONNX file,
nnabla-c-runtime on the NNB file. One that is not there, or gives other numbers, is left out, and said. All run in this
process in turn, round by round; only nnabla-c-runtime is a program of its own, whose time to read the file counts, too.
Milliseconds are those of the processor, the median of the rounds; the ratio is nncc's C to the peer.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from networks import NETWORKS

import nncc


class Runner(NamedTuple):
    """A way to run a network: what takes the time, and what gives the numbers of the last run."""

    run: Callable[[], Any]
    result: Callable[[], np.ndarray]


FLAGS = "-O3 -march=native -std=c99 -ffp-contract=fast"
WARM_UPS = 2
SHORTEST = 5e-3
"""Seconds that are worth measuring: shorter runs are repeated within a round."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=["lenet", "mobilenet_v2", "resnet18"])
    parser.add_argument("--runs", type=int, default=20, help="rounds")
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--flags", default=FLAGS, help=f"of the compiler, for nncc's C and emx's: {FLAGS}")
    parser.add_argument("--emx", type=Path, metavar="PROGRAM", help="emx-onnx-cgen")
    parser.add_argument("--nnablart", type=Path, metavar="PROGRAM", help="nnabla-c-runtime's")
    args = parser.parse_args()
    for name in args.networks:
        with tempfile.TemporaryDirectory() as folder:
            _report(name, _measured(_runners(name, Path(folder), args), args.runs))


def _runners(name: str, folder: Path, args: argparse.Namespace) -> dict[str, Runner]:
    source = folder / f"{name}.nnp"
    NETWORKS[name](source)
    x = np.random.default_rng(0).standard_normal(_shape(source)).astype(np.float32)
    found: dict[str, Runner] = {"nncc": _c_program(source, folder, x, args)}
    if importlib.util.find_spec("onnxruntime"):
        found["onnxruntime"] = _onnxruntime(source, folder, x)
    if importlib.util.find_spec("ai_edge_litert"):
        found["LiteRT"] = _litert(source, folder, x)
    if args.emx:
        found["emx-onnx-cgen"] = _emx(source, folder, x, args)
    if args.nnablart:
        found["nnabla-c-runtime"] = _nnablart(source, folder, x, args.nnablart)
    return found


def _shape(source: Path) -> tuple[int, ...]:
    module = nncc.load(source)
    nncc.compile(module, "nnp-to-onnx", batch=1)
    shape: tuple[int, ...] = module.main.inputs[0].tensor.static_shape
    return shape


def _made(source: Path, pipeline: str, output: Path) -> Path:
    module = nncc.load(source)
    nncc.compile(module, pipeline, batch=1)
    if pipeline.endswith("-c"):
        nncc.save(module, output, format="c", external_data=True)  # compilers read arrays of numbers slowly
    else:
        nncc.save(module, output)
    return output


def _library(files: list[Path], target: Path, args: argparse.Namespace) -> ctypes.CDLL:
    command = [args.compiler, *args.flags.split(), "-shared", "-fPIC", "-o", target, *files, "-lm"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def _c_program(source: Path, folder: Path, x: np.ndarray, args: argparse.Namespace) -> Runner:
    made = _made(source, "nnp-to-c", folder / "m")
    library = _library([made / "m.c"], folder / "m.so", args)
    for function, result in (
        ("input", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("output_bytes", ctypes.c_size_t),
    ):
        getattr(library, f"m_{function}").restype = result
    image = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    weights = _aligned(made / "m_weights.bin")
    library.m_init(ctypes.c_void_p(weights.ctypes.data))

    def run() -> None:
        ctypes.memmove(library.m_input(0), image.ctypes.data, image.nbytes)  # its memory is used for other tensors, too
        if library.m_run() != 0 or not weights.size:
            raise SystemExit("the C program did not run")

    def result() -> np.ndarray:
        return np.frombuffer(ctypes.string_at(library.m_output(0), library.m_output_bytes(0)), np.float32)

    return Runner(run, result)


def _aligned(path: Path) -> np.ndarray:
    """The bytes of a file, at a multiple of 64."""
    room = np.empty(path.stat().st_size + 64, np.uint8)
    begin = -room.ctypes.data % 64
    room[begin : begin + path.stat().st_size] = np.fromfile(path, np.uint8)
    return room[begin:]


def _onnxruntime(source: Path, folder: Path, x: np.ndarray) -> Runner:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = _made(source, "nnp-to-onnx", folder / "m.onnx")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x}
    return Runner(lambda: session.run(None, feed), lambda: session.run(None, feed)[0].reshape(-1))


def _litert(source: Path, folder: Path, x: np.ndarray) -> Runner:
    from ai_edge_litert import interpreter

    model = interpreter.Interpreter(str(_made(source, "nnp-to-tflite", folder / "m.tflite")), num_threads=1)
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    output = model.get_output_details()[0]["index"]

    return Runner(model.invoke, lambda: model.get_tensor(output).reshape(-1))


def _emx(source: Path, folder: Path, x: np.ndarray, args: argparse.Namespace) -> Runner:
    """Its C has one function, model(inputs..., outputs...)."""
    model = _made(source, "nnp-to-onnx", folder / "e.onnx")
    text = folder / "emx.c"
    subprocess.run([args.emx, "compile", model, text, "--model-name", "model"], check=True, stdout=subprocess.DEVNULL)
    library = _library([text], folder / "emx.so", args)
    output = np.zeros(_output_size(source), np.float32)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, output)]

    return Runner(lambda: library.model(*pointers), lambda: output)


def _output_size(source: Path) -> int:
    module = nncc.load(source)
    nncc.compile(module, "nnp-to-onnx", batch=1)
    return int(module.main.outputs[0].tensor.size)


def _nnablart(source: Path, folder: Path, x: np.ndarray, program: Path) -> Runner:
    """A process for each run; what it takes is counted by :func:`_measured` among those of children."""
    model = _made(source, "nnp-to-nnb", folder / "m.nnb")
    x.tofile(folder / "x.bin")
    command: list[Any] = [program, "infer", model, folder / "x.bin", folder / "y"]

    def run() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return Runner(run, lambda: np.fromfile(folder / "y_0.bin", np.float32))


def _measured(runners: dict[str, Runner], rounds: int) -> dict[str, float]:
    """Milliseconds of those that give the numbers of the first."""
    repeats, wanted = {}, None
    for name, runner in runners.items():
        for _ in range(WARM_UPS):
            runner.run()
        seconds = _seconds(runner, 1)
        found = runner.result()
        wanted = found.copy() if wanted is None else wanted
        if np.allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max()):
            repeats[name] = max(int(SHORTEST / max(seconds, 1e-9)), 1)
        else:
            print(f"{name} gives other numbers: they differ by up to {np.abs(found - wanted).max():.3g}", flush=True)
    times: dict[str, list[float]] = {name: [] for name in repeats}
    for _ in range(rounds):
        for name, count in repeats.items():
            times[name].append(_seconds(runners[name], count))
    return {name: 1e3 * statistics.median(of) for name, of in times.items()}


def _seconds(runner: Runner, count: int) -> float:
    """The time of one run, as the mean of some."""
    start = _processor_seconds()
    for _ in range(count):
        runner.run()
    return (_processor_seconds() - start) / count


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _report(name: str, times: dict[str, float]) -> None:
    own = times["nncc"]
    for peer, milliseconds in times.items():
        print(f"{name:<14}{peer:<18}{milliseconds:10.3f} ms   ratio {own / milliseconds:.2f}", flush=True)
    for peer in sorted({"onnxruntime", "LiteRT", "emx-onnx-cgen", "nnabla-c-runtime"} - set(times)):
        print(f"{name:<14}{peer:<18}{'not measured':>13}", flush=True)


if __name__ == "__main__":
    main()
