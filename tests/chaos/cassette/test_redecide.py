from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.chaos.cassette.header import begun_of, header_of, wire_redactor
from fozzy.chaos.cassette.redecide import Redecided, Redeciding, decisions_again
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.core.blob import Blob
from fozzy.core.exchange import Exchange, Sent
from fozzy.core.redact import Redactor
from fozzy.errors import EvidenceError, UsageError
from fozzy.faults.http import control
from fozzy.faults.http.plan import (
    Bucket,
    Drop,
    Faults,
    Latency,
    Limits,
    Malformed,
    Plan,
    Route,
    Scenario,
    Scope,
    Status,
    StatusOverride,
    Timeout,
)
from fozzy.trace.reader import open_trace
from fozzy.trace.writer import Recorder
from tests.chaos.cassette.door import RUN, Door, recorded, summary

PLAN = Plan(
    latency=Latency(uniform=("1ms", "9ms"), probability=0.5),
    faults=Faults(
        drop=Drop(probability=0.2),
        malformed=Malformed(probability=0.2, how="bit-flip"),
        status=Status(codes=[500, 503], probability=0.1),
        timeout=Timeout(after="1ms", probability=0.1),
        status_override=StatusOverride(status=418, probability=0.1),
    ),
    limits=Limits(global_=Bucket(rate="100/s", burst=5)),
    routes=[Route(path="/r/*", upstream="http://u", faults=Faults(drop=Drop(every=3)))],
    tests={"calm": Scope()},
    scenarios={"rush": Scenario(limits=Limits(global_=Bucket(rate="1/s", burst=1)))},
)


def busy(door: Door) -> None:
    """A session with all sorts of requests and changes."""
    for n in range(60):
        door.ask(f"/{n % 7}", b'{"n": %d}' % (n % 5))
        door.ask(f"/r/{n % 2}", test="calm" if n % 4 == 0 else "")
    door.session.change(control.start(door.engine.state, "rush", door.now), "start rush")
    for n in range(10):
        door.ask(f"/{n}", headers=[("X-Fozzy-Chaos-Drop", "1" if n % 2 else "0")])
    door.session.change(control.stop(door.engine.state), "stop rush")
    door.ask("/last", b'{"password": "one-two-three", "n": 1}')
    door.ask("/last?token=abcdefgh")
    door.ask("/bad", headers=[("X-Fozzy-Chaos-Drop", "banana")])


def again(path: Path, plan: Plan | None = None, **said: Any) -> Redecided:
    """Decide a recording again."""
    with Timeline([path]) as timeline:
        return Redeciding(timeline, plan).run(**said)


def altered(path: Path, change: Any, out: str = "altered.fozzy") -> Path:
    """The same trace with its exchanges changed, sealed like any other."""
    target = path.with_name(out)
    with open_trace(path) as trace:
        recorder = Recorder(trace.header(), target, Redactor())
        for record in trace.records():
            recorder([change(record) if isinstance(record, Exchange) else record])
        footer = trace.footer()
    assert footer is not None
    recorder.seal(msgspec.structs.replace(footer, counts=recorder.counts, blocks=recorder.blocks), durable=False)
    recorder.close()
    return target


def test_a_fresh_engine_decides_the_same(tmp_path: Path) -> None:
    """Every roll, fault, delay and limit comes out as it was, also for requests that have lost their secrets."""
    recorded(tmp_path / "t.fozzy", PLAN, busy)
    done = again(tmp_path / "t.fozzy")
    assert (done.divergence.verdict, done.divergence.cause) == ("SAME", None)
    assert (done.requests, done.changes, done.missing) == (133, 2, 0)


def test_a_folder_is_decided_as_one(tmp_path: Path) -> None:
    """The files of a recording together are the session; one alone has all draws, but what counts is not told."""
    kept = recorded(tmp_path / "tapes", PLAN, busy, is_folder=True)
    with Timeline(kept.paths) as timeline:
        done = Redeciding(timeline).run()
    assert (done.divergence.verdict, done.requests, done.changes) == ("SAME", 133, 2)
    alone = again(kept.paths[0])
    assert alone.divergence.verdict == "INCOMPLETE" and "not in this recording may have counted" in str(
        alone.divergence.cause
    )
    keyed = Plan(faults=Faults(drop=Drop(probability=0.5)))
    paths = recorded(tmp_path / "keyed", keyed, busy_tests, is_folder=True).paths
    assert [again(path).divergence.verdict for path in paths] == ["SAME", "SAME"]


def busy_tests(door: Door) -> None:
    """Two tests in turns."""
    for n in range(40):
        door.ask(f"/{n % 3}", test="ab"[n % 2])


def test_sessions_behind_one_another_are_each_decided(tmp_path: Path) -> None:
    """A recording that was gone on with holds several sessions, each with a fresh engine."""
    for _ in range(2):
        recorded(tmp_path / "t.fozzy", PLAN, busy, goes_on=True)
    done = again(tmp_path / "t.fozzy")
    assert (done.divergence.verdict, done.divergence.cause, done.requests) == ("SAME", None, 266)


