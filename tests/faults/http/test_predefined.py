"""The predefined scenarios are those everybody knows, number for number."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.errors import InputError
from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Scenario
from fozzy.faults.http.predefined import PREDEFINED, PROFILES, SCENARIOS
from tests.faults.http.asking import MS, S, ask, asks, engine

TEN, FIFTY = {"rate": "10/s", "burst": 2}, {"rate": "50/s", "burst": 10}

# The table of the specification.
TABLE: dict[str, dict[str, Any]] = {
    "network_degradation": {
        "latency": {"fixed": "500ms", "jitter": 0.2, "probability": 0.8},
        "limits.bandwidth": "100KB/s",
        "limits.loss": {"probability": 0.05},
    },
    "service_instability": {
        "faults.status": {"codes": [500, 502, 503, 504], "probability": 0.2},
        "faults.timeout": {"after": "5s", "probability": 0.1},
    },
    "cascading_failure": {
        "latency": {"uniform": ("1s", "5s"), "jitter": 0.3, "probability": 0.7},
        "faults.status": {"codes": [500, 503], "probability": 0.3},
        "faults.timeout": {"probability": 0.2},
        "faults.connection_error": {"probability": 0.1},
        "limits.global": TEN,
        "limits.client": TEN,
    },
    "peak_traffic": {"limits.global": FIFTY, "limits.route": FIFTY},
    "slow_backend": {"latency": {"fixed": "2s", "jitter": 0.1, "probability": 1.0}},
    "slow_3g": {
        "latency": {"fixed": "400ms", "jitter": 0.1},
        "limits.bandwidth": "400KB/s",
        "limits.loss": {"probability": 0.01},
    },
    "fast_3g": {
        "latency": {"fixed": "150ms", "jitter": 0.05},
        "limits.bandwidth": "1500KB/s",
        "limits.loss": {"probability": 0.005},
    },
    "flaky_wifi": {
        "latency": {"fixed": "50ms", "jitter": 0.2},
        "faults.status": {"codes": [500, 502, 503], "probability": 0.05},
        "faults.connection_error": {"probability": 0.03},
        "limits.loss": {"probability": 0.05},
    },
    "cable": {"latency": {"fixed": "20ms", "jitter": 0.02}, "limits.bandwidth": "10MB/s"},
    "dialup": {
        "latency": {"fixed": "2s", "jitter": 0.15},
        "limits.bandwidth": "50KB/s",
        "limits.loss": {"probability": 0.02},
    },
}


def started(name: str) -> Engine:
    """An engine in which a scenario was started at run time."""
    asked = engine()
    asked.change(control.start(asked.state, name, 0), 0)
    return asked


def test_every_one_is_in_the_table() -> None:
    """Nothing is there that the table does not have, and the other way round."""
    assert list(PREDEFINED) == list(TABLE) and {**SCENARIOS, **PROFILES} == PREDEFINED
    assert all(each.about.endswith(".") for each in PREDEFINED.values())


@pytest.mark.parametrize("name", TABLE)
def test_the_effective_config(name: str) -> None:
    """What holds after a start is what the table says, each field said by the scenario, shares apart from each other."""
    holds = started(name).effective()
    assert {field.name: field.value for field in holds.fields} == TABLE[name]
    assert {field.origin for field in holds.fields} == {f"scenario {name}"} and holds.mode == "exclusive"
    for field in holds.fields:
        if field.share is not None:
            assert field.share == field.value["probability"]


@pytest.mark.parametrize("name", TABLE)
def test_they_are_written_as_in_files(name: str) -> None:
    """Each can be written into a file and read again."""
    assert formed(Scenario, msgspec.json.decode(msgspec.json.encode(PREDEFINED[name]))) == PREDEFINED[name]


def test_slow_backend_within_ten_requests() -> None:
    """Each of ten requests waits two seconds, a tenth more or less."""
    delays = [each.delay_ns for each in asks(started("slow_backend"), 10)]
    assert all(1800 * MS <= delay <= 2200 * MS for delay in delays) and len(set(delays)) == 10


def test_peak_traffic_within_a_burst() -> None:
    """Ten requests at once pass, the eleventh does not, and a fiftieth of a second later one more."""
    busy = started("peak_traffic")
    assert [ask(busy).planned for _ in range(11)] == [""] * 10 + ["limit.rate"]
    assert [ask(busy, now_ns=S // 50).planned for _ in range(2)] == ["", "limit.rate"]


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("service_instability", {"status": 0.2, "timeout": 0.1}),
        ("flaky_wifi", {"status": 0.05, "connection_error": 0.03, "loss": 0.05}),
        ("network_degradation", {"loss": 0.05}),
    ],
)
def test_each_share_is_of_all_requests(name: str, shares: dict[str, float]) -> None:
    """Of ten thousand requests each fault strikes its share, within three deviations."""
    decisions = asks(started(name), 10_000)
    for fault, share in shares.items():
        struck = sum(each.planned == fault for each in decisions)
        assert abs(struck - share * 10_000) < 3 * (share * (1 - share) * 10_000) ** 0.5
    if name == "network_degradation":
        waited = [each.delay_ns for each in decisions if each.delay_ns]
        assert 7880 < len(waited) < 8120 and all(400 * MS <= delay <= 600 * MS for delay in waited)


def test_cascading_failure() -> None:
    """Waits of one to five seconds, three tenths more or less."""
    decisions = asks(started("cascading_failure"), 400, now_ns=0)
    assert [each.planned for each in decisions[2:]] == ["limit.rate"] * 398
    spread = started("cascading_failure")
    delays = [ask(spread, f"/{n}", now_ns=n * S).delay_ns for n in range(400)]
    assert all(delay == 0 or 700 * MS <= delay <= 6500 * MS for delay in delays) and max(delays) > 4500 * MS


def test_a_plan_may_have_its_own_of_the_name() -> None:
    """A plan's own scenario takes the place of the predefined one."""
    asked = engine(scenarios={"cable": {"latency": {"fixed": "1s"}}})
    asked.change(control.start(asked.state, "cable", 0), 0)
    assert ask(asked).delay_ns == S
    assert asked.state.scenarios()["cable"].latency == asked.state.plan.scenarios["cable"].latency
    with pytest.raises(InputError) as refused:
        control.start(asked.state, "cabel", 0)
    assert refused.value.code == "chaos.unknown_scenario" and "cable" in refused.value.hint
