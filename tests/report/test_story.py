"""The story of a cluster's run: what it keeps of the records, what it joins, what it leaves out."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.core.events import Draw, Event, Found, Net, Record, Step
from fozzy.core.summary import Beat
from fozzy.report.story import LATEST, LINES_MAX, Story, story, story_of
from fozzy.report.text import plain

MS = 10**6


def event(t: int, name: str, at: str = "distributed", /, **fields: Any) -> Event:
    """An event at some milliseconds."""
    return Event(t * MS, at, name, {key.rstrip("_"): value for key, value in fields.items()})


def found(t: int, title: str = "always", at: str = "distributed.invariants[0]") -> Found:
    """A finding at some milliseconds."""
    return Found(t * MS, at, "checker", title, "it does not hold")


def asks(t: int, client: str = "client", at: str = "distributed.steps[0]", **fields: Any) -> Event:
    """A client asks."""
    return event(t, "op.start", at, client=client, **{"op": "get", "args": ["x"], "node": "n0", **fields})


def told(t: int, client: str = "client", **fields: Any) -> Event:
    """A client is told."""
    return event(t, "op.end", client=client, **{"op": "get", "node": "n0", "ok": None, **fields})


def beats(*records: Record) -> list[tuple[int, str, str, str]]:
    """The story of records: milliseconds, who, what, outcome."""
    return [(beat.at_ns // MS, beat.who, beat.what, beat.outcome) for beat in story_of(records).beats()]


def test_an_operation_is_one_beat_with_its_outcome() -> None:
    """A call and its end make one beat where it began; one that never ends says so."""
    made = beats(
        asks(0, op="put", args=["x", "1"]), told(5), asks(6), told(206, ok="1"), asks(300, at="distributed.steps[1]")
    )
    assert made == [
        (0, "client", "put x=1 -> n0", "ok"),
        (6, "client", "get x -> n0", '"1" after 200ms'),
        (300, "client", "get x -> n0", "no answer"),
    ]


def test_an_operation_that_fails_says_how() -> None:
    """The error of an operation is its outcome."""
    assert beats(asks(0), told(1, error="ConnectionError: n0 is down"))[0][3] == "✗ ConnectionError: n0 is down"


def test_operations_of_clients_at_once_do_not_mix() -> None:
    """Each client's end belongs to its own operation."""
    made = beats(asks(0, "c0"), asks(1, "c1"), told(2, "c1", ok=1), told(3, "c0", ok=2))
    assert [(who, outcome) for _, who, _, outcome in made] == [("c0", "2"), ("c1", "1")]


def test_polling_is_told_once() -> None:
    """What one step asks again and again is told as it was asked last; what clients of a workload repeat is kept."""
    at = "distributed.clients.w.0"
    polled = [record for t in range(0, 50, 10) for record in (asks(t), told(t + 1, ok=t))]
    worked = [record for t in range(100, 130, 10) for record in (asks(t, "w.0", at), told(t + 1, "w.0"))]
    made = beats(*polled, *worked)
    assert [(at_ms, who) for at_ms, who, *_ in made] == [(40, "client"), (100, "w.0"), (110, "w.0"), (120, "w.0")]
    assert story_of([*polled, *worked]).left_out == 0


def test_a_fault_is_one_beat_with_what_it_does() -> None:
    """The links a partition cuts and heals, and the machine a fault stops, are not told again."""
    at, name = "distributed.faults[0]", {"name": "partition", "kind": "partition"}
    pair, back = {"from_": "n0", "to": "n1"}, {"from_": "n1", "to": "n0"}
    made = beats(
        event(4, "fault.strike", at, **name, between=[["n0"], ["n1"]]),
        event(4, "link.cut", at, **pair),
        event(4, "link.cut", at, **back),
        event(9, "fault.end", at, **name),
        event(9, "link.heal", at, **pair),
        event(9, "link.released", at, **pair, count=2, last_ns=11 * MS),
        event(9, "link.heal", at, **back),
        event(9, "link.released", at, **back, count=1, last_ns=11 * MS),
        Net(10 * MS, "distributed.nodes.n1", "message", "n0>n1", 9, 1),
        Net(12 * MS, "distributed.nodes.n1", "message", "n0>n1", 9, 1),
    )
    assert made == [
        (4, "FAULT", "partition n0 | n1", ""),
        (9, "FAULT", "partition ends", "3 held messages go on"),
        (10, "n1", "gets a message from n0, held until now", ""),
        (12, "n1", "gets a message from n0", ""),
    ]


def test_a_restart_by_a_fault_is_told_by_the_fault() -> None:
    """The crash and the start that a fault makes are not told again."""
    at, name = "distributed.faults[0]", {"name": "restart", "kind": "restart"}
    made = beats(
        event(1, "fault.strike", at, **name, node="n1"),
        event(1, "node.crash", at, node="n1"),
        event(2, "fault.end", at, **name),
        event(2, "node.restart", at, node="n1"),
        event(2, "node.start", at, node="n1", incarnation=2),
    )
    assert made == [(1, "FAULT", "restart n1: it loses power", ""), (2, "FAULT", "restart ends: n1 starts again", "")]


