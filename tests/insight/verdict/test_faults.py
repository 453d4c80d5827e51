"""Which faults came to pass, and when each was over."""

from __future__ import annotations

from fozzy.faults.tcp.plan import Toxic
from fozzy.insight.verdict.events import after_of
from fozzy.insight.verdict.faults import in_force
from tests.insight.verdict.scripted import S, Scripted


def test_a_toxic_that_is_taken_away_is_over_then() -> None:
    """And one that struck its last, and is still in force, was over when that call ended."""
    taken, spent = Scripted(), Scripted(Toxic(type="drop_reply", match="INCR", first=1))
    name = taken.add("drop_reply", match="INCR")
    for client in (taken, spent):
        client.once()
        client.at(1)
    taken.remove(name)
    for client in (taken, spent):
        client.at(2)
        client.once()
    (first,), (second,) = (client.verdict().clients[0].recoveries for client in (taken, spent))
    assert first.over_ns == S + 10**6 * 0 and second.over_ns < S
    assert first.call is not None and first.call == taken.verdict().clients[0].calls[-1]
    assert second.call is not None and second.took_ns > first.took_ns > 0


def test_a_fault_that_never_struck_is_none() -> None:
    """Declared and taken away: there is nothing to recover from, and nothing fired."""
    client = Scripted()
    client.remove(client.add("drop_reply", match="SET"))
    client.once()
    verdict = client.verdict()
    assert verdict.fired == [] and verdict.clients[0].recoveries == []


def test_what_is_in_force() -> None:
    """From when it was put there until it was taken away, by what the proxy had decided."""
    client = Scripted()
    client.oracles.fault("redis killed")
    name = client.add("latency", attributes={"latency": 1})
    client.oracles.fault("redis killed", is_over=True)
    client.remove(name)
    client.oracles.fault("other")
    records = [*client.driven.records, *client.oracles.events]
    seen = [in_force(records, after_of(event), event.t) for event in client.oracles.events]
    assert seen == [["redis killed"], ["kv/latency_downstream"], ["other"]]


def test_failures_after_a_fault_are_counted() -> None:
    """Until the first call that is answered."""
    client = Scripted()
    name = client.add("drop_reply", match="INCR")
    client.once()
    client.remove(name)
    client.driven.close(client.connect(), "unreachable")
    client.once()
    (recovery,) = client.verdict().clients[0].recoveries
    assert recovery.failed == 1 and recovery.call is not None
