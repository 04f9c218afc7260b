"""Time and peak memory of converting NNP to TFLite, beside NNabla's own converter.

    python benchmarks/convert.py                                     # nncc alone
    python benchmarks/convert.py --peer path/to/nnabla_cli           # both in one run, in turn, with ratios

The networks are made by benchmarks/networks.py (LeNet and ResNet-50, random weights). Each figure is the median over
--runs whole processes after one that is not counted; memory is the largest resident size of the process, less that of a
Python interpreter that does nothing ("above the interpreter").
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

from networks import NETWORKS

NNCC = [sys.executable, "-m", "nncc.tools"]


def measure(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident MB of one run. Raises RuntimeError where it fails."""
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"{shlex.join(command)}: exit status {process.returncode}: {log.read()[-500:]!r}")
    return seconds, usage.ru_maxrss / 1024


def medians(commands: dict[str, list[str]], runs: int) -> dict[str, tuple[float, float]]:
    """The commands in turn, so that a drift of the machine's speed meets all of them."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            result = measure(command)
            if turn:
                found[name].append(result)
    return {n: (statistics.median(s for s, _ in r), statistics.median(m for _, m in r)) for n, r in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", help="NNabla's program nnabla_cli (nnabla and nnabla_converter 1.39.0, Python 3.10)")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="which of them")
    parser.add_argument("--runs", type=int, default=3, help="runs that are counted")
    args = parser.parse_args()

    bare = {"start": [sys.executable, "-c", "pass"], "help": [*NNCC, "--help"]}
    start = medians(bare, args.runs)
    base = start["start"][1]
    print(f"python -c pass: {start['start'][0]:.3f} s, {base:.0f} MB; nncc --help: {start['help'][0]:.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.networks.split(","):
            compare(name, Path(folder), args, base)


def compare(name: str, folder: Path, args: argparse.Namespace, base: float) -> None:
    source = folder / f"{name}.nnp"
    NETWORKS[name](source)
    size = source.stat().st_size / 1e6
    commands = {"nncc": [*NNCC, str(source), "-o", str(folder / "ours.tflite")]}
    if args.peer:
        commands["peer"] = [args.peer, "convert", "-b", "1", str(source), str(folder / "peers.tflite")]
    for who, (seconds, memory) in (found := medians(commands, args.runs)).items():
        above = memory - base
        print(
            f"{name} ({size:.1f} MB) {who}: {seconds:.2f} s, {memory:.0f} MB"
            f" ({above:.0f} above the interpreter: {above / size:.2f} x the model)"
        )
    if args.peer:
        ratio = found["nncc"][0] / found["peer"][0]
        print(f"{name}: nncc takes {ratio:.4f} of the peer's time (1/{1 / ratio:.0f})")


if __name__ == "__main__":
    main()
