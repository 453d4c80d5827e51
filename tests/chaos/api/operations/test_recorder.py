"""MockForge's search finds the requests of the journal by its names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.chaos.api.asking import Asking


def asking() -> Asking:
    made = Asking({"faults": {"drop": {"every": 2}}})
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for number in range(6):
        made.request(target=f"/items/{number}?q={number}", traceparent=trace if number == 3 else "no", Token="abcdefgh")
    return made


def found(said: Any) -> list[str]:
    return [each["request"]["path"] for each in said["exchanges"]]


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        ({"status_code": 500}, ["/items/5", "/items/3", "/items/1"]),
        ({"status_code": 500, "limit": 1, "offset": 1}, ["/items/3"]),
        ({"path": "/items/2"}, ["/items/2"]),
        ({"path": "/it*", "limit": 2}, ["/items/5", "/items/4"]),
        ({"method": "post"}, []),
        ({"trace_id": "0af7651916cd43dd8448eb211c80319c"}, ["/items/3"]),
        ({"min_duration_ms": 2}, []),
        ({"protocol": "http", "max_duration_ms": 1, "offset": 5}, ["/items/0"]),
    ],
)
def test_requests_are_found(said: Any, paths: list[str]) -> None:
    """Each of its filters holds, newest first, page by page."""
    assert found(asking().do("POST", "/api/recorder/search", said)) == paths


def test_what_is_found_has_its_form() -> None:
    """Totals count all pages; headers are JSON in a text, and no secret is in them."""
    said = asking().do("POST", "/api/recorder/search", {"status_code": 500, "limit": 1})
    assert (said["total"], said["limit"], said["offset"]) == (3, 1, 0)
    (exchange,) = said["exchanges"]
    request = exchange["request"]
    assert (request["method"], request["query_params"], request["status_code"]) == ("GET", "q=5", 500)
    assert json.loads(request["headers"]) == {"traceparent": "no", "token": "<redacted>"}
    assert exchange["response"]["status_code"] == 500


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"status": 500}, "status"),
        ({"status_code": "500"}, "status_code"),
        ({"tags": ["a"]}, "tags"),
        ({"limit": 0}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
def test_what_cannot_be_searched(said: Any, field: str) -> None:
    """What it does not know is refused by name."""
    answer = asking().ask("POST", "/api/recorder/search", said)
    assert (answer.status, answer.error["field"]) == (400, field)
