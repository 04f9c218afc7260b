"""Average pooling over whole images as a mean, so that the result gets a scale of its own."""

from __future__ import annotations

from ...ir import Builder, Function, Module
from ...ir.dialects import nn
from ..ranges import RANGES


def free_global_pools(module: Module, function: Function) -> int:
    """Make ``reduce_mean`` of every average pool whose only window is the image; returns how many there were.

    The int8 kernel of AVERAGE_POOL_2D gives its result the scale of its input, although means spread much less; that
    of MEAN rescales.
    """
    found = [op for op in function.body if isinstance(op, nn.AveragePool) and _is_global(op)]
    for op in found:
        rank = op.x.tensor.rank
        axes = tuple(range(1, rank - 1)) if op.channel_last else tuple(range(2, rank))
        mean = Builder.before(module, op).create("nn.reduce_mean", op.x, axes=axes, keep_dims=True)
        mean.attributes[RANGES] = op.attributes[RANGES]
        op.results[0].replace_all_uses_with(mean.results[0])
        op.erase()
    return len(found)


def _is_global(op: nn.AveragePool) -> bool:
    shape = op.x.tensor.shape
    if shape is None or RANGES not in op.attributes or op.activation != "none" or any(op.pads) or any(op.overhang):
        return False
    return tuple(op.kernel) == (shape[1:-1] if op.channel_last else shape[2:])
