# ruff: noqa: F821  # lit gives this file the name `config`
"""`lit tests/filecheck` runs each file's RUN line in a shell; tests/test_filecheck.py runs the same lines faster."""

import os
import sys
from pathlib import Path

import lit.formats

config.name = "nncc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = str(Path(__file__).parent)
config.test_exec_root = str(Path(__file__).parent)
# `nncc` and `filecheck` are those of the environment that lit runs in.
config.environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
