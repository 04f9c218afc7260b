"""NNB files of nnabla-c-runtime: reader to the nnb dialect, and the lift to the nnp dialect. Imports `ir` only."""

from .reader import load

__all__ = ["load"]
