"""The schedule is read and changed while the proxy runs; what was carried out is not carried out again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.api.asking import Asking

SECOND = 10**9
PLAN: dict[str, Any] = {
    "scenarios": {"a": {"faults": {"drop": 1.0}, "for": "2s"}, "b": {"faults": {"malformed": 1.0}}},
    "schedule": [{"start": "a", "at": "10s"}],
}


def entries(said: Any) -> list[Any]:
    return [each["entry"] for each in said["schedule"]]


def planned_at(asking: Asking, second: float) -> str:
    asking.now_ns = int(second * SECOND)
    return asking.request().planned


def test_an_entry_is_carried_out_at_its_time() -> None:
    """A scenario that is scheduled over the API starts so long from now, beside those of the file."""
    asking = Asking(PLAN)
    assert planned_at(asking, 4) == ""
    said = asking.do("POST", "/fozzy/schedule", {"start": "b", "at": "20s"})
    assert entries(said) == [{"start": "a", "at": "10s"}, {"start": "b", "at": "20s"}]
    assert [each["index"] for each in said["schedule"]] == [0, 1]
    assert [each["due_ns"] // SECOND for each in said["schedule"]] == [10, 24]
    assert [planned_at(asking, second) for second in (9, 11, 13, 23, 25)] == ["", "drop", "", "", "malformed"]
    assert [each["due_ns"] for each in asking.get("/fozzy/schedule")["schedule"]] == [None, None]


def test_what_was_carried_out_is_not_carried_out_again() -> None:
    """A new entry, or another plan's section, does not make an old one, whose time is over, start once more."""
    asking = Asking({**PLAN, "scenarios": {**PLAN["scenarios"], "a": {"faults": {"drop": 1.0}}}})
    assert planned_at(asking, 11) == "drop"
    asking.do("DELETE", "/fozzy/scenarios/a")
    assert planned_at(asking, 13) == ""
    asking.do("POST", "/fozzy/schedule", {"start": "b", "at": "7s"})
    asking.do("PUT", "/fozzy/config/latency", {"fixed": "1ms"})
    assert [planned_at(asking, second) for second in (14, 19, 21)] == ["", "", "malformed"]


def test_a_reset_begins_anew() -> None:
    """After a reset the schedule of the start counts from the reset."""
    asking = Asking(PLAN)
    assert [planned_at(asking, second) for second in (11, 13)] == ["drop", ""]
    asking.do("POST", "/fozzy/schedule", {"start": "b", "at": "20s"})
    asking.do("POST", "/fozzy/reset")
    assert [planned_at(asking, second) for second in (22, 24, 26, 34)] == ["", "drop", "", ""]


def test_an_entry_can_wait_for_requests_or_come_again() -> None:
    """`after_requests` counts requests from then on, `every` comes again and again."""
    asking = Asking({**PLAN, "schedule": []})
    assert asking.request().planned == ""
    asking.do("POST", "/fozzy/schedule", {"start": "a", "after_requests": 2})
    assert [asking.request().planned for _ in range(4)] == ["", "", "drop", "drop"]
    asking.do("DELETE", "/fozzy/schedule")
    asking.do("DELETE", "/fozzy/scenarios")
    asking.do("POST", "/fozzy/schedule", {"start": "a", "every": "10s"})
    assert [planned_at(asking, second) for second in (9, 11, 13, 21, 23)] == ["", "drop", "", "drop", ""]


def test_entries_are_taken_away() -> None:
    """One entry or all are taken away; those behind move up, and what is gone never starts."""
    asking = Asking(PLAN)
    asking.do("POST", "/fozzy/schedule", {"start": "b", "at": "20s"})
    assert entries(asking.do("DELETE", "/fozzy/schedule/0")) == [{"start": "b", "at": "20s"}]
    assert planned_at(asking, 11) == ""
    assert entries(asking.do("DELETE", "/fozzy/schedule")) == []
    assert planned_at(asking, 21) == ""
    said = asking.get("/fozzy/schedule")
    assert said["requests"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/fozzy/schedule", {"start": "c", "at": "20s"}, 400, "schedule[1].start"),
        ("POST", "/fozzy/schedule", {"start": "b"}, 400, "schedule[1]"),
        ("POST", "/fozzy/schedule", {"start": "b", "at": "20s", "after_requests": 50}, 400, "schedule[1]"),
        ("POST", "/fozzy/schedule", {"start": "b", "at": 5}, 400, "at"),
        ("POST", "/fozzy/schedule", {"at": "20s"}, 400, "start"),
        ("POST", "/fozzy/schedule", [], 400, ""),
        ("DELETE", "/fozzy/schedule/1", None, 404, ""),
        ("DELETE", "/fozzy/schedule/x", None, 404, ""),
        ("DELETE", "/fozzy/schedule/-1", None, 404, ""),
    ],
)
def test_a_bad_entry_is_refused(method: str, path: str, body: object, status: int, field: str) -> None:
    """An unknown scenario, a time that is over or a number that is none is refused, and the schedule stays."""
    asking = Asking(PLAN)
    assert planned_at(asking, 6) == ""
    before = asking.everything()
    said = asking.ask(method, path, body)
    assert (said.status, said.error.get("field", "")) == (status, field), said.body
    assert asking.everything() == before
