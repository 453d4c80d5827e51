"""`fozzy doctor`: 0 when nothing is wrong, 1 when something is, 2 when it was asked for what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_sound_project(shop: Any, fz: Any) -> None:
    """Every check is listed, and the end says that there is no problem."""
    ran = fz("doctor", "--deep", "--scenario", shop.passing, "--runs", "2", "--seed", "7")
    assert ran.code == 0
    assert "1 scenario x 2 runs, seed 7" in ran.out
    assert ran.out.splitlines()[-1] == "  PASS  no problem"
    assert not Path(".fozzy").exists(), "the doctor makes no run"


def test_a_live_clock_is_found(project: Path, fz: Any) -> None:
    """A scenario that reads the clock through a process fails, with the cause in the document."""
    Path("a.fozzy.json").write_text(
        '{"version": 1, "name": "n", "backends": {"proc": "host"},'
        ' "steps": [{"type": "proc_spawn", "cmd": "date", "args": ["+%s%N"]}]}'
    )
    ran = fz("doctor", "--deep", "--scenario", "a.fozzy.json", "--runs", "3", "--json")
    assert ran.code == 1
    [check] = [each for each in ran.document()["checks"] if each["status"] == "fail"]
    assert check["found"][0]["code"] == "doctor.not_deterministic"
    assert [cause["kind"] for cause in check["parted"][0]["causes"]] == ["clock"]


def test_what_cannot_be(shop: Any, fz: Any) -> None:
    """A scenario that is not there and a number of runs that cannot be are mistakes."""
    assert fz("doctor", "--scenario", "nowhere.fozzy.json").code == 2
    assert fz("doctor", "--deep", "--runs", "1").code == 2
    assert fz("doctor", "--runs", "5").code == 2


def test_quiet_is_one_line(shop: Any, fz: Any) -> None:
    """`-q` leaves the verdict."""
    assert fz("doctor", "-q").out == "  PASS  no problem, skipped: 1 (determinism)\n"


def test_a_killed_run_fails_only_a_strict_doctor(shop: Any, fz: Any) -> None:
    """A warning fails unless --unsafe lets it pass."""
    import os

    left = Path(".fozzy/runs/0123abcd/trace.fozzy.0123abcd.partial")
    left.parent.mkdir(parents=True)
    left.write_text("")
    os.utime(left, (1, 1))
    assert fz("doctor").code == 1
    assert fz("doctor", "--unsafe").code == 0
