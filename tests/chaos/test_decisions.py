from __future__ import annotations

import json
import random

from fozzy.chaos.decisions import decision_line, decision_lines
from fozzy.core.exchange import Exchange
from fozzy.faults.http.plan import Drop, Faults, Latency, Malformed, Plan
from tests.chaos.cassette.door import Door
from tests.chaos.exchanges import exchange

PLAN = Plan(
    latency=Latency(uniform=("1ms", "9ms"), probability=0.5),
    faults=Faults(drop=Drop(probability=0.3), malformed=Malformed(probability=0.3)),
)


def log(order: list[int], seed: int = 7) -> bytes:
    """The decision log of these requests, in this order."""
    door = Door(PLAN, seed)
    return b"".join(decision_lines([door.ask(f"/{n % 50}", b'{"n": %d}' % (n % 20)) for n in order]))


def test_the_order_of_requests_does_not_matter() -> None:
    """The same requests under the same seed make the same log byte for byte, whoever came first."""
    order = list(range(300))
    shuffled = random.Random(1).sample(order, len(order))
    assert log(order) == log(shuffled) == log(order)
    assert log(order) != log(order, seed=8)
    assert log(order).count(b'"planned":"drop"') > 20


def test_a_line_is_canonical_and_tells_no_time() -> None:
    """A line says what was decided, sorted by name, and nothing of when or for whom."""
    early = exchange(3, key="ab", t=5, arrived=1, client="1.2.3.4", load=9)
    late = exchange(9, key="ab", t=99, arrived=50, client="::1", load=0)
    assert decision_line(early) == decision_line(late)
    line = json.loads(decision_line(early))
    assert list(line) == sorted(line)
    assert not {"number", "arrived", "t", "client", "load", "slot"} & set(line)


def test_what_was_never_decided_is_left_out() -> None:
    """A request that was refused before anything was decided has no line."""
    undecided: Exchange = exchange(0)
    assert list(decision_lines([undecided])) == []
    assert len(list(decision_lines([undecided, exchange(1)]))) == 1
