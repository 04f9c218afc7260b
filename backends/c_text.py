"""C as text: the names of types, identifiers, numbers, arrays, and pieces of source with names to fill in."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator
from string import Template
from typing import Any

from ..ir.types import Array, ElementType

C_TYPES = {
    "f32": "float",
    "f64": "double",
    "i1": "uint8_t",
    "i8": "int8_t",
    "ui8": "uint8_t",
    "i16": "int16_t",
    "ui16": "uint16_t",
    "i32": "int32_t",
    "ui32": "uint32_t",
    "i64": "int64_t",
    "ui64": "uint64_t",
}
"""The C type of each element type that kernels compute with; a boolean is a byte of 0 or 1."""

KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """auto break case char const continue default do double else enum extern float for goto if inline int long
        main register restrict return short signed sizeof static struct switch typedef union unsigned void volatile
        while""",
    )
)
"""What no identifier may be."""


_LINE = 12
"""How many elements of an array stand on a line."""


def c_type(element: ElementType) -> str:
    """The C type of an element type. Raises KeyError where there is none."""
    return C_TYPES[element.name]


def identifier(name: str, taken: set[str] | None = None) -> str:
    """A C identifier made of any name, different from those that are taken (it is one of them then)."""
    word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
    word = f"_{word}" if word[0].isdigit() or word in KEYWORDS else word
    found, number = word, 1
    while taken is not None and found in taken:
        number += 1
        found = f"{word}_{number}"
    if taken is not None:
        taken.add(found)
    return found


def literal(number: float, type: str) -> str:
    """A number as C writes it in a type."""
    if type not in ("float", "double"):
        whole = int(number)
        if whole in (-(2**31), -(2**63)):
            return f"INT{32 if whole == -(2**31) else 64}_MIN"  # without its sign it is too large
        return str(whole) if abs(whole) < 2**31 else f"INT64_C({whole})"
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    text = f"{number:.9g}" if type == "float" else repr(float(number))
    text = text if set(text) & set(".en") else f"{text}.0"
    return f"{text}f" if type == "float" else text


def array_definition(declaration: str, values: Array, type: str) -> Iterator[str]:
    """The definition of an array, in pieces: ``declaration`` is what stands before its size.

    An array without elements holds a zero, as C has none of these.
    """
    flat = values.reshape(-1)
    yield f"\n{declaration}[{max(flat.size, 1)}] = {{\n"
    for begin in range(0, flat.size, _LINE * 1024):
        words = _words(flat[begin : begin + _LINE * 1024], type)
        yield from (f"    {', '.join(words[i : i + _LINE])},\n" for i in range(0, len(words), _LINE))
    yield "};\n" if flat.size else "    0,\n};\n"


def _words(numbers: Array, type: str) -> list[str]:
    if type == "float":
        words = [f"{v:.9g}" for v in numbers.tolist()]
        return [f"{w}f" if "." in w or "e" in w else literal(float(w), type) for w in words]
    return [literal(v, type) for v in numbers.tolist()]


def fill(text: str, **values: Any) -> str:
    """A piece of C with its ``$names`` replaced; a name alone on its line indents the lines it stands for, if any."""
    lines = []
    for line in textwrap.dedent(text).strip("\n").splitlines():
        name = line.strip()[1:]
        if line.strip().startswith("$") and values.get(name) == "":
            continue
        if line.strip().startswith("$") and name in values and "\n" in str(values[name]):
            lines += textwrap.indent(str(values[name]), line[: len(line) - len(line.lstrip())]).splitlines()
        else:
            lines.append(Template(line).substitute(values))
    return "\n".join(lines)
