"""Who shows a running proxy: what each audience gets, and that nobody who reads slowly holds the traffic up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fozzy.cli import proxy_fronts as fronts
from fozzy.cli.console import Console
from fozzy.core.events import Event
from fozzy.core.exchange import Asked
from tests.chaos.exchanges import exchange


class Slow(Console):
    """A console whose reader is ready when told to be."""

    ready = True

    def is_ready(self) -> bool:
        """As told."""
        return self.ready


class Out:
    """What is printed, all of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._said = ""

    def getvalue(self) -> str:
        """So far."""
        self._said += self._capsys.readouterr().out
        return self._said


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str]) -> Out:
    """What is printed."""
    return Out(capsys)


def test_lines_wait_for_a_tick_and_for_a_reader(out: Out) -> None:
    """An exchange and a change in a line each, in order."""
    console = Slow()
    front = fronts.Lines(console)
    front.hear(exchange(1))
    front.hear(Event(0, "", "chaos.change", {"number": 2, "what": "disabled"}))
    assert out.getvalue() == ""
    console.ready = False
    front.tick()
    assert out.getvalue() == ""
    console.ready = True
    front.tick()
    first, second = out.getvalue().splitlines()
    assert first.startswith("1 0.000 GET /a 200")
    assert "CHANGE disabled" in second


def test_lines_that_nobody_reads_are_counted_and_not_kept(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many wait; the rest is said to be missing."""
    monkeypatch.setattr(fronts, "LINES_MAX", 3)
    front = fronts.Lines(Slow())
    for number in range(10):
        front.hear(exchange(number))
    front.close()
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[-1] == "… 7 lines left out: nobody read them fast enough"


def test_no_chunk_is_larger_than_a_ready_pipe_takes(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a reader that is slow would hold the traffic up."""
    written: list[int] = []
    front = fronts.Lines(Slow())
    monkeypatch.setattr(front.console, "raw", lambda text: written.append(len(text)))
    for number in range(1000):
        front.hear(exchange(number, request=Asked("GET", "/" + "x" * 150)))
    front.tick()
    assert sum(written) > 100_000
    assert max(written) <= 4096


def test_records_are_never_left_out_and_have_no_secret(out: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait up to a bound and are written then, ready or not."""
    console = Slow()
    console.ready = False
    front = fronts.Records(console, ("pin",))
    front.hear(exchange(1, request=Asked("GET", "/a", [("X-Pin", "hush-hush"), ("X-Other", "hush-hush")])))
    front.tick()
    assert out.getvalue() == ""
    monkeypatch.setattr(fronts, "RECORDS_BYTES_MAX", 10)
    front.hear(Event(0, "", "chaos.change", {"password": "hush"}))
    records = [json.loads(each) for each in out.getvalue().splitlines()]
    assert [each["kind"] for each in records] == ["exchange", "event"]
    assert "hush" not in out.getvalue()


@pytest.mark.parametrize(
    ("console", "events", "kind"),
    [
        (Console(), False, fronts.Lines),
        (Console(quiet=True), False, fronts.Silent),
        (Console(json=True), False, fronts.Told),
        (Console(), True, fronts.Records),
    ],
)
def test_each_audience_has_its_front(console: Console, events: bool, kind: type[Any]) -> None:
    """A pipe gets lines, quiet nothing, JSON its opening on stderr, `--events` records."""
    assert type(fronts.front_of(console, events=events, redact=())) is kind


def test_a_front_that_nobody_sees_is_silent(out: Out) -> None:
    """Quiet means quiet."""
    front = fronts.Silent(Console(quiet=True))
    front.hear(exchange(1))
    front.tick()
    front.key(b"q")
    front.close()
    assert front.keys() is None
    assert out.getvalue() == ""
