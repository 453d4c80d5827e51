from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.chaos.cassette.header import header_of, wire_redactor
from fozzy.chaos.cassette.redecide import Redecided
from fozzy.chaos.tcp.header import tcp_begun_of
from fozzy.chaos.tcp.redecide import TcpRedeciding
from fozzy.chaos.tcp.timeline import TcpTimeline
from fozzy.core.events import Event, Record
from fozzy.core.redact import Redactor
from fozzy.core.wires import Connected, Spoken, Struck
from fozzy.errors import EvidenceError, UsageError
from fozzy.faults.tcp.plan import TcpPlan, Toxic
from fozzy.trace.reader import open_trace
from fozzy.trace.recover import recover
from fozzy.trace.writer import Recorder
from tests.chaos.cassette.door import summary
from tests.chaos.tcp.driven import Driven, plan, recorded

LATE = Toxic(type="latency", name="late", attributes={"latency": 20, "jitter": 10}, rate=0.4)
HALF = Toxic(type="latency", name="half", attributes={"latency": 5}, stream="upstream", toxicity=0.5, every=2)
THIRD = Toxic(type="latency", name="third", attributes={"latency": 1}, on="connection", every=3)
OWN = Toxic(type="latency", name="own", attributes={"latency": 1}, pattern="F..FF", per="connection")
SOON = Toxic(type="latency", name="soon", attributes={"latency": 1}, window=("10ms", "300ms"), times=5)
GETS = Toxic(type="latency", name="gets", attributes={"latency": 1}, match="GET s3cr3t*", after=1)
SOME = Toxic(type="latency", name="some", attributes={"latency": 1}, on="byte", every=3, first=40, stream="upstream")
ODD = Toxic(type="latency", name="odd", attributes={"latency": 1}, on="byte", rate=0.2)
FEW = Toxic(
    type="latency", name="few", attributes={"latency": 1}, on="byte", pattern="FF..F", times=7, window=("0ms", "20ms")
)
BYTES = (SOME, ODD, FEW)
PLAN = plan(LATE, HALF, THIRD, OWN, SOON, *BYTES)
GETTING = plan(LATE, GETS, protocol="redis")


def talk(driven: Driven) -> None:
    """Many connections and messages, some open through changes, in which toxics come, go and come again."""
    first = driven.connect()
    for n in range(8):
        driven.ask(first, b"ask %d" % n, b"answer %d" % n)
    driven.change(plan(LATE, HALF, ODD))
    second, third = driven.connect(), driven.connect()
    for n in range(8):
        driven.ask(third, b"ask %d" % n, b"answer %d" % n)
        driven.ask(first, b"ask %d" % n, b"answer %d" % n)
    driven.close(first)
    driven.close(second)
    driven.change(PLAN)
    for _ in range(6):
        link = driven.connect()
        driven.ask(link, b"a", b"b")
        driven.ask(third, b"c", b"d")
        driven.close(link)


def named(driven: Driven) -> None:
    """Messages that are about something, a secret among it that is only later known to be one."""
    link = driven.connect()
    for n, about in enumerate(
        ["GET s3cr3t-91c2f7", "GET s3cr3t-91c2f7", "PING", "SET token=s3cr3t-91c2f7", "GET s3cr3t-91c2f7"]
    ):
        request = link.begin("upstream", "request", about)
        link.end(request)
        link.end(link.begin("downstream", "reply", about if n else "GET s3cr3t-91c2f7", request))
        driven.out(link, "downstream")


def again(path: Path, plan: TcpPlan | None = None, **said: Any) -> Redecided:
    """Decide a recording again."""
    with TcpTimeline([path]) as timeline:
        return TcpRedeciding(timeline, plan).run(**said)


def altered(path: Path, change: Callable[[Record], Record | None], seed: int = 7) -> Path:
    """The same trace with its records changed or left out, or another seed, sealed like any other."""
    target = path.with_name("altered.fozzy")
    with open_trace(path) as trace:
        header, footer, records = trace.header(), trace.footer(), list(trace.records())
    assert footer is not None
    begun = msgspec.structs.replace(tcp_begun_of(header, "t"), seed=seed)
    header = header_of(begun, "flags", wire_redactor([]))
    writer = Recorder(header, target, Redactor())
    writer([each for each in map(change, records) if each is not None])
    writer.seal(msgspec.structs.replace(footer, counts=writer.counts, blocks=writer.blocks), durable=False)
    writer.close()
    return target


