"""What only some commands need, whether it is there, and how to get it. To add a part: a line in `PARTS`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

NAME = "fozzy"
SYSTEM = sys.platform
UVX = "archive-v0"  # a folder of uv's cache: what uvx makes there is not for keeping


class Part(NamedTuple):
    """Something optional. It is there when all its `modules` and `programs` are.

    `packages` are what brings the modules, `extra` the name under which fozzy itself asks for them; `debian` and
    `homebrew` are the packages that bring the programs.
    """

    name: str
    purpose: str
    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    extra: str = ""
    programs: tuple[str, ...] = ()
    debian: str = ""
    homebrew: str = ""


LANGUAGES = ("go", "java", "javascript", "rust", "typescript")
PARTS = {
    part.name: part
    for part in (
        Part(
            "map parsers",
            "Go, Java, JavaScript, Rust, TypeScript in fozzy map",
            modules=("tree_sitter", *(f"tree_sitter_{each}" for each in LANGUAGES)),
            packages=("tree-sitter", *(f"tree-sitter-{each}" for each in LANGUAGES)),
            extra="map",
        ),
        Part(
            "pytest",
            "the pytest plugin, fozzy chaos run",
            modules=("pytest", "time_machine"),
            packages=("pytest", "time-machine"),
            extra="pytest",
        ),
        Part("xdist", "fozzy chaos run --jobs", modules=("xdist",), packages=("pytest-xdist",)),
        Part("coverage", "fozzy chaos run --coverage", modules=("coverage",), packages=("coverage",)),
        Part(
            "redis-server",
            "a real Redis in tests: redis_server, redis_proxy",
            programs=("redis-server",),
            debian="redis-server",
            homebrew="redis",
        ),
        Part(
            "postgres",
            "a real PostgreSQL in tests: postgres_server, …_proxy",
            programs=("postgres", "initdb"),
            debian="postgresql",
            homebrew="postgresql",
        ),
        Part("git", "what changed, for fozzy gate without --scope", programs=("git",), debian="git", homebrew="git"),
    )
}


def is_there(part: Part) -> bool:
    """Whether nothing of it is missing. Nothing is imported or started."""
    return all(map(_has_module, part.modules)) and all(map(_has_program, part.programs))


def way_to(part: Part) -> str:
    """The command that brings it, into the environment fozzy runs in."""
    if part.packages:
        return way_of_python(part.packages, part.extra)
    if SYSTEM == "win32" and part.name != "git":
        return "it is used on Linux and macOS only"
    return f"brew install {part.homebrew}" if SYSTEM == "darwin" else f"apt-get install {part.debian}"


def way_of_python(packages: Sequence[str], extra: str = "") -> str:
    """The command that brings Python packages into the environment that `sys.prefix` is: of pipx, of uv, or of pip."""
    home = Path(sys.prefix)
    if (home / "pipx_metadata.json").is_file():
        return f"pipx inject {NAME} {' '.join(packages)}"
    if UVX in home.parts:
        return f"uvx --with {','.join(packages)}"
    if _is_of_uv(home):
        return f"uv pip install --python '{sys.executable}' {' '.join(packages)}"
    return f"pip install '{NAME}[{extra}]'" if extra else f"pip install {' '.join(packages)}"


def _is_of_uv(home: Path) -> bool:
    """Whether uv made this environment; then there is no pip in it."""
    about = home / "pyvenv.cfg"
    return about.is_file() and any(line.startswith("uv = ") for line in about.read_text(encoding="utf-8").splitlines())


def _has_module(name: str) -> bool:
    return find_spec(name) is not None


def _has_program(name: str) -> bool:
    if SYSTEM == "win32":
        return shutil.which(name) is not None
    from fozzy.chaos.services.binaries import binary  # it also looks where Debian and Homebrew keep them

    return binary(name) is not None
