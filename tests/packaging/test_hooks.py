"""The hooks for pre-commit: their file is what pre-commit takes, and each entry is a command that takes the files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fozzy.cli.commands import COMMANDS
from fozzy.core.forms import ENDINGS
from tests.packaging.built import ROOT

# By pre-commit's reference ("Creating new hooks"); id, name, entry and language are required.
REQUIRED = {"id", "name", "entry", "language"}
OPTIONAL = {"description", "files", "exclude", "types", "types_or", "require_serial", "pass_filenames", "stages"}
HOOKS = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}


def test_the_file_has_what_pre_commit_asks_for() -> None:
    """Each hook has the required fields, known ones only, and is installed by pip."""
    assert set(HOOKS) == {"fozzy-fmt", "fozzy-validate"}
    for hook in HOOKS.values():
        assert set(hook) >= REQUIRED and set(hook) <= REQUIRED | OPTIONAL
        assert hook["language"] == "python" and all(isinstance(hook[name], str) for name in REQUIRED)


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_is_for_scenarios(name: str) -> None:
    """It gets every form of scenario, in any folder, and no other file of a project."""
    pattern = re.compile(HOOKS[name]["files"])
    assert all(pattern.search(f"shop/scenarios/pay{suffix}") for suffix in ENDINGS)
    others = ("fozzy.toml", "package.json", "pay.fozzy", "pay.fozzy.jsonl", "payfozzy.json", "a.fozzy.json.bak")
    assert not any(pattern.search(other) for other in others)


@pytest.mark.parametrize("name", HOOKS)
def test_each_entry_takes_files(name: str, project: Path, fz: Callable[..., Any]) -> None:
    """With what is right it passes, with what is wrong it fails; fmt writes, which pre-commit takes for a failure."""
    program, *words = shlex.split(HOOKS[name]["entry"])
    assert program == "fozzy" and " ".join(words) in COMMANDS
    step = '{"type": "set_kv", "key": "a", "value": "b"}'
    Path("a b.fozzy.json").write_text(f'{{"version": 1, "name": "a", "steps": [{step}]}}')
    Path("c.fozzy.json").write_text('{"version": 1, "nam": "c"}')
    before = Path("a b.fozzy.json").read_text()
    assert fz(*words, "a b.fozzy.json").code == 0
    assert (Path("a b.fozzy.json").read_text() != before) == (name == "fozzy-fmt")
    assert fz(*words, "a b.fozzy.json", "c.fozzy.json").code == 2
