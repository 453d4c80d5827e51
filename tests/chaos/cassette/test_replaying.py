from __future__ import annotations

import json
from pathlib import Path

from fozzy import api
from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.replaying import replay_cassette
from fozzy.chaos.decisions import decision_lines
from fozzy.errors import Exit
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify

GOLDEN = Path("tests/fixtures/traces/v1.proxy.fozzy")


def test_the_kept_trace_still_replays() -> None:
    """A recording of a real session, made once: it is trusted, every decision comes out again, byte for byte."""
    assert verify(GOLDEN).trusted
    opened = []
    done = replay_cassette(GOLDEN, opened=lambda header, _footer: opened.append(header.seed))
    assert (done.divergence.verdict, done.divergence.cause, opened) == ("SAME", None, [7])
    assert done.steps == 50 and done.exit_status(unsafe=False) == Exit.PASS
    assert api.replay(GOLDEN).verdict == "SAME"


def test_the_kept_trace_holds_a_little_of_everything() -> None:
    """What it is kept for is in it; else it would replay and prove nothing."""
    with open_trace(GOLDEN) as trace:
        lines = [json.loads(each) for each in decision_lines(trace.records())]
    assert {line["planned"] for line in lines} >= {
        "drop",
        "malformed",
        "status",
        "status_override",
        "corrupt_event",
        "partial",
        "",
    }
    assert {line["test"] for line in lines} == {"", "calm"} and {line["at"] for line in lines} == {"", "routes[0]"}


def test_the_kept_trace_can_be_served() -> None:
    """Its true answers are found again."""
    library = Library(GOLDEN, wire_redactor([]))
    usable = [group for group in library.entries.groups.values() if group.usable(False)]
    library.close()
    assert library.entries.count == 50 and len(usable) > 15
