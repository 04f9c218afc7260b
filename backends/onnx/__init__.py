"""onnx dialect -> ONNX files. Imports `ir` only."""

from .emitter import save

__all__ = ["save"]
