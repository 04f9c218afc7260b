"""C source that calls the functions of nnabla-c-runtime."""

from .emitter import save

__all__ = ["save"]
