"""Routes are listed, added, replaced and taken away, in the order in which they are tried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.api.asking import Asking

FIRST = {"path": "/a", "answer": {"status": 201}}
SECOND = {"path": "/b", "upstream": "http://127.0.0.1:1"}
THIRD = {"method": "GET", "path": "/*", "faults": {"drop": 1.0}}


def routes(said: Any) -> list[Any]:
    assert [each["place"] for each in said["routes"]] == [f"routes[{index}]" for index in range(len(said["routes"]))]
    return [each["route"] for each in said["routes"]]


def test_routes_are_added_where_they_are_wanted() -> None:
    """A route comes last or before another, and holds from the next request on."""
    asking = Asking({"routes": [FIRST]})
    assert asking.request(target="/b").place == ""
    assert routes(asking.do("POST", "/fozzy/routes", THIRD)) == [FIRST, THIRD]
    assert asking.request(target="/b").place == "routes[1]"
    assert routes(asking.do("POST", "/fozzy/routes?at=1", SECOND)) == [FIRST, SECOND, THIRD]
    assert asking.request(target="/b").place == "routes[1]"
    assert asking.request(target="/c").place == "routes[2]"
    assert routes(asking.get("/fozzy/routes")) == [FIRST, SECOND, THIRD]


def test_routes_are_replaced_and_taken_away() -> None:
    """A route is replaced in its place; when one goes, those behind it move up."""
    asking = Asking({"routes": [FIRST, SECOND]})
    assert routes(asking.do("PUT", "/fozzy/routes/0", THIRD)) == [THIRD, SECOND]
    assert asking.request(target="/a").planned == "drop"
    assert routes(asking.do("DELETE", "/fozzy/routes/0")) == [SECOND]
    assert asking.request(target="/a").place == ""
    assert [change.fields["what"] for change in asking.changes] == ["route replaced", "route removed"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/fozzy/routes", {"path": "/a", "faults": {"drop": 2}}, 400, "faults.drop"),
        ("POST", "/fozzy/routes", {"pth": "/a"}, 400, "pth"),
        ("POST", "/fozzy/routes", {"client": "nobody"}, 400, "routes[1].client"),
        ("POST", "/fozzy/routes?at=2", {"path": "/a"}, 400, "at"),
        ("POST", "/fozzy/routes?at=x", {"path": "/a"}, 400, "at"),
        ("POST", "/fozzy/routes", [], 400, ""),
        ("PUT", "/fozzy/routes/1", {"path": "/a"}, 404, ""),
        ("PUT", "/fozzy/routes/00000000000000000000000001", {"path": "/a"}, 404, ""),
        ("DELETE", "/fozzy/routes/x", None, 404, ""),
    ],
)
def test_a_bad_route_is_refused(method: str, path: str, body: object, status: int, field: str) -> None:
    """What is wrong with a route is named, and the routes stay as they were."""
    asking = Asking({"routes": [FIRST]})
    before = asking.everything()
    said = asking.ask(method, path, body)
    assert (said.status, said.error.get("field", "")) == (status, field), said.body
    assert asking.everything() == before
    assert asking.changes == []
