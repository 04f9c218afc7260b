"""The Python examples of the documentation run as they stand, in order, from the repository's root."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["docs/python-api.md"])
def test_examples_run(page: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    blocks = BLOCK.findall((repository / page).read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {"output": tmp_path}
    for block in blocks:
        exec(compile(block, page, "exec"), names)


def test_links_lead_somewhere(repository: Path) -> None:
    for page in [*repository.glob("*.md"), *repository.glob("docs/**/*.md"), *repository.glob("examples/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
