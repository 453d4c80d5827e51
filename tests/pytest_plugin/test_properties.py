"""What a test's report says besides: seed, time, faults, breakers, trace, as properties of JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from tests.pytest_plugin.project import Project

SUITE = """
import time
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

def client(proxy):
    return redis.Redis(port=proxy.port, protocol=2, retry=Retry(NoBackoff(), 0))

@pytest.mark.chaos(seed=7)
def test_breaker(redis_proxy, chaos, virtual_time):
    breaker = "closed"
    with client(redis_proxy) as redis_:
        with redis_proxy.toxic("drop_reply", match="GET", first=2):
            for _ in range(2):
                with pytest.raises(redis.ConnectionError):
                    redis_.get("a")
        chaos.transition("orders", "open")
        time.sleep(60)
        chaos.transition("orders", "half_open")
        redis_.get("a")
        chaos.transition("orders", "closed")

@pytest.mark.chaos(seed=8)
@pytest.mark.chaos_runs(3)
def test_fails(redis_proxy, chaos, record_property):
    record_property("mine", 1)
    with redis_proxy.toxic("reset_peer", first=1):
        with client(redis_proxy) as redis_:
            redis_.get("a")

def test_plain():
    pass
"""


def test_they_stand_in_junit(project: Project, tmp_path: Path) -> None:
    """Breakers in order with their causes, faults with what became of them, a failure with what replays it; others have none."""
    project.write("test_it.py", SUITE)
    ran = project.run("--junitxml=report.xml")
    assert (ran.passed, ran.failed) == (2, 1), ran.said
    cases = {case.get("name"): case for case in ET.parse(tmp_path / "report.xml").iter("testcase")}
    said = {
        name: [(each.get("name"), each.get("value") or "") for each in case.iter("property")]
        for name, case in cases.items()
    }
    breaker = said["test_breaker"]
    assert breaker[0] == ("chaos.seed", "7")
    assert len(dict(breaker)["chaos.decisions"]) == 32
    assert [value.partition(" at ")[0] for name, value in breaker if name == "chaos.breaker"] == [
        "orders: closed -> open",
        "orders: open -> half_open",
        "orders: half_open -> closed",
    ]
    changes = [value for name, value in breaker if name == "chaos.breaker"]
    assert "2 failed: redis/drop_reply" in changes[0] and "60.000 s after it opened" in changes[1]
    fails = said["test_fails"]
    assert [name for name, _ in fails] == [
        "mine",
        "chaos.seed",
        "chaos.time",
        "chaos.decisions",
        "chaos.fault",
        "chaos.trace",
        "chaos.replay",
    ]
    assert dict(fails)["chaos.replay"].startswith("pytest test_it.py::test_fails --chaos-replay ")
    assert Path(dict(fails)["chaos.trace"]).is_file()
    assert said["test_plain"] == []
