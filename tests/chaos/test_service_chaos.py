"""A client in front of a service that fails: killed, slow, out of memory, talking nonsense. The service is a real process."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator

import httpx
import pytest
from google.protobuf.message import DecodeError
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from fozzy.chaos.services import Service
from fozzy.pytest_plugin.chaos import Chaos
from fozzy.pytest_plugin.proxies import ChaosProxy, ProxyMaker
from fozzy.pytest_plugin.timing import TestTime
from tests.chaos.app.broken import ForgetfulShop, GreedyShop, PatientShop, StubbornShop, hurried
from tests.chaos.app.shop import Permanent, Shop, ShopError, TooLarge, Transient, again
from tests.chaos.conftest import asked, settled, shop_program
from tests.chaos.seen import connections, requests, struck, times_s

pytestmark = pytest.mark.chaos_service

MB = 1 << 20


@pytest.fixture
def own_shop() -> Iterator[Service]:
    """A shop that this test may kill."""
    with shop_program() as service:
        yield service


@pytest.fixture
def own_proxy(own_shop: Service, chaos_proxy: ProxyMaker) -> ChaosProxy:
    """A proxy before it."""
    return chaos_proxy(own_shop, protocol="http", name="shop")


def sockets() -> int:
    """How many this process has open."""
    return sum(
        os.path.islink(at) and os.readlink(at).startswith("socket:") for at in map("/proc/self/fd/{}".format, fds())
    )


def fds() -> list[str]:
    """Descriptors of this process that can be looked at."""
    return [name for name in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{name}")]


# A2.1


async def until_seen(service: Service, line: str) -> None:
    """Let everybody else run until the service has said something. No time passes meanwhile."""
    for _ in range(1_000_000):
        if line in service.log:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{service.name} never said {line}")


def test_a_server_that_is_killed_at_work_is_an_error_and_no_leak(
    own_proxy: ChaosProxy, own_shop: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A2.1] Killed with a request and no reply: an error; after a restart the next call works, on another connection."""
    before, pid = sockets(), own_shop.pid

    async def session() -> None:
        async with Shop(own_proxy.url) as shop:
            call = asyncio.create_task(shop.get("/hold"))
            await until_seen(own_shop, "GET /hold")
            with own_shop.killed():
                with pytest.raises(Transient) as caught:
                    await call
                assert isinstance(caught.value.__cause__, httpx.ReadError | httpx.RemoteProtocolError)
                with pytest.raises(Transient):
                    await shop.item(1)
            assert (await shop.item(1))["id"] == 1

    virtual_time.run(session())
    assert own_shop.pid != pid and own_proxy.wait_closed()
    assert [each.connection for each in requests(chaos.records)] == [1, 3] and sockets() == before
    assert [each.by for each in connections(chaos.records)] == ["server", "unreachable", "client"]
    chaos.assert_no_leaked_connections()
    chaos.assert_fired("killed", times=1)
    chaos.assert_recovers(within=1)


def test_a_client_that_is_never_closed_leaks(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A2.1] The twin that forgets its pool leaves a connection open, and the wire shows it."""

    async def session() -> None:
        async with ForgetfulShop(shop_proxy.url) as shop:
            await shop.item(1)
            assert shop_proxy.connections == 1
        with pytest.raises(AssertionError, match="connection"):
            chaos.assert_no_leaked_connections()
        await shop.http.aclose()

    virtual_time.run(session())
    assert shop_proxy.wait_closed()
    chaos.assert_no_leaked_connections()


def test_a_server_that_stands_still_is_given_up(
    own_proxy: ChaosProxy, own_shop: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A2.1] A stopped process takes the connection and the request and says nothing: 2 s, and well again afterwards."""

    async def session() -> float:
        async with Shop(own_proxy.url) as shop:
            with own_shop.frozen(), pytest.raises(Transient) as caught:
                await shop.item(1)
            assert isinstance(caught.value.__cause__, httpx.ReadTimeout)
            failed_s = virtual_time.now
            assert (await shop.item(1))["id"] == 1
            return failed_s

    assert virtual_time.run(session()) == 2.0
    assert times_s(requests(chaos.records)) == [0, 2.0]


