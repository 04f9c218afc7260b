"""The rules of ``expand-for-onnx``; those with ``below`` are for opsets before that."""

from ..expansion import Expansions

expands = Expansions()
