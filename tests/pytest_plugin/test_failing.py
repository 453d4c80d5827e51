"""What a failure says is enough: what was wrong, in whose line, with what hint, and a trace that is there."""

from __future__ import annotations

import re

import pytest

from tests.pytest_plugin.project import Project

WRONG = """
import socket

import pytest
import redis

@pytest.mark.chaos
def test_never_entered(redis_proxy):
    redis_proxy.toxic("latency", latency=10)

@pytest.mark.chaos
def test_never_killed(redis_server):
    redis_server.killed()

@pytest.mark.chaos
def test_of_a_failure_there_is_not(inject_redis_failure):
    with inject_redis_failure("nope"):
        pass

@pytest.mark.chaos
def test_of_a_value_that_cannot_be(redis_proxy):
    with redis_proxy.toxic("latency", latency="x"):
        pass

@pytest.mark.chaos
def test_of_an_oracle_there_is_not(chaos):
    chaos.assert_at_most_one("SET")

@pytest.mark.chaos(sede=7)
def test_of_a_word_there_is_not():
    pass

@pytest.mark.chaos(scenario="plan.toml")
def test_of_a_file_that_cannot_be():
    pass

@pytest.mark.chaos
def test_of_a_server_that_is_not_there(chaos_proxy):
    proxy = chaos_proxy("127.0.0.1:1", protocol="redis")
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.settimeout(1)
        assert client.recv(1)

@pytest.mark.chaos
def test_leaves_it_dead(redis_server, redis_proxy):
    with redis.Redis(port=redis_proxy.port, retry=None) as client:
        client.ping()
    broken = redis_server.killed()
    broken.__enter__()
    with pytest.raises(redis.ConnectionError), redis.Redis(port=redis_proxy.port, retry=None) as client:
        client.ping()

@pytest.mark.chaos
def test_picks_one_of_two(redis_proxy):
    faults = [redis_proxy.toxic("latency", latency=10), redis_proxy.down()]
    with faults[0], redis.Redis(port=redis_proxy.port, retry=None) as client:
        client.ping()
"""

SAID = (
    "redis/latency was never in force: it takes a `with`",
    "redis-server/killed was never in force: it takes a `with`",
    "E       hint: there are refused, connection_error",
    'InputError: attributes.latency is "x": expected a whole number',
    "chaos has no assert_at_most_one; did you mean",
    'the marker chaos of fozzy has no sede; did you mean "seed"?',
    'hint: did you mean "upstream"?',
    "redis: 127.0.0.1:1 cannot be reached: Connection refused (1 connection)",
    "redis-server/killed came to pass 1 time",
)


def test_a_mistake_is_told_in_the_lines_of_who_made_it(project: Project) -> None:
    """Each is named with its hint, once, and without our own frames; a fault that no block entered fails its test; of what
    fails at its very end there is a trace, too."""
    project.write("test_it.py", WRONG)
    project.write("plan.toml", '[[proxies]]\nname = "redis"\nupstrem = "127.0.0.1:1"')
    ran = project.run("test_it.py")
    assert (ran.failed, ran.errors, ran.passed) == (6, 3, 2), ran.said
    for words in SAID:
        assert words in ran.said
    assert "During handling" not in ran.said
    assert "_put(" not in ran.said and "NeverApplied: fault never applied" in ran.said
    traces = re.findall(r"--chaos-replay (\S+\.fozzy)$", ran.said, re.M)
    assert any("leaves_it_dead" in trace for trace in traces)
    assert all((project.folder / trace).exists() for trace in traces)


STUCK = """
import asyncio
import threading

import pytest
import trio

@pytest.fixture(autouse=True)
def impatient(_chaos_test):
    _chaos_test.time.shared.patience_s = 0.2

async def waits():
    await asyncio.Event().wait()  # here

@pytest.mark.chaos
def test_asyncio(virtual_time):
    virtual_time.run(waits())

@pytest.mark.chaos
def test_trio():
    async def nested():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)
    trio.run(nested)

@pytest.mark.chaos
def test_threads():
    threading.Event().wait()
"""


def test_what_waits_for_ever_is_told_where_it_waits(project: Project) -> None:
    """A loop of asyncio, one of trio and a thread for which nothing will ever come: each test ends and names its line."""
    path = project.write("test_it.py", STUCK)
    at = 1 + next(at for at, line in enumerate(path.read_text().splitlines()) if line.endswith("# here"))
    ran = project.run("test_it.py", "--tb=short")
    assert ran.failed == 3, ran.said
    assert f"waits at test_it.py:{at} in waits" in ran.said
    assert re.search(r"nested waits at test_it\.py:\d+ in nested", ran.said)
    assert ran.said.count("hint: a service that never answers holds the clock") >= 3


RESEEDING = """
import random

def pytest_addoption(parser):
    parser.addoption("--randomly-dont-reset-seed", action="store_false", dest="randomly_reset_seed", default=True)

def pytest_runtest_call(item):
    if item.config.getoption("randomly_reset_seed"):
        random.seed(99)
"""

DRAWS = """
import random

import pytest

@pytest.mark.chaos(seed=7)
def test_ours():
    assert random.random() == random.Random(7).random()

def test_others():
    assert random.random() == random.Random(99).random()
"""


@pytest.mark.parametrize("words", [(), ("--randomly-dont-reset-seed",)])
def test_another_seed_does_not_move_ours(project: Project, words: tuple[str, ...]) -> None:
    """A plugin that seeds `random` before each body, as pytest-randomly does, leaves the draws of a test of ours alone."""
    project.write("reseeding.py", RESEEDING)
    project.write("test_it.py", DRAWS)
    ran = project.run("-p", "reseeding", "test_it.py", *words)
    assert (ran.passed, ran.failed) == ((1, 1) if words else (2, 0)), ran.said
