"""Status, numbers, health, metrics and the description say how it stands."""

from __future__ import annotations

from fozzy.chaos.api.controls import About
from tests.chaos.api.asking import Asking


def test_status_says_how_it_stands() -> None:
    """Seed, requests, what is active and where it listens stand in the status."""
    asking = Asking(
        {"routes": [{"path": "/a"}], "tests": {"t1": {}}},
        seed=42,
        about=About(listening="127.0.0.1:8080", upstream="http://127.0.0.1:9"),
    )
    asking.request()
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    said = asking.get("/fozzy/status")
    assert (said["seed"], said["requests"], said["journal_entries"], said["journal_size"]) == (42, 1, 1, 1000)
    assert [each["name"] for each in said["active"]] == ["slow_backend"]
    assert (said["tests"], said["routes"], said["enabled"]) == (1, 1, True)
    assert (said["listening"], said["upstream"]) == ("127.0.0.1:8080", "http://127.0.0.1:9")
    assert (said["recording"]["is_on"], said["replaying"]["is_on"]) == (False, False)
    assert said["load"] == {"requests": 0, "requests_max": 1, "connections": 0}


def test_numbers_tell_of_requests_and_faults() -> None:
    """Counts, percentiles and what became of each declared fault stand in the numbers."""
    asking = Asking({"faults": {"drop": {"first": 2}}})
    for _ in range(5):
        decision = asking.request()
        if decision.planned:
            asking.session.engine.applied(decision)
    said = asking.get("/fozzy/stats")
    assert said["summary"]["requests"] == 5
    assert said["summary"]["by_action"] == {"drop": 2}
    assert said["summary"]["took_ns"]["max"] == 1_000_000
    (tally,) = said["faults"]
    assert (tally["place"], tally["name"], tally["hit"], tally["applied"]) == ("server", "drop", 2, 2)


def test_health_and_metrics() -> None:
    """Health is one word; metrics are the text of whoever counts, and are not there without one."""
    assert Asking().get("/fozzy/health")["status"] == "ok"
    for path in ("/metrics", "/fozzy/metrics"):
        assert Asking().ask("GET", path).status == 404
        said = Asking(metrics=lambda: b"a 1\n").ask("GET", path)
        assert (said.status, said.body, said.answer.type.partition(";")[0]) == (200, b"a 1\n", "text/plain")


def test_it_describes_itself() -> None:
    """The description is served as it is generated."""
    said = Asking().get("/fozzy/openapi.json")
    assert said["openapi"] == "3.1.0"
    assert "/fozzy/openapi.json" in said["paths"]
