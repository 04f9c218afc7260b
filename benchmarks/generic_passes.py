"""How long every generic pass takes on a synthetic graph of many operations, and how that grows with their number.

    python benchmarks/generic_passes.py                    # 1,000, 10,000 and 100,000 operations
    python benchmarks/generic_passes.py --sizes 1000,5000 --json times.json

The graph is a chain of blocks with all that the passes look for: constants in a row, neutral elements, equal and dead
expressions, movements that cancel, weights to fold, and one value that every block uses. Each pass gets a fresh graph.
Seconds are those of the processor, which other programs do not add to; passes run in one thread. The slope is the
exponent e in seconds ~ operations^e between the smallest and the largest graph: 1 is linear.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import time
from collections.abc import Callable

import numpy as np

from nncc.ir import Builder, Function, Location, Module, TensorType
from nncc.ir.pass_manager import PassManager, Repeat, count_ops
from nncc.ir.passes import lookup_pass
from nncc.ir.printer import print_module
from nncc.ir.types import F32
from nncc.ir.verifier import verify_module
from nncc.passes import (  # noqa: F401 (imported to be registered)
    canonicalize,
    eliminate_common_subexpressions,
    eliminate_dead_code,
    fix_batch_size,
    fold_constants,
    infer_types,
)

PASSES = [
    "canonicalize",
    "fold-constants",
    "eliminate-common-subexpressions",
    "eliminate-dead-code",
    "infer-types",
    "fix-batch-size",
]


def synthetic(operations: int) -> Module:
    """A function of about so many operations."""
    module = Module()
    function, block = Function.create("main", [("x", TensorType(("N", 8, 4), F32))])
    module.body.append(function)
    b = Builder(module, block)
    x = value = function.inputs[0]
    hub = b.nn.sigmoid(x)
    row = np.linspace(0.5, 1.5, 4, dtype=np.float32)
    index = 0
    while len(block) < operations:
        with b.at(Location.at("synthetic", "main", f"block{index}", index)):
            value = b.nn.add(b.nn.add(value, row), 0.25)
            value = b.nn.transpose(b.nn.transpose(value, perm=(0, 2, 1)), perm=(0, 2, 1))
            value = b.nn.minimum(b.nn.maximum(b.nn.mul(value, 1.0), 0.0), 6.0)
            value = b.nn.add(value, b.nn.exp(b.nn.neg(hub)))  # equal in all blocks
            b.nn.tanh(b.nn.square(value))  # dead
            weight = b.nn.transpose(b.constant(np.full((4, 4), index % 7, np.float32)), perm=(1, 0))
            value = b.nn.reshape(b.nn.reshape(b.nn.affine(value, weight), shape=(0, 32)), shape=(0, 8, 4))
        index += 1
    function.set_outputs([("y", value)])
    return module


Work = Callable[[Module], object]


def run_passes(*names: str) -> Work:
    """Run passes once, or several to their fixed point."""

    def work(module: Module) -> None:
        steps = [lookup_pass(name)() for name in names]
        PassManager(steps if len(steps) == 1 else [Repeat(steps)], verify=False).run(module)

    return work


def measure(work: Work, size: int, repeat: int) -> float:
    """The processor's seconds of the fastest run, each on a fresh graph."""
    best = math.inf
    for _ in range(repeat):
        module = synthetic(size)
        gc.collect()
        start = time.process_time()
        work(module)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of operations")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, of which the fastest counts")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    sizes = [int(s) for s in options.sizes.split(",")]
    works: dict[str, Work] = {name: run_passes(name) for name in PASSES}
    works |= {"all, to a fixed point": run_passes(*PASSES), "verify": verify_module, "print": print_module}
    print(f"{'seconds':32}" + "".join(f"{size:>12,}" for size in sizes) + f"{'slope':>8}")
    figures: dict[str, object] = {}
    for name, work in works.items():
        seconds = [measure(work, size, options.repeat) for size in sizes]
        slope = math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0]) if len(sizes) > 1 else math.nan
        figures[name] = {"seconds": dict(zip(map(str, sizes), seconds, strict=True)), "slope": slope}
        print(f"{name:32}" + "".join(f"{s:12.3f}" for s in seconds) + f"{slope:8.2f}", flush=True)
    figures["operations"] = {str(size): count_ops(synthetic(size)) for size in sizes}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
