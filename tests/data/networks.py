"""Networks that NNabla's Python API builds, each small and each about one family of architectures.

A builder takes the batch size and returns the named inputs and the named outputs. Where a construct is a trap for a
compiler, the docstring says so.
"""

from collections.abc import Callable

import nnabla as nn
import nnabla.functions as F
import nnabla.parametric_functions as PF
import numpy as np

Named = dict[str, nn.Variable]


def normalize(h: nn.Variable, name: str) -> nn.Variable:
    return PF.batch_normalization(h, batch_stat=False, name=name)


def residual(batch: int) -> tuple[Named, Named]:
    """Batch normalization before and after convolutions and affines, around skips, and alone.

    One stands directly before a convolution that pads with zeros: its shift cannot fold into the bias, because the
    border sees fewer weights. Its twin before a convolution without padding can.
    """
    x = nn.Variable((batch, 3, 10, 10))
    h = F.relu(normalize(PF.convolution(x, 8, (3, 3), pad=(1, 1), name="stem"), "stem"))
    r = F.relu(normalize(h, "before1"))
    r = normalize(PF.convolution(r, 8, (3, 3), pad=(1, 1), with_bias=False, name="conv1"), "after1")
    h = F.relu(h + r)
    padded = PF.convolution(normalize(h, "before2"), 8, (3, 3), pad=(1, 1), name="conv2")
    unpadded = PF.convolution(normalize(h, "before3"), 8, (1, 1), name="conv3")
    h = F.relu(normalize(F.relu(padded) + unpadded, "alone"))
    h = F.average_pooling(h, (10, 10))
    h = F.relu(normalize(PF.affine(h, 16, name="affine1"), "after4"))
    return {"x": x}, {"y": PF.affine(normalize(h, "before5"), 5, name="affine2")}


def hard_swish_squeeze_excite(batch: int) -> tuple[Named, Named]:
    """MobileNetV3's parts: depthwise convolutions (stride 2, multiplier 2, written as groups), squeeze-and-excitation,
    and hard swish in three spellings. A fourth product, x times NNabla's HardSigmoid with slope 0.2, is not one.
    """
    x = nn.Variable((batch, 3, 12, 12))
    h = normalize(PF.convolution(x, 8, (3, 3), pad=(1, 1), stride=(2, 2), name="stem"), "stem")
    h = h * (F.minimum_scalar(F.maximum_scalar(h + 3, 0), 6) / 6)
    skip = h
    h = normalize(PF.depthwise_convolution(h, (3, 3), pad=(1, 1), name="depthwise1"), "depthwise1")
    h = h * F.relu6(h + 3) * (1 / 6)
    s = F.average_pooling(h, h.shape[2:])
    s = F.relu(PF.convolution(s, 4, (1, 1), name="squeeze"))
    s = PF.convolution(s, 8, (1, 1), name="excite")
    h = h * F.minimum_scalar(F.maximum_scalar(s * (1 / 6) + 0.5, 0), 1)
    h = normalize(PF.convolution(h, 8, (1, 1), name="project"), "project") + skip
    h = PF.depthwise_convolution(h, (3, 3), pad=(1, 1), stride=(2, 2), multiplier=2, name="depthwise2")
    h = F.relu6(h + 3) * h / 6
    h = PF.convolution(h, 16, (3, 3), pad=(1, 1), group=16, name="grouped")
    h = h * F.hard_sigmoid(h)
    h = F.mean(h, axis=(2, 3))
    return {"x": x}, {"y": PF.affine(h, 6, name="affine")}


def layer_norm_by_hand(h: nn.Variable, name: str) -> nn.Variable:
    width = h.shape[-1]
    with nn.parameter_scope(name):
        gamma = nn.parameter.get_parameter_or_create("gamma", (1, 1, width), np.ones((1, 1, width)))
        beta = nn.parameter.get_parameter_or_create("beta", (1, 1, width), np.zeros((1, 1, width)))
    centred = h - F.mean(h, axis=2, keepdims=True)
    variance = F.mean(centred**2, axis=2, keepdims=True)
    return centred / (variance + 1e-5) ** 0.5 * gamma + beta


