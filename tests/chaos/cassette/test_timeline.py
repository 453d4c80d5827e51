from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.cassette.timeline import Timeline
from fozzy.errors import EvidenceError, UsageError
from fozzy.faults.http import control
from fozzy.faults.http.plan import Drop, Faults, Plan
from fozzy.trace.recover import recover
from tests.chaos.cassette.door import Door, recorded, summary


def test_requests_stand_in_the_order_of_their_decisions(tmp_path: Path) -> None:
    """A slow request that was decided first comes first, though its record is the last."""
    door = Door(Plan())
    recorder = door.recorder(tmp_path / "t.fozzy")
    slow = door.decide("/slow")
    door.ask("/quick")
    door.session.change(control.disable(door.engine.state), "disable")
    door.answered(*slow, {})
    path = recorder.finish(summary).paths[0]
    with Timeline([path]) as timeline:
        assert [each.request.target for each in timeline.exchanges()] == ["/slow", "/quick"]
        assert [moment.is_change for moment in timeline.sittings[0].moments] == [False, False, True]
        assert timeline.records == 3


def test_a_cut_off_recording_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """What a killed proxy left is read where that is asked for, half a line left out, and recovered it is cut off."""
    door = Door(Plan())
    recorder = door.recorder(tmp_path / "t.fozzy")
    door.ask("/a")
    recorder.flush()
    partial = next(tmp_path.glob("*.partial"))
    left = tmp_path / "left.fozzy"
    left.write_bytes(partial.read_bytes() + b'{"n":1,"kind":"exch')
    recorder.drop()
    with pytest.raises(EvidenceError):
        Timeline([left])
    with Timeline([left], unsafe=True) as timeline:
        assert timeline.is_cut_off and len(list(timeline.exchanges())) == 1
    path, _ = recover(left, tmp_path / "whole.fozzy", "append")
    with Timeline([path]) as timeline:
        assert timeline.is_cut_off


def test_files_of_two_recordings_are_no_session(tmp_path: Path) -> None:
    """Files that did not begin alike are refused together, and so are those with several sessions."""
    one = recorded(tmp_path / "a.fozzy", Plan(), lambda door: (door.ask(), None)[-1]).paths
    other = recorded(tmp_path / "b.fozzy", Plan(faults=Faults(drop=Drop())), lambda door: (door.ask(), None)[-1]).paths
    with pytest.raises(UsageError) as raised:
        Timeline([*one, *other])
    assert raised.value.code == "chaos.other_recording"
    for _ in range(2):
        both = recorded(
            tmp_path / "f",
            Plan(),
            lambda door: [door.ask(test=each) for each in "ab"] and None,
            is_folder=True,
            goes_on=True,
        ).paths
    with pytest.raises(UsageError) as raised:
        Timeline(both)
    assert raised.value.code == "chaos.several_sessions"
