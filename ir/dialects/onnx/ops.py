"""One operation ``onnx.<OpType>`` for every operator that the installed onnx has a schema of, in any version.

Those of other domains than the default one are named with it: ``onnx.ai.onnx.ml.Scaler``. Operands stand in the order
of the node's inputs, None for an empty name; an output without name is a result without name. Attributes have their
ONNX names: integers, floats, strings, tuples of them, and tensors as dense attributes. Graphs are regions, which use
the values around them directly and end in ``onnx.yield``. What a node has beside that stands in the attributes
``node_name``, ``doc_string`` and those of ``base.py``.
"""

from __future__ import annotations

import types
from collections.abc import Sequence

from ...opdef import ANY, DENSE, Op, Trait, attribute, result, variadic
from ...types import Array, TensorType, Type
from .base import OnnxOp, op_name
from .schema import Schema

_RANDOM = frozenset(
    {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)


class Initializer(Op, name="onnx.initializer", traits=(Trait.CONSTANT, Trait.PURE)):
    """A tensor that the file holds; its name is that of the result."""

    value = attribute(DENSE, "the elements")
    graph_input = attribute(ANY, "where it stands among the inputs of its graph too, as their default", default=None)
    sparse = attribute(ANY, "how it stands in the file as a sparse tensor", default=None)
    tensor = result()

    def infer(self) -> TensorType:
        return self.value.type

    def evaluate(self) -> Array:
        return self.value.numpy()


class Yield(Op, name="onnx.yield", traits=(Trait.TERMINATOR,)):
    """Ends a graph that is an attribute; its operands are the outputs of that graph."""

    values = variadic()

    def infer(self) -> Sequence[Type]:
        return ()


def _define(schema: Schema, versions: list[int]) -> type[OnnxOp]:
    is_pure = schema.name not in _RANDOM and not any(spec.type.name == "GRAPH" for spec in schema.attributes.values())
    body = {
        "__doc__": f"{schema.name} of ONNX{f' ({schema.domain})' if schema.domain else ''}, "
        f"in version{'s' if len(versions) > 1 else ''} {', '.join(map(str, versions))}.",
        "__module__": __name__,
        "op_type": schema.name,
        "domain": schema.domain,
    }
    options = {"name": op_name(schema.name, schema.domain), "traits": (Trait.PURE,) if is_pure else ()}
    return types.new_class(schema.name, (OnnxOp,), options, lambda space: space.update(body))


def _define_all() -> dict[tuple[str, str], type[OnnxOp]]:
    from onnx import defs

    history: dict[tuple[str, str], list[Schema]] = {}
    for schema in defs.get_all_schemas_with_history():
        history.setdefault((schema.domain, schema.name), []).append(schema)
    found = {}
    for key, schemas in sorted(history.items()):
        schemas.sort(key=lambda schema: schema.since_version)
        found[key] = _define(schemas[-1], [schema.since_version for schema in schemas])
    return found


NODE_OPS = _define_all()
"""The operation of every operator, by domain and type."""
