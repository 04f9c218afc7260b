"""Makes the reference pages from the definitions: ``python -m nncc.tools.reference docs/reference``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from ..ir.dialects.tfl.base import TFLOp
from ..ir.int8 import INT8_TARGETS, Int8Kernels, int8_kernels
from ..ir.opdef import Op, lookup_op, registered_ops
from ..pipelines import registry
from ..pipelines.pipeline import load_pipeline
from .describe import Field, doc, function_support, is_own, op_fields, pass_flow, pass_options, pipeline_ends, summary

NOTE = "<!-- Made by `python -m nncc.tools.reference docs/reference`; edit the definitions, not this page. -->"
ONNX_CASES = Path(__file__).parent.parent / "docs" / "onnx-cases.json"
"""What became of ONNX's own cases; it lies in the repository."""


def pages() -> dict[str, str]:
    """Every reference page, by the name of its file."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "passes.md": _passes,
        "pipelines.md": _pipelines,
        "nn.md": _nn,
        "tfl.md": _tfl,
        "nnb.md": _nnb,
        "int8.md": _int8,
        "nnabla-functions.md": _functions,
        "onnx-operators.md": _onnx_operators,
        "tflite-operators.md": _tflite_operators,
        "tf-operators.md": _tf_operators,
        "tf.md": _tf,
    }
    registry.load_passes()
    return {name: "\n".join([NOTE, "", *page()]) + "\n" for name, page in made.items()}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m nncc.tools.reference FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


# Pages


def _passes() -> Iterable[str]:
    own = {name: kind for name, kind in registry.passes().items() if is_own(kind)}
    yield from ["# Passes", "", "`nncc passes NAME` shows the same in the terminal.", ""]
    yield from _table("pass | what it does", (f"[{n}](#{n}) | {_cell(summary(kind))}" for n, kind in own.items()))
    for name, kind in own.items():
        yield from ["", f"## {name}", "", markdown(doc(kind))]
        if pass_flow(kind):
            yield from ["", f"{pass_flow(kind).capitalize()}."]
        if pass_options(kind):
            rows = (f"`{o.name}` | `{_cell(o.kind)}` | `{o.default}` | {_cell(o.help)}" for o in pass_options(kind))
            yield from ["", *_table("option | type | default | meaning", rows)]
        yield from ["", f"Cases: [{name}.mlir](../../tests/filecheck/{name}.mlir)"]


def _pipelines() -> Iterable[str]:
    yield from ["# Pipelines", "", "How to write one is in [pipelines.md](../pipelines.md).", ""]
    own = Path(registry.__file__).parent
    files = {name: path for name, path in registry.pipeline_files().items() if path.parent == own}
    pairs = {name: halves for name, halves in registry.pipeline_pairs().items() if {h.parent for h in halves} == {own}}
    loaded = {name: load_pipeline(name) for name in sorted([*files, *pairs])}
    rows = (f"[{n}](#{n}) | {pipeline_ends(p)} | {_cell(p.description.splitlines()[0])}" for n, p in loaded.items())
    yield from _table("pipeline | formats | what it does", rows)
    for name, pipeline in loaded.items():
        yield from ["", f"## {name}", "", pipeline.description]
        if pipeline.parameters:
            rows = (f"`{key}` | `{value!r}`" for key, value in pipeline.parameters.items())
            yield from ["", *_table("parameter | default", rows)]
        if name in files:
            yield from ["", "```yaml", files[name].read_text(encoding="utf-8").rstrip(), "```"]
        else:
            halves = (half.stem for half in pairs[name])
            yield from ["", " and then ".join(f"[{half}](#{half})" for half in halves)]


def _nn() -> Iterable[str]:
    ops = _own_ops("nn")
    yield from ["# The `nn` dialect", "", "`nncc ops nn.conv` shows the same in the terminal."]
    yield from ["Operands with `?` may be left out.", ""]
    yield ",\n".join(f"[{op.name.partition('.')[2]}](#{op.name.replace('.', '')})" for op in ops)
    for family, members in groupby(sorted(ops, key=_family), key=_family):
        yield from ["", f"## {family}"]
        for op in members:
            yield from ["", f"### {op.name}", "", f"`{_call(op)}`", "", markdown(doc(op)), *_op_tables(op)]


def _tfl() -> Iterable[str]:
    ops = _own_ops("tfl")
    yield from ["# The `tfl` dialect", "", "One operation for each operator of TensorFlow Lite that nncc writes.", ""]
    yield from _table("operation | what it computes", (f"`{_call(op)}` | {_cell(summary(op))}" for op in ops))


def _nnb() -> Iterable[str]:
    from ..ir.dialects.nnb import RUNTIME_LEVEL, NnbType, nnb_types

    def row(kind: NnbType) -> str:
        arguments = ", ".join(f"`{a.name}`" for a in kind.arguments)
        ids = ", ".join(f"{s.id} ({s.level})" for s in kind.signatures if s.count is not None)
        return f"{kind.name} | {arguments} | {ids} | {'yes' if kind.is_implemented else ''}"

    yield from ["# Functions of NNB files", ""]
    yield "A function has an id for each list of arguments; in brackets stands the API level that brought it."
    yield f"The published runtime takes files of levels up to {RUNTIME_LEVEL}; the last column says where it has code."
    yield ""
    yield from _table("function | arguments | ids (API level) | code", map(row, nnb_types().values()))


def _int8() -> Iterable[str]:
    yield from ["# Operations with INT8 kernels", ""]
    yield "All others stay in float, between `nn.dequantize` and `nn.quantize`; see [int8.md](../int8.md)."
    for target in INT8_TARGETS:
        yield from ["", f"## {int8_kernels(target).runtime}", ""]
        yield from _int8_table(int8_kernels(target))


def _int8_table(kernels: Int8Kernels) -> Iterable[str]:
    rows = []
    for name, rule in kernels.rules.items():
        definition = lookup_op(name)
        assert definition is not None, name
        operands = [f.name for f in op_fields(definition) if f.role.startswith("operand")]
        chosen = operands if rule.activations is None else [operands[i] for i in rule.activations]
        weight = f"{operands[rule.weight]}, axis {rule.weight_axis}" if rule.weight is not None else ""
        scale = "that of the operands" if rule.same_scale else "measured"
        if rule.fixed_output is not None:
            scale = f"1 / {1 / rule.fixed_output[0]:g}, zero point {rule.fixed_output[1]}"
        if rule.results == ():
            scale = "none: the result is not int8"
        limits = [rule.limit.text] if rule.limit else []
        if rule.scales is not None:
            limits.append(f"scales of the operands from {rule.scales[0]:g} to below {rule.scales[1]:g}")
        rows.append(f"`{name}` | {', '.join(chosen)} | {weight} | {scale} | {', '.join(limits)}")
    yield from _table("operation | int8 operands | weights by channel | scale of the result | only", rows)


def _functions() -> Iterable[str]:
    functions = function_support()
    converted = sum(f.converted for f in functions)
    yield from ["# Functions of NNabla", "", f"{converted} of {len(functions)} are converted to the `nn` dialect."]
    yield "It may depend on the arguments whether a use of a function converts: `nncc support MODEL` says it."
    by_category = sorted(functions, key=lambda f: f.category)
    for category, members in groupby(by_category, key=lambda f: f.category):
        rows = [
            f"`{f.signature}` | {'yes' if f.converted else 'no'} | {_cell(_note(f.reason, f.remedy))}" for f in members
        ]
        yield from ["", f"## {category}", "", *_table("function | converted | note", rows)]


def _tflite_operators() -> Iterable[str]:
    from ..frontends.tflite.ops import LIFTS, REFUSALS

    known = {d.builtin for d in registered_ops("tfl") if issubclass(d, TFLOp) and d.builtin}
    notes = dict.fromkeys([*LIFTS, "DENSIFY"], "yes | ") | {
        name: f"no | {_cell(_note(f'it {reason}', remedy))}" for name, (reason, remedy) in REFUSALS.items()
    }
    yield from ["# Operators of TensorFlow Lite", ""]
    yield f"{len(notes) - len(REFUSALS)} of the {len(notes)} builtin operators are lifted to `nn`;"
    yield "custom ones by plugins. Every one is read and written; those that are defined can be evaluated in the `tfl`"
    yield "dialect, too."
    yield ""
    rows = (f"`{name}` | {'yes' if name in known else 'no'} | {note}" for name, note in sorted(notes.items()))
    yield from _table("operator | defined | lifted | note", rows)


def _tf_operators() -> Iterable[str]:
    from ..frontends.tf.ops import LIFTS, refusing
    from ..ir.dialects.tf import definitions

    yield from ["# Operators of TensorFlow", ""]
    yield f"{len(LIFTS)} operators are lifted to `nn`; attributes and operands decide whether a use of one is."
    yield f"The `tf` dialect has definitions of {len(definitions())} operators, and carries any other."
    families: dict[str, list[str]] = {}
    for name, function in LIFTS.items():
        families.setdefault(summary(sys.modules[function.__module__]), []).append(name)
    yield ""
    yield from _table("lifted | operators", (f"{_cell(text)} | {_names(names)}" for text, names in families.items()))
    refused: dict[str, list[str]] = {}
    for name in definitions().keys() - LIFTS.keys():
        if (found := refusing(name)) is not None:
            refused.setdefault(_note(f"it {found[0]}", found[1]), []).append(name)
    yield ""
    yield from _table(
        "refused | operators", (f"{_cell(text)} | {_names(names)}" for text, names in sorted(refused.items()))
    )


def _tf() -> Iterable[str]:
    """From rules that importing the passes registers."""
    from ..lowering.tf.expansion import expands
    from ..lowering.tf.target import RULES

    rules = dict(RULES.items())
    families: dict[str, list[str]] = {}
    for name, rule in rules.items():
        families.setdefault(summary(sys.modules[rule.__module__]), []).append(name)
    others = expands.operations - rules.keys()
    yield from ["# What is written for TensorFlow", ""]
    yield f"{len(rules)} operations of `nn` become operators of TensorFlow; {len(others)} more are made of them."
    yield "Types and ranks that no kernel of TensorFlow takes are refused. What is read: [operators](tf-operators.md)."
    yield ""
    rows = (f"{_cell(text)} | {_names(names)}" for text, names in sorted(families.items()))
    yield from _table("written | operations", rows)
    yield from ["", f"Made of these by `expand-for-tf`: {_names(others)}."]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _onnx_operators() -> Iterable[str]:
    """From what ``nncc.tools.onnx_cases`` wrote down, so that no onnx is needed here, and any version will do."""
    found = json.loads(ONNX_CASES.read_text(encoding="utf-8"))
    operators = found["operators"]
    right = sum(facts["right"] for facts in operators.values())
    yield from ["# Operators of ONNX", ""]
    yield f"Of the {found['cases']} cases of onnx {found['onnx']}, {right} are right when the interpreter runs what"
    yield "they are lifted to; the others are refused. `python -m nncc.tools.onnx_cases docs/onnx-cases.json` runs all."
    yield "An operator is taken in any of its versions, with the meaning that it has in the opset of the model."
    yield ""
    yield from _table("operator | versions | lifted | cases right | of", map(_operator_row, operators.items()))
    refusals: dict[str, list[str]] = {}
    for facts in operators.values():
        for case, reason in facts["refused"].items():
            refusals.setdefault(reason, []).append(case.removeprefix("test_"))
    rows = (f"{_cell(reason)} | {', '.join(map(_cell, cases))}" for reason, cases in refusals.items())
    yield from ["", "## Cases that are refused", "", *_table("reason | cases", rows)]


def _operator_row(item: tuple[str, dict[str, Any]]) -> str:
    name, facts = item
    lifted = f"no: {facts['reason']}" if "reason" in facts else facts.get("lifted", "")
    total = facts["right"] + len(facts["refused"])
    counts = f"{facts['right']} | {total}" if total else "|"
    return f"{_cell(name)} | {', '.join(map(str, facts.get('versions', ())))} | {_cell(lifted)} | {counts}"


def _note(reason: str, remedy: str) -> str:
    return f"{reason}; {remedy}" if remedy else reason


# Operations


def _own_ops(dialect: str) -> list[type[Op]]:
    return [op for op in registered_ops(dialect) if is_own(op)]


def _family(op: type[Op]) -> str:
    """What the module of an operation holds, by its docstring."""
    return summary(sys.modules[op.__module__]).rstrip(".")


def _call(op: type[Op]) -> str:
    """``nn.conv(x, weight, bias?)``"""
    marks = {"operands": "..."}
    operands = [f for f in op_fields(op) if f.role.startswith("operand")]
    return f"{op.name}({', '.join(f.name + ('?' if f.optional else marks.get(f.role, '')) for f in operands)})"


def _op_tables(op: type[Op]) -> Iterable[str]:
    values = [f for f in op_fields(op) if f.role != "attribute" and f.doc]
    attributes = [f for f in op_fields(op) if f.role == "attribute"]
    if values:
        yield from ["", *_table("value | shape", (f"`{f.name}` | {_cell(f.doc)}" for f in values))]
    if attributes:
        yield from ["", *_table("attribute | type | default | meaning", map(_attribute_row, attributes))]


def _attribute_row(field: Field) -> str:
    default = "required" if field.default is None else f"`{field.default}`"
    return f"`{field.name}` | {_cell(field.kind)} | {default} | {_cell(field.doc)}"


# Markdown


def markdown(text: str) -> str:
    """A docstring as Markdown: its code blocks are indented or fenced in both; roles and ``::`` go."""
    text = re.sub(r":\w+:`~?\.?([^`]+)`", r"`\1`", text)
    return re.sub(r"( ?)::$", lambda m: "" if m[1] else ":", text, flags=re.MULTILINE)


def _table(head: str, rows: Iterable[str]) -> Iterable[str]:
    yield f"| {head} |"
    yield f"|{'---|' * (head.count('|') + 1)}"
    for row in rows:
        yield f"| {row} |"


def _cell(text: str) -> str:
    """Text for a cell: `|` would end it, `*` may set it in italics."""
    return text.replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
