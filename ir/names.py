"""Names that must differ: every tensor of a file has its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container

import attrs


@attrs.define
class Names:
    """Gives names that are not given yet."""

    taken: set[str] = attrs.Factory(set)
    _numbers: Counter[str] = attrs.Factory(Counter)
    """The number that was last put behind a name."""

    def free(self, wanted: str, avoid: Container[str] = ()) -> str:
        """The name, with a number behind it if it is taken or to be avoided; from now on it is taken."""
        name = wanted
        while name in self.taken or name in avoid:
            self._numbers[wanted] += 1
            name = f"{wanted}_{self._numbers[wanted]}"
        self.taken.add(name)
        return name
