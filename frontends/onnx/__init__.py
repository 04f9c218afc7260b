"""ONNX model files: reader and importer to the onnx dialect, and the lift to nn. Imports `ir` only."""

from .reader import load

__all__ = ["load"]
