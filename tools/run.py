"""Execute a model: an NNP file or IR text with numpy, an ONNX file with onnxruntime, a TFLite file with LiteRT.

nncc run m.nnp --inputs x.npz -o y.npz
nncc run m.tflite                            (seeded random inputs, a summary of the outputs)
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="+", metavar="MODEL", help="the file, or the files that the model consists of")
    parser.add_argument("-i", "--inputs", metavar="FILE", help=".npz with the inputs by name, or .npy for one input")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the outputs: .npz, or .npy for one")
    parser.add_argument("-b", "--batch-size", type=int, metavar="N", help="the batch of random inputs (default: 1)")
    parser.add_argument("-E", "--executor", type=int, metavar="N", help="NNP: use executor N")
    parser.add_argument("--seed", type=int, default=0, help="seed of random inputs (default: 0)")


def run(args: argparse.Namespace) -> int:
    from .arrays import read_arrays, write_arrays
    from .execute import open_model

    model = open_model([Path(p) for p in args.model], args.executor)
    given = read_arrays(args.inputs) if args.inputs else None
    outputs = model.run(given, args.seed, args.batch_size)
    if args.output is not None:
        write_arrays(args.output, outputs)
    for name, array in outputs.items():
        print(
            f"{name}: {array.dtype} {array.shape}, from {array.min():.6g} to {array.max():.6g}, mean {array.mean():.6g}"
        )
    return 0
