"""Models that can be executed, whatever file they are in: nncc's interpreter, or the format's own runtime."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..ir import CompileError, Location, Module
from ..ir.interpreter import Observer, evaluate
from ..ir.layout import permute, to_first, to_last
from ..ir.passes import PassContext
from ..ir.ports import from_ports, to_ports
from ..ir.types import Array
from ..pipelines import driver, registry
from . import onnx_runtime
from .arrays import inputs_of, random_inputs


class Executable(Protocol):
    """A model that takes and gives arrays by port name, in the layout of its source."""

    def run(self, inputs: Mapping[str, Array] | None, seed: int = 0, batch: int | None = None) -> dict[str, Array]:
        """The outputs for the inputs; for seeded random ones where there are none."""
        ...

    def random_inputs(self, seed: int, batch: int | None = None) -> dict[str, Array]:
        """Seeded random inputs. Raises UsageError where the layout of the source is not known."""
        ...


def open_model(paths: Sequence[Path], executor: int | None = None) -> Executable:
    """The model in a file, ready to run. Raises CompileError where it cannot be read or has no way to be run."""
    if paths[0].suffix.lower() == ".tflite":
        return LiteRtModel(paths[0])
    if paths[0].suffix.lower() == ".onnx" and onnx_runtime.is_installed():
        return onnx_runtime.OnnxRuntimeModel(paths[0])
    options: dict[str, Any] = {} if executor is None else {"executor": executor}
    context = PassContext()
    module = driver.load(list(paths), context=context, **options)
    source = registry.source_of(paths)
    if source.dialect == "nnp":
        driver.compile(module, "expand-loop-control,initialize-parameters,lift-nnp", context=context)
    elif source.dialect == "nnb" and not _has_code(module):
        driver.compile(module, "lift-nnb,lift-nnp", context=context)
    elif source.dialect in ("onnx", "tf"):
        driver.compile(module, f"lift-{source.dialect}", context=context)
    return InterpretedModel(module)


def _has_code(module: Module) -> bool:
    """Whether nnabla-c-runtime has code for all functions: then they are run as it does, else as NNabla does."""
    from ..ir.dialects import nnb

    return all(op.nnb_type.is_implemented for op in module.main.body if isinstance(op, nnb.NnbFunction))


class InterpretedModel:
    """A module that can be evaluated, run with numpy."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def random_inputs(self, seed: int, batch: int | None = None) -> dict[str, Array]:
        return random_inputs(self.module.main, seed, batch)

    def run(
        self,
        inputs: Mapping[str, Array] | None,
        seed: int = 0,
        batch: int | None = None,
        observe: Observer | None = None,
    ) -> dict[str, Array]:
        function = self.module.main
        given = self.random_inputs(seed, batch) if inputs is None else inputs_of(function, inputs)
        return from_ports(function, evaluate(function, to_ports(function, given), observe))


class LiteRtModel:
    """A TFLite file, run with LiteRT. Quantized ports take and give real numbers.

    Where the side file that nncc writes lies beside it (``m.json`` for ``m.tflite``), arrays are in the layout of the
    source: what the side file calls transposed is transposed here.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.place = Location.at(str(path))
        try:
            self.interpreter = Interpreter(str(path))
            self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise CompileError(f"LiteRT cannot run it: {error}", self.place) from error
        self.transposed = _transposed_ports(path.with_suffix(".json"))

    def run(self, inputs: Mapping[str, Array] | None, seed: int = 0, batch: int | None = None) -> dict[str, Array]:
        given = self.random_inputs(seed, batch) if inputs is None else inputs
        details = self._details("input")
        for name, detail in details.items():
            expected = self._source_shape(name, detail)
            array = self._given(name, given, len(details))
            if array.shape != expected:
                raise CompileError(f"input '{name}' has shape {array.shape}, expected {expected}", self.place)
            if name in self.transposed:
                array = array.transpose(to_last(len(expected)))
            self.interpreter.set_tensor(detail["index"], _quantized(array, detail))
        self.interpreter.invoke()
        return {name: self._output(name, detail) for name, detail in self._details("output").items()}

    def random_inputs(self, seed: int, batch: int | None = None) -> dict[str, Array]:
        if batch not in (None, 1):
            raise CompileError("a TFLite file has a fixed batch", self.place, "leave --batch-size out")
        rng = np.random.default_rng(seed)
        shapes = {name: self._source_shape(name, detail) for name, detail in self._details("input").items()}
        return {name: rng.random(shape, np.float32) for name, shape in shapes.items()}

    def _source_shape(self, name: str, detail: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape of an input as the source has it."""
        shape = tuple(map(int, detail["shape"]))
        return permute(shape, to_first(len(shape))) if name in self.transposed else shape

    def _given(self, name: str, inputs: Mapping[str, Array], count: int) -> Array:
        if name in inputs:
            return inputs[name]
        if count == len(inputs) == 1:
            return next(iter(inputs.values()))
        raise CompileError(f"no value for input '{name}'", self.place, f"there are arrays for {list(inputs)}")

    def _output(self, name: str, detail: Mapping[str, Any]) -> Array:
        array = _real(self.interpreter.get_tensor(detail["index"]), detail)
        return array.transpose(to_first(array.ndim)) if name in self.transposed else array

    def _details(self, side: str) -> dict[str, dict[str, Any]]:
        """The ports by name: those of the signature where the file has one."""
        listed = self.interpreter.get_input_details() if side == "input" else self.interpreter.get_output_details()
        by_index = {d["index"]: d for d in listed}
        signatures = self.interpreter._get_full_signature_list()
        if signatures:
            ports = next(iter(signatures.values()))[f"{side}s"]
            return {name: by_index[index] for name, index in ports.items() if index in by_index}
        return {d["name"]: d for d in listed}


def _transposed_ports(path: Path) -> set[str]:
    """The ports that a side file calls transposed; none where there is no such file."""
    try:
        sides = json.loads(path.read_text(encoding="utf-8"))
        return {name for side in ("inputs", "outputs") for name, port in sides[side].items() if port["transpose"]}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        remedy = "it should be what nncc wrote with the model: remove it, or compile again"
        raise CompileError(f"not a description of ports: {error!r}", Location.at(str(path)), remedy) from error


def _quantized(array: Array, detail: Mapping[str, Any]) -> Array:
    scale, zero_point = detail["quantization"]
    if not scale:
        return array.astype(detail["dtype"])
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(array / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])


def _real(array: Array, detail: Mapping[str, Any]) -> Array:
    scale, zero_point = detail["quantization"]
    return ((array.astype(np.float32) - zero_point) * scale) if scale else array
