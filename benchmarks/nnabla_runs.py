"""NNPs that nncc writes, in NNabla itself: whether they run, and with the right numbers.

    python benchmarks/nnabla_runs.py --python ENV/bin/python                      # the models of real_models.py
    python benchmarks/nnabla_runs.py --python ENV/bin/python nudenet m.onnx n.nnp
    python benchmarks/nnabla_runs.py --python ENV/bin/python m.onnx --input-shape x=N,3,224,224 --batch 4
    python benchmarks/nnabla_runs.py --python ENV/bin/python --cases onnx/backend/test/data/node

ENV is an environment with NNabla (pip install nnabla). Each model is converted to NNP, optimized, and run on random
inputs. What is right says the runtime of the source: onnxruntime for ONNX, NNabla on the source for NNP, and nncc's
interpreter for others. ``--cases`` takes a folder of ONNX's backend tests, which say themselves what is right; a case
that is refused, as one whose shape is an input, is tried again with all inputs but the first as constants. Right is
within rtol 1e-3 and atol 1e-4. Every case is counted as right, refused by nncc, an error in NNabla, or wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from real_models import MODELS, Arrays, Model, fetch, judge, run_onnx

import nncc
from nncc.ir import Module, NnccError
from nncc.pipelines import registry
from nncc.pipelines.driver import pipeline_for

RUNNER = Path(__file__).with_name("nnabla_runner.py")


class NNabla:
    """A process that runs NNPs; it is started anew where NNabla takes it down."""

    def __init__(self, python: str, folder: Path) -> None:
        self.python, self.folder = python, folder
        self.process: subprocess.Popen[str] | None = None

    def run(self, path: Path, inputs: Arrays, wanted: list[str], batch: int) -> Arrays:
        """The outputs by name. Raises RuntimeError with what NNabla said."""
        given, made = self.folder / "inputs.npz", self.folder / "outputs.npz"
        np.savez(given, **{name: np.asarray(array, np.float32) for name, array in inputs.items()})
        job = {"nnp": str(path), "inputs": str(given), "outputs": str(made), "wanted": wanted, "batch": batch}
        answer = self._ask(json.dumps(job))
        if answer != "ok":
            raise RuntimeError(answer)
        with np.load(made) as found:
            return {name: found[name] for name in found.files}

    def _ask(self, line: str) -> str:
        if self.process is None or self.process.poll() is not None:
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self.process = subprocess.Popen([self.python, str(RUNNER)], text=True, **pipes)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            return f"NNabla took its process down (exit status {self.process.wait()})"
        text: str = json.loads(answer)
        return text


def load(path: Path, shapes: dict[str, tuple[int | str, ...]]) -> tuple[Module, str]:
    """The module, and the name of its format."""
    source = registry.source_of([path])
    options = {"input_shape": shapes} if "input_shape" in source.options and shapes else {}
    return nncc.load(path, **options), source.name


def convert(path: Path, shapes: dict[str, tuple[int | str, ...]], target: Path) -> list[str]:
    """Write the NNP; gives the names of its outputs. Raises NnccError."""
    module, source = load(path, shapes)
    pipeline = "nnp-to-nnp-optimized" if source == "nnp" else pipeline_for(source, "nnp")
    nncc.compile(module, pipeline)
    nncc.save(module, target)
    return output_names(module)


def output_names(module: Module) -> list[str]:
    from nncc.ir.dialects.nnp import executors

    return executors(module)[0].variable_names("output_variable")


def check(nnabla: NNabla, path: Path, model: Model, batch: int) -> str:
    """Convert a model, run it, compare."""
    target = nnabla.folder / "converted.nnp"
    try:
        names = convert(path, dict(model.shapes), target)
    except NnccError as error:
        return f"refused: {' | '.join(str(d) for d in error.diagnostics)}"
    inputs = samples_for(path, model, batch)
    try:
        found = nnabla.run(target, inputs, names, batch)
        expected = reference(nnabla, path, model, inputs, names, batch)
    except RuntimeError as error:
        return f"error: {error}"
    return judge([{n: np.asarray(a, np.float32) for n, a in expected.items()}], [found])


def samples_for(path: Path, model: Model, batch: int) -> dict[str, np.ndarray]:
    """Random inputs: numbers of -1 .. 1, bytes where integers are asked for; open dimensions have the batch size."""
    module, source = load(path, dict(model.shapes))
    nncc.compile(module, "lift-nnp" if source == "nnp" else f"lift-{source}")
    rng = np.random.default_rng(0)
    made: dict[str, np.ndarray] = {}
    for name, value in zip(module.main.input_names, module.main.inputs, strict=True):
        kind = value.tensor
        shape = [d if isinstance(d, int) else batch for d in kind.dims]
        dtype = kind.storage.dtype
        numbers = rng.uniform(-1, 1, shape) if dtype.kind == "f" else rng.integers(0, 256, shape)
        made[name] = np.asarray(numbers).astype(dtype)
    return {**made, **{n: np.asarray(v, made[n].dtype) for n, v in model.values.items() if n in made}}


def reference(
    nnabla: NNabla, path: Path, model: Model, inputs: Arrays, names: list[str], batch: int
) -> dict[str, np.ndarray]:
    """The outputs in the source's own runtime."""
    source = registry.source_of([path]).name
    if source == "onnx":
        return dict(run_onnx(path, [inputs])[0])
    if source == "nnp":
        return dict(nnabla.run(path, inputs, names, batch))
    module, _ = load(path, dict(model.shapes))
    nncc.compile(module, f"lift-{source}")
    return module.evaluate(inputs)


