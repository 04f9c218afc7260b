"""Types of values by onnx's own shape inference, which is asked about the module without its weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ...attributes import DenseAttribute
from ...core import Block, Operation, Value
from ...diagnostics import Diagnostics
from ...module import Module
from ...types import MapType, OptionalType, SequenceType, SparseType, TensorType, Type, merge_types
from .base import OPSET, OnnxOp
from .messages import graphs_of, inner_graphs
from .names import Names
from .tensors import as_bytes, to_bytes
from .values import from_type
from .writer import model_message, tensor_head

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorProto

_MOST_ELEMENTS = 1024
"""Tensors up to this size are shown to the inference with their elements: shapes, axes, scales, ..."""
_MOST_INTEGERS = 1 << 16
"""The same for vectors of integers, which it computes with."""
_INVENTED = re.compile(r"unk__\d+")
"""Names that the inference gives to dimensions which it does not know."""
_FAULT = re.compile(r"\(op_type:(\S+?), node name: #(\d+)\): (?:\[\w+\] ?)?")
_REMEDY = "correct the model, or export it again; --input-shape sets other shapes of inputs"


def infer_types(module: Module, diagnostics: Diagnostics) -> None:
    """Give every value of the main function the type that follows from those of the inputs.

    What a value is declared to be is kept where nothing follows. Nodes whose inputs do not fit, and declared types that
    contradict what follows, are reported as errors.
    """
    from onnx import shape_inference

    nodes = [op for op in module.main.walk() if isinstance(op, OnnxOp)]
    numbers = {op: i for i, op in enumerate(nodes)}
    message = model_message(module, _write_light, lambda op: f"#{numbers[op]}")
    _hide_other_opsets(message, nodes)
    declared = _symbols(module)
    try:
        inferred = shape_inference.infer_shapes(message, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:  # onnx raises what its C++ raises
        if _report(str(error), nodes, diagnostics):
            return
        inferred = shape_inference.infer_shapes(message, check_type=False, strict_mode=False, data_prop=True)
    _apply(module.main.body, inferred.graph, Names.of_function(module.main), declared)


def _write_light(dense: DenseAttribute, message: TensorProto) -> None:
    """A tensor with its elements only where inference may ask for them."""
    tensor_head(dense, message)
    type = dense.type
    is_vector = type.rank <= 1 and type.storage.is_integer and type.size <= _MOST_INTEGERS
    if type.storage.name == "!nncc.string":
        message.string_data.extend(as_bytes(text) for text in dense.read().reshape(-1))
    elif type.size <= _MOST_ELEMENTS or is_vector:
        message.raw_data = bytes(to_bytes(dense.read(), type.storage))


def _hide_other_opsets(message: ModelProto, nodes: list[OnnxOp]) -> None:
    """Nodes of another opset than the module's would be judged by the wrong schema: they become unknown ones."""
    hidden = {f"#{i}" for i, op in enumerate(nodes) if OPSET in op.attributes}
    if hidden:
        for graph in [message.graph, *inner_graphs(message.graph)]:
            for node in graph.node:
                if node.name in hidden:
                    node.domain = "nncc.other"
        message.opset_import.add(domain="nncc.other", version=1)


def _report(text: str, nodes: list[OnnxOp], diagnostics: Diagnostics) -> bool:
    """Report the nodes that an error of the inference names; whether there is any that the model is to blame for."""
    places = list(_FAULT.finditer(text))
    found = False
    for i, match in enumerate(places):
        end = places[i + 1].start() if i + 1 < len(places) else len(text)
        op = nodes[int(match[2])]
        reason = text[match.end() : end].strip()
        schema = op.schema
        through_body = schema is not None and (schema.has_function or schema.has_context_dependent_function)
        if through_body and "(op_type:" in reason:
            continue  # the fault is inside of ONNX's own definition of the operator
        found = True
        diagnostics.error(f"{op.op_type} contradicts the types around it: {reason}", op.location, _REMEDY)
    return found


def _symbols(module: Module) -> set[str]:
    """The names of dimensions that the file itself uses."""
    types = [v.type for op in module.main.walk() for v in op.results]
    types += [a.type for op in module.main.walk() for r in op.regions for b in r.blocks for a in b.args]
    return {dim for type in set(types) for dim in _dims(type) if isinstance(dim, str)}


def _dims(type: Type) -> tuple[Any, ...]:
    if isinstance(type, TensorType):
        return type.shape or ()
    if isinstance(type, SequenceType | OptionalType):
        return _dims(type.element)
    if isinstance(type, MapType):
        return _dims(type.value)
    return _dims(type.tensor) if isinstance(type, SparseType) else ()


def _apply(block: Block, message: GraphProto, names: Names, declared: set[str]) -> None:
    """Set the types of the values of a block by those of its graph, and so on inside it."""
    found = {info.name: info for info in [*message.value_info, *message.output]}
    ops = [op for op in block if isinstance(op, OnnxOp)]
    for op, node in zip(ops, message.node, strict=False):
        for result in op.results:
            info = found.get(names.of.get(result, ""))
            if info is not None:
                _refine(result, from_type(info.type), declared)
        _apply_inside(op, node, names, declared)


def _apply_inside(op: Operation, node: Any, names: Names, declared: set[str]) -> None:
    for region, graph in zip(op.regions, graphs_of(node), strict=True):
        _apply(region.block, graph, names, declared)


def _refine(value: Value, inferred: Type, declared: set[str]) -> None:
    merged = merge_types(value.type, _without_invented(inferred, declared))
    if merged is not None:
        value.type = merged


def _without_invented(type: Type, declared: set[str]) -> Type:
    """The type, with dimensions that only the inference has named as unknown ones."""
    if isinstance(type, TensorType) and type.shape is not None:
        invented = [isinstance(d, str) and d not in declared and _INVENTED.fullmatch(d) is not None for d in type.shape]
        return type.with_shape(tuple(None if bad else d for d, bad in zip(type.shape, invented, strict=True)))
    if isinstance(type, SequenceType | OptionalType):
        return attrs.evolve(type, element=_without_invented(type.element, declared))
    return type
