"""Matrix products."""

from __future__ import annotations

import numpy as np

from ...core import Value
from ...opdef import BOOL, STRING, attribute, operand, result, variadic
from ...types import Array, Dim, TensorType, unify_dims
from .activation import activation_field, apply_activation
from .base import NUMBER_ELEMENT, NNOp, broadcast_dims, broadcast_shapes, widened


class Affine(NNOp, name="nn.affine"):
    """A fully connected layer on the last axis: output[..., n] = sum over k of x[..., k] * weight[k, n] + bias[n]"""

    x = operand("(..., K)")
    weight = operand("(K, N)")
    bias = operand("(N,)", optional=True)
    activation = activation_field()
    output = result("(..., N)")

    def infer(self) -> TensorType:
        self.expect_element("x", self.x, NUMBER_ELEMENT)
        element = self.expect_same_element([self.x, self.weight, self.bias])
        self.expect_rank("weight", self.weight, 2)
        weight, x = self.weight.tensor, self.x.tensor
        inputs, outputs = weight.dims if weight.shape is not None else (None, None)
        bias: Value | None = self.bias
        if bias is not None:
            self.expect_rank("bias", bias, 1)
            self.expect_dim("bias", bias, 0, outputs)
        if x.shape is None:
            return TensorType(None, element)
        if x.rank == 0:
            raise self.error(f"expected 'x' of rank 1 or more, got {x}")
        self.expect_dim("x", self.x, x.rank - 1, inputs)
        return TensorType((*x.dims[:-1], outputs), element)

    def evaluate(self, x: Array, weight: Array, bias: Array | None) -> Array:
        x, weight = widened(x), widened(weight)
        # one product of two matrices: numpy would multiply the matrices of a stack one by one
        y: Array = (x.reshape(-1, x.shape[-1]) @ weight).reshape(*x.shape[:-1], weight.shape[1])
        if bias is not None:
            y += bias
        return apply_activation(y, self.activation)


class Matmul(NNOp, name="nn.matmul"):
    """The products of two stacks of matrices: output[..., m, n] = sum over k of lhs[..., m, k] * rhs[..., k, n].

    ``transpose_lhs`` and ``transpose_rhs`` swap the last two axes first; the leading axes broadcast as in numpy.
    """

    lhs = operand("(..., M, K)")
    rhs = operand("(..., K, N)")
    transpose_lhs = attribute(BOOL, "lhs is (..., K, M)", default=False)
    transpose_rhs = attribute(BOOL, "rhs is (..., N, K)", default=False)
    output = result("(..., M, N)")

    def infer(self) -> TensorType:
        self.expect_element("lhs", self.lhs, NUMBER_ELEMENT)
        element = self.expect_same_element([self.lhs, self.rhs])
        lhs, rhs = self.lhs.tensor, self.rhs.tensor
        if any(t.shape is not None and t.rank < 2 for t in (lhs, rhs)):
            raise self.error(f"expected operands of rank 2 or more, got {lhs} and {rhs}")
        if lhs.shape is None or rhs.shape is None:
            return TensorType(None, element)
        rows, inner = lhs.dims[-2:][:: -1 if self.transpose_lhs else 1]
        inner_too, columns = rhs.dims[-2:][:: -1 if self.transpose_rhs else 1]
        try:
            unify_dims(inner, inner_too)
            leading = broadcast_shapes([lhs.dims[:-2], rhs.dims[:-2]])
        except ValueError as error:
            raise self.error(f"expected matrices that fit each other, got {lhs} and {rhs} ({error} differ)") from None
        return TensorType((*leading, rows, columns), element)

    def evaluate(self, lhs: Array, rhs: Array) -> Array:
        lhs, rhs = widened(lhs), widened(rhs)
        y: Array = (lhs.swapaxes(-1, -2) if self.transpose_lhs else lhs) @ (
            rhs.swapaxes(-1, -2) if self.transpose_rhs else rhs
        )
        return y


class Einsum(NNOp, name="nn.einsum"):
    """A sum of products over named axes, in Einstein's notation: ``"bij,bjk->bik"`` is a stack of matrix products.

    One letter an axis; letters that the result does not name are summed over. The result must be given behind ``->``;
    ``...`` is not supported. As numpy.einsum, or Einsum of ONNX.
    """

    inputs = variadic()
    equation = attribute(STRING, "operand,operand,...->result")
    output = result("the axes behind ->")

    def terms(self) -> tuple[list[str], str]:
        """The letters of the operands and of the result. Raises VerifyError for a malformed equation."""
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        terms = left.split(",")
        letters = set("".join(terms))
        if not arrow or not all(t.isalpha() or not t for t in (*terms, right)) or not set(right) <= letters:
            raise self.error(f"expected an equation like 'ij,jk->ik', got '{self.equation}'")
        if len(set(right)) != len(right):
            raise self.error(f"expected each letter once in the result of '{self.equation}'")
        if len(terms) != len(self.operands):
            raise self.error(f"expected {len(terms)} operands for '{self.equation}', got {len(self.operands)}")
        return terms, right

    def infer(self) -> TensorType:
        terms, right = self.terms()
        element = self.expect_same_element(self.inputs)
        self.expect_element("inputs", self.inputs[0], NUMBER_ELEMENT)
        sizes: dict[str, Dim] = {}
        for term, value in zip(terms, self.inputs, strict=True):
            self.expect_rank(f"inputs ({term})", value, len(term))
            for letter, dim in zip(term, value.tensor.shape or (None,) * len(term), strict=True):
                try:
                    sizes[letter] = broadcast_dims(sizes[letter], dim) if letter in sizes else dim
                except ValueError as error:
                    raise self.error(f"expected one size of '{letter}' in '{self.equation}', got {error}") from None
        return TensorType(tuple(sizes[letter] for letter in right), element)

    def evaluate(self, inputs: list[Array]) -> Array:
        y: Array = np.einsum(self.equation.replace(" ", ""), *map(widened, inputs), optimize=True)
        return y
