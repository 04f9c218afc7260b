"""Fixtures that every folder of tests shares."""

import os
from pathlib import Path

import hypothesis
import pytest

# Drawn examples are the same in each run: only a change makes tests fail. HYPOTHESIS_PROFILE=default draws others.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout, which is also the root of the package."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data() -> Path:
    """Small networks of our own (`<name>.nnp`) with golden values (`<name>.npz`); tests/data/make.py wrote them."""
    return REPOSITORY / "tests" / "data"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of golden networks: NNCC_CORPUS, or shared/corpus beside the checkout. Skips where there is none."""
    named = os.environ.get("NNCC_CORPUS")
    if named is not None:
        if not Path(named).is_dir():
            pytest.fail(f"NNCC_CORPUS names {named!r}, which is not a folder: correct it or unset it")
        return Path(named)
    beside = REPOSITORY.parent / "shared" / "corpus"
    if not beside.is_dir():
        pytest.skip("no corpus of golden networks: set NNCC_CORPUS to its folder to run this test")
    return beside
