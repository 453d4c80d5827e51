"""`fozzy ci`: 0 for a sound trace, 1 for one that fails, 6 for one that cannot be trusted, 2 for a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_the_end_of_each_kind(shop: Any, fz: Any) -> None:
    """The worst of the checks decides."""
    fz("run", shop.passing, "--record", "good.fozzy")
    fz("run", shop.failing, "--record", "bad.fozzy")
    assert fz("ci", "good.fozzy").code == 0
    assert fz("ci", "@last-pass", "--flake-runs", "2", "--baseline", "good.fozzy").code == 0
    assert fz("ci", "bad.fozzy").code == 1
    Path("damaged.fozzy").write_bytes(Path("good.fozzy").read_bytes().replace(b"apple", b"apply", 1))
    assert fz("ci", "damaged.fozzy").code == 6
    assert fz("ci", "good.fozzy", "--baseline", "damaged.fozzy").code == 6
    assert fz("ci", "none.fozzy").code == 2


def test_the_document_has_verdict_and_checks(shop: Any, fz: Any) -> None:
    """Every check is there, with its status, what it ran and what it left out."""
    fz("run", shop.failing, "--record", "bad.fozzy")
    document = fz("ci", "bad.fozzy", "--json").document()
    assert (document["status"], document["verdict"], document["tracePath"]) == ("fail", "SAME", "bad.fozzy")
    assert [each["name"] for each in document["checks"]] == ["verify", "replay", "artifacts", "flake", "speed"]
    assert [each["status"] for each in document["checks"]] == ["pass", "fail", "pass", "skip", "skip"]


@pytest.mark.parametrize(
    "words",
    [
        ("--flake-budget", "5"),
        ("--max-slowdown", "5"),
        ("--flake-runs", "0"),
        ("--flake-runs", "5", "--flake-budget", "101"),
    ],
)
def test_mistakes(shop: Any, fz: Any, words: tuple[str, ...]) -> None:
    """What means nothing alone, or is out of range, is a mistake."""
    fz("run", shop.passing, "--record", "good.fozzy")
    assert fz("ci", "good.fozzy", *words).code == 2
