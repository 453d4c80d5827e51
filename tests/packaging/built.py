"""Wheel and sdist of this tree, built from a copy so that nothing is left in it, and an environment that has the wheel."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PACKED = ("fozzy", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md")
LIMIT_S = 120


def copied(folder: Path) -> Path:
    """What a wheel is built of, copied into a new folder."""
    folder.mkdir(parents=True)
    for name in PACKED:
        ours = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ours, folder / name, ignore=ignored) if ours.is_dir() else shutil.copy(ours, folder / name)
    return folder


def build(kind: str, source: Path, into: Path) -> Path:
    """Have the build backend of pyproject.toml make a `wheel` or an `sdist`, without a network."""
    into.mkdir(parents=True, exist_ok=True)
    code = f"import setuptools.build_meta as backend; backend.build_{kind}({str(into)!r})"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=source, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (made,) = into.glob("fozzy-*.whl" if kind == "wheel" else "fozzy-*.tar.gz")
    return made


def unpacked(archive: Path, folder: Path) -> Path:
    """The one folder in an sdist."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


def needed(declared: Sequence[str]) -> dict[str, Distribution]:
    """The libraries of these requirements, and those that they declare in turn, by name, as they are here."""
    found: dict[str, Distribution] = {}
    waiting = [(each, "") for each in declared]
    while waiting:
        text, extra = waiting.pop()
        each = Requirement(text)
        if each.marker is not None and not each.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(each.name)
        if name in found and not each.extras:
            continue
        found[name] = distribution(each.name)
        waiting += [(more, wanted) for more in found[name].requires or [] for wanted in ["", *sorted(each.extras)]]
    return found


class Installed(NamedTuple):
    """A Python that has fozzy from its wheel, what that declares, and nothing else."""

    bin: Path
    python: Path

    def run(self, *words: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command of it. PATH has nothing but its own folder, so whatever is optional is missing."""
        kept = {"PATH": str(self.bin), "HOME": str(cwd), "TERM": "xterm", "PYTHONUTF8": "1", **(env or {})}
        return subprocess.run(
            list(map(str, words)),
            cwd=cwd,
            env=kept,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )


def install(folder: Path, programs: Sequence[str] = ("sh",)) -> Installed:
    """Make an environment in a new folder: the wheel unpacked by pip, and links to the libraries it declares.

    `programs` of the system are in its PATH too.
    """
    wheel = build("wheel", copied(folder / "source"), folder / "dist")
    made = environment(folder / "venv", wheel, programs)
    pip = (sys.executable, "-m", "pip", "--python", made.python, "install", "--quiet", "--disable-pip-version-check")
    _do(*pip, "--no-deps", "--no-index", "--no-compile", wheel)
    return made


def environment(home: Path, wheel: Path, programs: Sequence[str], more: Sequence[str] = ()) -> Installed:
    """An environment that lacks the wheel alone: links to what that declares, and to `more` libraries."""
    _do(sys.executable, "-m", "venv", "--without-pip", home)
    made = Installed(home / "bin", home / "bin" / "python")
    (site,) = home.glob("lib/python*/site-packages")
    (about,) = [data for name, data in names_of(wheel).items() if name.endswith("/METADATA")]
    declared = email.message_from_bytes(about).get_all("Requires-Dist") or []
    for library in needed([*declared, *more]).values():
        for name in _tops(library):
            if not (site / name).exists():
                (site / name).symlink_to(library.locate_file(name))
    for name in programs:
        (made.bin / name).symlink_to(shutil.which(name) or name)
    return made


def names_of(wheel: Path) -> dict[str, bytes]:
    """Every file in a wheel with its bytes."""
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def files_of(folder: Path) -> set[str]:
    """Every file below a folder, caches aside."""
    return set(_files(folder))


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix()


def _tops(library: Distribution) -> set[str]:
    """What a library has directly in site-packages."""
    return {path.parts[0] for path in library.files or [] if path.parts[0] not in ("..", "__pycache__")}


def _do(*words: str | Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "FOZZY"))}
    ran = subprocess.run(list(map(str, words)), env=kept, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
