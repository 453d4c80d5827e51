from __future__ import annotations

import json
from pathlib import Path

import pytest

from fozzy import api
from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.tcp.decisions import decision_lines
from fozzy.chaos.tcp.replaying import replay_tcp
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import Exit, UsageError
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify

GOLDEN = Path("tests/fixtures/traces/v1.tcp.fozzy")


def test_the_kept_trace_still_replays() -> None:
    """A recording that was made once: it is trusted, and every decision comes out again."""
    assert verify(GOLDEN).trusted
    opened = []
    done = replay_tcp(GOLDEN, opened=lambda header, _footer: opened.append(header.seed))
    assert (done.divergence.verdict, done.divergence.cause, opened) == ("SAME", None, [7])
    assert done.passed == "12 connections and 129 messages"
    assert done.exit_status(unsafe=False) == Exit.PASS
    assert api.replay(GOLDEN).verdict == "SAME"


def test_the_kept_trace_holds_a_little_of_everything() -> None:
    """What it is kept for is in it; else it would replay and prove nothing."""
    with open_trace(GOLDEN) as trace:
        records = list(trace.records())
    lines = [json.loads(each) for each in decision_lines(records)]
    assert {line["at"] for line in lines} == {"redis", "web", "plain"}
    assert {kind for line in lines for _, kind in line["struck"]} == {
        "latency",
        "drop_reply",
        "resp_error",
        "http_status",
        "sse_drop_event",
        "http_malformed",
        "corrupt",
        "limit_data",
        "reset_peer",
    }
    assert {line["of"] for line in lines if "of" in line} == {"turn", "request", "reply", "event"}
    assert any("<redacted>" in line["about"] for line in lines if "about" in line)
    assert any(each.counted and each.counted[0].struck for each in records if isinstance(each, Connected))
    assert any(not roll.hit for each in records if isinstance(each, Connected) for roll in each.rolls)
    assert any(each.spared for each in records if isinstance(each, Spoken))
    assert sum(isinstance(each, Event) for each in records) == 1


def test_it_is_no_cassette() -> None:
    """Nothing in it could be served, and whoever tries is told why."""
    with pytest.raises(UsageError, match="holds no requests and no answers"):
        Library(GOLDEN, wire_redactor([]))
