"""The rules of ``expand-for-nnp``; their versions are releases of NNabla."""

from ..expansion import Expansions

expands = Expansions()
expands_for_runtime = Expansions(base=expands)
"""Those for nnabla-c-runtime, which has less functions than NNabla."""


def version_of(major: int, minor: int, patch: int = 0) -> int:
    """A release as a number, in order."""
    return (major * 1000 + minor) * 1000 + patch
