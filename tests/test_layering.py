"""Imports run one way: ir <- frontends, passes, lowering, backends <- pipelines <- tools."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LAYERS = ("ir", "frontends", "passes", "lowering", "backends", "pipelines", "tools")
# Folders whose sub-folders are strangers to each other: a format knows nothing of another format.
BY_FORMAT = ("frontends", "lowering", "backends")
# What pipelines may see of the middle layers: the module in which the members of a layer are registered.
MIDDLE = ("frontends", "passes", "lowering", "backends")
REGISTRIES = {f"nncc.{layer}{end}" for layer in MIDDLE for end in ("", ".registry")}
# Slow to import, so only the function that needs one imports it: `nncc --help` has to stay fast.
HEAVY = {"ai_edge_litert", "flatbuffers", "h5py", "onnx", "onnxruntime", "rich", "tensorflow", "yaml"}
# Modules that make no sense without one, and are imported late in its place.
ABOUT_HEAVY = {"tools/onnx_backend.py": "onnx", "tools/onnx_cases.py": "onnx"}


def source_files(root: Path) -> list[Path]:
    return [root / "__init__.py", *(file for layer in LAYERS for file in sorted((root / layer).rglob("*.py")))]


def module_name(root: Path, file: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(("nncc", *parts)).removesuffix(".__init__")


def imported_names(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything that a module imports, at any depth."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def is_registry(name: str) -> bool:
    """True for a registry module, or a name that is defined in one (so not a module below the layer)."""
    return name in REGISTRIES or name.rpartition(".")[0] in REGISTRIES


def allowed(root: Path, module: str, name: str) -> bool:
    if not within(name, "nncc"):
        return True
    layer = module.split(".")[1] if "." in module else ""
    if layer in ("", "tools") or within(name, "nncc.ir"):
        return True
    if layer == "ir" or not within(name, f"nncc.{layer}"):
        return layer == "pipelines" and is_registry(name) and not is_submodule(root, name)
    mine, theirs = format_of(root, module), format_of(root, name)
    return mine is None or theirs is None or mine == theirs


def format_of(root: Path, name: str) -> str | None:
    """The format whose folder holds a module; None for what the formats of a layer share."""
    parts = name.split(".")[1:3]
    return parts[1] if len(parts) == 2 and parts[0] in BY_FORMAT and root.joinpath(*parts).is_dir() else None


def is_submodule(root: Path, name: str) -> bool:
    path = root.joinpath(*name.split(".")[1:])
    return name not in REGISTRIES and (path.is_dir() or path.with_suffix(".py").is_file())


def layering_faults(root: Path) -> list[str]:
    faults = []
    for file in source_files(root):
        module = module_name(root, file)
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        faults += [
            f"{file.relative_to(root)}:{line}: {module} must not import {name}"
            for line, name in imported_names(tree, module, file.name == "__init__.py")
            if not allowed(root, module, name)
        ]
    return faults


def eager(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported (classes and branches included, `if TYPE_CHECKING` not)."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.stmt):
            yield node
        pending += [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler))]


def heavy_faults(root: Path) -> list[str]:
    faults = []
    for file in source_files(root):
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        for node in eager(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            faults += [
                f"{file.relative_to(root)}:{node.lineno}: import {name} inside the function that needs it"
                for name in names
                if heavy_library(name) not in (None, ABOUT_HEAVY.get(str(file.relative_to(root))))
            ]
    return faults


def heavy_library(name: str) -> str | None:
    """The heavy library that an import of a name loads, be it through a module of ours."""
    library, module = name.split(".")[0], name.rpartition(".")[2]
    return library if library in HEAVY else ABOUT_HEAVY.get(f"tools/{module}.py")


def test_imports_run_one_way(repository: Path) -> None:
    assert layering_faults(repository) == []


def test_heavy_libraries_are_imported_late(repository: Path) -> None:
    assert heavy_faults(repository) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the project's layers and nothing in them."""
    for folder in ("", *LAYERS, "frontends/nnp", "frontends/onnx", "lowering/tfl"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "passes" / "fold.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("ir/types.py", "from ..passes import fold"),
        ("ir/types.py", "import nncc.frontends.nnp"),
        ("frontends/nnp/lift.py", "from ...lowering import tfl"),
        ("frontends/nnp/lift.py", "from ..onnx import thing"),
        ("frontends/nnp/lift.py", "from .. import onnx"),
        ("passes/fold.py", "from ..frontends.nnp import archive"),
        ("lowering/tfl/conv.py", "def f():\n    from nncc.backends import emit"),
        ("pipelines/load.py", "from ..passes import fold"),
        ("pipelines/load.py", "from ..tools import cli"),
        ("backends/emit.py", "from .. import pipelines"),
    ],
)
def test_a_wrong_import_is_found(tree: Path, file: str, line: str) -> None:
    (tree / file).write_text(line + "\n")
    assert len(layering_faults(tree)) == 1


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("__init__.py", "def load():\n    from .pipelines import load"),
        ("ir/types.py", "from .attributes import Attribute"),
        ("frontends/nnp/lift.py", "from ...ir.dialects import nn"),
        ("frontends/nnp/lift.py", "from . import archive\nfrom .. import register"),
        ("frontends/registry.py", "from .nnp import reader"),
        ("passes/fuse.py", "from .fold import Fold"),
        ("pipelines/load.py", "from ..passes import registry, PASSES\nfrom ..passes.registry import lookup"),
        ("tools/cli.py", "from ..pipelines import load\nfrom ..passes import fold"),
    ],
)
def test_a_right_import_passes(tree: Path, file: str, line: str) -> None:
    (tree / file).write_text(line + "\n")
    assert layering_faults(tree) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import tensorflow as tf", 1),
        ("from onnx import helper", 1),
        ("try:\n    import rich.progress\nexcept ImportError:\n    import h5py", 2),
        ("class C:\n    import yaml", 1),
        ("from .onnx_backend import NnccBackend", 1),
        ("def f():\n    import tensorflow", 0),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import onnx", 0),
    ],
)
def test_an_early_heavy_import_is_found(tree: Path, source: str, count: int) -> None:
    (tree / "tools" / "cli.py").write_text(source + "\n")
    assert len(heavy_faults(tree)) == count
