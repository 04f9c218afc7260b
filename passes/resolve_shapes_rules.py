"""How operations with shapes, axes and bounds as operands become those with attributes; see ``resolve-shapes``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Builder, Value
from ..ir.dialects.nn.contents import dim_of, known_elements, traced_elements

Static = Value | Sequence[Value] | None
"""What stands for the results; None where too little is known."""
RULES: dict[str, Callable[[Builder, Any], Static]] = {}
"""The rule for an operation, by its name."""

UNBOUNDED = 2**31 - 1
"""A bound of a slice that is beyond any dimension."""


def _resolves(name: str) -> Callable[[Callable[[Builder, Any], Static]], Callable[[Builder, Any], Static]]:
    def register(rule: Callable[[Builder, Any], Static]) -> Callable[[Builder, Any], Static]:
        RULES[f"nn.{name}"] = rule
        return rule

    return register


# What is known of operands


def _traced(value: Value) -> list[Any] | None:
    """The elements of a vector or scalar, as far as they are known; None where their number is not."""
    found = traced_elements(value)
    return None if found is None else list(found.reshape(-1))


def _ints(value: Value) -> tuple[int, ...] | None:
    """The elements of a vector or scalar if all are known integers."""
    found = known_elements(value)
    if found is None or not all(isinstance(e, int) for e in found.flat):
        return None
    return tuple(int(e) for e in found.flat)


def _int(value: Value) -> int | None:
    found = _ints(value)
    return found[0] if found is not None and len(found) == 1 else None


def _floats(value: Value) -> tuple[float, ...] | None:
    """The elements of a vector or scalar if all are known numbers."""
    found = known_elements(value)
    if found is None or not all(isinstance(e, bool | int | float) for e in found.flat):
        return None
    return tuple(float(e) for e in found.flat)


def _is_dim(element: Any, x: Value, axis: int) -> bool:
    """Whether a known element is the dimension of x along an axis, whatever that is."""
    dims = x.tensor.shape
    return dims is not None and axis < len(dims) and bool(element == dim_of(x, axis))


# Shapes


def _reshape_attribute(elements: Sequence[Any], x: Value, result: Value) -> tuple[int, ...] | None:
    """``shape`` of an nn.reshape to dimensions that are known as far as they are; None where it cannot say them.

    A number in the type of the result tells as much as one in ``elements``; 0 is meant, -1 is what is left. What is not
    known is copied if it is the dimension of x at its place; one more may be what is left.
    """
    dims = result.tensor.shape or (None,) * len(elements)
    shape: list[int] = []
    for axis, known in enumerate(zip(elements, dims, strict=True)):
        number = next((k for k in known if isinstance(k, int) and k >= 0), -1)
        if number <= 0 and _is_dim(elements[axis], x, axis):
            shape.append(0)
        elif number == 0:
            return None  # a literal 0 is no dimension of nn.reshape
        else:
            shape.append(number)
    return tuple(shape) if shape.count(-1) <= 1 else None


@_resolves("dynamic_reshape")
def _reshape(b: Builder, op: Any) -> Static:
    elements = _traced(op.shape)
    if elements is None or (-1 in elements and None in elements):
        return None
    for axis, element in enumerate(elements):
        if element == 0 and not op.allow_zero:
            if op.x.tensor.shape is None:
                return None
            elements[axis] = dim_of(op.x, axis)
    shape = _reshape_attribute(elements, op.x, op.output)
    return None if shape is None else b.nn.reshape(op.x, shape=shape)


@_resolves("dynamic_squeeze")
def _squeeze(b: Builder, op: Any) -> Static:
    dims = op.x.tensor.shape
    if dims is None or op.output.tensor.shape is None:
        return None
    axes = [i for i, d in enumerate(dims) if d == 1] if op.axes is None else _ints(op.axes)
    if axes is None:
        return None
    gone = {a % len(dims) for a in axes}
    kept = [dim_of(op.x, i) for i in range(len(dims)) if i not in gone]
    shape = _reshape_attribute(kept, op.x, op.output)
    return None if shape is None else b.nn.reshape(op.x, shape=shape)


@_resolves("dynamic_unsqueeze")
def _unsqueeze(b: Builder, op: Any) -> Static:
    dims, axes = op.x.tensor.shape, _ints(op.axes)
    if dims is None or axes is None:
        return None
    rank = len(dims) + len(axes)
    new = {a % rank for a in axes}
    old = iter(range(len(dims)))
    elements = [1 if i in new else dim_of(op.x, next(old)) for i in range(rank)]
    shape = _reshape_attribute(elements, op.x, op.output)
    return None if shape is None else b.nn.reshape(op.x, shape=shape)


@_resolves("dynamic_broadcast_to")
def _broadcast(b: Builder, op: Any) -> Static:
    """Two-way: -1 keeps a dimension of x where the shape has 1 or the same."""
    dims, elements = op.x.tensor.shape, _traced(op.shape)
    if dims is None or elements is None:
        return None
    rank = max(len(dims), len(elements))
    elements = [1] * (rank - len(elements)) + elements
    new = rank - len(dims)
    shape = []
    for i, element in enumerate(elements):
        dim = dims[i - new] if i >= new else 1
        if i >= new and (element == 1 or _is_dim(element, op.x, i - new) or (isinstance(dim, int) and dim > 1)):
            shape.append(-1)
        elif isinstance(element, int) and element >= 0:
            shape.append(element)
        else:
            return None
    return b.nn.broadcast_to(op.x, shape=tuple(shape))


@_resolves("fill")
def _fill(b: Builder, op: Any) -> Static:
    shape = _ints(op.shape)
    if shape is None:
        return None
    return b.nn.broadcast_to(b.nn.reshape(op.value, shape=()), shape=shape)


@_resolves("dynamic_tile")
def _tile(b: Builder, op: Any) -> Static:
    reps = _ints(op.reps)
    return None if reps is None else b.nn.tile(op.x, reps=reps)


# Parts


@_resolves("dynamic_slice")
def _slice(b: Builder, op: Any) -> Static:
    dims, starts, stops = op.x.tensor.shape, _ints(op.starts), _traced(op.stops)
    if dims is None or starts is None or stops is None:
        return None
    axes = tuple(range(len(starts))) if op.axes is None else _ints(op.axes)
    steps = (1,) * len(starts) if op.steps is None else _ints(op.steps)
    if axes is None or steps is None:
        return None
    bounds: list[tuple[int, int, int]] = [(0, UNBOUNDED, 1)] * len(dims)
    for axis, start, stop, step in zip(axes, starts, stops, steps, strict=True):
        if step > 0 and _is_dim(stop, op.x, axis % len(dims)):
            stop = UNBOUNDED
        if not isinstance(stop, int):
            return None
        bounds[axis] = (start, stop, step)
    return b.nn.slice(op.x, **dict(zip(("starts", "stops", "steps"), zip(*bounds, strict=True), strict=True)))


@_resolves("dynamic_pad")
def _pad(b: Builder, op: Any) -> Static:
    dims, pads = op.x.tensor.shape, _ints(op.pads)
    value = (0.0,) if op.value is None else _floats(op.value)
    if dims is None or pads is None or value is None:
        return None
    axes = tuple(range(len(dims))) if op.axes is None else _ints(op.axes)
    if axes is None:
        return None
    full = [0] * (2 * len(dims))
    for i, axis in enumerate(axes):
        full[axis % len(dims)], full[axis % len(dims) + len(dims)] = pads[i], pads[i + len(axes)]
    return b.nn.pad(op.x, pads=tuple(full), mode=op.mode, value=value[0])


@_resolves("dynamic_split")
def _split(b: Builder, op: Any) -> Static:
    """The type of each piece says its length, where that is what others leave, too."""
    sizes = [v.tensor.dims[op.axis] if v.tensor.shape is not None else None for v in op.results]
    if not all(isinstance(s, int) for s in sizes):
        return None
    pieces = b.create("nn.split", op.x, axis=op.axis, sizes=tuple(sizes)).results
    return pieces


# Reductions and what goes along an axis


@_resolves("dynamic_reduce")
def _reduce(b: Builder, op: Any) -> Static:
    dims = op.x.tensor.shape
    axes = _ints(op.axes)
    if axes is None or (not axes and dims is None):
        return None
    if not axes and op.empty_is_none:
        return b.nn.identity(op.x)
    axes = axes or tuple(range(len(dims)))
    made: Value = getattr(b.nn, f"reduce_{op.kind}")(op.x, axes=axes, keep_dims=op.keep_dims)
    return made


@_resolves("dynamic_top_k")
def _top_k(b: Builder, op: Any) -> Static:
    k = _int(op.k)
    if k is None:
        return None
    attributes = {"axis": op.axis, "largest": op.largest, "sorted": op.sorted, "index": op.indices.tensor.element}
    return b.create("nn.top_k", op.x, k=k, **attributes).results


@_resolves("dynamic_one_hot")
def _one_hot(b: Builder, op: Any) -> Static:
    depth = _int(op.depth)
    return None if depth is None else b.nn.one_hot(op.indices, depth=depth, axis=op.axis)


@_resolves("dynamic_cumsum")
def _cumsum(b: Builder, op: Any) -> Static:
    axis = _int(op.axis)
    return None if axis is None else b.nn.cumsum(op.x, axis=axis, exclusive=op.exclusive, reverse=op.reverse)


@_resolves("dynamic_trilu")
def _trilu(b: Builder, op: Any) -> Static:
    k = _int(op.k)
    return None if k is None else b.nn.trilu(op.x, k=k, upper=op.upper)


# Resizing

_INTERPOLATION = ("mode", "coordinate", "rounding", "cubic_coefficient", "antialias", "exclude_outside")


@_resolves("dynamic_resize")
def _resize(b: Builder, op: Any) -> Static:
    """To lengths that the type of the result says; scales are kept only where they are not those of the lengths."""
    x, y = op.x.tensor, op.output.tensor
    if op.coordinate == "tf_crop_and_resize" or op.keep_aspect_ratio_policy != "stretch" or x.shape is None:
        return None
    scales = _scales(op)
    if scales is None:
        return None
    changed = [i for i, scale in enumerate(scales) if scale != 1.0]
    first = min(changed, default=x.rank)
    if x.rank > 2 and first >= 2:
        return _static_resize(b, op, op.x, y.dims[2:], scales[2:])
    if not x.is_static or not y.is_static:
        return None
    grid = b.nn.reshape(op.x, shape=(1, 1, *x.static_shape))  # all axes are spatial: there are no channels
    made = _static_resize(b, op, grid, y.static_shape, scales)
    return None if made is None else b.nn.reshape(made, shape=y.static_shape)


def _scales(op: Any) -> list[float | None] | None:
    """The scale of each axis of x: 1.0 where its length stays, None where it is that of two known lengths."""
    x, y = op.x.tensor, op.output.tensor
    scales: list[float | None] = [1.0] * x.rank
    axes = tuple(a % x.rank for a in op.axes) or tuple(range(x.rank))
    given = [None] * len(axes) if op.scales is None else _floats(op.scales)
    if given is None:
        return None
    for axis, scale in zip(axes, given, strict=True):
        old, new = x.dims[axis], y.dims[axis]
        if isinstance(old, int) and isinstance(new, int):
            is_that_of_lengths = scale is None or new == old * scale
            scales[axis] = 1.0 if is_that_of_lengths and new == old else None if is_that_of_lengths else scale
        elif scale != 1.0:
            return None
    return scales


def _static_resize(b: Builder, op: Any, x: Value, sizes: Sequence[Any], scales: Sequence[float | None]) -> Static:
    if not all(isinstance(s, int) and s > 0 for s in sizes):
        return None
    attributes = {name: getattr(op, name) for name in _INTERPOLATION}
    if any(scale not in (None, 1.0) for scale in scales):
        olds = x.tensor.static_shape[2:]
        attributes["scales"] = tuple(
            new / old if scale is None else scale for scale, new, old in zip(scales, sizes, olds, strict=True)
        )
    made: Value = b.nn.resize(x, sizes=tuple(sizes), **attributes)
    return made
