"""The plan is read, put and patched as a whole or by section; what is wrong changes nothing and is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.api.asking import Asking

START = {"latency": {"fixed": "50ms"}, "faults": {"drop": 0.25}, "limits": {"concurrency": 9}}


def fields(in_force: Any) -> dict[str, Any]:
    """What holds, by field."""
    return {each["name"]: each["value"] for each in in_force["holds"]["fields"]}


def test_the_plan_is_shown_with_what_is_in_force() -> None:
    """The plan comes back as it was said, and each field in force has its origin."""
    said = Asking(START).get("/fozzy/config")
    assert said["plan"] == START
    assert said["in_force"]["holds"]["config"] == START
    assert {each["origin"] for each in said["in_force"]["holds"]["fields"]} == {"server"}


def test_another_plan_takes_the_place_of_all() -> None:
    """A plan that is put replaces the old one whole, holds from the next request on and is an event."""
    asking = Asking({**START, "tests": {"t1": {}}})
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    said = asking.do("PUT", "/fozzy/config", {"faults": {"malformed": 1.0}, "tests": {"t2": {"latency": None}}})
    assert fields(said) == {"faults.malformed": 1.0}
    assert (said["tests"], said["active"]) == (["t2"], [])
    assert asking.request().planned == "malformed"
    assert [change.fields["what"] for change in asking.changes] == ["scenario started", "plan replaced"]


def test_a_patch_changes_what_it_says() -> None:
    """A patch of the plan changes its fields alone; null takes one away."""
    asking = Asking(START)
    said = asking.do("PATCH", "/fozzy/config", {"faults": {"drop": None, "disconnect": 1.0}, "mode": "exclusive"})
    assert fields(said) == {"latency": {"fixed": "50ms"}, "faults.disconnect": 1.0, "limits.concurrency": 9}
    assert said["holds"]["mode"] == "exclusive"
    assert asking.request().planned == "disconnect"


@pytest.mark.parametrize(
    ("section", "said", "patch", "patched"),
    [
        ("latency", {"fixed": "9ms"}, {"jitter": 0.5}, {"fixed": "9ms", "jitter": 0.5}),
        ("faults", {"drop": 1.0}, {"malformed": 0.5}, {"drop": 1.0, "malformed": 0.5}),
        ("limits", {"concurrency": 3}, {"loss": 0.5}, {"concurrency": 3, "loss": 0.5}),
    ],
)
def test_a_section_is_put_patched_and_removed(section: str, said: Any, patch: Any, patched: Any) -> None:
    """Each section can be read, replaced, changed in part and taken away by itself; the others stay."""
    asking = Asking(START)
    path = f"/fozzy/config/{section}"
    others = {name: value for name, value in START.items() if name != section}
    assert asking.get(path) == START[section]
    assert asking.do("PUT", path, said)["holds"]["config"] == {**others, section: said}
    assert asking.get(path) == said
    assert asking.do("PATCH", path, patch)["holds"]["config"] == {**others, section: patched}
    assert asking.do("DELETE", path)["holds"]["config"] == others
    assert asking.get(path) == (None if section == "latency" else {})
    assert len(asking.changes) == 3


def test_each_change_is_an_event_of_the_trace() -> None:
    """A change tells what it was and the whole state it made, and takes a number among the decisions."""
    asking = Asking()
    asking.request()
    asking.do("PUT", "/fozzy/config/faults", {"drop": 1.0})
    (change,) = asking.changes
    assert change.name == "chaos.change"
    assert change.fields["number"] == 2
    assert change.fields["state"]["plan"] == {"faults": {"drop": 1.0}}
    assert asking.request().number == 3


BAD: list[tuple[str, str, bytes, int, str]] = [
    ("PUT", "/fozzy/config", b'{"faults": {"drop": 1.5}}', 400, "faults.drop"),
    ("PUT", "/fozzy/config", b'{"faults": {"drop": -1}}', 400, "faults.drop"),
    ("PUT", "/fozzy/config", b'{"faults": {"drop": "1"}}', 400, "faults.drop"),
    ("PUT", "/fozzy/config", b'{"fault": {}}', 400, "fault"),
    ("PUT", "/fozzy/config", b'{"latency": {"fixed": "1.5s"}}', 400, "latency.fixed"),
    ("PUT", "/fozzy/config", b'{"latency": {"fixed": "1ms", "uniform": ["1ms", "2ms"]}}', 400, "latency"),
    ("PUT", "/fozzy/config", b'{"latency": {"uniform": ["2ms", "1ms"]}}', 400, "latency.uniform"),
    ("PUT", "/fozzy/config", b'{"latency": {"fixed": "31s"}}', 400, "latency"),
    ("PUT", "/fozzy/config", b'{"routes": [{"faults": {"status": {"codes": [99]}}}]}', 400, "routes[0].faults.status"),
    ("PUT", "/fozzy/config", b'{"tests": {"t": {"faults": {"drop": 2}}}}', 400, "tests"),
    ("PUT", "/fozzy/config", b'{"seed": 8}', 400, "seed"),
    ("PUT", "/fozzy/config", b"[]", 400, ""),
    ("PUT", "/fozzy/config", b"null", 400, ""),
    ("PUT", "/fozzy/config", b"1.5", 400, ""),
    ("PUT", "/fozzy/config", b"-1", 400, ""),
    ("PUT", "/fozzy/config", b"{", 400, ""),
    ("PUT", "/fozzy/config", b"", 400, ""),
    ("PUT", "/fozzy/config", b'{"faults": {"drop": NaN}}', 400, ""),
    ("PUT", "/fozzy/config", b'{"faults": {"drop": 1e999}}', 400, ""),
    ("PUT", "/fozzy/config", b'{"faults": {"drop": 0.1}, "faults": {}}', 400, "faults"),
    ("PUT", "/fozzy/config", b"[" * 5000 + b"]" * 5000, 400, ""),
    ("PUT", "/fozzy/config", b'{"faults": \xff}', 400, ""),
    ("PATCH", "/fozzy/config", b"null", 400, ""),
    ("PATCH", "/fozzy/config", b"[]", 400, ""),
    ("PATCH", "/fozzy/config", b'{"faults": []}', 400, "faults"),
    ("PATCH", "/fozzy/config", b'{"faults": {"drp": null}}', 400, "faults.drp"),
    ("PATCH", "/fozzy/config", b'{"limits": {"global": {"burst": 5}}}', 400, "limits.global"),
    ("PUT", "/fozzy/config/latency", b'{"fixed": "1ms", "probability": 1.5}', 400, "probability"),
    ("PUT", "/fozzy/config/latency", b"null", 400, ""),
    ("PUT", "/fozzy/config/latency", b"{}", 400, "latency"),
    ("PATCH", "/fozzy/config/latency", b'{"jiter": 0.5}', 400, "latency.jiter"),
    ("PATCH", "/fozzy/config/latency", b'{"jiter": null}', 400, "latency.jiter"),
    ("PATCH", "/fozzy/config/latency", b"null", 400, "latency"),
    ("PATCH", "/fozzy/config/faults", b"1.5", 400, "faults"),
    ("PUT", "/fozzy/config/faults", b'{"status": {"codes": [1000]}}', 400, "status.codes[0]"),
    ("PUT", "/fozzy/config/limits", b'{"global": {"rate": "0.5/s"}}', 400, "global.rate"),
    ("PATCH", "/fozzy/config/limits", b'{"loss": {"as": "404"}}', 400, "limits.loss.as"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "field"), BAD)
def test_what_is_wrong_is_named_and_changes_nothing(
    method: str, path: str, body: bytes, status: int, field: str
) -> None:
    """Bad input of every kind is answered with 400 and the field; all that is configured stays as it was."""
    asking = Asking(START)
    before = asking.everything()
    said = asking.ask(method, path, body)
    assert said.status == status, said.body
    assert said.error["message"]
    assert said.error.get("field", "").startswith(field)
    assert bool(field) == ("field" in said.error)
    assert asking.everything() == before
    assert asking.changes == []


def test_shares_over_one_are_refused_in_exclusive() -> None:
    """What only shows when all is put together is refused too, and nothing is left half done."""
    asking = Asking({"mode": "exclusive", "faults": {"drop": 0.6}})
    before = asking.everything()
    said = asking.ask("PATCH", "/fozzy/config/faults", {"malformed": 0.6})
    assert (said.status, said.error["code"]) == (400, "chaos.shares")
    assert asking.everything() == before


def test_the_runs_own_seed_may_be_said() -> None:
    """A plan that is read can be put back as it is, with the seed of the run in it."""
    asking = Asking({**START, "seed": 7})
    plan = asking.get("/fozzy/config")["plan"]
    assert plan["seed"] == 7
    asking.do("PUT", "/fozzy/config", plan)
    assert asking.get("/fozzy/config")["plan"] == plan


def test_who_changes_what_does_nothing_is_told() -> None:
    """A change that a scenario hides, or that is made while chaos is off, is answered with a note."""
    asking = Asking({"enabled": False})
    assert asking.do("PUT", "/fozzy/config/faults", {"drop": 1.0})["notes"] == [
        "chaos is off: what is configured does nothing until it is turned on"
    ]
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    (note,) = asking.do("PUT", "/fozzy/config/faults", {"drop": 0.5})["notes"]
    assert '"slow_backend"' in note
