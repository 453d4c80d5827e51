"""What holds for every plan and all traffic: the cutting into reads is nothing, and no change loses or reorders a byte."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.faults.tcp.plan import STREAMS
from tests.faults.tcp.wiring import MS, Got, Wire, comparable, merged, toxic

SMALL = st.integers(0, 40)
STEPS_NS = st.integers(0, 30 * MS)

LOSSLESS: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries({"type": st.just("latency"), "latency": st.just(20), "jitter": st.sampled_from([0, 20])}),
    st.fixed_dictionaries({"type": st.just("bandwidth"), "rate": st.integers(1, 5)}),
    st.fixed_dictionaries({"type": st.just("slow_close"), "delay": SMALL}),
    st.fixed_dictionaries(
        {
            "type": st.just("slicer"),
            "average_size": st.integers(6, 9),
            "size_variation": st.integers(0, 5),
            "delay": st.integers(0, 4000),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("packet_loss"),
            "loss_rate": st.sampled_from([0, 0.3]),
            "correlation": st.sampled_from([0, 0.5]),
        }
    ),
    st.fixed_dictionaries({"type": st.just("partition")}),
]
LOSING: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries({"type": st.just("timeout"), "timeout": SMALL}),
    st.fixed_dictionaries({"type": st.just("reset_peer"), "timeout": SMALL, "after_bytes": st.none() | SMALL}),
    st.fixed_dictionaries({"type": st.just("limit_data"), "bytes": SMALL}),
    st.fixed_dictionaries({"type": st.just("limit_time"), "time": SMALL}),
    st.fixed_dictionaries({"type": st.just("half_close")}),
    st.fixed_dictionaries({"type": st.just("corrupt"), "bits": st.none() | st.integers(1, 20)}),
    st.fixed_dictionaries({"type": st.just("drop_reply"), "end": st.sampled_from(["rst", "fin", "hang"])}),
]
SCHEDULES = st.sampled_from(
    [
        {},
        {"first": 2},
        {"after": 1, "on": "message"},
        {"every": 2},
        {"pattern": "F.FF"},
        {"struck": 0.5},
        {"struck": 0.5, "on": "message", "per": "connection", "times": 2},
        {"window": ("5ms", "40ms")},
        {"on": "byte", "after": 4, "first": 30},
        {"on": "byte", "every": 3, "times": 7},
        {"on": "byte", "pattern": "FFF..F"},
        {"on": "byte", "struck": 0.2},
        {"on": "connection"},
    ]
)
ALWAYS = st.sampled_from([{}, {"toxicity": 0.5}])


def chosen(kinds: list[st.SearchStrategy[dict[str, Any]]], schedules: st.SearchStrategy[Any], most: int) -> Any:
    """Some toxics, each of a name of its own."""
    one = st.tuples(st.one_of(kinds), schedules, ALWAYS, st.sampled_from(STREAMS))
    return st.lists(one, max_size=most).map(
        lambda found: [
            made({**kind, **schedule, **there, "stream": stream, "name": f"t{at}"})
            for at, (kind, schedule, there, stream) in enumerate(found)
        ]
    )


def made(said: dict[str, Any]) -> dict[str, Any]:
    """A toxic that its kind can be."""
    if said["type"] == "slow_close":
        said = {name: value for name, value in said.items() if name not in ("on", "per")}
    if said["type"] == "drop_reply":
        on = {} if said.get("on") in ("byte", "connection") else {"on": said.get("on", "message")}
        said = {**{name: value for name, value in said.items() if name != "on"}, **on, "stream": "downstream"}
    return toxic(said.pop("type"), **said)


TRAFFIC = st.lists(st.tuples(STEPS_NS, st.sampled_from(STREAMS), st.binary(min_size=1, max_size=60)), max_size=8)
SIZES = st.lists(st.integers(1, 7), max_size=80)
ENDS = st.lists(st.sampled_from(STREAMS), unique=True)


def run(toxics: list[dict[str, Any]], traffic: Any, ends: Any, cuts: list[list[int]], **said: Any) -> Any:
    """What came of it all: what each side got and when, every record, every tally."""
    wire = Wire(*toxics, **said)
    for _ in range(2):
        wire.connect(0)
        now_ns = 0
        for at, (step_ns, stream, data) in enumerate(traffic):
            now_ns += step_ns
            wire.send(stream, data, now_ns, cuts[at] if at < len(cuts) else ())
        for stream in ends:
            wire.end(stream, now_ns)
        wire.all()
        wire.close()
    if wire.cut_off and any(said.get("on") == "byte" or "window" in said for said in toxics):
        return wire.cut_off  # what had come behind a cut is counted where bytes are
    return merged(wire.got), comparable(wire), msgspec.to_builtins(wire.engine.tallies())


@settings(max_examples=150, deadline=None)
@given(chosen([*LOSSLESS, *LOSING], SCHEDULES, 3), TRAFFIC, ENDS, st.lists(SIZES, max_size=8), st.integers(0, 9))
def test_reads_are_nothing(toxics: Any, traffic: Any, ends: Any, cuts: Any, seed: int) -> None:
    """However bytes are cut into reads: the same bytes at the same times, the same records, the same tallies."""
    assert run(toxics, traffic, ends, cuts, seed=seed) == run(toxics, traffic, ends, [], seed=seed)


@settings(max_examples=40, deadline=None)
@given(chosen([*LOSSLESS, *LOSING], SCHEDULES, 3), TRAFFIC, ENDS, st.integers(0, 9))
def test_bytes_alone(toxics: Any, traffic: Any, ends: Any, seed: int) -> None:
    """Reads of one byte each are as one read of all."""
    assert run(toxics, traffic, ends, [[1] * 60] * 8, seed=seed) == run(toxics, traffic, ends, [], seed=seed)


COMMANDS = [b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\n", b"PING\r\n"]
REPLIES = [b"$2\r\nhi\r\n", b":15\r\n", b"+PONG\r\n"]
REDIS_TOXICS: list[dict[str, Any]] = [
    toxic("resp_error", name="a", code="LOADING", match="GET", every=2),
    toxic("drop_reply", name="b", match="INCR", struck=0.3, end="hang"),
    toxic("latency", name="c", latency=7, jitter=7, match="INCR", pattern="F.FF"),
    toxic("corrupt", name="d", match="PING", offset=1),
    toxic("limit_data", name="e", bytes=3, match="PING", after=4),
    toxic("slicer", name="f", average_size=2, size_variation=1, delay=9, stream="upstream"),
]
PIPELINES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=1, max_size=6)


def served(toxics: list[dict[str, Any]], pipelines: list[list[int]], cuts: list[list[int]]) -> Any:
    """What came of requests that a server answers which gets them; both sides are cut."""
    wire = Wire(*toxics, protocol="redis")
    answered, reads = 0, iter([*cuts, *[[]] * 100])
    for at, pipeline in enumerate(pipelines):
        now_ns = 20 * MS * at
        wire.send("upstream", b"".join(COMMANDS[each] for each in pipeline), now_ns, next(reads))
        wire.until(now_ns + 10 * MS)
        asked = commands(wire.bytes_of("upstream"))
        wire.send("downstream", b"".join(REPLIES[each] for each in asked[answered:]), now_ns + 10 * MS, next(reads))
        answered = len(asked)
    wire.all()
    wire.close()
    return merged(wire.got), comparable(wire), msgspec.to_builtins(wire.engine.tallies())


def commands(data: bytes) -> list[int]:
    """The whole commands at the beginning of what a server got."""
    found: list[int] = []
    while any(data.startswith(command) for command in COMMANDS):
        found.append(next(at for at, command in enumerate(COMMANDS) if data.startswith(command)))
        data = data[len(COMMANDS[found[-1]]) :]
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(REDIS_TOXICS), unique_by=lambda each: each["name"]), PIPELINES, st.lists(SIZES, max_size=8)
)
def test_reads_of_a_protocol_are_nothing(toxics: Any, pipelines: Any, cuts: Any) -> None:
    """Of Redis too, with requests in pipelines: what begins, and what is struck, does not depend on the cutting into reads."""
    told = [served(toxics, pipelines, how) for how in (cuts, [], [[1] * 200] * 12)]
    assert told[0] == told[1] == told[2]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(chosen(LOSSLESS, SCHEDULES, 3), min_size=1, max_size=5),
    TRAFFIC,
    ENDS,
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_changes_lose_nothing(plans: Any, traffic: Any, ends: Any, seed: int, shift: int) -> None:
    """Whatever toxics come and go in mid-stream: all bytes arrive, once, in order, and the end behind them."""
    wire = Wire(*plans[0], seed=seed)
    now_ns = 0
    for at, (step_ns, stream, data) in enumerate(traffic):
        now_ns += step_ns
        wire.send(stream, data, now_ns, [3] * 20)
        if plans:
            wire.change(*plans[(at + shift) % len(plans)], at_ns=now_ns + step_ns // 2)
            now_ns += step_ns // 2
    for stream in ends:
        wire.end(stream, now_ns)
    wire.change(at_ns=now_ns + 1)
    wire.all()
    for stream in STREAMS:
        assert wire.bytes_of(stream) == b"".join(data for _, which, data in traffic if which == stream)
        assert ended(wire.got, stream) == (["fin"] if stream in ends else [])


def ended(got: Got, stream: str) -> list[Any]:
    """How a stream ended, which nothing follows."""
    found = [what for _, which, what in got if which == stream]
    ends = [what for what in found if not isinstance(what, bytes)]
    assert not ends or found[-1] == ends[0]
    return ends
