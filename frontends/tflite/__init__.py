"""TFLite files: reader and importer to the tfl dialect, and the lift to nn. Imports `ir` only."""

from .reader import load

__all__ = ["load"]
