"""SavedModels: one of their signatures as a frozen graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...ir import CompileError, Location, UsageError
from .interface import Interface, port_of
from .runtime import errors_of, freeze_function, import_tensorflow

DEFAULT = "serving_default"


def freeze_saved_model(path: Path, signature: str | None) -> tuple[bytes, Interface]:
    """The serialized graph of a signature, and its ports. Raises CompileError, UsageError for an unknown signature."""
    folder = path.parent if path.name == "saved_model.pb" else path
    place = Location.at(str(path))
    if not (folder / "saved_model.pb").exists() and not (folder / "saved_model.pbtxt").exists():
        raise CompileError(
            "the folder holds no saved_model.pb: it is no SavedModel", place, "give the folder that holds it"
        )
    tf = import_tensorflow(place)
    with errors_of(place, "the SavedModel cannot be loaded", "save the model again, with all files of its variables"):
        model = tf.saved_model.load(str(folder))
    function = _function(model, signature, place)
    data, frozen = freeze_function(function, place)
    return data, _interface(function, frozen)


def _function(model: Any, signature: str | None, place: Location) -> Any:
    found = dict(model.signatures)
    names = ", ".join(found) or "none"
    if signature is not None and signature not in found:
        raise UsageError(f"the SavedModel has no signature '{signature}'", place, f"its signatures: {names}")
    if not found:
        remedy = "save it with tf.saved_model.save(model, folder, signatures=...), or model.export(folder)"
        raise CompileError("the SavedModel has no signature, so that it has no inputs and outputs", place, remedy)
    if signature is None and DEFAULT not in found and len(found) > 1:
        raise UsageError("the SavedModel has several signatures", place, f"choose one with --signature: {names}")
    return found[signature or (DEFAULT if DEFAULT in found else next(iter(found)))]


def _interface(function: Any, frozen: Any) -> Interface:
    """The ports of a signature: its own names, its inputs in their own order.

    Tensors stand in the order of the names, as everywhere where TensorFlow flattens dicts.
    """
    arguments, outputs = function.structured_input_signature[1], function.structured_outputs
    names = getattr(function, "_arg_keywords", None) or sorted(arguments)
    inputs = dict(zip(names, frozen.inputs, strict=True))
    return Interface(
        tuple(port_of(name, inputs[name]) for name in arguments),
        tuple(port_of(name, tensor) for name, tensor in zip(sorted(outputs), frozen.outputs, strict=True)),
    )