def test_steps_cut_heal_and_stop_machines() -> None:
    """What steps do to links and machines is told as faults are, the links of one step together."""
    at = "distributed.steps[0]"
    cuts = [event(1, "link.cut", at, from_=a, to=b) for a, b in (("n0", "n1"), ("n1", "n0"))]
    heals = [event(2, "link.heal", "distributed.steps[1]", from_=a, to=b) for a, b in (("n0", "n1"), ("n1", "n0"))]
    machines = [event(3, f"node.{what}", "distributed.steps[2]", node="n2") for what in ("pause", "resume", "crash")]
    made = beats(*cuts, *heals, *machines)
    assert [what for _, _, what, _ in made] == ["cut n0 | n1", "heal n0 | n1", "pause n2", "resume n2", "crash n2"]


def test_what_nodes_say_and_do_is_told() -> None:
    """Lines, ends of programs, refusals; draws, opened connections, bytes and passing steps are not."""
    made = beats(
        Draw(0, "distributed.nodes.n0", "random.n0", 0, 9, 3),
        event(1, "node.start", node="n0", incarnation=1),
        event(2, "node.said", node="n0", text="hello"),
        Net(3 * MS, "", "refuse", "n0>n1#1"),
        Net(3 * MS, "", "open", "n0>n1#1"),
        Net(3 * MS, "", "data", "n0>n1#1", 9, 1),
        event(4, "node.exit", node="n0"),
        Step(5 * MS, "distributed.steps[0]", "tick", "", note="1s"),
        Step(6 * MS, "distributed.steps[1]", "call", "", note="m:f = 1"),
    )
    assert [(who, what) for _, who, what, _ in made] == [
        ("n0", "hello"),
        ("n1", "refuses a connection from n0"),
        ("n0", "its program ends"),
        ("step", "call m:f = 1"),
    ]


def test_what_repeats_is_told_once_until_something_happens() -> None:
    """The same line of the same node is counted; a fault or an operation begins anew."""
    said = [event(t, "node.said", node="n0", text="try again") for t in range(3)]
    made = beats(*said, asks(4), event(5, "node.said", node="n0", text="try again"))
    assert [what for _, _, what, _ in made] == ["try again (3 times)", "get x -> n0", "try again"]


def test_a_story_is_bounded_and_says_what_it_leaves_out() -> None:
    """Findings and faults stay, then operations, and the last beats before the end, however much there is."""
    records: list[Record] = [event(0, "fault.strike", "distributed.faults[0]", name="crash", kind="crash", node="n1")]
    for t in range(1, 2000):
        records += [event(t, "node.said", node="n0", text=str(t))] if t % 20 else [asks(t, str(t)), told(t, str(t))]
    made = story_of([*records, found(2000)])
    shown = made.beats()
    assert len(shown) == LINES_MAX
    assert made.left_out + len(shown) == 2001
    assert shown[0].who == "FAULT" and shown[-1].outcome == "FAIL"
    assert sum(beat.what.startswith("get") for beat in shown) > LINES_MAX // 2
    assert [beat.what for beat in shown[-LATEST:-1]] == ["1995", "1996", "1997", "1998", "1999"]
    assert [beat.at_ns for beat in shown] == sorted(beat.at_ns for beat in shown)


def test_a_whole_story_leaves_nothing_out() -> None:
    """Without a limit every beat is there."""
    made = story_of([event(t, "node.said", node="n0", text=str(t)) for t in range(500)], limit=None)
    assert (len(made.beats()), made.left_out) == (500, 0)


def test_what_was_found_ends_the_story() -> None:
    """A finding at a node is the node's, any other is a check's; one that is given stands where no record has it."""
    assert beats(found(3))[-1] == (3, "check", "always: it does not hold", "FAIL")
    assert beats(found(3, "node_exception", "distributed.nodes.n1"))[-1][1] == "n1"
    lines = [plain(each) for each in story([asks(0)], found(4))]
    assert lines[-1].split()[:3] == ["4ms", "check", "FAIL"]
    assert len(story([asks(0), found(3)], found(4))) == 3


def test_a_run_without_a_cluster_has_no_story() -> None:
    """Steps, draws and findings of another run make no beats but what was found."""
    assert story([Step(0, "steps[0]", "sleep", ""), Draw(0, "steps[0]", "rand.a", 0, 1, 0)]) == []


def test_blocks_and_single_records_make_the_same_story(made: Any) -> None:
    """It is a sink of blocks as well; a summary takes it as it is."""
    records = [asks(0), told(1), found(2)]
    sink = Story()
    sink(records[:1])
    sink(records[1:])
    summary = sink.put_into(made.single())
    assert summary.story == story_of(records).beats() and summary.story_left_out == 0
    assert msgspec.json.decode(msgspec.json.encode(summary))["story"][0] == {
        "atNs": 0,
        "who": "client",
        "what": "get x -> n0",
        "outcome": "ok",
    }
    assert all(isinstance(beat, Beat) for beat in summary.story)
