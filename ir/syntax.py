"""What the printer and the parser must agree on beyond MLIR's own grammar."""

from __future__ import annotations

import re

BARE_IDENTIFIER = re.compile(r"[A-Za-z_][\w$.]*", re.ASCII)
"""What may stand without quotes as a key: of an attribute, of a resource."""

VALUE_IDENTIFIER = re.compile(r"[A-Za-z_][\w$.-]*", re.ASCII)
"""The names of values that can be written after the ``%`` as they are."""

OPERATION_NAME = re.compile(r"[A-Za-z_][\w$-]*(\.[\w$-]+)*", re.ASCII)

MAX_NESTING = 100
"""Regions, attributes and types together may be nested this deep; the limit keeps hostile text off Python's stack."""

# Attributes that stand in the text only: the parser turns them back into what they describe.

RESULT_NAMES = "nncc.names"
"""The names of an operation's results, where they cannot be written as identifiers; "" for a result without a name."""
ARGUMENT_NAMES = "nncc.arg_names"
"""The same for the arguments of all blocks of all regions of an operation."""
ABSENT_OPERANDS = "nncc.absent"
"""The positions of operands that are left out."""
RESOURCE_NAMES = "nncc.resource_names"
"""On the module: the names of the resources whose key is not their name."""
TEXT_ONLY = frozenset({RESULT_NAMES, ARGUMENT_NAMES, ABSENT_OPERANDS, RESOURCE_NAMES})

# Strings

_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_ESCAPE = re.compile(rb'\\(?:([0-9A-Fa-f]{2})|(["\\nt]))|\\')


def format_string(text: str) -> str:
    """A string literal: readable characters as they are, others as the hexadecimal bytes of their UTF-8 form."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return f'"{"".join(c if c.isprintable() and c not in _SPECIAL else _escaped(c) for c in text)}"'


_SPECIAL = '"\\'


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    # "surrogatepass": a name that was never valid Unicode must survive as well
    return "".join(f"\\{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def parse_string(literal: str) -> str:
    """The text of a string literal. Raises ValueError for an unknown escape, or bytes that are not UTF-8."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    return _ESCAPE.sub(_unescaped, body.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes.fromhex(match[1].decode())
    if match[2]:
        return {b"n": b"\n", b"t": b"\t"}.get(match[2], match[2])
    raise ValueError("unknown escape")


# Locations: MLIR's strings, but ASCII only (xDSL reads no others there) and with room for a separator

_LOCATION_SPECIAL = re.compile(r"[^ !#$&-9;-\[\]-~]")
_LOCATION_CODE = re.compile(r"(?:%[0-9A-F]{2})+")


def encode_location(text: str, keep_colons: bool = False) -> str:
    """Text for a location: what is not plain ASCII, and ``:``, in percent encoding."""
    return _LOCATION_SPECIAL.sub(lambda m: m[0] if keep_colons and m[0] == ":" else _percent(m[0]), text)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def decode_location(text: str) -> str:
    """The inverse of :func:`encode_location`; codes that are not UTF-8 stay as they are."""
    return _LOCATION_CODE.sub(_unpercent, text) if "%" in text else text


def _unpercent(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return match[0]
