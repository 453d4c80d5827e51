from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.chaos.cassette.header import Begun, header_of, wire_redactor
from fozzy.chaos.cassette.tape import SESSION, Place, Tape
from fozzy.core.events import Event
from fozzy.core.exchange import Exchange
from fozzy.errors import EvidenceError
from fozzy.faults.http.plan import Plan
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify
from fozzy.trace.writer import Recorder
from tests.chaos.cassette.door import RUN, summary
from tests.chaos.exchanges import exchange

SECRET = "s3cr3t-91c2f7"
BEGUN = Begun(seed=7, plan=Plan())


def tape(target: Path, *, goes_on: bool = False) -> Tape:
    """A tape as a recorder makes it."""
    redactor = wire_redactor([])
    return Tape(header_of(BEGUN, "proxy", redactor), BEGUN, Place(target, "append", RUN, goes_on), redactor)


def sealed(each: Tape) -> Path:
    """It ends."""
    from fozzy.trace.format import Footer

    def footer(writer: Recorder, path: str) -> Footer:
        return Footer(
            end="sealed",
            run_id=RUN,
            engine="",
            python="",
            os="",
            hash_seed="",
            started_at="",
            finished_at="",
            counts=writer.counts,
            blocks=writer.blocks,
            summary=summary(path),
        )

    return each.finish(footer)


def test_time_never_goes_back(tmp_path: Path) -> None:
    """A record that is told late gets the time of the one before it."""
    each = tape(tmp_path / "t.fozzy")
    each.write([exchange(1, t=50), exchange(2, t=40), exchange(3, t=60)])
    path = sealed(each)
    assert verify(path).trusted
    with open_trace(path) as trace:
        assert [record.t for record in trace.records()] == [50, 50, 60]


def test_a_tape_that_rested_goes_on(tmp_path: Path) -> None:
    """Between two writes the file need not be open."""
    each = tape(tmp_path / "t.fozzy")
    for number in range(1, 4):
        assert each.write([exchange(number)])
        each.rest()
    assert each.recorded == 3 and verify(sealed(each)).records == 3


def test_a_session_is_moved_behind_the_earlier_ones(tmp_path: Path) -> None:
    """Numbers and times go on, a request that was never decided stays without a number, and an event says what began."""
    first = tape(tmp_path / "t.fozzy")
    first.write([exchange(5, t=100)])
    sealed(first)
    second = tape(tmp_path / "t.fozzy", goes_on=True)
    second.write([exchange(0, t=3, arrived=3), exchange(1, t=7, arrived=4)])
    change = Event(9, "", "chaos.change", {"number": 2, "arrived": 8, "what": "x", "state": {}})
    second.write([change])
    with open_trace(sealed(second)) as trace:
        records = list(trace.records())
    session, undecided, decided, changed = records[1:]
    assert isinstance(session, Event) and session.name == SESSION
    assert (session.fields["number"], session.fields["arrived"]) == (5, 100)
    assert isinstance(undecided, Exchange) and (undecided.number, undecided.t) == (0, 103)
    assert isinstance(decided, Exchange) and (decided.number, decided.t, decided.arrived) == (6, 107, 104)
    assert isinstance(changed, Event) and (changed.fields["number"], changed.fields["arrived"]) == (7, 108)


def test_what_cannot_be_trusted_is_not_gone_on_with(tmp_path: Path) -> None:
    """A changed recording would come out under a true seal."""
    each = tape(tmp_path / "t.fozzy")
    each.write([exchange(1)])
    path = sealed(each)
    path.write_bytes(path.read_bytes().replace(b'"target":"/a"', b'"target":"/b"'))
    with pytest.raises(EvidenceError):
        tape(path, goes_on=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["/plain", f"/q?x={SECRET}", "key", "bytes"]), min_size=1, max_size=8), st.integers(1, 3)
)
def test_whenever_a_secret_is_learned_it_is_nowhere(
    tmp_path_factory: pytest.TempPathFactory, asked: list[str], batch: int
) -> None:
    """Before or after it was known, in a text or among bytes: once it was a key, it is in no record."""
    from fozzy.core.blob import Blob
    from fozzy.core.exchange import Asked

    each = tape(tmp_path_factory.mktemp("tape") / "t.fozzy")
    made = []
    for number, word in enumerate([*asked, "key"], 1):
        body = Blob.of(b"\xff" + SECRET.encode()) if word == "bytes" else Blob()
        headers = [("x-api-key", SECRET)] if word == "key" else []
        made.append(exchange(number, request=Asked("GET", word, headers, body)))
    for start in range(0, len(made), batch):
        each.write(made[start : start + batch])
    path = sealed(each)
    assert verify(path).trusted
    with open_trace(path) as trace:
        kept = [record for record in trace.records() if isinstance(record, Exchange)]
    assert SECRET.encode() not in path.read_bytes() and len(kept) == len(made)
    assert all(SECRET.encode() not in record.request.body.data() for record in kept)
