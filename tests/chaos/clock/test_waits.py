"""Threads that wait for each other, in virtual time: what the limits say passes, exactly, and nothing of ours."""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool, PoolTimeout

from fozzy import wall

HOUR_S = 3600


@pytest.mark.chaos(seed=7)
def test_what_never_comes_is_waited_for_to_the_limit(virtual_time: Any) -> None:
    """Events, queues, conditions, semaphores, futures and threads."""
    assert not threading.Event().wait(HOUR_S)
    with pytest.raises(queue.Empty):
        queue.Queue[int]().get(timeout=HOUR_S)
    condition = threading.Condition()
    with condition:
        assert not condition.wait_for(lambda: False, timeout=HOUR_S)
        assert not condition._waiters  # type: ignore[attr-defined]
    assert not threading.Semaphore(0).acquire(timeout=HOUR_S)
    with pytest.raises(FutureTimeout):
        Future[int]().result(timeout=HOUR_S)
    thread = threading.Thread(target=time.sleep, args=(2 * HOUR_S,))
    thread.start()
    thread.join(HOUR_S)
    assert thread.is_alive()
    assert virtual_time.now == 6 * HOUR_S
    thread.join()
    assert virtual_time.now == 7 * HOUR_S


@pytest.mark.chaos(seed=7)
def test_what_comes_ends_the_waiting(virtual_time: Any) -> None:
    """At the time when it comes, with a limit and without one; a wait for a lock that nobody notifies is found asleep."""
    event, lock, got = threading.Event(), threading.Lock(), queue.Queue[int]()

    def give() -> None:
        with lock:
            time.sleep(5)
        event.set()
        time.sleep(5)
        got.put(1)

    thread = threading.Thread(target=give)
    thread.start()
    assert event.wait(HOUR_S)
    assert (virtual_time.now, got.get(), virtual_time.now) == (5, 1, 10)
    thread.join()
    thread = threading.Thread(target=give)
    thread.start()
    time.sleep(1)
    with lock:
        assert virtual_time.now == 15
    thread.join()


@pytest.mark.chaos(seed=7)
def test_many_threads_and_one_order(virtual_time: Any) -> None:
    """Workers of an executor work while the time stands, so what they sleep adds up the same in every run."""
    seen = []
    for _ in range(5):
        began = virtual_time.now
        with ThreadPoolExecutor(4) as workers:
            found = workers.map(lambda number: (time.sleep(number), virtual_time.now - began)[1], range(1, 9))
            seen.append([round(each, 6) for each in found])
    assert seen == [[1, 2, 3, 4, 6, 8, 10, 12]] * 5


@pytest.mark.chaos(seed=7)
def test_a_loop_waits_for_its_threads(virtual_time: Any) -> None:
    """What runs in a thread of the loop sleeps, and waits for what the loop is going to do."""

    async def main() -> bool:
        event = threading.Event()
        waiting = asyncio.create_task(asyncio.to_thread(event.wait, HOUR_S))
        await asyncio.to_thread(time.sleep, 30)
        event.set()
        return await waiting

    assert virtual_time.run(main())
    assert virtual_time.now == 30


@pytest.mark.chaos(seed=7)
def test_what_is_pythons_own_waits_in_real_time(virtual_time: Any) -> None:
    """A child is waited for, and a limit in which it ends is none that passes at once."""
    done = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, timeout=HOUR_S, check=True)
    assert done.stdout == b"1\n"
    assert virtual_time.now == 0


@pytest.mark.chaos(seed=7)
def test_a_timer_rings_when_it_should(virtual_time: Any) -> None:
    """A thread that is nothing but Python's own waits in virtual time too, where the test started it."""
    rang: list[float] = []
    timer = threading.Timer(HOUR_S, lambda: rang.append(virtual_time.now))
    timer.start()
    timer.join()
    assert rang == [HOUR_S]


def nap() -> str:
    """What a child does: it sleeps, on a loop too, and says when it is."""
    time.sleep(0.01)
    asyncio.run(asyncio.sleep(0.01))
    return datetime.now(UTC).isoformat()


@pytest.mark.chaos(seed=7)
def test_a_forked_child_lives_in_real_time(virtual_time: Any) -> None:
    """Nobody moves the test's clock there: it would sleep for ever. And who waits for children counts in real time."""
    began = wall.now_iso()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        assert pool.submit(nap).result() > began
    assert virtual_time.now == 0


@pytest.mark.chaos(seed=7)
def test_psycopg_on_threads(postgres_proxy: Any, virtual_time: Any) -> None:
    """It waits for replies that are late, for a server that says nothing up to its limit, and for a place in its pool."""
    with postgres_proxy.toxic("latency", latency=1000), psycopg.connect(postgres_proxy.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert virtual_time.now == pytest.approx(4)
    with postgres_proxy.toxic("timeout", timeout=0), pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_proxy.url, connect_timeout=5)
    assert virtual_time.now == pytest.approx(9)
    with ConnectionPool(postgres_proxy.url, min_size=1, max_size=1) as pool, pool.connection():
        began = virtual_time.now
        with pytest.raises(PoolTimeout):
            pool.getconn(timeout=3)
        assert virtual_time.now - began == pytest.approx(3)


@pytest.mark.chaos(seed=7)
def test_who_still_waits_when_a_test_ends(virtual_time: Any, request: pytest.FixtureRequest) -> None:
    """Goes on in real time, and holds up nobody."""
    event = threading.Event()
    request.config.stash[STASH] = [
        threading.Thread(target=event.wait),
        threading.Thread(target=event.wait, args=(HOUR_S,)),
    ]
    for thread in request.config.stash[STASH]:
        thread.start()
    request.addfinalizer(event.set)
    time.sleep(1)
    assert virtual_time.now == 1


STASH: pytest.StashKey[list[threading.Thread]] = pytest.StashKey()


def test_it_is_all_put_back(request: pytest.FixtureRequest) -> None:
    """After a test conditions and threads are Python's own, and threads that waited end as they should."""
    for thread in request.config.stash.get(STASH, []):
        thread.join()
    for each in (threading.Condition.wait, threading.Thread.join, threading.Thread.start):
        assert each.__module__ == "threading"
    assert queue.SimpleQueue.__module__ == "_queue"


def _event(virtual_time: Any) -> None:
    threading.Event().wait()


def _socket(virtual_time: Any) -> None:
    here, there = socket.socketpair()
    with here, there:
        here.recv(1)


def _loop(virtual_time: Any) -> None:
    virtual_time.run(asyncio.sleep(math.inf))


@pytest.mark.chaos(seed=7)
@pytest.mark.parametrize("waits", [_event, _socket, _loop])
def test_a_signal_that_wakes_nobody_is_heard(waits: Callable[[Any], None], virtual_time: Any) -> None:
    """Ctrl-C that another thread was told of, as one that comes just before a wait in C: neither ends that wait."""

    def interrupts() -> None:
        wall.pause_ns(5 * 10**7)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        threading.Thread(target=interrupts, name="fozzy-test").start()
        waits(virtual_time)
