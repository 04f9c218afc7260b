"""A network in the nnb dialect that tests of several folders use, and NNB files as words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nncc.backends.nnb import save
from nncc.frontends.nnb import load
from nncc.ir import Module
from nncc.ir.parser import parse_module

AFFINE = """
"builtin.module"() ({
  "func.func"() ({
  ^bb0(%x: tensor<1x2xf32>):
    %w = "nnb.parameter"() {value = dense<[[1.0, 3.0], [2.0, 4.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
    %b = "nnb.parameter"() {value = dense<[64, -64]> : tensor<2xB8>} : () -> tensor<2xB8>
    %h = "nnb.Affine"(%x, %w, %b) {base_axis = 1, buffers = array<i64: 1>} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xB8>) -> tensor<1x2xf32>
    %y = "nnb.LeakyReLU"(%h) {alpha = 0.25, inplace = true, buffers = array<i64: 0>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
    "func.return"(%y) : (tensor<1x2xf32>) -> ()
  }) {function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>, sym_name = "main", nnb.input_buffers = array<i64: 0>} : () -> ()
}) {nnb.buffer_sizes = array<i64: 8, 8>} : () -> ()
""".replace("B8", "!quant.uniform<i8:f32, 0.0078125>")  # noqa: E501
"""leaky_relu(x W + b) with W = [[1, 2], [3, 4]] and b = [0.5, -0.5], of eight bits."""


def affine(old: str = "", new: str = "") -> Module:
    """The network, with a piece of its text replaced."""
    assert old in AFFINE
    return parse_module(AFFINE.replace(old, new) if old else AFFINE)


def written(module: Module, folder: Path, **options: int) -> bytes:
    """The file of a module."""
    path = folder / "net.nnb"
    save(module, path, **options)
    return path.read_bytes()


def read(data: bytes, folder: Path) -> Module:
    """The module of a file's bytes."""
    path = folder / "read.nnb"
    path.write_bytes(data)
    return load(path)


def words(data: bytes) -> list[int]:
    """The file as little-endian words."""
    found: list[int] = np.frombuffer(data, "<u4").tolist()
    return found
