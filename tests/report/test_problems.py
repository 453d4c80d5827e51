"""Problems with their carets."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.core.outcome import Finding, Location
from fozzy.errors import InputError, Problem, Where
from fozzy.report.problems import (
    EXCERPT_CHARS,
    PROBLEMS_MAX,
    Spot,
    error_lines,
    excerpt,
    finding_place,
    problem_lines,
    tally,
)
from fozzy.report.text import SPAN_CHARS_MAX, plain


def shown(lines: list[list[object]]) -> list[str]:
    """Lines as text."""
    return [plain(each) for each in lines]  # type: ignore[arg-type]


def caret(lines: list[str]) -> str:
    """What stands above the carets."""
    start = lines[-1].index("^")
    return lines[-2][start : start + lines[-1].count("^")]


def test_a_problem_in_full() -> None:
    """Code and message, place, the line with its caret and label, a hint."""
    problem = Problem(
        code="scenario.unknown_step",
        message='unknown step type "slep"',
        where=Where("a/b.fozzy.json", 14, 15),
        hint='did you mean "sleep"?',
        label="not a step type",
        length=6,
        text='    { "type": "slep" },',
    )
    assert shown(problem_lines(problem)) == [
        'error[scenario.unknown_step]: unknown step type "slep"',
        "  --> a/b.fozzy.json:14:15",
        "   |",
        '14 |     { "type": "slep" },',
        "   |               ^^^^^^ not a step type",
        "   |",
        'hint: did you mean "sleep"?',
    ]


def test_a_problem_with_two_places() -> None:
    """The earlier place is underlined, the later one has the caret."""
    problem = Problem(
        code="scenario.duplicate_key",
        message='"name" is given twice',
        where=Where("a", 10, 3),
        label="the second would win silently",
        length=6,
        text='  "name": "b",',
        first=Where("a", 9, 3),
        first_text='  "name": "a",',
        first_length=6,
    )
    lines = shown(problem_lines(problem))
    assert [each for each in lines if "first here" in each or "second" in each] == [
        "  |   ------ first here",
        "   |   ^^^^^^ the second would win silently",
    ]


def test_what_is_not_known_is_not_shown() -> None:
    """A problem without a place, a text or a hint is one line; with a file alone it has no line number."""
    assert shown(problem_lines(Problem(code="a.b", message="c"))) == ["error[a.b]: c"]
    assert shown(problem_lines(Problem(code="a.b", message="c", where=Where("f"))))[1:] == ["  --> f"]


@pytest.mark.parametrize("col", [1, 50, 99, 100, 101, 150, 5_000, 9_990, 10_000])
def test_a_long_line_is_cut_around_the_caret(col: int) -> None:
    """However long the line, what is pointed at is on the screen, and nothing much besides."""
    text = "".join(chr(ord("a") + index % 26) for index in range(10_000))
    lines = shown(excerpt(Spot(text, 7, col, 3, "here")))
    assert caret(lines)[: len(text[col - 1 : col + 2])] == text[col - 1 : col + 2]
    assert max(map(len, lines)) < EXCERPT_CHARS + 20
    assert lines[-1].endswith(" here")


@pytest.mark.parametrize("text", ["", "short", "\tkey = 1", "\x1b[31m x", "漢字 key"])
@pytest.mark.parametrize("col", [1, 3, 500])
def test_any_place_of_any_line_can_be_pointed_at(text: str, col: int) -> None:
    """A column outside the line, tabs and controls harm nothing; there is always a caret."""
    lines = shown(excerpt(Spot(text, 1, col, 1_000_000, "x" * 1_000_000)))
    assert lines[-1].count("^") >= 1
    assert all(each.isprintable() for each in lines)
    assert max(map(len, lines)) < SPAN_CHARS_MAX + 400


@pytest.mark.parametrize(
    ("before", "word", "spaces", "carets"),
    [
        ("caf\u00e9 ", "x", 5, 1),
        ("cafe\u0301 ", "x", 5, 1),
        ("日本 ", "x", 5, 1),
        ("😀", "語学", 2, 4),
        ("", "a\u200d", 0, 1),
    ],
)
def test_a_caret_stands_below_what_it_means(before: str, word: str, spaces: int, carets: int) -> None:
    """Wide characters take two columns, marks none: before the caret and above it."""
    marked = shown(excerpt(Spot(f"{before}{word} end", 1, len(before) + 1, len(word), "")))[-1]
    assert marked == f"  | {' ' * spaces}{'^' * carets}"


def test_a_tab_before_the_caret_keeps_the_column() -> None:
    """The caret stands under what it points at, also behind tabs and what had to be escaped."""
    assert caret(shown(excerpt(Spot("\t\tkey = 1", 1, 3, 3, "")))) == "key"
    assert caret(shown(excerpt(Spot("\x00key = 1", 1, 2, 3, "")))) == "key"


def test_a_text_without_its_line_is_not_shown() -> None:
    """Where only the file is known, as of a trace's own scenario, no line is made up."""
    problem = Problem(code="code.not_allowed", message="no", where=Where("kept/s.fozzy"), text='{"type": "call"}')
    assert shown(problem_lines(problem)) == ["error[code.not_allowed]: no", "  --> kept/s.fozzy"]


