"""Chaos is turned on and off from the next request on, and a reset brings back the start."""

from __future__ import annotations

import pytest

from tests.chaos.api.asking import Asking


@pytest.mark.parametrize("body", [None, {}])
def test_off_and_on(body: object) -> None:
    """Switched off the next request is clean, switched on the next one is chaotic; what is configured stays."""
    asking = Asking({"faults": {"drop": 1.0}})
    assert asking.request().planned == "drop"
    assert asking.do("POST", "/fozzy/disable", body)["enabled"] is False
    assert asking.request().planned == ""
    assert asking.get("/fozzy/config")["plan"] == {"faults": {"drop": 1.0}}
    assert asking.do("POST", "/fozzy/enable", body)["enabled"] is True
    assert asking.request().planned == "drop"
    assert [change.fields["what"] for change in asking.changes] == ["disabled", "enabled"]


def test_on_when_it_was_started_without_chaos() -> None:
    """A proxy that was started with an empty plan, or switched off, can be made chaotic."""
    empty = Asking()
    empty.do("POST", "/fozzy/enable")
    empty.do("PUT", "/fozzy/config/faults", {"drop": 1.0})
    assert empty.request().planned == "drop"
    off = Asking({"enabled": False, "faults": {"drop": 1.0}})
    assert off.request().planned == ""
    off.do("POST", "/fozzy/enable")
    assert off.request().planned == "drop"


def test_a_reset_brings_back_the_start() -> None:
    """After a reset the plan, the scopes and the switch are as at the start, the journal is empty, counts are 0."""
    asking = Asking({"enabled": False, "faults": {"drop": 1.0}, "tests": {"t1": {}}})
    before = asking.everything()
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    asking.do("PATCH", "/fozzy/config", {"faults": {"malformed": 1.0}, "routes": [{"path": "/a"}]})
    asking.do("POST", "/fozzy/tests/t2/config", {"faults": {"drop": 0.5}})
    asking.do("DELETE", "/fozzy/tests/t1/config")
    for _ in range(3):
        asking.request()
    assert asking.everything() != before
    assert asking.get("/fozzy/stats")["summary"]["requests"] == 3
    number = asking.request().number
    asking.do("POST", "/fozzy/reset")
    assert [_still(each) for each in asking.everything()] == [_still(each) for each in before]
    assert asking.get("/fozzy/journal")["entries"] == []
    summary = asking.get("/fozzy/stats")["summary"]
    assert (summary["requests"], summary["by_status"], summary["took_ns"]["count"]) == (0, {}, 0)
    assert asking.get("/fozzy/stats")["load"]["requests_max"] == 0
    assert asking.request().number > number


def test_a_reset_sets_back_what_became_of_each_fault() -> None:
    """The table of faults begins at 0 too; the engine still knows what was rolled, for the end of a strict run."""
    asking = Asking({"faults": {"drop": 0.5}})
    for n in range(3):
        asking.request(target=f"/{n}")
    asking.do("POST", "/fozzy/reset")
    (told,) = asking.get("/fozzy/stats")["faults"]
    assert (told["name"], set(told.values()) - {"server", "drop"}) == ("drop", {0})
    asking.request(target="/a")
    (told,) = asking.get("/fozzy/stats")["faults"]
    (tally,) = asking.session.engine.tallies()
    assert (told["matched"], told["rolled"], tally.matched, tally.rolled) == (1, 1, 4, 4)


def _still(said: dict[str, object]) -> dict[str, object]:
    """Without what time alone changes."""
    return {name: value for name, value in said.items() if name not in ("now_ns", "since_ns", "requests")}


@pytest.mark.parametrize("path", ["/fozzy/enable", "/fozzy/disable", "/fozzy/reset"])
@pytest.mark.parametrize("body", [b"[]", b"null", b'{"now": true}', b"{", b"1"])
def test_a_body_that_says_something_is_refused(path: str, body: bytes) -> None:
    """Whoever sends a body expects it to be heeded, so one that says anything is refused and nothing happens."""
    asking = Asking({"enabled": False})
    assert asking.ask("POST", path, body).status == 400
    assert asking.changes == []
