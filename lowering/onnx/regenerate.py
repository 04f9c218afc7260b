"""Makes ``kernels.json`` anew from the onnxruntime that is installed: ``python -m nncc.lowering.onnx.regenerate``."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from .elements import element_names
from .kernels import TABLE

_NO_END = 2**31 - 1

_Ranges = dict[tuple[int, int], dict[str, set[str]]]


def kernel_table() -> dict[str, Any]:
    """By operator: (first version, last version or None, element types by type variable), of all CPU kernels."""
    import onnxruntime
    from onnxruntime.capi import _pybind_state

    found: dict[str, _Ranges] = defaultdict(lambda: defaultdict(lambda: defaultdict(set)))
    for kernel in _pybind_state.get_all_opkernel_def():
        if kernel.provider != "CPUExecutionProvider" or kernel.domain:
            continue
        variables = found[kernel.op_name][tuple(kernel.version_range)]
        for variable, types in dict(kernel.type_constraints).items():
            variables[variable] |= element_names(map(str, types))
    kernels = {name: _merged(ranges) for name, ranges in sorted(found.items())}
    return {"onnxruntime": onnxruntime.__version__, "kernels": kernels}


def _merged(ranges: _Ranges) -> list[list[Any]]:
    """The ranges in order; neighbours that take the same types are one."""
    rows: list[list[Any]] = []
    for (since, until), variables in sorted(ranges.items()):
        types = {variable: " ".join(sorted(names)) for variable, names in sorted(variables.items())}
        end = None if until == _NO_END else until
        if rows and rows[-1][2] == types and rows[-1][1] == since - 1:
            rows[-1][1] = end
        else:
            rows.append([since, end, types])
    return rows


def main() -> None:
    table = kernel_table()
    lines = [f"    {json.dumps(name)}: {json.dumps(rows)}" for name, rows in table["kernels"].items()]
    text = ",\n".join(lines)
    TABLE.write_text(
        f'{{\n  "onnxruntime": "{table["onnxruntime"]}",\n  "kernels": {{\n{text}\n  }}\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
