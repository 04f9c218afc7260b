"""Random instances of every nn operation, as hypothesis strategies: ``sample("nn.conv")``, ``samples()``.

A :class:`Sample` holds arrays for the operands and the attributes; ``build()`` makes the operation on block arguments
of their types. The generators keep tensors small (a few hundred elements).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from nncc.ir import Block, Op, QuantizedType, TensorType, Type, element, lookup_op
from nncc.ir.dialects.nn.binary import BinaryOp
from nncc.ir.dialects.nn.unary import UnaryOp
from nncc.ir.interpreter import evaluate_op
from nncc.ir.opdef import registered_ops
from nncc.ir.types import F32, I8, I32, I64

Array = np.ndarray
Draw = Callable[[st.SearchStrategy], Any]


@attrs.frozen
class Sample:
    """Operands (None: left out), their types, and the attributes of an operation."""

    name: str
    operands: tuple[Array | None, ...]
    types: tuple[TensorType | None, ...]
    attributes: dict[str, Any]

    def build(self, types: Sequence[Type | None] | None = None) -> Op:
        """The operation, on block arguments; with ``types`` instead of its own if they are given."""
        types = self.types if types is None else types
        block = Block.of(t for t in types if t is not None)
        arguments = iter(block.args)
        definition = lookup_op(self.name)
        assert definition is not None
        return definition(*(None if t is None else next(arguments) for t in types), **self.attributes)

    def evaluate(self) -> tuple[Array, ...]:
        """The results, as the interpreter has them."""
        op = self.build()
        return evaluate_op(op, self.operands[: len(op.operands)])


def evaluate(name: str, *operands: Array | None, **attributes: Any) -> Any:
    """The result of an operation (a tuple for several) on arrays, as the interpreter has it."""
    types = tuple(None if a is None else TensorType(a.shape, element(a.dtype)) for a in operands)
    results = Sample(name, operands, types, attributes).evaluate()
    return results[0] if len(results) == 1 else results


_GENERATORS: dict[str, Callable[[Draw], tuple[Sequence[Array | None], dict[str, Any]]]] = {}


def sample(name: str) -> st.SearchStrategy[Sample]:
    """Random instances of one operation."""

    @st.composite
    def draw_sample(draw: Draw) -> Sample:
        operands, attributes = _GENERATORS[name](draw)
        types = [None if a is None else TensorType(a.shape, element(a.dtype)) for a in operands]
        if name == "nn.dequantize":
            types = [types[0].with_element(_quantized(draw, types[0].shape))]
        return Sample(name, tuple(operands), tuple(types), attributes)

    return draw_sample()


def samples() -> st.SearchStrategy[Sample]:
    """Random instances of random operations."""
    return st.sampled_from(sorted(_GENERATORS)).flatmap(sample)


def sampled_names() -> list[str]:
    """The operations that there are generators for: all, as a test makes sure."""
    return sorted(_GENERATORS)


def _generator(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _GENERATORS.update(dict.fromkeys((f"nn.{n}" for n in names), function))
        return function

    return register


# Arrays


def array(draw: Draw, shape: Sequence[int], dtype: Any = np.float32) -> Array:
    """Numbers of either sign around 0 (small ones for integers), the same for the same draw."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.asarray(rng.random(tuple(shape)) < 0.5)
    if dtype.kind in "iu":
        return np.asarray(rng.integers(0 if dtype.kind == "u" else -5, 6, tuple(shape)), dtype)
    return np.asarray(rng.standard_normal(tuple(shape)), dtype)


