"""What is installed: the packages, their data files, and a light `import nncc`."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOT_INSTALLED = {"tests", "examples", "benchmarks", "docs", "build", "dist"}
# Files beside the sources that no program reads at run time.
NO_DATA = {".md", ".py", ".pyc", ".pyi"}


@pytest.fixture(scope="module")
def settings(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def package_folders(root: Path, name: str = "nncc") -> Iterator[tuple[str, Path]]:
    """Every folder that is a package by its __init__.py, with its dotted name."""
    yield name, root
    for folder in sorted(root.iterdir()):
        skipped = folder.name.startswith((".", "_")) or (name == "nncc" and folder.name in NOT_INSTALLED)
        if not skipped and (folder / "__init__.py").is_file():
            yield from package_folders(folder, f"{name}.{folder.name}")


def test_every_package_is_listed(repository: Path, settings: dict) -> None:
    assert sorted(settings["packages"]) == sorted(name for name, _ in package_folders(repository))


def test_every_source_folder_is_a_package(repository: Path) -> None:
    packages = {folder for _, folder in package_folders(repository)}
    layers = [folder for folder in packages if folder.parent == repository]
    orphans = {file.parent for layer in layers for file in layer.rglob("*.py")} - packages
    assert orphans == set()


def test_every_data_file_is_installed(repository: Path, settings: dict) -> None:
    patterns = settings["package-data"]
    forgotten = [
        str(file.relative_to(repository))
        for name, folder in package_folders(repository)
        if folder != repository
        for file in sorted(folder.iterdir())
        if file.is_file() and file.suffix not in NO_DATA
        if not any(file.match(pattern) for pattern in patterns.get(name, []))
    ]
    assert forgotten == []


@pytest.mark.parametrize("module", ["nncc", "nncc.tools.cli"])
def test_importing_is_light(module: str) -> None:
    """`import nncc` and the start of the program pull in no library that only one format or command needs."""
    heavy = ["ai_edge_litert", "flatbuffers", "h5py", "networkx", "onnx", "onnxruntime", "rich", "tensorflow", "yaml"]
    program = f"import sys, {module}; print(*(set(sys.modules) & set({heavy!r})))"
    # -I keeps the current folder off the path: the installed package is what counts.
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_the_console_script_is_there() -> None:
    (script,) = (each for each in entry_points(group="console_scripts") if each.name == "nncc")
    assert callable(script.load())