# A2.2


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_ten_seconds_are_too_long_for_one_and_not_for_another(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos, stream: str
) -> None:
    """[A2.2] 10 s of delay: a limit of 2 s ends at 2.000 s; without one the answer is there at 10.000 s."""

    async def session() -> list[float]:
        async with Shop(shop_proxy.url) as shop:
            with pytest.raises(Transient):
                await shop.item(1)
        ends = [virtual_time.now]
        async with PatientShop(shop_proxy.url) as shop:
            await shop.item(2)
        return [*ends, virtual_time.now]

    with shop_proxy.toxic("latency", latency=10_000, stream=stream):
        assert virtual_time.run(session()) == [2.0, 12.0]
    assert shop_proxy.wait_closed()
    done = [(each["path"], each["ended"]) for each in settled(shop_server)]
    assert done == [("/items/1", "sent"), ("/items/2", "sent")]  # the server does the work, whoever has given up
    assert len(requests(chaos.records)) == 2


# A2.3


@pytest.mark.parametrize(("status", "made"), [(503, 6), (429, 6), (400, 3), (401, 3)])
def test_what_may_go_well_later_is_tried_again_and_nothing_else(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, status: int, made: int
) -> None:
    """[A2.3] Every other answer is an error: 5xx and 429 all become successes in 6 calls, 4xx are asked for once."""

    async def session() -> list[int | None]:
        found: list[int | None] = []
        async with Shop(shop_proxy.url) as shop:
            for _ in range(3):
                try:
                    await again(lambda: shop.item(1), attempts=2)
                    found.append(200)
                except ShopError as error:
                    found.append(error.status)
        return found

    with shop_proxy.toxic("http_status", status=status, pattern="F.F.F."):
        came = virtual_time.run(session())
    assert came == ([200] * 3 if made == 6 else [400 if status == 400 else 401, 200, status])
    assert len(requests(chaos.records)) == made
    chaos.assert_fired("http_status", times=3 if made == 6 else 2)


def test_the_twin_that_retries_everything_is_seen(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A2.3] Trying again what never goes well costs two requests more, at once."""

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            with pytest.raises(Permanent):
                await hurried(lambda: shop.item(1))

    with shop_proxy.toxic("http_status", status=400):
        virtual_time.run(session())
    assert times_s(requests(chaos.records)) == [0, 0, 0]


async def calls_until_open(url: str, calls: int) -> int:
    """How many calls a breaker with a threshold of 5 lets through."""
    breakers = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=60)
    async with Shop(url) as shop:
        for call in range(calls):
            breaker = await breakers.get_breaker("shop")
            try:
                async with breaker:
                    await shop.item(1)
            except Transient:
                pass
            except OpenedState:
                return call
    return calls


def five_in_a_row(fates: list[bool]) -> int:
    """After how many calls there were five failures without a success between; all, where there never were."""
    row = 0
    for number, failed in enumerate(fates, 1):
        row = row + 1 if failed else 0
        if row == 5:
            return number
    return len(fates)


def test_partial_failures_in_turn_never_open_a_breaker(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A2.3] Every other call fails: never five in a row, so the breaker stays closed."""
    with shop_proxy.toxic("http_status", status=503, pattern="F.F.F.F.F.F."):
        assert virtual_time.run(calls_until_open(shop_proxy.url, 12)) == 12
    chaos.assert_fired("http_status", times=6)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.chaos(seed=seed)) for seed in (1, 2, 3, 4)])
def test_the_call_that_opens_a_breaker_is_the_one_the_log_predicts(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, seed: int
) -> None:
    """[A2.3] Half of the calls fail by chance: the breaker opens where the decisions have five in a row."""
    with shop_proxy.toxic("http_status", status=503, rate=0.5):
        opened = virtual_time.run(calls_until_open(shop_proxy.url, 200))
    fates = [struck(each, "http_status") for each in requests(chaos.records)]
    assert chaos.seed == seed and opened == five_in_a_row(fates) == len(fates) < 200


# A2.4


