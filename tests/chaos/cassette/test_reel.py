from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.cassette.reel import Reel, Sitting
from fozzy.core.events import Event, Record
from fozzy.errors import EvidenceError, StoreError
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.writer import Recorder
from tests.chaos.cassette.test_tape import sealed, tape
from tests.chaos.tcp.wired import connection, message


class Plain(Reel[int]):
    """A reel whose sessions begin with the header's seed."""

    def begin(self, trace: Trace, is_one: bool) -> Sitting[int]:
        """The only session."""
        self.sittings.append(Sitting(trace.header().seed))
        return self.sittings[-1]


def test_moments_of_any_sort_are_sorted_by_number(tmp_path: Path) -> None:
    """Whatever passed over a wire has a moment, changes too; other events have none."""
    each = tape(tmp_path / "t.fozzy")
    records: list[Record] = [
        message(3),
        Event(3, "", "chaos.change", {"number": 2, "arrived": 2}),
        Event(3, "", "other"),
        connection(1),
    ]
    each.write(records)
    with Plain([sealed(each)]) as reel:
        (sitting,) = reel.sittings
        assert sitting.begun == 7
        assert [(moment.number, moment.n, moment.is_change) for moment in sitting.moments] == [
            (1, 3, False),
            (2, 1, True),
            (3, 0, False),
        ]
        assert isinstance(reel.record(sitting.moments[0]), type(connection()))
        assert reel.records == 4


def test_a_change_without_a_number_is_damage(tmp_path: Path) -> None:
    """Nothing can be decided in an order that is not there; no file stays open."""
    each = tape(tmp_path / "t.fozzy")
    path = sealed(each)
    with open_trace(path) as trace:
        writer = Recorder(trace.header(), tmp_path / "u.fozzy", each._redactor)
        footer = trace.footer()
    assert footer is not None
    writer([Event(0, "", "chaos.change", {"number": "one"})])
    writer.seal(footer, durable=False)
    writer.close()
    with pytest.raises(EvidenceError) as raised:
        Plain([tmp_path / "u.fozzy"])
    assert raised.value.code == "trace.damaged"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The name of the file is told."""
    with pytest.raises(StoreError, match=r"none\.fozzy"):
        Plain([tmp_path / "none.fozzy"])
