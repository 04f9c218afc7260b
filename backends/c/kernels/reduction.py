"""Kernels of reductions, and of what is computed over an axis."""

from __future__ import annotations

from ....ir.dialects.c.reduction import LogSoftmax, Reduce, Softmax
from ...c_text import fill, literal
from .registry import element_type, kernel, loops

_STARTS = {"sum": "0", "mean": "0", "prod": "1", "any": "0", "all": "1"}
_STEPS = {
    "sum": "value += v;",
    "mean": "value += v;",
    "prod": "value *= v;",
    "max": "value = nncc_max_{t}(value, v);",
    "min": "value = nncc_min_{t}(value, v);",
    "any": "value |= v;",
    "all": "value &= v;",
}


@kernel("reduce")
def reduce(op: Reduce) -> str:
    """Sums of a row are kept at hand; those of rows that lie side by side in the result."""
    type = element_type(op.output)
    step, start = _STEPS[op.kind].format(t=type), _STARTS.get(op.kind)
    finish = f"value / {literal(op.middle, type)}" if op.kind == "mean" else ""
    if op.inner == 1:
        return fill(
            """
            for (int i = 0; i < $outer; i++) {
                const $type *row = x + i * $middle;
                $type value = $start;
                for (int j = 0; j < $middle; j++) {
                    const $type v = row[j];
                    $step
                }
                output[i] = $value;
            }
            """,
            outer=op.outer,
            middle=op.middle,
            type=type,
            start=start or "row[0]",
            step=step,
            value=finish or "value",
        )
    return fill(
        """
        for (int i = 0; i < $outer; i++) {
            $type *to = output + i * $inner;
            for (int k = 0; k < $inner; k++) {
                to[k] = $start;
            }
            for (int j = 0; j < $middle; j++) {
                const $type *row = x + (i * $middle + j) * $inner;
                for (int k = 0; k < $inner; k++) {
                    const $type v = row[k];
                    $step
                }
            }
            $finish
        }
        """,
        outer=op.outer,
        middle=op.middle,
        inner=op.inner,
        type=type,
        start=start or f"x[i * {op.middle * op.inner} + k]",
        step=step.replace("value", "to[k]"),
        finish=loops([op.inner], f"to[k] = {finish.replace('value', 'to[k]')};", ["k"]) if finish else "",
    )


@kernel("softmax")
def softmax(op: Softmax) -> str:
    return _rows(
        op,
        """
        for (int j = 0; j < $length; j++) {
            to[j] = nncc_exp_float((row[j] - largest) * $beta);
        }
        float sum = 0.0f;
        for (int j = 0; j < $length; j++) {
            sum += to[j];
        }
        for (int j = 0; j < $length; j++) {
            to[j] /= sum;
        }
        """,
        beta=literal(op.beta, "float"),
    )


@kernel("log_softmax")
def log_softmax(op: LogSoftmax) -> str:
    return _rows(
        op,
        """
        float sum = 0.0f;
        for (int j = 0; j < $length; j++) {
            sum += nncc_exp_float(row[j] - largest);
        }
        const float shift = largest + logf(sum);
        for (int j = 0; j < $length; j++) {
            to[j] = row[j] - shift;
        }
        """,
    )


def _rows(op: Softmax | LogSoftmax, body: str, **values: str) -> str:
    """What is done with each ``row`` of x for the row ``to`` of the result; ``largest`` is its largest element."""
    length = op.x.tensor.static_shape[-1]
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            const float *row = x + i * $length;
            float *to = output + i * $length;
            float largest = row[0];
            for (int j = 1; j < $length; j++) {
                largest = nncc_max_float(largest, row[j]);
            }
            $body
        }
        """,
        rows=op.x.tensor.size // length,
        length=length,
        body=fill(body, length=length, **values),
    )
