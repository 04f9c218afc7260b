"""Instruments of the pass manager: the checks that are always made, and dumps."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from .diagnostics import CompileError, Diagnostic, Severity, UsageError
from .module import Function, Module
from .passes import Pass, PassContext
from .ports import Side, source_type
from .types import TensorType, merge_types

_LISTED = 20
"""So many operations are named where a pass left some behind."""


@attrs.define
class PassRecord:
    """What one run of a pass did, for dumps and for the report. ``notes`` is what instruments found out."""

    number: int
    name: str
    ops_before: int = 0
    ops_after: int = 0
    seconds: float = 0.0
    changed: bool = False
    counts: dict[str, int] = attrs.Factory(dict)
    notes: dict[str, Any] = attrs.Factory(dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return attrs.asdict(self)


class Instrument:
    """Watches a run; what it raises ends the run. Time spent here is not counted as a pass's."""

    def begin(self, module: Module, context: PassContext) -> None:
        """Before the first pass."""

    def before_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        """Before each pass."""

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        """Behind each pass that did not raise."""

    def pass_failed(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        """Behind a pass that raised, or that another instrument found at fault."""


class VerifyModule(Instrument):
    """The module is valid IR: what comes in, and what each pass leaves that changed something."""

    def begin(self, module: Module, context: PassContext) -> None:
        _verify(module)

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if record.changed:
            _verify(module)


def _verify(module: Module) -> None:
    from .verifier import verify_module

    verify_module(module)


class CheckDialects(Instrument):
    """A pass that goes from one dialect to another leaves nothing behind."""

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        gone = step.consumes - step.produces
        if not step.produces or not gone & module.dialects():
            return
        left = [op for op in module.walk() if op.name.partition(".")[0] in gone]
        errors = [
            Diagnostic(Severity.ERROR, f"'{op.name}' is left over: the pass should have replaced it", op.location)
            for op in left[:_LISTED]
        ]
        if len(left) > _LISTED:
            errors.append(Diagnostic(Severity.ERROR, f"and {len(left) - _LISTED} more operations are left over"))
        raise CompileError.of(errors)


class CheckPorts(Instrument):
    """Names, order and types of inputs and outputs, as the source sees them, stay: only dimensions become known."""

    def __init__(self) -> None:
        self.ports: dict[str, _Ports] = {}

    def before_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        self.ports = {f.sym_name: _Ports.of(f) for f in module.functions}

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if not step.keeps_ports:
            return
        errors = [
            Diagnostic(Severity.ERROR, problem, function.location)
            for function in module.functions
            if function.sym_name in self.ports
            for problem in self.ports[function.sym_name].differences(_Ports.of(function))
        ]
        if errors:
            raise CompileError.of(errors)


@attrs.frozen
class _Ports:
    """The ports of a function: for both sides, names in order and types."""

    sides: dict[Side, list[tuple[str, TensorType | None]]]

    @classmethod
    def of(cls, function: Function) -> _Ports:
        inputs = [(name, _tensor(function, "arg", i)) for i, name in enumerate(function.input_names)]
        outputs = [(name, _tensor(function, "res", i)) for i, name in enumerate(function.output_names)]
        return cls({"arg": inputs, "res": outputs})

    def differences(self, other: _Ports) -> Iterable[str]:
        for side, what in (("arg", "inputs"), ("res", "outputs")):
            before, after = self.sides[side], other.sides[side]  # type: ignore[index]
            names, new_names = [n for n, _ in before], [n for n, _ in after]
            if names != new_names:
                yield f"changed the {what} from {names} to {new_names}"
                continue
            for (name, old), (_, new) in zip(before, after, strict=True):
                if old is not None and (new is None or not _is_refined(old, new)):
                    yield f"changed the type of '{name}' (one of the {what}) from {old} to {new}"


def _is_refined(old: TensorType, new: TensorType) -> bool:
    """Whether nothing that was known of a type is lost; a symbol may become another that is known to be equal."""
    merged = merge_types(old, new)
    if merged == new:
        return True
    if not isinstance(merged, TensorType) or merged.shape is None or new.shape is None:
        return False
    return all(
        m == n or (isinstance(m, str) and isinstance(n, str)) for m, n in zip(merged.shape, new.shape, strict=True)
    )


def _tensor(function: Function, side: Side, index: int) -> TensorType | None:
    """The type of a port as the source sees it; None where it is no tensor."""
    return source_type(function, side, index) if isinstance(function.port(side, index).type, TensorType) else None


@attrs.define
class Dump(Instrument):
    """Writes the IR between passes: ``NN-pass.mlir`` in ``folder``, or to stderr without one.

    ``when`` holds ``after-all``, ``changed`` (after each pass that changed something), ``after:PASS`` and
    ``before:PASS`` (written as ``NN-pass.before.mlir``). The module that a failing pass left is written as
    ``NN-pass.failed.mlir``. The data of big constants is left out.
    """

    when: frozenset[str]
    folder: Path | None = None

    @classmethod
    def of(cls, when: Iterable[str], folder: Path | None = None) -> Dump:
        """From the option's text, ``changed,after:canonicalize`` or several such. Raises UsageError."""
        words = [word for text in when for word in text.split(",")]
        for word in words:
            kind, _, name = word.partition(":")
            if word not in ("after-all", "changed") and not (kind in ("after", "before") and name):
                remedy = "give after-all, changed, after:PASS or before:PASS"
                raise UsageError(f"'{word}' does not say when to dump", remedy=remedy)
        return cls(frozenset(words), folder)

    def begin(self, module: Module, context: PassContext) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        if "after-all" in self.when:
            self._write("00-input", module)

    def before_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if f"before:{step.name}" in self.when:
            self._write(f"{_numbered(record)}.before", module)

    def after_pass(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        if self.when & {"after-all", f"after:{step.name}"} or (record.changed and "changed" in self.when):
            self._write(_numbered(record), module)

    def pass_failed(self, step: Pass, record: PassRecord, module: Module, context: PassContext) -> None:
        try:
            self._write(f"{_numbered(record)}.failed", module)
        except CompileError as error:  # what is broken may be beyond printing; the pass's own error matters more
            sys.stderr.write(f"// {_numbered(record)}.failed cannot be printed: {error}\n")

    def _write(self, name: str, module: Module) -> None:
        from .printer import write_module

        if self.folder is None:
            sys.stderr.write(f"// {name}\n")
            write_module(module, sys.stderr)
            return
        with (self.folder / f"{name}.mlir").open("w", encoding="utf-8") as file:
            write_module(module, file)


def _numbered(record: PassRecord) -> str:
    return f"{record.number:02d}-{record.name}"
