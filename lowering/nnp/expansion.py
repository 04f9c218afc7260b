"""The rules of ``expand-for-nnp``; their versions are releases of NNabla."""

from ..expansion import Expansions

expands = Expansions()


def version_of(major: int, minor: int, patch: int = 0) -> int:
    """A release as a number, in order."""
    return (major * 1000 + minor) * 1000 + patch
