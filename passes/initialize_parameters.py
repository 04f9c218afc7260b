"""The pass ``initialize-parameters``: values for parameters of NNP networks that no file holds."""

from __future__ import annotations

import attrs
import numpy as np

from ..ir import DenseAttribute, Diagnostics, Module
from ..ir.dialects import nnp
from ..ir.dialects.nnp.initializers import initial_value
from ..ir.passes import Pass, PassContext, option
from ..ir.types import Array


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
