"""What a watch says is short, and says what is not as it should be."""

from __future__ import annotations

from fozzy.cli.watch_screen import Standings, changed_lines, help_of_keys, said_line, standings_lines
from fozzy.report.text import Line, plain


def text(lines: list[Line]) -> list[str]:
    """Lines as one reads them."""
    return [plain(each).rstrip() for each in lines]


def test_what_changed_is_named_and_bounded() -> None:
    """Three names, then a number; nothing where there is none."""
    assert text(changed_lines("changed", ["a.py"])) == ["  changed  a.py"]
    assert text(changed_lines("gone", list("abcde"))) == ["  gone     a, b, c and 2 more"]
    assert changed_lines("changed", []) == []


def test_standings_say_only_what_there_is() -> None:
    """Failures, what has not run and what is not valid appear when there are any; keys where there are keys."""
    assert text(standings_lines(Standings(3, 0, 0, 0), has_keys=False)) == ["", "  watching 3 scenarios: 3 passed"]
    some = text(standings_lines(Standings(1, 2, 3, 1), has_keys=True))
    assert some[1] == "  watching 6 scenarios: 1 passed, 2 failed, 3 not run yet, 1 file invalid"
    assert some[2] == "  [enter] all  [f] failed  [q] quit  [?] help"
    assert "mended" in text(standings_lines(Standings(1, 0, 0, 0, True), has_keys=False))[1]


def test_help_names_every_key() -> None:
    """And fits a terminal."""
    lines = text(help_of_keys(1234))
    assert [each.split()[0] for each in lines[1:5]] == ["enter", "f", "q", "?"]
    assert "1,234 paths" in "".join(lines)
    assert max(map(len, lines)) <= 80
    assert text([said_line("nothing has failed")]) == ["  nothing has failed"]
