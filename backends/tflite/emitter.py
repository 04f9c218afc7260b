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

from ...ir import Block, CompileError, Diagnostics, ElementType, Function, Module, Return, Value
from ...ir.dialects.tfl.base import TFLOp
from ...ir.dialects.tfl.control import Yield
from ...ir.dialects.tfl.runtime import minimum_runtime
from ...ir.ports import Side, port_permutation
from .flatbuffer import write_model
from .tensors import Buffers, TensorTable, tensor_type

SCHEMA_VERSION = 3
SIGNATURE = "serving_default"
_OLD_CODES = 127
"""Operator codes from here on do not fit into the field that older runtimes read."""
_ENUMERATIONS = {
    "fused_activation_function": "ActivationFunctionType",
    "padding": "Padding",
    "mode": "MirrorPadMode",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
}


def save(module: Module, target: str | os.PathLike[str]) -> None:
    """Write the main function of a module in the tfl dialect to the file ``target``.

    Tensors keep the names of their values, and the signature ``serving_default`` has the names of the ports. Beside the
    file, ``<stem>.json`` says for each port whether the model takes or gives it transposed to channel-last, and which
    axis of the source's array is its last one then: ``{"inputs": {name: {"transpose": true, "base_axis": 1}}, ...}``.

    Raises CompileError for an operation or an element type that is not TFLite's and for more than 2 GiB, OSError.
    """
    function = module.main
    _check(function)
    buffers = Buffers()
    model = _model(module, function, buffers)
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


def _check(function: Function) -> None:
    diagnostics = Diagnostics()
    for op in function.walk():
        if op is not function and not isinstance(op, TFLOp | Yield | Return):
            diagnostics.error(f"'{op.name}' is no operation of TFLite", op.location, "run lower-to-tfl before")
    diagnostics.raise_if_errors()


def _model(module: Module, function: Function, buffers: Buffers) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    tables = TensorTable(buffers)
    tables.add_ports(function)
    graphs = _Subgraphs(buffers)
    graphs.add(function.sym_name, function.body, tables)
    model = schema.ModelT()
    model.version = SCHEMA_VERSION
    model.description = f"Made by nncc {version('nncc')}"
    model.operatorCodes = [_operator_code(*key) for key in graphs.codes]
    model.subgraphs = graphs.graphs
    model.signatureDefs = [_signature(function, tables)]
    model.metadata = [_metadata("nncc_version", version("nncc").encode(), buffers)]
    runtime = minimum_runtime(module)
    if runtime:
        # The runtime's own converter pads it so; readers take 16 bytes.
        model.metadata.append(_metadata("min_runtime_version", runtime.encode().ljust(16, b"\0"), buffers))
    return model


@attrs.define
class _Subgraphs:
    """The subgraphs of a model: the function, then the regions in it, each behind the one that it is used in."""

    buffers: Buffers
    graphs: list[Any] = attrs.Factory(list)
    codes: dict[tuple[str, int], int] = attrs.Factory(dict)
    """The number of each operator and version."""

    def add(self, name: str, block: Block, tables: TensorTable) -> int:
        """Make a subgraph of a block; gives its number."""
        from ai_edge_litert import schema_py_generated as schema

        graph = schema.SubGraphT()
        number = len(self.graphs)
        self.graphs.append(graph)
        graph.name, graph.tensors = name, tables.tensors
        graph.inputs = _indices(tables, block.args)
        graph.operators = [self._operator(op, tables) for op in block if isinstance(op, TFLOp) and op.builtin]
        assert block.last_op is not None
        graph.outputs = _indices(tables, block.last_op.operands)
        return number

    def _operator(self, op: TFLOp, tables: TensorTable) -> Any:
        from ai_edge_litert import schema_py_generated as schema

        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.setdefault((op.builtin, op.version()), len(self.codes))
        operator.inputs = _indices(tables, op.operands)
        operator.outputs = _indices(tables, op.results)
        if op.options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{op.options}Options")
            operator.builtinOptions = _options(op)
        for field, region in zip(op.region_fields, op.regions, strict=True):
            name = f"{self.graphs[0].name}_{op.name.partition('.')[2]}_{field.name.removesuffix('_subgraph')}"
            number = self.add(f"{name}_{len(self.graphs)}", region.block, TensorTable(self.buffers))
            setattr(operator.builtinOptions, camel(f"{field.name}_index"), number)
        return operator


def _indices(tables: TensorTable, values: Sequence[Value | None]) -> Any:
    return np.array([tables.number(v) for v in values], np.int32)


def _options(op: TFLOp) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    options = getattr(schema, f"{op.options}OptionsT")()
    for name, value in op.schema_options().items():
        field = camel(name)
        if not hasattr(options, field):
            raise CompileError(f"'{op.name}': TFLite's options have no '{name}'", op.location)
        setattr(options, field, _option(name, value))
    return options


def _option(name: str, value: Any) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    if isinstance(value, ElementType):
        return tensor_type(value.name)
    if isinstance(value, str):
        return getattr(getattr(schema, _ENUMERATIONS[name]), value)
    return np.array(value, np.int32) if isinstance(value, tuple) else value


def camel(name: str) -> str:
    """The schema's field name as the generated Python classes spell it: ``stride_h`` is ``strideH``."""
    first, *others = name.split("_")
    return first + "".join(o.capitalize() for o in others)


def _operator_code(builtin: str, number: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, builtin)
    code.deprecatedBuiltinCode = min(code.builtinCode, _OLD_CODES)
    code.version = number
    return code


def _signature(function: Function, tables: TensorTable) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    def maps(names: list[str], values: Any) -> list[Any]:
        made = []
        for name, value in zip(names, values, strict=True):
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, tables.number(value)
            made.append(entry)
        return made

    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE
    signature.inputs = maps(function.input_names, function.inputs)
    signature.outputs = maps(function.output_names, function.outputs)
    signature.subgraphIndex = 0
    return signature


def _metadata(name: str, content: bytes, buffers: Buffers) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    metadata = schema.MetadataT()
    metadata.name, metadata.buffer = name, buffers.add_bytes(content)
    return metadata
