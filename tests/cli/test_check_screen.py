"""Checks on a screen: each has its line, what was found stands under it, and the end counts."""

from __future__ import annotations

from fozzy.cli.check_screen import FOUND_MAX, check_body, check_lines, counted, ending
from fozzy.errors import Problem, Where
from fozzy.gate.checked import Cause, Parted, judged, skipped, told
from fozzy.report.text import plain

PROBLEM = Problem(code="doctor.leftover", message="left\nhere", hint="rm it", where=Where("a", 1, 2))


def screen(check: object, *, verbose: bool = False) -> str:
    """The lines of a check as text."""
    return "\n".join(plain(each) for each in check_lines(check, verbose=verbose))  # type: ignore[arg-type]


def test_a_problem_has_its_place_and_hint() -> None:
    """Code, message on one line, place and hint; what was left out follows."""
    said = screen(judged("store", "1 run", [PROBLEM], left_out=["and more"]))
    assert said.splitlines()[0].split() == ["FAIL", "store", "1", "run"]
    for part in ("doctor.leftover: left\\nhere", "--> a:1:2", "hint      rm it", "left out: and more"):
        assert part in said


def test_information_is_shown_to_who_asks() -> None:
    """Advice about optional parts takes no room unless asked for."""
    check = told("git", "not found", [PROBLEM])
    assert "rm it" not in screen(check)
    assert "rm it" in screen(check, verbose=True)


def test_both_sides_of_a_difference() -> None:
    """A difference shows both runs and the cause with its line."""
    parted = Parted(
        scenario="s", record=3, first="1", other="2", way="w", causes=[Cause(kind="clock", message="c", at="a:1")]
    )
    check = judged("determinism", "ran", [PROBLEM])
    import msgspec

    said = screen(msgspec.structs.replace(check, parted=[parted]))
    assert "run 1     1" in said and "run 2     2" in said and "why       c, at a:1" in said


def test_many_problems_are_bounded() -> None:
    """A screen shows the first of many and says how many more there are."""
    check = judged("store", "ran", [PROBLEM] * (FOUND_MAX + 3))
    assert "and 3 more: --json has all" in screen(check)
    assert len(check_body(check).found) == FOUND_MAX + 3


def test_the_end_counts_and_names_what_was_skipped() -> None:
    """Problems, warnings and skips are counted; warnings alone say how they are let pass."""
    checks = [judged("a", "r", [PROBLEM], warns=True), skipped("b", "why")]
    assert counted(checks) == "no problem, 1 warning, skipped: 1 (b)"
    assert "--unsafe" in plain(ending(checks, strict=True)[-1])
    assert plain(ending(checks, strict=False)[-1]).startswith("  PASS")
    assert counted([judged("a", "r", [PROBLEM])]) == "1 problem"
