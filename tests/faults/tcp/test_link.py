"""A link tells what became of each message and connection, once and truly, and says what is due."""

from __future__ import annotations

from typing import Any

from fozzy.core.wires import Connected, Spoken
from fozzy.faults.tcp import link as links
from fozzy.faults.tcp.engine import Engine
from tests.faults.tcp.wiring import MS, Wire, plan, toxic


def messages(wire: Wire) -> list[Any]:
    """The records of messages."""
    return [record for record in wire.records if isinstance(record, Spoken)]


def test_turns_and_totals() -> None:
    """Each turn is one record, the reply says what it answers, and the connection has the sums."""
    wire = Wire()
    for at in range(2):
        wire.send("upstream", b"ping", 2 * at, [1, 2])
        wire.send("downstream", b"pong!", 2 * at + 1)
    wire.end("upstream", 9)
    wire.end("downstream", 9)
    wire.close()
    found = [(each.stream, each.message, each.offset, each.bytes, each.answers) for each in messages(wire)]
    assert sorted(found) == [
        ("downstream", 1, 0, 5, 1), ("downstream", 2, 5, 5, 2), ("upstream", 1, 0, 4, 0), ("upstream", 2, 4, 4, 0)
    ]  # fmt: skip
    assert [each.number for each in messages(wire)] == [2, 3, 4, 5] and len(
        {each.digest for each in messages(wire)}
    ) == 2
    connected = wire.records[-1]
    assert isinstance(connected, Connected) and connected.number == 1 and connected.by == "client"
    flowed = connected.downstream
    assert (flowed.bytes, flowed.sent, flowed.messages, flowed.ended, flowed.given) == (10, 10, 2, "fin", "fin")


def test_plain_links_are_relayed_unseen() -> None:
    """Without toxics and without anybody who records, bytes are only counted."""
    engine = Engine(plan(), 7)
    link = engine.connect("p", "", 0)
    assert link.is_plain
    engine.change(plan(toxic("latency", latency=5)), 1)
    assert not link.is_plain
    link.received("upstream", b"abc", 2)
    engine.change(plan(), 3)
    assert [link.take("upstream", 3), link.is_plain] == [[b"abc"], True]
    assert not Wire().link.is_plain


def test_a_strike_counts_at_once() -> None:
    """A toxic was applied as soon as it was, also where it is taken away before the message is told."""
    wire = Wire(toxic("latency", latency=5))
    wire.send("downstream", b"abc")
    assert wire.tally().applied == 1 and not messages(wire)
    wire.change(at_ns=1)
    wire.close()
    assert [(each.applied, each.bypassed) for each in wire.engine.tallies()] == [(1, 0)]


def test_taken_away_before_it_was_carried_out() -> None:
    """A strike that waits when its toxic goes is bypassed, and a new toxic of its name does not carry it out."""
    reset = toxic("reset_peer", name="t", first=1, timeout=50)
    wire = Wire(reset)
    wire.send("downstream", b"abc")
    wire.change(toxic("reset_peer", name="t", first=1, timeout=60), at_ns=1 * MS)
    wire.send("downstream", b"def", 2 * MS)
    assert wire.all() == [(0, "downstream", b"abc"), (2 * MS, "downstream", b"def")]
    wire.close()
    assert [(each.applied, each.reasons) for each in wire.engine.tallies()] == [(0, {"removed": 1}), (0, {})]


def test_a_cut_ends_both_streams() -> None:
    """What is due in time order: the earlier cut of one stream ends what the other still held."""
    wire = Wire(toxic("limit_time", time=5), toxic("latency", latency=9, stream="upstream"))
    wire.send("upstream", b"abc")
    assert wire.all() == [(5 * MS, "downstream", "cut fin fin")]
    wire.close()
    assert (wire.records[-1].upstream.sent, wire.records[-1].upstream.given) == (0, "fin")


def test_untold_messages_are_bounded(monkeypatch: Any) -> None:
    """Messages whose strikes never come are told as they are when there are too many of them."""
    monkeypatch.setattr(links, "UNTOLD_MAX", 10)
    wire = Wire(toxic("timeout", timeout=0), toxic("latency", latency=5))
    for at in range(100):
        wire.send("upstream", b"q", at)
        wire.send("downstream", b"r", at)
    assert 85 < len([each for each in messages(wire) if each.stream == "downstream"]) < 100


def test_toxics_that_left_are_told_bounded() -> None:
    """A connection that outlives many toxics tells the latest of them."""
    wire = Wire()
    for at in range(links.LEFT_MAX + 20):
        wire.change(toxic("limit_data", bytes=10, name=f"t{at}"), at_ns=at)
    wire.change(at_ns=1000)
    wire.close()
    told = [each.toxic for each in wire.records[-1].struck]
    assert len(told) == links.LEFT_MAX and told[-1] == f"t{links.LEFT_MAX + 19}"


def test_spent_links() -> None:
    """Both sides ended and a toxic threw the rest away: nothing is left to wait for. What is only held is waited for."""
    spent = []
    for type_, said in (
        ("timeout", {"timeout": 0}),
        ("partition", {}),
        ("timeout", {"timeout": 9}),
        ("bandwidth", {"rate": 1}),
    ):
        wire = Wire(toxic(type_, **said))
        wire.send("downstream", b"abc")
        wire.end("upstream", 1)
        assert not wire.link.is_spent
        wire.end("downstream", 2)
        spent.append(wire.link.is_spent)
    assert spent == [True, False, False, False]
