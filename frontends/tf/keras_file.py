"""Files of Keras models, ``.keras`` and ``.h5``: the model's call for inference as a frozen graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...ir import CompileError, Location
from .interface import Interface, port_of
from .runtime import errors_of, freeze_function, import_tensorflow


def freeze_keras(path: Path) -> tuple[bytes, Interface]:
    """The serialized graph of a model, and its ports. Raises CompileError.

    Code that a file brings along (of Lambda layers) is not run: Keras refuses it.
    """
    place = Location.at(str(path))
    if not path.exists():
        raise CompileError("no such file", place, "check the path")
    tf = import_tensorflow(place)
    with errors_of(place, "Keras cannot load the model", "save it again, as .keras; custom layers need model.export()"):
        model = tf.keras.models.load_model(str(path), compile=False)
    names = _input_names(model, place)
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=_node_name(name))
        for name, tensor in zip(names, model.inputs, strict=True)
    ]

    def call(*tensors: Any) -> list[Any]:
        structured = tf.nest.pack_sequence_as(model.input, list(tensors))
        return list(tf.nest.flatten(model(structured, training=False)))

    with errors_of(place, "Keras cannot call the model", "export it with model.export(folder)"):
        function = tf.function(call, autograph=False).get_concrete_function(*specs)
    data, frozen = freeze_function(function, place)
    outputs = _unique(_output_names(model, len(frozen.outputs)))
    return data, Interface(
        tuple(port_of(name, tensor) for name, tensor in zip(names, frozen.inputs, strict=True)),
        tuple(port_of(name, tensor) for name, tensor in zip(outputs, frozen.outputs, strict=True)),
    )


def _input_names(model: Any, place: Location) -> list[str]:
    """The names of the inputs. Raises CompileError for a model that was never built, so that it has none."""
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise CompileError(
            "the model has no inputs: it was never called", place, "build it, or export it with model.export(folder)"
        )
    names = getattr(model, "input_names", None) or [tensor.name for tensor in inputs]
    return _unique([str(name).partition(":")[0] for name in names])


def _output_names(model: Any, count: int) -> list[str]:
    names = list(getattr(model, "output_names", None) or [])
    return [str(name) for name in names] if len(names) == count else [f"output_{i}" for i in range(count)]


def _unique(names: list[str]) -> list[str]:
    """The names, with numbers behind those that are there already."""
    found: dict[str, None] = {}
    for name in names:
        candidate, number = name, 0
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found[candidate] = None
    return list(found)


def _node_name(name: str) -> str:
    """A name that a node may have."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name)
