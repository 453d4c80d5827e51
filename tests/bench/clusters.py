"""The rows of clusters: the simulator beside simloop and simloom in one Python 3.12, else beside asyncio's own loop.

The rivals need Python 3.12, so where one is found a venv is made for this run, with fozzy's own dependencies and both
rivals from the index, and every row runs in it: one interpreter, one machine, one run. Without it, or without the
index, rows run in the interpreter at hand and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RIVALS = ("simloop", "simloom")
DRIVERS = ("asyncpg", "redis")  # what the programs of some rows use
INSTALL_S, ROW_S = 300, 600
Row = tuple[str, str, str, str]

TITLES = (
    ("three", "clusters: a run of three tasks", "10,000/s"),
    ("hop", "clusters: a hop of a ring", "4 us"),
    ("message", "clusters: an echo, a message", "60,000/s"),
)


class Missing(Exception):
    """A row cannot be measured; why."""


def rows(folder: Path) -> list[Row]:
    """All rows of clusters."""
    python, why = interpreter(folder)
    version = _told([python, "-c", "import json, sys; print(json.dumps('%d.%d.%d' % sys.version_info[:3]))"], folder)
    found: list[Row] = [("clusters: python of these rows", version, "", why)]
    for row in (_beside, _asyncpg, _race, _many):
        try:
            found += row(python, folder, why)
        except Missing as missing:
            found.append((f"clusters: {row.__name__.strip('_')}", f"not measured: {missing}", "", ""))
    return found


def interpreter(folder: Path) -> tuple[str, str]:
    """A Python that has the rivals, else the one at hand and why."""
    for path in _candidates():
        try:
            return _venv(path, folder / "rivals"), ""
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            return sys.executable, f"beside asyncio alone, as simloop and simloom could not be installed ({said[-1]})"
    return sys.executable, "beside asyncio alone, as simloop and simloom need Python 3.12 and none was found"


def _candidates() -> list[str]:
    known = sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python"), reverse=True)
    first = [sys.executable] if sys.version_info[:2] == (3, 12) else []
    named = shutil.which("python3.12")
    candidates = [*first, *([named] if named else []), *map(str, known)]
    return [path for path in candidates if _is_312(path)]


def _is_312(path: str) -> bool:
    code = "import sys, venv; sys.exit(sys.version_info[:2] != (3, 12))"
    try:
        return subprocess.run([path, "-c", code], capture_output=True, timeout=ROW_S).returncode == 0
    except OSError:
        return False


def _venv(path: str, place: Path) -> str:
    """A venv with all that the rows need. *Errors*: `OSError`, `SubprocessError`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    _run([path, "-m", "venv", str(place)])
    python = str(place / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "--disable-pip-version-check"]
    _run([*install, *project["dependencies"], *RIVALS, *DRIVERS])
    return python


def _run(command: list[str]) -> None:
    """*Errors*: `OSError`, `SubprocessError` with what was said as text."""
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        raise OSError(f"{command[0]} took longer than {INSTALL_S} s") from None


def _told(command: Sequence[str], folder: Path, statuses: Sequence[int] = (0,)) -> Any:
    """The JSON a command prints. *Errors*: `Missing`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=ROW_S)
    if done.returncode not in statuses:
        raise Missing((done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1])
    return json.loads(done.stdout)


def _beside(python: str, folder: Path, why: str) -> list[Row]:
    """The same asyncio programs under each simulator, each in a process of its own: two of them collect garbage in
    every run, and what the others have imported would count."""
    names = ["fozzy", "asyncio", *(() if why else RIVALS)]
    told: dict[str, Any] = {}
    for name in names:
        told |= _told([python, str(HERE / "workloads.py"), name], folder)
    made = []
    for key, title, budget in TITLES:
        own = told["fozzy"][key]
        ratios = ", ".join(f"{name} {told[name][key] / own:.1f} x" for name in names[1:])
        shown = f"{own * 1e6:.1f} us" if key == "hop" else f"{1 / own:,.0f}/s"
        made.append((title, shown, budget, f"{ratios} as long"))
    return made


def _programs(folder: Path) -> Path:
    """The programs of the bench, and the servers they speak to."""
    place = folder / "clusters"
    if not place.exists():
        shutil.copytree(HERE / "programs", place, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "scenarios/distributed/tiny_redis.py", place)
        shutil.copy(ROOT / "tests/sim/compat/programs/fake_postgres.py", place)
        (place / "fozzy.toml").write_text("det = true\n")
    return place


def _needs(python: str, folder: Path, module: str) -> None:
    """*Errors*: `Missing`."""
    _told([python, "-c", f"import {module}; print(0)"], folder)


def _asyncpg(python: str, folder: Path, _why: str) -> list[Row]:
    """Transfers through asyncpg's pool: in a process that does many, and each in a fork of its own."""
    _needs(python, folder, "asyncpg")
    told = _told([python, str(HERE / "executions.py"), "code", str(_programs(folder) / "bank.fozzy.toml")], folder)
    ratio = f"{told['alone'] / told['shared']:.1f} x in one process"
    return [
        ("clusters: asyncpg, an execution", f"{told['shared']:.1f} ms", "5 ms", ""),
        ("clusters: asyncpg, in a fork of its own", f"{told['alone']:.1f} ms", "", ratio),
    ]


def _race(python: str, folder: Path, _why: str) -> list[Row]:
    """A lost update through redis-py: explored until it fails, then shrunk."""
    _needs(python, folder, "redis")
    place = _programs(folder)
    fozzy = [python, "-m", "fozzy"]
    flags = ["--allow-code", "--json"]
    explore = [*fozzy, "explore", "race.fozzy.toml", "--seed", "1", "--record", "race.fozzy", *flags]
    found = _told(explore, place, (1,))["explore"]
    rounds = [_told([*fozzy, "shrink", "race.fozzy", *flags], place, (0, 1))["shrink"] for _ in range(3)]
    small = min(rounds, key=lambda each: each["durationMs"])
    took = small["durationMs"] / 1000
    left = f"{small['choicesNotBoring']} choices left of {small['choicesBefore']}, {small['runs']} runs"
    return [
        ("clusters: redis race, found", f"execution {found['executions']}, {found['durationMs'] / 1000:.1f} s", "", ""),
        ("clusters: redis race, shrunk", f"{took:.2f} s, {left}", "1 s, 6 choices", ""),
    ]


def _many(python: str, folder: Path, _why: str) -> list[Row]:
    """Ten thousand executions: of a builtin program in a campaign, and of user code in a worker."""
    place, made = _programs(folder), []
    for what, file, title in (("store", "store", "a builtin store"), ("worker", "turns", "a server and a client")):
        told = _told([python, str(HERE / "executions.py"), what, str(place / f"{file}.fozzy.toml")], folder)
        memory = f"{told['few_mb']:.0f} MB after 1,000, {told['many_mb']:.0f} MB after 10,000"
        made.append((f"clusters: 10,000 of {title}", f"{told['per_second']:,.0f}/s, {memory}", "flat", ""))
    return made


def main() -> None:
    """Print these rows alone."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fozzy-bench-") as name:
        for row in rows(Path(name)):
            print(*(f"{cell:<45}" for cell in row))


if __name__ == "__main__":
    main()
