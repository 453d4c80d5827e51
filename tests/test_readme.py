"""The README is what a new user sees first: its ten commands, typed in an empty folder, say what it shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.following import ROOT, Command, differences, parts

README = (ROOT / "README.md").read_text(encoding="utf-8")
TEN = README[README.index("## From nothing") : README.index("## Resilience tests")]
WIRE = README[README.index("## Chaos on the wire") : README.index("## In CI")]
SHOP = "`shop.py`:\n\n```python\nleft = 1\n```\n\n"  # something to ask the service for


def test_the_ten_commands_do_what_is_shown(tmp_path: Path) -> None:
    """From nothing to a failure that is recorded, replayed, shrunk, kept and mended: every line of it, times aside."""
    typed = [part.words for part in parts(TEN) if isinstance(part, Command)]
    assert len(typed) == 9  # and the one that installs, which tests/test_readme_project does
    words = [line.split()[1] for line in typed]
    assert words == ["init", "test", "validate", "run", "explore", "replay", "shrink", "test", "test"]
    assert re.search(r"^pip install", README[: README.index(TEN)], re.MULTILINE)
    found = differences(TEN, tmp_path)
    assert found == [], "\n".join(map(str, found))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README asks with curl")
def test_the_proxy_does_what_is_shown(tmp_path: Path) -> None:
    """It strikes the same requests, and its recording is decided again without the service."""
    assert sum(isinstance(part, Command) for part in parts(WIRE)) == 6
    found = differences(SHOP + WIRE, tmp_path)
    assert found == [], "\n".join(map(str, found))


def test_it_is_short_and_leads_on() -> None:
    """It is read to its end, fits a screen, and every page it names is there."""
    lines = README.splitlines()
    assert len(lines) < 400
    assert max(len(line) for line in lines if not line.startswith(("E ", "replay it", "shrink it"))) <= 122
    named = re.findall(r"\]\(([^)#]+)", README)
    assert len(named) > 20
    assert [name for name in named if not name.startswith("http") and not (ROOT / name).exists()] == []
