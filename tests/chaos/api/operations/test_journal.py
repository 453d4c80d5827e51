"""The journal over the API: filtered, paged, emptied, and no secret in it."""

from __future__ import annotations

import pytest

from tests.chaos.api.asking import Asking


def test_requests_are_found_page_by_page() -> None:
    """Filters of the query hold, and following `next` shows each request once."""
    asking = Asking({"faults": {"drop": {"every": 3}}})
    for number in range(9):
        asking.request(target=f"/items/{number}", test="t1" if number < 4 else "")
    dropped = asking.get("/fozzy/journal?status=5xx&action=drop")
    assert [entry["path"] for entry in dropped["entries"]] == ["/items/8", "/items/5", "/items/2"]
    assert [entry["path"] for entry in asking.get("/fozzy/journal?test=t1&path=/items/*&order=oldest")["entries"]] == [
        f"/items/{number}" for number in range(4)
    ]
    seen, cursor = [], ""
    while True:
        page = asking.get(f"/fozzy/journal?limit=4{cursor}")
        seen += [entry["entry"] for entry in page["entries"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [str(number) for number in range(9, 0, -1)]


def test_a_fault_that_is_none_is_refused() -> None:
    """Each filter of faults knows them, and says which one may be meant."""
    asking = Asking()
    for field, said in (("action", "latncy"), ("planned", "dropp"), ("applied", "latency")):
        answer = asking.ask("GET", f"/fozzy/journal?{field}={said}")
        assert answer.status == 400 and said in str(answer.body)
    assert 'did you mean "latency"' in str(asking.ask("GET", "/fozzy/journal?action=latncy").body)
    for said in ("any", "none", "latency", "loss", "limit.rate", "limit.concurrency", "cut_stream"):
        assert asking.get(f"/fozzy/journal?action={said}")["entries"] == []


def test_one_request_is_shown() -> None:
    """An entry is found by its number while it is kept."""
    asking = Asking()
    asking.request(target="/a?token=abcdefgh", Authorization="Bearer abcdefgh")
    entry = asking.get("/fozzy/journal/1")
    assert (entry["method"], entry["target"]) == ("GET", "/a?token=<redacted>")
    assert entry["request"]["headers"] == [["Authorization", "<redacted>"]]
    for other in ("2", "0", "-1", "x", "9" * 40):
        assert asking.ask("GET", f"/fozzy/journal/{other}").status == 404


def test_the_journal_is_emptied() -> None:
    """It says how many entries went; nothing that is configured changes, and it is no event of the trace."""
    asking = Asking({"faults": {"drop": 1.0}})
    for _ in range(3):
        asking.request()
    before = asking.everything()
    assert asking.do("DELETE", "/fozzy/journal") == {"cleared": 3}
    assert asking.get("/fozzy/journal")["entries"] == []
    assert (asking.everything(), asking.changes) == (before, [])


def test_decisions_depend_on_seed_and_requests_alone() -> None:
    """The same requests in another order, over another stretch of time, make the same bytes; another seed does not."""
    logs = []
    for seed, step in ((7, 1), (7, -1), (8, 1)):
        asking = Asking({"faults": {"drop": 0.5}}, seed=seed)
        asking.now_ns = seed * 10**9
        for number in list(range(20))[::step]:
            asking.request(target=f"/items/{number}?token=abcdefgh")
        logs.append(asking.ask("GET", "/fozzy/decisions").body)
    assert logs[0] == logs[1] != logs[2]
    assert logs[0].count(b"\n") == 20
    assert b"abcdefgh" not in logs[0]
    assert b'"draw"' not in logs[0] and b'["drop",0.5,' in logs[0]
    last = asking.ask("GET", "/fozzy/decisions?limit=3").body
    assert last.count(b"\n") == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=1.5", "limit"),
        ("cursor=-1", "cursor"),
        ("status=6xx", "status"),
        ("status=", "status"),
        ("source=me", "source"),
        ("since=5", "since"),
        ("order=random", "order"),
        ("bodies=maybe", "bodies"),
        ("bodies=1", "bodies"),
        ("cursor=null", "cursor"),
        ("statuses=500", "statuses"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_bad_query_is_refused(query: str, field: str) -> None:
    """A filter that is none is named, and what it may be is said."""
    said = Asking().ask("GET", f"/fozzy/journal?{query}")
    assert (said.status, said.error["field"]) == (400, field)


def test_queries_that_are_no_queries() -> None:
    """What cannot be read as a query is refused as such."""
    for query in ("limit", "&&", "%ff=1", "=", "a=1&" * 100):
        assert Asking().ask("GET", f"/fozzy/journal?{query}").status == 400
