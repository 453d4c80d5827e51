"""The guides to chaos: every command they name is typed, in order, and says what the page shows."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.following import ROOT, Command, File, Reader, differences, parts, same

RESILIENCE = "resilience.md"
GUIDES = ["chaos.md", "chaos-in-tests.md", "chaos-from-others.md", "chaos-tcp.md"]
TOOLS = ["curl", "jq"]


def real_services() -> bool:
    """Whether Redis and PostgreSQL can be started."""
    if os.environ.get("FOZZY_REQUIRE_ALL"):
        return True
    from fozzy.chaos.services.binaries import binary

    return all(binary(name) for name in ("redis-server", "initdb"))


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
    for words in ("http", "tcp", "scenarios", "status", "start", "stop", "journal"):
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


ALONE = re.compile(r"pytest -q (test_\w+\.py)")  # a command that is only about one file
DOTS = 72  # of a line of pytest's, before its percents
with_services = pytest.mark.skipif(
    not real_services(), reason="the guide to resilience tests needs redis-server and PostgreSQL"
)


def resilience(folder: Path) -> tuple[Reader, list[Command]]:
    """A reader who has written all files of that guide, and its commands."""
    text = page(RESILIENCE)
    reader = Reader(folder, text)
    for part in parts(text):
        if isinstance(part, File):
            reader.do(part)
    return reader, [part for part in parts(text) if isinstance(part, Command)]


@with_services
def test_each_test_of_the_guide_to_resilience_passes(tmp_path: Path) -> None:
    """As it stands there, before real services: all files in one run, of which each command's own lines are made."""
    reader, commands = resilience(tmp_path)
    alone = [(found[1], each) for each in commands if (found := ALONE.fullmatch(each.words))]
    assert len(alone) == 5
    files = " ".join(name for name, _ in alone)
    with reader:
        status, said = reader.type(Command("", f"pytest -q -rA {files}", False, [], 0, 0))
    assert status == 0, "\n".join(said)
    passed = Counter(found[1] for line in said if (found := re.match(r"PASSED (test_\w+\.py)::", line)))
    for name, command in alone:
        count = passed[name]
        assert same(command.shown, [f"{'.' * count:{DOTS}} [100%]", f"{count} passed in 1.00s"]), (name, count)


@with_services
def test_the_other_commands_of_the_guide_to_resilience_work(tmp_path: Path) -> None:
    """The runner, and the same with several seeds, each typed as it stands."""
    reader, commands = resilience(tmp_path)
    others = [each for each in commands if not ALONE.fullmatch(each.words)]
    assert len(others) == 2
    with reader:
        found = [different for each in others if (different := reader.do(each))]
    assert found == [], "\n".join(map(str, found))


def test_the_guide_has_every_item_of_both_plans() -> None:
    """Each number of the one and each step of the other, every example within ten lines or two more, four findings."""
    text = page(RESILIENCE)
    numbers = [
        *(f"**1.{n}" for n in range(1, 6)),
        *(f"**2.{n}" for n in range(1, 6)),
        *(f"**3.{n}" for n in range(1, 7)),
    ]
    for item in [*numbers, *(f"**Step {n}" for n in range(1, 8))]:
        assert item in text, item
    files = [part for part in parts(text) if isinstance(part, File)]
    assert sum(part.text.count("\ndef test_") + part.text.count("\nasync def test_") for part in files) >= 24
    assert sum(part.name == "test_surprises.py" for part in files) == 4
    tests = [piece for part in files for piece in re.split(r"\n\n\n", part.text) if "def test_" in piece]
    assert [lines for lines in map(said_in, tests) if len(lines) > 12] == []


def said_in(test: str) -> list[str]:
    """The lines of a test below its name."""
    body = re.split(r"\n(?:async )?def test_", test)[1]
    return [line for line in body.splitlines()[1:] if line.strip()]
