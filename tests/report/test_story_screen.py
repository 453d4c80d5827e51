"""A story as lines: columns, cuts, what goes on in the next line, and the tasks that wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.summary import Beat
from fozzy.report.story_screen import TASKS_MAX, stack_lines, story_lines
from fozzy.report.text import WIDTH, plain

TEXT = st.text(max_size=120)
BEATS = st.lists(
    st.builds(Beat, at_ns=st.integers(0, 10**13), who=TEXT, what=TEXT, outcome=st.one_of(TEXT, st.just("FAIL"))),
    min_size=1,
    max_size=8,
)


def beat(at_ms: int, who: str, what: str, outcome: str = "") -> Beat:
    """A beat at some milliseconds."""
    return Beat(at_ns=at_ms * 10**6, who=who, what=what, outcome=outcome)


def shown(*beats: Beat, left_out: int = 0) -> list[str]:
    """The lines of a story."""
    return [plain(each).rstrip() for each in story_lines(beats, left_out)]


def test_a_story_stands_in_columns() -> None:
    """Times to the right, who and what and outcomes each in one column; a finding says FAIL first."""
    assert shown(
        beat(0, "client", "put x=1 -> n0", "ok"),
        beat(4, "FAULT", "partition n0 | n1"),
        beat(1004, "c10", "get x -> n0", "✗ TimeoutError"),
        beat(1005, "check", "always: it does not hold", "FAIL"),
    ) == [
        "  how it happened",
        "       0ms  client  put x=1 -> n0  ok",
        "       4ms  FAULT   partition n0 | n1",
        "    1.004s  c10     get x -> n0    ✗ TimeoutError",
        "    1.005s  check   FAIL  always: it does not hold",
    ]


def test_what_has_no_room_goes_on_below() -> None:
    """A long outcome stands in the next line, a long finding in several, and what is too long is cut."""
    lines = shown(
        beat(0, "c", "buy " + "x" * 40, "y" * 40),
        beat(1, "n0", "z" * 200),
        beat(2, "check", "word " * 40, "FAIL"),
    )
    assert lines[1:4] == [f"    0ms  c      buy {'x' * 40}", f"{' ' * 18}{'y' * 40}", lines[3]]
    assert lines[3].endswith("…") and len(lines[3]) == WIDTH
    assert [line.strip()[:9] for line in lines[5:]] == ["word word"] * 3


def test_it_says_how_much_is_left_out() -> None:
    """The heading counts what is there and what there is."""
    assert shown(beat(0, "n0", "x"), left_out=1234)[0] == (
        "  how it happened   the 1 of 1,235 lines that matter most; -v shows all"
    )
    assert story_lines([], 7) == []


@given(BEATS)
def test_no_line_is_wider_than_the_screen(beats: list[Beat]) -> None:
    """Whatever programs say, a line is one line and no wider than the screen."""
    for each in story_lines(beats):
        assert "\n" not in plain(each)
        assert len(plain(each).rstrip()) <= WIDTH


def test_tasks_say_where_they_wait() -> None:
    """The innermost place first, without what stands between the program and us; the rest is counted."""
    frames = ["main (shop.py:3)", "wait (shop.py:9)", "SimServer.serve_forever (fozzy/sim/servers.py:9)"]
    lines = [plain(each) for each in stack_lines([{"node": "n0", "task": "n0-1", "stack": frames}], "    ")]
    assert lines == ["    tasks       n0 n0-1", f"{' ' * 18}wait (shop.py:9)", f"{' ' * 18}main (shop.py:3)"]
    many = stack_lines([{"node": "n", "task": str(each), "stack": []} for each in range(TASKS_MAX + 2)], "")
    assert plain(many[-1]).strip() == "… 2 more tasks"
    assert stack_lines("nonsense", "") == []