# ONNX's backend tests


def cases(folder: Path) -> Iterator[tuple[str, Path, list[np.ndarray], list[np.ndarray]]]:
    """Name, model, inputs and outputs of the cases whose data are tensors alone."""
    import onnx

    for case in sorted(folder.iterdir()):
        path, data = case / "model.onnx", case / "test_data_set_0"
        if not path.exists():
            continue
        graph = onnx.load(path, load_external_data=False).graph
        if not all(port.type.HasField("tensor_type") for port in (*graph.input, *graph.output)):
            continue  # a sequence or an optional: NNabla has tensors alone
        inputs, outputs = (_arrays(data, kind) for kind in ("input", "output"))
        if outputs and all(a.dtype.kind in "biuf" for a in (*inputs, *outputs)):
            yield case.name, path, inputs, outputs


def _arrays(folder: Path, kind: str) -> list[np.ndarray]:
    import onnx

    count = len(list(folder.glob(f"{kind}_*.pb")))
    return [onnx.numpy_helper.to_array(onnx.load_tensor(folder / f"{kind}_{i}.pb")) for i in range(count)]


def check_case(nnabla: NNabla, path: Path, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> str:
    """Right, refused, ...; where a shape is an input, again with all inputs but the first as constants of the model."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    stored = {t.name for t in model.graph.initializer}
    feed = dict(zip([i.name for i in model.graph.input if i.name not in stored], inputs, strict=False))
    verdict = run_case(nnabla, path, feed, outputs)
    if not verdict.startswith("refused") or len(feed) < 2:
        return verdict
    first, *others = feed
    for name in others:
        model.graph.initializer.append(onnx.numpy_helper.from_array(feed[name], name))
    kept = [i for i in model.graph.input if i.name not in others]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    target = nnabla.folder / "constants.onnx"
    onnx.save(model, target)
    again = run_case(nnabla, target, {first: feed[first]}, outputs)
    return verdict if again.startswith("refused") else f"with constants, {again}"


def run_case(nnabla: NNabla, path: Path, feed: dict[str, np.ndarray], outputs: list[np.ndarray]) -> str:
    target = nnabla.folder / "converted.nnp"
    try:
        names = convert(path, {n: a.shape for n, a in feed.items()}, target)
        found = nnabla.run(target, feed, names, 1)
    except NnccError as error:
        return f"refused: {' | '.join(str(d) for d in error.diagnostics)}"
    except RuntimeError as error:
        return f"error: {error}"
    expected = {n: np.asarray(a, np.float32) for n, a in zip(names, outputs, strict=False)}
    return judge([expected], [found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="names of models, or files")
    parser.add_argument("--python", required=True, help="the Python of an environment with NNabla")
    parser.add_argument("--input-shape", action="append", default=[], metavar="NAME=N,3,224,224")
    parser.add_argument("--batch", type=int, default=1, help="the batch size where it is open")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nncc-models")
    parser.add_argument("--cases", type=Path, help="a folder of ONNX's backend tests")
    args = parser.parse_args()
    pairs = [text.rpartition("=") for text in args.input_shape]
    shapes = {name: tuple(int(d) if d.isdigit() else d for d in dims.split(",") if d) for name, _, dims in pairs}
    counts: Counter[str] = Counter()

    def report(name: str, verdict: str) -> None:
        counts[verdict.partition(":")[0]] += 1
        print(f"{name:30} {verdict}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        nnabla = NNabla(args.python, Path(folder))
        if args.cases:
            for name, path, inputs, outputs in cases(args.cases):
                if not args.models or any(m in name for m in args.models):
                    report(name, check_case(nnabla, path, inputs, outputs))
        else:
            for name in args.models or MODELS:
                model = MODELS.get(name) or Model("", name, shapes)
                report(
                    name, check(nnabla, fetch(model, args.cache) if model.package else Path(name), model, args.batch)
                )
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))


if __name__ == "__main__":
    main()
