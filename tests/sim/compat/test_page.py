"""The page that lists the libraries says what is tested here."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCS = HERE.parent.parent.parent / "docs"


def made() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "libraries.py"))


def test_the_page_is_fresh() -> None:
    """It follows from the programs and the list in docs/libraries.py, with whatever versions it names."""
    assert not made()["is_stale"]()


def test_every_scenario_is_on_the_page() -> None:
    """No library is tested that the page does not name, and none is named that is not tested."""
    programs = {each.program for each in made()["LIBRARIES"]}
    text = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("*.fozzy.toml"))
    assert {each for each in programs if f"programs.{each}:" in text} == programs
    assert len(programs) == len([path for path in HERE.glob("*.fozzy.toml") if "surroundings" not in path.name])
