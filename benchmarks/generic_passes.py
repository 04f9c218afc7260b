"""How long passes take on synthetic graphs of many operations, and how that grows with their number.

    python benchmarks/generic_passes.py                    # 1,000, 10,000 and 100,000 operations
    python benchmarks/generic_passes.py --sizes 1000,5000 --json times.json --only canonicalize parse

The graphs are made by benchmarks/graphs.py: generic passes get the arithmetic, those that look for layers the network.
Each run gets a fresh graph. Seconds are those of the processor, which other programs do not add to; passes run in one
thread. The slope is the exponent e in seconds ~ operations^e between the smallest and the largest graph: 1 is linear.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import time
from collections.abc import Callable

from graphs import arithmetic, network

from nncc.ir import Module
from nncc.ir.parser import parse_module
from nncc.ir.pass_manager import PassManager, count_ops, flatten
from nncc.ir.printer import print_module
from nncc.ir.verifier import verify_module
from nncc.pipelines import driver

Graph = Callable[[int], Module]
Work = Callable[[], object]

GENERIC = (
    "canonicalize",
    "fold-constants",
    "eliminate-common-subexpressions",
    "eliminate-dead-code",
    "infer-types",
    "fix-batch-size",
    "simplify-movement",
    "fold-scales",
)
OPTIMIZING = [step.name for step in flatten(driver.find_pipeline("nn-optimize").instantiate())]
LAYERS = [*dict.fromkeys(name for name in OPTIMIZING if name not in GENERIC), "channel-last"]
TO_TFL = ("nn-optimize", "nn-to-tfl-form", "lower-to-tfl")


def passes(graph: Graph, *names: str, verify: bool = False) -> Callable[[int], Work]:
    """Passes or lists of passes, one after the other."""

    def prepare(size: int) -> Work:
        module = graph(size)
        steps = [step for name in names for step in driver.find_pipeline(name).instantiate()]
        return lambda: PassManager(steps, verify=verify).run(module)

    return prepare


def on_module(graph: Graph, work: Callable[[Module], object]) -> Callable[[int], Work]:
    def prepare(size: int) -> Work:
        module = graph(size)
        return lambda: work(module)

    return prepare


def parsing(size: int) -> Work:
    text = print_module(arithmetic(size))
    return lambda: parse_module(text)


WORKS: dict[str, Callable[[int], Work]] = {
    **{name: passes(arithmetic, name) for name in GENERIC},
    "all of these, to a fixed point": passes(arithmetic, f"({','.join(GENERIC)})*"),
    "verify": on_module(arithmetic, verify_module),
    "print": on_module(arithmetic, print_module),
    "parse": parsing,
    "clone": on_module(arithmetic, Module.clone_module),
    **{name: passes(network, name) for name in LAYERS},
    "nn to tfl, verified": passes(network, *TO_TFL, verify=True),
}
"""What is measured: given a size, makes a graph and what is to be done with it."""


def measure(prepare: Callable[[int], Work], size: int, repeat: int) -> float:
    """The processor's seconds of the fastest run, each on a fresh graph."""
    best = math.inf
    for _ in range(repeat):
        run = prepare(size)
        gc.collect()
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of operations")
    parser.add_argument("--only", nargs="+", choices=WORKS, default=WORKS, help="what to measure", metavar="NAME")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, of which the fastest counts")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    sizes = [int(s) for s in options.sizes.split(",")]
    print(f"{'seconds':32}" + "".join(f"{size:>12,}" for size in sizes) + f"{'slope':>8}")
    figures: dict[str, object] = {}
    for name in options.only:
        seconds = [measure(WORKS[name], size, options.repeat) for size in sizes]
        slope = math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0]) if len(sizes) > 1 else math.nan
        figures[name] = {"seconds": dict(zip(map(str, sizes), seconds, strict=True)), "slope": slope}
        print(f"{name:32}" + "".join(f"{s:12.3f}" for s in seconds) + f"{slope:8.2f}", flush=True)
    if options.json:
        for graph in (arithmetic, network):
            figures[f"operations of {graph.__name__}"] = {str(size): count_ops(graph(size)) for size in sizes}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
