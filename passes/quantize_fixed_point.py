"""`quantize-fixed-point`: variables of nnabla-c-runtime as 16 or 8 bits with a point, or as signs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ..ir import Function, Module, Value
from ..ir.dialects.nnb import FIXED8, SIGN, NnbFunction, Parameter
from ..ir.passes import Pass, PassContext, option
from .calibrate import find_dataset
from .fixed_point.apply import apply, insert_identity, insert_identity_behind, insert_zero_bias
from .fixed_point.demands import demand, is_computed_with_integers, needs_one_type
from .fixed_point.positions import Positions, fitting_point
from .fixed_point.ranges import Ranges
from .fixed_point.settings import FLOAT32, Settings, VariableType, check_names, parse_type, read_settings
from .quantization.compare import compare_functions

_POOLS = ("AveragePooling", "SumPooling")
_MOST_ADDED = 256
"""So many numbers of 8 bits fit into the 16 bits in which pools add them up."""


@attrs.define
class QuantizeFixedPoint(Pass, name="quantize-fixed-point"):
    """Give the variables of a network the types FLOAT32, FIXED16, FIXED8 or SIGN, and functions their implementation.

    ```
    %y = "nnb.ReLU"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes with types=FIXED8, where x goes from -3 to 2.5
    ```
    %y = "nnb.ReLU"(%x) : (tensor<4x!quant.uniform<i8:f32, 0.03125>>) -> tensor<4x!quant.uniform<i8:f32, 0.03125>>
    ```

    FIXED16_7 says that 7 bits stand behind the point. Where that is left out, they are as many as the numbers allow: of
    parameters those that they have, of other variables those that representative data shows; and no more than the
    kernels of the runtime can do. What these would compute wrongly is an error, or is converted on the way.
    """

    consumes = frozenset({"nnb"})
    keeps_numbers = False

    types: str = option("FLOAT32", "the type of variables that the settings do not name")
    settings: str = option("", "a YAML file with the types of variables and the implementations of functions")
    samples: int = option(0, "use at most so many samples of the data; 0: all")
    report_samples: int = option(16, "on how many samples float and fixed point are compared; 0: not at all")
    seed: int = option(0, "seed of the random inputs that stand in for missing data")

    def __attrs_post_init__(self) -> None:
        parse_type(self.types, "'types'")

    def run(self, module: Module, context: PassContext) -> bool:
        settings = self._settings(context)
        function = module.main
        labels = [op.label for op in _functions(function)]
        check_names(settings, labels, [v.name or "" for v in _variables(function)])
        for op in _functions(function):
            op.set_attribute("implement", settings.implementations.get(op.label, op.implement))
        types = {v: settings.type_of(v.name or "") for v in _variables(function)}
        if all(t.code == FLOAT32 for t in types.values()):
            return bool(settings.implementations)
        copies: dict[Value, Value] = {}
        original = function.clone(copies)
        assert isinstance(original, Function)
        _check(function, types, context)
        _convert(function, types)
        self._place_points(module, function, types, context)
        for t in types.values():
            self.counts[str(VariableType(t.code))] += 1
        self._compare(original, function, copies, context)
        return True

    def _settings(self, context: PassContext) -> Settings:
        default = parse_type(self.types, "'types'")
        return read_settings(context.base_folder / Path(self.settings), default) if self.settings else Settings(default)

    def _place_points(
        self, module: Module, function: Function, types: dict[Value, VariableType], context: PassContext
    ) -> None:
        ranges = Ranges()
        ranges.note_parameters(function)
        if any(t.is_fixed and t.point is None and _is_buffer(v) for v, t in types.items()):
            data = find_dataset(function, context, seed=self.seed)
            ranges.observe(function, data.bind(function, self.samples or None), context)
        positions = Positions(context.diagnostics)
        for value, t in types.items():
            if t.is_fixed:
                point = fitting_point(*ranges[value], t.bits) if t.point is None else t.point
                positions.add(value, point, t.point is not None)
        for op in _functions(function):
            if is_computed_with_integers(op, types):
                demand(positions, op, types[op.results[0]].bits)
        positions.solve()
        context.diagnostics.raise_if_errors()
        _warn_of_overflow(types, ranges, positions, context)
        apply(module, function, types, positions)

    def _compare(
        self, original: Function, function: Function, copies: dict[Value, Value], context: PassContext
    ) -> None:
        if context.dataset is None or not self.report_samples:
            return
        batches = find_dataset(original, context).bind(original, self.report_samples)
        report = compare_functions(original, function, copies, batches, context)
        context.facts["quantization"] = report
        context.facts["quantized_to"] = "fixed point"
        context.facts["sqnr_db"] = report["sqnr_db"]


def _functions(function: Function) -> Sequence[NnbFunction]:
    return [op for op in function.body if isinstance(op, NnbFunction)]


def _variables(function: Function) -> Sequence[Value]:
    """Inputs, parameters and results, in order."""
    return [*function.inputs, *(r for op in function.body for r in op.results)]


def _is_buffer(value: Value) -> bool:
    return not isinstance(value.defining_op, Parameter)


def _check(function: Function, types: dict[Value, VariableType], context: PassContext) -> None:
    """Report what the runtime has no types for, or computes wrongly with these."""
    for value, t in types.items():
        if t.code == SIGN and _is_buffer(value):
            remedy = "name the parameters that are signs in the settings (-s)"
            context.diagnostics.error(f"'{value.name}' is no parameter, and only these can be SIGN", remedy=remedy)
        elif t.code == SIGN and not np.all(np.abs(value.defining_op.value.read()) == 1):  # type: ignore[union-attr]
            what = f"'{value.name}' has other numbers than 1 and -1: as SIGN it keeps their signs, and -1 for 0"
            context.diagnostics.warning(what)
    for op in _functions(function):
        stored = [v for v in op.operands[1:] if v is not None] if needs_one_type(op) else []
        if len({types[v].code for v in stored}) > 1 or any(types[v].code == SIGN for v in stored):
            named = ", ".join(f"'{v.name}' {types[v]}" for v in stored)
            what = (
                f"'{op.label}' ({op.function_type.name}): the runtime needs one type for weight and bias, not {named}"
            )
            context.diagnostics.error(what, op.location, "give both FLOAT32, FIXED16 or FIXED8")
    context.diagnostics.raise_if_errors()


def _convert(function: Function, types: dict[Value, VariableType]) -> None:
    """Give functions what their kernels need: a bias, or an operand of floats, so that they compute with these.

    The kernels for integers stop at a division by 0, add up 8 bits of many numbers in 16, and cut their own numbers.
    """
    for op in _functions(function):
        if needs_one_type(op):
            _unify(op, types)
        if not is_computed_with_integers(op, types):
            continue
        result = types[op.results[0]]
        if op.function_type.name == "Convolution" and len([v for v in op.operands if v is not None]) == 2:
            types[insert_zero_bias(op)] = VariableType(result.code)
        index = _float_operand(op, result)
        if index is not None:
            types[insert_identity(op, index)] = VariableType(FLOAT32)


def _unify(op: NnbFunction, types: dict[Value, VariableType]) -> None:
    """Convert what a function takes and gives from and to the type of its weight."""
    x, weight = op.operands[:2]
    assert x is not None and weight is not None
    wanted = VariableType(types[weight].code)
    if types[x].code != wanted.code:
        types[insert_identity(op, 0)] = wanted
    (result,) = op.results
    if types[result].code != wanted.code:
        types[insert_identity_behind(op)] = types[result]
        types[result] = wanted


def _float_operand(op: Any, result: VariableType) -> int | None:
    """The operand that has to be a float, for the function to be computed with floats; None where integers do."""
    name = op.function_type.name
    if name == "Div2":
        return 1
    if name in ("AddScalar", "MulScalar"):
        return None if abs(op.val) < 2 ** (result.bits - 1) - 1 else 0
    sums_too_many = name in _POOLS and result.code == FIXED8 and math.prod(op.kernel) > _MOST_ADDED
    return 0 if sums_too_many else None


def _warn_of_overflow(
    types: dict[Value, VariableType], ranges: Ranges, positions: Positions, context: PassContext
) -> None:
    """Tell of variables that hold less than their numbers need: users gave them their points, or these are huge."""
    too_large = [v for v, t in types.items() if t.is_fixed and _overflows(ranges, v, t.bits, positions[v])]
    if too_large:
        low, high = ranges[too_large[0]]
        context.diagnostics.warning(
            f"{len(too_large)} variables saturate, '{too_large[0].name}' first: it goes from {low:.4g} to {high:.4g}, "
            f"and holds ±{2.0 ** (types[too_large[0]].bits - 1 - positions[too_large[0]]):.4g}",
            remedy="leave out the places of the points, or take FLOAT32 there",
        )


def _overflows(ranges: Ranges, value: Value, bits: int, point: int) -> bool:
    low, high = ranges[value]
    if math.isinf(high):
        return False
    limit = 2.0 ** (bits - 1 - point)
    half = 2.0 ** (-point - 1)
    return high > limit - half or low < -limit - half
