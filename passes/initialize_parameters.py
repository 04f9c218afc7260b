"""The pass ``initialize-parameters``: values for parameters of NNP networks that no file holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod, sqrt

import attrs
import numpy as np

from ..ir import DenseAttribute, Diagnostics, Module
from ..ir.dialects import nnp
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array


def _affine(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[0], prod(shape[1:]), 1


def _convolution(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[-3], shape[0], prod(shape[-2:])


def _channel_last_convolution(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[-1], shape[0], prod(shape[1:3])


# Of a layer's weight, by its shape: how many inputs, outputs and elements of the kernel there are; and its least rank.
_COUNTS: dict[str, tuple[Callable[[Sequence[int]], tuple[int, int, int]], int]] = {
    "Affine": (_affine, 1),
    "Convolution": (_convolution, 3),
    "CLConv": (_channel_last_convolution, 3),
}
_SCALED = re.compile(r"(Normal|Uniform)(Affine|Convolution|CLConv)(He|HeForward|HeBackward|Glorot)")


def initial_value(kind: str, multiplier: float, shape: Sequence[int], random: np.random.RandomState) -> Array:
    """A float32 array as an initializer of NNabla makes it.

    Normal has the deviation ``multiplier``, Uniform the limits ``±multiplier``, Constant is ``multiplier``, Range
    counts in steps of it. The others are ``multiplier`` times a distribution of variance 2/(n k) for He, with n the
    inputs (He, HeForward) or the outputs (HeBackward), or 2/(k (inputs + outputs)) for Glorot; k is the size of the
    kernel.
    Without a type all is 0. Raises ValueError for an unknown type, or a shape that does not suit it.
    """
    if kind in ("", "Constant"):
        return np.full(shape, multiplier if kind else 0.0, np.float32)
    if kind == "Range":
        return (np.arange(prod(shape)).reshape(shape) * multiplier).astype(np.float32)
    if kind == "Normal":
        return np.asarray(random.randn(*shape) * multiplier, np.float32)
    if kind == "Uniform":
        return np.asarray(random.uniform(-multiplier, multiplier, shape), np.float32)
    deviation = sqrt(_variance(kind, shape))
    if kind.startswith("Normal"):
        base = random.randn(*shape) * deviation
    else:
        limit = sqrt(3.0) * deviation  # a uniform distribution of limit l has the variance l² / 3
        base = random.uniform(-limit, limit, shape)
    return np.asarray(base, np.float32) * np.float32(multiplier)


def _variance(kind: str, shape: Sequence[int]) -> float:
    match = _SCALED.fullmatch(kind)
    if match is None or (match[1] == "Uniform" and match[3] != "Glorot"):
        raise ValueError(f"the initializer '{kind}' is not known")
    count, least_rank = _COUNTS[match[2]]
    if len(shape) < least_rank or 0 in shape:
        raise ValueError(f"the initializer '{kind}' does not suit the shape {tuple(shape)}")
    inputs, outputs, kernel = count(shape)
    if match[3] == "Glorot":
        return 2 / (kernel * (inputs + outputs))
    return 2 / (kernel * (outputs if match[3] == "HeBackward" else inputs))


@attrs.define
class InitializeParameters(Pass, name="initialize-parameters"):
    """Give parameters that no file holds the values that their initializers say.

    This happens where a file stores no parameter at all: then it is an untrained network. Random values come from one
    ``numpy.random.RandomState(seed)``, in the order of the variables, so they are those that NNabla's converter draws.
    Where only some parameters are stored the others are left without value (the lift names each of them), unless
    ``missing`` is set. Stored values are never touched.

        %W = "nnp.variable"() {name = "W", type = "Parameter",          %W = "nnp.variable"() {name = "W", ...,
               initializer = {type = "Normal", multiplier = 0.1}}   →         value = dense_resource<W>}
    """

    consumes = frozenset({"nnp"})

    seed: int | None = option(None, "seed of the random numbers; unless given that of the module (nnp.seed), else 0")
    missing: bool = option(False, "make up what is missing where other parameters are stored, too")

    def run(self, module: Module, context: PassContext) -> bool:
        empty = [v for network in nnp.networks(module).values() for v in network.variables if _lacks_value(v)]
        if not empty or (nnp.stored_values(module) and not self.missing):
            return False
        seed = module.attributes.get(nnp.SEED, 0) if self.seed is None else self.seed
        random = np.random.RandomState(seed)
        problems = Diagnostics()
        made: dict[str, DenseAttribute] = {}  # networks of one file share their parameters by name
        for variable in empty:
            if variable.label not in made:
                try:
                    made[variable.label] = module.add_resource(variable.label, _value(variable, random))
                except ValueError as error:
                    problems.error(
                        f"no value can be made up for the parameter '{variable.label}': {error}",
                        variable.location,
                        "give the file that holds it",
                    )
                    continue
            variable.value = made[variable.label]
        problems.raise_if_errors()
        context.diagnostics.warning(
            f"{len(made)} parameters have no stored value; their initializers made them up (seed {seed})",
            empty[0].location,
            "give the parameter file of the trained network",
        )
        self.counts["initialized"] = len(made)
        return True


def _lacks_value(variable: nnp.Variable) -> bool:
    """Whether a parameter has no value; one in a loop has copies, and they have the values."""
    return variable.is_parameter and variable.made is None and variable.value is None and not variable.repeat_id


def _value(variable: nnp.Variable, random: np.random.RandomState) -> Array:
    initializer = variable.initializer or {}
    shape = variable.variable.tensor.static_shape
    return initial_value(initializer.get("type", ""), initializer.get("multiplier", 0.0), shape, random)
