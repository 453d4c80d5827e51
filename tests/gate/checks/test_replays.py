"""Replays: SAME and FIXED pass, a failure that is still there and another one fail, drift is no evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.engine.code import NO_CODE, Allowance
from fozzy.errors import Exit
from fozzy.gate.checked import Checked
from fozzy.gate.checks.replays import replays

CALL = {"type": "call", "function": "shop:price", "save_as": "price"}
CHECK = {"type": "assert_eq_int", "a": "${price}", "b": 3}


def look(trace: Path, *, strict: bool = True) -> Checked:
    """The check on a trace that may run user code."""
    return replays(trace, Allowance(True, Path()), strict=strict)[0]


def codes(checked: Checked) -> list[str]:
    """What was found."""
    return [each.code for each in checked.found]


def price(text: str) -> None:
    """What the user's code says."""
    Path("shop.py").write_text(f"def price():\n    return {text}\n")
    Path("fozzy.toml").write_text("det = true\nallow_code = true\n")


def test_a_passing_run_replays(recorded: Any) -> None:
    """SAME of a run that passed."""
    checked = replays(recorded("calm"), NO_CODE)[0]
    assert (checked.status, checked.ran) == ("pass", "SAME, 2 steps, 4 records")


def test_a_failure_that_is_still_there(recorded: Any) -> None:
    """SAME of a run that failed is a failure, with how to see it."""
    checked = replays(recorded("bad", {"type": "fail", "message": "no"}, code=1), NO_CODE)[0]
    assert (checked.exit_status, codes(checked)) == (Exit.FAIL, ["ci.failed"])
    assert "fozzy replay bad.fozzy" in checked.found[0].hint


def test_user_code_that_answers_differently_is_drift(recorded: Any, project: Path, sound: Any, fz: Any) -> None:
    """A call that was recorded to answer 3 and now answers 4 leaves the recording before its end."""
    sound("shop", CALL, CHECK)
    price("3")
    assert fz("run", "scenarios/shop.fozzy.json", "--record", "shop.fozzy").code == 0
    assert look(Path("shop.fozzy")).status == "pass"
    price("4 + 0")
    checked = look(Path("shop.fozzy"))
    assert (checked.exit_status, codes(checked)) == (Exit.EVIDENCE, ["ci.drift"])


def test_mended_and_changed(sound: Any, fz: Any, project: Path) -> None:
    """A call that raised and no longer does is FIXED and passes; one that raises otherwise is CHANGED."""
    sound("shop", {"type": "call", "function": "shop:price", "expect": 3})
    price("1 // 0")
    assert fz("run", "scenarios/shop.fozzy.json", "--record", "shop.fozzy").code == 1
    assert codes(look(Path("shop.fozzy"))) == ["ci.failed"]
    price("3 + 0 + 0")
    assert look(Path("shop.fozzy")).ran.startswith("FIXED")
    assert look(Path("shop.fozzy")).status == "pass"
    price("[][0] + 0 + 0")
    assert codes(look(Path("shop.fozzy"))) == ["ci.changed"]


def test_an_incomplete_recording(recorded: Any, fz: Any) -> None:
    """A recovered trace is no evidence, unless --unsafe takes what there is."""
    trace = recorded("calm")
    trace.write_bytes(b"".join(trace.read_bytes().splitlines(keepends=True)[:-2]))
    assert fz("trace", "recover", trace, "--out", "rest.fozzy").code == 0
    assert codes(look(Path("rest.fozzy"))) == ["ci.incomplete"]
    assert look(Path("rest.fozzy"), strict=False).status == "pass"
