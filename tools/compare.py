"""Run two models on the same inputs and show where they part.

  nncc compare m.nnp m.tflite
  nncc compare before.mlir after.mlir --inputs x.npz

The outputs are compared by name, then by position. Where both are run by nncc, every tensor that has the same name in
both is compared too, in the order of the first model: the first one that differs is where they part.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..ir.types import Array


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", type=Path, help="the reference")
    parser.add_argument("second", type=Path, help="the model to judge")
    parser.add_argument("-i", "--inputs", metavar="FILE", help=".npz with the inputs by name, or .npy for one input")
    parser.add_argument("-b", "--batch-size", type=int, default=1, metavar="N", help="the batch of random inputs")
    parser.add_argument("--seed", type=int, default=0, help="seed of random inputs (default: 0)")
    parser.add_argument("--rtol", type=float, default=1e-3, help="relative tolerance (default: 1e-3)")
    parser.add_argument("--atol", type=float, default=1e-4, help="absolute tolerance (default: 1e-4)")


def run(args: argparse.Namespace) -> int:
    from .arrays import read_arrays
    from .execute import open_model

    first, second = open_model([args.first]), open_model([args.second])
    if args.inputs:
        inputs = read_arrays(args.inputs)
    else:
        inputs = first.random_inputs(args.seed, args.batch_size)
    seen: tuple[dict[str, Array], dict[str, Array]] = ({}, {})
    outputs = [_run(model, inputs, named) for model, named in zip((first, second), seen, strict=True)]
    parted = _compare_tensors(seen[0], seen[1], args) if all(seen) else None
    same = _compare_outputs(outputs[0], outputs[1], args)
    if parted is not None:
        print(f"they part at '{parted}'")
    print("the outputs agree" if same else "the outputs differ")
    return 0 if same else 1


def _run(model: Any, inputs: Mapping[str, Array], named: dict[str, Array]) -> dict[str, Array]:
    from .execute import InterpretedModel

    if not isinstance(model, InterpretedModel):
        found: dict[str, Array] = model.run(inputs)
        return found

    def observe(op: Any, results: Any) -> None:
        named.update({v.name: a for v, a in zip(op.results, results, strict=True) if v.name})

    return model.run(inputs, observe=observe)


def _compare_tensors(first: dict[str, Array], second: dict[str, Array], args: argparse.Namespace) -> str | None:
    """The first tensor of both that differs; layouts are not compared, only tensors of equal shape."""
    for name, array in first.items():
        other = second.get(name)
        if other is not None and other.shape == array.shape and not _close(array, other, args):
            return name
    return None


def _compare_outputs(first: dict[str, Array], second: dict[str, Array], args: argparse.Namespace) -> bool:
    import numpy as np

    same = len(first) == len(second)
    for position, (name, array) in enumerate(first.items()):
        other = second.get(name, list(second.values())[min(position, len(second) - 1)])
        if other.shape != array.shape:
            print(f"{name}: shapes {array.shape} and {other.shape}")
            same = False
            continue
        noise = float(((array.astype(np.float64) - other) ** 2).sum())
        signal = float((array.astype(np.float64) ** 2).sum())
        ratio = "equal" if noise == 0 else f"{10 * np.log10(max(signal, 1e-300) / noise):.1f} dB"
        close = _close(array, other, args)
        print(f"{name}: largest difference {np.abs(array - other).max():.3g}, {ratio}{'' if close else '  DIFFERS'}")
        same = same and close
    return same


def _close(a: Array, b: Array, args: argparse.Namespace) -> bool:
    import numpy as np

    return bool(np.allclose(b, a, rtol=args.rtol, atol=args.atol, equal_nan=True))
