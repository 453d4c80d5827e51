"""The pages of `fozzy explain`: what an error code or a finding's title means, why it happens and what to do.

They are text in `explanations/`, a file for each area. A page begins with its names: `## name, another name`. Then
comes what it means, `why:`, `do:`, and perhaps a sample, indented by four. tests/cli/test_pages.py holds that every
code and title in the source has a page, and every page a code or title.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "explanations"
FILES = (
    "topics",
    "usage",
    "config",
    "scenario",
    "findings",
    "trace",
    "store",
    "shrink",
    "fuzz",
    "explore",
    "corpus",
    "artifacts",
    "report",
    "profile",
    "map",
    "gate",
    "simulation",
    "chaos",
    "reasons",
)
_PAGE = re.compile(r"^## (.+)\n\n((?:(?!## ).*\n?)*)", re.MULTILINE)
_STEP = "A finding of this title says that what the step expects did not hold."
_INVARIANT = "A finding of this title says that it did not hold."
_INVARIANTS, _FAULTS = "In a distributed file, invariants:", "In a distributed file, faults:"  # as cluster.txt has them
_STEP_WHY = "The message and the caret say which expectation it was and what was there instead."
_STEP_DO = "Mend what is tested, or the expectation. docs/reference/scenario.md has all fields of a step, cluster.md those of a distributed file."


class Page(NamedTuple):
    """One page. `area` is the file it stands in; a step's page is made from its description."""

    names: tuple[str, ...]
    area: str
    meaning: str
    why: str
    do: str
    sample: str


def pages() -> list[Page]:
    """Every page, in the order of the files."""
    return [page for area in FILES for page in _pages_of(area)]


def page_of(word: str) -> Page | None:
    """The page of a code, title, topic or step type."""
    wanted = word.strip().removeprefix("error[").rstrip("]:").replace(" ", "-").lower()
    by_name = {name: page for page in pages() for name in page.names}
    return by_name.get(wanted) or _step(wanted)


def names() -> list[str]:
    """Everything that has a page of its own."""
    return [name for page in pages() for name in page.names]


def heading(area: str) -> tuple[str, str]:
    """The title of an area and what is said about it."""
    title, _, rest = _text(area).partition("\n\n")
    return title.removeprefix("# "), _flowing(rest.partition("\n\n## ")[0])


def _text(area: str) -> str:
    return (FOLDER / f"{area}.md").read_text(encoding="utf-8")


def _pages_of(area: str) -> list[Page]:
    return [_page(area, match[1], match[2]) for match in _PAGE.finditer(_text(area))]


def _page(area: str, title: str, body: str) -> Page:
    parts = {"meaning": "", "why": "", "do": "", "sample": ""}
    for block in body.strip("\n").split("\n\n"):
        name, _, rest = block.partition(": ")
        if block.startswith("    "):
            parts["sample"] += "\n".join(line[4:] for line in block.split("\n"))
        elif name in ("why", "do"):
            parts[name] = _flowing(rest)
        else:
            parts["meaning"] = _flowing(block)
    return Page(tuple(title.split(", ")), area, **parts)


def _flowing(text: str) -> str:
    return " ".join(text.split())


def _step(name: str) -> Page | None:
    """The page of a step type or an invariant, made of its sentence."""
    text = "".join(
        (FOLDER.parent / "schemas" / file).read_text(encoding="utf-8") for file in ("steps.txt", "cluster.txt")
    )
    wanted = _STEP
    for line in text.splitlines():
        word, _, sentence = line.partition(" ")
        if line == _INVARIANTS:
            wanted = _INVARIANT
        elif line == _FAULTS:
            return None
        elif word == name:
            return Page((name,), "steps", f"{sentence.strip()} {wanted}", _STEP_WHY, _STEP_DO, "")
    return None
