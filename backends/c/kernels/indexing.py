"""Kernels of what indexes, searches and sorts. Indices come from running the program, so they are checked."""

from __future__ import annotations

from ....ir.dialects.c.indexing import ArgExtremum, Cumsum, Gather, GatherNd, OneHot, ReverseSequence, ScatterNd, TopK
from ....ir.strides import Strided
from ...c_text import fill, literal
from .registry import element_type, kernel


@kernel("gather")
def gather(op: Gather) -> str:
    return fill(
        """
        for (int b = 0; b < $batch; b++) {
            for (int o = 0; o < $outer; o++) {
                for (int i = 0; i < $count; i++) {
                    const $type index = indices[b * $count + i];
                    if (index < 0 || index >= $size) {
                        return 1;
                    }
                    memcpy(output + ((b * $outer + o) * $count + i) * $inner,
                           x + ((b * $outer + o) * $size + index) * $inner, $inner * sizeof *x);
                }
            }
        }
        return 0;
        """,
        batch=op.batch,
        outer=op.outer,
        size=op.size,
        inner=op.inner,
        count=op.indices.tensor.size // op.batch,
        type=element_type(op.indices),
    )


def _offset(op: GatherNd | ScatterNd, width: int) -> str:
    """Where an index vector points, with the check of each of its numbers."""
    strides = Strided.of((*op.sizes, width)).strides
    return "\n".join(
        f"if (vector[{i}] < 0 || vector[{i}] >= {size}) {{\n    return 1;\n}}\nat += vector[{i}] * {stride};"
        for i, (size, stride) in enumerate(zip(op.sizes, strides, strict=False))
    )


@kernel("gather_nd")
def gather_nd(op: GatherNd) -> str:
    count = op.indices.tensor.size // len(op.sizes)
    width = op.output.tensor.size // count
    return fill(
        """
        for (int i = 0; i < $count; i++) {
            const $type *vector = indices + i * $axes;
            $type at = 0;
            $offset
            memcpy(output + i * $width, x + at, $width * sizeof *x);
        }
        return 0;
        """,
        count=count,
        type=element_type(op.indices),
        axes=len(op.sizes),
        width=width,
        offset=_offset(op, width),
    )


@kernel("scatter_nd")
def scatter_nd(op: ScatterNd) -> str:
    count = op.indices.tensor.size // len(op.sizes)
    width = op.updates.tensor.size // count
    return fill(
        """
        for (int i = 0; i < $size; i++) {
            output[i] = 0;
        }
        for (int i = 0; i < $count; i++) {
            const $type *vector = indices + i * $axes;
            $type at = 0;
            $offset
            for (int j = 0; j < $width; j++) {
                output[at + j] = ($element)(output[at + j] + updates[i * $width + j]);
            }
        }
        return 0;
        """,
        size=op.output.tensor.size,
        count=count,
        type=element_type(op.indices),
        element=element_type(op.output),
        axes=len(op.sizes),
        width=width,
        offset=_offset(op, width),
    )


@kernel("one_hot")
def one_hot(op: OneHot) -> str:
    type = element_type(op.output)
    return fill(
        """
        for (int o = 0; o < $outer; o++) {
            for (int d = 0; d < $depth; d++) {
                for (int i = 0; i < $inner; i++) {
                    output[(o * $depth + d) * $inner + i] = indices[o * $inner + i] == d ? $on : $off;
                }
            }
        }
        """,
        outer=op.outer,
        depth=op.depth,
        inner=op.inner,
        on=literal(op.on, type),
        off=literal(op.off, type),
    )


@kernel("arg_extremum")
def arg_extremum(op: ArgExtremum) -> str:
    return fill(
        """
        for (int o = 0; o < $outer; o++) {
            for (int i = 0; i < $inner; i++) {
                const $type *row = x + o * $block + i;
                int best = 0;
                for (int m = 1; m < $middle; m++) {
                    if (row[m * $inner] $better row[best * $inner]) {
                        best = m;
                    }
                }
                output[o * $inner + i] = best;
            }
        }
        """,
        outer=op.outer,
        inner=op.inner,
        middle=op.middle,
        block=op.middle * op.inner,
        type=element_type(op.x),
        better=">" if op.kind == "max" else "<",
    )


@kernel("top_k")
def top_k(op: TopK) -> str:
    """Each element is put where it belongs among the best so far, behind its equals."""
    length, k = op.x.tensor.static_shape[-1], op.output_type.static_shape[-1]
    return fill(
        """
        for (int i = 0; i < $rows; i++) {
            const $type *row = x + i * $length;
            $type *best = values + i * $k;
            int32_t *places = indices + i * $k;
            int count = 0;
            for (int j = 0; j < $length; j++) {
                int at = count;
                while (at > 0 && best[at - 1] < row[j]) {
                    at--;
                }
                if (at == $k) {
                    continue;
                }
                count = count < $k ? count + 1 : count;
                for (int m = count - 1; m > at; m--) {
                    best[m] = best[m - 1];
                    places[m] = places[m - 1];
                }
                best[at] = row[j];
                places[at] = j;
            }
        }
        """,
        rows=op.x.tensor.size // length,
        length=length,
        k=k,
        type=element_type(op.x),
    )


@kernel("cumsum")
def cumsum(op: Cumsum) -> str:
    step = "sum = ($type)(sum + row[at]);".replace("$type", element_type(op.x))
    return fill(
        """
        for (int o = 0; o < $outer; o++) {
            for (int i = 0; i < $inner; i++) {
                const $type *row = x + o * $block + i;
                $type *to = output + o * $block + i;
                $type sum = 0;
                for (int m = 0; m < $middle; m++) {
                    const int at = $place * $inner;
                    $first
                    $second
                }
            }
        }
        """,
        outer=op.outer,
        inner=op.inner,
        middle=op.middle,
        block=op.middle * op.inner,
        type=element_type(op.x),
        place=f"({op.middle - 1} - m)" if op.reverse else "m",
        first="to[at] = sum;" if op.exclusive else step,
        second=step if op.exclusive else "to[at] = sum;",
    )


@kernel("reverse_sequence")
def reverse_sequence(op: ReverseSequence) -> str:
    return fill(
        """
        for (int b = 0; b < $batch; b++) {
            const $type length = lengths[b];
            if (length < 0 || length > $steps) {
                return 1;
            }
            for (int s = 0; s < $steps; s++) {
                const $type from = s < length ? length - 1 - s : s;
                memcpy(output + (b * $steps + s) * $inner, x + (b * $steps + from) * $inner, $inner * sizeof *x);
            }
        }
        return 0;
        """,
        batch=op.batch,
        steps=op.steps,
        inner=op.inner,
        type=element_type(op.lengths),
    )
