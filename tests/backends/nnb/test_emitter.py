"""NNB files to the byte, and what they cannot hold."""

from __future__ import annotations

import pytest
from nnb_networks import affine, words, written

from nncc.backends.nnb import save
from nncc.ir import CompileError, Module, UsageError
from nncc.ir.dialects import nnb

# The file of this network as words: what NNabla's converter writes, block for block.
WORDS = """
00000002 0000002c
00000002 00000002 00000005 0000000f 00000002 00000016 00000001 00000000 00000001 00000001
00000017 00000114
00000000 00000004 00000008 00000010 00000018 0000002c 00000034 00000044
00000058 0000005c 00000060 00000074 0000007c 00000090 00000098 000000ac
000000c0 000000cc 000000d0 000000e8 000000ec 000000f0 0000010c
00000000
00000004
00000002 00000002
00000001 00000002
00000000 00000002 00000003 00000000 ffffffff
00000002 00000002
3f800000 40400000 40000000 40800000
00000001 00000002 00000005 00000000 00000006
00000002
0000c040
00000002 00000001 00000008 00000072 00000009
00000001 00000002
00000003 00000002 0000000b 00000000 fffffffe
00000001 00000002
00000004 00000002 0000000d 00000000 ffffffff
00000004 00000007 0000000a 0000000c 0000000e
00000000 00000001 00000002
00000003
00000000 00000003 00000010 00000001 00000011 00000001
00000003
00000004
00000080 00000001 00000013 00000001 00000014 3e800000 00000001
00000012 00000015
"""


@pytest.fixture
def module() -> Module:
    return affine()


def test_a_file_to_the_byte(module, tmp_path):
    assert words(written(module, tmp_path, api_level=44)) == [int(w, 16) for w in WORDS.split()]


def test_version_3_counts_the_bytes_of_buffers(module, tmp_path):
    elements = words(written(module, tmp_path, api_level=44))
    in_bytes = words(written(module, tmp_path, api_level=44, nnb_version=3))
    differing = [(i, a, b) for i, (a, b) in enumerate(zip(elements, in_bytes, strict=True)) if a != b]
    assert differing == [(0, 2, 3), (39, 2, 8), (40, 2, 8)]


def test_the_level_is_the_lowest_that_has_all(module, tmp_path):
    assert words(written(module, tmp_path))[1] == 2  # LeakyReLU got 'inplace' then
    module.main.terminator.previous_op.inplace = False
    data = words(written(module, tmp_path))
    assert data[1] == 1
    assert data[-8] == 15  # its first id
    assert data[-3:] == [0x3E800000, 18, 21]  # the record ends with alpha


def test_the_module_says_version_and_level(module, tmp_path):
    module.attributes |= {nnb.VERSION: 3, nnb.API_LEVEL: 7}
    assert words(written(module, tmp_path))[:2] == [3, 7]


@pytest.mark.parametrize("options", [{"nnb_version": 1}, {"api_level": 46}, {"api_level": -2}])
def test_versions_that_there_are_not(module, tmp_path, options):
    with pytest.raises(UsageError):
        save(module, tmp_path / "net.nnb", **options)


def test_an_argument_without_a_place_at_the_level(module, tmp_path):
    with pytest.raises(CompileError, match="has no place for 'inplace' at API level 1"):
        save(module, tmp_path / "net.nnb", api_level=1)
    assert not (tmp_path / "net.nnb").exists()


def test_numbers_that_do_not_fit_are_told_together(module, tmp_path):
    affine, leaky = (op for op in module.main.body if isinstance(op, nnb.NnbFunction))
    affine.base_axis = 2**31
    leaky.alpha = 1e39
    with pytest.raises(CompileError) as error:
        save(module, tmp_path / "net.nnb")
    assert len(error.value.diagnostics) == 2
    assert "'base_axis' 2147483648, which 32 bits cannot hold" in str(error.value)
    assert "'alpha' 1e+39, which a float cannot hold" in str(error.value)


def test_values_alive_together_must_lie_apart(module, tmp_path):
    module.main.terminator.previous_op.buffers = (1,)
    with pytest.raises(CompileError, match=r"still holds the result of the 'nnb\.Affine' op"):
        save(module, tmp_path / "net.nnb")


def test_buffers_must_be_planned(module, tmp_path):
    del module.attributes[nnb.BUFFER_SIZES]
    with pytest.raises(CompileError, match="not planned"):
        save(module, tmp_path / "net.nnb")


def test_other_dialects_are_refused(tmp_path):
    with pytest.raises(CompileError, match=r"'nn\.relu' is no function of an NNB file"):
        save(
            affine('"nnb.LeakyReLU"(%h) {alpha = 0.25, inplace = true, buffers = array<i64: 0>}', '"nn.relu"(%h)'),
            tmp_path / "n",
        )


def test_more_data_than_offsets_can_say(tmp_path):
    module = affine("dense<[[1.0, 3.0], [2.0, 4.0]]> : tensor<2x2xf32>", "dense_resource<w> : tensor<65536x8192xf32>")
    with pytest.raises(CompileError, match="more than the 2147483647 bytes"):
        save(module, tmp_path / "net.nnb")
    assert not (tmp_path / "net.nnb").exists()