@pytest.mark.parametrize(
    ("field", "change", "what"),
    [
        ("planned", {"planned": "stall", "applied": "stall"}, "its fault"),
        ("rolls", {"rolls": []}, "its roll latency"),
        ("delay_ns", {"delay_ns": 1}, "its delay"),
        ("at", {"at": "routes[7]"}, "its route"),
        ("slot", {"slot": 9}, "which of the route's answers"),
        ("occurrence", {"occurrence": 9}, "how often it came"),
        ("key", {"key": "0" * 16}, "its key"),
        ("source", {"source": "fixture"}, "who answers"),
    ],
)
def test_what_is_decided_otherwise_is_drift(tmp_path: Path, field: str, change: Any, what: str) -> None:
    """The first request that differs is told, with what was recorded, what is decided now, and where it stands."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, busy)
    at = 4
    path = altered(kept.paths[0], lambda each: msgspec.structs.replace(each, **change) if each.number == at else each)
    divergence = again(path).divergence
    assert (divergence.verdict, divergence.record) == ("DRIFT", at - 1)
    assert divergence.cause is not None and f"request {at} " in divergence.cause and what in divergence.cause
    assert divergence.recorded != divergence.now


def test_what_a_fault_sends_is_compared(tmp_path: Path) -> None:
    """Other bytes under the same decision are drift, though they are as many."""
    kept = recorded(tmp_path / "t.fozzy", Plan(faults=Faults(drop=Drop())), lambda door: (door.ask(), None)[-1])

    def other(each: Exchange) -> Exchange:
        assert each.sent is not None
        sent = Sent(each.sent.status, each.sent.bytes, digest="0" * 32)
        return msgspec.structs.replace(each, sent=sent)

    divergence = again(altered(kept.paths[0], other)).divergence
    assert divergence.verdict == "DRIFT" and "what drop sends" in str(divergence.cause)


def test_another_body_is_another_request(tmp_path: Path) -> None:
    """The digest is made again of the body, so a changed body is noticed."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, lambda door: (door.ask("/a", b"one"), None)[-1])

    def other(each: Exchange) -> Exchange:
        return msgspec.structs.replace(each, request=msgspec.structs.replace(each.request, body=Blob.of(b"two")))

    assert "its body's digest" in str(again(altered(kept.paths[0], other)).divergence.cause)


def test_another_plan_decides_otherwise(tmp_path: Path) -> None:
    """With another plan the first request whose decision changes is told; with the same one nothing does."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, lambda door: [door.ask(f"/{n}") for n in range(30)] and None)
    assert again(kept.paths[0], PLAN).divergence.verdict == "SAME"
    milder = msgspec.structs.replace(PLAN, faults=Faults(drop=Drop(probability=0.1)))
    assert again(kept.paths[0], milder).divergence.verdict == "DRIFT"


def test_another_plan_is_refused_where_the_plan_changed(tmp_path: Path) -> None:
    """What was changed while recording cannot be changed in another plan."""
    recorded(tmp_path / "t.fozzy", PLAN, busy)
    with pytest.raises(UsageError) as raised:
        again(tmp_path / "t.fozzy", PLAN)
    assert raised.value.code == "chaos.changed_meanwhile"


def test_a_stop_is_no_difference(tmp_path: Path) -> None:
    """It goes as far as it is asked to."""
    recorded(tmp_path / "t.fozzy", PLAN, busy)
    done = again(tmp_path / "t.fozzy", stop_at=lambda record: isinstance(record, Exchange) and record.number > 10)
    assert (done.divergence.verdict, done.requests) == ("SAME", 10)


def test_requests_that_are_missing_make_no_drift(tmp_path: Path) -> None:
    """Draws hold without them; what counts requests cannot be told, so it is incomplete and not drift."""
    for plan, verdict in ((Plan(faults=Faults(drop=Drop(probability=0.5))), "SAME"), (PLAN, "INCOMPLETE")):
        door = Door(plan)
        recorder = door.recorder(tmp_path / f"{verdict}.fozzy")
        recorder.is_known = lambda number: number % 3 == 0
        for n in range(60):
            door.ask(f"/{n % 4}")
        done = again(recorder.finish(summary).paths[0])
        assert done.divergence.verdict == verdict and done.missing > 0


def test_decisions_can_be_carried_out_again(tmp_path: Path) -> None:
    """Each recorded exchange has its decision; a fault that did not happen then does not happen now."""
    plan = Plan(faults=Faults(drop=Drop(pattern="F.F")))
    door = Door(plan)
    recorder = door.recorder(tmp_path / "t.fozzy")
    door.ask()
    door.ask()
    door.ask(exchange={"applied": "", "reason": "client_gone"})
    with Timeline(recorder.finish(summary).paths) as timeline:
        found = decisions_again(timeline)
    assert [(found[n].planned, found[n].action is None) for n in (1, 2, 3)] == [("drop", False), ("", True), ("", True)]


def test_what_is_decided_otherwise_cannot_be_served_as_recorded(tmp_path: Path) -> None:
    """A recording whose decisions do not come out again is refused, with the first that does not."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, busy)
    path = altered(kept.paths[0], lambda each: msgspec.structs.replace(each, delay_ns=1) if each.number == 3 else each)
    with Timeline([path]) as timeline, pytest.raises(EvidenceError) as raised:
        decisions_again(timeline)
    assert raised.value.code == "chaos.decided_otherwise"


def test_a_plan_that_cannot_be_compiled_is_no_evidence(tmp_path: Path) -> None:
    """A plan that no engine takes is refused, never guessed."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, lambda door: (door.ask(), None)[-1])
    with open_trace(kept.paths[0]) as trace:
        header = trace.header()
    begun = begun_of(header, "t")
    broken = msgspec.structs.replace(begun, plan=Plan(mode="exclusive", faults=Faults(drop=0.9, partial=0.9)))
    path = tmp_path / f"b.fozzy.{RUN}.partial"
    Recorder(header_of(broken, "p", wire_redactor([])), path, Redactor()).close()
    with Timeline([path], unsafe=True) as timeline, pytest.raises(EvidenceError) as raised:
        Redeciding(timeline).run()
    assert raised.value.code == "chaos.bad_plan"
    assert json.loads(header.scenario.text)["decisions"] == 1
