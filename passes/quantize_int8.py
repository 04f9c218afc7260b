"""`quantize-int8`: real numbers become 8-bit integers wherever the target has a kernel for them."""

from __future__ import annotations

from itertools import islice

import attrs

from ..ir import CompileError, Function, Module, QuantizedType, Value
from ..ir.int8 import INT8_TARGETS, int8_kernels
from ..ir.passes import Pass, PassContext, option
from .calibrate import OWN_RANGES, find_dataset
from .calibration.grids import remove_roundings
from .dataset import Dataset
from .quantization.apply import Application
from .quantization.compare import compare_functions
from .quantization.masks import bound_masks
from .quantization.plan import Plan, make_plan
from .quantization.pools import free_global_pools
from .quantization.refine import Refinement, affordable_batches
from .ranges import clear_ranges, get_range, holds_reals
from .unused import drop_unused

IO_TYPES = ("int8", "float32")
WEIGHTS = ("per_channel", "per_tensor")
ROUNDINGS = ("inputs", "nearest")


@attrs.define
class QuantizeInt8(Pass, name="quantize-int8"):
    """Gives values, weights and biases 8-bit types, after `calibrate`, by TFLite's 8-bit quantization specification.

    ```
    %1 = "nn.tanh"(%0) {nncc.ranges = [[-0.4, 0.6]]} : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```
    becomes, where %0 goes from -0.5 to 0.75 (the result of tanh has the scale 1 / 128 by the specification)
    ```
    %1 = "nn.tanh"(%0)
        : (tensor<1x8x!quant.uniform<i8:f32, 0.0049:-26>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.0078125>>
    ```

    What the network rounds to 8 bits by itself keeps its scales, and its weights are not refined: that was done when it
    was quantized. An operation without an int8 kernel stays in float, between `nn.dequantize` and `nn.quantize`, with a
    warning; with `strict` that is an error. What the int8 model loses is measured on the representative data, value by
    value.
    """

    consumes = frozenset({"nn"})
    keeps_numbers = False

    target: str = option("tflite", "whose kernels are to compute it: tflite or onnx")
    strict: bool = option(False, "an operation that has to stay in float is an error")
    io_type: str = option("int8", "the type of the model's inputs and outputs: int8 or float32")
    weights: str = option("per_channel", "the scales of weights: per_channel (one an output channel) or per_tensor")
    correct_biases: bool = option(True, "let biases take up the mean error of their layer, as real data shows it")
    rounding: str = option("inputs", "of weights: inputs (with regard to what real data feeds them, GPTQ) or nearest")
    refine_samples: int = option(64, "use at most so many samples for these two; 0: all that fit into memory")
    report_samples: int = option(64, "on how many samples of the data float and int8 are compared; 0: not at all")

    def __attrs_post_init__(self) -> None:
        if self.target not in INT8_TARGETS:
            raise ValueError(f"target is '{self.target}': give {' or '.join(INT8_TARGETS)}")
        if self.io_type not in IO_TYPES:
            raise ValueError(f"io_type is '{self.io_type}': give int8 or float32")
        if self.rounding not in ROUNDINGS:
            raise ValueError(f"rounding is '{self.rounding}': give inputs or nearest")
        if self.weights not in WEIGHTS:
            raise ValueError(f"weights is '{self.weights}': give per_channel or per_tensor")

    def run(self, module: Module, context: PassContext) -> bool:
        function = module.main
        self.counts["global pools with a scale of their own"] += free_global_pools(module, function)
        copies: dict[Value, Value] = {}
        original = function.clone(copies)
        assert isinstance(original, Function)
        adopted = remove_roundings(function, copies)
        self.counts["scales of the model itself"] += adopted
        _check_input(function)
        self.counts["masks"] += bound_masks(module, function)
        plan = make_plan(function, int8_kernels(self.target), self.io_type == "int8")
        self._report_islands(plan, context)
        Application(module, plan, self.weights == "per_channel").run(self.io_type == "int8")
        clear_ranges(function)
        self.counts["int8 operations"] += len(plan.rules)
        self.counts["float operations"] += len(plan.islands)
        needs_none = context.dataset is None and OWN_RANGES in context.facts
        data = None if needs_none else find_dataset(original, context)
        if data is not None and not data.is_synthetic and not adopted:
            self._refine(module, original, copies, plan, data, context)
        drop_unused(module)
        if data is not None and self.report_samples:
            self._compare(original, function, copies, data, context)
        return True

    def _refine(
        self,
        module: Module,
        original: Function,
        copies: dict[Value, Value],
        plan: Plan,
        data: Dataset,
        context: PassContext,
    ) -> None:
        by_inputs = self.rounding == "inputs"
        if not by_inputs and not self.correct_biases:
            return
        batches = data.bind(original, self.refine_samples or None)
        inputs = list(islice(batches, affordable_batches(original, len(batches))))
        Refinement(module, original, plan.function, copies, plan.rules, self.correct_biases, by_inputs, context).run(
            inputs
        )
        self.counts["batches for refinement"] += len(inputs)

    def _compare(
        self, original: Function, function: Function, copies: dict[Value, Value], data: Dataset, context: PassContext
    ) -> None:
        batches = data.bind(original, self.report_samples)
        report = compare_functions(original, function, copies, batches, context)
        context.facts["quantization"] = report
        context.facts["sqnr_db"] = report["sqnr_db"]
        context.facts["calibration_data"] = f"{batches.samples} samples of {data.place or 'the data given'}"

    def _report_islands(self, plan: Plan, context: PassContext) -> None:
        report = context.diagnostics.error if self.strict else context.diagnostics.warning
        for op, reason in plan.islands.items():
            remedy = "leave out 'strict' to keep it in float" if self.strict else ""
            report(f"'{op.name}' stays in float: {reason}", op.location, remedy)
        context.diagnostics.raise_if_errors()


def _check_input(function: Function) -> None:
    values = [*function.inputs, *(r for op in function.body for r in op.results)]
    if any(isinstance(v.tensor.element, QuantizedType) for v in values):
        raise CompileError("the model is quantized already", function.location, "leave out 'quantize-int8'")
    if not any(get_range(function, v) for v in values if holds_reals(v)):
        raise CompileError(
            "no value has a range",
            function.location,
            "run 'calibrate' before 'quantize-int8', with representative data",
        )
