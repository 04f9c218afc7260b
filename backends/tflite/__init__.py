"""tfl dialect -> TFLite flatbuffer. Imports `ir` only."""

from .emitter import save

__all__ = ["save"]
