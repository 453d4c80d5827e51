"""Services as fixtures: clean for each test, left out loudly where they are missing, judged when a test leaves them."""

from __future__ import annotations

import os
import signal

import pytest

from fozzy.pytest_plugin import services
from fozzy.pytest_plugin.provided import own_fixtures
from tests.pytest_plugin.project import ROOT, Project

KEEPS = """
def test_one(redis_server, sse_server):
    assert (redis_server.ask("DBSIZE"), sse_server.events[0]) == (0, {"n": 1})
    redis_server.ask("SET", "a", 1)
    sse_server.events = ["mine"]

def test_two(redis_server, sse_server):
    assert (redis_server.ask("DBSIZE"), sse_server.events[0]) == (0, {"n": 1})
    redis_server.ask("SET", "a", 1)
    sse_server.events = ["mine"]
    with redis_server.killed():
        pass

def test_three(redis_server, sse_server):
    test_one(redis_server, sse_server)
"""
LEAVES = """
def test_dead(redis_server):
    redis_server.kill()

def test_frozen(redis_server):
    redis_server.frozen().__enter__()

def test_well(redis_server, chaos):
    with redis_server.killed():
        pass
    assert redis_server.ask("PING") == b"PONG"
"""
DIES = """
import time
import pytest
import redis

@pytest.mark.chaos(seed=7)
def test_dies(redis_server, redis_proxy, virtual_time, chaos):
    client = redis.Redis.from_url(redis_proxy.url, retry=None)
    with redis_server.killed(through=redis_proxy, match="SET", after=1) as fault:
        client.set("a", 1)
        with pytest.raises(redis.ConnectionError):
            client.set("a", 2)
        time.sleep(60)
    assert fault.applied == 1
    chaos.assert_fired("killed", times=1)
    client.set("b", 1)
    client.close()
    assert virtual_time.now >= 60

@pytest.mark.chaos(seed=7)
def test_never(redis_server, redis_proxy):
    with redis_server.killed(through=redis_proxy, match="SET", after=1):
        pass
"""
MISSING = """
import pytest
from fozzy.chaos.services import binaries
binaries.binary = lambda name: None

def test_one(redis_server): pass
def test_two(redis_server): pass
def test_three(postgres_server): pass
"""


def test_each_test_has_a_clean_service(project: Project) -> None:
    """What a test wrote is not there for the next, in whichever order they come."""
    project.write("test_it.py", KEEPS)
    ran = project.run("test_it.py")
    assert (ran.code, ran.passed) == (0, 3), ran.said


def test_each_service_is_named_to_contributors() -> None:
    """Whoever writes a test here is told of all there are, which the plugin finds by themselves."""
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    names = {name for name, _ in own_fixtures() if name in vars(services)}
    assert names == {f"{the}{name.removeprefix('the_')}" for name in names for the in ("", "the_")}
    assert [name for name in sorted(names) if not name.startswith("the_") and f"`{name}`" not in page] == []


def test_who_leaves_a_service_otherwise_fails(project: Project) -> None:
    """A test that leaves it dead or frozen fails in its teardown; the next one has a service that is well."""
    project.write("test_it.py", LEAVES)
    ran = project.run("test_it.py")
    assert (ran.passed, ran.errors) == (3, 2), ran.said
    assert "redis-server does not run" in ran.said
    assert "a fault in force: redis-server/frozen" in ran.said


def test_a_service_dies_of_a_request_in_virtual_time(project: Project) -> None:
    """The same in each of three runs, on the test's clock; a test in which that request never comes fails."""
    project.write("test_it.py", DIES)
    ran = project.run("test_it.py", "--chaos-runs=3")
    assert (ran.passed, ran.failed) == (1, 1), ran.said
    assert "fault never applied" in ran.said


