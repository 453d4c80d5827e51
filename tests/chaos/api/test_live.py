"""The control plane over sockets, beside real traffic: what is said there is what clients get from the next request on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fozzy.errors import InputError
from fozzy.faults.http.predefined import SCENARIOS
from tests.chaos.api.running import Both, both

OK = {"routes": [{"path": "/*", "answer": {"json": {"ok": True}}}]}


@pytest.fixture
def made() -> Iterator[Both]:
    """A mock that answers everything, and its controls."""
    with both(OK) as running:
        yield running


def statuses(made: Both, count: int = 1, test: str = "", path: str = "/a") -> list[int]:
    headers = {"x-test-id": test} if test else {}
    with httpx.Client(base_url=made.url, headers=headers) as client:
        return [client.get(path).status_code for _ in range(count)]


def test_what_a_scope_shows_is_what_its_traffic_gets(made: Both) -> None:
    """`{}` frees one test while the baseline goes on; taken away, the baseline is back."""
    control = made.control()
    control.put("/fozzy/config/faults", {"drop": 1.0})
    control.post("/fozzy/tests/free/config", {})
    assert control.get("/fozzy/tests/free/config")["holds"]["config"] == {}
    assert (statuses(made, 3, "free"), statuses(made, 3)) == ([200] * 3, [500] * 3)
    assert control.delete("/fozzy/tests/free/config")["holds"]["config"] == {"faults": {"drop": 1.0}}
    assert statuses(made, 2, "free") == [500] * 2


def test_two_tests_at_once_do_not_meet(made: Both) -> None:
    """Two clients with their own test ids run side by side; the one without faults sees none, the other one only these."""
    control = made.control()
    control.post("/fozzy/tests/bad/config", {"faults": {"drop": 1.0}})
    control.post("/fozzy/tests/good/config", {})
    found: dict[str, list[int]] = {}

    def run(test: str) -> None:
        found[test] = statuses(made, 50, test)

    threads = [threading.Thread(target=run, args=(test,)) for test in ("bad", "good")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {"bad": [500] * 50, "good": [200] * 50}
    by_test = control.get("/fozzy/stats")["summary"]["by_test"]
    assert by_test == {"bad": 50, "good": 50}


def test_off_and_on_hold_from_the_next_request(made: Both) -> None:
    """Also on a connection that stays open, and for a proxy that was started without chaos."""
    control = made.control()
    with httpx.Client(base_url=made.url) as client:
        seen = [client.get("/a").status_code]
        control.put("/fozzy/config/faults", {"drop": 1.0})
        seen.append(client.get("/a").status_code)
        control.post("/fozzy/disable")
        seen.append(client.get("/a").status_code)
        control.post("/fozzy/enable")
        seen.append(client.get("/a").status_code)
    assert seen == [200, 500, 200, 500]


def test_a_reset_brings_back_the_start(made: Both) -> None:
    """Config as at the start, an empty journal, counts at 0."""
    control = made.control()
    before = control.get("/fozzy/config")
    control.start("slow_backend")
    control.patch("/fozzy/config", {"faults": {"drop": 1.0}, "enabled": False})
    statuses(made, 2)
    control.post("/fozzy/reset")
    assert control.get("/fozzy/config") == before
    assert control.get("/fozzy/journal")["entries"] == []
    assert control.get("/fozzy/stats")["summary"]["requests"] == 0
    assert statuses(made) == [200]


def test_the_journal_tells_what_clients_got(made: Both) -> None:
    """Status, fault, test, bodies and what it took stand in the journal, without secrets."""
    control = made.control()
    control.put("/fozzy/config/faults", {"drop": {"every": 2}})
    with httpx.Client(base_url=made.url, headers={"x-test-id": "t1", "authorization": "Bearer abcdefgh"}) as client:
        client.post("/first?token=abcdefgh", json={"question": 1, "echo": "abcdefgh"})
        client.get("/second")
    newest, oldest = control.get("/fozzy/journal")["entries"]
    assert (newest["path"], newest["status"], newest["applied"]) == ("/second", 500, "drop")
    assert (oldest["path"], oldest["status"], oldest["applied"]) == ("/first", 200, None)
    assert (oldest["test"], oldest["source"], oldest["route"]) == ("t1", "fixture", "routes[0]")
    assert json.loads(oldest["request"]["body"]) == {"question": 1, "echo": "<redacted>"}
    assert json.loads(oldest["answer"]["body"]) == {"ok": True}
    assert oldest["took_ns"] > 0
    assert "abcdefgh" not in json.dumps([newest, oldest])
    found = control.post("/api/recorder/search", {"status_code": 500})
    assert [each["request"]["path"] for each in found["exchanges"]] == ["/second"]


def test_a_long_body_is_in_the_journal_with_its_beginning(made: Both) -> None:
    """Of a long body the beginning is shown, with its true size; the client's is untouched."""
    control = made.control()
    control.put("/fozzy/routes/0", {"path": "/*", "answer": {"text": "abc" * 100_000}})
    answer = httpx.post(f"{made.url}/a", content=b"x" * 200_000)
    assert len(answer.content) == 300_000
    (entry,) = control.get("/fozzy/journal")["entries"]
    assert (entry["request"]["bytes"], entry["request"]["is_cut"]) == (200_000, True)
    assert entry["request"]["body"] == "x" * 4096
    assert entry["answer"] is not None
    assert entry["answer"]["body"].startswith("abcabc") and entry["answer"]["is_cut"]


def test_a_bad_change_leaves_traffic_as_it_was(made: Both) -> None:
    """While a client goes on, every bad change is refused and no request sees anything of it."""
    control = made.control()
    before = control.get("/fozzy/config")
    for body in ({"faults": {"drop": 2}}, {"latency": {"fixed": 5}}, {"nothing": {}}, [], None, 1.5, -1):
        with pytest.raises(InputError):
            control.ask("PUT", "/fozzy/config", body)
        assert statuses(made) == [200]
    assert control.get("/fozzy/config") == before


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_five_scenarios_are_in_force_while_they_are_active(made: Both, name: str) -> None:
    """Started at run time each is what holds, and stopping it restores exactly what was there."""
    control = made.control()
    control.put("/fozzy/config/faults", {"malformed": 0.5})
    before = control.get("/fozzy/config")
    listed = control.get(f"/fozzy/scenarios/{name}")["config"]
    assert control.start(name)["holds"]["config"] == listed
    control.stop(name)
    assert control.get("/fozzy/config") == before


def test_what_is_felt_of_peak_traffic(made: Both) -> None:
    """Within a few requests the limit is reached, and stopped it is not."""
    control = made.control()
    control.start("peak_traffic")
    assert 429 in statuses(made, 200)
    control.stop("peak_traffic")
    assert set(statuses(made, 40)) == {200}


def test_mockforges_hooks_around_tests_work(made: Both) -> None:
    """beforeEach enables, the test starts a scenario and asks, afterEach resets; the next test begins clean."""
    api: Any = httpx.Client(base_url=f"http://127.0.0.1:{made.control_port}/api/chaos")
    with api:
        for _ in range(2):
            assert api.post("/enable").status_code == 200
            put = api.put("/config/faults", json={"enabled": True, "http_errors": [503], "http_error_probability": 1.0})
            assert put.status_code == 200
            assert statuses(made, 2) == [503, 503]
            assert api.get("/status").json()["fault_injection_enabled"] is True
            assert api.post("/reset").status_code == 200
            assert statuses(made, 2) == [200, 200]
