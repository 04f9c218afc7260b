"""Where an operation came from: the places of the source file that it stands for, and the passes that made it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

MOST_ORIGINS = 16
"""A location keeps this many origins: folding a long chain must not carry the whole chain along at every step."""


@attrs.frozen
class Origin:
    """One place of a source file.

    ``scope`` is the network or graph in the file, ``name`` the function or node, ``index`` its number there. An
    operation of IR text without a location of its own has only the file and, as ``index``, the line.
    """

    file: str
    scope: str = ""
    name: str = ""
    index: int | None = None

    def __str__(self) -> str:
        if not self.scope and not self.name and self.index is not None:
            return f"{self.file}:{self.index}"  # a line of IR text
        parts = [self.file] if self.file else []
        if self.scope:
            parts.append(f"'{self.scope}'")
        if self.name or self.index is not None:
            number = "" if self.index is None else f" (#{self.index})"
            parts.append(f"'{self.name}'{number}")
        return ": ".join(parts)


@attrs.frozen
class Location:
    """The origins of an operation, in the order of the source, and the names of the passes that rewrote them."""

    origins: tuple[Origin, ...] = ()
    passes: tuple[str, ...] = ()

    @classmethod
    def at(cls, file: str, scope: str = "", name: str = "", index: int | None = None) -> Location:
        return cls((Origin(file, scope, name, index),))

    @classmethod
    def union(cls, locations: Iterable[Location], by: str | None = None) -> Location:
        """What an operation that replaces others keeps of theirs; ``by`` is the pass that replaces them."""
        origins: dict[Origin, None] = {}
        passes: dict[str, None] = {}
        for location in locations:
            origins.update(dict.fromkeys(location.origins))
            passes.update(dict.fromkeys(location.passes))
        if by:
            passes[by] = None
        return cls(tuple(origins)[:MOST_ORIGINS], tuple(passes))

    def __bool__(self) -> bool:
        return bool(self.origins)

    def __str__(self) -> str:
        """For a person: ``lenet.nnp: 'runtime': 'conv1' (#4)``; of several origins the first, and how many more."""
        if not self.origins:
            return ""
        more = f" (and {len(self.origins) - 1} more)" if len(self.origins) > 1 else ""
        return f"{self.origins[0]}{more}"


UNKNOWN = Location()
