"""Weights beside the text: what is saved is loaded, what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import strategies
from hypothesis import HealthCheck, given, settings
from ir_equality import assert_same

from nncc.ir import CompileError, Module, TensorType, UnregisteredOp, element
from nncc.ir.constants_file import load_constants, save_constants
from nncc.ir.parser import parse_module
from nncc.ir.printer import print_module
from nncc.ir.types import ELEMENT_TYPES, F32


def module_of(*arrays: np.ndarray, name: str = "conv/W") -> Module:
    module = Module()
    for array in arrays:
        module.body.append(UnregisteredOp("test.op", attributes={"value": module.add_resource(name, array)}))
    return module


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.modules())
def test_text_and_file_are_the_module(tmp_path: Path, module: Module) -> None:
    save_constants(module, tmp_path / "w.npz")
    parsed = parse_module(print_module(module))
    load_constants(parsed, tmp_path / "w.npz")
    assert_same(module, parsed)


@pytest.mark.parametrize("kind", [t for t in ELEMENT_TYPES.values() if t.name != "!nncc.string"], ids=str)
def test_every_element_type(tmp_path: Path, kind: object) -> None:
    module = module_of(np.arange(6).reshape(2, 3).astype(kind.dtype))
    save_constants(module, tmp_path / "w.npz")
    parsed = parse_module(print_module(module))
    load_constants(parsed, tmp_path / "w.npz")
    assert_same(module, parsed)


def test_numpy_reads_the_file(tmp_path: Path) -> None:
    save_constants(module_of(np.arange(3.0), np.arange(2, dtype=">i4")), tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as file:
        assert {k: v.tolist() for k, v in file.items()} == {"conv_W": [0, 1, 2], "conv_W_1": [0, 1]}


def test_data_is_read_when_it_is_needed(tmp_path: Path) -> None:
    save_constants(module_of(np.arange(3.0)), tmp_path / "w.npz")
    parsed = parse_module(print_module(module_of(np.arange(3.0))))
    load_constants(parsed, tmp_path / "w.npz")
    (tmp_path / "w.npz").unlink()
    with pytest.raises(FileNotFoundError):
        parsed.resources["conv_W"].numpy()


def test_all_that_does_not_fit_is_reported(tmp_path: Path) -> None:
    save_constants(module_of(np.arange(3.0), np.arange(2, dtype=np.int32)), tmp_path / "w.npz")
    wanted = module_of(np.arange(4.0), np.arange(2, dtype=np.float32), np.arange(9.0))
    with pytest.raises(CompileError) as caught:
        load_constants(parse_module(print_module(wanted)), tmp_path / "w.npz")
    assert [d.message for d in caught.value.diagnostics] == [
        "the data of the resource 'conv_W' has the shape (3,), expected tensor<4xf64>",
        "the data of the resource 'conv_W_1' has elements of type int32, expected tensor<2xf32>",
        "there is no data for the resource 'conv_W_2'",
    ]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"x" * 100])
def test_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(CompileError, match=r"w\.npz: error: cannot read the constants"):
        load_constants(parse_module(print_module(module_of(np.arange(3.0)))), tmp_path / "w.npz")


def test_a_damaged_member(tmp_path: Path) -> None:
    save_constants(module_of(np.arange(3.0)), tmp_path / "w.npz")
    data = (tmp_path / "w.npz").read_bytes()
    (tmp_path / "w.npz").write_bytes(data.replace(b"\x93NUMPY", b"\x93NUMPI", 1))
    with pytest.raises(CompileError, match="cannot read the constants"):
        load_constants(parse_module(print_module(module_of(np.arange(3.0)))), tmp_path / "w.npz")


def test_strings_are_refused(tmp_path: Path) -> None:
    texts = np.array(["a", "b"], object)
    module = Module()
    type = TensorType((2,), element(texts.dtype))
    module.body.append(UnregisteredOp("test.op", attributes={"value": module.add_resource("s", texts, type)}))
    with pytest.raises(CompileError, match="the resource 's' holds strings"):
        save_constants(module, tmp_path / "w.npz")
    with pytest.raises(CompileError, match="the resource 's' holds strings"):
        print_module(module, constants="inline")


def test_an_array_that_contradicts_its_type_is_refused(tmp_path: Path) -> None:
    module = Module()
    value = module.add_resource("w", lambda: np.zeros(2, np.float32), TensorType((3,), F32))
    module.body.append(UnregisteredOp("test.op", attributes={"value": value}))
    with pytest.raises(CompileError, match="the resource 'w' contradicts its type"):
        save_constants(module, tmp_path / "w.npz")
