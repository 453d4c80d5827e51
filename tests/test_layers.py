"""The directions of imports: a folder imports folders on lower lines only, heavy libraries stay in their places."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "fozzy"

LINES = [
    ["__main__", "api"],
    ["cli", "pytest_plugin", "complete"],
    ["gate"],
    ["search", "chaos", "insight"],
    ["engine", "report"],
    ["dsl"],
    ["sim"],
    ["world", "trace"],
    ["faults", "config"],
    ["core"],
    ["errors", "wall", "version"],
]
HEIGHT = {name: len(LINES) - index for index, names in enumerate(LINES) for name in names}

# A library and where it may be imported: folders, or single files.
HOMES = {
    "trio": ["world", "chaos", "pytest_plugin"],
    "httpx": ["world", "chaos"],
    "asyncio": ["sim", "chaos/clock", "pytest_plugin"],
    "typer": ["cli"],
    "rich": ["cli/console.py", "cli/live.py"],
}

FILES = sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module a file imports, anywhere in it, with its line; what only a type checker reads is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield node.module or "", node.lineno


def home(path: Path) -> str:
    """The folder below fozzy/ a file belongs to, or its own name."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_down(path: Path) -> None:
    """No file imports a folder on its own line or above it."""
    here = home(path)
    for module, line in imports(path):
        parts = module.split(".")
        if parts[0] != "fozzy" or len(parts) == 1 or here == "__init__":
            continue
        there = parts[1]
        assert there in HEIGHT, f"{path}:{line}: {there} stands on no line of the layout"
        assert there == here or HEIGHT[there] < HEIGHT[here], f"{path}:{line}: {here} must not import {there}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_heavy_libraries_stay_at_home(path: Path) -> None:
    """trio, httpx, asyncio, typer and rich are imported only where the layout says."""
    place = path.relative_to(ROOT).as_posix()
    for module, line in imports(path):
        homes = HOMES.get(module.split(".")[0])
        if homes is not None:
            assert any(place == name or place.startswith(name + "/") for name in homes), f"{path}:{line}: {module}"


def test_every_folder_has_its_line() -> None:
    """Each folder and module directly below fozzy/ stands on a line of the layout."""
    names = {home(path) for path in FILES} - {"__init__"}
    assert names <= set(HEIGHT)


def test_nothing_below_the_command_line_prints() -> None:
    """`print` and the standard streams belong to the console."""
    allowed = {"cli/console.py", "__main__.py", "engine/workers.py"}
    for path in FILES:
        if path.relative_to(ROOT).as_posix() in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            assert not called, f"{path}:{node.lineno} prints"  # type: ignore[attr-defined]
