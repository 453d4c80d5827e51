"""`fozzy profile flame`: files made of a run, on stdout or where they are told to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def recorded(fz: Any, scenario: Any) -> str:
    """A run with virtual time alone."""
    fz("run", scenario("a", [{"type": "sleep", "duration": "5ms"}]), "--det", "--record", "t.fozzy")
    return "t.fozzy"


def test_flame_goes_to_stdout_or_a_file(fz: Any, recorded: str) -> None:
    """Without a file stdout has it and nothing else; with one it says where, which run, and how to measure real time."""
    assert fz("profile", "flame", recorded).out == "run;steps;steps[0]_sleep 5000000\n"
    said = fz("profile", "flame", recorded, "--format", "svg", "--out", "new/f.svg")
    assert said.code == 0 and "wrote new/f.svg" in said.out and "--det --profile" in said.out
    assert Path("new/f.svg").read_text(encoding="utf-8").startswith("<svg ")
    assert json.loads(fz("profile", "flame", recorded, "--format", "speedscope").out)["name"] == "a"


def test_the_timeline_is_one_page(fz: Any, recorded: str) -> None:
    """It is written where it is told to go, or printed."""
    page = fz("profile", "timeline", recorded).out
    assert page.startswith("<!doctype html>") and fz("profile", "timeline", recorded, "--out", "t.html", "-q").code == 0
    assert Path("t.html").read_text(encoding="utf-8") == page


def test_exports_are_the_same_every_time(fz: Any, recorded: str) -> None:
    """Each format is written, and twice the same bytes."""
    for form in ("speedscope", "pprof", "otlp"):
        for name in ("a", "b"):
            assert fz("profile", "export", recorded, "--format", form, "--out", f"{form}.{name}").code == 0
        assert Path(f"{form}.a").read_bytes() == Path(f"{form}.b").read_bytes() != b""


def test_what_cannot_be(fz: Any, recorded: str) -> None:
    """Two answers on one stdout, real time that is not there, and a file that cannot be written are errors."""
    assert "usage.two_reports" in fz("profile", "flame", recorded, "--json").out
    assert "profile.not_timed" in fz("profile", "flame", recorded, "--by", "real").err
    Path("taken").mkdir()
    said = fz("profile", "flame", recorded, "--out", "taken")
    assert said.code == 2 and "report.unwritable" in said.err