STRIKES_NOBODY = """
import pytest
import redis
import fozzy
from fozzy.chaos.services.demands import Demand

def ask(proxy):
    with redis.Redis.from_url(proxy.url, retry=None) as client:
        client.ping()

@pytest.mark.chaos(real_time=True)
@pytest.mark.parametrize("kind", ["killed", "frozen"])
def test_without_effect(redis_server, redis_proxy, monkeypatch, kind):
    monkeypatch.setattr(Demand, "strike", lambda demand, wants: False)
    with getattr(redis_server, kind)(through=redis_proxy, match="PING"):
        ask(redis_proxy)

@pytest.mark.chaos(real_time=True)
def test_through_another(redis_server):
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        with redis_server.killed(through=proxy, match="PING", after=3):
            ask(proxy)

@pytest.mark.chaos(real_time=True)
def test_refused(redis_server, redis_proxy):
    with pytest.raises(fozzy.FozzyError):
        redis_server.killed(through=redis_proxy, match="PING", nonsense=3).__enter__()
    ask(redis_proxy)

@pytest.mark.chaos(real_time=True)
def test_strikes(redis_server, redis_proxy):
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        for each in (proxy, redis_proxy):
            with redis_server.killed(through=each, match="PING"), pytest.raises(redis.ConnectionError):
                ask(each)
"""


@pytest.mark.parametrize("runs", [1, 2])
def test_a_fault_that_waits_for_a_request_must_strike(project: Project, runs: int) -> None:
    """Also where the request came and nothing happened to the service, and where the proxy is none of the plugin's."""
    project.write("test_it.py", STRIKES_NOBODY)
    ran = project.run("test_it.py", f"--chaos-runs={runs}")
    assert (ran.passed, ran.failed) == (2, 3), ran.said
    for kind in ("killed", "frozen"):
        assert f"redis-server/{kind} never came to pass, though redis/{kind} did" in ran.said
    assert "redis-server/killed never came to pass: no request struck it" in ran.said


SEEDS = """
import pytest
import redis
import fozzy

@pytest.mark.chaos(real_time=True)
def test_in_some_runs(redis_server, chaos):
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        with redis_server.killed(through=proxy, match="PING", after=chaos.run % 2):
            with redis.Redis.from_url(proxy.url, retry=None) as client:
                try:
                    client.ping()
                except redis.ConnectionError:
                    pass
"""


def test_in_one_of_several_runs_is_enough(project: Project) -> None:
    """What no request strikes in one run of a test and one strikes in another came to pass."""
    project.write("test_it.py", SEEDS)
    assert project.run("test_it.py", "--chaos-runs=3").passed == 1
    assert project.run("test_it.py", "--chaos-runs=1").failed == 1


@pytest.mark.parametrize("requires", [False, True])
def test_what_is_missing_is_left_out_loudly(project: Project, requires: bool) -> None:
    """The session says, unasked, how many tests are skipped and what to install; where services are required each fails."""
    project.write("test_it.py", MISSING)
    ran = project.run("test_it.py", *(["--chaos-require-services"] if requires else []))
    assert "apt-get install redis-server" in ran.said
    assert "apt-get install postgresql" in ran.said
    assert (ran.count("skipped"), ran.errors) == ((0, 3) if requires else (3, 0)), ran.said


BROKEN_OFF = """
import os
import signal
import subprocess
import time
import pytest

@pytest.mark.chaos
def test_stands(redis_server):
    redis_server.frozen().__enter__()
    child = subprocess.Popen(["sleep", "60"])
    print(child.pid, redis_server.pid, file=open("pids", "w"))
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""


def test_who_presses_ctrl_c_is_told_nothing_else(project: Project) -> None:
    """A test that is broken off could put nothing back: that is no error, and our services are gone all the same."""
    project.write("test_it.py", BROKEN_OFF)
    ran = project.run("test_it.py")
    assert ran.code == pytest.ExitCode.INTERRUPTED, ran.said
    assert "KeyboardInterrupt" in ran.said and "Traceback" not in ran.said
    child, redis = map(int, (project.folder / "pids").read_text(encoding="utf-8").split())
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ProcessLookupError):
        os.kill(redis, 0)
