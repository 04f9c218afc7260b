"""Keras' applications from each of TensorFlow's files: whether they are right, and how fast LiteRT runs them.

    python benchmarks/keras_applications.py                                  # MobileNetV2, ResNet50, ...
    python benchmarks/keras_applications.py DenseNet121 --python ENV/bin/python

Networks have random weights (--seed): Keras' own, and statistics of batch normalizations that are far from 0 and 1, as
training would leave them. Each is saved as a SavedModel, a frozen graph and a file of Keras, and each of these becomes
ONNX (run by onnxruntime), TensorFlow Lite (LiteRT) and, where --python names a Python with NNabla, NNP. ``off`` is the
greatest difference to TensorFlow's output over the greatest output. Milliseconds are those of the processor on one
thread, the least of --runs, of nncc's TFLite file and of that of TensorFlow's own converter, run in turn.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from nnabla_runs import NNabla
from real_models import count_operators, run_onnx, run_tflite, time_in_turn

import nncc
from nncc.ir import Module

MODELS = ("MobileNetV2", "ResNet50", "EfficientNetB0", "DenseNet121")
Run = Callable[[Path, Module, np.ndarray], np.ndarray]


def build(name: str, seed: int) -> Any:
    """The network with random weights."""
    import keras

    keras.utils.set_random_seed(seed)
    model = getattr(keras.applications, name)(weights=None)
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            factors = [generator.uniform(0.5, 1.5, layer.gamma.shape) for _ in range(2)]
            shifts = [generator.normal(0, 0.3, layer.gamma.shape) for _ in range(2)]
            layer.set_weights([factors[0], *shifts, factors[1]])  # gamma, beta, mean, variance
    return model


def save(model: Any, folder: Path) -> dict[str, Path]:
    """The files of a model, by their kinds."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    files = {"SavedModel": folder / "saved_model", "frozen graph": folder / "m.pb", "Keras": folder / "m.keras"}
    model.export(files["SavedModel"], verbose=False)
    model.save(files["Keras"])
    loaded = tf.saved_model.load(str(files["SavedModel"]))
    frozen = convert_variables_to_constants_v2(loaded.signatures["serving_default"])
    files["frozen graph"].write_bytes(frozen.graph.as_graph_def().SerializeToString())
    return files


def in_onnxruntime(path: Path, module: Module, x: np.ndarray) -> np.ndarray:
    (outputs,) = run_onnx(path, [{module.main.input_names[0]: x}])
    return next(iter(outputs.values()))


def in_litert(path: Path, module: Module, x: np.ndarray) -> np.ndarray:
    (outputs,), _, _ = run_tflite(path, [{module.main.input_names[0]: x}], xnnpack=True, runs=0)
    return next(iter(outputs.values()))


def in_nnabla(nnabla: NNabla) -> Run:
    def run(path: Path, module: Module, x: np.ndarray) -> np.ndarray:
        wanted = module.main.output_names
        return nnabla.run(path, {module.main.input_names[0]: x}, wanted, batch=1)[wanted[0]]

    return run


def judge(files: Mapping[str, Path], runs: Mapping[str, Run], x: np.ndarray, expected: np.ndarray) -> dict[str, Path]:
    """Convert each file to each format and say how far off its numbers are; gives what the SavedModel became."""
    written: dict[str, Path] = {}
    for kind, source in files.items():
        off = []
        for format, run in runs.items():
            module = nncc.load(source)
            ports = module.clone_module()
            target = source.parent / f"{kind.replace(' ', '_')}.{format}"
            nncc.compile(module, f"tf-to-{format}", batch=1)
            nncc.save(module, target)
            found = run(target, ports, x)
            off.append(f"{format} {np.abs(found - expected).max() / np.abs(expected).max():.1e}")
            written.setdefault(format, target)
        print(f"  {kind:<14} off: {', '.join(off)}", flush=True)
    return written


def compare(ours: Path, folder: Path, runs: int) -> None:
    """The latency of a TFLite file beside that of TensorFlow's converter."""
    import tensorflow as tf

    theirs = folder / "theirs.tflite"
    theirs.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved_model")).convert())
    times = time_in_turn([ours, theirs], runs)
    counts = [sum(count_operators(path).values()) for path in (ours, theirs)]
    print(
        f"  nncc {times[0]:.2f} ms, {counts[0]} operators; TensorFlow {times[1]:.2f} ms, {counts[1]} operators;", end=""
    )
    print(f" ratio {times[0] / times[1]:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS, help=f"names in keras.applications ({', '.join(MODELS)})")
    parser.add_argument("--python", help="a Python with NNabla")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=30)
    args = parser.parse_args()
    for name in args.models:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            model = build(name, args.seed)
            x = np.random.default_rng(args.seed).random((1, *model.input_shape[1:]), np.float32)
            runs: dict[str, Run] = {"onnx": in_onnxruntime, "tflite": in_litert}
            if args.python:
                runs["nnp"] = in_nnabla(NNabla(args.python, folder))
            print(name, flush=True)
            written = judge(save(model, folder), runs, x, np.asarray(model(x)))
            compare(written["tflite"], folder, args.runs)


if __name__ == "__main__":
    main()
