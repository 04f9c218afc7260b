"""Writing frozen graphs: one message with the weights in it."""

from __future__ import annotations

import os
from pathlib import Path

from ...ir import Module
from .graph import graph_message


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the main function of a module in the tf dialect as a frozen graph.

    Inputs are placeholders and outputs are nodes, each with the name of its port; characters that TensorFlow takes in
    no name become underscores. Raises CompileError for what a graph cannot hold, and above 2 GiB, OSError.
    """
    Path(target).write_bytes(graph_message(module).SerializeToString(deterministic=True))
