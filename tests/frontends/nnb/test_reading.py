"""Reading NNB files: what was written comes back, and what is broken is told."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nnb_networks import affine, read, words, written

from nncc.frontends.nnb import load
from nncc.frontends.nnb.image import Image, ListRef
from nncc.frontends.nnb.variables import Variable, data_loader
from nncc.ir import CompileError, Diagnostics, Function, Location, Module, NnccError, TensorType
from nncc.ir.attributes import as_dense
from nncc.ir.dialects import nnb
from nncc.ir.types import F32
from nncc.ir.verifier import verify_module

HEADER, INDEX = 14, 23  # words of the header and of the index in the file of `affine`
DATA = HEADER + INDEX


@pytest.fixture
def data(tmp_path) -> bytes:
    return written(affine(), tmp_path, api_level=44)


def changed(data: bytes, word: int, value: int) -> bytes:
    return data[: 4 * word] + struct.pack("<I", value & 0xFFFFFFFF) + data[4 * word + 4 :]


def chain(functions, shape=(2, 3)) -> Module:
    """A network of functions of one input, each a type and its arguments."""
    type = TensorType(shape, F32)
    function, block = Function.create("main", [("x", type)])
    value = block.args[0]
    for index, (kind, arguments) in enumerate(functions):
        op = nnb.FUNCTION_OPS[kind](value, result_types=[type], buffers=((index + 1) % 2,), **arguments)
        value = block.append(op).results[0]
    function.set_outputs([("y", value)])
    module = Module()
    module.body.append(function)
    size = 4 * type.size
    function.set_attribute(nnb.INPUT_BUFFERS, (0,))
    module.set_attribute(nnb.BUFFER_SIZES, (size, size))
    return module


def parameter(values: np.ndarray, **attributes) -> Module:
    """A network that adds a parameter."""
    module = chain([("Identity", {})])
    identity = module.main.terminator.previous_op
    constant = nnb.Parameter(value=as_dense(values), **attributes)
    module.main.body.insert_before(identity, constant)
    add = nnb.FUNCTION_OPS["Add2"](
        module.main.inputs[0], constant.results[0], result_types=[identity.results[0].type], buffers=(1,)
    )
    module.main.body.insert_before(identity, add)
    identity.results[0].replace_all_uses_with(add.results[0])
    identity.erase()
    return module


def test_a_network_comes_back(data, tmp_path):
    module = read(data, tmp_path)
    verify_module(module)
    assert [op.name for op in module.main.body] == [
        "nnb.parameter",
        "nnb.parameter",
        "nnb.Affine",
        "nnb.LeakyReLU",
        "func.return",
    ]
    leaky = module.main.terminator.previous_op
    assert (leaky.alpha, leaky.inplace, leaky.buffers) == (0.25, True, (0,))
    assert module.attributes == {nnb.VERSION: 2, nnb.API_LEVEL: 44, nnb.BUFFER_SIZES: (8, 8)}
    assert (module.main.input_names, module.main.output_names) == (["x0"], ["y0"])
    assert str(leaky.location) == f"{tmp_path / 'read.nnb'}: 'LeakyReLU' (#1)"


@pytest.mark.parametrize("options", [{}, {"nnb_version": 3}, {"api_level": 20}])
def test_what_is_read_is_written_to_the_byte(options, tmp_path):
    data = written(affine(), tmp_path, **options)
    assert written(read(data, tmp_path), tmp_path) == data


_NUMBERS = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "f": st.floats(width=32, allow_nan=False),
    "B": st.booleans(),
    "I": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4).map(tuple),
}
_UNARY = [
    name
    for name, op in nnb.FUNCTION_OPS.items()
    if [p.optional for p in op.function_type.inputs][:1] == [False]
    and op.function_type.fewest_inputs == 1
    and len(op.function_type.inputs) == 1
    and len(op.function_type.outputs) == 1
    and op.nnb_type.signatures[-1].count is not None
]


@st.composite
def functions(draw):
    name = draw(st.sampled_from(_UNARY))
    arguments = nnb.nnb_types()[name].arguments
    values = {a.name: draw(st.sampled_from(a.choices) if a.choices else _NUMBERS[a.code]) for a in arguments}
    return name, values


@given(network=st.lists(functions(), min_size=1, max_size=4), version=st.sampled_from([2, 3]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_arguments_come_back(network, version, tmp_path):
    module = chain(network)
    data = written(module, tmp_path, nnb_version=version)
    again = read(data, tmp_path)
    made = [op for op in again.main.body if isinstance(op, nnb.NnbFunction)]
    expected = [op for op in module.main.body if isinstance(op, nnb.NnbFunction)]
    assert [(op.name, op.arguments()) for op in made] == [(op.name, op.arguments()) for op in expected]
    assert written(again, tmp_path) == data


def test_signs_come_back_from_bits(tmp_path):
    signs = np.array([[1, -1, -1], [1, 1, -1]], np.float32)
    data = written(parameter(signs, sign=True), tmp_path)
    assert words(data).count(0b011001) == 1  # the first sign is the lowest bit
    found = next(op for op in read(data, tmp_path).main.body if isinstance(op, nnb.Parameter))
    assert found.sign
    np.testing.assert_array_equal(found.value.numpy(), signs)


@pytest.mark.parametrize(("code", "dtype"), [(nnb.FIXED8, np.int8), (nnb.FIXED16, np.int16)])
def test_numbers_in_fixed_point_come_back(code, dtype, tmp_path):
    stored = np.array([[64, -3, 5], [1, 0, -128]], dtype)
    module = parameter(np.zeros((2, 3), np.float32))
    constant = next(op for op in module.main.body if isinstance(op, nnb.Parameter))
    constant.set_attribute("value", as_dense(stored, TensorType((2, 3), nnb.fixed_point(code, 6))))
    constant.results[0].type = constant.value.type
    found = next(op for op in read(written(module, tmp_path), tmp_path).main.body if isinstance(op, nnb.Parameter))
    np.testing.assert_array_equal(found.value.numpy(), stored)
    np.testing.assert_array_equal(found.value.real(), stored / 64)


def test_old_ids_mean_what_the_runtime_takes_them_for(tmp_path):
    pooling = {"kernel": (1,), "stride": (1,), "ignore_border": True, "pad": (0,), "including_pad": True}
    data = written(chain([("AveragePooling", pooling)]), tmp_path)
    assert words(data)[1] == 1
    assert 6 in [w & 0xFFFF for w in words(data)[DATA:]]
    found = read(data, tmp_path).main.terminator.previous_op
    assert found.including_pad is True  # the signature of id 6 has no such argument
    assert written(read(data, tmp_path), tmp_path) == data


def test_an_unread_weight_may_be_short(tmp_path):
    x, w, y = (TensorType(s, F32) for s in ((1, 1, 4, 4), (2, 1, 3, 3), (1, 2, 2, 2)))
    function, block = Function.create("main", [("x", x)])
    unread = block.append(nnb.UnreadParameter(value=as_dense(np.array([0.5], np.float32)), result_types=[w]))
    binary = block.append(nnb.Parameter(value=as_dense(np.ones((2, 1, 3, 3), np.float32)), sign=True))
    convolution = nnb.FUNCTION_OPS["BinaryConnectConvolution"](
        block.args[0], unread.results[0], binary.results[0], base_axis=1, group=1, result_types=[y], buffers=(1,)
    )
    function.set_outputs([("y", block.append(convolution).results[0])])
    function.set_attribute(nnb.INPUT_BUFFERS, (0,))
    module = Module()
    module.body.append(function)
    module.set_attribute(nnb.BUFFER_SIZES, (64, 32))
    data = written(module, tmp_path)
    found = next(op for op in read(data, tmp_path).main.body if isinstance(op, nnb.UnreadParameter))
    assert (found.value.numpy().tolist(), found.results[0].type) == ([0.5], w)
    assert written(read(data, tmp_path), tmp_path) == data


def test_an_unused_input_gets_a_buffer_of_its_own(data, tmp_path):
    """NNabla's converter lets it lie where another input lies."""
    module = affine()
    block = module.main.body
    unused = block.add_argument(TensorType((1, 5), F32), "unused")
    module.main.attributes.pop("arg_attrs", None)
    module.main.set_attribute(nnb.INPUT_BUFFERS, (0, 2))
    module.set_attribute(nnb.BUFFER_SIZES, (8, 8, 20))
    file = written(module, tmp_path)
    record = words(file).index(0xFFFFFFFD)  # buffer 2
    assert written(read(file, tmp_path), tmp_path) == file
    found = read(changed(file, record, 0xFFFFFFFF), tmp_path)
    assert nnb.input_buffers(found.main) == (0, 3)
    assert found.attributes[nnb.BUFFER_SIZES][3] == 4 * unused.tensor.size
    written(found, tmp_path)


