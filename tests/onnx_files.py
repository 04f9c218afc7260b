"""ONNX files for tests: built with onnx's own helpers, written to a folder, and compared field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

OPSET = 17


def port(name: str, shape: Sequence[int | str | None] | None, type: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, type, shape)


def model(
    nodes: Sequence[NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto | str],
    weights: Mapping[str, np.ndarray] | None = None,
    opsets: Mapping[str, int] | None = None,
    **fields: Any,
) -> ModelProto:
    """A model of nodes; an output that is only a name has no type."""
    graph = helper.make_graph(
        nodes,
        "main_graph",
        inputs,
        [onnx.ValueInfoProto(name=o) if isinstance(o, str) else o for o in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in (opsets or {"": OPSET}).items()]
    return helper.make_model(graph, **{"opset_imports": imports, "ir_version": 9, **fields})


def convolution() -> ModelProto:
    """x (N, 3, 8, 8) -> conv -> relu -> y (N, 4, 8, 8), with a weight that is too large to stand in the text."""
    weight = np.random.default_rng(0).standard_normal((4, 3, 3, 3), np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "weight", "bias"], ["h"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["h"], ["y"], "relu"),
    ]
    bias = np.arange(4, dtype=np.float32)
    return model(nodes, [port("x", ["N", 3, 8, 8])], [port("y", ["N", 4, 8, 8])], {"weight": weight, "bias": bias})


def loop() -> ModelProto:
    """y = x * (n + 1): a loop that adds x to what it carries."""
    body = helper.make_graph(
        [helper.make_node("Add", ["v", "x"], ["w"]), helper.make_node("Identity", ["keep"], ["keep_out"])],
        "body",
        [port("i", [], TensorProto.INT64), port("keep", [], TensorProto.BOOL), port("v", [2])],
        [port("keep_out", [], TensorProto.BOOL), port("w", [2])],
    )
    node = helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)
    return model([node], [port("n", [], TensorProto.INT64), port("x", [2])], [port("y", [2])])


def choice() -> ModelProto:
    """y = -x or |x|, as c says; both graphs use a weight of their own and name their values alike."""
    branches = {}
    for name, operator in (("then_branch", "Neg"), ("else_branch", "Abs")):
        nodes = [helper.make_node(operator, ["x"], ["h"]), helper.make_node("Mul", ["h", "one"], ["z"])]
        weights = [numpy_helper.from_array(np.float32([1]), "one")]
        branches[name] = helper.make_graph(nodes, name, [], [port("z", None)], weights)
    node = helper.make_node("If", ["c"], ["y"], **branches)
    return model([node], [port("c", [], TensorProto.BOOL), port("x", ["N", 2])], [port("y", None)])


def scan() -> ModelProto:
    """The running sums of the rows of x."""
    body = helper.make_graph(
        [helper.make_node("Add", ["sum_in", "row"], ["sum_out"]), helper.make_node("Identity", ["sum_out"], ["each"])],
        "body",
        [port("sum_in", [3]), port("row", [3])],
        [port("sum_out", [3]), port("each", [3])],
    )
    node = helper.make_node("Scan", ["start", "x"], ["last", "all"], body=body, num_scan_inputs=1)
    inputs = [port("start", [3]), port("x", ["N", 3])]
    return model([node], inputs, [port("last", [3]), port("all", ["N", 3])])


def sequences() -> ModelProto:
    """A sequence that is mapped, taken apart, and put into an optional."""
    body = helper.make_graph([helper.make_node("Neg", ["e"], ["n"])], "body", [port("e", None)], [port("n", None)])
    nodes = [
        helper.make_node("SplitToSequence", ["x"], ["s"], axis=1),
        helper.make_node("SequenceMap", ["s"], ["m"], body=body),
        helper.make_node("Optional", ["m"], ["o"]),
        helper.make_node("OptionalGetElement", ["o"], ["g"]),
        helper.make_node("ConcatFromSequence", ["g"], ["y"], axis=1),
    ]
    return model(nodes, [port("x", ["N", 4])], [port("y", None)], opsets={"": 18})


def write(folder: Path, message: ModelProto, name: str = "m.onnx") -> Path:
    path = folder / name
    path.write_bytes(message.SerializeToString())
    return path


# Comparison: two models say the same, however they store it


def differences(a: ModelProto, b: ModelProto) -> list[str]:
    """Where ``b`` says something else than ``a``. It may say more of types, and store elements otherwise."""
    found = [
        field
        for field in ("ir_version", "producer_name", "producer_version", "domain", "model_version", "doc_string")
        if getattr(a, field) != getattr(b, field)
    ]
    if [(o.domain, o.version) for o in a.opset_import] != [(o.domain, o.version) for o in b.opset_import]:
        found.append("opset_import")
    if list(a.metadata_props) != list(b.metadata_props):
        found.append("metadata_props")
    _compare_graphs(a.graph, b.graph, "graph", found)
    return found


def _compare_graphs(a: GraphProto, b: GraphProto, path: str, found: list[str]) -> None:
    found += [f"{path}.{field}" for field in ("name", "doc_string") if getattr(a, field) != getattr(b, field)]
    if len(a.node) != len(b.node):
        found.append(f"{path}: {len(a.node)} and {len(b.node)} nodes")
    for index, (x, y) in enumerate(zip(a.node, b.node, strict=False)):
        _compare_nodes(x, y, f"{path}.node[{index}]", found)
    for field in ("initializer", "sparse_initializer", "metadata_props", "quantization_annotation"):
        if list(map(_content, getattr(a, field))) != list(map(_content, getattr(b, field))):
            found.append(f"{path}.{field}")
    for field in ("input", "output"):
        ours, theirs = getattr(a, field), getattr(b, field)
        if [p.name for p in ours] != [p.name for p in theirs]:
            found.append(f"{path}.{field}")
        found += [
            f"{path}.{field} {x.name}" for x, y in zip(ours, theirs, strict=False) if not _says_all(x.type, y.type)
        ]
    told = {info.name: info for info in b.value_info}
    for info in a.value_info:
        if info.name not in told or not _says_all(info.type, told[info.name].type):
            found.append(f"{path}.value_info {info.name}")


def _compare_nodes(a: NodeProto, b: NodeProto, path: str, found: list[str]) -> None:
    for field in ("name", "op_type", "domain", "overload", "doc_string"):
        if getattr(a, field) != getattr(b, field):
            found.append(f"{path}.{field}")
    if _without_end(a.input) != _without_end(b.input) or list(a.output) != list(b.output):
        found.append(f"{path}: inputs or outputs")
    if sorted(map(_attribute, a.attribute)) != sorted(map(_attribute, b.attribute)):
        found.append(f"{path}.attribute")
    graphs = {attribute.name: attribute.g for attribute in b.attribute}
    for attribute in a.attribute:
        if attribute.type == AttributeProto.GRAPH and attribute.name in graphs:
            _compare_graphs(attribute.g, graphs[attribute.name], f"{path}.{attribute.name}", found)


def _without_end(names: Sequence[str]) -> list[str]:
    """Names of inputs: those that are left out at the end may as well not be there."""
    kept = list(names)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _attribute(message: AttributeProto) -> tuple[str, int, str, str]:
    value = message.t if message.type == AttributeProto.TENSOR else message
    content = "" if message.type == AttributeProto.GRAPH else _content(value)
    return message.name, message.type, content, message.doc_string


def _content(message: Any) -> str:
    """A message as text, with the elements of a tensor in one form."""
    if not isinstance(message, TensorProto):
        return str(message)
    array = numpy_helper.to_array(message)
    elements = array.tolist() if array.dtype == object else array.tobytes()
    return str((list(message.dims), message.data_type, elements, message.name, message.doc_string))


def _says_all(a: onnx.TypeProto, b: onnx.TypeProto) -> bool:
    """Whether ``b`` says what ``a`` says, and perhaps more."""
    kind = a.WhichOneof("value")
    if kind is None or a == b:
        return True
    if kind != b.WhichOneof("value") or a.denotation != b.denotation:
        return False
    x, y = getattr(a, kind), getattr(b, kind)
    if kind in ("sequence_type", "optional_type"):
        return _says_all(x.elem_type, y.elem_type)
    if x.elem_type != y.elem_type or (x.HasField("shape") and len(x.shape.dim) != len(y.shape.dim)):
        return False
    return all(not p.WhichOneof("value") or p == q for p, q in zip(x.shape.dim, y.shape.dim, strict=False))
