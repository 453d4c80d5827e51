"""A network loses its weather, as far as the failure lets it."""

from __future__ import annotations

from typing import Any

from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.network import still_network
from fozzy.search.subject import Candidate, Failure, Tape

NETWORK: dict[str, Any] = {
    "latency": {"uniform": ["5ms", "50ms"]},
    "loss": 0.5,
    "reorder": True,
    "bandwidth": "1MB/s",
    "links": [{"from": "n0", "to": "n1", "loss": 0.1}, {"from": "n1", "to": "n0", "loss": 0.1}],
}


def stilled(plant: Any, fails: Any) -> Any:
    steps = [{"type": "tick", "duration": "1s"}]
    raw = {"version": 1, "name": "n", "distributed": {"node_count": 3, "steps": steps, "network": NETWORK}}
    failure = Failure("checker", "planted", "distributed")
    subject = plant.subject(lambda candidate: fails(candidate.script.cluster.get("network", {})) and failure)
    gate = Gate(subject, Candidate(script_of(raw), Tape()), failure, 60 * 10**9)
    still_network(gate)
    return gate.best.script.cluster.get("network", {})


def test_a_network_nothing_needs_is_plain(plant: Any) -> None:
    """All at once: every message takes the same time, and nothing is drawn."""
    assert stilled(plant, lambda _network: True) == {"latency": "1ms"}


def test_what_is_needed_stays(plant: Any) -> None:
    """One rate, one link, and the rest goes."""
    assert stilled(plant, lambda network: network.get("loss") == 0.5) == {"latency": "1ms", "loss": 0.5}
    needs_link = stilled(plant, lambda network: any(each["from"] == "n1" for each in network.get("links", ())))
    assert needs_link == {"latency": "1ms", "links": [NETWORK["links"][1]]}


def test_a_spread_that_is_needed_stays(plant: Any) -> None:
    """A failure that needs one message to be late needs times that differ."""
    left = stilled(plant, lambda network: isinstance(network.get("latency"), dict))
    assert left == {"latency": NETWORK["latency"]}


def test_a_long_time_becomes_short(plant: Any) -> None:
    """Where a millisecond does not do, the least it was is tried, and shortened."""
    left = stilled(plant, lambda network: network.get("latency") in ("5ms", "4ms", NETWORK["latency"]))
    assert left == {"latency": "4ms"}
