from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.tcp.timeline import TcpTimeline
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import EvidenceError, UsageError
from tests.chaos.tcp.driven import Driven, plan, recorded


def talk(driven: Driven) -> None:
    """A connection that outlives another, and a change."""
    first, second = driven.connect(), driven.connect()
    driven.ask(second, b"a", b"b")
    driven.close(second)
    driven.change(plan())
    driven.ask(first, b"c", b"d")


def test_records_stand_in_the_order_of_their_decisions(tmp_path: Path) -> None:
    """A connection comes before its messages, though its record is told at its end."""
    path = recorded(tmp_path / "t.fozzy", plan(), talk).paths[0]
    with TcpTimeline([path]) as timeline:
        (sitting,) = timeline.sittings
        assert sitting.begun.plan == plan() and sitting.begun.seed == 7
        order = [type(timeline.record(moment)) for moment in sitting.moments]
        assert order == [Connected, Connected, Spoken, Spoken, Event, Spoken, Spoken]
        assert [moment.is_change for moment in sitting.moments].index(True) == 4
        assert timeline.records == 7 and not timeline.is_cut_off


def test_each_file_is_a_recording_of_its_own(tmp_path: Path) -> None:
    """Two of them have no common order, and a trace of HTTP is none."""
    paths = [recorded(tmp_path / f"{name}.fozzy", plan(), talk).paths[0] for name in "ab"]
    with pytest.raises(UsageError) as raised:
        TcpTimeline(paths)
    assert raised.value.code == "chaos.other_recording"
    with pytest.raises(UsageError) as raised:
        TcpTimeline([Path("tests/fixtures/traces/v1.proxy.fozzy")])
    assert raised.value.code == "chaos.not_a_cassette"


def test_what_was_altered_is_not_decided(tmp_path: Path) -> None:
    """A broken seal is refused before anything is read."""
    path = recorded(tmp_path / "t.fozzy", plan(), talk).paths[0]
    path.write_bytes(path.read_bytes().replace(b'"connection":1', b'"connection":3', 1))
    with pytest.raises(EvidenceError):
        TcpTimeline([path])
