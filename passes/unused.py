"""Constants and resources that nothing uses any more."""

from __future__ import annotations

from ..ir import DenseResource, Module, Operation, Trait


def drop_unused(module: Module) -> None:
    """Remove constants that nothing uses any more, and their resources: float weights that became integers."""
    for op in list(module.walk()):
        if Trait.CONSTANT in op.traits and not op.has_uses:
            op.erase()
    used = {key for op in module.walk() for key in _resources(op)}
    for key in [k for k in module.resources if k not in used]:
        del module.resources[key]


def _resources(op: Operation) -> list[str]:
    return [a.resource.key for a in op.attributes.values() if isinstance(a, DenseResource)]
