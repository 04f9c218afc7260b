"""Parses attributes and locations."""

from __future__ import annotations

import re

from .attributes import Attribute, SymbolRef
from .location import UNKNOWN, Location, Origin
from .parser_dense import DenseParser
from .syntax import decode_location
from .types import ELEMENT_TYPES

_ALIAS = re.compile(r"^([!#][\w$.-]+)[ \t]*=", re.MULTILINE | re.ASCII)
_PLACE = re.compile(r'loc\("([^"\\%\n]+)"\("([^"\\%:\n]*):?([^"\\%\n]*)":(\d{1,18}):(\d{1,18})\)\)', re.ASCII)
"""The location of most operations, one origin without special characters: read in one go."""
_TYPE_WORDS = frozenset({"tensor", "none", "complex", *ELEMENT_TYPES})


class AttributeParser(DenseParser):
    """A parser of types and numbers that reads attributes, locations, and aliases of them all."""

    def __init__(self, text: str, filename: str) -> None:
        # MLIR's tools define aliases before or behind their uses
        self.alias_places = {m[1]: m.end() for m in _ALIAS.finditer(text)}
        self.aliases: dict[str, object] = {}
        super().__init__(text, filename)

    def attribute(self) -> Attribute:
        """An attribute, as the Python value that stands for it."""
        kind = self.kind
        if kind in ("integer", "float"):
            return self.number()
        if kind == "string":
            return self.expect_string("a string")
        if kind == "word":
            return self.keyword_attribute()
        if kind == "[":
            return self.array_attribute()
        if kind == "{":
            return self.dictionary()
        if kind == "symbol":
            return self.symbol()
        if kind == "alias" and self.value[0] == "#":
            return self.hash_attribute()
        if kind in ("alias", "("):
            return self.type()
        raise self.expected("an attribute")

    def keyword_attribute(self) -> Attribute:
        word = self.value
        if word in ("true", "false", "unit"):
            self.advance()
            return word != "false"
        if word == "array":
            return self.typed_array()
        if word == "dense":
            self.advance()
            return self.dense_elements(close_first=True)
        if word == "dense_resource":
            return self.dense_resource()
        if word in _TYPE_WORDS:
            return self.type()
        raise self.error(f"there is no attribute '{word}'")

    def array_attribute(self) -> tuple[Attribute, ...]:
        self.advance()
        self.enter()
        values = tuple(self.comma_separated("]", self.attribute))
        self.depth -= 1
        return values

    def dictionary(self) -> dict[str, Attribute]:
        """``{key = value, flag}``; a key without a value is true."""
        found: dict[str, Attribute] = {}
        self.expect("{")
        self.enter()
        self.comma_separated("}", lambda: self.entry(found))
        self.depth -= 1
        return found

    def entry(self, found: dict[str, Attribute]) -> None:
        start = self.start
        key = self.expect_string("") if self.kind == "string" else self.expect("word", "the name of an attribute")
        if key in found:
            raise self.error(f"the attribute '{key}' is given twice", start)
        found[key] = self.attribute() if self.at("=") else True

    def symbol(self) -> SymbolRef:
        start, literal = self.start, self.expect("symbol")[1:]
        if self.kind == "::":
            raise self.error("references into symbols are not supported")
        return SymbolRef(self.unquoted(literal, start) if literal[0] == '"' else literal)

    def hash_attribute(self) -> Attribute:
        name, start = self.value, self.start
        self.advance()
        if name == "#nncc.dense":
            return self.dense_elements(close_first=False)
        found = self.alias(name, start)
        if isinstance(found, Location):
            raise self.error(f"'{name}' is a location, expected an attribute", start)
        return found

    # Aliases

    def alias(self, name: str, start: int) -> object:
        """What an alias stands for, wherever it is defined; the current token is the one behind its name."""
        if name not in self.aliases:
            if name not in self.alias_places:
                what = "type" if name[0] == "!" else "attribute or location"
                raise self.error(f"there is no {what} '{name}'", start)
            resume = self.start
            self.jump(self.alias_places[name])
            self.enter()  # an alias that needs itself ends here
            self.aliases[name] = self.aliased(name)
            self.depth -= 1
            self.jump(resume)
        return self.aliases[name]

    def aliased(self, name: str) -> object:
        """The right side of an alias's definition."""
        if name[0] == "!":
            return self.type()
        if self.kind == "word" and self.value == "loc":
            return self.location()
        return self.attribute()

    def alias_definition(self) -> None:
        """``#name = ...`` or ``!name = ...`` between operations."""
        name, start = self.expect("alias"), self.start
        self.expect("=")
        value = self.aliased(name)
        if self.aliases.setdefault(name, value) != value:
            raise self.error(f"the alias '{name}' is defined twice", start)

    # Locations

    def location(self) -> Location:
        """``loc(...)``."""
        match = _PLACE.match(self.text, self.start)
        if match:
            self.jump(match.end())
            line, column = int(match[4]), int(match[5])
            return Location.at(match[2], match[3], match[1], line if line or column else None)
        self.expect_word("loc")
        self.expect("(")
        found = self.location_body()
        self.expect(")")
        return found

    def location_body(self) -> Location:
        if self.kind == "string":
            return self.named_location()
        if self.kind == "alias":
            name, start = self.value, self.start
            self.advance()
            found = self.alias(name, start)
            if not isinstance(found, Location):
                raise self.error(f"'{name}' is no location", start)
            return found
        word = self.expect("word", "a location")
        if word == "unknown":
            return UNKNOWN
        self.enter()
        if word == "fused":
            found = self.fused_location()
        elif word == "callsite":
            found = self.call_site()
        else:
            raise self.error(f"there is no location '{word}'")
        self.depth -= 1
        return found

    def named_location(self) -> Location:
        """``"file:scope":index:1`` or ``"name"(location)``; see :mod:`nncc.ir.attribute_text`."""
        text = self.expect_string("a string")
        if self.at(":"):
            line = self.expect_integer("the number of a line")
            self.expect(":")
            column = self.expect_integer("the number of a column")
            file, _, scope = text.partition(":")
            return Location.at(decode_location(file), decode_location(scope), "", line if line or column else None)
        name = decode_location(text)
        if not self.at("("):
            return Location.at("", "", name)
        self.enter()
        child = self.location_body()
        self.depth -= 1
        self.expect(")")
        if len(child.origins) == 1 and not child.origins[0].name:
            place = child.origins[0]
            return Location((Origin(place.file, place.scope, name, place.index),), child.passes)
        return Location((Origin("", "", name), *child.origins), child.passes)

    def fused_location(self) -> Location:
        """``fused[a, b]``; other tools write the pass that fused them as ``fused<"pass">[a, b]``."""
        by: tuple[str, ...] = ()
        if self.at("<"):
            metadata = self.attribute()
            by = (metadata,) if isinstance(metadata, str) else ()
            self.expect(">")
        self.expect("[")
        parts = self.comma_separated("]", self.location_body)
        origins = tuple(o for part in parts for o in part.origins)
        return Location(origins, tuple(p for part in parts for p in part.passes) + by)

    def call_site(self) -> Location:
        """``callsite(origins at passes)``, or any other call: the origins of both sides."""
        self.expect("(")
        callee = self.location_body()
        self.expect_word("at")
        caller = self.location_body()
        self.expect(")")
        if all(o == Origin("", "", o.name) for o in caller.origins):
            return Location(callee.origins, callee.passes + tuple(o.name for o in caller.origins))
        return Location(callee.origins + caller.origins, callee.passes + caller.passes)