# Broken files

CASES = [
    (0, 4, "NNB version 4"),
    (12, INDEX + 1, "but the header says"),
    (13, 2**31, "but the header says"),
    (HEADER, -4, "block 0 begins at byte -4"),
    (HEADER + 2, 2, "block 2 begins at byte 2 of"),
    (HEADER + 22, 0x118, "block 22 begins at byte 280 of 276"),
    (HEADER + 22, 0x114, "list of functions takes 8 bytes of block 22, where only 0 follow"),
    (HEADER + 6, 0x30, "block 5 overlaps with block 6"),
    (HEADER + 5, 0x08, "block 2 overlaps with block 5"),
    (3, 23, "list of buffers is in block 23, but the file has 23"),
    (3, -1, "list of buffers is in block -1"),
    (4, 2**30, "list of variables takes 4294967296 bytes"),
    (DATA, 5, "an input is variable 5, but there are 5"),
    (DATA, 1, "the input v1 is a parameter"),
    (DATA + 1, -1, "an output is variable -1"),
    (DATA + 2, 1, "needs 8 bytes, but buffer 0 has 4"),
    (DATA + 3, -1, "a buffer has the size -1"),
    (DATA + 4, 2**31, r"variable 0 has the shape \(-2147483648, 2\)"),
    (DATA + 4, 2**30, "variable 0 has the shape"),
    (DATA + 7, 33, "variable 0 has 33 dimensions"),
    (DATA + 9, 4, "variable 0 has elements of type 4"),
    (DATA + 9, 3, "variable 0 holds signs, but is no parameter"),
    (DATA + 21, 22, "the data of variable 1 takes 16 bytes of block 22"),
    (DATA + 35, -3, "lies in buffer 2, but there are 2"),
    (DATA + 35, -1, "lies in buffer 0, which still holds the input x0"),
    (DATA + 48, 4, "takes v4, which no function before has made"),
    (DATA + 51, 0, "makes v0, which is there before"),
    (DATA + 52, 245 + 1000, "no function is known under the id 1245"),
    (DATA + 52, 360, "Trilu takes 1 input, got 3"),
    (DATA + 53, 99, "a list of function 0 takes 396 bytes"),
    (DATA + 53, 0, "takes 2 to 3 inputs, got 0"),
    (DATA + 55, 0, "makes 1, got 0"),
]


