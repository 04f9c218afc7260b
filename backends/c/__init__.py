"""C source that needs no library but libc and libm."""

from .emitter import save

__all__ = ["save"]
