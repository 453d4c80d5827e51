"""The directions of imports: a folder imports folders on lower lines only, heavy libraries stay in their places."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
    ["config_problems"],
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


class Seen(NamedTuple):
    """What one look at a file finds, with its lines."""

    imports: list[tuple[str, int]]
    prints: list[int]


@cache
def seen(path: Path) -> Seen:
    """Every module a file imports, anywhere in it, and where it prints; what only a type checker reads is left out."""
    found, tree = Seen([], []), ast.parse(path.read_text(encoding="utf-8"))
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
            found.imports.extend((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            found.imports.append((node.module or "", node.lineno))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.prints.append(node.lineno)
    return found


def home(path: Path) -> str:
    """The folder below fozzy/ a file belongs to, or its own name."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("here", sorted({home(path) for path in FILES} - {"__init__"}))
def test_imports_go_down(here: str) -> None:
    """No file imports a folder on its own line or above it."""
    wrong: list[str] = []
    for path in FILES:
        for module, line in seen(path).imports if home(path) == here else []:
            parts = module.split(".")
            if parts[0] != "fozzy" or len(parts) == 1:
                continue
            there = parts[1]
            if there not in HEIGHT:
                wrong.append(f"{path}:{line}: {there} stands on no line of the layout")
            elif there != here and HEIGHT[there] >= HEIGHT[here]:
                wrong.append(f"{path}:{line}: {here} must not import {there}")
    assert wrong == []


@pytest.mark.parametrize("library", sorted(HOMES))
def test_heavy_libraries_stay_at_home(library: str) -> None:
    """trio, httpx, asyncio, typer and rich are imported only where the layout says."""
    wrong: list[str] = []
    for path in FILES:
        place = path.relative_to(ROOT).as_posix()
        is_home = any(place == name or place.startswith(name + "/") for name in HOMES[library])
        if not is_home:
            wrong += [
                f"{path}:{line}: {module}" for module, line in seen(path).imports if module.split(".")[0] == library
            ]
    assert wrong == []


def test_every_folder_has_its_line() -> None:
    """Each folder and module directly below fozzy/ stands on a line of the layout."""
    names = {home(path) for path in FILES} - {"__init__"}
    assert names <= set(HEIGHT)


def test_nothing_below_the_command_line_prints() -> None:
    """`print` and the standard streams belong to the console."""
    allowed = {"cli/console.py", "__main__.py", "engine/workers.py"}
    places = [(path, path.relative_to(ROOT).as_posix()) for path in FILES]
    assert [f"{name}:{line}" for path, name in places if name not in allowed for line in seen(path).prints] == []
