"""What holds for every rewrite of every pass: its pattern can be traced, and its first line shows what it does."""

import pytest

from nncc.ir.passes import registered_passes
from nncc.ir.rewrite import registered_rewrites
from nncc.pipelines.registry import load_passes

load_passes()
RULES = {rule.__name__: rule for name in registered_passes() for rule in registered_rewrites(name)}


@pytest.mark.parametrize("name", sorted(RULES))
def test_rewrite(name):
    rule = RULES[name]
    assert rule().roots()
    assert "→" in (rule.__doc__ or "")
