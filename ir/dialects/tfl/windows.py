"""Geometry of convolutions and pools as TFLite has it: the padding schemes SAME and VALID."""

from __future__ import annotations

from collections.abc import Sequence

from ..nn.window import Window


def same_padding(length: int, extent: int, stride: int) -> tuple[int, int]:
    """How many elements SAME adds before and behind one spatial dimension, for windows that cover ``extent``."""
    count = -(-length // stride)
    total = max((count - 1) * stride + extent - length, 0)
    return total // 2, total - total // 2


def window_of(
    lengths: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int] = (),
) -> Window:
    """The window of a padding scheme over spatial dimensions of these lengths."""
    dilations = tuple(dilations) or (1,) * len(kernel)
    pads = [(0, 0)] * len(kernel)
    if padding == "SAME":
        extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        pads = [same_padding(*each) for each in zip(lengths, extents, strides, strict=True)]
    return Window.of(kernel, strides, [p[0] for p in pads] + [p[1] for p in pads], dilations)


def padding_scheme(window: Window, lengths: Sequence[int]) -> str | None:
    """VALID or SAME where TFLite's scheme gives the same windows over dimensions of these lengths; else None.

    What windows do not reach does not count: pads behind the last window may be left out.
    """
    counts = window.output(tuple(lengths))
    axes = list(zip(lengths, counts, window.extents, window.strides, window.pads_begin, strict=True))
    if all(begin == 0 and count == (length - extent) // stride + 1 for length, count, extent, stride, begin in axes):
        return "VALID"
    same = all(
        count == -(-length // stride) and begin == same_padding(length, extent, stride)[0]
        for length, count, extent, stride, begin in axes
    )
    return "SAME" if same else None
