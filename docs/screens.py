"""Screens in pages: what stands below `<!-- screen: NAME -->` is the screen of that name that tests compare, word for word.

A test types the command of each screen (tests/cli/test_screens.py). Here its words and the kept screen go into the page, so
a page never shows anything else. Files and folders of a screen are those of that test.
"""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"^<!-- screen: (?P<name>[\w-]+) -->\n(?:```text\n.*?^```\n)?", re.DOTALL | re.MULTILINE)


def screen(name: str) -> str:
    """A block with the command of a screen and what it says."""
    tested = import_module("tests.cli.test_screens")
    words = shlex.join(["fozzy", *tested.BY_NAME[name].words])
    said = (tested.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return f"<!-- screen: {name} -->\n```text\n$ {words}\n{said.rstrip()}\n```\n"


def pages() -> dict[Path, str]:
    """Every page that has screens, with the screens as they are now."""
    made = {}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if MARK.search(text):
            made[path] = MARK.sub(lambda found: screen(found["name"]), text)
    return made
