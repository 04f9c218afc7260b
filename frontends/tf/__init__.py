"""TensorFlow's files: readers, the importer to the tf dialect, and the lift to nn.

Frozen graphs are read without TensorFlow; for SavedModels, checkpoints and Keras' files it freezes the variables.
"""

from .reader import load

__all__ = ["load"]
