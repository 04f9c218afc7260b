"""The rules of ``expand-for-tf``."""

from ..expansion import Expansions

expands = Expansions()
