"""One request's turn: one record, one word about its fault, bodies within bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.chaos.http.requests import RequestReader
from fozzy.chaos.http.turn import TOO_LONG, Place, Turn
from fozzy.chaos.http.watch import Watch
from fozzy.chaos.http.wire import Wire
from fozzy.chaos.session import Session
from fozzy.core.exchange import Exchange
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan
from tests.chaos.http.memory import MemoryEnd, done

POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"


class Told:
    """A turn, and what it told the session."""

    def __init__(self, pieces: list[bytes], plan: dict[str, Any] | None = None, **wire: Any) -> None:
        self.exchanges: list[Any] = []
        self.session = Session(Engine(msgspec.convert(plan or {"faults": {"drop": 1}}, Plan), 1, has_upstream=True))
        self.session.records_bodies = True
        self.session.listeners.append(self.exchanges.append)
        reader = RequestReader(MemoryEnd(pieces), Wire())
        head = done(reader.head())
        assert head is not None
        self.turn = Turn(Place(self.session, Wire(**wire), reader, Watch(), "1.2.3.4"), head)

    def only(self) -> Exchange:
        """The one record."""
        self.turn.finish()
        self.turn.finish()
        assert len(self.exchanges) == 1
        exchange: Exchange = self.exchanges[0]
        return exchange


def test_one_record() -> None:
    """Finished twice, it tells once, and nothing is in flight."""
    told = Told([POST + b"0123456789"])
    told.turn.decide()
    assert told.session.load == 1
    exchange = told.only()
    assert told.session.load == 0 and exchange.client == "1.2.3.4"
    assert exchange.request.body.text == "0123456789" and exchange.request.bytes == 10


def test_a_fault_that_nobody_settles() -> None:
    """It is bypassed at the end."""
    told = Told([POST + b"0123456789"])
    told.turn.decide()
    assert (told.only().applied, told.only().reason) == ("", "not_reached")
    assert [each.bypassed for each in told.session.engine.tallies()] == [1]


def test_a_fault_is_settled_once() -> None:
    """The first word counts; what fails later is noted."""
    told = Told([POST + b"0123456789"])
    told.turn.decide()
    told.turn.apply("why")
    told.turn.bypass("late")
    told.turn.fail("client_gone")
    exchange = told.only()
    assert (exchange.applied, exchange.reason, exchange.notes) == ("drop", "why", ["client_gone"])
    assert [(each.applied, each.bypassed) for each in told.session.engine.tallies()] == [(1, 0)]


def test_a_request_that_was_never_decided() -> None:
    """Its record has number 0 and counts as no request in flight."""
    told = Told([POST])
    told.turn.reason = "body_timeout"
    exchange = told.only()
    assert (exchange.number, exchange.reason, told.session.load) == (0, "body_timeout", 0)
    assert exchange.request.method == "POST" and exchange.source == "internal"


def test_a_body_is_gathered_as_far_as_it_is_needed() -> None:
    """Not further than asked; the rest is taken later."""
    told = Told([POST, b"012", b"345", b"6789"])
    turn = told.turn
    done(turn.gather(4))
    assert turn.waiting == [b"012", b"345"] and not turn.is_body_whole
    assert done(turn.take()) == b"6789" and done(turn.take()) == b"" and turn.is_body_whole


@pytest.mark.parametrize(("most", "text", "why"), [(10, "0123456789", ""), (9, "", TOO_LONG)])
def test_bodies_are_kept_up_to_a_bound(most: int, text: str, why: str) -> None:
    """One byte more and none of it is kept."""
    told = Told([POST, b"01234", b"56789"], record_bytes_max=most)
    done(told.turn.swallow())
    told.turn.decide()
    exchange = told.only()
    assert (exchange.request.body.text, exchange.request.bytes, exchange.not_recorded) == (text, 10, why)
