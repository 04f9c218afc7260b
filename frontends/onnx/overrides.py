"""What a user wants of a model before anything else: other outputs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ...ir import Function, Module, Operation, Trait, UsageError, Value
from ...ir.dialects.onnx import base


def cut(module: Module, names: Iterable[str]) -> None:
    """Make tensors of the main graph the outputs; operations and inputs that they do not need are removed.

    A name may be several, divided by commas, where no tensor has such a name. Raises UsageError for a tensor that is
    not there.
    """
    function = module.main
    values = {a.name: a for a in function.inputs if a.name} | {
        r.name: r for op in function.body for r in op.results if r.name
    }
    chosen = list(dict.fromkeys(n for name in names for n in ([name] if name in values else _split(name))))
    if not chosen:
        raise UsageError("no output is named", remedy="name tensors of the model")
    outputs: list[tuple[str, Value]] = []
    for name in chosen:
        if name not in values:
            near = difflib.get_close_matches(name, list(values)[:10_000], 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "'nncc dump' shows the tensors of a model"
            raise UsageError(f"the model has no tensor '{name}'", function.location, hint)
        outputs.append((name, values[name]))
    kept = dict(zip(function.output_names, function.attributes.get("res_attrs", ()), strict=False))
    function.set_outputs(outputs)
    for index, (name, _) in enumerate(outputs):
        if base.PORT in kept.get(name, {}):
            function.set_port_attribute("res", index, base.PORT, kept[name][base.PORT])
    _remove_unused(function)
    module.drop_unused_resources()


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _remove_unused(function: Function) -> None:
    """Remove the operations and inputs that nothing uses any more, from the last to the first."""
    for op in reversed(function.body):
        if Trait.TERMINATOR not in op.traits and not op.has_uses:
            _erase(op)
    ports = list(function.arg_attrs)
    for index in reversed(range(len(function.body.args))):
        if not function.body.args[index].has_uses:
            function.body.erase_argument(index)
            del ports[index]
    function.set_attribute("arg_attrs", tuple(ports))


def _erase(op: Operation) -> None:
    op.unlink()
    op.drop_references()
