"""What is said at the end of a compilation: the summary line, the table of times, the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .console import size_text

if TYPE_CHECKING:
    from ..ir import Module
    from ..pipelines.driver import Compilation

MOST_KINDS = 6


@attrs.frozen
class Result:
    """A model that was compiled: one of several where it was split."""

    module: Module
    compilation: Compilation
    written: Sequence[Path]


def summary(result: Result, seconds: float) -> str:
    """One line: what was written, its size, its operations, and for INT8 the signal-to-noise ratio."""
    from ..pipelines.driver import count_ops

    size = sum(p.stat().st_size for p in result.written)
    names = ", ".join(map(str, result.written))
    parts = [f"wrote {names} ({size_text(size)}, {seconds:.1f} s)"]
    counts = count_ops(result.module)
    if counts:
        kinds = [f"{n.partition('.')[2]} {c}" for n, c in counts.most_common(MOST_KINDS)]
        more = f", {len(counts) - MOST_KINDS} more kinds" if len(counts) > MOST_KINDS else ""
        parts.append(f"{sum(counts.values())} ops ({', '.join(kinds)}{more})")
    facts = result.compilation.context.facts
    ratio = facts.get("sqnr_db")
    if ratio is not None:
        data = facts.get("calibration_data", "the calibration data")
        kind = facts.get("quantized_to", "INT8")
        parts.append(f"{kind} against float: {ratio:.1f} dB on {data}")
    return "; ".join(parts)


def timing_table(compilation: Compilation) -> str:
    """Seconds of each pass and what it did, slowest first."""
    rows = sorted(compilation.records, key=lambda r: -r.seconds)
    width = max((len(r.name) for r in rows), default=0)
    lines = [
        f"{r.seconds:9.4f} s  {r.name:<{width}}  {', '.join(f'{k} {v}' for k, v in r.counts.items())}".rstrip()
        for r in rows
    ]
    return "\n".join([*lines, f"{sum(r.seconds for r in rows):9.4f} s  all passes"])


def write_report(path: Path, inputs: Sequence[Path], results: Sequence[Result], seconds: float) -> None:
    """The report as JSON; its keys are described in docs/report.md."""
    from ..ir.diagnostics import CompileError
    from ..ir.location import Location

    made = [_report(result) for result in results]
    report: dict[str, Any] = {"inputs": [str(p) for p in inputs], "seconds": seconds}
    report |= made[0] if len(made) == 1 else {"parts": made}
    try:
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CompileError(f"cannot write the report: {error.strerror}", Location.at(str(path))) from error


def _report(result: Result) -> dict[str, Any]:
    from ..pipelines.driver import count_ops, tensor_names

    compilation = result.compilation
    return {
        "outputs": [{"file": str(p), "bytes": p.stat().st_size} for p in result.written],
        "pipeline": compilation.pipeline.name,
        "parameters": dict(compilation.parameters),
        "passes": [
            {"name": r.name, "seconds": r.seconds, "changed": r.changed, "counts": dict(r.counts)}
            for r in compilation.records
        ],
        "ops": dict(count_ops(result.module)),
        "tensors": tensor_names(result.module),
        "warnings": compilation.warnings,
        "facts": {k: v for k, v in compilation.context.facts.items() if _is_plain(v)},
    }


def _is_plain(value: Any) -> bool:
    """Whether JSON can say it."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
