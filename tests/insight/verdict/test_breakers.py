"""Changes of breakers: in order, each with its cause."""

from __future__ import annotations

from fozzy.insight.verdict.said import change_said
from tests.insight.verdict.scripted import Scripted


def test_causes() -> None:
    """Faults open it, time half-opens it, an answer closes it; the same stands in the event of the trace."""
    client = Scripted()
    name = client.add("reset_peer", stream="upstream", match="INCR")
    client.ask(client.connect())
    client.ask(client.connect())
    client.at(1)
    client.oracles.transition("orders", "open")
    client.remove(name)
    client.at(61)
    client.oracles.transition("orders", "half_open")
    client.once()
    client.oracles.transition("orders", "closed")
    client.oracles.transition("orders", "closed")
    lines = [change_said(change) for change in client.verdict().breakers]
    assert lines[:2] == [
        "orders: closed -> open at 1.000 s, 2 failed (kv/reset_peer_upstream)",
        "orders: open -> half-open at 61.000 s, 60.000 s after it opened",
    ]
    assert lines[2].startswith("orders: half-open -> closed at 61.") and "INCR orders was answered" in lines[2]
    assert len(lines) == 3
    opened = client.oracles.events[0].fields
    assert (opened["before"], opened["causes"], opened["why"]) == ("closed", ["kv/reset_peer_upstream"], "2 failed")


def test_what_was_in_force_is_the_cause_where_nothing_came_through() -> None:
    """While nobody listens no call is seen; then it is what was in force, and only then."""
    client = Scripted()
    name = client.add("down")
    client.oracles.transition("orders", "open")
    client.remove(name)
    client.oracles.transition("orders", "half_open")
    client.oracles.transition("orders", "open")
    assert [change.causes for change in client.verdict().breakers] == [["kv/down_downstream"], [], []]


def test_a_breaker_of_one_proxy() -> None:
    """What it guards is that proxy; calls through others are not its calls."""
    client = Scripted()
    client.oracles.transition("orders", "open", at="other")
    client.once()
    client.oracles.transition("carts", "open", at="kv")
    client.once()
    assert [len(change.calls) for change in client.verdict().breakers] == [0, 1]
