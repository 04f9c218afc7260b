"""The rules of ``expand-for-tfl``."""

from ..expansion import Expansions

expands = Expansions()
