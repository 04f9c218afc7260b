"""NNB files, the binary form of networks that nnabla-c-runtime runs."""

from .emitter import save

__all__ = ["save"]
