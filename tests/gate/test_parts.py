"""What is optional: found where it is, and had by the command that is told."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from fozzy.gate import parts
from fozzy.gate.parts import PARTS, Part, is_there, way_of_python, way_to

ROOT = Path(__file__).parent.parent.parent


def environment(folder: Path, monkeypatch: pytest.MonkeyPatch, cfg: str = "") -> None:
    """Have `folder` be the environment of this Python."""
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\n{cfg}", encoding="utf-8")
    monkeypatch.setattr(parts, "sys", SimpleNamespace(prefix=str(folder), executable="/opt/it/bin/python"))


def test_a_part_is_there_when_nothing_of_it_is_missing() -> None:
    """Every module and every program of it; one that is missing is enough."""
    assert is_there(Part("a", "", modules=("json",)))
    assert not is_there(Part("a", "", modules=("json", "no_such_module_of_ours")))
    assert is_there(Part("a", "", programs=("sh",)))
    assert not is_there(Part("a", "", programs=("sh", "no-such-program-of-ours")))


def test_looking_imports_nothing() -> None:
    """`fozzy env` says what is there without starting it."""
    before = set(sys.modules)
    for part in PARTS.values():
        is_there(part)
    assert not {name for name in set(sys.modules) - before if not name.startswith(("fozzy", "pwd"))}


def test_the_packages_are_those_of_the_extras() -> None:
    """What a part names is what pyproject.toml brings for it, under the same extra, and is installed for these tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    brought = {name: {re.split(r"[><=\[; ]", each)[0] for each in extras[name]} for name in extras}
    for part in PARTS.values():
        assert set(part.packages) == brought[part.extra] if part.extra else set(part.packages) <= brought["dev"]
    assert {part.extra for part in PARTS.values() if part.extra} == set(extras) - {"dev", "docs"}, (
        "those two are for who works on fozzy"
    )


def test_each_part_can_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Programs by the system's packages, everywhere one that exists."""
    environment(tmp_path, monkeypatch)
    ways = {}
    for system in ("linux", "darwin", "win32"):
        monkeypatch.setattr(parts, "SYSTEM", system)
        ways[system] = [way_to(PARTS[name]) for name in ("postgres", "map parsers")]
    assert ways == {
        "linux": ["apt-get install postgresql", "pip install 'fozzy[map]'"],
        "darwin": ["brew install postgresql", "pip install 'fozzy[map]'"],
        "win32": ["it is used on Linux and macOS only", "pip install 'fozzy[map]'"],
    }


def test_an_environment_of_pipx_and_of_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each has a way of its own, since there `pip` is that of another Python, or none."""
    environment(tmp_path, monkeypatch, "uv = 0.9.1\n")
    assert way_of_python(["pytest", "time-machine"], "pytest") == (
        "uv pip install --python '/opt/it/bin/python' pytest time-machine"
    )
    (tmp_path / "archive-v0").mkdir()
    environment(tmp_path / "archive-v0", monkeypatch, "uv = 0.9.1\n")
    assert way_of_python(["pytest", "time-machine"], "pytest") == "uvx --with pytest,time-machine"
    environment(tmp_path, monkeypatch)
    (tmp_path / "pipx_metadata.json").touch()
    assert way_of_python(["coverage"]) == "pipx inject fozzy coverage"
    environment(tmp_path, monkeypatch)
    (tmp_path / "pipx_metadata.json").unlink()
    assert way_of_python(["coverage"]) == "pip install coverage"


def test_an_interpreter_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an environment of its own it is pip."""
    monkeypatch.setattr(parts, "sys", SimpleNamespace(prefix=str(tmp_path), executable="/usr/bin/python3"))
    assert way_of_python([], "map") == "pip install 'fozzy[map]'"
