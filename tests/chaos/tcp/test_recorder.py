from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fozzy.chaos.tcp.header import tcp_begun_of
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import StoreError
from fozzy.faults.tcp.plan import Toxic
from fozzy.trace.reader import open_trace
from fozzy.trace.recover import recover
from fozzy.trace.verify import verify
from tests.chaos.cassette.door import RUN, summary
from tests.chaos.tcp.driven import Driven, plan, recorded

LATE = Toxic(type="latency", attributes={"latency": 20, "jitter": 10}, rate=0.5)
PLAN = plan(LATE)


def talk(driven: Driven) -> None:
    """Two connections, a change between."""
    first = driven.connect()
    for n in range(5):
        driven.ask(first, b"ask %d" % n, b"answer %d" % n)
    driven.change(plan(LATE, Toxic(type="reset_peer", on="message", match="*", after=3)))
    second = driven.connect()
    driven.ask(second, b"x", b"y" * 1000)
    driven.close(first)


def test_all_that_was_told_is_in_the_trace(tmp_path: Path) -> None:
    """The trace holds the plan, every record in order, and what deciding it again needs."""
    driven = Driven(PLAN)
    recorder = driven.recorder(tmp_path / "t.fozzy")
    talk(driven)
    driven.close_all()
    kept = recorder.finish(summary)
    assert kept.paths == [tmp_path / "t.fozzy"] and kept.error is None and kept.lost == 0
    assert verify(kept.paths[0]).trusted
    with open_trace(kept.paths[0]) as trace:
        assert tcp_begun_of(trace.header(), "t").plan == PLAN
        assert json.loads(trace.header().scenario.text)["wire"] == "tcp"
        records = list(trace.records())
        footer = trace.footer()
    assert footer is not None and footer.summary is not None and footer.run_id == RUN
    assert records == driven.records
    assert [type(each) for each in records].count(Connected) == 2
    assert [type(each) for each in records].count(Event) == 1
    spoken = [each for each in records if isinstance(each, Spoken)]
    assert len(spoken) == kept.recorded - 2 > 10
    assert all(each.digest for each in spoken)
    numbers = sorted(each.fields["number"] if isinstance(each, Event) else each.number for each in records)  # type: ignore[union-attr]
    assert numbers == list(range(1, len(records) + 1))


def test_who_does_not_record_pays_nothing(tmp_path: Path) -> None:
    """Messages are told and hashed only while somebody records, or where a toxic struck them."""
    driven = Driven(plan())
    link = driven.connect()
    assert link.is_plain
    driven.close(link)
    recorder = driven.recorder(tmp_path / "t.fozzy")
    assert not driven.connect().is_plain
    recorder.drop()
    assert driven.connect().is_plain
    assert list(tmp_path.iterdir()) == []


def test_a_killed_recording_is_recovered(tmp_path: Path) -> None:
    """What was flushed of a recording that nobody ended can be sealed as incomplete."""
    driven = Driven(PLAN)
    recorder = driven.recorder(tmp_path / "t.fozzy")
    talk(driven)
    recorder.flush()
    assert recorder.bytes > 1000
    path, counts = recover(tmp_path / "t.fozzy", None, "append")
    recorder.drop()
    assert path == tmp_path / "t.fozzy" and counts.records == len(driven.records)
    assert verify(path).trusted and not verify(path).complete


def test_secrets_are_taken_out_of_what_was_written_before(tmp_path: Path) -> None:
    """A value that is told to be secret only later is in no record, and in no plan."""
    secret = "s3cr3t-91c2f7"
    late = plan(Toxic(type="latency", name="a", attributes={"latency": 1}, match=f"GET {secret}"), protocol="redis")

    def drive(driven: Driven) -> None:
        link = driven.connect()
        for about in [f"GET {secret}", *["GET other"] * 50, f"SET api_key={secret}"]:
            link.end(link.begin("upstream", "request", about))
            driven.out(link, "upstream")

    kept = recorded(tmp_path / "t.fozzy", late, drive)
    text = kept.paths[0].read_text()
    assert secret not in text and text.count("GET <redacted>") == 2 and "api_key=<redacted>" in text
    assert verify(kept.paths[0]).trusted


def test_a_taken_name_is_refused_at_once(tmp_path: Path) -> None:
    """With the policy `error` nothing is recorded over what is there, and the session is not listened to."""
    (tmp_path / "t.fozzy").write_text("")
    driven = Driven(PLAN)
    with pytest.raises(StoreError, match="exists already"):
        driven.recorder(tmp_path / "t.fozzy", policy="error")
    assert not driven.engine.keyed


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full disk here")
def test_a_full_disk_costs_the_recording_alone(tmp_path: Path) -> None:
    """Traffic goes on, the end says how much is lost and why."""
    driven = Driven(PLAN)
    recorder = driven.recorder(tmp_path / "t.fozzy")
    talk(driven)
    recorder.flush()
    recorder._tape._writer.close()
    with open("/dev/full", "w+b", buffering=0) as full:
        recorder._tape._writer._file = full  # type: ignore[assignment]
        talk(driven)
        driven.close_all()
        kept = recorder.finish(summary)
    assert kept.paths == [] and kept.lost > 10 and kept.error is not None
    assert kept.error.code == "chaos.not_recorded" and "No space left" in kept.error.message
    assert "fozzy trace recover" in kept.error.hint
