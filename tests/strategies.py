"""Random IR, as hypothesis strategies: types, attributes, locations, modules of any shape, and small nn networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from nncc.ir import (
    Block,
    Builder,
    Function,
    Location,
    Module,
    NoneType,
    Operation,
    Origin,
    QuantizedType,
    Region,
    SymbolRef,
    TensorType,
    Type,
    UnregisteredOp,
    Value,
    as_dense,
)
from nncc.ir.attributes import Attribute, DenseAttribute
from nncc.ir.types import ELEMENT_TYPES, F32, FunctionType

Draw = Callable[[st.SearchStrategy], Any]

TEXTS = st.one_of(
    st.text(max_size=8),  # anything that Unicode has
    st.text('ab1_.$-/:%"\\\n# @<>{}', max_size=8),  # what means something in the text, or in a file name
    st.sampled_from(["conv1/W", "x", "x_1", "0", "1x1", "入力", "a:0", "%41", "100%", "\udc80", "\x00", "//", "true"]),
)
KEYS = TEXTS.filter(lambda key: not key.startswith("nncc."))
FLOATS = st.floats()
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NUMBERS = [t for t in ELEMENT_TYPES.values() if t.name != "!nncc.string"]


# Types


def element_types() -> st.SearchStrategy[Any]:
    return st.sampled_from(list(ELEMENT_TYPES.values()))


@st.composite
def quantized_types(draw: Draw, axis: bool = True) -> QuantizedType:
    storage = draw(st.sampled_from([t for t in ELEMENT_TYPES.values() if t.is_integer]))
    expressed = draw(st.sampled_from([ELEMENT_TYPES[n] for n in ("f16", "f32", "f64", "bf16")]))
    low, high = storage.limits
    limits = draw(st.none() | st.just((low + 1, high)))
    along = draw(st.none() | st.integers(0, 3)) if axis else None
    count = 1 if along is None else draw(st.integers(1, 3))
    scales = draw(st.lists(st.floats(1e-30, 1e30), min_size=count, max_size=count))
    zero_points = draw(st.lists(st.integers(low, high), min_size=count, max_size=count))
    return QuantizedType(storage, expressed, tuple(scales), tuple(zero_points), along, limits)


@st.composite
def tensor_types(draw: Draw, static: bool = False) -> TensorType:
    size = st.integers(0, 4) | st.just(2**40)
    dimension = size if static else size | st.none() | TEXTS.filter(bool)
    shape = draw(st.lists(dimension, max_size=5))
    if not static and draw(st.booleans()) and not shape:
        return TensorType(None, draw(element_types() | quantized_types()))
    return TensorType(tuple(shape), draw(element_types() | quantized_types()))


def types() -> st.SearchStrategy[Type]:
    leaf = tensor_types() | st.just(NoneType()) | element_types() | quantized_types()

    def functions(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
        several = st.lists(inner, max_size=3).map(tuple)
        return st.builds(FunctionType, several, several)

    return st.recursive(leaf, functions, max_leaves=4)


# Attributes


@st.composite
def dense_elements(draw: Draw) -> DenseAttribute:
    """Inline arrays of all element types, with infinities, NaNs, splats and no elements."""
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    count = int(np.prod(shape))
    kind = draw(st.sampled_from(list(ELEMENT_TYPES.values())) | quantized_types(axis=False))
    storage = kind.storage if isinstance(kind, QuantizedType) else kind
    splat = draw(st.booleans())
    values = _elements(draw, storage, 1 if splat and count else count)
    flat = np.repeat(values, count) if splat and count else values
    return as_dense(flat.reshape(shape), TensorType(shape, kind))


def _elements(draw: Draw, storage: Any, count: int) -> np.ndarray:
    def some(of: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(of, min_size=count, max_size=count))

    if storage.name == "!nncc.string":
        texts = np.empty(count, object)
        texts[:] = some(TEXTS)
        return texts
    if storage.is_integer:
        return np.array(some(st.integers(*storage.limits)), np.uint64 if storage.name == "ui64" else np.int64).astype(
            storage.dtype
        )
    if storage.is_bool:
        return np.array(some(st.booleans()), bool)
    # any pattern of bits is a number: signed zeros, subnormal ones, NaNs with a payload
    raw = draw(st.binary(min_size=count * storage.dtype.itemsize, max_size=count * storage.dtype.itemsize))
    used = 255 if storage.name.startswith("complex") else 2 ** min(storage.bits, 8) - 1  # f4 and f6 fill no byte
    return (np.frombuffer(raw, np.uint8) & np.uint8(used)).view(storage.dtype)


def attributes() -> st.SearchStrategy[Attribute]:
    leaf = st.one_of(
        st.booleans(), INTEGERS, FLOATS, TEXTS, types(), st.builds(SymbolRef, TEXTS.filter(bool)), dense_elements(),
        st.lists(INTEGERS).map(tuple), st.lists(FLOATS).map(tuple), st.lists(st.booleans()).map(tuple),
    )  # fmt: skip
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    )


# Locations


def origins() -> st.SearchStrategy[Origin]:
    return st.builds(Origin, TEXTS, TEXTS, TEXTS, st.none() | st.integers(0, 10**6))


def locations() -> st.SearchStrategy[Location]:
    return st.builds(Location, st.lists(origins(), max_size=3).map(tuple), st.lists(TEXTS, max_size=2).map(tuple))


# Modules


@st.composite
def modules(draw: Draw) -> Module:
    """Modules of unknown operations: regions, graph regions with cycles, gaps, resources, names that clash."""
    module = Module(location=draw(locations()))
    for key, value in draw(st.dictionaries(KEYS, attributes(), max_size=2)).items():
        module.set_attribute(key, value)
    resources = [_resource(draw, module) for _ in range(draw(st.integers(0, 2)))]
    _fill(draw, module.body, [], _Vocabulary(draw, resources), 0)
    return module


class _Vocabulary:
    """What the operations of one module are made of: drawing all of it for each operation would take long."""

    def __init__(self, draw: Draw, resources: list[DenseAttribute]) -> None:
        self.types = st.sampled_from(draw(st.lists(types(), min_size=2, max_size=2)))
        self.names = st.sampled_from([None, *draw(st.lists(TEXTS.filter(bool), min_size=3, max_size=3))])
        self.attributes = st.sampled_from(
            [{}, *draw(st.lists(st.dictionaries(KEYS, attributes(), max_size=2), max_size=2))]
        )
        self.locations = st.sampled_from(draw(st.lists(locations(), min_size=2, max_size=2)))
        self.resources = st.sampled_from(resources) if resources else None


def _resource(draw: Draw, module: Module) -> DenseAttribute:
    storage = draw(st.sampled_from(NUMBERS))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=2)))
    return module.add_resource(draw(TEXTS), _elements(draw, storage, int(np.prod(shape))).reshape(shape))


def _fill(draw: Draw, block: Block, outer: list[Value], words: _Vocabulary, depth: int) -> None:
    """Operations that use each other in any order, and what is defined around them."""
    ops: list[Operation] = []
    for _ in range(draw(st.integers(0, 3))):
        ops.append(block.append(_operation(draw, words, depth)))
    visible = [*outer, *block.args, *(r for op in ops for r in op.results)]
    for op in ops:
        if visible:
            op.set_operands(draw(st.lists(st.none() | st.sampled_from(visible), max_size=3)))
        for region in op.regions:
            for inner in region.blocks:
                _fill(draw, inner, visible, words, depth + 1)


def _operation(draw: Draw, words: _Vocabulary, depth: int) -> Operation:
    regions = []
    for count in draw(st.lists(st.integers(0, 2), max_size=2)) if depth < 2 else ():
        blocks = [Block.of(draw(st.lists(words.types, max_size=2))) for _ in range(count)]
        for block in blocks:
            _rename(draw, block.args, words)
        regions.append(Region.of(*blocks))
    op = UnregisteredOp(
        draw(st.sampled_from(["test.op", "other.thing", "a.b.c"])),
        (),
        draw(st.lists(words.types, max_size=3)),
        draw(words.attributes),
        regions,
        draw(words.locations),
    )
    if words.resources is not None and draw(st.booleans()):
        op.attributes["value"] = draw(words.resources)
    _rename(draw, op.results, words)
    return op


def _rename(draw: Draw, values: Any, words: _Vocabulary) -> None:
    for value in values:
        value.name = draw(words.names)


# nn


@st.composite
def nn_modules(draw: Draw, most: int = 6) -> Module:
    """Small networks on float32 images, without infinities: convolutions, pools, arithmetic, moved axes.

    The weights are multiples of 1/4, so that sums of a few of them are exact in any order.
    """
    channels, side = draw(st.integers(1, 4)), draw(st.integers(2, 6))
    image = TensorType((draw(st.integers(1, 2)), channels, side, side), F32)
    module = Module()
    names = ["x", "z"][: draw(st.integers(1, 2))]
    function, block = Function.create("main", [(name, image) for name in names], Location.at("random.nnp", "main"))
    module.body.append(function)
    values: list[Value] = list(block.args)
    for i in range(draw(st.integers(1, most))):
        b = Builder(module, block, location=Location.at("random.nnp", "main", f"layer{i}", i))
        values.append(_layer(draw, b, values))
        values[-1].name = f"layer{i}"
    outputs = draw(st.lists(st.sampled_from(values), max_size=1)) + [values[-1]]
    function.set_outputs([(f"y{i}", value) for i, value in enumerate(outputs)])
    return module


def _layer(draw: Draw, b: Builder, values: list[Value]) -> Value:
    x = draw(st.sampled_from(values))
    kind = draw(st.sampled_from(["unary", "binary", "constant", "conv", "pool", "transpose", "normalize"]))
    if kind == "binary":
        same = [v for v in values if v.tensor.shape == x.tensor.shape]
        return b.create(
            f"nn.{draw(st.sampled_from(['add', 'sub', 'mul', 'maximum']))}", x, draw(st.sampled_from(same))
        ).result
    if kind == "constant":
        shape = draw(st.sampled_from([(), (x.tensor.static_shape[1], 1, 1), x.tensor.static_shape]))
        return b.create(f"nn.{draw(st.sampled_from(['add', 'sub', 'mul']))}", x, _weight(draw, shape)).result
    if kind == "conv":
        inputs, outputs, k = x.tensor.static_shape[1], draw(st.integers(1, 4)), draw(st.sampled_from([1, 3]))
        bias = _weight(draw, (outputs,)) if draw(st.booleans()) else None
        weight = b.constant(_weight(draw, (outputs, inputs, k, k)))
        return b.nn.conv(x, weight, None if bias is None else b.constant(bias), pads=(k // 2,) * 4)
    if kind == "pool" and min(x.tensor.static_shape[2:]) > 1:
        return b.create(
            f"nn.{draw(st.sampled_from(['max_pool', 'average_pool']))}", x, kernel=(2, 2), strides=(2, 2)
        ).result
    if kind == "transpose":
        return b.nn.transpose(x, perm=draw(st.permutations([1, 2, 3]).map(lambda p: (0, *p))))
    if kind == "normalize":
        count = (x.tensor.static_shape[1],)
        scale, bias, mean = (b.constant(_weight(draw, count)) for _ in range(3))
        variance = b.constant(np.abs(_weight(draw, count)) + np.float32(0.5))
        return b.nn.batch_norm(x, scale, bias, mean, variance)
    return b.create(f"nn.{draw(st.sampled_from(['relu', 'abs', 'neg', 'sigmoid', 'tanh', 'hard_swish']))}", x).result


def _weight(draw: Draw, shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return rng.integers(-4, 5, shape).astype(np.float32) / 4
