from __future__ import annotations

from typing import Any

import pytest

from fozzy.chaos.cassette.foreseen import foreseen
from fozzy.core.exchange import Asked, Exchange, Headers
from fozzy.faults.http.bodies import damaged
from fozzy.faults.http.decision import Close, Cut, Damage, EndStream, Give, Hold, LoseEvent, Override, SpoilEvent
from tests.chaos.cassette.door import JSON, answer
from tests.chaos.exchanges import exchange

SSE: Headers = [("Content-Type", "text/event-stream")]
EVENTS = b"data: 1\n\n: note\n\ndata: 2\n\ndata: 3\n\n"


def of(body: bytes = b"0123456789", headers: Headers = JSON, **said: Any) -> Exchange:
    """An exchange with this true answer."""
    return exchange(answer=answer(body, 201, headers), **said)


@pytest.mark.parametrize(
    ("action", "given", "wanted"),
    [
        (Give(500, [], b"no"), of(), (500, b"no")),
        (Give(500, [], b"no"), of(request=Asked("HEAD", "/")), (500, b"")),
        (Hold(5, Give(504, [], b"late")), of(), (504, b"late")),
        (Hold(5, None), of(), None),
        (Override(418, None), of(), (418, b"0123456789")),
        (Override(418, b"mine"), of(), (418, b"mine")),
        (Override(204, None), of(), None),
        (Cut("fin", 0), of(headers=[("Content-Length", "10")]), (201, b"012345678")),
        (Cut("fin", 0), of(), None),
        (Damage("invalid-json", 7, 1, "corrupt"), of(), (200, damaged("invalid-json", 7, b"0123456789"))),
        (LoseEvent(2), of(EVENTS, SSE), (201, b"data: 1\n\n: note\n\ndata: 3\n\n")),
        (EndStream(2, "fin"), of(EVENTS, SSE), (201, b"data: 1\n\n: note\n\ndata: 2\n\n")),
        (Close("fin", "in-body", 5), of(), None),
        (None, of(), None),
        (Damage("invalid-json", 7, 1, "corrupt"), exchange(), None),
    ],
)
def test_what_a_fault_sends_is_foreseen(action: Any, given: Exchange, wanted: Any) -> None:
    """What follows from fault and answer is told exactly, and what depends on time or slices is not told."""
    assert foreseen(action, given) == wanted


def test_of_a_stream_one_event_is_spoiled() -> None:
    """The event of this number is damaged, the others are as they were."""
    for action in (SpoilEvent(2, 7), Damage("invalid-json", 7, 2, "corrupt")):
        found = foreseen(action, of(EVENTS, SSE))
        assert found is not None and found[0] == 201
        first, note, second, third, rest = found[1].split(b"\n\n")
        assert (first, note, third, rest) == (b"data: 1", b": note", b"data: 3", b"")
        assert second.startswith(b"data: ") and second != b"data: 2"


def test_an_answer_that_is_not_here_tells_nothing() -> None:
    """Where the recorded body is not the true one nothing can be foreseen of it."""
    gone = exchange(answer=answer(b"x" * 5))
    assert gone.answer is not None
    short = exchange(answer=type(gone.answer)(200, body=gone.answer.body, bytes=99))
    assert foreseen(Damage("truncate", 1, 1, "corrupt"), short) is None