def indices(draw: Draw, shape: Sequence[int], bound: int | Sequence[int]) -> Array:
    """Indices in -bound .. bound - 1, int32 or int64."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    found = rng.integers(-np.asarray(bound), np.asarray(bound), tuple(shape))
    return found.astype(draw(st.sampled_from([np.int32, np.int64])))


def shapes(min_rank: int = 0, max_rank: int = 4, max_side: int = 4) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, max_side), min_size=min_rank, max_size=max_rank).map(tuple)


def ints(draw: Draw, count: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(low, high)) for _ in range(count))


def maybe(draw: Draw, value: Callable[[], Array]) -> Array | None:
    return value() if draw(st.booleans()) else None


def axis_of(draw: Draw, rank: int) -> int:
    return draw(st.integers(-rank, rank - 1))


def axes_of(draw: Draw, rank: int) -> tuple[int, ...]:
    found = draw(st.lists(st.integers(0, rank - 1), unique=True, max_size=rank)) if rank else []
    return tuple(a - rank * draw(st.booleans()) for a in found)


FLOATS = (np.float32, np.float64, np.float16)
NUMBERS = (np.float32, np.float64, np.int32, np.int64, np.int8)
DTYPES = {"float": FLOATS, "number": NUMBERS, "integer": (np.int32, np.int8), "boolean": (np.bool_,)}
ANY = (*NUMBERS, np.bool_)


# Elementwise

_UNARY_ATTRIBUTES: dict[str, dict[str, st.SearchStrategy]] = {
    "nn.round": {"mode": st.sampled_from(["half_even", "half_away"])},
    "nn.clip": {"min": st.sampled_from([-np.inf, -1.0, 0.0]), "max": st.sampled_from([0.5, 6.0, np.inf])},
    "nn.gelu": {"approximate": st.booleans()},
    "nn.hard_sigmoid": {"alpha": st.floats(0.1, 1.0), "beta": st.floats(0.0, 1.0)},
    "nn.elu": {"alpha": st.floats(0.1, 2.0)},
    "nn.leaky_relu": {"alpha": st.floats(0.0, 0.5)},
}
_BINARY_ATTRIBUTES = {
    "nn.mod": {"sign": st.sampled_from(["divisor", "dividend"])},
    "nn.bit_shift": {"direction": st.sampled_from(["left", "right"])},
}
_ACTIVATION = st.sampled_from(["none", "relu", "relu6", "relu_n1_to_1"])


def _elementwise(definition: type[Op]) -> None:
    name = definition.name

    def unary(draw: Draw) -> Any:
        dtype = draw(st.sampled_from(DTYPES[definition.accepts]))
        attributes = {k: draw(v) for k, v in _UNARY_ATTRIBUTES.get(name, {}).items()}
        return [array(draw, draw(shapes()), dtype)], attributes

    def binary(draw: Draw) -> Any:
        dtype = draw(st.sampled_from(DTYPES[definition.accepts]))
        pair = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4)).input_shapes
        attributes = {k: draw(v) for k, v in _BINARY_ATTRIBUTES.get(name, {}).items()}
        if "activation" in definition.attribute_fields:
            attributes["activation"] = draw(_ACTIVATION)
        return [array(draw, s, dtype) for s in pair], attributes

    _GENERATORS[name] = unary if issubclass(definition, UnaryOp) else binary


for _definition in registered_ops("nn"):
    if issubclass(_definition, UnaryOp | BinaryOp):
        _elementwise(_definition)


@_generator("constant")
def _constant(draw: Draw) -> Any:
    return [], {"value": array(draw, draw(shapes()), draw(st.sampled_from(ANY)))}


@_generator("identity", "shape_of")
def _any(draw: Draw) -> Any:
    return [array(draw, draw(shapes()), draw(st.sampled_from(ANY)))], {}


@_generator("cast")
def _cast(draw: Draw) -> Any:
    x = array(draw, draw(shapes()), draw(st.sampled_from(ANY)))
    return [x], {"to": element(draw(st.sampled_from(ANY)))}


@_generator("select")
def _select(draw: Draw) -> Any:
    condition, *others = draw(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=4)).input_shapes
    dtype = draw(st.sampled_from(ANY))
    return [array(draw, condition, np.bool_), *(array(draw, s, dtype) for s in others)], {}


def _parameter_shape(draw: Draw, shape: Sequence[int]) -> tuple[int, ...]:
    """A shape that broadcasts to the given one."""
    kept = shape[draw(st.integers(0, len(shape))) :]
    return tuple(d if draw(st.booleans()) else 1 for d in kept)


@_generator("prelu")
def _prelu(draw: Draw) -> Any:
    shape = draw(shapes())
    return [array(draw, shape), array(draw, _parameter_shape(draw, shape))], {}


# Windows


def _image(draw: Draw, batch: int, channels: int, lengths: Sequence[int], last: bool, dtype: Any = np.float32) -> Array:
    return array(draw, (batch, *lengths, channels) if last else (batch, channels, *lengths), dtype)


def _convolution(draw: Draw, transposed: bool) -> Any:
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, strides, dilations = ints(draw, rank, 1, 3), ints(draw, rank, 1, 3), ints(draw, rank, 1, 2)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    pads = tuple(draw(st.integers(0, (e - 1) // 2)) for e in extents * 2)
    lengths = [draw(st.integers(e, e + 3)) for e in extents] if not transposed else ints(draw, rank, 1, 4)
    last = draw(st.booleans())
    weight = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
    attributes = {
        "strides": strides,
        "pads": pads,
        "dilations": dilations,
        "groups": groups,
        "channel_last": last,
        "activation": draw(_ACTIVATION),
    }
    if transposed:
        attributes["output_padding"] = tuple(draw(st.integers(0, s - 1)) for s in strides)
    x = _image(draw, draw(st.integers(1, 2)), inputs, lengths, last)
    bias = maybe(draw, lambda: array(draw, (outputs,)))
    return [x, array(draw, (*weight, *kernel)), bias], attributes


_GENERATORS["nn.conv"] = lambda draw: _convolution(draw, False)
_GENERATORS["nn.conv_transpose"] = lambda draw: _convolution(draw, True)


def _pool(draw: Draw, maximum: bool) -> Any:
    rank = draw(st.integers(1, 3))
    kernel, strides = ints(draw, rank, 1, 3), ints(draw, rank, 1, 3)
    dilations = ints(draw, rank, 1, 2) if maximum else (1,) * rank
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    last = draw(st.booleans())
    lengths = [draw(st.integers(e, e + 3)) for e in extents]
    attributes = {
        "kernel": kernel,
        "strides": strides,
        "pads": tuple(draw(st.integers(0, (e - 1) // 2)) for e in extents * 2),
        "overhang": tuple(draw(st.integers(0, s - 1)) for s in strides),
        "channel_last": last,
        "activation": draw(_ACTIVATION),
    }
    if maximum:
        attributes["dilations"] = dilations
    else:
        attributes["count_include_pad"] = draw(st.booleans())
    dtype = draw(st.sampled_from([np.float32, np.int8])) if maximum else np.float32
    return [_image(draw, draw(st.integers(1, 2)), draw(st.integers(1, 3)), lengths, last, dtype)], attributes


_GENERATORS["nn.max_pool"] = lambda draw: _pool(draw, True)
_GENERATORS["nn.average_pool"] = lambda draw: _pool(draw, False)


@_generator("resize")
def _resize(draw: Draw) -> Any:
    rank = draw(st.integers(1, 3))
    last = draw(st.booleans())
    attributes = {
        "sizes": ints(draw, rank, 1, 6),
        "mode": draw(st.sampled_from(["nearest", "linear", "cubic"])),
        "coordinate": draw(
            st.sampled_from(["half_pixel", "pytorch_half_pixel", "tf_half_pixel_for_nn", "align_corners", "asymmetric"])
        ),
        "rounding": draw(st.sampled_from(["floor", "round_prefer_floor", "round_prefer_ceil", "ceil"])),
        "channel_last": last,
    }
    return [_image(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), ints(draw, rank, 1, 5), last)], attributes


# Products


@_generator("affine")
def _affine(draw: Draw) -> Any:
    rows, inputs, outputs = draw(shapes(0, 3)), *ints(draw, 2, 1, 5)
    operands = [
        array(draw, (*rows, inputs)),
        array(draw, (inputs, outputs)),
        maybe(draw, lambda: array(draw, (outputs,))),
    ]
    return operands, {"activation": draw(_ACTIVATION)}


@_generator("matmul")
def _matmul(draw: Draw) -> Any:
    left, right = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    rows, inner, columns = ints(draw, 3, 1, 4)
    transpose_lhs, transpose_rhs = draw(st.booleans()), draw(st.booleans())
    lhs = (inner, rows) if transpose_lhs else (rows, inner)
    rhs = (columns, inner) if transpose_rhs else (inner, columns)
    dtype = draw(st.sampled_from([np.float32, np.int32]))
    operands = [array(draw, (*left, *lhs), dtype), array(draw, (*right, *rhs), dtype)]
    return operands, {"transpose_lhs": transpose_lhs, "transpose_rhs": transpose_rhs}


@_generator("einsum")
def _einsum(draw: Draw) -> Any:
    equation = draw(
        st.sampled_from(["ij,jk->ik", "bij,bjk->bik", "ij->ji", "ii->i", "i,j->ij", "ij,ij->", "abc,cd,d->ab"])
    )
    sizes = dict(zip("abcdijk", ints(draw, 7, 1, 3), strict=True))
    terms = equation.partition("->")[0].split(",")
    return [array(draw, [sizes[c] for c in term]) for term in terms], {"equation": equation}


# Along axes


@_generator("reduce_sum", "reduce_max", "reduce_min", "reduce_prod")
def _reduce_numbers(draw: Draw) -> Any:
    return _reduce(draw, NUMBERS)


@_generator("reduce_mean")
def _reduce(draw: Draw, dtypes: Sequence[Any] = FLOATS) -> Any:
    shape = draw(shapes())
    attributes = {"axes": axes_of(draw, len(shape)), "keep_dims": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(dtypes)))], attributes


@_generator("argmax", "argmin")
def _arg(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {
        "axis": axis_of(draw, len(shape)),
        "keep_dims": draw(st.booleans()),
        "index": draw(st.sampled_from([I32, I64])),
    }
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@_generator("cumsum", "cumprod")
def _cumulative(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"axis": axis_of(draw, len(shape)), "exclusive": draw(st.booleans()), "reverse": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@_generator("softmax", "log_softmax")
def _softmax(draw: Draw) -> Any:
    shape = draw(shapes(1))
    return [array(draw, shape, draw(st.sampled_from(FLOATS)))], {"axis": axis_of(draw, len(shape))}


@_generator("sort")
def _sort(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"axis": axis_of(draw, len(shape)), "descending": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@_generator("top_k")
def _top_k(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    attributes = {"k": draw(st.integers(0, shape[axis])), "axis": axis, "largest": draw(st.booleans())}
    return [array(draw, shape, draw(st.sampled_from(NUMBERS)))], attributes


@_generator("batch_norm")
def _batch_norm(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    parameters = [array(draw, (shape[axis],)) for _ in range(3)]
    return [array(draw, shape), *parameters, np.abs(array(draw, (shape[axis],)))], {"axis": axis, "epsilon": 1e-3}


@_generator("layer_norm")
def _layer_norm(draw: Draw) -> Any:
    shape = draw(shapes(1))
    parameters = [maybe(draw, lambda: array(draw, _parameter_shape(draw, shape))) for _ in range(2)]
    return [array(draw, shape), *parameters], {"axes": axes_of(draw, len(shape)), "epsilon": 1e-3}


@_generator("lrn")
def _lrn(draw: Draw) -> Any:
    shape = draw(shapes(1))
    attributes = {"size": draw(st.integers(1, 5)), "alpha": 0.1, "axis": axis_of(draw, len(shape))}
    return [array(draw, shape)], attributes


# Movement


def _moved(draw: Draw, shape: Sequence[int]) -> Array:
    return array(draw, shape, draw(st.sampled_from(ANY)))


@_generator("reshape")
def _reshape(draw: Draw) -> Any:
    shape = draw(shapes(1))
    target = [d if draw(st.booleans()) else 0 for d in shape]
    rest = draw(st.integers(0, len(shape) - 1))
    kind = draw(st.sampled_from(["same", "rest", "merge", "flat", "split"]))
    if kind == "rest":
        target[rest] = -1
    elif kind == "merge":
        target = [*target[:rest], -1]
    elif kind == "flat":
        target = [int(np.prod(shape))]
    elif kind == "split":
        target = [*target[:-1], shape[-1], -1]
    return [_moved(draw, shape)], {"shape": tuple(target)}


@_generator("transpose")
def _transpose(draw: Draw) -> Any:
    shape = draw(shapes())
    return [_moved(draw, shape)], {"perm": tuple(draw(st.permutations(range(len(shape)))))}


@_generator("concat")
def _concat(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    dtype = draw(st.sampled_from(ANY))
    parts = []
    for length in ints(draw, draw(st.integers(1, 3)), 1, 3):
        part = list(shape)
        part[axis] = length
        parts.append(array(draw, part, dtype))
    return parts, {"axis": axis}


@_generator("split")
def _split(draw: Draw) -> Any:
    shape = list(draw(shapes(1)))
    axis, sizes = axis_of(draw, len(shape)), ints(draw, draw(st.integers(1, 3)), 1, 3)
    shape[axis] = sum(sizes)
    return [_moved(draw, shape)], {"axis": axis, "sizes": sizes}


@_generator("slice")
def _slice(draw: Draw) -> Any:
    shape = draw(shapes())
    rank = len(shape)
    steps = tuple(draw(st.sampled_from([1, 1, 2, -1, -2])) for _ in range(rank))
    starts = tuple(draw(st.sampled_from([0, 1, -1, -2, 9])) for _ in range(rank))
    stops = tuple(draw(st.sampled_from([2**31 - 1, -(2**31), 0, 1, 2, -1, -9])) for _ in range(rank))
    return [_moved(draw, shape)], {"starts": starts, "stops": stops, "steps": steps}


@_generator("pad")
def _pad(draw: Draw) -> Any:
    shape = draw(shapes())
    mode = draw(st.sampled_from(["constant", "reflect", "edge", "symmetric"]))
    reach = [d - 1 if mode == "reflect" else min(d, 2) for d in shape] * 2
    return [_moved(draw, shape)], {"pads": tuple(draw(st.integers(0, r)) for r in reach), "mode": mode, "value": 1.0}


@_generator("tile")
def _tile(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    return [_moved(draw, shape)], {"reps": ints(draw, len(shape), 1, 3)}


@_generator("broadcast_to")
def _broadcast_to(draw: Draw) -> Any:
    shape = draw(shapes())
    kept = _parameter_shape(draw, shape)
    new = len(shape) - len(kept)
    target = tuple(-1 if i >= new and kept[i - new] == d and draw(st.booleans()) else d for i, d in enumerate(shape))
    return [_moved(draw, kept)], {"shape": target}


@_generator("reverse")
def _reverse(draw: Draw) -> Any:
    shape = draw(shapes())
    return [_moved(draw, shape)], {"axes": axes_of(draw, len(shape))}


@_generator("trilu")
def _trilu(draw: Draw) -> Any:
    return [_moved(draw, draw(shapes(2)))], {"upper": draw(st.booleans()), "k": draw(st.integers(-2, 2))}


@_generator("channel_shuffle")
def _channel_shuffle(draw: Draw) -> Any:
    shape, groups = list(draw(shapes(1))), draw(st.integers(1, 3))
    axis = axis_of(draw, len(shape))
    shape[axis] *= groups
    return [_moved(draw, shape)], {"groups": groups, "axis": axis}


def _blocks(draw: Draw, depth: bool) -> Any:
    block, last = draw(st.integers(1, 3)), draw(st.booleans())
    batch, channels, height, width = ints(draw, 4, 1, 3)
    if depth:
        channels *= block**2
    else:
        height, width = height * block, width * block
    shape = (batch, height, width, channels) if last else (batch, channels, height, width)
    mode = draw(st.sampled_from(["dcr", "crd"]))
    return [_moved(draw, shape)], {"block": block, "mode": mode, "channel_last": last}


_GENERATORS["nn.depth_to_space"] = lambda draw: _blocks(draw, True)
_GENERATORS["nn.space_to_depth"] = lambda draw: _blocks(draw, False)


# Indices


@_generator("gather")
def _gather(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    batch_dims = draw(st.integers(0, axis % len(shape)))
    index_shape = (*shape[:batch_dims], *draw(shapes(0, 2)))
    return [_moved(draw, shape), indices(draw, index_shape, shape[axis])], {"axis": axis, "batch_dims": batch_dims}


@_generator("gather_elements")
def _gather_elements(draw: Draw) -> Any:
    shape = draw(shapes(1))
    axis = axis_of(draw, len(shape))
    index_shape = [draw(st.integers(1, d)) for d in shape]
    index_shape[axis] = draw(st.integers(1, 4))
    return [_moved(draw, shape), indices(draw, index_shape, shape[axis])], {"axis": axis}


@_generator("gather_nd")
def _gather_nd(draw: Draw) -> Any:
    shape = draw(shapes(1))
    batch_dims = draw(st.integers(0, len(shape) - 1))
    length = draw(st.integers(1, len(shape) - batch_dims))
    index_shape = (*shape[:batch_dims], *draw(shapes(0, 2)), length)
    bounds = shape[batch_dims : batch_dims + length]
    return [_moved(draw, shape), indices(draw, index_shape, bounds)], {"batch_dims": batch_dims}


@_generator("scatter_nd")
def _scatter_nd(draw: Draw) -> Any:
    shape = draw(shapes(1))
    length = draw(st.integers(1, len(shape)))
    index_shape = (*draw(shapes(0, 2)), length)
    dtype = draw(st.sampled_from(NUMBERS))
    updates = array(draw, (*index_shape[:-1], *shape[length:]), dtype)
    operands = [array(draw, shape, dtype), indices(draw, index_shape, shape[:length]), updates]
    return operands, {"reduction": draw(st.sampled_from(["none", "add", "mul", "min", "max"]))}


@_generator("one_hot")
def _one_hot(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    return [indices(draw, shape, 4)], {"depth": draw(st.integers(1, 5)), "axis": axis_of(draw, len(shape) + 1)}


# Recurrent


def _recurrent(draw: Draw, gates: int, states: int, activations: bool = False) -> Any:
    time, batch, inputs, hidden = ints(draw, 4, 1, 3)
    direction = draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    d = 2 if direction == "bidirectional" else 1
    operands = [
        array(draw, (time, batch, inputs)),
        array(draw, (d, gates * hidden, inputs)),
        array(draw, (d, gates * hidden, hidden)),
        maybe(draw, lambda: array(draw, (d, gates * hidden))),
        maybe(draw, lambda: array(draw, (d, gates * hidden))),
        *(maybe(draw, lambda: array(draw, (d, batch, hidden))) for _ in range(states)),
    ]
    attributes: dict[str, Any] = {"hidden": hidden, "direction": direction}
    if activations:
        attributes["activation"] = draw(st.sampled_from(["tanh", "relu"]))
    return operands, attributes


_GENERATORS["nn.rnn"] = lambda draw: _recurrent(draw, 1, 1, True)
_GENERATORS["nn.gru"] = lambda draw: _recurrent(draw, 3, 1)
_GENERATORS["nn.lstm"] = lambda draw: _recurrent(draw, 4, 2)


# Quantization


def _quantized(draw: Draw, shape: Sequence[int]) -> QuantizedType:
    axis = draw(st.none() | st.integers(0, len(shape) - 1)) if shape else None
    count = 1 if axis is None else shape[axis]
    scales = tuple(draw(st.sampled_from([0.5, 0.01, 0.1])) for _ in range(count))
    return QuantizedType(I8, F32, scales, ints(draw, count, -3, 3), axis)


@_generator("quantize")
def _quantize(draw: Draw) -> Any:
    shape = draw(shapes())
    return [array(draw, shape)], {"to": TensorType(shape, _quantized(draw, shape))}


@_generator("dequantize")
def _dequantize(draw: Draw) -> Any:
    return [array(draw, draw(shapes()), np.int8)], {}  # sample() makes its element type quantized


@_generator("fake_quantize")
def _fake_quantize(draw: Draw) -> Any:
    shape = draw(shapes())
    return [array(draw, shape)], {"grid": _quantized(draw, shape)}
