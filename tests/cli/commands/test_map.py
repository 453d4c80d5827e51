"""`fozzy map`: what is asked for, what is shown, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Fz = Callable[..., Any]
RISKY = """\
def {0}(amount, retries=3):
    for attempt in range(retries):
        lock(amount)
    raise ValueError
"""


@pytest.fixture
def code(project: Path) -> Path:
    """Thirty risky functions in thirty files, and a harmless one."""
    for number in range(30):
        (project / f"m{number:02}.py").write_text(RISKY.format(f"charge{number}"))
    (project / "plain.py").write_text("def plain(a):\n    return a\n")
    return project


def rows(document: Any) -> list[str]:
    """The names of the hotspots on a page."""
    return [each["name"] for each in document["hotspots"]]


def test_paging_is_honest(code: Path, fz: Fz) -> None:
    """A page says where it is and how much there is; what is not shown is counted on the screen."""
    first = fz("map", "hotspots", "--json").document()
    assert len(rows(first)) == 20 and first["page"] == {"offset": 0, "limit": 20, "shown": 20, "total": 30}
    second = fz("map", "hotspots", "--json", "--offset", "20").document()
    assert set(rows(first)) | set(rows(second)) == {f"charge{number}" for number in range(30)}
    everything = fz("map", "hotspots", "--json", "--all").document()
    assert rows(everything) == rows(first) + rows(second) and everything["page"]["limit"] is None
    said = fz("map", "hotspots", "--limit", "22").out
    assert "... 8 more" in said and "--all to list them" in said
    last = fz("map", "hotspots", "--limit", "5", "--offset", "25").out
    assert "25 before these" in last and "more" not in last
    assert fz("map", "hotspots", "--offset", "99", "--json").document()["page"]["shown"] == 0


def test_filters(code: Path, fz: Fz, scenario: Any) -> None:
    """Only what lacks evidence, only what is required; totals are of the whole map."""
    step = {"type": "call", "function": "m00:charge0", "args": [1, 0], "expect_raises": "ValueError"}
    assert fz("run", scenario("scenarios/a", [step]), "--allow-code").code == 0
    document = fz("map", "suites", "--only-uncovered", "--all", "--json").document()
    assert "charge0" not in rows(document) and document["page"]["total"] == 29
    assert document["totals"]["hotspots"] == 30 and document["totals"]["covered"] == 1
    assert document["suites"] == [
        {
            "scenario": "scenarios/a.fozzy.json",
            "valid": True,
            "runs": 1,
            "touches": ["m00.py:1 charge0"],
            "stale": 0,
            "namesOnly": 0,
        }
    ]
    assert fz("map", "hotspots", "--only-required", "--json").document()["page"]["total"] == 0
    assert fz("map", "hotspots", "--only-required", "--profile", "pedantic", "--json").document()["page"]["total"] == 30
    services = fz("map", "services", "--json").document()["services"]
    assert [(each["name"], each["hotspots"], each["covered"]) for each in services] == [(".", 30, 1)]
    assert fz("map", "services", "--only-required", "--json").document()["services"] == []


def test_strict_and_degraded(code: Path, fz: Fz) -> None:
    """What could not be looked at is listed in text and JSON, and fails the command unless it is told to be unsafe."""
    (code / "gone.py").symlink_to("nowhere")
    (code / "scenarios").mkdir()
    (code / "scenarios/bad.fozzy.json").write_text("{}")
    (code / "scenarios/unread.fozzy.json").symlink_to("unread.fozzy.json")
    for word in ("hotspots", "services", "suites"):
        ran = fz("map", word)
        assert ran.code == 1 and "degraded: 3 things could not be looked at, so this is a lower bound" in ran.out
        for path in ("gone.py", "scenarios/bad.fozzy.json", "scenarios/unread.fozzy.json"):
            assert path in ran.out
        unsafe = fz("map", word, "--unsafe")
        assert unsafe.code == 0 and unsafe.out == ran.out
        document = fz("map", word, "--json").document()
        assert document["status"] == "fail"
        assert document["degraded"]["counts"] == {"invalid_scenario": 1, "unreadable": 1, "unreadable_scenario": 1}
        assert len(document["degraded"]["reasons"]) == 3
        assert fz("map", word, "--json", "--unsafe").document()["status"] == "pass"


def test_many_doubts_are_counted_and_listed_on_demand(code: Path, fz: Fz) -> None:
    """The screen shows the first ten; -v shows all."""
    for number in range(15):
        (code / f"x{number:02}.py").symlink_to("nowhere")
    short, full = fz("map", "hotspots").out, fz("map", "hotspots", "-v").out
    assert "... 5 more" in short and "x14.py" not in short and "x14.py" in full


def test_uncovered_hotspots_are_no_failure(code: Path, fz: Fz) -> None:
    """A map says what is so; whether that is good enough is for a gate."""
    assert fz("map", "suites", "--only-uncovered").code == 0


def test_the_project_is_mapped_from_anywhere(code: Path, fz: Fz, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --root it is the project's folder, wherever the command is typed."""
    (code / "fozzy.toml").write_text("")
    (code / "sub").mkdir()
    monkeypatch.chdir(code / "sub")
    assert fz("map", "hotspots", "--json").document()["files"]["read"] == 31


def test_what_is_no_folder(code: Path, fz: Fz) -> None:
    """A file or nothing at all is refused, whichever option names it."""
    for flag in ("--root", "--scenario-root"):
        for word in ("plain.py", "nowhere", ""):
            ran = fz("map", "hotspots", flag, word, "--json")
            assert ran.code == 2 and ran.document()["error"]["code"] == "map.no_folder"


def test_hostile_names_stay_in_their_line(project: Path, fz: Fz) -> None:
    """Line ends, escapes and bytes that are no UTF-8 in names of files move no cursor and forge no line."""
    for name in (b"a\n  99  forged.py", b"b\x1b[2J.py", b"c\xff.py"):
        with open(os.path.join(os.fsencode(project), name + b".py"), "wb") as stream:
            stream.write(RISKY.format("charge").encode())
    for words in (("hotspots",), ("services", "-v"), ("suites", "-v"), ("hotspots", "--json")):
        ran = fz("map", *words)
        assert ran.code == 0 and "\x1b" not in ran.out and "\n  99  forged" not in ran.out
