"""Animals that are clusters: a planted failure, and the smallest answer that is known by hand.

What each of them tempts to: a failure nearby, of another step, line or kind, that comes when too much is taken away.
Programs of users stand in `planted.py`, one module for all, so that one interpreter serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fozzy.core.duration import parse_ns

Json = dict[str, Any]


@dataclass(frozen=True)
class Least:
    """The smallest answer: how much is left of everything, and what else holds of the scenario."""

    nodes: int
    steps: int
    faults: int = 0
    loud: int = 0
    holds: Callable[[Json], bool] = lambda raw: True


@dataclass(frozen=True)
class Cluster:
    """A planted failure of a cluster. `smallest` fails alike with the draws of `tape`; what is not there is boring."""

    name: str
    why: str
    scenario: Json
    least: Least
    smallest: Json
    title: str
    seed: int = 1
    tape: dict[str, list[int]] = field(default_factory=dict)


def cluster(**distributed: Any) -> Json:
    """A scenario of this cluster."""
    return {"version": 1, "name": "zoo", "distributed": distributed}


def put(node: str, key: str, value: Any) -> Json:
    """A client writes."""
    return {"type": "client_put", "node": node, "key": key, "value": value}


def got(node: str, key: str, value: Any) -> Json:
    """A client wants to read this."""
    return {"type": "client_get_assert", "node": node, "key": key, "equals": value}


def tick(duration: str) -> Json:
    """Time passes."""
    return {"type": "tick", "duration": duration}


EQUAL = {"type": "kv_all_equal", "key": "x"}
CALM: list[Json] = [  # faults that change nothing here
    {"kind": "latency", "add": "3ms", "at": {"within": ["0s", "50ms"]}, "for": "10ms"},
    {"kind": "pause", "node": {"any": ["n0", "n1", "n2"]}, "at": {"within": ["0s", "90ms"]}, "for": "5ms"},
    {"kind": "latency", "from": "n2", "add": "1ms", "at": "20ms", "for": {"within": ["1ms", "20ms"]}},
]


def partition_needed() -> Cluster:
    """Only while two nodes are cut apart do they stay different."""
    faults = [*CALM, {"kind": "partition", "between": [["n0", "n4"], ["n1", "n2"]], "at": {"within": ["0s", "30ms"]}}]
    steps = [put("n2", "y", 1), got("n2", "y", 1), tick("40ms"), put("n3", "z", 3), put("n0", "x", "word"), tick("1s")]
    return Cluster(
        name="partition-needed",
        why="Without the partition all nodes agree; without what is put before, a read fails instead.",
        scenario=cluster(node_count=5, faults=faults, steps=steps, invariants=[EQUAL]),
        least=Least(nodes=2, steps=1, faults=1),
        smallest=cluster(
            nodes=["n0", "n1"],
            faults=[{"kind": "partition", "between": [["n0"], ["n1"]], "at": "0s"}],
            steps=[put("n0", "x", 0)],
            invariants=[EQUAL],
        ),
        title="kv_all_equal",
    )


def crash_needed() -> Cluster:
    """What is sent to a node that is down never arrives."""
    faults = [{"kind": "restart", "node": "n1", "at": {"within": ["10ms", "12ms"]}, "for": "2s"}, *CALM]
    steps = [put("n2", "y", 1), tick("30ms"), got("n2", "y", 1), put("n0", "x", 12), tick("5s"), got("n0", "x", 12)]
    return Cluster(
        name="crash-needed",
        why="A node is down while a value is sent to it; the reads fail when the puts are gone.",
        scenario=cluster(node_count=4, faults=faults, steps=steps, invariants=[EQUAL]),
        least=Least(nodes=2, steps=1, faults=1),
        smallest=cluster(
            nodes=["n0", "n1"],
            faults=[{"kind": "crash", "node": "n1", "at": "0s"}],
            steps=[put("n0", "x", 0)],
            invariants=[EQUAL],
        ),
        title="kv_all_equal",
    )


def order_needed() -> Cluster:
    """An older value arrives after a newer one."""
    steps = [put("n2", "y", 1), put("n0", "x", 1), put("n1", "x", 2), got("n1", "x", 2), tick("1s"), got("n2", "y", 1)]
    return Cluster(
        name="order-needed",
        why="One message must take longer than the next put; in order of sending nodes agree.",
        scenario=cluster(
            node_count=4, network={"latency": {"uniform": ["1ms", "40ms"]}}, steps=steps, invariants=[EQUAL]
        ),
        least=Least(nodes=2, steps=2, loud=1),
        smallest=cluster(
            node_count=2,
            network={"latency": {"uniform": ["1ms", "40ms"]}},
            steps=[put("n0", "x", 0), put("n1", "x", 1)],
            invariants=[EQUAL],
        ),
        title="kv_all_equal",
        seed=3,
        tape={"net.latency.n0>n1": [2000]},
    )


def two_clients() -> Cluster:
    """A lost update needs two clients of five."""
    kinds = [
        {"op": "look"},
        {"op": "add", "node": "a", "args": {"amount": {"int": [1, 9]}}, "weight": 2},
        {"op": "look", "node": {"any": ["b", "a"]}},
    ]
    work = {"type": "workload", "clients": 5, "count": 6, "operations": kinds, "pause": {"uniform": ["0ms", "30ms"]}}
    small = {"type": "workload", "count": 1, "operations": [{"op": "add", "node": "a", "args": {"amount": 1}}]}
    always = {"type": "always", "check": "planted:nothing_lost"}
    shared = {"program": "planted:counter", "client": "planted:Client"}
    return Cluster(
        name="two-clients-of-five",
        why="Two clients add at the same time; with one alone the judge itself fails.",
        scenario=cluster(nodes=["a", "b"], **shared, steps=[work, tick("100ms")], invariants=[always]),
        least=Least(nodes=1, steps=1, holds=lambda raw: work_of(raw) <= 2),
        smallest=cluster(nodes=["a"], **shared, steps=[small], invariants=[always]),
        title="always",
    )


def work_of(raw: Json) -> int:
    """How many operations the workloads of a scenario have."""
    work = [step for step in raw["distributed"]["steps"] if step["type"] == "workload"]
    return sum(step.get("clients", 2) * step.get("count", 20) for step in work)


def one_fault_of_six() -> Cluster:
    """One pause is long enough to be noticed."""
    faults: list[Json] = [
        {"kind": "latency", "add": "30ms", "at": "1s"},
        {"kind": "pause", "node": "n2", "at": {"within": ["0s", "2s"]}, "for": "300ms"},
        {"kind": "loss", "rate": 0.5, "at": {"within": ["0s", "1s"]}, "for": "1s"},
        {"kind": "pause", "node": "n1", "at": {"within": ["500ms", "2s"]}, "for": {"within": ["1s", "2s"]}},
        {"kind": "partition", "between": [["n0"], ["n2", "n3"]], "at": "10ms", "for": "1s"},
        {"kind": "crash", "node": "n3", "at": {"within": ["0s", "2s"]}},
    ]
    return Cluster(
        name="one-fault-of-six",
        why="One pause of six faults is noticed; a node that is alone fails at another line.",
        scenario=cluster(node_count=4, program="planted:watcher", faults=faults),
        least=Least(nodes=2, steps=0, faults=1),
        smallest=cluster(
            node_count=2,
            program="planted:watcher",
            faults=[{"kind": "pause", "node": "n1", "at": "0s", "for": "1s"}],
        ),
        title="node_exception",
    )


def time_threshold() -> Cluster:
    """A pause must be longer than one time and shorter than another."""
    faults = [{"kind": "pause", "node": "n0", "at": {"within": ["100ms", "1s"]}, "for": {"within": ["2s", "2500ms"]}}]

    def holds(raw: Json) -> bool:
        lasts: int = parse_ns(raw["distributed"]["faults"][0]["for"])
        return lasts <= 701 * 10**6

    return Cluster(
        name="time-threshold",
        why="A pause over 0.7s is noticed; one over 3s, or for good, is something else or nothing.",
        scenario=cluster(nodes=["n0", "n1", "n2"], program="planted:watcher", faults=faults),
        least=Least(nodes=2, steps=0, faults=1, holds=holds),
        smallest=cluster(
            nodes=["n0", "n1"],
            program="planted:watcher",
            faults=[{"kind": "pause", "node": "n0", "at": "1ms", "for": "701ms"}],
        ),
        title="node_exception",
    )


def one_node_of_seven() -> Cluster:
    """One node of seven holds what is wrong."""
    nodes = {f"n{index}": {"program": "planted:idler", "args": {"tag": f"fresh{index}"}} for index in range(7)}
    nodes["n4"] = {"program": "planted:idler", "args": {"tag": "rotten"}}
    always = {"type": "always", "check": "planted:no_rotten"}
    steps = [tick("10ms"), {"type": "pause", "node": "n2"}, {"type": "partition", "a": "n1", "b": "n4"}, tick("1s")]
    return Cluster(
        name="one-node-of-seven",
        why="One node has the rotten tag; when no node has any, the judge itself fails.",
        scenario=cluster(nodes=nodes, steps=steps, invariants=[{"type": "no_exception"}, always]),
        least=Least(nodes=1, steps=0),
        smallest=cluster(nodes={"n4": {"program": "planted:idler", "args": {"tag": "rotten"}}}, invariants=[always]),
        title="always",
    )


def payload_byte() -> Cluster:
    """One byte of a long text cannot be borne."""
    text = "the quick brown fox jumps over the lazy dog" * 5 + "!" + "and does it again" * 5

    def send(node: str, text: str) -> Json:
        return {"type": "client", "node": node, "op": "send", "args": [text]}

    shared = {"program": "planted:reader", "client": "planted:Client"}
    return Cluster(
        name="payload-byte",
        why="One byte of 300 is bad; an empty text fails at another line.",
        scenario=cluster(
            nodes=["a", "b", "c"],
            **shared,
            steps=[
                send("a", "calm"),
                send("b", "also calm"),
                {
                    "type": "workload",
                    "operations": [{"op": "send", "node": "c", "args": {"text": {"any": ["calm", text]}}}],
                    "clients": 3,
                    "count": 4,
                },
            ],
        ),
        least=Least(nodes=1, steps=1, holds=lambda raw: len(str(raw["distributed"]["steps"][0])) < 160),
        smallest=cluster(
            nodes=["c"],
            **shared,
            steps=[
                {
                    "type": "workload",
                    "clients": 1,
                    "count": 1,
                    "operations": [{"op": "send", "node": "c", "args": {"text": "!"}}],
                }
            ],
        ),
        title="node_exception",
    )


def held_for_good() -> Cluster:
    """Who waits for an answer over a cut link waits for good."""
    faults = [
        {"kind": "latency", "add": "30ms", "at": "1s"},
        {"kind": "partition", "between": [["n0", "n1"], ["n2", "n3"]], "at": {"within": ["200ms", "900ms"]}},
        {"kind": "pause", "node": {"any": ["n1", "n2"]}, "at": {"within": ["0s", "2s"]}, "for": "100ms"},
    ]
    return Cluster(
        name="held-for-good",
        why="Nobody answers over a link that is cut for good; cut before there is a connection, the wait is another one.",
        scenario=cluster(node_count=4, program="planted:greeter", faults=faults),
        least=Least(nodes=2, steps=0, faults=1),
        smallest=cluster(
            nodes=["n0", "n2"],
            program="planted:greeter",
            faults=[{"kind": "partition", "between": [["n0"], ["n2"]], "at": "5ms"}],
        ),
        title="deadlock",
    )


def stale_read() -> Cluster:
    """A value arrives too late for who reads it."""
    late = {"kind": "latency", "from": "n1", "add": "500ms", "at": {"within": ["0s", "40ms"]}, "for": "300ms"}
    steps = [put("n3", "y", 5), tick("60ms"), put("n1", "x", "a word"), tick("50ms"), got("n3", "y", 5)]
    return Cluster(
        name="stale-read",
        why="A message is late; without the put before it the read fails too, and needs nothing to go wrong.",
        scenario=cluster(node_count=4, faults=[*CALM, late], steps=[*steps, got("n0", "x", "a word"), tick("1s")]),
        least=Least(nodes=2, steps=2, faults=1),
        smallest=cluster(
            nodes=["n0", "n1"],
            network={"latency": "1ms"},
            faults=[{"kind": "latency", "at": "0s"}],
            steps=[put("n1", "x", "a word"), got("n0", "x", "a word")],
        ),
        title="client_get_assert",
    )


CLUSTERS: list[Cluster] = [
    stale_read(),
    partition_needed(),
    crash_needed(),
    order_needed(),
    two_clients(),
    one_fault_of_six(),
    time_threshold(),
    one_node_of_seven(),
    payload_byte(),
    held_for_good(),
]
