"""Types of values by onnx's own shape inference, which is asked about the module without its weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ...attributes import DenseAttribute
from ...core import Block, Operation, Value
from ...diagnostics import Diagnostics
from ...module import Module
from ...types import MapType, OptionalType, SequenceType, SparseType, TensorType, Type, UnknownType, merge_types
from .base import OPSET, OnnxOp
from .isolation import InferenceDied, InferenceFault, infer_shapes
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
_LONGEST = 1 << 20
"""Vectors up to this length have it in what the inference sees."""
_INVENTED = re.compile(r"unk__\d+")
"""Names that the inference gives to dimensions which it does not know."""
_FAULT = re.compile(r"\(op_type:(\S+?), node name: #(\d+)\): (?:\[\w+\] ?)?")
_NO_DATA = "Data size mismatch"
_HIDDEN = "nncc.hidden"
"""A domain that nobody has."""
_REMEDY = "correct the model, or give --input-shape: then the types that the file declares are forgotten"


def infer_types(module: Module, diagnostics: Diagnostics) -> None:
    """Give every value of the main function the type that follows from those of the inputs.

    What a value is declared to be is kept where nothing follows. Nodes whose inputs do not fit, and declared types that
    contradict what follows, are reported as errors.
    """
    nodes = [op for op in module.main.walk() if isinstance(op, OnnxOp)]
    numbers = {op: i for i, op in enumerate(nodes)}
    names = Names.of_function(module.main)
    message = model_message(module, _write_light, names, lambda op: f"#{numbers[op]}")
    _make_inputs(message.graph)
    _hide(message, nodes)
    _shorten(message)
    _spell_out(message)
    declared = _symbols(module)
    try:
        try:
            inferred = infer_shapes(message, strict=True)
        except InferenceFault as fault:
            if _report(str(fault), nodes, diagnostics):
                return
            inferred = infer_shapes(message, strict=False)
    except (InferenceDied, InferenceFault) as end:
        diagnostics.warning(
            f"onnx's shape inference cannot take this model ({end}): types are those that the file declares",
            module.location,
            "is an attribute beyond its bounds? onnx.shape_inference.infer_shapes may tell",
        )
        return
    _apply(module.main.body, inferred.graph, names, declared)


def _write_light(dense: DenseAttribute, message: TensorProto) -> None:
    """A tensor with its elements only where inference may ask for them."""
    tensor_head(dense, message)
    type = dense.type
    is_vector = type.rank <= 1 and type.storage.is_integer and type.size <= _MOST_INTEGERS
    if type.storage.name == "!nncc.string":
        message.string_data.extend(as_bytes(text) for text in dense.read().reshape(-1))
    elif type.size <= _MOST_ELEMENTS or is_vector:
        message.raw_data = bytes(to_bytes(dense.read(), type.storage))


def _make_inputs(graph: GraphProto) -> None:
    """Turn the weights that are not shown into inputs: the inference should not look for their elements."""
    shown = [tensor for tensor in graph.initializer if tensor.raw_data or tensor.string_data or 0 in tensor.dims]
    known = {port.name for port in graph.input} | {tensor.name for tensor in shown}
    for tensor in graph.initializer:
        if tensor.name not in known:
            port = graph.input.add(name=tensor.name)
            port.type.tensor_type.elem_type = tensor.data_type
            for dim in tensor.dims:
                port.type.tensor_type.shape.dim.add(dim_value=dim)
    del graph.initializer[:]
    graph.initializer.extend(shown)


def _hide(message: ModelProto, nodes: list[OnnxOp]) -> None:
    """Turn nodes that the inference must not see into ones that it does not know.

    Those of another opset than the module's would be judged by the wrong schema; and for inputs of unknown type some
    operators of onnx look at a type that is not there, which ends the process.
    """
    hidden: set[str] = set()
    unknown: set[Value] = set()
    for number, op in enumerate(nodes):
        is_blind = not op.regions and any(v in unknown for v in op.operands)
        if OPSET in op.attributes or is_blind:
            hidden.add(f"#{number}")
        signature = op.signature
        if f"#{number}" in hidden or signature is None or not signature.is_inferable:
            unknown.update(v for v in op.results if isinstance(v.type, UnknownType))
    if hidden:
        for graph in [message.graph, *inner_graphs(message.graph)]:
            for node in graph.node:
                if node.name in hidden:
                    node.domain = _HIDDEN
        message.opset_import.add(domain=_HIDDEN, version=1)


def _shorten(message: ModelProto) -> None:
    """Leave the length of long vectors out: onnx computes with their elements, which may be those of a shape."""
    for graph in [message.graph, *inner_graphs(message.graph)]:
        for info in [*graph.input, *graph.output, *graph.value_info]:
            tensor = info.type.tensor_type
            if len(tensor.shape.dim) == 1 and tensor.shape.dim[0].dim_value > _LONGEST:
                tensor.shape.dim[0].ClearField("dim_value")


def _spell_out(message: ModelProto) -> None:
    """Write down the default of STFT's ``onesided``, which its inference forgets (in onnx 1.23)."""
    from onnx import AttributeProto

    for graph in [message.graph, *inner_graphs(message.graph)]:
        for node in graph.node:
            if node.op_type == "STFT" and not any(a.name == "onesided" for a in node.attribute):
                node.attribute.add(name="onesided", type=AttributeProto.INT, i=1)


def _report(text: str, nodes: list[OnnxOp], diagnostics: Diagnostics) -> bool:
    """Report the nodes that an error of the inference names; whether there is any that the model is to blame for."""
    places = list(_FAULT.finditer(text))
    found = False
    for i, match in enumerate(places):
        end = places[i + 1].start() if i + 1 < len(places) else len(text)
        op = nodes[int(match[2])]
        reason = text[match.end() : end].strip()
        through_body = op.signature is not None and op.signature.has_body
        if (through_body and "(op_type:" in reason) or _NO_DATA in reason:
            continue  # a fault inside of ONNX's own definition of the operator, or the elements are not shown
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
