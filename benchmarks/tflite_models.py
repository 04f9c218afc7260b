"""Real TFLite models as sources: what becomes of them, and whether that is right in each runtime.

    python benchmarks/tflite_models.py                                # those that mediapipe ships
    python benchmarks/tflite_models.py --python ENV/bin/python        # NNPs too, in an environment that has NNabla
    python benchmarks/tflite_models.py m.tflite

The wheel is downloaded with pip into --cache and only unpacked. Each model is compiled to ONNX (onnxruntime), TFLite
(LiteRT) and NNP (NNabla), and run on the same random input as the source in LiteRT. Right is within rtol 1e-3 and atol
1e-4 of what the source gives with XNNPACK or without; where these two differ by more, within three times of that.
Beside it stands how many operators the source and the new TFLite file have, weights that DEQUANTIZE and DENSIFY make
left out, and how many of them are TRANSPOSE. Refused models are named with their reasons.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from nnabla_runs import NNabla
from real_models import Arrays, Model, count_operators, fetch, run_onnx, run_tflite

import nncc
from nncc.ir import NnccError

PACKAGE = "mediapipe==0.10.14"
FILES = (
    *(f"face_detection/face_detection_{kind}.tflite" for kind in ("full_range_sparse", "short_range")),
    *(f"face_landmark/face_landmark{kind}.tflite" for kind in ("", "_with_attention")),
    *(f"hand_landmark/hand_landmark_{kind}.tflite" for kind in ("full", "lite")),
    *("holistic_landmark/hand_recrop.tflite", "iris_landmark/iris_landmark.tflite"),
    *(f"palm_detection/palm_detection_{kind}.tflite" for kind in ("full", "lite")),
    *("pose_detection/pose_detection.tflite", "pose_landmark/pose_landmark_full.tflite"),
    *(f"selfie_segmentation/selfie_segmentation{kind}.tflite" for kind in ("", "_landscape")),
)
_WEIGHTS = ("DEQUANTIZE", "DENSIFY")


class Source:
    """A file, an input for it, and what it gives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        function = nncc.load(path).main
        rng = np.random.default_rng(0)
        self.names = function.output_names
        self.inputs = {
            name: rng.random([d or 1 for d in value.tensor.dims], np.float32)
            for name, value in zip(function.input_names, function.inputs, strict=True)
        }
        self.outputs = [run_tflite(path, [self.inputs], xnnpack, 0)[0][0] for xnnpack in (True, False)]

    def judge(self, outputs: Arrays) -> str:
        worst, is_right = 0.0, True
        for name in self.names:
            first, second = (found[name].astype(np.float64) for found in self.outputs)
            got = outputs[name].astype(np.float64)
            differences = [np.abs(got - wanted) for wanted in (first, second)]
            margin = np.maximum(1e-4 + 1e-3 * np.abs(first), 3 * np.abs(first - second).max())
            is_right &= got.shape == first.shape and bool((np.minimum(*differences) <= margin).all())
            worst = max(worst, min(float(d.max()) for d in differences))
        return f"{'right' if is_right else 'WRONG'} {worst:.1e}"


def refusal(path: Path) -> str:
    """Why a model that no runtime runs is not compiled."""
    try:
        nncc.compile(nncc.load(path), "lift-tfl")
    except NnccError as error:
        return _reasons(error)
    return "nncc lifts it"


def _reasons(error: NnccError) -> str:
    return "refused: " + "; ".join(sorted({d.message for d in error.diagnostics}))


def convert(source: Source, target: str, folder: Path, nnabla: NNabla | None) -> str:
    """What becomes of a model in one target, in a few words."""
    path = folder / f"m.{target}"
    module = nncc.load(source.path)
    try:
        nncc.compile(module, f"tflite-to-{target}")
    except NnccError as error:
        return _reasons(error)
    nncc.save(module, path)
    if target == "onnx":
        return source.judge(run_onnx(path, [source.inputs])[0])
    if target == "tflite":
        verdict = source.judge(run_tflite(path, [source.inputs], True, 0)[0][0])
        before, after = (count_operators(p) for p in (source.path, path))
        counts = [sum(n for k, n in c.items() if k not in _WEIGHTS) for c in (before, after)]
        transposes = [c.get("TRANSPOSE", 0) for c in (before, after)]
        return f"{verdict}, {counts[0]} -> {counts[1]} operators, {transposes[0]} -> {transposes[1]} TRANSPOSE"
    if nnabla is None:
        return "written"
    try:
        return source.judge(nnabla.run(path, source.inputs, source.names, 1))
    except RuntimeError as error:
        return f"ERROR {error}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, help="files; those of the package unless given")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "nncc-models", help="for the package")
    parser.add_argument("--python", help="a Python that has NNabla")
    args = parser.parse_args()
    models = args.models or [fetch(Model(PACKAGE, name, {}), args.cache) for name in FILES]
    with tempfile.TemporaryDirectory() as folder:
        nnabla = NNabla(args.python, Path(folder)) if args.python else None
        for path in models:
            print(path.name)
            try:
                source = Source(path)
            except (ValueError, RuntimeError) as error:  # a custom operator, say
                print(f"  LiteRT cannot run it: {str(error).splitlines()[0]}")
                print(f"  {refusal(path)}")
                continue
            for target in ("onnx", "tflite", "nnp"):
                print(f"  {target:6} {convert(source, target, Path(folder), nnabla)}")


if __name__ == "__main__":
    main()
