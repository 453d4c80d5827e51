"""A verdict as text and as JSON."""

from __future__ import annotations

import json

from fozzy.insight.verdict.model import Verdict
from fozzy.insight.verdict.text import document, render
from tests.insight.verdict.scripted import Scripted
from tests.insight.verdict.test_oracles import limited, outage, retried


def test_everything_that_was_seen_is_told() -> None:
    """Attempts with their pauses, impatience, recoveries, breakers with their causes, faults, what is left open."""
    client = retried(1, 2)
    client.oracles.transition("orders", "open")
    client.once()
    text = render(client.verdict())
    assert "kv  4 calls in 2 operations over 4 connections: 2 answered, 2 ended without a reply" in text
    assert "INCR orders: 3 attempts, pauses 1.000 s, 2.000 s, answered" in text
    assert "left open     connection 3" in text and "kv/reset_peer_upstream: 2 times" in text
    assert "orders: closed -> open" in text and "while open" in text
    assert "too early     GET /a asked for 7.000 s, the next came after 1.000 s" in render(limited(1).verdict())
    assert "patient       GET /a asked for 7.000 s" in render(limited(7).verdict())
    assert "recovered     0.5" in render(outage(0.5).verdict())
    assert "no call was answered after it" in render(outage(None).verdict())


def test_nothing_seen_is_nothing_told() -> None:
    """An empty verdict is an empty text."""
    assert render(Verdict()) == ""


def test_a_text_of_the_wire_cannot_pass_for_ours() -> None:
    """What clients ask for is shown on one line, without what steers a terminal."""
    client = Scripted()
    client.once(b"*2\r\n$4\r\nINCR\r\n$9\r\na\x1b[2J\n  b\r\n", b"-X\r\n")
    assert "\x1b" not in render(client.verdict()) and "\n  b" not in render(client.verdict())


def test_json_has_all_of_it() -> None:
    """In camelCase, with a version, and the same bytes for the same verdict."""
    verdict = retried(1, 2).verdict()
    told = json.loads(document(verdict))
    assert told["clients"][0]["operations"][0]["pausesNs"] == [10**9, 2 * 10**9]
    assert told["fired"][0]["times"] == 2 and document(verdict) == document(verdict)
