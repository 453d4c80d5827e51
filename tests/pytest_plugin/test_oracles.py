"""The oracles in tests of somebody who uses the plugin."""

from __future__ import annotations

import json
import re

import pytest

from tests.pytest_plugin.project import Project

SUITE = """
import time

import pybreaker
import pytest
import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry


def client_of(proxy, retries, backoff=None):
    retry = Retry(backoff or NoBackoff(), retries)
    return redis.Redis.from_url(proxy.url, retry=retry, socket_timeout=2, socket_connect_timeout=2)


@pytest.mark.chaos(seed=7)
def test_again(redis_proxy, chaos):
    client = client_of(redis_proxy, 3)
    with redis_proxy.toxic("drop_reply", match="INCR", first=1):
        client.incr("orders")
    client.close()
    chaos.assert_recovers(within=1)
    chaos.assert_no_leaked_connections()
    chaos.assert_at_most_once("INCR orders")


@pytest.mark.chaos(seed=7)
def test_paused(redis_proxy, chaos, virtual_time):
    client = client_of(redis_proxy, 3, ExponentialBackoff(cap=60, base=0.5))
    with redis_proxy.toxic("reset_peer", match="GET", first=3):
        client.get("a")
    client.close()
    chaos.assert_attempts(4, "GET a")
    chaos.assert_backoff(1, 2)


@pytest.mark.chaos(seed=7)
@pytest.mark.parametrize("is_right", [True, False])
def test_open(redis_proxy, chaos, virtual_time, is_right):
    client = client_of(redis_proxy, 0)
    breaker = chaos.breaker("orders").watch(pybreaker.CircuitBreaker(fail_max=2, reset_timeout=60))
    with redis_proxy.toxic("reset_peer", match="GET", first=2):
        for _ in range(100):
            with pytest.raises((redis.ConnectionError, pybreaker.CircuitBreakerError)):
                breaker.call(client.get, "a")
    if not is_right:
        client.get("a")
    time.sleep(60.001)
    breaker.call(client.get, "a")
    client.close()
    chaos.assert_no_calls_while_open("orders")
    chaos.assert_recovers()
    states = [(each.state, each.causes) for each in chaos.verdict().breakers]
    assert states == [("open", ["redis/reset_peer_downstream"]), ("half_open", []), ("closed", [])]
"""


def test_right_clients_pass_and_broken_ones_fail(project: Project) -> None:
    """Each message names connections and times; a minute of waiting takes none."""
    pytest.importorskip("pybreaker")
    project.write("test_it.py", SUITE)
    ran = project.run()
    assert (ran.passed, ran.failed, ran.errors) == (2, 2, 0), ran.said
    assert "INCRBY orders may be carried out twice" in ran.said and "redis connection 2 at" in ran.said
    assert "went out while the breaker orders was open" in ran.said
    assert re.search(r"^test_it.py:\d+: AssertionError$", ran.said, re.MULTILINE) and "oracles.py" not in ran.said
    records = (project.folder / trace_of(ran.said, "test_open")).read_text().splitlines()
    told = [json.loads(line) for line in records if "chaos.breaker" in line]
    assert [(each["fields"]["state"], each["t"]) for each in told] == [
        ("open", 0),
        ("half_open", 60_001_000_000),
        ("closed", 60_001_000_000),
    ]
    assert told[0]["fields"]["causes"] == ["redis/reset_peer_downstream"]


def trace_of(said: str, test: str) -> str:
    """Where the trace of a failing test is."""
    found = re.search(rf"--chaos-replay (\S*{test}\S*)$", said, re.MULTILINE)
    assert found, said
    return found[1]
