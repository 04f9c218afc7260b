"""The memory of tensors in nncc's C, beside its lower bound and beside what NNabla's converter takes for the network.

python benchmarks/arena.py                                        # the networks of networks.py
python benchmarks/arena.py models/*.nnp --batch 4

arena    bytes that inputs, outputs and all between them share in the C program
bound    the largest sum of the sizes of tensors that live at the same time: without sharing between an operand and its
         result no plan has less
nnabla   what NNabla's converter takes for the network as the file has it, loops expanded: the sum of the buffers that
         its own way of choosing them gives, and the least that separate buffers can take
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import attrs
from networks import NETWORKS

import nncc
from nncc.ir import CompileError, Value
from nncc.ir.dialects.nnp import executors, networks, numbered_order, variables_by_value
from nncc.passes.memory.colouring import lowest_total, walk
from nncc.passes.memory.packing import Interval


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), help="names of networks.py, or NNP files")
    parser.add_argument("--batch", type=int, default=1)
    args = parser.parse_args()
    print(f"{'network':<36}{'arena':>12}{'bound':>12}{'ratio':>7}{'nnabla':>12}{'least':>12}{'ratio':>7}")
    for name in args.networks:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(name)
            if name in NETWORKS:
                path = Path(folder) / f"{name}.nnp"
                NETWORKS[name](path)
            try:
                print(f"{path.stem:<36}{_row(path, args.batch)}", flush=True)
            except CompileError as error:
                print(f"{path.stem:<36}refused: {str(error).splitlines()[0]}", flush=True)


def _row(path: Path, batch: int) -> str:
    module = nncc.load(path)
    nncc.compile(module, "nnp-to-c", batch=batch, io_layout="keep")
    arena, bound = (module.main.attributes[key] for key in ("arena_bytes", "live_bytes"))
    lives = _lives(path, batch)
    theirs, least = walk(lives).total, lowest_total(lives)
    return f"{arena:12,}{bound:12,}{arena / bound:7.2f}{theirs:12,}{least:12,}{arena / theirs:7.2f}"


def _lives(path: Path, batch: int) -> list[Interval]:
    """The variables of a network between its parameters, with the first and the last function that use them."""
    module = nncc.load(path)
    nncc.compile(module, "select-executor,expand-loop-control")
    network, executor = next(iter(networks(module).values())), executors(module)[0]
    functions, variables = numbered_order(network), variables_by_value(network)
    ends = {v.variable for v in network.variables if v.label in executor.variable_names("output_variable")}
    lives: dict[Value, Interval] = {}
    for moment, function in enumerate(functions):
        for value in (*function.operands, *function.results):
            variable = variables.get(value) if value is not None else None
            if value is None or variable is None or variable.is_parameter:
                continue
            first = moment if value.defining_op is function else 0
            begun = lives.get(value, Interval(_bytes(value, batch), first, moment))
            lives[value] = attrs.evolve(begun, last=len(functions) if value in ends else moment)
    return list(lives.values())


def _bytes(value: Value, batch: int) -> int:
    """The size of a variable of 32-bit numbers."""
    return 4 * math.prod(dim if isinstance(dim, int) else batch for dim in value.tensor.dims)


if __name__ == "__main__":
    main()
