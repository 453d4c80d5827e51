from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.chaos.cassette.entries import Entries, acts_alone, cassette_files, flaw_of
from fozzy.chaos.cassette.matching import Matching
from fozzy.core.exchange import Headers, Sent
from fozzy.errors import StoreError, UsageError
from fozzy.faults.http.plan import Plan
from tests.chaos.cassette.door import Door, answer, recorded
from tests.chaos.exchanges import exchange

SSE: Headers = [("content-type", "text/event-stream")]
SHORT = answer(b"data: a\n\n", headers=SSE, ended="short")
ENDED = answer(b"data: [DONE]\n\n: more\n\n", headers=SSE)


@pytest.mark.parametrize(
    ("said", "flaw", "alone"),
    [
        ({"answer": answer()}, "", False),
        ({"answer": answer(), "applied": "malformed"}, "", True),
        ({"answer": SHORT}, "", False),
        ({"answer": SHORT, "sent": Sent(200, 9, "client_gone")}, "had ended", False),
        ({"answer": ENDED, "sent": Sent(200, 14, "client_gone")}, "", False),
        ({"answer": ENDED, "sent": Sent(200, 13, "client_gone")}, "had ended", False),
        ({"answer": answer(b"12345"), "sent": Sent(200, 5, "client_gone")}, "", False),
        ({"answer": answer(b"12345"), "sent": Sent(200, 4, "client_gone")}, "had ended", False),
        ({"answer": SHORT, "applied": "cut_stream", "sent": Sent(200, 9, "fin")}, "cut_stream ended it", True),
        ({"answer": SHORT, "applied": "drop_event", "sent": Sent(200, 9, "fin")}, "", True),
        ({"applied": "drop", "sent": Sent(500, 9)}, "the fault drop answered", True),
        ({"applied": "timeout", "sent": Sent(0, 0, "client_gone")}, "the fault timeout", False),
        ({"sent": Sent(0, 0, "client_gone")}, "before it was answered", False),
        ({"applied": "limit.connection_timeout", "sent": Sent(503, 9)}, "open for as long as it may", False),
        ({"answer": SHORT, "applied": "limit.connection_timeout", "sent": Sent(200, 9, "fin")}, "ended it", False),
        ({"sent": Sent(502, 9)}, "", False),
        ({"source": "internal", "sent": Sent(404, 9)}, "fozzy itself", True),
        ({"source": "internal", "number": 0, "sent": Sent(431, 9)}, "fozzy itself", False),
        ({"answer": answer(b"12345"), "sent": Sent(0, 0, "client_gone")}, "", False),
        ({"answer": answer(status=101), "planned": "drop", "reason": "upgraded"}, "switched protocols", False),
        ({"answer": answer(), "not_recorded": "too long"}, "too long", False),
    ],
)
def test_what_is_not_whole_has_a_flaw(said: dict[str, Any], flaw: str, alone: bool) -> None:
    """Only an answer whose end was seen, and seen by the client, is flawless; some can be made again from their fault."""
    given = exchange(**said)
    assert (flaw in flaw_of(given)) if flaw else not flaw_of(given)
    assert acts_alone(given) is alone


def test_the_index_keeps_places_and_reads_exchanges(tmp_path: Path) -> None:
    """Equal requests are one group in the order of their decisions, and what is read is what was recorded."""
    door: list[Door] = []
    path = tmp_path / "t.fozzy"
    recorded(path, Plan(), lambda each: (door.append(each), [each.ask(f"/{n % 3}") for n in range(10)], None)[-1])
    entries = Entries([path], Matching())
    groups = list(entries.groups.values())
    assert [[entry.number for entry in group.entries] for group in groups] == [[1, 4, 7, 10], [2, 5, 8], [3, 6, 9]]
    assert [entries.exchange(entry) for entry in groups[1].entries] == door[0].exchanges[1::3]
    entries.close()


def test_a_folder_is_all_of_its_recordings(tmp_path: Path) -> None:
    """The files of a folder come in the order of their names; what a killed proxy left is none."""
    for name in ("b.fozzy", "a.fozzy", "c.fozzy.12345678.partial", "note.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in cassette_files(tmp_path)] == ["a.fozzy", "b.fozzy"]
    with pytest.raises(StoreError):
        (tmp_path / "empty").mkdir()
        cassette_files(tmp_path / "empty")


def _of(test: str, path: Path) -> None:
    """A recording of one test."""
    recorded(path, Plan(), lambda door: door.ask("/a", test=test))


def test_two_recordings_of_a_test_in_a_folder_are_refused(tmp_path: Path) -> None:
    """Their answers would come mixed. A test that is called `t.1` is another test."""
    for name, test in (("t.fozzy", "t"), ("t.1.fozzy", "t.1")):
        _of(test, tmp_path / name)
    entries = Entries(cassette_files(tmp_path), Matching())
    assert entries.count == 2
    entries.close()
    _of("t", tmp_path / "t.2.fozzy")
    with pytest.raises(UsageError, match="recordings of the same test") as caught:
        Entries(cassette_files(tmp_path), Matching())
    assert caught.value.code == "chaos.recorded_twice"
