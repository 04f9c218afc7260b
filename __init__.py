"""nncc compiles neural-network files from one format to another through a staged, MLIR-like IR."""

__version__ = "0.1.0"
