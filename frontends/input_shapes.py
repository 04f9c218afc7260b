"""What a user wants of the inputs of a model before anything else: other shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..ir import Module, Operation, TensorType, Trait, Type, UsageError, Value
from ..ir.types import Dim, Shape


def override_shapes(module: Module, shapes: Mapping[str, Sequence[int | str | None]] | Sequence[str] | str) -> None:
    """Give inputs other shapes. A symbol of theirs that becomes a number becomes that number everywhere.

    Declared types of computed values are forgotten: they were true of the shapes that the inputs had, if of any.
    Raises UsageError for an input that is not there, a wrong rank, and a symbol that would become two numbers.
    """
    function = module.main
    inputs = dict(zip(function.input_names, function.inputs, strict=True))
    replaced: dict[str, Dim] = {}
    for name, shape in parse_shapes(shapes).items():
        if name not in inputs:
            raise UsageError(f"the model has no input '{name}'", function.location, f"its inputs: {', '.join(inputs)}")
        value = inputs[name]
        if not isinstance(value.type, TensorType):
            raise UsageError(f"the input '{name}' is of type {value.type}: it has no shape", function.location)
        _note_symbols(name, value.type, shape, replaced)
        value.type = value.type.with_shape(shape)
    others = {value for op in function.walk() for value in _values(op)} - {inputs[n] for n in parse_shapes(shapes)}
    for value in others:
        value.type = _adapted(value.type, replaced, forget=value not in inputs.values() and _is_computed(value))


def parse_shapes(shapes: Mapping[str, Sequence[int | str | None]] | Sequence[str] | str) -> dict[str, Shape]:
    """Shapes by input, from texts ``name=1,3,h,w`` (``?`` is unknown). Raises UsageError."""
    if isinstance(shapes, Mapping):
        return {name: tuple(_dim(d, name) for d in dims) for name, dims in shapes.items()}
    found: dict[str, Shape] = {}
    for text in [shapes] if isinstance(shapes, str) else shapes:
        name, equals, dims = text.rpartition("=")
        if not equals or not name:
            raise UsageError(f"'{text}' is no shape of an input", remedy="write name=1,3,224,224")
        if name in found:
            raise UsageError(f"the shape of the input '{name}' is given twice")
        found[name] = tuple(_dim(part.strip(), name) for part in dims.split(",")) if dims.strip() else ()
    return found


def _dim(given: int | str | None, name: str) -> Dim:
    if given is None or given == "?":
        return None
    try:
        number = int(given)
    except ValueError:
        if str(given).isidentifier():
            return str(given)
        number = -1
    if number < 0 or number >= 2**63:
        raise UsageError(f"{given!r} is no dimension of the input '{name}'", remedy="give a number, a name, or ?")
    return number


def _note_symbols(name: str, type: TensorType, shape: Shape, replaced: dict[str, Dim]) -> None:
    """Note what the symbols of an input become."""
    if type.shape is None:
        return
    if len(type.shape) != len(shape):
        raise UsageError(
            f"the input '{name}' has {len(type.shape)} dimensions, got {len(shape)}", remedy=f"it is of type {type}"
        )
    for old, new in zip(type.shape, shape, strict=True):
        if isinstance(old, str) and replaced.setdefault(old, new) != new:
            raise UsageError(
                f"the dimension '{old}' would become {replaced[old]} and {new}", remedy="give one size to both"
            )


def _values(op: Operation) -> list[Value]:
    return [*op.results, *(a for region in op.regions for block in region.blocks for a in block.args)]


def _is_computed(value: Value) -> bool:
    op = value.defining_op
    return op is None or Trait.CONSTANT not in op.traits


def _adapted(type: Type, replaced: Mapping[str, Dim], forget: bool) -> Type:
    if not isinstance(type, TensorType) or type.shape is None:
        return type
    if forget:
        return type.with_shape(None)
    return type.with_shape(tuple(replaced.get(d, d) if isinstance(d, str) else d for d in type.shape))