@pytest.mark.parametrize(("word", "value", "message"), CASES)
def test_broken_files_are_refused(word, value, message, data, tmp_path):
    with pytest.raises(CompileError, match=message) as error:
        read(changed(data, word, value), tmp_path)
    assert all(d.location and d.remedy for d in error.value.diagnostics)


def test_every_truncation_is_refused(data, tmp_path):
    for length in range(0, len(data), 4):
        with pytest.raises(CompileError):
            read(data[:length], tmp_path)


def test_bytes_behind_the_data_are_told(data, tmp_path):
    path = tmp_path / "longer.nnb"
    path.write_bytes(data + bytes(8))
    found = Diagnostics()
    load(path, diagnostics=found)
    assert "8 bytes behind the data are left out" in str(found.warnings[0])


@pytest.mark.parametrize("level", [1, 46])
def test_a_level_that_lacks_functions_is_told_and_corrected(level, data, tmp_path):
    path = tmp_path / "level.nnb"
    path.write_bytes(changed(data, 1, level))
    found = Diagnostics()
    module = load(path, diagnostics=found)
    assert f"the file states API level {level}" in str(found.warnings[0])
    assert words(written(module, tmp_path))[1] == 2


def test_descriptions_are_not_read_for_ever(data):
    """Many functions may name one long list as theirs; to read it for each would take quadratic time."""
    image = Image.open(memoryview(data), Location.at("net.nnb"), Diagnostics())
    with pytest.raises(CompileError, match="a list and others before it share their bytes"):
        for _ in range(276 // 8 + 1):
            image.ints(ListRef(2, 22), "a list")


def test_data_is_not_unpacked_for_ever(data):
    """Many variables may name the same bits as their signs, each of which becomes a float."""
    image = Image.open(memoryview(data), Location.at("net.nnb"), Diagnostics())
    variable = Variable(1, TensorType((128,), F32), is_sign=True, block=6, buffer=0)
    with pytest.raises(CompileError, match="share their bytes"):
        for _ in range(276 // 16 + 1):
            data_loader(image, variable)


@given(changes=st.lists(st.tuples(st.integers(0, 423), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_bytes_never_crash(changes, data, tmp_path):
    mutated = bytearray(data)
    for place, byte in changes:
        mutated[place] = byte
    try:
        module = read(bytes(mutated), tmp_path)
    except NnccError:
        return
    verify_module(module)
    written(module, tmp_path)
