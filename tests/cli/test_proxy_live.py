"""The live view: what is on the terminal after each key. On a real terminal in tests/cli/commands/test_proxy_live.py."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import pytest

from fozzy.chaos.session import CHANGE, Session
from fozzy.cli import proxy_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.proxy_faults import FaultPanel
from fozzy.cli.proxy_live import KEPT_MAX, Doing, LiveView
from fozzy.cli.proxy_rows import HttpRows
from fozzy.core.events import Event
from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Faults, Plan, Scenario
from fozzy.report.text import line, plain

UP, DOWN, ENTER, ESCAPE = b"\x1b[A", b"\x1b[B", b"\r", b"\x1b"


class Stage:
    """A view and what it had done."""

    def __init__(self) -> None:
        self.session = Session(Engine(Plan(scenarios={"rush": Scenario(faults=Faults(drop=1))}), 7), lambda: 0)
        self.stopped = 0
        self.sent: list[int] = []
        numbers = screen.numbers_line(screen.Numbers(3, 1))
        doing = Doing(self._stop, lambda: numbers, FaultPanel(self.session), self._again)
        self.view = LiveView(Console(), [line("  head")], HttpRows(), doing)
        self.session.listeners.append(self.view.hear)

    def _stop(self) -> None:
        self.stopped += 1

    def _again(self, exchange: Exchange) -> str:
        self.sent.append(exchange.number)
        return f"sent #{exchange.number} again"

    def had(self, *numbers: int, **changes: Any) -> None:
        """Requests with these numbers ended."""
        for number in numbers:
            self.view.hear(
                Exchange(
                    **{
                        "t": number * 10**9,
                        "at": "",
                        "number": number,
                        "arrived": number * 10**9,
                        "key": f"k{number}",
                        "occurrence": 1,
                        "source": "proxy",
                        "request": Asked(method="GET", target=f"/{number}"),
                        "sent": Sent(status=200),
                        **changes,
                    }
                )
            )

    def shown(self, rows: int = 24) -> str:
        """What is on the screen."""
        return "\n".join(plain(each) for each in self.view.lines(rows))

    def chosen(self) -> str:
        """The row with the mark."""
        return next((each for each in self.shown().splitlines() if each.startswith(">")), "")


@pytest.fixture
def stage() -> Stage:
    """A view to which nothing has happened."""
    return Stage()


def test_it_begins_with_nothing_and_follows_what_comes(stage: Stage) -> None:
    """The last exchange is at the bottom, and marked."""
    assert "nothing yet" in stage.shown()
    stage.had(1, 2, 3)
    assert "/3" in stage.chosen()
    stage.had(4)
    assert "/4" in stage.chosen()
    assert "3 exchanges   1 faulted" in stage.shown()


def test_no_more_lines_than_the_terminal_has(stage: Stage) -> None:
    """However many exchanges there were, and however low it is."""
    stage.had(*range(1, 100))
    for rows in (24, 12):
        assert len(stage.view.lines(rows)) <= rows
    assert "/99" in stage.shown(12) and "/50" not in stage.shown(12)


def test_up_and_down_choose_and_the_choice_stays_while_others_come(stage: Stage) -> None:
    """A chosen exchange does not move away; at the bottom the view follows again."""
    stage.had(1, 2, 3)
    stage.view.key(UP)
    assert "/2" in stage.chosen()
    stage.had(4)
    assert "/2" in stage.chosen()
    stage.view.key(DOWN + DOWN)
    stage.had(5)
    assert "/5" in stage.chosen()


def test_enter_shows_one_in_full_and_enter_leads_back(stage: Stage) -> None:
    """It stays that one while others come."""
    stage.had(1, 2)
    stage.view.key(ENTER)
    stage.had(3)
    assert "#2  GET /2" in stage.shown()
    stage.view.key(ENTER)
    assert "#2  GET" not in stage.shown()
    stage.view.key(ENTER + ESCAPE)
    assert "#2  GET" not in stage.shown()


def test_space_stops_the_list_and_not_the_numbers(stage: Stage) -> None:
    """Paused, what comes is not shown; going on, all of it is."""
    stage.had(1)
    stage.view.key(b" ")
    stage.had(2)
    assert "/2" not in stage.shown() and "paused" in stage.shown() and "[space] go on" in stage.shown()
    stage.view.key(b" ")
    assert "/2" in stage.shown() and "paused" not in stage.shown()


def test_a_filter_is_typed_kept_and_taken_away(stage: Stage) -> None:
    """It looks at the same line that a pipe gets; escape shows all again."""
    stage.had(1, 2)
    stage.had(3, sent=Sent(status=503), planned="status", applied="status")
    stage.view.key(b"/fault=x\x7f")
    assert "filter: fault=_" in stage.shown()
    stage.view.key(ENTER)
    assert "/3" in stage.shown() and "/1" not in stage.shown()
    stage.view.key(b"/" + ESCAPE)
    assert "/1" in stage.shown()
    stage.view.key(b"/none" + ENTER)
    assert "nothing yet that has 'none'" in stage.shown()


def test_r_sends_the_chosen_one_again(stage: Stage) -> None:
    """It is said, and the next key takes the note away."""
    stage.had(1, 2)
    stage.view.key(UP + b"r")
    assert stage.sent == [1]
    assert "sent #1 again" in stage.shown()
    stage.view.key(DOWN)
    assert "sent" not in stage.shown()


def test_keys_of_a_list_without_anything_do_nothing(stage: Stage) -> None:
    """No exchange, nothing to look at or to send."""
    stage.view.key(UP + ENTER + b"r")
    assert stage.sent == []
    assert "nothing yet" in stage.shown()


def test_q_stops(stage: Stage) -> None:
    """Once for each time it is pressed in the list."""
    stage.view.key(b"q")
    assert stage.stopped == 1


def test_f_changes_what_is_in_force(stage: Stage) -> None:
    """Chaos on and off, a scenario started and stopped; in the filter the letter is a letter."""
    stage.view.key(b"f")
    assert "chaos is on" in stage.shown()
    stage.view.key(b" ")
    assert not stage.session.engine.state.enabled
    stage.view.key(ENTER)
    assert [each.name for each in stage.session.engine.state.active] == ["rush"]
    assert "> on rush" in stage.shown()
    stage.view.key(b"q")
    assert "[q] stop" in stage.shown() and stage.stopped == 0
    stage.view.key(b"/fq")
    assert "filter: fq_" in stage.shown()


def test_a_retry_after_a_fault_is_said(stage: Stage) -> None:
    """The same request once more, when a fault had struck it before."""
    stage.had(1, key="a", sent=Sent(status=503), planned="status", applied="status")
    stage.had(2, key="a", occurrence=2)
    stage.had(3, key="a", occurrence=3)
    rows = [each for each in stage.shown().splitlines() if "GET" in each]
    assert ["(retry)" in each for each in rows] == [False, True, False]


def test_a_change_is_told_until_a_key_is_pressed(stage: Stage) -> None:
    """Whoever made it."""
    stage.view.hear(Event(0, "", CHANGE, {"number": 1, "what": "scenario started", "scenario": "rush"}))
    assert "scenario started scenario=rush" in stage.shown()
    stage.view.opened([line("  other head")])
    assert "other head" in stage.shown()


def test_what_it_keeps_is_bounded(stage: Stage) -> None:
    """However long it runs."""
    stage.had(*range(1, KEPT_MAX + 100))
    stage.view.key(b"k" * 2000)
    assert "/100" in stage.chosen()


def test_it_is_painted_over_itself_and_gone_at_the_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes up as many lines as it painted; nothing is painted when nothing changed; no line wraps."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 12)))
    stage.had(1, request=Asked(method="GET", target="/" + "x" * 500))
    stage.view.tick()
    first = out.getvalue()
    lines = first.count("\n")
    assert all(len(each.replace("\x1b[K", "").lstrip("\r")) < 40 for each in first.splitlines())
    stage.view.tick()
    assert out.getvalue() == first
    stage.had(2)
    stage.view.tick()
    assert f"\x1b[{lines}A" in out.getvalue()
    stage.view.woken()
    before = len(out.getvalue())
    stage.view.tick()
    assert "A\x1b" not in out.getvalue()[before:] and f"\x1b[{lines + 1}A" not in out.getvalue()[before:]
    stage.view.erase()
    assert out.getvalue().endswith("\x1b[J")


def test_a_filter_that_is_kept_is_shown(stage: Stage) -> None:
    """As long as it hides something, and in no more lines."""
    stage.had(1, 2)
    before = len(stage.view.lines(24))
    assert "filter" not in stage.shown().replace("[/] filter", "")
    stage.view.key(b"//2" + ENTER)
    assert "  filter /2   [/] changes it" in stage.shown().splitlines()
    assert len(stage.view.lines(24)) <= before
    stage.view.key(b"/" + ESCAPE)
    assert "changes it" not in stage.shown()


def test_a_long_beginning_leaves_room_for_the_rest(stage: Stage) -> None:
    """Many faults do not push the list from the screen: the first are shown, and how many there are more."""
    stage.had(*range(1, 10))
    stage.view.opened([line(f"  fault {number}") for number in range(30)])
    shown = stage.shown(24).splitlines()
    assert len(shown) <= 24
    assert "fault 14" in shown[14] and "… 15 more lines" in shown[15]
    assert "/9" in stage.chosen() and "[q] stop" in shown[-1]


def test_words_stand_until_the_next_key(stage: Stage) -> None:
    """What somebody else has to say takes the place of the keys."""
    stage.had(1)
    stage.view.say("that could not be done")
    assert "that could not be done" in stage.shown() and "[q] stop" not in stage.shown()
    stage.view.key(UP)
    assert "[q] stop" in stage.shown()
