"""The guides and the examples of distributed scenarios: every command they name does what they say."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories import BLOCK, PAGES, ROOT, files_in, shown, story_of

Fz = Callable[..., Any]

GUIDE = "docs/guides/first-distributed-bug.md"
EXAMPLES = "scenarios/distributed/README.md"
FAILS = ("explore", "run", "replay")  # commands that end with 1 where a page shows a bug
SAME_PYTHON = sys.version_info[:2] == (3, 11)  # a seed may schedule programs otherwise on another


def page(name: str) -> str:
    """A page."""
    return (ROOT / name).read_text(encoding="utf-8")


def commands(text: str) -> list[list[str]]:
    """The commands of a page, in order, without the word fozzy."""
    lines = [line.removeprefix("$ ") for block in BLOCK.finditer(text) for line in block[2].splitlines()]
    return [line.partition("  #")[0].split()[1:] for line in lines if line.startswith("fozzy ")]


def typed(fz: Fz, words: list[str], stories: dict[str, list[str]]) -> None:
    """Type a command: it ends as it must, and tells the story that its page shows."""
    story = stories.pop(" ".join(words), None)
    ran = fz(*words, *([] if story is None else ["--json"]))
    assert ran.code == (1 if words[0] in FAILS else 0), (words, ran.said)
    assert story is None or story == story_of(ran.document()), words


def stories_of(text: str) -> dict[str, list[str]]:
    """The stories on a page, by the words of the commands that tell them; `python -m tests.stories` writes them anew."""
    return {
        each.run[2].strip().removeprefix("$ ").removeprefix("fozzy "): each.story[2].splitlines()
        for each in shown(text)
    }


@pytest.mark.skipif(not SAME_PYTHON, reason="the seeds on the page are of Python 3.11")
def test_the_guide_can_be_followed(fz: Fz, project: Path) -> None:
    """Its files, its commands in order: the bug is found, replayed, its story told, made small, mended."""
    files = files_in(page(GUIDE))
    assert set(files) == {"seats.py", "seats.fozzy.toml"} and len(files["seats.py"]) == 2
    for name, versions in files.items():
        (project / name).write_text(versions[0], encoding="utf-8")
    every, stories = commands(page(GUIDE)), stories_of(page(GUIDE))
    assert [each[0] for each in every] == ["validate", "explore", "run", "replay", "trace", "shrink", "test"]
    assert stories
    for words in every[:-1]:
        typed(fz, words, stories)
    assert stories == {}
    assert fz("test", "regressions", "--allow-code").code == 1
    (project / "seats.py").write_text(files["seats.py"][1], encoding="utf-8")
    mended = fz(*every[-1])
    assert mended.code == 0 and "100 executions" in mended.out
    assert fz("test", "regressions", "--allow-code").code == 0


@pytest.mark.skipif(not SAME_PYTHON, reason="the seeds on the page are of Python 3.11")
def test_the_commands_of_the_examples_work(fz: Fz, project: Path) -> None:
    """Those about runs, in their order, in a project that has the planted bugs; each story is what its command tells now."""
    others = shutil.ignore_patterns("*.pass.fozzy.*")  # tests/test_scenarios.py runs each example
    shutil.copytree(ROOT / "scenarios" / "distributed", project / "scenarios" / "distributed", ignore=others)
    every, stories = commands(page(EXAMPLES)), stories_of(page(EXAMPLES))
    assert len(every) > 6 and len(stories) > 1
    for words in every:
        typed(fz, words, stories)
    assert stories == {}


def test_no_story_is_left_out() -> None:
    """Each page whose stories are written anew is followed here."""
    assert set(PAGES) == {GUIDE, EXAMPLES}


def test_every_example_is_on_its_page() -> None:
    """The page names each scenario of the folder, and each program beside them."""
    text = page(EXAMPLES)
    folder = ROOT / "scenarios" / "distributed"
    names = [path.name.partition(".fozzy")[0] for path in folder.glob("*.fozzy.*")] + [
        path.name for path in folder.glob("*.py")
    ]
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in text] == []


def test_planted_bugs_have_a_twin() -> None:
    """Each scenario that fails shares its program or store with one that passes."""
    folder = ROOT / "scenarios" / "distributed"
    rows = [line for line in page(EXAMPLES).splitlines() if ".fail`" in line and line.startswith("|")]
    assert len(rows) == len(list(folder.glob("*.fail.fozzy.*")))
    assert all(".pass`" in row for row in rows)
