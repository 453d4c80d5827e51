"""Calls from the records of HTTP proxies: the same oracles hold over them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fozzy.chaos.transport import ChaosTransport
from fozzy.core.clock import Clock
from fozzy.core.events import Record
from fozzy.core.exchange import Answered, Asked, Exchange, Sent
from fozzy.insight.verdict.oracles import Oracles, Seen

S = 10**9


def exchange(number: int, began_s: float, status: int = 200, **said: Any) -> Exchange:
    """A request that was answered within a tenth of a second."""
    method = said.pop("method", "GET")
    fields: dict[str, Any] = {
        "request": Asked(method, "/a?b=1", said.pop("headers", []), digest="d"),
        "answer": Answered(status, headers=said.pop("answered", [("Content-Length", "2")]), bytes=2),
        "sent": Sent(status, 2),
    }
    began = round(began_s * S)
    times = {"t": began + S // 10, "arrived": began, "number": number, "client": f"127.0.0.1:{number}"}
    return Exchange(at="", key="k", occurrence=1, source="proxy", **{**times, **fields, **said})


def over(*exchanges: Exchange) -> Oracles:
    """Oracles over them."""
    records: list[Record] = list(exchanges)
    return Oracles(lambda: Seen(records, 100 * S), patience_ns=0)


LOST = {"sent": Sent(0, 0, "rst"), "applied": "disconnect", "planned": "disconnect"}


def test_attempts_and_pauses() -> None:
    """A request after one that failed is another attempt of the same; its pause begins when the first had ended."""
    oracles = over(exchange(1, 0, **LOST), exchange(2, 1.1, 503), exchange(3, 3.2))
    oracles.assert_attempts(3, "GET /a")
    oracles.assert_backoff(1, 2)
    (operation,) = oracles.verdict().clients[0].operations
    assert [call.fate for call in operation.attempts] == ["lost", "error", "answered"] and operation.is_done
    oracles.assert_recovers(within=4)
    oracles.assert_fired("disconnect", times=1)


def test_retry_after() -> None:
    """Seconds that upstream asked for, honoured and not."""
    asked = exchange(1, 0, 429, answered=[("Retry-After", "7")])
    over(asked, exchange(2, 7.2)).assert_honours_retry_after()
    with pytest.raises(AssertionError, match="the next call came after 5.900 s"):
        over(asked, exchange(2, 6)).assert_honours_retry_after()


def test_retry_after_of_a_fault() -> None:
    """What an answer asked for that a fault made is known too, also where upstream's own asked for something else."""
    made: dict[str, Any] = {"sent": Sent(429, 2, retry_after_s=7), "applied": "rate_limit", "planned": "rate_limit"}
    for answer in ({"answer": None}, {"answered": [("Retry-After", "1")]}):
        asked = exchange(1, 0, **made, **answer)
        over(asked, exchange(2, 7.2)).assert_honours_retry_after()
        with pytest.raises(AssertionError, match="asked for 7.000 s, and the next call came after 5.900 s"):
            over(asked, exchange(2, 6)).assert_honours_retry_after()


@pytest.mark.parametrize(("pause_s", "is_honoured"), [(6.999, False), (7.0, True)])
def test_a_client_at_a_door_is_judged_by_what_the_door_said(pause_s: float, is_honoured: bool) -> None:
    """A real client of httpx behind a plan that limits it: too early by a millisecond, and just in time."""
    records: list[Record] = []
    clock = Clock()
    plan = {"faults": {"rate_limit": {"probability": 1, "retry_after": "7s"}}}
    transport = ChaosTransport(httpx.MockTransport(lambda _: httpx.Response(200)), plan=plan, seed=7, clock=clock)
    transport.session.listeners.append(records.append)
    with httpx.Client(transport=transport, base_url="http://up") as client:
        assert client.get("/a").headers["retry-after"] == "7"
        clock.advance(round(pause_s * S))
        client.get("/a")
    oracles = Oracles(lambda: Seen(records, 100 * S), patience_ns=0)
    if is_honoured:
        oracles.assert_honours_retry_after()
    else:
        with pytest.raises(AssertionError, match="asked for 7.000 s"):
            oracles.assert_honours_retry_after()


def test_writes_in_doubt() -> None:
    """A POST whose answer was lost and that came again; with an `Idempotency-Key` it may, and so may a GET."""
    for method, headers, is_wrong in (
        ("POST", [], True),
        ("POST", [("Idempotency-Key", "1")], False),
        ("GET", [], False),
    ):
        words: dict[str, Any] = {"method": method, "headers": headers}
        oracles = over(exchange(1, 0, **LOST, **words), exchange(2, 1, **words))
        if is_wrong:
            with pytest.raises(AssertionError, match="POST /a may be carried out twice"):
                oracles.assert_at_most_once()
        else:
            oracles.assert_at_most_once()


def test_bodies_that_were_cut() -> None:
    """One without a length whose end looked like one is taken for whole; one with a length, or a reset, is not."""
    cut = {"sent": Sent(200, 1, "fin"), "applied": "disconnect"}
    with pytest.raises(AssertionError, match="looked whole"):
        over(exchange(1, 0, answered=[], **cut)).assert_no_truncated_stream_accepted()
    over(exchange(1, 0, **cut)).assert_no_truncated_stream_accepted()
    over(exchange(1, 0, answered=[], **cut), exchange(2, 1)).assert_no_truncated_stream_accepted(resumed=True)


def test_a_client_that_went() -> None:
    """It gave up; and how long it waited is measured."""
    gone = exchange(1, 0, t=13 * S, sent=Sent(0, 0, "client_gone"))
    with pytest.raises(AssertionError, match="given up by the client"):
        over(gone).assert_no_hang(5)
    over(gone).assert_no_hang(14)
