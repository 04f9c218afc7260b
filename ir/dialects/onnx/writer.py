"""The messages of a module: what a file holds, and what onnx's own shape inference is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ...attributes import DenseAttribute
from ...core import Block, Operation, Value
from ...diagnostics import Diagnostics
from ...location import UNKNOWN
from ...module import Module
from ...opdef import Trait
from ...types import UnknownType
from .base import (
    ANNOTATIONS,
    DETAILS,
    DEVICES,
    DOC_STRING,
    GRAPH_DOC_STRING,
    GRAPH_METADATA,
    GRAPH_NAME,
    GRAPHS,
    IR_VERSION,
    METADATA,
    MODEL_FIELDS,
    MODEL_METADATA,
    OPAQUE_FIELDS,
    OPSET,
    OVERLOAD,
    PORT,
    PORTS,
    OnnxOp,
    opset_import,
)
from .messages import WriteTensor, set_attribute, to_sparse
from .names import Names
from .ops import Initializer
from .tensors import data_type
from .values import set_denotations, to_type

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

_REMEDY = "lower the module to the onnx dialect first"


def model_message(
    module: Module, write_tensor: WriteTensor, names: Names | None = None, node_label: NodeLabel | None = None
) -> ModelProto:
    """The message of a module; ``write_tensor`` sets a tensor: type, dimensions and elements.

    ``names`` are those of the values, if they are known; ``node_label`` renames the nodes, for the inference. Raises
    CompileError with everything that ONNX cannot hold.
    """
    from onnx import ModelProto

    function = module.main
    writer = _Writer(names or Names.of_function(function), write_tensor, node_label)
    message = ModelProto()
    fields = module.attributes
    if IR_VERSION in fields:
        message.ir_version = fields[IR_VERSION]
    for domain, version in opset_import(module).items():
        message.opset_import.add(domain=domain, version=version)
    for field in MODEL_FIELDS:
        if f"onnx.{field}" in fields:
            setattr(message, field, fields[f"onnx.{field}"])
    _set_metadata(message.metadata_props, fields.get(MODEL_METADATA, {}))
    for field in OPAQUE_FIELDS:
        for data in fields.get(f"onnx.{field}", ()):
            getattr(message, field).add().ParseFromString(data.numpy().tobytes())
    graph = {
        "name": fields.get(GRAPH_NAME) or function.sym_name,
        "doc_string": fields.get(GRAPH_DOC_STRING, ""),
        "metadata": fields.get(GRAPH_METADATA, {}),
        "annotations": fields.get(ANNOTATIONS, ()),
        "inputs": [a.get(PORT, {}) for a in function.arg_attrs],
        "outputs": [a.get(PORT, {}) for a in function.res_attrs],
    }
    writer.graph(function.body, message.graph, graph)
    writer.problems.raise_if_errors()
    return message


NodeLabel = Callable[[OnnxOp], str]


@attrs.define
class _Writer:
    names: Names
    write_tensor: WriteTensor
    node_label: NodeLabel | None
    problems: Diagnostics = attrs.Factory(Diagnostics)

    def graph(self, block: Block, message: GraphProto, fields: Mapping[str, Any]) -> None:
        """One graph; ``fields`` is what it has beside nodes and ports, as in ``GRAPHS``."""
        message.name = fields.get("name", "")
        if fields.get("doc_string"):
            message.doc_string = fields["doc_string"]
        _set_metadata(message.metadata_props, fields.get("metadata", {}))
        for annotation in fields.get("annotations", ()):
            entry = message.quantization_annotation.add(tensor_name=annotation["tensor"])
            _set_metadata(entry.quant_parameter_tensor_names, annotation["parameters"])
        for op in block:
            try:
                self._operation(op, message)
            except ValueError as error:
                self.problems.error(f"'{op.name}' cannot be written: {error}", op.location, "correct it")
        self._inputs(block, message, fields.get("inputs", ()))
        self._outputs(block, message, fields.get("outputs", ()))

    def _operation(self, op: Operation, message: GraphProto) -> None:
        if isinstance(op, Initializer):
            self._initializer(op, message)
        elif isinstance(op, OnnxOp):
            self._node(op, message.node.add())
            extras = op.attributes.get(PORTS, {})
            outputs = self._output_values(op)
            for index, result in enumerate(op.results):
                described = extras.get(str(index), {})
                if result in self.names.of and result not in outputs and (described or _is_known(result)):
                    self._value(result, self.names.of[result], described, message.value_info.add())
        elif Trait.TERMINATOR not in op.traits:
            self.problems.error(f"'{op.name}' cannot stand in an ONNX file", op.location, _REMEDY)

    def _output_values(self, op: Operation) -> set[Value]:
        """The values that are outputs of the graph under their own names: their types stand there."""
        assert op.parent is not None and op.parent.last_op is not None
        end = op.parent.last_op
        if end not in self._ends:
            named = zip(end.operands, self.names.outputs[end], strict=True)
            self._ends[end] = {v for v, name in named if v is not None and self.names.of[v] == name}
        return self._ends[end]

    _ends: dict[Operation, set[Value]] = attrs.Factory(dict)

    # Ports

    def _inputs(self, block: Block, message: GraphProto, extras: Sequence[Mapping[str, Any]]) -> None:
        """The arguments, and between them the initializers that are inputs too."""
        initializers = [op for op in block if isinstance(op, Initializer) and op.graph_input is not None]
        places = {op.graph_input.get("position", -1): op for op in initializers}
        late = [op for op in initializers if places.get(op.graph_input.get("position", -1)) is not op]
        arguments = iter(enumerate(block.args))
        for position in range(len(block.args) + len(initializers)):
            op = places.pop(position, None)
            index, argument = next(arguments, (0, None)) if op is None else (0, None)
            if argument is not None:
                described = extras[index] if index < len(extras) else {}
                self._value(argument, self.names.of[argument], described, message.input.add())
            elif op is not None:
                self._value(op.tensor, self.names.of[op.tensor], op.graph_input, message.input.add())
        for op in [*places.values(), *late]:  # their places are not there any more
            self._value(op.tensor, self.names.of[op.tensor], op.graph_input, message.input.add())

    def _outputs(self, block: Block, message: GraphProto, extras: Sequence[Mapping[str, Any]]) -> None:
        terminator = block.last_op
        assert terminator is not None
        for index, (value, name) in enumerate(zip(terminator.operands, self.names.outputs[terminator], strict=True)):
            assert value is not None
            if self.names.of[value] != name:
                message.node.add(op_type="Identity", input=[self.names.of[value]], output=[name])
            self._value(value, name, extras[index] if index < len(extras) else {}, message.output.add())

    def _value(self, value: Value, name: str, extras: Mapping[str, Any], message: ValueInfoProto) -> None:
        message.name = name
        try:
            if not isinstance(value.type, UnknownType):
                to_type(value.type, message.type)
        except ValueError as error:
            location = value.defining_op.location if value.defining_op is not None else UNKNOWN
            self.problems.error(f"'{name}' cannot be written: {error}", location, _REMEDY)
        if message.HasField("type"):
            set_denotations(extras, message.type)
        if extras.get("doc_string"):
            message.doc_string = extras["doc_string"]
        _set_metadata(message.metadata_props, extras.get("metadata", {}))

    # Operations

    def _initializer(self, op: Initializer, message: GraphProto) -> None:
        if op.sparse is not None and self.node_label is None:  # to the inference it is the dense tensor that it means
            sparse = message.sparse_initializer.add()
            to_sparse(op.sparse, sparse, self.write_tensor)
            tensor = sparse.values
        else:
            tensor = message.initializer.add()
            self.write_tensor(op.value, tensor)
        tensor.name = self.names.of[op.tensor]
        if op.attributes.get(DOC_STRING):
            tensor.doc_string = op.attributes[DOC_STRING]
        _set_metadata(tensor.metadata_props, op.attributes.get(METADATA, {}))

    def _node(self, op: OnnxOp, message: NodeProto) -> None:
        fields = op.attributes
        if OPSET in fields and self.node_label is None:
            raise ValueError(
                f"it is of version {fields[OPSET]} of its domain, and the model imports another in which it means "
                "something else: lift and lower it"
            )
        message.op_type, message.domain = op.op_type, op.domain
        if not op.domain:
            message.ClearField("domain")
        message.input.extend("" if v is None else self.names.of[v] for v in op.operands)
        message.output.extend(self.names.of.get(v, "") for v in op.results)
        label = op.node_name if self.node_label is None else self.node_label(op)
        if label:
            message.name = label
        if fields.get(DOC_STRING):
            message.doc_string = fields[DOC_STRING]
        if OVERLOAD in fields:
            message.overload = fields[OVERLOAD]
        _set_metadata(message.metadata_props, fields.get(METADATA, {}))
        for data in fields.get(DEVICES, ()):
            message.device_configurations.add().ParseFromString(data.numpy().tobytes())
        self._attributes(op, message)
        if op.regions:
            self._graphs(op, message)

    def _attributes(self, op: OnnxOp, message: NodeProto) -> None:
        given = op.onnx_attributes()
        if not given:
            return
        signature = op.signature
        kinds = signature.attributes if signature is not None else {}
        details = op.attributes.get(DETAILS, {})
        for name, value in given.items():
            attribute = message.attribute.add(name=name)
            extras = details.get(name, {})
            try:
                set_attribute(attribute, value, extras.get("type") or kinds.get(name), self.write_tensor)
            except ValueError as error:
                raise ValueError(f"attribute '{name}': {error}") from error
            _set_details(attribute, extras)

    def _graphs(self, op: OnnxOp, message: NodeProto) -> None:
        fields = op.attributes.get(GRAPHS, ())
        made: dict[str, AttributeProto] = {}
        for index, (name, region) in enumerate(zip(op.graph_names, op.regions, strict=True)):
            described = fields[index] if index < len(fields) else {}
            if described.get("list"):
                if name not in made:
                    made[name] = message.attribute.add(name=name, type=10)
                graph = made[name].graphs.add()
            else:
                graph = message.attribute.add(name=name, type=5).g
            self.graph(region.block, graph, {"name": name, **described})


def _is_known(value: Value) -> bool:
    return not isinstance(value.type, UnknownType)


def _set_metadata(entries: Any, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        entries.add(key=key, value=value)


def _set_details(message: AttributeProto, extras: Mapping[str, Any]) -> None:
    if extras.get("doc_string"):
        message.doc_string = extras["doc_string"]
    if extras.get("name"):
        message.t.name = extras["name"]
    if extras.get("tensor_doc_string"):
        message.t.doc_string = extras["tensor_doc_string"]


def tensor_head(dense: DenseAttribute, message: Any) -> None:
    """Set what a tensor is, without its elements. Raises ValueError for what ONNX does not have."""
    message.dims.extend(dense.type.static_shape)
    message.data_type = data_type(dense.type.storage)
