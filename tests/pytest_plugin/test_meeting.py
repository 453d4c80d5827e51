"""Whether anybody can have met a fault that shows in no message."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fozzy.pytest_plugin import meeting
from fozzy.pytest_plugin.meeting import Meeting, is_connected
from tests.pytest_plugin.project import Project

SUITE = """
import contextlib
import sys
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fozzy.pytest_plugin import meeting

opened = []  # by this process: what else runs on this machine is not counted here
sys.addaudithook(lambda event, words: event == "socket.connect" and opened.append(words[1]))
meeting.opened = lambda: len(opened)

def client_of(at):
    return redis.Redis(port=at.port, retry=Retry(NoBackoff(), 0))

def faults_of(server, proxy):
    return {
        "down": proxy.down(),
        "refuse": proxy.refuse(),
        "killed": server.killed(),
        "frozen": server.frozen(),
        "limited": server.limited(cpu=0.5),
        "exhausted": server.exhausted(),
    }

FAULTS = ["down", "refuse", "killed", "frozen", "limited", "exhausted"]

@pytest.mark.chaos
@pytest.mark.parametrize("fault", FAULTS)
def test_nobody(redis_server, redis_proxy, fault):
    with client_of(redis_proxy) as client:
        client.get("a")
    with faults_of(redis_server, redis_proxy)[fault]:
        pass

@pytest.mark.chaos
@pytest.mark.parametrize("fault", FAULTS)
def test_somebody(redis_server, redis_proxy, fault):
    with faults_of(redis_server, redis_proxy)[fault], contextlib.suppress(redis.RedisError):
        redis.Redis(port=redis_proxy.port, retry=Retry(NoBackoff(), 0), socket_timeout=1).get("a")

@pytest.mark.chaos
def test_afterwards(redis_server):
    with redis_server.killed():
        pass
    assert redis_server.ask("PING") == b"PONG"
"""


def test_what_nobody_met_fails_the_test(project: Project) -> None:
    """Services and ports alike; what somebody met is fine, and so is a restart after which somebody asks."""
    project.write("test_it.py", SUITE)
    ran = project.run()
    assert (ran.code, ran.passed, ran.failed, ran.errors) == (1, 7, 6, 0), ran.said
    assert ran.said.count("fault never applied: what the test declared struck nobody") == 6
    for fault in ("killed", "frozen", "limited", "exhausted"):
        assert f"redis-server/{fault} came to pass: {meeting.UNMET}" in ran.said
    for fault in ("down", "refuse"):
        assert f"({fault}) came to pass 1 time: it closed the port, {meeting.UNMET}" in ran.said


@pytest.fixture
def port() -> Iterator[int]:
    """Somebody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the system counts, so that nobody else on this machine does."""
    said = [0]
    monkeypatch.setattr(meeting, "opened", lambda: said[-1])
    return said


def test_who_is_connected_meets_it(port: int, count: list[int]) -> None:
    """Until it closes its end, whatever the other side knows of that; and not who is left out."""
    assert Meeting().is_missed
    client = socket.create_connection(("127.0.0.1", port))
    assert is_connected({port})
    assert not Meeting(connected=True).is_missed
    assert not is_connected({port}, but={client.getsockname()[1]})
    assert not is_connected({client.getsockname()[1]}, but={port})
    client.close()
    assert not is_connected({port})


@pytest.mark.parametrize(("lasts", "is_missed"), [(False, True), (True, False)])
def test_who_comes_meanwhile_meets_it(count: list[int], lasts: bool, is_missed: bool) -> None:
    """Who comes while it ends does not; who comes afterwards meets only what lasts."""
    fault = Meeting(lasts=lasts)
    count.append(1)
    assert not fault.is_missed
    count.append(0)
    fault.ends()
    count.append(1)
    fault.is_over()
    assert fault.is_missed
    count.append(2)
    assert fault.is_missed is is_missed


def test_connections_are_counted() -> None:
    """Also one that is refused; where the system does not tell, nothing is missed."""
    before = meeting.opened()
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = other.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", refused))
    if before is None:
        assert not Meeting().is_missed
    else:
        assert (meeting.opened() or 0) > before
