"""Writing TFLite files: the model around the tensors, and the JSON file beside it that tells the ports' layouts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from ...ir import (
    Block,
    CompileError,
    DenseAttribute,
    Diagnostics,
    ElementType,
    Function,
    Module,
    Return,
    TensorType,
    Value,
)
from ...ir.dialects.tfl.base import DESCRIPTION, INTERMEDIATES, METADATA, MUTATED, SIGNATURE, VERSION, TFLOp
from ...ir.dialects.tfl.control import Yield
from ...ir.dialects.tfl.runtime import minimum_runtime
from ...ir.dialects.tfl.schema import ENUMERATIONS, camel, generated, numbers, options_class
from ...ir.names import Names
from ...ir.ports import Side, port_permutation
from .flatbuffer import write_model
from .tensors import Buffers, TensorTable, tensor_type

SCHEMA_VERSION = 3
DEFAULT_SIGNATURE = "serving_default"
_OLD_CODES = 127
"""Operator codes from here on do not fit into the field that older runtimes read."""


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the functions of a module in the tfl dialect to the file ``target``, the main one first.

    Tensors keep the names of their values, and signatures have the names of the ports; that of a function that
    says no other is ``serving_default``. Beside the
    file, ``<stem>.json`` says for each port whether the model takes or gives it transposed to channel-last, and which
    axis of the source's array is its last one then: ``{"inputs": {name: {"transpose": true, "base_axis": 1}}, ...}``.

    Raises CompileError for an operation or an element type that is not TFLite's and for more than 2 GiB, OSError.
    """
    function = module.main
    _check(module)
    buffers = Buffers()
    model = _model(module, buffers)
    path = Path(target)
    with path.open("wb") as file:
        write_model(model, buffers.constants, file)
    path.with_suffix(".json").write_text(json.dumps(port_layouts(function)) + "\n", encoding="utf-8")


def port_layouts(function: Function) -> dict[str, dict[str, dict[str, bool | int]]]:
    """What the JSON file says: by name, whether a port is channel-last where the source's is not."""
    return {
        "inputs": {name: _port_layout(function, "arg", i) for i, name in enumerate(function.input_names)},
        "outputs": {name: _port_layout(function, "res", i) for i, name in enumerate(function.output_names)},
    }


def _port_layout(function: Function, side: Side, index: int) -> dict[str, bool | int]:
    permutation = port_permutation(function, side, index)
    return {"transpose": False} if permutation is None else {"transpose": True, "base_axis": permutation[-1]}


def _check(module: Module) -> None:
    diagnostics = Diagnostics()
    for op in module.walk():
        if not isinstance(op, TFLOp | Yield | Return | Function | Module):
            diagnostics.error(f"'{op.name}' is no operation of TFLite", op.location, "run lower-to-tfl before")
        elif isinstance(op, TFLOp) and (fields := [n for n in op.attributes if n.endswith("subgraph_index")]):
            message = f"{op.builtin} refers to a subgraph by its number ({fields[0]}), which writing changes"
            diagnostics.error(message, op.location, "do without the operator")
        for value in op.results:
            if not isinstance(value.type, TensorType):
                diagnostics.error(f"'{op.name}' gives no tensor but {value.type}", op.location, "cut the graph before")
    diagnostics.raise_if_errors()


def _model(module: Module, buffers: Buffers) -> Any:
    graphs = _Subgraphs(buffers)
    model = generated().ModelT()
    model.version = SCHEMA_VERSION
    model.description = module.attributes.get(DESCRIPTION, f"Made by nncc {version('nncc')}")
    model.signatureDefs = []
    for function in _main_first(module):
        buffers.names = Names()
        tables = TensorTable(buffers)
        tables.add_ports(function)
        number = graphs.add(function.sym_name, function.body, tables)
        model.signatureDefs.append(_signature(function, tables, number))
    model.operatorCodes = [_operator_code(*key) for key in graphs.codes]
    model.subgraphs = graphs.graphs
    model.metadata = [_metadata(name, content, buffers) for name, content in _all_metadata(module).items()]
    return model


def _main_first(module: Module) -> list[Function]:
    main = module.main
    return [main, *(f for f in module.functions if f is not main)]


def _all_metadata(module: Module) -> dict[str, bytes]:
    """What the module has from its file; the versions of nncc and of the first runtime that can run it."""
    found = {"nncc_version": version("nncc").encode()}
    runtime = minimum_runtime(module)
    if runtime:
        # The runtime's own converter pads it so; readers take 16 bytes.
        found["min_runtime_version"] = runtime.encode().ljust(16, b"\0")
    kept: dict[str, DenseAttribute] = module.attributes.get(METADATA, {})
    return found | {name: dense.numpy().tobytes() for name, dense in kept.items()}


