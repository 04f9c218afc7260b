"""Broken and hostile files: refused with the file, the reason and what to do, never by a crash or in endless time."""

from __future__ import annotations

import contextlib
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tflite_files import branches, convolution, model

from nncc.backends.tflite import save
from nncc.frontends.tflite import load
from nncc.frontends.tflite.lift import LiftTfl
from nncc.ir import CompileError, NnccError, UsageError
from nncc.ir.parser import parse_module
from nncc.ir.passes import PassContext

ROUNDS = 120


def refusal(content: bytes, path: Path) -> str:
    """The message of the error; every one of its diagnostics names the file and a remedy."""
    path.write_bytes(content)
    with pytest.raises(CompileError) as caught:
        load(path)
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.remedy and diagnostic.location.origins[0].file == str(path)
    return str(caught.value)


def changed(change: Callable[[Any], None]) -> bytes:
    """The file of a convolution, with something changed in its tables."""
    tables = schema.ModelT.InitFromPackedBuf(convolution(), 0)
    change(tables)
    builder = flatbuffers.Builder(1024)
    builder.Finish(tables.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def set_(path: str, value: Any) -> Callable[[Any], None]:
    """Set what a path such as ``subgraphs[0].inputs`` names."""

    def change(tables: Any) -> None:
        owner, _, name = path.rpartition(".")
        holder = eval(f"tables.{owner}" if owner else "tables", {"tables": tables})
        setattr(holder, name, value)

    return change


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    assert "no TFLite model" in refusal(b"", path)
    assert "it is marked b'', not b'TFL3'" in refusal(b"TFL3", path)
    assert "it is marked b'XXXX'" in refusal(convolution()[:4] + b"XXXX" + convolution()[8:], path)
    with pytest.raises(UsageError, match="one file, got 2"):
        load([path, path])


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    whole = convolution()
    for length in range(8, len(whole) - 8, 37):
        path = tmp_path / f"{length}.tflite"
        path.write_bytes(whole[:length])
        with pytest.raises(CompileError):
            load(path)


def test_offsets_out_of_range(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    whole = convolution()
    for offset in (len(whole), 2**31 - 1, 2**32 - 1):
        assert "damaged" in refusal(struct.pack("<I", offset) + whole[4:], path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_("subgraphs[0].inputs", np.array([99], np.int32)), "its inputs name tensor 99 of"),
        (set_("subgraphs[0].outputs", np.array([-5], np.int32)), "its outputs name tensor -5 of"),
        (set_("subgraphs[0].operators[0].inputs", np.array([0, 77], np.int32)), "it takes tensor 77 of"),
        (set_("subgraphs[0].operators[0].outputs", np.array([0], np.int32)), "which is computed before, an input"),
        (set_("subgraphs[0].operators[0].opcodeIndex", 9), "it has operator code 9 of 1"),
        (set_("subgraphs[0].tensors[2].buffer", 1000), "it refers to buffer 1000 of"),
        (
            set_("subgraphs[0].tensors[2].shape", np.array([7, 7, 7], np.int32)),
            "which takes 1372 bytes, and its buffer",
        ),
        (set_("subgraphs[0].tensors[2].shape", np.array([2**31 - 1] * 4, np.int32)), "its buffer has"),
        (set_("subgraphs[0].tensors[2].shape", np.array([1] * 200, np.int32)), "it has 200 dimensions"),
        (set_("subgraphs[0].operators[0].builtinOptions.padding", 100), "its padding is 100"),
        (set_("subgraphs[0].tensors[0].isVariable", True), ""),
        (set_("operatorCodes[0].builtinCode", 5000), "the builtin operator 5000"),
        (set_("subgraphs[0].operators", []), "nothing computes the output"),
        (set_("subgraphs", []), "it holds no subgraph"),
    ],
)
def test_tables_that_contradict_each_other(change: Callable[[Any], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    if message:
        assert message in refusal(changed(change), path)
    else:
        path.write_bytes(changed(change))
        load(path)


def test_subgraphs_that_use_each_other(tmp_path: Path) -> None:
    tables = schema.ModelT.InitFromPackedBuf(branches(), 0)
    for graph in tables.subgraphs:
        for operator in graph.operators:
            if operator.builtinOptionsType == schema.BuiltinOptions.IfOptions:
                operator.builtinOptions.thenSubgraphIndex = 0
    builder = flatbuffers.Builder(1024)
    builder.Finish(tables.Pack(builder), b"TFL3")
    assert "subgraph 0 uses itself" in refusal(bytes(builder.Output()), tmp_path / "m.tflite")


def test_parts_that_are_shared_without_end(tmp_path: Path) -> None:
    """10,000 offsets to a table of 10,000 offsets to one tensor: 100 million tensors in 80 kB."""
    builder = flatbuffers.Builder(1024)
    count = 10_000
    builder.StartObject(11)
    tensor = builder.EndObject()
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    builder.StartObject(6)
    builder.PrependUOffsetTRelativeSlot(0, tensors, 0)
    graph = builder.EndObject()
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    builder.StartObject(10)
    builder.PrependUOffsetTRelativeSlot(2, graphs, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    started = time.perf_counter()
    message = refusal(bytes(builder.Output()), tmp_path / "m.tflite")
    assert "refer to each other" in message or "buffer" in message
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", [convolution, branches, model])
def test_damaged_bytes(make: Callable[[], bytes], seed: int, tmp_path: Path) -> None:
    """Whatever is damaged: the file is read, and then its text is sound, or it is an error of the user."""
    rng, whole, path = random.Random(seed), make(), tmp_path / "m.tflite"
    outcomes = set()
    for _ in range(ROUNDS):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            place = rng.randrange(len(content))
            content[place] = rng.choice((0, 1, 255, rng.randrange(256)))
        path.write_bytes(content)
        outcomes.add(judged(path))
    assert len(outcomes) == 2


def judged(path: Path) -> bool:
    """Whether a file is read; then its text, its file and what it is lifted to are sound or refused, too."""
    try:
        module = load(path)
    except NnccError as error:
        assert all(d.message for d in error.diagnostics)
        return False
    assert str(parse_module(str(module))) == str(module)
    for step in (lambda: save(module, path.with_suffix(".again")), lambda: LiftTfl().run(module, PassContext())):
        with contextlib.suppress(NnccError):
            step()
    return True
