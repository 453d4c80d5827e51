from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fozzy.chaos.cassette.header import wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.matching import Matching
from fozzy.chaos.cassette.serving import Miss
from fozzy.faults.http.plan import Plan
from tests.chaos.cassette.door import Door, recorded

CHAT = {"model": "a", "messages": [{"role": "user", "content": "hello"}]}


def ask(door: Door) -> None:
    """What is recorded."""
    door.ask("/users?page=1&sort=up")
    door.ask("/chat", json.dumps(CHAT).encode(), headers=[("accept", "x")])
    door.ask("/chat", json.dumps({**CHAT, "model": "b"}).encode(), headers=[("accept", "x")])
    door.ask("/upload", b"line one\nline two")


@pytest.mark.parametrize(
    ("said", "number", "differs"),
    [
        ({"target": "/user"}, 1, [("path", "/users", "/user"), ("query page", "1", None), ("query sort", "up", None)]),
        (
            {"target": "/uploads"},
            1,
            [("path", "/users", "/uploads"), ("query page", "1", None), ("query sort", "up", None)],
        ),
        ({"target": "/users?page=2&sort=up"}, 1, [("query page", "1", "2")]),
        ({"target": "/users?page=1&sort=up", "method": "PUT"}, 1, [("method", "GET", "PUT")]),
        ({"target": "/users?page=1&sort=up", "test": "t"}, 1, [("test", "", "t")]),
        (
            {"target": "/chat", "body": {"model": "b", "messages": [{"role": "user", "content": "bye"}]}},
            3,
            [("body.messages[0].content", "hello", "bye")],
        ),
        ({"target": "/chat", "body": {**CHAT, "n": 1}}, 2, [("body.n", None, 1)]),
        ({"target": "/upload", "body": "line one\nline 2"}, 4, [("body from byte 14", "line one\nline two", None)]),
    ],
)
def test_a_miss_names_the_nearest_and_what_differs(tmp_path: Path, said: Any, number: int, differs: Any) -> None:
    """The nearest recorded request comes with each place in which it is another, and a line says the first."""
    recorded(tmp_path / "t.fozzy", Plan(), ask)
    body = said.pop("body", "")
    body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    library = Library(tmp_path / "t.fozzy", wire_redactor([]))
    found = library.find(*Door(Plan()).decide(said.pop("target"), body, **said), body)
    library.close()
    assert isinstance(found, Miss)
    told = json.loads(found.answer.body)
    assert told["nearest"]["number"] == number
    for each, (what, recorded_as, asked) in zip(told["differs"], differs, strict=True):
        assert each["what"] == what and each["recorded"] == recorded_as
        assert asked is None or each["asked"] == asked
    assert f"the nearest is #{number} " in found.reason and differs[0][0] in found.reason


def test_a_named_header_may_be_what_differs(tmp_path: Path) -> None:
    """Where a header counts, it is named."""
    recorded(tmp_path / "t.fozzy", Plan(), ask)
    library = Library(tmp_path / "t.fozzy", wire_redactor([]), Matching(headers=["accept"]))
    body = json.dumps(CHAT).encode()
    found = library.find(*Door(Plan()).decide("/chat", body, headers=[("Accept", "y")]), body)
    library.close()
    assert isinstance(found, Miss)
    assert json.loads(found.answer.body)["differs"] == [{"what": "header accept", "recorded": "x", "asked": "y"}]


def test_a_miss_tells_no_secret(tmp_path: Path) -> None:
    """What differs is told without secrets, and at bounded length."""
    recorded(tmp_path / "t.fozzy", Plan(), ask)
    library = Library(tmp_path / "t.fozzy", wire_redactor([]))
    body = json.dumps({"password": "s3cr3t-91c2f7", "text": "x" * 100_000}).encode()
    found = library.find(*Door(Plan()).decide("/chat", body), body)
    library.close()
    assert isinstance(found, Miss)
    assert b"s3cr3t" not in found.answer.body and len(found.answer.body) < 4000 and len(found.reason) < 1000


def test_many_recorded_requests_are_looked_through_in_time(tmp_path: Path) -> None:
    """A miss among thousands of requests still names the nearest."""
    recorded(tmp_path / "t.fozzy", Plan(), lambda door: [door.ask(f"/item/{n}") for n in range(3000)] and None)
    library = Library(tmp_path / "t.fozzy", wire_redactor([]))
    found = library.find(*Door(Plan()).decide("/item/17x"), b"")
    library.close()
    assert isinstance(found, Miss) and "/item/17" in found.reason
