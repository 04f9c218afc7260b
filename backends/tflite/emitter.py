"""Writing TFLite files: the model around the tensors, and the JSON file beside it that tells the ports' layouts."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ...ir import CompileError, Diagnostics, ElementType, Function, Module, Operation, Return
from ...ir.dialects.tfl.base import TFLOp
from ...ir.dialects.tfl.constant import PseudoConst
from ...ir.dialects.tfl.runtime import minimum_runtime
from ...ir.ports import Side, port_permutation
from .flatbuffer import write_model
from .tensors import TensorTable, tensor_type

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
    tables = TensorTable()
    model = _model(module, function, tables)
    path = Path(target)
    with path.open("wb") as file:
        write_model(model, tables.constants, file)
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
    for op in function.body:
        if not isinstance(op, TFLOp | Return):
            diagnostics.error(f"'{op.name}' is no operation of TFLite", op.location, "run lower-to-tfl before")
    diagnostics.raise_if_errors()


def _model(module: Module, function: Function, tables: TensorTable) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    tables.add_ports(function)
    codes: dict[tuple[str, int], int] = {}
    operators = [_operator(op, tables, codes) for op in function.body if not isinstance(op, PseudoConst | Return)]
    graph = schema.SubGraphT()
    graph.name = function.sym_name
    graph.tensors, graph.operators = tables.tensors, operators
    graph.inputs = _indices([tables.number(v) for v in function.inputs])
    graph.outputs = _indices([tables.number(v) for v in function.outputs])
    graph.tensors = tables.tensors
    model = schema.ModelT()
    model.version = SCHEMA_VERSION
    model.description = f"Made by nncc {version('nncc')}"
    model.operatorCodes = [_operator_code(*key) for key in codes]
    model.subgraphs = [graph]
    model.signatureDefs = [_signature(function, tables)]
    model.metadata = [_metadata("nncc_version", version("nncc").encode(), tables)]
    runtime = minimum_runtime(module)
    if runtime:
        # The runtime's own converter pads it so; readers take 16 bytes.
        model.metadata.append(_metadata("min_runtime_version", runtime.encode().ljust(16, b"\0"), tables))
    return model


def _indices(numbers: list[int]) -> Any:
    return np.array(numbers, np.int32)


def _operator(op: Operation, tables: TensorTable, codes: dict[tuple[str, int], int]) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    assert isinstance(op, TFLOp)
    operator = schema.OperatorT()
    operator.opcodeIndex = codes.setdefault((op.builtin, op.version()), len(codes))
    operator.inputs = _indices([tables.number(v) for v in op.operands])
    operator.outputs = _indices([tables.number(v) for v in op.results])
    if op.options:
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{op.options}Options")
        operator.builtinOptions = _options(op)
    return operator


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


def _metadata(name: str, content: bytes, tables: TensorTable) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    metadata = schema.MetadataT()
    metadata.name, metadata.buffer = name, tables.add_bytes(content)
    return metadata
