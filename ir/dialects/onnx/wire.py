"""Where an ONNX file has the bytes of its tensors; see :mod:`nncc.ir.wire`."""

from __future__ import annotations

from ...wire import RAW, Paths

PATHS = Paths(
    "Model",
    {
        "Model": {7: "Graph", 25: "Function"},
        "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
        "Function": {7: "Node", 11: "Attribute"},
        "Node": {5: "Attribute"},
        "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
        "Sparse": {1: "Tensor", 2: "Tensor"},
        "Tensor": {9: RAW},
    },
)
