"""What stands between an application and a service that fails: breakers, retries, limits, caches. All of it published."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiolimiter
import cachetools
import circuitbreaker
import httpx
import limits
import pybreaker
import pytest
import trio
from cashews import Cache
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from fozzy.chaos.services import Service
from fozzy.core.events import Record
from fozzy.pytest_plugin.chaos import Chaos
from fozzy.pytest_plugin.proxies import ChaosProxy
from fozzy.pytest_plugin.timing import TestTime
from tests.chaos.app.broken import hurried, steady
from tests.chaos.app.layers import OPEN_S, THRESHOLD, Layers, PlainShop, old_if_need_be, remembering
from tests.chaos.app.shop import Shop, ShopError, Transient, again, decoded
from tests.chaos.libraries.orders import ORDERS
from tests.chaos.seen import connections, replies, requests, times_s

pytestmark = pytest.mark.chaos_middleware

CROWD = 50

# A3.1


def test_pybreaker_opens_rests_and_closes(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A3.1, B2] Open at the 5th failure, then 100 calls and no connection; at 60.001 s one success closes it."""
    with PlainShop(shop_proxy.url) as shop:
        chaos.breaker("shop").watch(shop.breaker)
        with shop_proxy.toxic("http_status", status=503):
            seen = [outcome(shop, pybreaker.CircuitBreakerError) for _ in range(105)]
        assert seen == ["failed"] * 4 + ["refused"] * 101  # the 5th failure is told as the refusal it leads to
        assert len(requests(chaos.records)) == THRESHOLD
        time.sleep(OPEN_S - 0.001)
        assert (outcome(shop, pybreaker.CircuitBreakerError), shop.breaker.current_state) == ("refused", "open")
        time.sleep(0.002)
        assert (outcome(shop, pybreaker.CircuitBreakerError), shop.breaker.current_state) == ("ok", "closed")
    assert times_s(requests(chaos.records)) == [0] * 5 + [60.001]
    chaos.assert_fired("http_status", times=5)
    chaos.assert_no_calls_while_open("shop")
    chaos.assert_recovers()
    assert [each.state for each in chaos.verdict().breakers] == ["open", "half_open", "closed"]


def outcome(shop: PlainShop, refusal: type[BaseException]) -> str:
    """What a call comes to."""
    try:
        shop.item(1)
    except refusal:
        return "refused"
    except ShopError:
        return "failed"
    return "ok"


Guarded = Callable[[], Awaitable[Any]]
Guard = Callable[[Shop], tuple[Guarded, type[BaseException]]]


def by_purgatory(shop: Shop) -> tuple[Guarded, type[BaseException]]:
    """A call behind purgatory, and how it refuses."""
    breakers = AsyncCircuitBreakerFactory(default_threshold=THRESHOLD, default_ttl=OPEN_S)

    async def call() -> Any:
        async with await breakers.get_breaker("shop"):
            return await shop.item(1)

    return call, OpenedState


def by_circuitbreaker(shop: Shop) -> tuple[Guarded, type[BaseException]]:
    """A call behind circuitbreaker, and how it refuses."""
    breaker = circuitbreaker.CircuitBreaker(failure_threshold=THRESHOLD, recovery_timeout=int(OPEN_S), name="shop")

    @breaker
    async def call() -> Any:
        return await shop.item(1)

    return call, circuitbreaker.CircuitBreakerError


async def came_to(call: Guarded, refusal: type[BaseException]) -> str:
    """What a call comes to."""
    try:
        await call()
    except refusal:
        return "refused"
    except ShopError:
        return "failed"
    return "ok"


GUARDS = {"purgatory": by_purgatory, "circuitbreaker": by_circuitbreaker}