@attrs.define
class _Subgraphs:
    """The subgraphs of a model: the function, then the regions in it, each behind the one that it is used in."""

    buffers: Buffers
    graphs: list[Any] = attrs.Factory(list)
    codes: dict[tuple[str, int, str], int] = attrs.Factory(dict)
    """The number of each operator, version and name of a custom one."""

    def add(self, name: str, block: Block, tables: TensorTable) -> int:
        """Make a subgraph of a block; gives its number."""
        graph = generated().SubGraphT()
        number = len(self.graphs)
        self.graphs.append(graph)
        graph.name, graph.tensors = name, tables.tensors
        graph.inputs = _indices(tables, block.args)
        graph.operators = [self._operator(op, tables) for op in block if isinstance(op, TFLOp) and op.builtin]
        assert block.last_op is not None
        graph.outputs = _indices(tables, block.last_op.operands)
        return number

    def _operator(self, op: TFLOp, tables: TensorTable) -> Any:
        operator = generated().OperatorT()
        code = (op.builtin, op.attributes.get(VERSION) or op.version(), op.attributes.get("custom_code", ""))
        operator.opcodeIndex = self.codes.setdefault(code, len(self.codes))
        operator.inputs = _indices(tables, op.operands)
        operator.outputs = _indices(tables, op.results)
        options = self._set_options(op, operator)
        for field, region in zip(op.region_fields, op.regions, strict=True):
            name = f"{self.graphs[0].name}_{op.name.partition('.')[2]}_{field.name.removesuffix('_subgraph')}"
            number = self.add(f"{name}_{len(self.graphs)}", region.block, TensorTable(self.buffers))
            setattr(options, camel(f"{field.name}_index"), number)
        if INTERMEDIATES in op.attributes:
            operator.intermediates = np.array([tables.add_unnamed(t) for t in op.attributes[INTERMEDIATES]], np.int32)
        if MUTATED in op.attributes:
            operator.mutatingVariableInputs = np.array(op.attributes[MUTATED], np.bool_)
        return operator

    def _set_options(self, op: TFLOp, operator: Any) -> Any:
        """Give an operator its options; the table, None where it has none."""
        if op.builtin == "CUSTOM":
            content = op.attributes.get("custom_options")
            operator.customOptions = None if content is None else content.numpy()
        if not op.options:
            return None
        table, name = _options(op), f"{op.options}Options"
        if name in numbers("BuiltinOptions2"):
            operator.builtinOptions2Type, operator.builtinOptions2 = numbers("BuiltinOptions2")[name], table
        else:
            operator.builtinOptionsType, operator.builtinOptions = numbers("BuiltinOptions")[name], table
        return table


def _indices(tables: TensorTable, values: Sequence[Value | None]) -> Any:
    return np.array([tables.number(v) for v in values], np.int32)


def _options(op: TFLOp) -> Any:
    options = options_class(op.options)()
    for name, value in {**op.extra_options(), **op.schema_options()}.items():
        field = camel(name)
        if not hasattr(options, field):
            raise CompileError(f"'{op.name}': TFLite's options have no '{name}'", op.location)
        setattr(options, field, _option(name, value))
    return options


def _option(name: str, value: Any) -> Any:
    if isinstance(value, ElementType):
        return tensor_type(value.name)
    if isinstance(value, str) and name in ENUMERATIONS:
        return numbers(ENUMERATIONS[name])[value]
    if isinstance(value, DenseAttribute):
        return value.numpy()
    if isinstance(value, tuple):
        return np.array(value, np.float32 if any(isinstance(v, float) for v in value) else np.int32)
    return value


def _operator_code(builtin: str, number: int, custom: str) -> Any:
    code = generated().OperatorCodeT()
    code.builtinCode = numbers("BuiltinOperator")[builtin]
    code.deprecatedBuiltinCode = min(code.builtinCode, _OLD_CODES)
    code.version = number
    code.customCode = custom or None
    return code


def _signature(function: Function, tables: TensorTable, subgraph: int) -> Any:
    def maps(names: list[str], values: Any) -> list[Any]:
        made = []
        for name, value in zip(names, values, strict=True):
            entry = generated().TensorMapT()
            entry.name, entry.tensorIndex = name, tables.number(value)
            made.append(entry)
        return made

    signature = generated().SignatureDefT()
    signature.signatureKey = function.attributes.get(SIGNATURE, DEFAULT_SIGNATURE)
    signature.inputs = maps(function.input_names, function.inputs)
    signature.outputs = maps(function.output_names, function.outputs)
    signature.subgraphIndex = subgraph
    return signature


def _metadata(name: str, content: bytes, buffers: Buffers) -> Any:
    metadata = generated().MetadataT()
    metadata.name, metadata.buffer = name, buffers.add_bytes(content)
    return metadata
