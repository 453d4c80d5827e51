from __future__ import annotations

from pathlib import Path

from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.serving import Found, Miss, Serving
from fozzy.faults.http.plan import Plan
from tests.chaos.cassette.door import Door, recorded


def test_a_library_is_what_doors_ask(tmp_path: Path) -> None:
    """Whatever a door asks is answered by one of the two, and neither needs anything but the request."""
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: (door.ask("/a"), None)[-1])
    library = Library(tmp_path / "t.fozzy", wire_redactor([]))
    asked: Serving = library
    assert (asked.mode, asked.as_recorded) == ("replay", False)
    assert isinstance(asked.find(*Door(Plan()).decide("/a"), b""), Found)
    miss = asked.find(*Door(Plan()).decide("/b"), b"")
    library.close()
    assert isinstance(miss, Miss) and miss.answer.headers == [("content-type", "application/json")]
