"""Writes the table of this folder, ``ops.json``, from the installed TensorFlow: ``python -m
nncc.ir.dialects.tf.regenerate``.

Operators of training, input pipelines, summaries and accelerators' runtimes are left out: no model that can be
compiled has them, and the frontend carries operators that are not in the table as well.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from .elements import NAMES

LEFT_OUT = re.compile(
    r"Grad(ient)?s?(V\d+)?$|Gradient|Backprop[A-HJ-Z]|Apply|Dataset|TPU|Xla|BoostedTrees|Iterator|Summary|Accumulator"
    r"|Barrier|Collective|Cudnn|Debug|Experimental|Infeed|Outfeed|Nccl|SparseCore|StatsAgg|Sdca|Reader|Csr|CSR|CSV"
    r"|Queue|Stage|^(Scatter|ResourceScatter|OrderedMap|Map)(?!Nd$)|Candidate|Mutex|Save|Restore|^Load|^Retrieve|KMC2"
    r"|Seed|MemoryCache|Kmeans|Requant|Quantized(?!.*Dequantize)|Cross(Hashed|Replica)|Recv|Send|DistributedTPU"
)
KEPT = (
    *("_FusedConv2D", "_FusedDepthwiseConv2dNative", "_FusedMatMul", "_FusedBatchNormEx", "_Arg", "_Retval"),
    *("StopGradient", "PreventGradient"),
)
"""What TensorFlow's optimizer writes, which ``tf.raw_ops`` does not list, and operators whose names mislead."""


def main() -> int:
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    names = [n for n in dir(tf.raw_ops) if n[0] != "_" and not LEFT_OUT.search(n)]
    table = {name: entry(op_def_registry.get(name)) for name in sorted([*names, *KEPT])}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(op)}" for name, op in table.items())
    Path(__file__).with_name("ops.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(table)} operators of TensorFlow {tf.__version__}")
    return 0


def entry(op: Any) -> dict[str, Any]:
    """One operator: see ``table.py`` for what the texts mean."""
    found: dict[str, Any] = {
        "inputs": [port(a) for a in op.input_arg],
        "outputs": [port(a) for a in op.output_arg],
        "attributes": {a.name: attribute(a) for a in op.attr},
    }
    if op.is_stateful:
        found["stateful"] = True
    return found


def port(arg: Any) -> str:
    if arg.type_list_attr:
        return f"{arg.name}:*{arg.type_list_attr}"
    type = arg.type_attr or NAMES[arg.type]
    return f"{arg.name}:{arg.number_attr}*{type}" if arg.number_attr else f"{arg.name}:{type}"


def attribute(spec: Any) -> Any:
    """The kind of an attribute; with its default in a list where it has one."""
    is_list = spec.type.startswith("list(")
    kind = f"{spec.type[5:-1]}s" if is_list else spec.type
    if not spec.HasField("default_value"):
        return kind
    default = spec.default_value
    if is_list:
        held = default.list
        field = {"strings": held.s, "ints": held.i, "floats": held.f, "bools": held.b, "types": held.type}
        value: Any = [plain(kind[:-1], v) for v in (held.shape if kind == "shapes" else field[kind])]
    else:
        field = {"string": default.s, "int": default.i, "float": default.f, "bool": default.b, "type": default.type}
        if kind not in (*field, "shape"):
            return kind
        value = plain(kind, default.shape if kind == "shape" else field[kind])
    return [kind, value]


def plain(kind: str, value: Any) -> Any:
    if kind == "string":
        return value.decode()
    if kind == "float":
        import numpy as np

        return float(str(np.float32(value)))
    if kind == "type":
        return NAMES[value]
    if kind == "shape":
        return "unranked" if value.unknown_rank else [d.size for d in value.dim]
    return value


if __name__ == "__main__":
    sys.exit(main())
