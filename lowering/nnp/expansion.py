"""The rules of ``expand-for-nnp``."""

from ..expansion import Expansions

expands = Expansions()