def transformer(batch: int) -> tuple[Named, Named]:
    """Two blocks of self-attention and a feed-forward network; layer normalization and GELU as functions in the
    first, spelled out in the second (GELU by erf and by tanh).
    """
    time, width, heads = 6, 16, 4
    x = nn.Variable((batch, time, width))

    def split_heads(h: nn.Variable, name: str) -> nn.Variable:
        h = PF.affine(h, width, base_axis=2, name=name)
        return F.transpose(F.reshape(h, (batch, time, heads, width // heads)), (0, 2, 1, 3))

    def attention(h: nn.Variable) -> nn.Variable:
        q, k, v = (split_heads(h, name) for name in "qkv")
        weights = F.softmax(F.batch_matmul(q, k, transpose_b=True) * (width // heads) ** -0.5)
        h = F.transpose(F.batch_matmul(weights, v), (0, 2, 1, 3))
        return PF.affine(F.reshape(h, (batch, time, width)), width, base_axis=2, name="merge")

    def feed_forward(h: nn.Variable, gelu: Callable[[nn.Variable], nn.Variable]) -> nn.Variable:
        return PF.affine(gelu(PF.affine(h, 24, base_axis=2, name="up")), width, base_axis=2, name="down")

    def gelu_erf(h: nn.Variable) -> nn.Variable:
        return 0.5 * h * (1 + F.erf(h / np.sqrt(2)))

    def gelu_tanh(h: nn.Variable) -> nn.Variable:
        return 0.5 * h * (1 + F.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))

    h = x
    with nn.parameter_scope("block1"):
        h = h + attention(PF.layer_normalization(h, batch_axis=(0, 1), name="norm1"))
        h = h + feed_forward(PF.layer_normalization(h, batch_axis=(0, 1), name="norm2"), F.gelu)
    with nn.parameter_scope("block2"):
        h = h + attention(layer_norm_by_hand(h, "norm1"))
        h = h + feed_forward(layer_norm_by_hand(h, "norm2"), gelu_erf)
    h = gelu_tanh(F.mean(h, axis=1))
    return {"x": x}, {"y": PF.affine(h, 4, name="affine")}


def unet(batch: int) -> tuple[Named, Named]:
    """Encoder and decoder with skips; deconvolutions with and without padding; two outputs, one of them inside."""

    def block(h: nn.Variable, channels: int, name: str) -> nn.Variable:
        return normalize(PF.convolution(h, channels, (3, 3), pad=(1, 1), name=name), name)

    x = nn.Variable((batch, 1, 12, 12))
    a = F.relu(block(x, 4, "down1"))
    b = F.elu(block(F.max_pooling(a, (2, 2)), 8, "down2"))
    c = F.leaky_relu(block(F.max_pooling(b, (3, 3), stride=(2, 2), pad=(1, 1)), 12, "bottom"))
    h = PF.deconvolution(c, 8, (2, 2), stride=(2, 2), name="up1")
    h = PF.prelu(block(F.concatenate(h, b, axis=1), 8, "merge1"), name="prelu")
    h = normalize(PF.deconvolution(h, 4, (4, 4), stride=(2, 2), pad=(1, 1), name="up2"), "up2")
    h = F.relu(block(F.concatenate(F.relu(h), a, axis=1), 4, "merge2"))
    return {"x": x}, {"mask": F.sigmoid(4 * PF.convolution(h, 1, (1, 1), name="head")), "features": c}


def channel_shuffle(batch: int) -> tuple[Named, Named]:
    """ShuffleNet's two units: one splits the channels, one halves the image; both shuffle the channels after it."""

    def shuffle(h: nn.Variable, groups: int) -> nn.Variable:
        n, channels, height, width = h.shape
        h = F.reshape(h, (n, groups, channels // groups, height, width))
        return F.reshape(F.transpose(h, (0, 2, 1, 3, 4)), (n, channels, height, width))

    def branch(h: nn.Variable, channels: int, stride: int, name: str) -> nn.Variable:
        with nn.parameter_scope(name):
            h = F.relu(normalize(PF.convolution(h, channels, (1, 1), with_bias=False, name="in"), "in"))
            h = PF.depthwise_convolution(h, (3, 3), pad=(1, 1), stride=(stride, stride), with_bias=False, name="dw")
            h = PF.convolution(normalize(h, "dw"), channels, (1, 1), with_bias=False, name="out")
            return F.relu(normalize(h, "out"))

    x = nn.Variable((batch, 3, 8, 8))
    h = F.relu(normalize(PF.convolution(x, 12, (3, 3), pad=(1, 1), name="stem"), "stem"))
    # Not h[:, :6], which would write the batch size as an end: bounds count from the last axis, or lie beyond the end.
    left = F.slice(h, start=(0, 0, 0), stop=(6, 8, 8), step=(1, 1, 1))
    right = F.slice(h, start=(0, 6, 0, 0), stop=(1024, 12, 8, 8))
    h = shuffle(F.concatenate(left, branch(right, 6, 1, "unit1"), axis=1), 2)
    h = shuffle(F.concatenate(branch(h, 6, 2, "unit2a"), branch(h, 9, 2, "unit2b"), axis=1), 3)
    h = PF.convolution(h, 12, (1, 1), group=3, name="grouped")
    return {"x": x}, {"y": PF.affine(F.max_pooling(h, (2, 2)), 4, name="affine")}


def two_inputs(batch: int) -> tuple[Named, Named]:
    """An image and a vector in, a class and an image out; the flattened image meets the vector before the affine."""
    image = nn.Variable((batch, 2, 6, 7))
    vector = nn.Variable((batch, 5))
    h = F.relu(PF.convolution(image, 4, (3, 2), pad=(1, 0), dilation=(1, 2), name="conv"))
    h = F.pad(h, (1, 0, 0, 1), mode="constant", constant_value=0.25)
    scale = F.reshape(PF.affine(vector, 4, name="scale"), (batch, 4, 1, 1))
    h = h * F.broadcast(scale, (batch, *h.shape[1:]))
    flat = F.concatenate(F.reshape(F.max_pooling(h, (2, 2)), (batch, 4 * 3 * 3)), F.tanh(vector), axis=1)
    label = F.softmax(PF.affine(flat, 3, name="label"))
    return {"image": image, "vector": vector}, {"label": label, "map": F.swish(h)}


NETWORKS: dict[str, Callable[[int], tuple[Named, Named]]] = {
    "residual": residual,
    "hard_swish_squeeze_excite": hard_swish_squeeze_excite,
    "transformer": transformer,
    "unet": unet,
    "channel_shuffle": channel_shuffle,
    "two_inputs": two_inputs,
}
