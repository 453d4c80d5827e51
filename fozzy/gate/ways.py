"""Ways to run the same scenario: each is a process in surroundings that must not matter, made different on purpose.

What a program needs to work stays what it is: the home folder is the same under another name, the search path has one
folder more that does not exist. What the project declares by name (`env`, `proc_env`) keeps its value.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from fozzy import wall
from fozzy.world.code.unsettle import VARIABLE

Aspect = Literal["hash_seed", "order", "folder", "locale", "zone", "environment", "memory", "times"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
IN_WORDS: dict[Aspect, str] = {
    "hash_seed": "another hash seed",
    "order": "files listed in another order",
    "folder": "another folder",
    "locale": "another locale",
    "zone": "another time zone",
    "environment": "other USER, HOME, PATH, TERM and TMPDIR",
    "memory": "memory at other addresses",
    "times": "files of another age",
}
COPY_BYTES_MAX = 64_000_000  # of a project; copying more would take longer than its scenarios
COPY_FILES_MAX = 20_000
VARIED = ("LANG", "LC_ALL", "LANGUAGE", "TZ", "TMPDIR", "USER", "LOGNAME", "TERM", "PATH", "HOME")
ZONE = "XYZ-13:45"  # no place has it, and it needs no table of zones
LOCALES = ("tr_TR.UTF-8", "tr_TR.utf8", "de_DE.UTF-8", "de_DE.utf8", "C")
# Not copied but linked: hidden folders, and what tools fill with other people's files.
_LINKED = ("node_modules", "venv", "target", "dist", "build")


class Way(NamedTuple):
    """A way to run. `hash_seed` is used when it is among the aspects; an informant tells what user code asks."""

    aspects: frozenset[Aspect] = frozenset()
    hash_seed: int = 1
    informant: str = ""
    kept: frozenset[str] = frozenset()  # variables that keep their values: the project declares them

    @property
    def words(self) -> str:
        """What is different, for people."""
        if len(self.aspects) == len(ASPECTS):
            return "a fresh process, everything around it different"
        return ", ".join(["a fresh process", *(IN_WORDS[each] for each in ASPECTS if each in self.aspects)])


class Site(NamedTuple):
    """Where a witness runs: the project's folder, its working directory, its environment."""

    root: str
    cwd: str
    environment: dict[str, str]


@contextmanager
def site(way: Way, root: Path, base_dir: Path) -> Iterator[Site]:
    """Surroundings of a way. *Closes*: what was made for it."""
    with tempfile.TemporaryDirectory(prefix="fozzy-doctor-") as made:
        folder = Path(os.path.realpath(made))
        there = root.absolute()
        if "folder" in way.aspects:
            there = folder / "another" / "folder" / "project"
            copy_project(root.absolute(), there, base_dir.absolute())
        cwd = folder if "folder" in way.aspects else Path.cwd()
        yield Site(str(there), str(cwd), environment(way, folder, wall.variables()))


def environment(way: Way, folder: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """The environment of a witness."""
    made = {name: value for name, value in ours.items() if name != VARIABLE}
    asked: dict[str, object] = {}
    if "hash_seed" in way.aspects:
        made["PYTHONHASHSEED"] = str(way.hash_seed)
        asked["hash_seed"] = way.hash_seed
    asked |= {name: True for name in ("order", "times") if name in way.aspects}
    if "memory" in way.aspects:
        asked["memory"] = way.hash_seed
    if way.informant:
        asked["informant"] = way.informant
    changed: dict[str, str] = {}
    if "locale" in way.aspects:
        changed |= dict.fromkeys(("LANG", "LC_ALL", "LANGUAGE"), other_locale(ours))
    if "zone" in way.aspects:
        changed["TZ"] = ZONE
    if "environment" in way.aspects:
        changed |= _surroundings(folder, ours)
    made |= {name: value for name, value in changed.items() if name not in way.kept}
    return {**made, **({VARIABLE: json.dumps(asked)} if asked else {})}


def _surroundings(folder: Path, ours: Mapping[str, str]) -> dict[str, str]:
    home, temporary = folder / "home", folder / "tmp"
    temporary.mkdir()
    made = {"TMPDIR": str(temporary), "USER": "somebody", "LOGNAME": "somebody", "TERM": "dumb"}
    made["PATH"] = os.pathsep.join([ours.get("PATH", os.defpath), str(folder / "nothing")])
    if "HOME" in ours:
        home.symlink_to(ours["HOME"])
        made["HOME"] = str(home)
    return made


def other_locale(ours: Mapping[str, str]) -> str:
    """A locale that is not in force: one with other letters and commas when it is there."""
    import locale

    now = ours.get("LC_ALL") or ours.get("LANG") or "C"
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in LOCALES:
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
            if name.partition(".")[0] != now.partition(".")[0]:
                return name
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return "C.UTF-8" if now == "C" else "C"


def too_large(root: Path) -> str:
    """Why a project cannot be copied; empty when it can."""
    size_bytes = files = 0
    for here, _, names in _walk(root):
        for name in names:
            files += 1
            size_bytes += os.lstat(os.path.join(here, name)).st_size
        if size_bytes > COPY_BYTES_MAX or files > COPY_FILES_MAX:
            return f"the project has more than {COPY_BYTES_MAX // 10**6} MB or {COPY_FILES_MAX} files"
    return ""


def copy_project(root: Path, there: Path, base_dir: Path) -> None:
    """Copy a project's own files; what only tools look into is linked, and the store is left out."""
    for here, folders, names in _walk(root):
        target = there / os.path.relpath(here, root)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy2(os.path.join(here, name), target / name, follow_symlinks=False)
        for name in folders:
            source = Path(here, name)
            if source != base_dir:
                (target / name).symlink_to(source)


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The project's folders, each with the folders in it that are not entered, and its files."""
    for here, folders, names in os.walk(root):
        linked = sorted(name for name in folders if name.startswith(".") or name in _LINKED)
        folders[:] = sorted(name for name in folders if name not in linked and name != "__pycache__")
        plain = [name for name in sorted(names) if os.path.isfile(os.path.join(here, name))]
        yield here, linked, plain
