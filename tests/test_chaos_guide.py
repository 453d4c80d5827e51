"""The guides to chaos: every command they name is typed, in order, and says what the page shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.following import ROOT, Command, File, differences, parts

GUIDES = ["chaos.md", "chaos-in-tests.md", "chaos-from-others.md"]
TOOLS = ["curl", "jq"]


def page(name: str) -> str:
    """A guide."""
    return (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8")


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="the guides ask with curl and jq")
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_can_be_followed(name: str, tmp_path: Path) -> None:
    """Its files written, its commands typed: each says what stands below it, and ends as it is said to."""
    found = differences(page(name), tmp_path)
    assert found == [], "\n".join(map(str, found))


def test_a_page_that_is_not_true_is_noticed(tmp_path: Path) -> None:
    """Another output, another status, another end of what goes on: each is a difference, and a gap hides only lines."""
    untrue = """```console
$ echo one; echo two
one
three
$ exit 3
$ echo right
right
$ seq 5
1
…
5
$ seq 5
1
…
4
sleeper$ python3 -c 'import time; print("begun", flush=True); time.sleep(60)'
begun
sleeper^C
…
```
"""
    found = differences(untrue, tmp_path)
    assert [each.words for each in found] == ["echo one; echo two", "exit 3", "seq 5", "sleeper^C"]
    assert found[0].said == ["one", "two"] and found[1].status == 3


def test_the_guides_have_what_they_promise() -> None:
    """Each has files and commands; together they use every command of the proxy, and the traces that come of it."""
    typed = ""
    for name in GUIDES:
        found = list(parts(page(name)))
        assert any(isinstance(each, File) for each in found)
        typed += "".join(f"{each.words}\n" for each in found if isinstance(each, Command))
    for words in ("http", "scenarios", "status", "start", "stop", "journal"):
        assert f"fozzy proxy {words} " in typed or f"fozzy proxy {words}\n" in typed
    for words in (
        "--record",
        "--replay",
        "--auto",
        "--as-recorded",
        "--chaos",
        "--scenario",
        "--control",
        "replay ",
        "curl ",
    ):
        assert words in typed
