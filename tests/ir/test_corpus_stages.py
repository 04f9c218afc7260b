"""Every stage of the networks of the corpus, from the file to the target: printed, parsed, compared, read by xDSL."""

from __future__ import annotations

from pathlib import Path

import pytest
from ir_equality import assert_same
from xdsl_reader import xdsl_reads

from nncc.ir import Module
from nncc.ir.instruments import Instrument, PassRecord
from nncc.ir.parser import parse_module
from nncc.ir.passes import Pass, PassContext
from nncc.ir.printer import print_module
from nncc.ir.verifier import verify_module
from nncc.pipelines import driver

LANDMARKS = {"lift-nnp", "lower-to-tfl"}
"""The stages that are looked at in a big network; xDSL needs a second for a thousand operations."""
BIG = 100


class RoundTrip(Instrument):
    """Checks what a compilation starts with and what each pass makes of it."""

    def __init__(self) -> None:
        self.stages = 0

    def begin(self, module: Module, context: PassContext) -> None:
        self.check(module)

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if record.changed and (record.ops_after < BIG or record.name in LANDMARKS):
            self.check(module)

    def check(self, module: Module) -> None:
        text = print_module(module)
        parsed = parse_module(text)
        verify_module(parsed)
        assert_same(module, parsed, data=False)
        assert print_module(parsed) == text
        xdsl_reads(text)
        self.stages += 1


@pytest.mark.parametrize("folder", ["models", "nnc"])
def test_every_stage(corpus: Path, folder: str) -> None:
    networks = sorted((corpus / folder).glob("*.nnp"))
    if not networks:
        pytest.skip(f"the corpus has no folder {folder}")
    for path in networks:
        check = RoundTrip()
        driver.compile(driver.load(path), "nnp-to-tflite", instruments=[check])
        assert check.stages >= 3, path.name  # the file, nn, the target


def test_every_stage_of_a_quantized_network(corpus: Path) -> None:
    path = corpus / "models" / "lenet.nnp"
    if not path.exists():
        pytest.skip("the corpus has no models/lenet.nnp")
    check = RoundTrip()
    driver.compile(driver.load(path), "nnp-to-tflite-int8", instruments=[check])
    assert check.stages > 3