def test_an_answer_that_is_too_large_is_not_read(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A2.4] 64 MB for a client that takes 1: it stops early, the server notices, and the proxy holds no more than its bound."""

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            with pytest.raises(TooLarge):
                await shop.export(64 * MB)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with shop_proxy.toxic("slicer", average_size=65536):
        virtual_time.run(session())
    assert shop_proxy.wait_closed()
    (only,) = connections(chaos.records)
    assert MB < only.downstream.sent < 16 * MB and only.by == "client"
    (entry,) = settled(shop_server)
    assert entry["ended"] == "aborted"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 32 * MB


def test_the_twin_that_reads_everything_is_seen(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A2.4] Reading first and looking then takes all 8 MB of an answer of which 1 is wanted."""

    async def session() -> int:
        async with GreedyShop(shop_proxy.url) as shop:
            return len(await shop.export(8 * MB))

    assert virtual_time.run(session()) == 8 * MB
    assert shop_proxy.wait_closed()
    assert connections(chaos.records)[0].downstream.sent > 8 * MB


def test_a_server_that_is_out_of_memory_dies_and_comes_back(
    own_proxy: ChaosProxy, own_shop: Service, virtual_time: TestTime
) -> None:
    """[A2.4] With 64 MB a report of 512 kills the server: an error and no hang; with its memory back it is well again."""

    async def session() -> None:
        async with Shop(own_proxy.url) as shop:
            with own_shop.limited(memory_mb=64):
                assert (await shop.item(1))["id"] == 1
                with pytest.raises(Transient) as caught:
                    await shop.get("/report?mb=512")
                assert isinstance(caught.value.__cause__, httpx.ReadError | httpx.RemoteProtocolError)
                assert "out of memory" in own_shop.log
                await asyncio.to_thread(_gone, own_shop)
                with pytest.raises(Transient):
                    await shop.item(1)
            assert b"536870912" in await shop.get("/report?mb=512")

    virtual_time.run(session())


def _gone(service: Service) -> None:
    """Wait until its process is over; its connections were, a moment before."""
    while service.is_alive:
        os.sched_yield()


@pytest.mark.chaos(real_time=True)
def test_a_server_with_little_processor_is_slow_and_recovers(own_shop: Service) -> None:
    """[A2.4] With a tenth of a processor 50 ms of work take at least 0.3 s, and less again once it is back."""
    from fozzy import wall

    def took_s() -> float:
        elapsed_ns = wall.stopwatch()
        httpx.get(f"{own_shop.url}/sum?cpu_s=0.05", timeout=60)
        return elapsed_ns() / 1e9

    with own_shop.limited(cpu=0.1):
        slow_s = max(took_s() for _ in range(3))
    assert slow_s > 0.3 and min(took_s() for _ in range(5)) < slow_s


# A2.5

NONSENSE = {
    "invalid JSON": ("invalid-json", lambda shop: shop.item(1), ValueError),
    "truncated JSON": ("truncate", lambda shop: shop.item(1), ValueError),
    "truncated protobuf": ("truncate", lambda shop: shop.stamp(), DecodeError),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_an_answer_that_cannot_be_read_is_not_asked_for_again(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos, case: str
) -> None:
    """[A2.5] The client's own decoding error, classed permanent: exactly one request reaches the server."""
    how, call, cause = NONSENSE[case]

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            with pytest.raises(Permanent) as caught:
                await again(lambda: call(shop), attempts=5)
            assert isinstance(caught.value.__cause__, cause)

    with shop_proxy.toxic("http_malformed", how=how):
        virtual_time.run(session())
    assert len(asked(shop_server, "/seen")["log"]) == len(requests(chaos.records)) == 1
    chaos.assert_fired("http_malformed", times=1)


def test_the_twin_that_asks_again_is_seen(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A2.5] A client that takes nonsense for a bad moment asks five times."""

    async def session() -> None:
        async with StubbornShop(shop_proxy.url) as shop:
            with pytest.raises(Permanent):
                await shop.item(1)

    with shop_proxy.toxic("http_malformed", how="invalid-json"):
        virtual_time.run(session())
    assert len(requests(chaos.records)) == 5
