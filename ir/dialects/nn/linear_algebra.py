"""Determinants, inverses and Fourier transforms."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import BOOL, INT, attribute, operand, result
from ...types import Array, Dim, Shape, TensorType
from .base import FLOAT_ELEMENT, NNOp
from .shape_operands import known_scalar


class Det(NNOp, name="nn.det"):
    """The determinant of each matrix in the last two axes. As Det of ONNX."""

    x = operand("(..., M, M)")
    output = result("(...)")

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, FLOAT_ELEMENT)
        shape = check_square(self, self.x)
        return TensorType(None if shape is None else shape[:-2], element)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.linalg.det(x.astype(np.float64)))


class Inverse(NNOp, name="nn.inverse"):
    """The inverse of each matrix in the last two axes. As Inverse of com.microsoft."""

    x = operand("(..., M, M)")
    output = result("the type of x")

    def infer(self) -> TensorType:
        return TensorType(check_square(self, self.x), self.expect_element("x", self.x, FLOAT_ELEMENT))

    def evaluate(self, x: Array) -> Array:
        return np.linalg.inv(x.astype(np.float64))


def check_square(op: NNOp, x: Value) -> Shape | None:
    """The shape of x. Raises VerifyError unless its last two axes can be those of square matrices."""
    shape = x.tensor.shape
    if shape is not None and len(shape) < 2:
        raise op.error(f"expected 'x' of rank 2 or more, got {x.type}")
    if shape is not None:
        op.expect_dim("x", x, len(shape) - 1, shape[-2])
    return shape


class Dft(NNOp, name="nn.dft"):
    """The discrete Fourier transform along one axis: y[k] = sum over n of x[n] e^(-2 pi i k n / N).

    The last axis of x holds real numbers (length 1) or complex ones (length 2: real part, imaginary part). x is cut or
    filled up with zeros to ``length``. ``inverse`` has the opposite sign in the exponent, and divides by N.
    ``onesided`` gives the first N / 2 + 1 elements alone (the others of real x are their conjugates); an inverse one
    takes these and gives N real numbers. As DFT of ONNX.
    """

    x = operand("(..., 1 | 2)")
    length = operand("N: an integer, or a vector of one; the length of the axis if left out", optional=True)
    axis = attribute(INT, "the axis, a negative one from the end; not the last", default=-2)
    inverse = attribute(BOOL, "whether the transform is the inverse one", default=False)
    onesided = attribute(BOOL, "whether the half of real numbers' spectrum is left out", default=False)
    output = result("(..., 2); (..., 1) if inverse and onesided")

    def infer(self) -> TensorType:
        element = self.expect_element("x", self.x, FLOAT_ELEMENT)
        given: Value | None = self.length
        length: Dim = None if given is None else known_scalar(self, "length", given)
        shape = self.x.tensor.shape
        if shape is None:
            return TensorType(None, element)
        axis = self.axis_in(self.axis, len(shape))
        if axis == len(shape) - 1:
            raise self.error(f"expected 'axis' before the last of {self.x.type}, got {self.axis}")
        if isinstance(shape[-1], int) and shape[-1] not in (1, 2):
            raise self.error(f"expected 'x' with a last axis of length 1 or 2, got {self.x.type}")
        if self.inverse and self.onesided:
            self.expect_dim("x", self.x, len(shape) - 1, 2)
        elif self.onesided:
            self.expect_dim("x", self.x, len(shape) - 1, 1)
        parts = 1 if self.inverse and self.onesided else 2
        found = self._found(shape[axis], given is not None, length)
        return TensorType((*shape[:axis], found, *shape[axis + 1 : -1], parts), element)

    def _found(self, dim: Dim, is_given: bool, length: Dim) -> Dim:
        """The length of the axis of the result."""
        if self.inverse and self.onesided:
            return length if is_given else 2 * (dim - 1) if isinstance(dim, int) else None
        count = length if is_given else dim
        if not self.onesided:
            return count
        return count // 2 + 1 if isinstance(count, int) else None

    def evaluate(self, x: Array, length: Array | None) -> Array:
        wide = x.astype(np.float64)
        signal = wide[..., 0] + (1j * wide[..., 1] if x.shape[-1] == 2 else 0)
        axis = self.axis % x.ndim
        count = None if length is None else int(length.reshape(()))
        if self.inverse and self.onesided:
            return np.fft.irfft(signal, count, axis)[..., None]
        if self.inverse:
            found = np.fft.ifft(signal, count, axis)
        elif self.onesided:
            found = np.fft.rfft(signal.real, count, axis)
        else:
            found = np.fft.fft(signal, count, axis)
        return np.stack([found.real, found.imag], -1)
