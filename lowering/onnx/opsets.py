"""Which opsets can be written, and the words for them on the command line."""

from __future__ import annotations

import re

import attrs

OLDEST_OPSET = 7
"""From here on operands broadcast as in numpy, and runtimes read the files."""
NEWEST_OPSET = 26
"""The newest opset that onnxruntime 1.31.1 reads; ``kernels.json`` is of that version."""
SNPE_OPSET = 6
TENSORRT_OPSET = 11
MODES = {"snpe": SNPE_OPSET, "6x": SNPE_OPSET, "tensorrt": TENSORRT_OPSET}


@attrs.frozen
class Opset:
    """A version of ONNX's default domain, and the runtime whose habits are followed ("" for none in particular)."""

    version: int
    mode: str = ""

    def __str__(self) -> str:
        return f"opset {self.version}" + (f" for {self.mode}" if self.mode else "")


def parse_opset(text: str) -> Opset:
    """The opset that a word means: ``13``, ``opset_13``, ``snpe`` (or ``6x``), ``tensorrt``, ``newest``.

    Raises ValueError for any other word and for a version that is not written.
    """
    word = text.strip().lower().removeprefix("opset_")
    if word == "newest":
        return Opset(NEWEST_OPSET)
    if word in MODES:
        return Opset(MODES[word], "snpe" if word == "6x" else word)
    if not re.fullmatch(r"\d{1,4}", word):
        raise ValueError(f"'{text}' is no opset: give opset_N, {', '.join(f'opset_{m}' for m in MODES)}")
    version = int(word)
    if not OLDEST_OPSET <= version <= NEWEST_OPSET:
        raise ValueError(f"opset {version} is not written: give one from {OLDEST_OPSET} to {NEWEST_OPSET}")
    return Opset(version)
