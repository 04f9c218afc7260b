"""Time and peak memory of converting NNP to TFLite, beside NNabla's own converter.

    python benchmarks/convert.py                                     # nncc alone
    python benchmarks/convert.py --peer path/to/nnabla_cli           # both in one run, in turn, with ratios

The networks are made by benchmarks/networks.py (LeNet and ResNet-50, random weights). Each figure is the median over
--runs whole processes after --warm-up ones that are not counted. Beside the time on the clock stands that of the
processor, which other programs hardly add to. Memory is the largest resident size of the process, less that of a Python
interpreter that does nothing ("above the interpreter"); MB are millions of bytes.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

MAKER = Path(__file__).with_name("networks.py")
NNCC = [sys.executable, "-m", "nncc.tools"]


class Cost(NamedTuple):
    """What a process took: seconds on the clock, seconds of the processor, and the peak of its memory in MB."""

    seconds: float
    processor: float
    memory: float


def measure(command: list[str]) -> Cost:
    """The cost of one run. Raises RuntimeError where it fails."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{shlex.join(command)}: exit status {process.returncode}: {log.read()[-500:]!r}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def medians(commands: dict[str, list[str]], runs: int, warm_up: int = 1) -> dict[str, Cost]:
    """The commands in turn, so that a drift of the machine's speed meets all of them."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(warm_up + runs):
        for name, command in commands.items():
            cost = measure(command)
            if turn >= warm_up:
                found[name].append(cost)
    return {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="NNabla's program nnabla_cli (nnabla and nnabla_converter 1.39.0, Python 3.10)")
    parser.add_argument("--networks", default="lenet,resnet50", help="which of them")
    parser.add_argument("--runs", type=int, default=3, help="runs that are counted")
    parser.add_argument("--warm-up", type=int, default=1, help="runs before them that are not")
    parser.add_argument("--pipeline", default="nnp-to-tflite", help="nncc's pipeline")
    args = parser.parse_args()

    start, help = medians({"start": [sys.executable, "-c", "pass"], "help": [*NNCC, "--help"]}, args.runs).values()
    base = start.memory
    print(f"python -c pass: {start.seconds:.3f} s, {base:.0f} MB")
    print(f"nncc --help: {help.seconds:.3f} s ({help.processor:.3f} s of the processor)")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.networks.split(","):
            compare(name, Path(folder), args, base)


def compare(name: str, folder: Path, args: argparse.Namespace, base: float) -> None:
    source = folder / f"{name}.nnp"
    # not in this process: the memory that a process has when it starts another counts as the other's
    subprocess.run([sys.executable, str(MAKER), name, str(source)], check=True)
    size = source.stat().st_size / 1e6
    commands = {"nncc": [*NNCC, f"--pipeline={args.pipeline}", str(source), "-o", str(folder / "ours.tflite")]}
    if args.peer:
        commands["peer"] = [args.peer, "convert", "-b", "1", str(source), str(folder / "peers.tflite")]
    found = medians(commands, args.runs, args.warm_up)
    for who, cost in found.items():
        above = cost.memory - base
        print(
            f"{name} ({size:.1f} MB) {who}: {cost.seconds:.2f} s ({cost.processor:.2f} s of the processor),"
            f" {cost.memory:.0f} MB ({above:.0f} MB above the interpreter: {above / size:.2f} x the model)"
        )
    if args.peer:
        ours, theirs = found["nncc"], found["peer"]
        print(
            f"{name}: nncc takes 1/{theirs.seconds / ours.seconds:.1f} of the peer's time"
            f" (1/{theirs.processor / ours.processor:.1f} of the processor's)"
        )


if __name__ == "__main__":
    main()
