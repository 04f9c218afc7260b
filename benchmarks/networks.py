"""Networks to measure with, written as NNP archives from scratch.

    python benchmarks/networks.py resnet50 resnet50.nnp

The graph is text, the weights are HDF5 and random, the same in each run.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np


class NetworkWriter:
    """Collects variables and functions of one network in NNabla's text format."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.variables: list[str] = []
        self.functions: list[str] = []
        self.parameters: dict[str, np.ndarray] = {}

    def buffer(self, name: str, shape: tuple[int, ...]) -> str:
        self._variable(name, "Buffer", (-1, *shape))
        return name

    def parameter(self, name: str, array: np.ndarray) -> str:
        self._variable(name, "Parameter", array.shape)
        self.parameters[name] = array.astype("<f4")
        return name

    def _variable(self, name: str, kind: str, shape: tuple[int, ...]) -> None:
        dims = " ".join(f"dim: {d}" for d in shape)
        self.variables.append(f'  variable {{ name: "{name}" type: "{kind}" shape {{ {dims} }} }}')

    def function(self, kind: str, inputs: list[str], shape: tuple[int, ...], arguments: str = "") -> str:
        """Add a function; its output has the given shape behind the batch."""
        name = f"{kind}_{len(self.functions)}"
        listed = " ".join(f'input: "{i}"' for i in inputs)
        self.functions.append(f'  function {{ name: "{name}" type: "{kind}" {listed} output: "{name}" {arguments} }}')
        return self.buffer(name, shape)

    def convolution(
        self, x: str, channels: int, shape: tuple[int, int, int], kernel: int, stride: int = 1, group: int = 1
    ) -> str:
        """Convolution without bias, then batch normalization. ``shape`` is that of the result, (C, H, W)."""
        out, pad, number = shape[0], kernel // 2, len(self.functions)
        deviation = (2.0 * group / (channels * kernel * kernel)) ** 0.5
        weight = self.rng.standard_normal((out, channels // group, kernel, kernel)) * deviation
        w = self.parameter(f"conv{number}/W", weight)
        arguments = (
            f"convolution_param {{ base_axis: 1 group: {group} pad {{ dim: {pad} dim: {pad} }} "
            f"stride {{ dim: {stride} dim: {stride} }} dilation {{ dim: 1 dim: 1 }} }}"
        )
        y = self.function("Convolution", [x, w], shape, arguments)
        each = (1, out, 1, 1)
        beta = self.parameter(f"bn{number}/beta", self.rng.standard_normal(each) * 0.1)
        gamma = self.parameter(f"bn{number}/gamma", self.rng.uniform(0.5, 1.5, each))
        mean = self.parameter(f"bn{number}/mean", self.rng.standard_normal(each) * 0.1)
        variance = self.parameter(f"bn{number}/var", self.rng.uniform(0.5, 1.5, each))
        arguments = "batch_normalization_param { axes: 1 decay_rate: 0.9 eps: 1e-05 batch_stat: false }"
        return self.function("BatchNormalization", [y, beta, gamma, mean, variance], shape, arguments)

    def affine(self, x: str, features: int, out: int) -> str:
        number = len(self.functions)
        w = self.parameter(f"affine{number}/W", self.rng.standard_normal((features, out)) / features**0.5)
        b = self.parameter(f"affine{number}/b", np.zeros(out))
        return self.function("Affine", [x, w, b], (out,), "affine_param { base_axis: 1 }")

    def pool(self, kind: str, x: str, shape: tuple[int, ...], kernel: int, stride: int, pad: int = 0) -> str:
        field, more = {
            "MaxPooling": ("max_pooling_param", ""),
            "AveragePooling": ("average_pooling_param", "including_pad: true"),  # NNabla's converter knows no other
        }[kind]
        arguments = (
            f"{field} {{ kernel {{ dim: {kernel} dim: {kernel} }} stride {{ dim: {stride} dim: {stride} }} "
            f"ignore_border: true pad {{ dim: {pad} dim: {pad} }} {more} }}"
        )
        return self.function(kind, [x], shape, arguments)

    def write(self, path: Path, x: str, y: str) -> None:
        """The archive, with one network and one executor from x to y."""
        network = "\n".join(['network {\n  name: "net"\n  batch_size: 1', *self.variables, *self.functions, "}"])
        executor = (
            f'executor {{ name: "runtime" network_name: "net" data_variable {{ variable_name: "{x}" }} '
            f'output_variable {{ variable_name: "{y}" }} }}'
        )
        weights = io.BytesIO()
        with h5py.File(weights, "w") as file:
            for index, (name, array) in enumerate(self.parameters.items()):
                dataset = file.create_dataset(name, data=array)
                dataset.attrs["index"] = index
                dataset.attrs["need_grad"] = True
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("nnp_version.txt", "0.1\n")
            archive.writestr("network.nntxt", f"{network}\n{executor}\n")
            archive.writestr("parameter.h5", weights.getvalue())


def lenet(path: Path) -> None:
    """LeNet for 28 x 28 images: 10 functions, 20,000 weights."""
    net = NetworkWriter()
    x = net.buffer("x", (1, 28, 28))
    y = net.function("MulScalar", [x], (1, 28, 28), "mul_scalar_param { val: 0.00392156862745098 }")
    y = _plain_convolution(net, y, 1, (16, 24, 24))
    y = net.function("ReLU", [net.pool("MaxPooling", y, (16, 12, 12), 2, 2)], (16, 12, 12))
    y = _plain_convolution(net, y, 16, (16, 8, 8))
    y = net.function("ReLU", [net.pool("MaxPooling", y, (16, 4, 4), 2, 2)], (16, 4, 4))
    y = net.function("ReLU", [net.affine(y, 256, 50)], (50,))
    net.write(path, x, net.affine(y, 50, 10))


def _plain_convolution(net: NetworkWriter, x: str, channels: int, shape: tuple[int, int, int]) -> str:
    number = len(net.functions)
    w = net.parameter(f"conv{number}/W", net.rng.standard_normal((shape[0], channels, 5, 5)) * 0.1)
    b = net.parameter(f"conv{number}/b", np.zeros(shape[0]))
    arguments = (
        "convolution_param { base_axis: 1 group: 1 pad { dim: 0 dim: 0 } stride { dim: 1 dim: 1 } "
        "dilation { dim: 1 dim: 1 } }"
    )
    return net.function("Convolution", [x, w, b], shape, arguments)


def resnet50(path: Path) -> None:
    """ResNet-50 for 224 x 224 images (He et al., 2015, table 1): 25.6 million weights, 102 MB."""
    net = NetworkWriter()
    x = net.buffer("x", (3, 224, 224))
    y = net.function("ReLU", [net.convolution(x, 3, (64, 112, 112), 7, 2)], (64, 112, 112))
    y = net.pool("MaxPooling", y, (64, 56, 56), 3, 2, 1)
    channels, size = 64, 56
    for stage, blocks in enumerate((3, 4, 6, 3)):
        width = 64 << stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = _bottleneck(net, y, channels, width, size, stride)
            channels, size = 4 * width, size // stride
    y = net.pool("AveragePooling", y, (channels, 1, 1), size, size)
    net.write(path, x, net.function("Softmax", [net.affine(y, channels, 1000)], (1000,), "softmax_param { axis: 1 }"))


def _bottleneck(net: NetworkWriter, x: str, channels: int, width: int, size: int, stride: int) -> str:
    small, out = size // stride, 4 * width
    y = net.function("ReLU", [net.convolution(x, channels, (width, size, size), 1)], (width, size, size))
    y = net.function("ReLU", [net.convolution(y, width, (width, small, small), 3, stride)], (width, small, small))
    y = net.convolution(y, width, (out, small, small), 1)
    if channels != out or stride != 1:
        x = net.convolution(x, channels, (out, small, small), 1, stride)
    return net.function("ReLU", [net.function("Add2", [x, y], (out, small, small))], (out, small, small))


def resnet18(path: Path) -> None:
    """ResNet-18 for 224 x 224 images (He et al., 2015, table 1): 11.7 million weights, 3.6 GFLOP."""
    net = NetworkWriter()
    x = net.buffer("x", (3, 224, 224))
    y = net.function("ReLU", [net.convolution(x, 3, (64, 112, 112), 7, 2)], (64, 112, 112))
    y = net.pool("MaxPooling", y, (64, 56, 56), 3, 2, 1)
    channels, size = 64, 56
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage and not block else 1
            y = _basic_block(net, y, channels, 64 << stage, size, stride)
            channels, size = 64 << stage, size // stride
    y = net.pool("AveragePooling", y, (channels, 1, 1), size, size)
    net.write(path, x, net.affine(y, channels, 1000))


def _basic_block(net: NetworkWriter, x: str, channels: int, width: int, size: int, stride: int) -> str:
    small = size // stride
    shape = (width, small, small)
    y = net.function("ReLU", [net.convolution(x, channels, shape, 3, stride)], shape)
    y = net.convolution(y, width, shape, 3)
    if channels != width or stride != 1:
        x = net.convolution(x, channels, shape, 1, stride)
    return net.function("ReLU", [net.function("Add2", [x, y], shape)], shape)


def mobilenet_v2(path: Path) -> None:
    """MobileNetV2 for 224 x 224 images (Sandler et al., 2018, table 2): 3.5 million weights, 0.6 GFLOP."""
    net = NetworkWriter()
    x = net.buffer("x", (3, 224, 224))
    y = net.function("ReLU6", [net.convolution(x, 3, (32, 112, 112), 3, 2)], (32, 112, 112))
    channels, size = 32, 112
    rows = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, width, blocks, first in rows:
        for block in range(blocks):
            stride = 1 if block else first
            y = _inverted_residual(net, y, channels, width, size, stride, expansion)
            channels, size = width, size // stride
    y = net.function("ReLU6", [net.convolution(y, channels, (1280, 7, 7), 1)], (1280, 7, 7))
    y = net.pool("AveragePooling", y, (1280, 1, 1), 7, 7)
    net.write(path, x, net.affine(y, 1280, 1000))


def _inverted_residual(
    net: NetworkWriter, x: str, channels: int, width: int, size: int, stride: int, expansion: int
) -> str:
    inner, small, y = channels * expansion, size // stride, x
    if expansion > 1:
        y = net.function("ReLU6", [net.convolution(y, channels, (inner, size, size), 1)], (inner, size, size))
    shape = (inner, small, small)
    y = net.function("ReLU6", [net.convolution(y, inner, shape, 3, stride, group=inner)], shape)
    y = net.convolution(y, inner, (width, small, small), 1)
    return net.function("Add2", [x, y], (width, small, small)) if (channels, stride) == (width, 1) else y


NETWORKS = {"lenet": lenet, "resnet18": resnet18, "resnet50": resnet50, "mobilenet_v2": mobilenet_v2}

if __name__ == "__main__":
    NETWORKS[sys.argv[1]](Path(sys.argv[2]))