def same(record: Record) -> Record:
    """Nothing is changed."""
    return record


def test_a_recording_is_decided_as_it_was(tmp_path: Path) -> None:
    """Draws, strikes and toxicity of every connection and message come again, through changes of the plan."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, talk)
    done = again(kept.paths[0])
    assert (done.divergence.verdict, done.divergence.cause) == ("SAME", None)
    assert done.changes == 2 and done.missing == 0
    assert done.requests == kept.recorded > 70
    with open_trace(kept.paths[0]) as trace:
        records = list(trace.records())
    struck = {each.toxic for record in records if isinstance(record, Connected | Spoken) for each in record.struck}
    assert struck == {"late", "half", "third", "own", "soon", "some", "odd", "few"}
    missed = [roll for record in records if isinstance(record, Connected) for roll in record.rolls if not roll.hit]
    assert missed, "some toxicity was drawn and missed, so that is compared too"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            plan(LATE.__class__(**{**msgspec.structs.asdict(LATE), "rate": 0.41}), HALF, THIRD, OWN, SOON, *BYTES),
            "late.rate",
        ),
        (plan(LATE, HALF, THIRD, OWN, SOON, *BYTES), None),
        (plan(LATE, HALF, THIRD, OWN, SOON, SOME, ODD), "few"),
        (plan(LATE, HALF, THIRD, OWN, SOON, msgspec.structs.replace(SOME, every=4), ODD, FEW), "some"),
        (plan(LATE, HALF, THIRD, OWN, SOON, SOME, msgspec.structs.replace(ODD, rate=0.21), FEW), "odd"),
        (plan(LATE, HALF, THIRD, OWN, SOON, SOME, ODD, msgspec.structs.replace(FEW, pattern="FF.FF")), "few"),
        (plan(LATE, msgspec.structs.replace(HALF, toxicity=0.6), THIRD, OWN, SOON, *BYTES), "half.toxicity"),
        (plan(LATE, HALF, msgspec.structs.replace(THIRD, every=2), OWN, SOON, *BYTES), "third"),
        (plan(LATE, HALF, THIRD, msgspec.structs.replace(OWN, pattern=".F"), SOON, *BYTES), "own"),
        (plan(LATE, HALF, THIRD, OWN, msgspec.structs.replace(SOON, times=4), *BYTES), "soon"),
        (plan(LATE, HALF, THIRD, OWN, msgspec.structs.replace(SOON, window=("10ms", "20ms")), *BYTES), "soon"),
    ],
)
def test_another_plan_drifts(tmp_path: Path, other: TcpPlan, said: str | None) -> None:
    """A plan that decides otherwise is found at the first difference, which says where and what; one that does not is not."""

    def drive(driven: Driven) -> None:
        links = [driven.connect() for _ in range(9)]
        for n in range(6):
            for link in links:
                driven.ask(link, b"ask %d" % n, b"answer")

    path = recorded(tmp_path / "t.fozzy", PLAN, drive).paths[0]
    divergence = again(path, other).divergence
    if said is None:
        assert divergence.verdict == "SAME"
        return
    assert divergence.verdict == "DRIFT" and divergence.record is not None
    assert said in f"{divergence.cause} {divergence.recorded} {divergence.now}"
    assert "connection" in (divergence.cause or "") and "of kv" in (divergence.cause or "")


def test_another_seed_drifts(tmp_path: Path) -> None:
    """What was drawn under one seed is not what another gives."""
    path = recorded(tmp_path / "t.fozzy", PLAN, talk).paths[0]
    assert again(altered(path, same)).divergence.verdict == "SAME"
    assert again(altered(path, same, seed=8)).divergence.verdict == "DRIFT"


def _strike(record: Record) -> Record:
    if isinstance(record, Spoken) and record.number == 9:
        return msgspec.structs.replace(record, struck=[Struck("late", "latency"), *record.struck])
    return record


def _spare(record: Record) -> Record:
    if isinstance(record, Spoken) and record.number > 9:
        return msgspec.structs.replace(record, spared=[])
    return record


def _delay(record: Record) -> Record:
    if isinstance(record, Spoken) and [each.toxic for each in record.struck if each.applied][:1] == ["late"]:
        struck = [msgspec.structs.replace(record.struck[0], delay_ns=5), *record.struck[1:]]
        return msgspec.structs.replace(record, struck=struck)
    return record


def _unroll(record: Record) -> Record:
    return (
        msgspec.structs.replace(record, rolls=[])
        if isinstance(record, Connected) and record.connection == 3
        else record
    )


def _sooner(record: Record) -> Record:
    if isinstance(record, Event):
        return msgspec.structs.replace(
            record, fields={**record.fields, "plan": json.loads(json.dumps({"proxies": []}))}
        )
    return record


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_strike, "what strikes it"),
        (_spare, "who spared it"),
        (_delay, "its delay by late"),
        (_unroll, "connection 3 of kv: its roll half.toxicity"),
        (_sooner, "its proxy"),
    ],
)
def test_an_altered_record_drifts(tmp_path: Path, change: Callable[[Record], Record], said: str) -> None:
    """A record that says otherwise than the seed and the plan is found."""
    path = altered(recorded(tmp_path / "t.fozzy", PLAN, talk).paths[0], change)
    divergence = again(path).divergence
    assert divergence.verdict == "DRIFT" and said in (divergence.cause or "")


def test_a_match_whose_text_is_gone_is_decided_by_the_record(tmp_path: Path) -> None:
    """Messages that lost the text a toxic looks for are counted as they were; and without that they would not be."""
    kept = recorded(tmp_path / "t.fozzy", GETTING, named)
    assert "s3cr3t-91" not in kept.paths[0].read_text()
    with open_trace(kept.paths[0]) as trace:
        told = [each for each in trace.records() if isinstance(each, Spoken)]
    spoken = sorted(told, key=lambda each: each.number)
    by_gets = [
        [each.toxic for each in record.struck if each.toxic == "gets"] for record in spoken if record.of == "reply"
    ]
    assert by_gets == [[], ["gets"], [], [], ["gets"]] and "gets" in spoken[1].spared
    assert again(kept.paths[0]).divergence.verdict == "SAME"
    plain = altered(kept.paths[0], lambda each: _said(each))
    assert again(plain).divergence.verdict == "DRIFT"


def _said(record: Record) -> Record:
    return msgspec.structs.replace(record, about="GET x") if isinstance(record, Spoken) else record


def test_what_is_missing_makes_no_drift(tmp_path: Path) -> None:
    """Where a killed proxy told nothing of its open connections their messages are decided all the same; a difference
    behind what is missing is not called a drift."""
    driven = Driven(PLAN)
    recorder = driven.recorder(tmp_path / "t.fozzy")
    talk(driven)
    driven.connect()
    recorder.flush()
    path, _ = recover(tmp_path / "t.fozzy", None, "append")
    recorder.drop()
    done = again(path)
    assert done.divergence.verdict == "INCOMPLETE" and done.divergence.cause is None
    assert done.missing == 1
    sealed = recorded(tmp_path / "s.fozzy", PLAN, talk).paths[0]
    lost = altered(sealed, lambda each: None if getattr(each, "number", 0) in (5, 6) else each)
    divergence = again(lost).divergence
    assert divergence.verdict == "INCOMPLETE" and "2 records before it" in (divergence.cause or "")


def test_a_sealed_recording_that_lacks_records_is_not_all_the_same(tmp_path: Path) -> None:
    """What was missing and changed nothing else is told; nobody takes it for whole."""

    def drive(driven: Driven) -> None:
        for _ in range(3):
            driven.close(driven.connect())

    path = recorded(tmp_path / "t.fozzy", plan(LATE), drive).paths[0]
    assert again(path).divergence.verdict == "SAME"
    done = again(altered(path, lambda each: None if getattr(each, "number", 0) == 2 else each))
    assert (done.divergence.verdict, done.divergence.record, done.missing) == ("INCOMPLETE", None, 1)
    assert done.divergence.cause is not None and done.divergence.cause.startswith("one record is not in")


def far(record: Record) -> Record:
    """The same after very many others, of which nothing is known."""
    if isinstance(record, Connected):
        return msgspec.structs.replace(record, number=record.number + 10**12, connection=record.connection + 10**12)
    return record


def test_what_a_recording_says_is_missing_takes_no_memory(tmp_path: Path) -> None:
    """A number alone does not make connections: where nothing counts them there are none, else it cannot be."""

    def drive(driven: Driven) -> None:
        for _ in range(2):
            driven.close(driven.connect())

    plain = recorded(tmp_path / "t.fozzy", plan(LATE), drive).paths[0]
    done = again(altered(plain, far))
    assert (done.divergence.verdict, done.missing) == ("INCOMPLETE", 10**12)
    counting = recorded(tmp_path / "c.fozzy", plan(THIRD), drive).paths[0]
    with pytest.raises(EvidenceError, match="1,000,000,000,000 connections are missing") as raised:
        again(altered(counting, far))
    assert raised.value.code == "trace.damaged"


def test_two_that_were_decided_as_one_number_cannot_be(tmp_path: Path) -> None:
    """Each decision has a number of its own."""
    path = recorded(tmp_path / "t.fozzy", PLAN, talk).paths[0]
    twice = altered(path, lambda each: msgspec.structs.replace(each, number=3) if isinstance(each, Spoken) else each)
    with pytest.raises(EvidenceError) as raised:
        again(twice)
    assert raised.value.code == "trace.damaged"


def test_a_connection_is_heard_of_when_it_speaks(tmp_path: Path) -> None:
    """Those that a killed proxy told nothing of are skipped where nothing counts them, and decided when they speak."""
    driven = Driven(plan(LATE, OWN))
    recorder = driven.recorder(tmp_path / "t.fozzy")
    links = [driven.connect() for _ in range(4)]
    for link in (links[3], links[1], links[2], driven.connect()):
        for n in range(4):
            driven.ask(link, b"ask %d" % n, b"answer %d" % n)
    recorder.flush()
    path, _ = recover(tmp_path / "t.fozzy", None, "append")
    recorder.drop()
    done = again(path)
    assert (done.divergence.verdict, done.divergence.cause) == ("INCOMPLETE", None) and done.missing >= 5
    assert done.requests > 20


def test_it_stops_where_it_is_asked_to(tmp_path: Path) -> None:
    """Nothing is decided after the record at which it stops."""
    path = recorded(tmp_path / "t.fozzy", PLAN, talk).paths[0]
    done = again(path, stop_at=lambda record: getattr(record, "number", 0) > 10)
    assert done.divergence.verdict == "SAME" and done.requests == 10


def test_a_plan_that_was_changed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """With a plan of its own a recording with changes is refused, and so is a trace that cannot be."""
    path = recorded(tmp_path / "t.fozzy", PLAN, talk).paths[0]
    with pytest.raises(UsageError, match="was changed while"):
        again(path, PLAN)
    broken = altered(
        path, lambda each: msgspec.structs.replace(each, connection=10**9) if isinstance(each, Connected) else each
    )
    with pytest.raises(EvidenceError) as raised:
        again(broken)
    assert raised.value.code == "trace.damaged"


def test_a_proxy_that_came_again_counts_anew(tmp_path: Path) -> None:
    """Connections of a proxy that was taken away and made again are told apart from those before."""

    def drive(driven: Driven) -> None:
        for _ in range(2):
            link = driven.connect()
            for n in range(4):
                driven.ask(link, b"a%d" % n, b"b")
            driven.change(TcpPlan())
            driven.close(link, "down")
            driven.change(PLAN)

    assert again(recorded(tmp_path / "t.fozzy", PLAN, drive).paths[0]).divergence.verdict == "SAME"


def test_a_large_recording_is_decided_in_bounded_memory(tmp_path: Path) -> None:
    """Requests that were answered are let go, and connections that are over too."""

    def drive(driven: Driven) -> None:
        for _ in range(30):
            link = driven.connect()
            for n in range(20):
                driven.ask(link, b"a%d" % n, b"b")
            driven.close(link)

    path = recorded(tmp_path / "t.fozzy", plan(LATE), drive).paths[0]
    held: list[int] = []
    with TcpTimeline([path]) as timeline:
        deciding = TcpRedeciding(timeline)

        def look(_: Record) -> bool:
            held.append(sum(1 + len(each.asked) for each in deciding._open.values()))
            return False

        assert deciding.run(look).divergence.verdict == "SAME"
    assert len(held) == 30 * 41 and max(held) <= 3


def test_the_end_of_a_run_is_told(tmp_path: Path) -> None:
    """The footer of a recording carries a summary of the proxy."""
    kept = recorded(tmp_path / "t.fozzy", PLAN, talk)
    with open_trace(kept.paths[0]) as trace:
        footer = trace.footer()
    assert footer is not None and footer.summary == summary((tmp_path / "t.fozzy").as_posix(), "proxy tcp")
