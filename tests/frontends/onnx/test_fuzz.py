"""Files with random damage: they are read, or refused as errors of the user; nothing else happens."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx_files import convolution, loop, write

from nncc.backends.onnx import save
from nncc.frontends.onnx import load
from nncc.ir import NnccError
from nncc.ir.parser import parse_module

ROUNDS = 150
NAMES = (
    "",
    "x",
    "y",
    "h",
    "Conv",
    "If",
    "Loop",
    "ai.onnx",
    "body",
    "then_branch",
    "..",
    "/etc/passwd",
    "a\0b",
    "value",
)
NUMBERS = (0, 1, -1, 2, 7, 99, 2**31 - 1, 2**62, -(2**63))


def judged(path: Path) -> bool:
    """Whether a file is read; then its text and its file are sound, too."""
    try:
        module = load(path)
    except NnccError as error:
        assert all(d.message for d in error.diagnostics)
        return False
    assert str(parse_module(str(module))) == str(module)
    try:
        save(module, path.with_suffix(".again.onnx"))
    except NnccError:
        return False
    return True


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("whole", [convolution(), loop()], ids=["convolution", "loop"])
def test_damaged_bytes(tmp_path: Path, whole: onnx.ModelProto, seed: int) -> None:
    rng = random.Random(seed)
    content = whole.SerializeToString()
    path = tmp_path / "m.onnx"
    outcomes = set()
    for _ in range(ROUNDS):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            place = rng.randrange(len(damaged))
            kind = rng.random()
            if kind < 0.7:
                damaged[place] = rng.randrange(256)
            elif kind < 0.85:
                damaged[place : place + rng.choice((1, 4, 8))] = rng.choice((b"", b"\xff" * 8, b"\x80" * 9 + b"\x01"))
            else:
                damaged[place:place] = damaged[rng.randrange(len(damaged)) :][: rng.choice((4, 16, 64))]
        path.write_bytes(damaged)
        outcomes.add(judged(path))
    assert outcomes == {False, True}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("whole", [convolution(), loop()], ids=["convolution", "loop"])
def test_damaged_fields(tmp_path: Path, whole: onnx.ModelProto, seed: int) -> None:
    """Damage that protobuf does not see: fields that are removed, repeated, or hold something else."""
    rng = random.Random(seed)
    outcomes = set()
    for _ in range(ROUNDS):
        message = onnx.ModelProto()
        message.CopyFrom(whole)
        for _ in range(rng.choice((1, 1, 2, 4))):
            _damage(rng.choice(list(_messages(message))), rng)
        outcomes.add(judged(write(tmp_path, message)))
    assert outcomes == {False, True}


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "DESCRIPTOR") else value:
                yield from _messages(inner)


def _damage(message: Any, rng: random.Random) -> None:
    fields = [field for field, _ in message.ListFields()]
    if not fields:
        return
    field = rng.choice(fields)
    value = getattr(message, field.name)
    if field.type == field.TYPE_MESSAGE:
        if hasattr(value, "DESCRIPTOR"):
            message.ClearField(field.name)
        else:
            kept = [inner.SerializeToString() for inner in value]
            rng.shuffle(kept)
            message.ClearField(field.name)
            for inner in kept[rng.randrange(2) :] + kept[: rng.randrange(2)]:
                getattr(message, field.name).add().ParseFromString(inner)
    elif isinstance(value, str | bytes | int | float):
        setattr(message, field.name, _another(field, value, rng))
    elif rng.random() < 0.5:
        del value[rng.randrange(len(value))]
    else:
        value[rng.randrange(len(value))] = _another(field, value[0], rng)


def _another(field: Any, value: Any, rng: random.Random) -> Any:
    if isinstance(value, str):
        return rng.choice((*NAMES, f"{value}_"))
    if isinstance(value, bytes):
        return rng.choice((value[:-1], value + b"\0", bytes(len(value)), b""))
    if isinstance(value, float):
        return rng.choice((0.0, -1.0, float("nan"), float("inf"), 1e30))
    if field.type == field.TYPE_ENUM:
        return rng.choice(field.enum_type.values).number
    number = rng.choice(NUMBERS)
    return max(-(2**31), min(number, 2**31 - 1)) if field.type == field.TYPE_INT32 else number
