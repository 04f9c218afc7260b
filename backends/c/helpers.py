"""Small functions that kernels call; a program gets those that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .exponentials import EXPONENTIALS
from .fixed_point import FIXED_POINT

_NUMBERS = ("float", "double", "int8_t", "uint8_t", "int16_t", "int32_t", "int64_t", "int")


def _define(type: str, name: str, parameters: str, expression: str) -> str:
    return f"static inline {type} {name}({parameters})\n{{\n    return {expression};\n}}\n"


HELPERS: dict[str, str] = {}
"""The source of each by its name."""
for _type in _NUMBERS:
    _pair = f"{_type} a, {_type} b"
    # a NaN among the operands stays one, as in numpy and in TensorFlow Lite's reference kernels
    HELPERS[f"nncc_max_{_type}"] = _define(_type, f"nncc_max_{_type}", _pair, "a < b ? b : a")
    HELPERS[f"nncc_min_{_type}"] = _define(_type, f"nncc_min_{_type}", _pair, "b < a ? b : a")
for _type, _suffix in (("float", "f"), ("double", "")):
    _pair = f"{_type} a, {_type} b"
    HELPERS[f"nncc_abs_{_type}"] = _define(_type, f"nncc_abs_{_type}", f"{_type} a", f"fabs{_suffix}(a)")
    HELPERS[f"nncc_pow_{_type}"] = _define(_type, f"nncc_pow_{_type}", _pair, f"pow{_suffix}(a, b)")
    HELPERS[f"nncc_floor_div_{_type}"] = _define(_type, f"nncc_floor_div_{_type}", _pair, f"floor{_suffix}(a / b)")
    HELPERS[f"nncc_floor_mod_{_type}"] = (
        f"static inline {_type} nncc_floor_mod_{_type}({_pair})\n"
        "{\n"
        f"    const {_type} rest = fmod{_suffix}(a, b);\n"
        "    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;\n"
        "}\n"
    )
for _type in ("int32_t", "int64_t"):
    _pair = f"{_type} a, {_type} b"
    HELPERS[f"nncc_abs_{_type}"] = _define(_type, f"nncc_abs_{_type}", f"{_type} a", "a < 0 ? -a : a")
    HELPERS[f"nncc_floor_div_{_type}"] = _define(
        _type, f"nncc_floor_div_{_type}", _pair, "a / b - (a % b != 0 && (a < 0) != (b < 0))"
    )
    HELPERS[f"nncc_floor_mod_{_type}"] = _define(
        _type, f"nncc_floor_mod_{_type}", _pair, "a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0)"
    )
    HELPERS[f"nncc_pow_{_type}"] = (
        f"static inline {_type} nncc_pow_{_type}({_pair})\n"
        "{\n"
        f"    {_type} power = b < 0 ? a == 1 || (a == -1 && b % 2 == 0) ? 1 : a == -1 ? -1 : 0 : 1;\n"
        "    for (; b > 0; b--) {\n"
        "        power *= a;\n"
        "    }\n"
        "    return power;\n"
        "}\n"
    )
HELPERS.update(EXPONENTIALS)
HELPERS.update(FIXED_POINT)

_NAME = re.compile(r"\bnncc_\w+")


def helpers_in(texts: Iterable[str]) -> list[str]:
    """The sources of the helpers that pieces of C call, and of those that these call, in the order of the table."""
    used: set[str] = set()
    waiting = list(texts)
    while waiting:
        for name in _NAME.findall(waiting.pop()):
            if name in HELPERS and name not in used:
                used.add(name)
                waiting.append(HELPERS[name])
    return [source for name, source in HELPERS.items() if name in used]
