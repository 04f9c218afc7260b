"""Tokens of MLIR text, one at a time, and the errors that point at them."""

from __future__ import annotations

import re

from .diagnostics import CompileError
from .location import Location
from .syntax import MAX_NESTING, parse_string

_TOKEN = re.compile(
    r"""
    (?: [ \t\r\n]+ | //[^\n]* )*
    (?:
        (?P<value>   % (?: \d+ | [A-Za-z_$.-][\w$.-]* ) (?: \#\d+ )? )
      | (?P<word>    [A-Za-z_][\w$.]* )
      | (?P<mark>    -> | :: | \{-\# | \#-\} | [(){}\[\]<>,:=*?] )
      | (?P<string>  " [^"\\\n]* (?: \\. [^"\\\n]* )* " )
      | (?P<float>   -?\d+\.\d* (?: [eE][-+]?\d+ )? )
      | (?P<integer> -? (?: 0x[0-9A-Fa-f]+ | \d+ ) )
      | (?P<alias>   [!\#] (?: \d+ | [A-Za-z_$.-][\w$.-]* ) )
      | (?P<label>   \^ [\w$.-]+ )
      | (?P<symbol>  @ (?: [A-Za-z_][\w$.-]* | " [^"\\\n]* (?: \\. [^"\\\n]* )* " ) )
      | (?P<end>     \Z )
      | (?P<bad>     . )
    )
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
REMEDY = "correct the text here; 'nncc ops' tells what operations take"
_EXCERPT = 60
"""Characters of a line that an error shows on either side of its place; a line may hold megabytes of weights."""


class Lexer:
    """The current token: its ``kind``, its text (``value``), its ``start``, and the ``position`` behind it.

    Punctuation is its own kind. :meth:`advance` goes to the next token.
    """

    def __init__(self, text: str, filename: str) -> None:
        self.text, self.filename = text, filename
        self.kind = self.value = ""
        self.start = self.position = 0
        self.depth = 0
        self._line_place = (0, 1)
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.position)
        assert match is not None and match.lastgroup is not None  # the last alternatives take anything
        kind = match.lastgroup
        self.value = value = match[kind]
        self.position = position = match.end()
        self.start = position - len(value)
        self.kind = value if kind == "mark" else kind
        if kind == "bad":
            what = "the string has no end in its line" if value == '"' else f"unexpected character {value!r}"
            raise self.error(what)

    def jump(self, position: int) -> None:
        """Go on with the token at or behind a position."""
        self.position = position
        self.advance()

    def at(self, kind: str) -> bool:
        """Whether the current token is this; if so, go on to the next."""
        if self.kind != kind:
            return False
        self.advance()
        return True

    def expect(self, kind: str, what: str = "") -> str:
        """The text of the current token, which must be of this kind; goes on to the next."""
        if self.kind != kind:
            raise self.expected(what or f"'{kind}'")
        value = self.value
        self.advance()
        return value

    def expect_word(self, word: str) -> None:
        if self.kind != "word" or self.value != word:
            raise self.expected(f"'{word}'")
        self.advance()

    def expect_string(self, what: str) -> str:
        """The contents of the current token, which must be a string."""
        if self.kind != "string":
            raise self.expected(what)
        text = self.unquoted(self.value, self.start)
        self.advance()
        return text

    def unquoted(self, literal: str, start: int) -> str:
        try:
            return parse_string(literal)
        except UnicodeDecodeError:
            raise self.error("the string is not UTF-8", start) from None
        except ValueError:
            raise self.error('unknown escape in a string: there are \\\\ \\" \\n \\t and \\XX', start) from None

    def integer(self, literal: str, start: int) -> int:
        """The number of an integer token. Raises CompileError for more digits than any type has."""
        if len(literal) > 40:  # also keeps Python from spending quadratic time on a million digits
            raise self.error("the integer is too large", start)
        return int(literal, 0) if "x" in literal else int(literal)

    def expect_integer(self, what: str) -> int:
        start, literal = self.start, self.expect("integer", what)
        return self.integer(literal, start)

    # Nesting

    def enter(self) -> None:
        """Count one level of nesting; the caller takes it back from ``depth`` when it leaves without an error."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.error(f"nested more than {MAX_NESTING} deep")

    # Errors

    def expected(self, what: str) -> CompileError:
        """The error for a token that is something else."""
        if self.kind == "end":
            got = "the end of the text"
        else:
            got = self.value if len(self.value) <= 40 else f"{self.value[:40]}..."
            got = got if self.kind == "string" else f"'{got}'"
        return self.error(f"expected {what}, got {got}")

    def error(self, message: str, position: int | None = None, remedy: str = REMEDY) -> CompileError:
        """An error at a position (the current token's by default), with its line and a caret below."""
        position = self.start if position is None else position
        line_start = self.text.rfind("\n", 0, position) + 1
        line_end = self.text.find("\n", position)
        line_end = len(self.text) if line_end < 0 else line_end
        first, last = max(line_start, position - _EXCERPT), min(line_end, position + _EXCERPT)
        excerpt = self.text[first:last].replace("\t", " ").rstrip("\r")
        place = f"{self.filename}:{self.line(position)}:{position - line_start + 1}"
        return CompileError(f"{message}\n{excerpt}\n{' ' * (position - first)}^", Location.at(place), remedy)

    def line(self, position: int) -> int:
        """The number of a position's line, from 1. Counts from the last position that was asked for."""
        known, number = self._line_place
        if position >= known:
            number += self.text.count("\n", known, position)
        else:
            number = self.text.count("\n", 0, position) + 1
        self._line_place = (position, number)
        return number
