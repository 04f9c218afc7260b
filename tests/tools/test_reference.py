"""The reference pages are those that the definitions make."""

from __future__ import annotations

from pathlib import Path

from nncc.tools import reference


def test_pages_are_up_to_date(repository: Path) -> None:
    folder = repository / "docs" / "reference"
    made = reference.pages()
    assert {path.name for path in folder.iterdir()} == set(made)
    outdated = [name for name, text in made.items() if (folder / name).read_text(encoding="utf-8") != text]
    assert not outdated, "run: python -m nncc.tools.reference docs/reference"


def test_command_writes_the_pages(tmp_path: Path) -> None:
    assert reference.main([str(tmp_path / "made")]) == 0
    assert {p.name for p in (tmp_path / "made").iterdir()} == set(reference.pages())
    assert reference.main([]) == 2


def test_markdown_of_docstrings() -> None:
    text = "Given::\n\n    x\n\nSee :class:`~nncc.ir.Op`. ::"
    assert reference.markdown(text) == "Given:\n\n    x\n\nSee `nncc.ir.Op`."
