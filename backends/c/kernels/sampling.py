"""Kernels of interpolation, mirroring and normalization over neighbours."""

from __future__ import annotations

from collections.abc import Iterable

from ....ir.dialects.c.sampling import L2Normalization, LocalResponseNormalization, Mix, Take
from ...c_text import fill, literal
from .registry import bounded, element_type, kernel


def table(type: str, name: str, values: Iterable[str]) -> str:
    listed = list(values)
    rows = [", ".join(listed[i : i + 12]) for i in range(0, len(listed), 12)]
    inner = ",\n    ".join(rows)
    return f"static const {type} {name}[{len(listed)}] = {{\n    {inner}\n}};"


@kernel("take")
def take(op: Take) -> str:
    return fill(
        """
        $places
        for (int o = 0; o < $outer; o++) {
            for (int i = 0; i < $count; i++) {
                memcpy(output + (o * $count + i) * $inner, x + (o * $middle + places[i]) * $inner, $inner * sizeof *x);
            }
        }
        """,
        places=table("int", "places", map(str, op.places)),
        count=len(op.places),
        outer=op.outer,
        middle=op.middle,
        inner=op.inner,
    )


@kernel("mix")
def mix(op: Mix) -> str:
    type = element_type(op.x)
    return fill(
        """
        $low
        $high
        $part
        for (int o = 0; o < $outer; o++) {
            for (int i = 0; i < $count; i++) {
                const $type *first = x + (o * $middle + low[i]) * $inner;
                const $type *second = x + (o * $middle + high[i]) * $inner;
                $type *to = output + (o * $count + i) * $inner;
                for (int n = 0; n < $inner; n++) {
                    to[n] = first[n] * (1 - part[i]) + second[n] * part[i];
                }
            }
        }
        """,
        low=table("int", "low", map(str, op.low)),
        high=table("int", "high", map(str, op.high)),
        part=table(type, "part", (literal(p, type) for p in op.part)),
        count=len(op.low),
        outer=op.outer,
        middle=op.middle,
        inner=op.inner,
        type=type,
    )


@kernel("l2_normalization")
def l2_normalization(op: L2Normalization) -> str:
    length = op.x.tensor.static_shape[-1]
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            float sum = 0.0f;
            for (int j = 0; j < $length; j++) {
                sum += x[i * $length + j] * x[i * $length + j];
            }
            const float norm = sqrtf(nncc_max_float(sum, 1e-12f));
            for (int j = 0; j < $length; j++) {
                output[i * $length + j] = $value;
            }
        }
        """,
        rows=op.x.tensor.size // length,
        length=length,
        value=bounded(f"x[i * {length} + j] / norm", op, "float"),
    )


@kernel("local_response_normalization")
def local_response_normalization(op: LocalResponseNormalization) -> str:
    length = op.x.tensor.static_shape[-1]
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            const float *row = x + i * $length;
            for (int j = 0; j < $length; j++) {
                const int first = nncc_max_int(j - $radius, 0);
                const int last = nncc_min_int(j + $radius, $length - 1);
                float sum = 0.0f;
                for (int k = first; k <= last; k++) {
                    sum += row[k] * row[k];
                }
                output[i * $length + j] = row[j] / powf($bias + $alpha * sum, $beta);
            }
        }
        """,
        rows=op.x.tensor.size // length,
        length=length,
        radius=op.radius,
        bias=literal(op.bias, "float"),
        alpha=literal(op.alpha, "float"),
        beta=literal(op.beta, "float"),
    )