def test_many_problems() -> None:
    """Twenty are shown with a line between them, the rest is counted."""
    problems = [Problem(code=f"a.b{number}", message="c") for number in range(PROBLEMS_MAX + 7)]
    lines = shown(error_lines(InputError.of(problems)))
    assert len([each for each in lines if each.startswith("error[")]) == PROBLEMS_MAX
    assert lines[-1] == "and 7 more"
    assert lines[1] == ""
    two = shown(error_lines(InputError.of(problems[:2])))
    assert two == ["error[a.b0]: c", "", "error[a.b1]: c"]


def test_tallies() -> None:
    """One is one and more are more."""
    one, many = [Problem(code="a.b", message="c")], [Problem(code="a.b", message="c")] * 4
    assert tally(one, 1, 1) == "1 problem in 1 of 1 file"
    assert tally(many, 2, 11) == "4 problems in 2 of 11 files"


def test_where_a_finding_stands() -> None:
    """With a step's path or a text there is a place; without any there is none."""
    place = {"file": "f", "line": 3, "col": 2}
    finding = Finding(kind="assertion", title="t", message="m")
    assert finding_place(finding, "") == []
    drifted = Finding(kind="checker", title="t", message="m", location=Location(**place, path=""))
    assert finding_place(drifted, "") == []
    placed = Finding(kind="assertion", title="t", message="m", location=Location(**place, path="steps[0]"))
    assert shown(finding_place(placed, "    ")) == ["    --> f:3:2"]
    full = Finding(kind="assertion", title="t", message="m", location=Location(**place, path="", text="abc"))
    assert shown(finding_place(full, "    ")) == ["    --> f:3:2", "      |", "    3 | abc", "      |  ^"]


@pytest.mark.parametrize("evil", ["a\nerror[x.y]: forged", "\x1b[2J", "\u202e", "\x00"])
def test_no_text_of_an_input_can_pass_for_ours(evil: str) -> None:
    """Messages, hints and file names are parts of lines, whatever they hold."""
    problem = Problem(code="a.b", message=evil, where=Where(evil, 1, 1), hint=evil, label=evil, text=evil)
    lines = shown(problem_lines(problem))
    assert all(each.isprintable() for each in lines)
    assert len([each for each in lines if each.startswith("error[")]) == 1


def test_a_place_far_to_the_right_is_shown() -> None:
    """Of a very long line the part around the caret is kept, and the caret stands under it."""
    location = Location(file="f", line=1, col=10_001, path="steps[0]", text="a" * 200 + "HERE" + "b" * 196, cut=9_800)
    finding = Finding(kind="assertion", title="t", message="m", location=msgspec.structs.replace(location, length=4))
    source, carets = (plain(each) for each in finding_place(finding, "")[-2:])
    assert carets.count("^") == 4
    assert source[carets.index("^") :].startswith("HERE")
