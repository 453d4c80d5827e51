"""The journal keeps the last requests, finds them by what they were, and shows no secret."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.chaos.journal import PAGE_CHARS_MAX, Journal, Query
from fozzy.chaos.journal_entry import KEPT_BYTES_MAX, SHOWN_CHARS_MAX
from fozzy.core.blob import Blob
from fozzy.core.events import Event
from fozzy.core.exchange import Answered, Asked, Exchange, Roll, Sent

SECOND = 10**9


def exchange(number: int = 1, status: int = 200, **said: Any) -> Exchange:
    fields: dict[str, Any] = {
        "t": number * SECOND,
        "at": "",
        "number": number,
        "arrived": number * SECOND - 5_000_000,
        "key": f"{number:016x}",
        "occurrence": 1,
        "source": "proxy",
        "request": Asked("GET", f"/items/{number}?page=2"),
        "sent": Sent(status, 3),
    }
    return Exchange(**{**fields, **said})


def journal(*exchanges: Exchange, size: int = 1000) -> Journal:
    made = Journal(size)
    for each in exchanges:
        made.listen(each)
    return made


def found(kept: Journal, **said: Any) -> list[int]:
    """The numbers of the requests on the first page."""
    return [entry.number for entry in kept.page(Query(**said)).entries]


def test_an_entry_tells_what_happened() -> None:
    """Request, true answer, what was planned and applied, rolls and times stand in an entry."""
    kept = exchange(
        4,
        500,
        at="routes[1]",
        test="t1",
        client="127.0.0.1",
        planned="status",
        applied="status",
        delay_ns=10,
        waited_ns=12,
        rolls=[Roll("status", 0.5, 7, True, "server")],
        request=Asked("POST", "/v1/chat?x=1", [("Host", "a")], Blob(text="{}"), 2),
        answer=Answered(200, "OK", [("Server", "up")], Blob(text="fine"), 4),
        notes=["noted"],
    )
    (entry,) = journal(kept).page(Query()).entries
    assert (entry.entry, entry.number, entry.method, entry.path, entry.target) == (
        "4",
        4,
        "POST",
        "/v1/chat",
        "/v1/chat?x=1",
    )
    assert (entry.route, entry.test, entry.client, entry.source) == ("routes[1]", "t1", "127.0.0.1", "proxy")
    assert (entry.status, entry.upstream_status, entry.planned, entry.applied) == (500, 200, "status", "status")
    assert (entry.delay_ns, entry.waited_ns, entry.took_ns, entry.ended_ns) == (10, 12, 5_000_000, 4 * SECOND)
    assert (entry.rolls[0].draw, entry.rolls[0].probability, entry.rolls[0].hit) == ("status", 0.5, True)
    assert (entry.request.headers, entry.request.body, entry.request.bytes) == ([("Host", "a")], "{}", 2)
    assert entry.answer is not None and (entry.answer.body, entry.answer.is_cut) == ("fine", False)
    assert entry.notes == ["noted"]
    assert entry.time.endswith("Z")


def test_only_requests_are_entries() -> None:
    """A change of the plan is a record of the trace and no entry of the journal."""
    kept = journal()
    kept.listen(Event(1, "", "chaos.change", {}))
    assert len(kept) == 0


MANY = [
    exchange(1, 200, at="routes[0]", route="first"),
    exchange(2, 500, planned="drop", applied="drop", test="t1"),
    exchange(3, 502, planned="malformed", reason="upstream_failed"),
    exchange(
        4,
        0,
        delay_ns=5,
        waited_ns=6,
        planned="disconnect",
        applied="disconnect",
        request=Asked("post", "/v1/chat/completions?a=/x"),
    ),
    exchange(5, 404, source="internal", sent=Sent(404, 0), arrived=5 * SECOND - 900_000_000),
    exchange(6, 200, source="fixture", at="routes[0]", sent=None),
]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"status": "500"}, [2]),
        ({"status": "5xx"}, [3, 2]),
        ({"status": "0"}, [6, 4]),
        ({"status": "404,5xx"}, [5, 3, 2]),
        ({"method": "POST"}, [4]),
        ({"path": "/items/*"}, [6, 5, 3, 2, 1]),
        ({"path": "/items/3"}, [3]),
        ({"path": "/v1/*"}, [4]),
        ({"path": "*/x"}, []),
        ({"path": "/items/3?page=2"}, []),
        ({"route": "routes[0]"}, [6, 1]),
        ({"route": "none"}, [5, 4, 3, 2]),
        ({"route": "first"}, [1]),
        ({"action": "latency"}, [4]),
        ({"action": "drop"}, [2]),
        ({"action": "malformed"}, [3]),
        ({"action": "any"}, [4, 3, 2]),
        ({"action": "none"}, [6, 5, 1]),
        ({"planned": "malformed"}, [3]),
        ({"applied": "malformed"}, []),
        ({"applied": "any"}, [4, 2]),
        ({"applied": "none"}, [6, 5, 3, 1]),
        ({"source": "internal"}, [5]),
        ({"test": "t1"}, [2]),
        ({"test": ""}, [6, 5, 4, 3, 1]),
        ({"since": "4s"}, [6, 5, 4]),
        ({"until": "2s"}, [2, 1]),
        ({"since": "2s", "until": "3s"}, [3, 2]),
        ({"took_min": "100ms"}, [5]),
        ({"took_max": "5ms"}, [6, 4, 3, 2, 1]),
        ({"status": "5xx", "action": "drop"}, [2]),
        ({"order": "oldest", "limit": 2}, [1, 2]),
        ({"limit": 2}, [6, 5]),
    ],
)
def test_entries_are_found_by_what_they_were(said: dict[str, Any], numbers: list[int]) -> None:
    """Each filter finds what it says, and filters agree with each other."""
    assert found(journal(*MANY), **said) == numbers


def test_pages_neither_miss_nor_repeat_while_requests_come() -> None:
    """Going through pages from the newest shows each entry once, whatever comes meanwhile."""
    kept = journal(*(exchange(number) for number in range(1, 11)))
    seen: list[int] = []
    cursor: int | None = None
    for coming in range(20, 30):
        page = kept.page(Query(limit=3, cursor=cursor))
        seen += [entry.number for entry in page.entries]
        cursor = page.next
        kept.listen(exchange(coming))
        if cursor is None:
            break
    assert seen == list(range(10, 0, -1))


def test_from_the_oldest_on_a_reader_can_follow() -> None:
    """A page of the oldest always says where to go on, so that what comes later is seen, once."""
    kept = journal(exchange(1), exchange(2))
    first = kept.page(Query(order="oldest"))
    nothing = kept.page(Query(order="oldest", cursor=first.next))
    kept.listen(exchange(3))
    third = kept.page(Query(order="oldest", cursor=nothing.next))
    assert [[entry.number for entry in page.entries] for page in (first, nothing, third)] == [[1, 2], [], [3]]


def test_the_journal_is_bounded() -> None:
    """The oldest make room, and it says how many there were."""
    kept = journal(*(exchange(number) for number in range(1, 8)), size=3)
    page = kept.page(Query())
    assert [entry.number for entry in page.entries] == [7, 6, 5]
    assert (page.total, page.kept, page.forgotten, len(kept), kept.size) == (3, 3, 4, 3, 3)


def test_emptied_it_is_empty_and_numbers_go_on() -> None:
    """After `clear` nothing is found, and a cursor from before finds what came since."""
    kept = journal(exchange(1), exchange(2))
    last = kept.page(Query(order="oldest")).next
    assert kept.clear() == 2
    assert kept.page(Query()).entries == []
    assert kept.page(Query()).forgotten == 0
    kept.listen(exchange(9))
    (entry,) = kept.page(Query(order="oldest", cursor=last)).entries
    assert (entry.number, entry.entry) == (9, "9")


def test_an_entry_is_called_by_the_number_of_its_request() -> None:
    """A change of the plan took a number, and requests end in another order; what was refused has names of its own."""
    kept = journal(exchange(5), exchange(0, 431), exchange(2), exchange(0, 400))
    page = kept.page(Query(order="oldest", limit=3))
    assert [entry.entry for entry in page.entries] == ["5", "r1", "2"]
    assert [entry.entry for entry in kept.page(Query(order="oldest", cursor=page.next)).entries] == ["r2"]
    assert kept.page(Query(order="oldest", cursor=page.last)).entries == [] and page.last == 4
    found = [kept.entry(word) for word in ("5", "2", "r2", "1", "r3", "0")]
    assert [entry and (entry.number, entry.status) for entry in found] == [
        (5, 200),
        (2, 200),
        (0, 400),
        None,
        None,
        None,
    ]


def test_long_bodies_are_cut() -> None:
    """Of a body of megabytes a few kilobytes are kept and shown, with its true size; bytes that are no text too."""
    long = Asked("GET", "/", [], Blob(text="é" * 10**6), 2 * 10**6)
    raw = Answered(200, "", [], Blob.of(b"\xff\x00" * 10**5), 2 * 10**5, chunks=[(0, 1)] * 10**4)
    kept = journal(exchange(request=long, answer=raw))
    (exchange_kept,) = kept.exchanges()
    assert len(exchange_kept.request.body.text) == KEPT_BYTES_MAX
    assert exchange_kept.answer is not None and len(exchange_kept.answer.chunks) < 100
    (entry,) = kept.page(Query()).entries
    assert entry.answer is not None and entry.answer.body is not None
    assert (entry.request.body, entry.request.bytes, entry.request.is_cut) == ("é" * SHOWN_CHARS_MAX, 2 * 10**6, True)
    assert (len(entry.answer.body), entry.answer.bytes, entry.answer.is_cut) == (SHOWN_CHARS_MAX, 2 * 10**5, True)


def test_a_page_of_long_bodies_is_short() -> None:
    """Where bodies are long a page has fewer entries, and the next one goes on behind them; without bodies it is full."""
    long = Asked("GET", "/", [], Blob(text="x" * KEPT_BYTES_MAX), KEPT_BYTES_MAX)
    kept = journal(*(exchange(number, request=long) for number in range(1, 101)))
    page = kept.page(Query())
    assert len(page.entries) == PAGE_CHARS_MAX // KEPT_BYTES_MAX
    assert found(kept, cursor=page.next)[0] == page.entries[-1].number - 1
    bare = kept.page(Query(bodies=False))
    assert len(bare.entries) == 100
    assert {entry.request.body for entry in bare.entries} == {None}


SECRET = "sk-live-4242424242"


def test_secrets_are_not_shown() -> None:
    """A secret is taken out by its name, and then by its value wherever it turns up, on whatever page."""
    told = Asked("GET", f"/a?token={SECRET}", [("Authorization", f"Bearer {SECRET}"), ("Accept", "*/*")], Blob(), 0)
    named = Asked("POST", "/b", [], Blob(text='{"password": "hunter2222", "user": "a"}'), 40)
    echoed = Answered(200, "", [("X-Echo", SECRET)], Blob(text=f"you are {SECRET}"), 30)
    kept = journal(exchange(1, request=told), exchange(2, request=named), exchange(3, answer=echoed))
    for limit in (1, 3):
        text = repr([kept.page(Query(limit=limit)), kept.page(Query(limit=limit, order="oldest"))])
        assert SECRET not in text
        assert "hunter2222" not in text
    (entry,) = kept.page(Query(limit=1)).entries
    assert entry.answer is not None and entry.answer.body == "you are <redacted>"
    assert found(kept, path="/a") == [1]


def test_names_of_ones_own_are_secret_too() -> None:
    """What the configuration calls a secret is one here."""
    kept = Journal(10, ("x_internal",))
    kept.listen(exchange(request=Asked("GET", "/", [("X-Internal", "abcdefgh")], Blob(text="abcdefgh"), 8)))
    (entry,) = kept.page(Query()).entries
    assert entry.request.headers == [("X-Internal", "<redacted>")]
    assert entry.request.body == "<redacted>"


def test_half_a_secret_is_not_shown() -> None:
    """A secret that lies across the end of what is shown is taken out before the text is cut."""
    body = "x" * (SHOWN_CHARS_MAX - 6) + SECRET
    told = Asked("POST", "/", [("Authorization", f"Bearer {SECRET}")], Blob(text=body), len(body))
    (entry,) = journal(exchange(request=told)).page(Query()).entries
    assert entry.request.body is not None and SECRET[:6] not in entry.request.body
