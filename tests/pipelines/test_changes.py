"""Passes say truly whether they changed anything: what they left alone is not verified again, dumped or compared."""

from pathlib import Path

import pytest

from nncc.ir import Module
from nncc.ir.instruments import Instrument, PassRecord
from nncc.ir.passes import Pass, PassContext
from nncc.ir.printer import print_module
from nncc.pipelines import driver


class ChangesAreSaid(Instrument):
    """A pass that says it changed nothing left the text of the module as it was."""

    def __init__(self) -> None:
        self.text = ""
        self.silent = 0

    def begin(self, module: Module, context: PassContext) -> None:
        self.text = print_module(module)

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        before, self.text = self.text, print_module(module)
        if not record.changed:
            assert self.text == before, f"{record.name} changed something and did not say so"
            self.silent += 1


@pytest.mark.parametrize("pipeline", ["nnp-to-tflite", "nnp-to-tflite-int8"])
def test_passes_say_that_they_changed_something(data: Path, pipeline: str) -> None:
    check = ChangesAreSaid()
    for path in sorted(data.glob("*.nnp")):
        driver.compile(driver.load(path), pipeline, instruments=[check])
    assert check.silent > 0
