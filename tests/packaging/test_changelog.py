"""CHANGELOG.md and the fragments it is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.changelog import AREAS, CHANGES, HEADINGS, fragments, notes, page, release, released
from tests.packaging.built import ROOT


@pytest.fixture
def changes(tmp_path: Path) -> Path:
    """A folder with one change of each kind, and one release."""
    texts = {"tcp-b.feature": "Two\nlines.", "call.feature": "Calls.", "x.fix": "Mended.", "zz.change": "Other."}
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(f"{text}\n")
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "0.9.0.md").write_text("## 0.9.0, 2025-01-01\n\n### New\n\n- Old.\n")
    return tmp_path


def test_each_fragment_is_well_formed() -> None:
    """A name of its kind, and a few sentences without a heading."""
    found = fragments()
    assert found or released()
    for each in found:
        assert each.kind in HEADINGS and each.text.endswith((".", "`", ")", "…")), each.slug
        assert 1 <= len(each.text.splitlines()) <= 30 and not each.text.startswith(("#", "-", "*")), each.slug


def test_the_page_tells_nothing_else() -> None:
    """Every line of CHANGELOG.md comes from docs/changes, in its order; it may lag behind until the next make generate."""
    made = iter(page().splitlines())
    written = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    strange = [line for line in written if line and line not in made]
    assert strange == []
    assert sum(line.startswith("- ") for line in written) > 50


def test_changes_stand_by_kind_and_subject(changes: Path) -> None:
    """New before changed before mended; in each the subjects in their order; lines of one item are one item."""
    text = page(changes)
    wanted = [
        "## Not released yet",
        "### New",
        "- Calls.",
        "- Two",
        "  lines.",
        "### Changed",
        "- Other.",
        "### Mended",
    ]
    assert [line for line in text.splitlines() if line in wanted][: len(wanted)] == wanted
    assert text.index("- Mended.") < text.index("## 0.9.0, 2025-01-01") < text.index("- Old.")
    assert len(set(AREAS)) == len(AREAS)


def test_a_release_takes_the_fragments(changes: Path) -> None:
    """They become the section of their version, before older ones, and are gone; ten comes after nine."""
    release("0.10.0", "2026-01-31", changes)
    assert not [path for path in changes.iterdir() if path.is_file()]
    assert [version for version, _ in released(changes)] == ["0.10.0", "0.9.0"]
    assert "Not released yet" not in page(changes) and "## 0.10.0, 2026-01-31\n\n### New\n\n- Calls." in page(changes)
    assert notes(changes).startswith("### New\n\n- Calls.") and "Old." not in notes(changes)


@pytest.mark.parametrize(
    ("version", "date", "message"),
    [("0.9.0", "2026-01-31", "released already"), ("1.0", "2026-01-31", "has a version"), ("1.0.0", "now", "has a")],
)
def test_what_is_no_release_changes_nothing(changes: Path, version: str, date: str, message: str) -> None:
    """A version that was released, or that is none, and a date that is none."""
    before = page(changes)
    with pytest.raises(ValueError, match=message):
        release(version, date, changes)
    assert page(changes) == before


def test_a_name_that_is_none_is_refused(changes: Path) -> None:
    """A fragment that would be left out is named."""
    (changes / "Thing.txt").touch()
    with pytest.raises(ValueError, match=r"Thing\.txt is not named"):
        page(changes)


def test_it_is_run_by_itself() -> None:
    """Without fozzy's libraries: the notes of a release are printed on a machine that has nothing."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "docs" / "changelog.py", "--notes"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == notes(CHANGES)