@pytest.mark.parametrize("library", GUARDS)
def test_a_breaker_opens_rests_and_closes(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, library: str
) -> None:
    """[A3.1, B2] The same of those for asyncio: 5 requests, 100 refusals without one, closed by the one at 60.001 s."""

    async def session() -> list[str]:
        async with Shop(shop_proxy.url) as shop:
            guarded = GUARDS[library](shop)
            with shop_proxy.toxic("http_status", status=503):
                found = [await came_to(*guarded) for _ in range(105)]
            await asyncio.sleep(OPEN_S - 0.001)
            found.append(await came_to(*guarded))
            await asyncio.sleep(0.002)
            return [*found, await came_to(*guarded), await came_to(*guarded)]

    found = virtual_time.run(session())
    assert found == ["failed"] * 5 + ["refused"] * 101 + ["ok"] * 2
    assert times_s(requests(chaos.records)) == [0] * 5 + [60.001] * 2
    chaos.assert_fired("http_status", times=5)


def test_without_a_breaker_every_call_reaches_the_server(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A3.1] The twin that says it is open after five failures and goes on asks the failing server 105 times, and is seen."""

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            for number in range(105):
                if number == THRESHOLD:
                    chaos.transition("shop", "open")
                with pytest.raises(Transient):
                    await shop.item(1)

    with shop_proxy.toxic("http_status", status=503):
        virtual_time.run(session())
    assert len(requests(chaos.records)) == 105
    with pytest.raises(AssertionError, match="open"):
        chaos.assert_no_calls_while_open("shop")


HALF_OPEN = [
    pytest.param(
        "purgatory",
        marks=pytest.mark.xfail(
            strict=True, reason="half-open lets all through: https://github.com/mardiros/purgatory/issues"
        ),
    ),
    pytest.param(
        "circuitbreaker",
        marks=pytest.mark.xfail(
            strict=True, reason="half-open lets all through: https://github.com/fabfuel/circuitbreaker/issues/61"
        ),
    ),
]


async def probed(proxy: ChaosProxy, library: str) -> list[str]:
    """Open a breaker, wait until it would try again, and call it by many at once over a slow network."""
    async with Shop(proxy.url) as shop:
        guarded = GUARDS[library](shop)
        with proxy.toxic("http_status", status=503):
            for _ in range(THRESHOLD):
                await came_to(*guarded)
        await asyncio.sleep(OPEN_S + 0.001)
        with proxy.toxic("latency", latency=100):
            return await asyncio.gather(*(came_to(*guarded) for _ in range(CROWD)))


@pytest.mark.parametrize("library", HALF_OPEN)
def test_half_open_lets_one_of_a_crowd_through(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, library: str
) -> None:
    """[A3.1, B2] Of 50 callers at once while a breaker is half-open one reaches the server."""
    virtual_time.run(probed(shop_proxy, library))
    assert len(requests(chaos.records)) - THRESHOLD == 1


@pytest.mark.parametrize("library", GUARDS)
def test_what_half_open_really_lets_through(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, library: str
) -> None:
    """[A3.1, B2] Measured: all 50 of 50 reach the server. None is lost, and what callers got is what the wire saw."""
    found = virtual_time.run(probed(shop_proxy, library))
    assert found == ["ok"] * CROWD
    assert times_s(requests(chaos.records)[THRESHOLD:]) == [60.001] * CROWD


@pytest.mark.parametrize("library", GUARDS)
def test_no_call_is_lost_while_a_crowd_opens_a_breaker(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, library: str
) -> None:
    """[B2] 50 calls at once from closed to open, then 50 more: each has an outcome, as many failed as the wire saw."""

    async def session() -> tuple[list[str], list[str]]:
        async with Shop(shop_proxy.url) as shop:
            guarded = GUARDS[library](shop)
            first = await asyncio.gather(*(came_to(*guarded) for _ in range(CROWD)))
            return first, await asyncio.gather(*(came_to(*guarded) for _ in range(CROWD)))

    with shop_proxy.toxic("http_status", status=503), shop_proxy.toxic("latency", latency=100):
        first, then = virtual_time.run(session())
    assert len(first) == len(then) == CROWD and then == ["refused"] * CROWD
    assert first.count("failed") == len(requests(chaos.records)) >= THRESHOLD


def crowd(shop: PlainShop) -> list[str]:
    """What many threads get of a call each, all at once."""
    ready = threading.Barrier(CROWD)

    def call(_: int) -> str:
        ready.wait()
        return outcome(shop, pybreaker.CircuitBreakerError)

    with ThreadPoolExecutor(CROWD) as threads:
        return sorted(threads.map(call, range(CROWD)))


def one_after_another(records: Iterable[Record]) -> bool:
    """Whether each request came when the reply to the one before it had been delivered, all over one connection."""
    asked, told = requests(records), replies(records)
    over = [reply.arrived + reply.delay_ns for reply in told]
    return {each.connection for each in asked} == {1} and all(
        before <= after.arrived for before, after in zip(over, asked[1:], strict=False)
    )


@pytest.mark.chaos(real_time=True)  # its callers wait for each other at a lock, which no clock can see
@pytest.mark.parametrize(
    ("before", "status", "went_out", "came"),
    [
        ("closed", 503, THRESHOLD, ["failed"] * (THRESHOLD - 1) + ["refused"] * (CROWD - THRESHOLD + 1)),
        ("half-open", 503, 1, ["refused"] * CROWD),
        ("half-open", 200, CROWD, ["ok"] * CROWD),
    ],
    ids=["closed, broken", "half-open, broken", "half-open, well"],
)
def test_pybreaker_lets_a_crowd_through_one_by_one(
    shop_proxy: ChaosProxy, chaos: Chaos, before: str, status: int, went_out: int, came: list[str]
) -> None:
    """[A3.1, B2] It holds its lock during a call (danielfm/pybreaker#55): of 50 threads one is out at any time, none is
    lost, and as many are out as its state allows."""
    with PlainShop(shop_proxy.url) as shop, shop_proxy.toxic("latency", latency=1):
        if before == "half-open":
            shop.breaker.open()
            shop.breaker.half_open()
        with shop_proxy.toxic("http_status", status=503) if status == 503 else contextlib.nullcontext():
            assert crowd(shop) == came
        assert shop.breaker.current_state == ("closed" if status == 200 else "open")
    assert len(requests(chaos.records)) == went_out and one_after_another(chaos.records)


# A3.2


@pytest.mark.parametrize("jitter_s", [0.0, 0.5])
def test_a_retry_waits_longer_each_time(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, jitter_s: float
) -> None:
    """[A3.2] Two failures and a success are exactly three attempts, after 1 s and 2 s, jitter within its bound."""

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            await again(lambda: shop.item(1), attempts=5, jitter_s=jitter_s)

    random.seed(chaos.seed)
    with shop_proxy.toxic("http_status", status=503, pattern="FF."):
        virtual_time.run(session())
    at = times_s(requests(chaos.records))
    assert len(at) == 3 and at[0] == 0
    for gap, base in zip([at[1] - at[0], at[2] - at[1]], [1, 2], strict=True):
        assert base <= gap <= base + jitter_s + 1e-9
    if jitter_s:
        random.seed(chaos.seed)
        drawn = [random.uniform(0, jitter_s) for _ in range(2)]
        assert at == pytest.approx([0, 1 + drawn[0], 3 + sum(drawn)], abs=1e-6)
    chaos.assert_fired("http_status", times=2)
    chaos.assert_backoff(1, 2, jitter=jitter_s)


@pytest.mark.parametrize(("twin", "gaps"), [(hurried, [0, 0]), (steady, [1, 1])])
def test_the_twins_that_do_not_back_off_are_seen(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, twin: Any, gaps: list[float]
) -> None:
    """[A3.2] One asks again at once, the other every second: the wire shows both."""

    async def session() -> None:
        async with Shop(shop_proxy.url) as shop:
            await twin(lambda: shop.item(1))

    with shop_proxy.toxic("http_status", status=503, pattern="FF."):
        virtual_time.run(session())
    at = times_s(requests(chaos.records))
    assert [later - earlier for earlier, later in zip(at, at[1:], strict=False)] == gaps
    with pytest.raises(AssertionError):
        chaos.assert_backoff(1, 2)


# A3.3


def test_a_limit_holds_in_asyncio_and_leaves_nothing(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A3.3] 10 s of delay against a limit of 2: over at 2.000 s, and no task, connection or place in the pool is left."""

    async def session() -> int:
        async with Shop(shop_proxy.url, limit_s=None) as shop:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await shop.item(1)
            assert virtual_time.now == 2.0
            assert shop.http._transport._pool.connections == []  # type: ignore[attr-defined]
            return len(asyncio.all_tasks())

    with shop_proxy.toxic("latency", latency=10_000):
        assert virtual_time.run(session()) == 1
        time.sleep(10)  # by then the answer has come that nobody waits for
        assert shop_proxy.wait_closed()
    assert [each.by for each in connections(chaos.records)] == ["client"]


def test_a_limit_holds_in_trio_and_leaves_nothing(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A3.3] The same in trio."""

    async def session() -> None:
        before = trio.lowlevel.current_statistics().tasks_living
        async with Shop(shop_proxy.url, limit_s=None) as shop:
            with trio.move_on_after(2) as scope:
                await shop.item(1)
            assert scope.cancelled_caught and virtual_time.now == 2.0
            assert shop.http._transport._pool.connections == []  # type: ignore[attr-defined]
        assert trio.lowlevel.current_statistics().tasks_living == before

    with shop_proxy.toxic("latency", latency=10_000):
        trio.run(session)
        time.sleep(10)
        assert shop_proxy.wait_closed()
    assert [each.by for each in connections(chaos.records)] == ["client"]


# A3.4


def test_aiolimiter_queues_and_loses_nobody(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A3.4] 100 at once, 10 a second: all served in their order, the last at 9 s, never more than rate and burst."""
    served = []

    async def call(shop: Shop, limiter: aiolimiter.AsyncLimiter, number: int) -> None:
        async with limiter:
            served.append(number)
            await shop.item(number)

    async def session() -> None:
        limiter = aiolimiter.AsyncLimiter(10, 1)
        async with Shop(shop_proxy.url) as shop:
            await asyncio.gather(*(call(shop, limiter, number) for number in range(100)))

    with shop_proxy.toxic("latency", latency=1):
        virtual_time.run(session())
    at = times_s(requests(chaos.records))
    asked_for = [int(each.about.rpartition("/")[2]) for each in requests(chaos.records)]
    assert served == list(range(100)) and sorted(asked_for) == served
    assert asked_for[10:] == served[10:]  # the first ten come at once, on ten connections
    assert at[-1] == pytest.approx(9.0, abs=0.01)
    assert max(sum(start <= other < start + 1 for other in at) for start in at) <= 20  # a burst of 10, and 10 a second


def test_limits_refuses_and_hides_nothing(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A3.4] The other style: of 100 at once exactly 10 reach the server, and 90 callers are told."""
    window = limits.strategies.FixedWindowRateLimiter(limits.storage.MemoryStorage())
    rate = limits.parse("10/second")

    async def call(shop: Shop) -> str:
        if not window.hit(rate, "shop"):
            return "refused"
        await shop.item(1)
        return "ok"

    async def session() -> list[str]:
        async with Shop(shop_proxy.url) as shop:
            found = await asyncio.gather(*(call(shop) for _ in range(100)))
            await asyncio.sleep(1)
            return [*found, await call(shop)]

    with shop_proxy.toxic("latency", latency=1):
        found = virtual_time.run(session())
    assert (found.count("ok"), found.count("refused"), found[-1]) == (11, 90, "ok")
    assert len(requests(chaos.records)) == 11


# A3.5


async def prices(shop: Shop) -> Any:
    """The version of the price list."""
    return decoded(await shop.get("/prices"))["version"]


def test_cashews_serves_what_it_last_knew(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A3.5] After one good answer an outage is not seen by callers; when it is over the value is fresh."""
    cache = Cache()
    cache.setup("mem://")

    async def session() -> list[int]:
        async with Shop(shop_proxy.url) as shop:

            @cache.failover(ttl="1h", exceptions=(Transient,), key="prices")
            async def cached() -> Any:
                return await prices(shop)

            found = [await cached()]
            await shop.order()
            with shop_proxy.down():
                found += [await cached(), await cached()]
                with pytest.raises(Transient):
                    await prices(shop)
            found.append(await cached())
            await cache.close()
            return found

    assert virtual_time.run(session()) == [1, 1, 1, 2]
    chaos.assert_fired("down")


def test_cachetools_expires_to_the_nanosecond(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos) -> None:
    """[A3.5] A value lives for 60 s and no longer: at 59.999 it is served, at 60 the outage is seen, then it is fresh."""
    cache: cachetools.TTLCache[str, int] = cachetools.TTLCache(8, ttl=60, timer=time.monotonic)

    async def session() -> list[int]:
        async with Shop(shop_proxy.url) as shop:

            async def cached() -> int:
                if (found := cache.get("prices")) is None:
                    found = cache["prices"] = await prices(shop)
                return found

            found = [await cached()]
            await shop.order()
            with shop_proxy.down():
                await asyncio.sleep(59.999)
                found.append(await cached())
                await asyncio.sleep(0.001)
                with pytest.raises(Transient):
                    await cached()
            return [*found, await cached()]

    assert virtual_time.run(session()) == [1, 1, 2]
    chaos.assert_fired("down")


def test_hishel_serves_what_is_fresh_during_an_outage(
    shop_proxy: ChaosProxy, shop_server: Service, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A3.5] As long as an answer is fresh an outage is not seen; afterwards the value is asked for anew."""
    with remembering(shop_proxy.url) as client:
        assert client.get("/prices").json() == {"version": 1}
        client.post("/orders")
        with shop_proxy.down():
            time.sleep(59)
            assert client.get("/prices").json() == {"version": 1}
            with pytest.raises(httpx.ConnectError):
                client.get("/items/1")
        time.sleep(2)
        assert client.get("/prices").json() == {"version": 2}
    chaos.assert_fired("down")


OUTAGES: dict[str, tuple[str, dict[str, Any], type[Exception]]] = {
    "down": ("down", {}, httpx.ConnectError),
    "silent": ("timeout", {"timeout": 0}, httpx.ReadTimeout),
    "broken": ("http_status", {"status": 503}, httpx.HTTPStatusError),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_hishel_serves_what_is_stale_when_it_is_asked_to(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, outage: str
) -> None:
    """[A3.5] The server says `stale-if-error` for a day, and hishel 2.0.0 does nothing by that: after a minute an outage is an
    error. The application, which then asks it for what is old, does not see the outage, and has what is new when it is over."""
    kind, words, error = OUTAGES[outage]
    with remembering(shop_proxy.url) as client:
        assert "stale-if-error=86400" in client.get("/prices").headers["cache-control"]
        client.post("/orders")
        time.sleep(61)
        with shop_proxy.toxic(kind, **words):
            with pytest.raises(error):
                client.get("/prices").raise_for_status()
            assert old_if_need_be(client, "/prices").json() == {"version": 1}
        assert old_if_need_be(client, "/prices").json() == {"version": 2}
    chaos.assert_fired(kind)


def test_the_twin_that_always_takes_what_is_old_is_seen(
    shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos
) -> None:
    """[A3.5] hishel's own `allow_stale` for every call outlasts an outage too, and the outage: it never asks again."""
    with remembering(shop_proxy.url, allow_stale=True) as client:
        client.get("/prices")
        client.post("/orders")
        time.sleep(61)
        with shop_proxy.down():
            assert client.get("/prices").json() == {"version": 1}
        time.sleep(86400)
        assert client.get("/prices").json() == {"version": 1}
    assert len([each for each in requests(chaos.records) if each.about == "GET /prices"]) == 1


# A3.6


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_layers_decides(shop_proxy: ChaosProxy, virtual_time: TestTime, chaos: Chaos, order: str) -> None:
    """[A3.6] Retry, breaker and limit in all six orders around calls of a silent server: requests, times and errors."""

    async def session() -> list[tuple[float, str]]:
        layers, found = Layers(order), []
        async with Shop(shop_proxy.url, limit_s=None) as shop:
            for _ in range(7):
                began = virtual_time.now_ns
                try:
                    await layers(lambda: shop.item(1))
                except Exception as error:
                    found.append(((virtual_time.now_ns - began) / 1e9, type(error).__name__))
        return found

    with shop_proxy.toxic("timeout", timeout=0):
        found = virtual_time.run(session())
        assert shop_proxy.wait_closed()
    assert (len(requests(chaos.records)), found) == ORDERS[order]
